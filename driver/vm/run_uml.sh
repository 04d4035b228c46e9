#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# run_uml.sh TREE OUT SECONDS COMMAND...: one command as root in User-Mode Linux.
#
# The guest sees this machine's files read-only under the same names, but empty
# /tmp and home folders, and OUT, which it may write. The exit code is the
# command's; see judge() in lab.sh for the others. MEMLOG_LAB_ARGS are more words
# for the guest's kernel, MEMLOG_LAB_MEM its memory.
. "$(dirname "$0")/lab.sh"

tree=$1 out=$2 seconds=$3
shift 3
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out/rc" "$out/dmesg" "$out/splat"
printf '%s\n' "$*" >"$out/command"

base_of() { "$repo/.venv/bin/python" -I -S -c 'import sys; print(sys.base_prefix)' 2>/dev/null || echo /usr; }

# A guest's memory is a file: /dev/shm is often too small for it.
export TMPDIR=${MEMLOG_LAB_TMP:-$work}
code=0
timeout -k 5 "$seconds" "$tree/linux" mem="${MEMLOG_LAB_MEM:-1024M}" rootfstype=hostfs rootflags=/ ro \
	init="$vm/uml_init.sh" con=null con0=fd:0,fd:1 quiet ${MEMLOG_LAB_ARGS-} \
	LAB_OUT="$out" LAB_REPO="$repo" LAB_CACHE="$cache" LAB_BASE="$(base_of)" LAB_HOME="$HOME" \
	</dev/null 2>&1 | tee "$out/console" || code=${PIPESTATUS[0]}
judge "$out" "$code"
