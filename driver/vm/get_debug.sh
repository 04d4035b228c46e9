#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A User-Mode Linux of our own that finds what is wrong with memory and locks:
# KASAN, lockdep, kmemleak, failslab, KUnit, gcov. Takes 5 minutes of two cores, once.
. "$(dirname "$0")/lab.sh"
. "$vm/source.sh"

version=$(ls "$cache/uml/usr/lib/uml/modules")
tree=$cache/debug
alone debug
key=$(cat "$vm/uml-debug.config" <(echo "$version") | sha256sum | cut -c1-16)
[ "$(cat "$tree/.ready" 2>/dev/null)" = "$key" ] && exit 0
kernel_source "$version"
mkdir -p "$tree"
build() { nice -n 10 make -C "$cache/linux-$version" ARCH=um SUBARCH=x86_64 O="$tree" "$@" >>"$cache/debug.log" 2>&1; }
: >"$cache/debug.log"
say "the debug kernel is built: minutes, once"
build KCONFIG_ALLCONFIG="$vm/uml-debug.config" allnoconfig || missing "see $cache/debug.log"
# A line whose dependency is not met drops out without a word.
while read -r line; do
	case $line in
	CONFIG_*) grep -qxF "$line" "$tree/.config" || missing "the debug kernel cannot have $line" ;;
	esac
done <"$vm/uml-debug.config"
build -j2 linux modules || missing "the debug kernel did not build: $cache/debug.log"
echo "$key" >"$tree/.ready"
