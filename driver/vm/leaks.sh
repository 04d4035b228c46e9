#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# leaks.sh: inside a debug guest, exits 1 and shows what was lost under the probe; 0 where no kmemleak is.
found=/sys/kernel/debug/kmemleak
[ -w $found ] || exit 0
# An object counts as lost 5 s after it was made, at the second look.
sleep 6
echo scan >$found
sleep 1
echo scan >$found
# User-Mode Linux keeps no backtraces: what counts is who asked for the memory.
grep -q 'comm "probe"' $found || exit 0
grep -A 6 'comm "probe"' $found | head -n 40
exit 1
