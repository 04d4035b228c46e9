#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# guest_tests.sh OUT KIND MARKS [GROUP...]: inside the guest, the module loaded, the tests that
# need it, and these groups of the probe besides those of every run.
set -u
out=$1 kind=$2 marks=$3
shift 3
export MEMLOG_DEVICE=/dev/memlog MEMLOG_LAB_OUT=$out MEMLOG_LAB_KIND=$kind MEMLOG_MODULE=$out/memlog.ko

insmod "$out/memlog.ko" memlog_gid=4242 || exit 1
code=0
.venv/bin/python -m pytest -n0 tests/flow/test_ring_conformance.py -k /dev/memlog || code=$?
.venv/bin/python -m pytest -n0 -m "$marks" tests/kernel --durations=5 || code=$?
"$out/probe" contract files users race module $([ "$kind" = uml ] && echo latency memory || echo trace) "$@" || code=1
[ ! -d /sys/kernel/debug/failslab ] || "$out/probe" failslab || code=1
"$(dirname "$0")/leaks.sh" || code=1
rmmod memlog || code=1
# How often each line was run, where the kernel counts it. Its files say they are empty.
counts=$(find /sys/kernel/debug/gcov -path "*$(dirname "$out")/driver/*.gcda" 2>/dev/null)
[ -z "$counts" ] || rm -rf "$out/gcov"
for count in $counts; do
	mkdir -p "$out/gcov"
	cat "$count" >"$out/gcov/$(basename "$count")"
done
"$(dirname "$0")/leaks.sh" || code=1
exit $code
