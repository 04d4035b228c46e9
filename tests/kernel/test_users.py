"""Two users at one device: neither evicts, counts or times the other."""

import json
import sys
import time

import pytest

from guest import ALICE, BOB, DEVICE, memlog_as, run_as, start_as

pytestmark = pytest.mark.kernel

# Prints the count of records that were written, and the median time of one in ns.
WRITE = """
import os, sys, time
fd, blob, took = os.open(sys.argv[1], os.O_RDWR), sys.argv[2].encode(), []
for _ in range(int(sys.argv[3])):
    began = time.perf_counter_ns()
    assert os.write(fd, blob) == len(blob)
    took.append(time.perf_counter_ns() - began)
print(len(took), sorted(took)[len(took) // 2])
"""


def writer(text: str, count: int) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", WRITE, DEVICE, text, str(count)]


def stats(uid: int) -> dict[str, int]:
    found: dict[str, int] = json.loads(memlog_as(uid, "stats", "--format", "json").stdout)
    return found


@pytest.mark.parametrize("count", [60_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_flood_by_one_user_leaves_the_other_untouched(device: str, count: int) -> None:
    alone = int(run_as(ALICE, *writer("alice alone", 2_000)).stdout.split()[1])
    before = stats(ALICE)
    flood = start_as(BOB, writer("b" * 40, count))
    time.sleep(0.5)
    beside = int(run_as(ALICE, *writer("alice beside", 2_000)).stdout.split()[1])
    assert flood.poll() is None, "the flood was over before it was measured"
    out, err = flood.communicate(timeout=600)
    assert out.split()[0] == str(count), err
    after = stats(ALICE)
    assert after["total_writes"] == before["total_writes"] + 2_000
    assert after["total_evictions"] == before["total_evictions"]
    assert after["records_in_ring"] == 4_000
    assert stats(BOB)["total_evictions"] > count // 4
    print(f"median write: alone {alone} ns, beside a flood {beside} ns")
    assert beside <= 3 * alone
