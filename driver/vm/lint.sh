#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# lint.sh: what DKMS would build, built from nothing but its folder with W=1 and sparse against
# both kernels' headers; checkpatch --strict and kernel-doc; and that each of them finds a bug.
. "$(dirname "$0")/lab.sh"

work=$work/lint
source=$cache/linux-$(ls "$cache/uml/usr/lib/uml/modules")	# headers packages bring neither script
scripts=(CHECKPATCH="$source/scripts/checkpatch.pl" KERNEL_DOC="$source/scripts/kernel-doc")
want sparse=sparse perl=perl gcc=gcc make=make

# clean WHAT LOG: no line of it is about the driver. Kernel headers' own are not ours.
clean() {
	if grep -E 'memlog[a-z_]*\.[ch]:?[0-9]*.*(warning|error|WARNING|ERROR|CHECK)' "$2"; then
		say "lint: $1: not clean"
		return 1
	fi
}

style() { make -s -C "$1" "${scripts[@]}" style "${@:2}" >"$1/style.log" 2>&1; }

rm -rf "$work"
make -s -C "$repo/driver" dkms-tree DESTDIR="$work" KDIR="$cache/kernel-6.12/build"
tree=$(echo "$work"/usr/src/memlog-*)
for version in 6.1 6.12; do
	kernel=$cache/kernel-$version/build
	# As dkms.conf has it, which names the target; sparse is the same with C=2.
	make -s -C "$tree" KDIR="$kernel" sparse >"$work/$version.log" 2>&1 || { tail -n 30 "$work/$version.log"; exit 1; }
	clean "W=1 and sparse, $version" "$work/$version.log" || exit
	[ "$(modinfo -F name "$tree/memlog.ko" 2>/dev/null || echo memlog)" = memlog ] && [ -s "$tree/memlog.ko" ] || exit
	say "lint: W=1 and sparse have nothing to say, $version"
	make -s -C "$tree" KDIR="$kernel" clean >>"$work/$version.log" 2>&1
done
style "$tree" || { cat "$tree/style.log"; exit 1; }
say "lint: checkpatch --strict and kernel-doc have nothing to say"

# -- its own test: each bug is found by what is there for it ---------------------------------

plant() { # plant NAME TEXT: a tree whose last file ends with it
	rm -rf "$work/$1"
	cp -r "$tree" "$work/$1"
	printf '%b' "$2" >>"$work/$1/memlog_sysctl.c"
}

missed() { say "lint: $1: NOT FOUND, see $work/$1"; exit 1; }

plant sparse 'int memlog_planted(const char __user *p);\nint memlog_planted(const char __user *p)\n{\n\treturn *p;\n}\n'
plant w1 'int memlog_planted(void)\n{\n\treturn 0;\n}\n'
for name in sparse w1; do
	make -C "$kernel" M="$work/$name" C=2 W=1 memlog_sysctl.o >"$work/$name.log" 2>&1
	! clean "planted $name" "$work/$name.log" >"$work/$name.found" || missed "$name"
done
grep -q 'noderef' "$work/sparse.found" && grep -q 'prototype' "$work/w1.found" || missed "sparse or W=1"
plant checkpatch '\nstatic int  memlog_planted( void );\n'
plant kernel-doc '\n/**\n * memlog_planted() - a bug\n * @nothing: is no parameter\n */\nint memlog_planted(void)\n{\n\treturn 0;\n}\n'
for name in checkpatch kernel-doc; do ! style "$work/$name" SOURCES=memlog_sysctl.c || missed "$name"; done
grep -q 'space prohibited' "$work/checkpatch/style.log" || missed checkpatch
grep -q "parameter 'nothing'" "$work/kernel-doc/style.log" || missed kernel-doc
say "lint: a bug planted for sparse, W=1, checkpatch and kernel-doc: found, each"
