# SPDX-License-Identifier: GPL-2.0-only
# Sourced: the kernel's source, unpacked once.

kernel_source() { # kernel_source VERSION: Debian's source of that version in $cache/linux-VERSION
	local version=$1 tree=$cache/linux-$1 package part
	[ -e "$tree/.unpacked" ] && return
	alone source
	[ -e "$tree/.unpacked" ] && return
	package=$(apt-cache madison linux-source-6.1 | awk -v v="$version-" 'index($3, v) == 1 { print $3; exit }')
	[ -n "$package" ] || missing "apt offers no linux-source-6.1 of version $version"
	part=$(mktemp -d "$cache/part.XXXXXX")
	chmod 755 "$part"
	(cd "$part" && apt-get download -qq "linux-source-6.1=$package" 2>"$cache/apt.log") ||
		missing "apt-get download linux-source-6.1=$package failed: $cache/apt.log"
	mkdir "$part/tree"
	dpkg-deb --fsys-tarfile "$part"/*.deb | tar -xO ./usr/src/linux-source-6.1.tar.xz |
		xz -dc -T2 | tar -x -C "$part/tree" --strip-components=1 --exclude='*/Documentation/*/*'
	rm -rf "$tree"
	mv "$part/tree" "$tree"
	rm -rf "$part"
	touch "$tree/.unpacked"
}
