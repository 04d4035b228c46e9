#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's User-Mode Linux, and a tree to build modules for it.
#
# Debian ships no headers for it: they come from the source package of the very
# version it was built from, with the configuration it brings.
. "$(dirname "$0")/lab.sh"
. "$vm/source.sh"

want gcc=gcc make=make flex=flex bison=bison bc=bc xz=xz-utils
alone uml
unpack "$cache/busybox" busybox-static
unpack "$cache/uml" user-mode-linux
version=$(ls "$cache/uml/usr/lib/uml/modules")
if [ ! -e "$cache/uml/build/.ready" ]; then
	kernel_source "$version"
	mkdir -p "$cache/uml/build"
	zcat "$cache/uml/usr/share/doc/user-mode-linux/config.gz" >"$cache/uml/build/.config"
	make -C "$cache/linux-$version" ARCH=um SUBARCH=x86_64 O="$cache/uml/build" \
		olddefconfig modules_prepare >"$cache/uml.log" 2>&1 || missing "see $cache/uml.log"
	touch "$cache/uml/build/.ready"
fi
ln -sf ../usr/bin/linux.uml "$cache/uml/build/linux"
