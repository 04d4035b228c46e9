# SPDX-License-Identifier: GPL-2.0-only
# Sourced by every script here: where things are cached, and how they get there.
set -euo pipefail

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$vm/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/memlog-lab
work=$repo/build/kernel
MISSING=5	# as memlog's own commands exit where something could not be tried

say() { printf '== %s (%d s)\n' "$*" "$SECONDS"; }

missing() { # missing WHAT...: the end, where a machine has not got what a guest takes
	printf 'kernel lab: %s\n' "$@" >&2
	exit $MISSING
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

want() { # want COMMAND=PACKAGE...: packages whose command is not there, installed
	local pair lacking=()
	for pair; do
		PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || lacking+=("${pair#*=}")
	done
	[ ${#lacking[@]} = 0 ] && return
	command -v apt-get >/dev/null ||
		missing "needs ${lacking[*]}, by those names of Debian 12"
	as_root apt-get install -y -qq --no-install-recommends "${lacking[@]}" >"$cache/apt.log" 2>&1 ||
		missing "apt-get install ${lacking[*]} failed: $cache/apt.log"
}

# Packages are unpacked into the cache and never installed: a kernel package's
# scripts would rebuild this machine's boot files.
unpack() { # unpack FOLDER PACKAGE...: their files under FOLDER, once
	local folder=$1 part
	shift
	[ -e "$folder/.unpacked" ] && return
	command -v apt-get >/dev/null || missing "needs Debian 12's apt-get, for $*"
	part=$(mktemp -d "$cache/part.XXXXXX")
	chmod 755 "$part"
	(cd "$part" && apt-get download -qq "$@" 2>"$cache/apt.log") || {
		rm -rf "$part"
		missing "apt-get download $* failed: $cache/apt.log" "try apt-get update first"
	}
	mkdir -p "$folder"
	for package in "$part"/*.deb; do dpkg-deb -x "$package" "$folder"; done
	rm -rf "$part"
	touch "$folder/.unpacked"
}

alone() { # alone NAME: one at a time makes what is cached under this name
	exec {lock}>"$cache/$1.lock"
	flock "$lock"
}

copy_driver() { # copy_driver FOLDER: the module's source as Kbuild wants it, old objects kept
	mkdir -p "$1/driver" "$1/schema"
	cp -u "$repo"/driver/*.[ch] "$repo"/driver/Kbuild "$1/driver/"
	cp -u "$repo/schema/memlog.h" "$1/schema/"
}

# What no test may leave in the kernel's log.
SPLAT='BUG:|WARNING:|KASAN|UBSAN|KCSAN|Oops|possible circular|possible recursive|Invalid wait context|inconsistent lock|sleeping function|suspicious RCU|blocked for more than|refcount_t:|unreferenced object|Kernel panic|Call Trace'

judge() { # judge OUT TIMED_OUT: the guest's exit code; 97 died, 98 kernel's own complaint, 124 too long
	local out=$1
	if grep -nE "$SPLAT" "$out/dmesg" >"$out/splat" 2>/dev/null; then
		echo "the kernel complained: $out/dmesg" >&2
		head -n 40 "$out/splat" >&2
		return 98
	fi
	[ "$2" = 124 ] && { echo "the guest ran out of time: $out/console" >&2; return 124; }
	[ -s "$out/rc" ] || { echo "the guest died without a word: $out/console" >&2; return 97; }
	return "$(cat "$out/rc")"
}

mkdir -p "$cache" "$work"
