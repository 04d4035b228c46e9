#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# test.sh TIER...: the driver in running kernels; exits 0 where every one of them was green.
#
#	lint	W=1, sparse, checkpatch --strict and kernel-doc, on what DKMS would build
#	uml	tests/kernel and the rings' conformance suite, in User-Mode Linux
#	debug	the same under KASAN, lockdep and kmemleak; how much of the driver that ran
#	kunit	the ring's own tests inside the kernel (memlog_kunit.c)
#	plants	bugs planted in the driver, each of which the debug kernel must find
#	power-cut	the witness on a disk whose machine is killed at random moments
#	6.1 6.12	the C probe on two CPUs of Debian's kernels, in QEMU
. "$(dirname "$0")/lab.sh"

# MEMLOG_LAB_QUICK=1 leaves out what takes minutes.
marks=kernel${MEMLOG_LAB_QUICK:+ and not slow} offsets=offsets drain=drain
[ -z "${MEMLOG_LAB_QUICK-}" ] || offsets='' drain=''

exec {turn}>"$work/lock"
flock "$turn"	# two runs from one checkout would build into each other

# Chained, because set -e does not reach into what is asked for its exit code.
in_uml() { # in_uml TREE NAME SECONDS
	local folder=$work/$2
	"$vm/build_module.sh" "$1" "$folder" &&
		"$vm/build_probe.sh" "$folder/out" &&
		cp "$folder"/{driver,list_twin}/*.ko "$folder/out/" &&
		say "$2: User-Mode Linux" &&
		"$vm/run_uml.sh" "$1" "$folder/out" "$3" "'$vm/guest_tests.sh' '$folder/out' '$2' '$marks' $offsets"
}

in_qemu() { # in_qemu VERSION
	local folder=$work/$1
	"$vm/build_module.sh" "$cache/kernel-$1/build" "$folder" &&
		"$vm/build_probe.sh" "$folder/out/files" &&
		cp "$folder"/{driver,list_twin}/*.ko "$folder/out/files/" &&
		say "$1: QEMU, two CPUs" &&
		"$vm/run_qemu.sh" "$cache/kernel-$1" "$folder/out" 1500 \
			"insmod /memlog.ko memlog_gid=4242 && insmod /memlog_list.ko &&
			MEMLOG_MODULE=/memlog.ko /probe contract files users race module compat memory latency trace $drain"
}

# The debug kernel counts which lines are run; the least that must be is for all files together.
LEAST_LINES=90
in_debug() {
	local code=0
	rm -rf "$work/debug/out/gcov"
	MEMLOG_LAB_MAKE=GCOV_PROFILE=y in_uml "$cache/debug" debug 3600 || code=$?
	"$vm/coverage.py" "$work/debug/driver" "$work/debug/out/gcov" $LEAST_LINES || code=1
	return $code
}

in_kunit() {
	local folder=$work/kunit cases
	cases=$(grep -c 'KUNIT_CASE(' "$repo/driver/memlog_kunit.c")
	MEMLOG_LAB_MAKE=CONFIG_MEMLOG_KUNIT_TEST=y "$vm/build_module.sh" "$cache/debug" "$folder" &&
		mkdir -p "$folder/out" && cp "$folder/driver/memlog.ko" "$folder/out/" &&
		say "kunit: User-Mode Linux" &&
		MEMLOG_LAB_ARGS=kunit.enable=1 "$vm/run_uml.sh" "$cache/debug" "$folder/out" 600 \
			"insmod '$folder/out/memlog.ko' && rmmod memlog" || return
	# A case that fails, and one that did not run, are both no "ok".
	sed -n '/# Subtest: memlog_ring/,/ok 1 .*memlog_ring/p' "$folder/out/dmesg"
	grep -qE '^ok 1 (- )?memlog_ring$' "$folder/out/dmesg" &&
		! grep -q 'not ok' "$folder/out/dmesg" &&
		[ "$(grep -cE ' ok [0-9]+ (- )?memlog_test_' "$folder/out/dmesg")" = "$cases" ]
}

# The lab's own test: a bug planted in the driver must be said by the kernel.
in_plants() {
	local name said folder bad=0
	while IFS=$'\t' read -r name said; do
		folder=$work/plant-$name
		rm -rf "$folder"
		MEMLOG_LAB_PLANT=$name "$vm/build_module.sh" "$cache/debug" "$folder" &&
			"$vm/build_probe.sh" "$folder/out" &&
			cp "$folder/driver/memlog.ko" "$folder/out/" || return
		"$vm/run_uml.sh" "$cache/debug" "$folder/out" 1000 \
			"insmod '$folder/out/memlog.ko'; '$folder/out/probe' contract; '$vm/leaks.sh'" >"$folder/said" 2>&1 &&
			bad=1
		if grep -h -m1 -E "$said" "$folder/out/dmesg" "$folder/said"; then
			say "$name: found"
		else
			say "$name: NOT FOUND, see $folder"
			bad=1
		fi
	done < <("$vm/plants.py")
	return $bad
}

failed=()
for tier; do
	say "$tier: what it takes"
	code=0
	case $tier in
	lint) { "$vm/get_uml.sh" && "$vm/get_qemu.sh" 6.1 && "$vm/get_qemu.sh" 6.12 && "$vm/lint.sh"; } || code=$? ;;
	uml) { "$vm/get_uml.sh" && in_uml "$cache/uml/build" uml 1800; } || code=$? ;;
	debug) { "$vm/get_uml.sh" && "$vm/get_debug.sh" && in_debug; } || code=$? ;;
	kunit) { "$vm/get_uml.sh" && "$vm/get_debug.sh" && in_kunit; } || code=$? ;;
	6.1 | 6.12) { "$vm/get_qemu.sh" "$tier" && in_qemu "$tier"; } || code=$? ;;
	plants) { "$vm/get_uml.sh" && "$vm/get_debug.sh" && in_plants; } || code=$? ;;
	power-cut) { "$vm/get_uml.sh" && "$vm/power_cut.py" 20 && "$vm/power_cut.py" 4 --twin; } || code=$? ;;
	*) missing "knows no tier $tier" ;;
	esac
	say "$tier: exit $code"
	[ $code = 0 ] || failed+=("$tier=$code")
done
[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
