#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# get_qemu.sh 6.1|6.12: QEMU, and one of Debian's own kernels with the headers to build for it.
#
# The cloud flavour: the same source, a third of the size. Its image lies in
# $cache/kernel-VERSION/boot, its build tree is $cache/kernel-VERSION/build.
. "$(dirname "$0")/lab.sh"

case $1 in
6.1) image=linux-image-cloud-amd64 headers=linux-headers-cloud-amd64 ;;
6.12) image=linux-image-6.12-cloud-amd64 headers=linux-headers-6.12-cloud-amd64 ;;
*) missing "knows 6.1 and 6.12, not $1" ;;
esac

needs() { # needs PACKAGE PATTERN: what it depends on that looks so
	apt-cache depends --no-recommends --no-suggests "$1" | awk '$1 == "Depends:" { print $2 }' | grep -E "$2" ||
		missing "apt offers no $1" "try apt-get update first"
}

want gcc=gcc make=make cpio=cpio qemu-system-x86_64=qemu-system-x86
alone "kernel-$1"
unpack "$cache/busybox" busybox-static
tree=$cache/kernel-$1
[ -e "$tree/.ready" ] && exit 0
rm -rf "$tree"
flavour=$(needs "$headers" '^linux-headers-')
mapfile -t packages < <(needs "$image" '^linux-image-'; echo "$flavour"; needs "$flavour" '^linux-(headers|kbuild)-')
unpack "$tree" "${packages[@]}"
# The headers' own makefile names /usr/src, where they are not.
sed -i "s,/usr/src/,$tree/usr/src/,g" "$tree/usr/src/$flavour/Makefile"
ln -s "usr/src/$flavour" "$tree/build"
touch "$tree/.ready"
