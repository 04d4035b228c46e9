#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# build_probe.sh FOLDER: the static C programs of tests/kernel, in FOLDER.
. "$(dirname "$0")/lab.sh"

mkdir -p "$1"
flags=(-static -O2 -Wall -Wextra -Werror -pthread -D_GNU_SOURCE -I"$repo/schema")
gcc "${flags[@]}" -o "$1/probe" "$repo"/tests/kernel/probe/*.c
gcc "${flags[@]}" -o "$1/client" "$repo/tests/kernel/client.c"
