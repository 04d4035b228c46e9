#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# build_module.sh TREE FOLDER: the driver and the benchmark's twin of it, for the
# kernel of that build tree: FOLDER/driver/memlog.ko, FOLDER/list_twin/memlog_list.ko.
# MEMLOG_LAB_MAKE are more words for make.
. "$(dirname "$0")/lab.sh"

tree=$(readlink -f "$1") folder=$2 words=()
case $(readlink -f "$1/source" 2>/dev/null || true) in "$cache"/linux-*) words=(ARCH=um SUBARCH=x86_64 KBUILD_MODPOST_WARN=1) ;; esac
copy_driver "$folder"
[ -z "${MEMLOG_LAB_PLANT-}" ] || "$vm/plants.py" "$MEMLOG_LAB_PLANT" "$folder/driver"
mkdir -p "$folder/list_twin"
cp -u "$repo"/tests/kernel/list_twin/* "$folder/list_twin/"
: >"$folder/make.log"
for part in driver list_twin; do
	# shellcheck disable=SC2086
	make -C "$tree" "${words[@]}" ${MEMLOG_LAB_MAKE-} M="$folder/$part" W=1 modules >>"$folder/make.log" 2>&1 || {
		tail -n 30 "$folder/make.log" >&2
		exit 1
	}
done
# W=1 is part of the claim; that Debian's User-Mode Linux brings no Module.symvers is not the driver's.
if grep -E '^/.*(warning|error):' "$folder/make.log" >&2; then exit 1; fi
