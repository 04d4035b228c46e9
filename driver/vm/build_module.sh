#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# build_module.sh TREE FOLDER: the driver for the kernel of that build tree, in FOLDER/driver/memlog.ko.
. "$(dirname "$0")/lab.sh"

tree=$(readlink -f "$1") folder=$2 words=()
case $(readlink -f "$1/source" 2>/dev/null || true) in "$cache"/linux-*) words=(ARCH=um SUBARCH=x86_64 KBUILD_MODPOST_WARN=1) ;; esac
copy_driver "$folder"
make -C "$tree" "${words[@]}" M="$folder/driver" W=1 modules >"$folder/make.log" 2>&1 || {
	tail -n 30 "$folder/make.log" >&2
	exit 1
}
# W=1 is part of the claim; that Debian's User-Mode Linux brings no Module.symvers is not the driver's.
if grep -E '^/.*(warning|error):' "$folder/make.log" >&2; then exit 1; fi
