"""Two users at one device: neither evicts, counts or times the other."""

import json
import os
import subprocess
import sys
import time

import pytest

import witness
from guest import ALICE, BOB, DEVICE, MEMLOG, memlog_as, run_as, start_as
from memlog.paths import Home
from memlog.ring.device import DeviceRing
from memlog.wire import Frame

pytestmark = pytest.mark.kernel

# Prints the count of records that were written, and the median time of one in ns: of the first
# 2,000, since a look at the clock takes User-Mode Linux as long as a write.
WRITE = """
import os, sys, time
fd, blob, count, took = os.open(sys.argv[1], os.O_RDWR), sys.argv[2].encode(), int(sys.argv[3]), []
for _ in range(2_000):
    began = time.perf_counter_ns()
    assert os.write(fd, blob) == len(blob)
    took.append(time.perf_counter_ns() - began)
for _ in range(count - 2_000):
    assert os.write(fd, blob) == len(blob)
print(count, sorted(took)[1_000])
"""


def writer(text: str, count: int) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", WRITE, DEVICE, text, str(count)]


def stats(uid: int) -> dict[str, int]:
    found: dict[str, int] = json.loads(memlog_as(uid, "stats", "--format", "json").stdout)
    return found


@pytest.mark.parametrize("count", [60_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_flood_by_one_user_leaves_the_other_untouched(
    device: str, home: Home, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    alone = int(run_as(ALICE, *writer("alice alone", 2_000)).stdout.split()[1])
    before = stats(ALICE)
    flood = start_as(BOB, writer("b" * 40, count))
    time.sleep(0.5)
    beside = int(run_as(ALICE, *writer("alice beside", 2_000)).stdout.split()[1])
    assert flood.poll() is None, "the flood was over before it was measured"
    out, err = flood.communicate(timeout=1_500)
    assert out.split()[0] == str(count), err
    after = stats(ALICE)
    assert after["total_writes"] == before["total_writes"] + 2_000
    assert after["total_evictions"] == before["total_evictions"]
    assert after["records_in_ring"] == 4_000
    assert stats(BOB)["total_evictions"] > count // 4
    with capsys.disabled():
        print(
            f"\n# a write: alone {alone} ns, beside {count} of another user {beside} ns, ratio {beside / alone:.2f}"
        )
    assert beside <= 3 * alone
    archive_both_as_root(home, first=before["total_writes"] - 2_000 + 1)


def archive_both_as_root(home: Home, first: int) -> None:
    """Alice's 4,000 from that seq on are there, each once; of Bob's as many as there were, or their gap."""
    env = os.environ | {"MEMLOG_RING": "kernel", "MEMLOG_DEVICE": DEVICE}
    subprocess.run([*MEMLOG, "witness", "drain"], check=True, env=env, capture_output=True)
    alice = witness.ask(home, "SELECT seq FROM v_record WHERE uid = :uid ORDER BY seq", uid=ALICE)
    assert [seq for (seq,) in alice] == list(range(first, first + 4_000))
    bob = witness.one(home, "SELECT count(DISTINCT seq) FROM v_record WHERE uid = :uid", uid=BOB)
    lost = witness.one(home, "SELECT sum(lost) FROM v_gap WHERE uid = :uid", uid=BOB)
    assert bob > 10_000 and bob + lost == stats(BOB)["total_writes"]
    holes = "SELECT count(*) FROM v_gap WHERE uid = :uid AND before_seq > :first"
    assert witness.one(home, holes, uid=ALICE, first=first) == 0


# A program in a pid namespace: its own pid first, then a line of "seq blob" for each record.
CONTAINED = """
import os, sys
from memlog.ring.device import DeviceRing
print(os.getpid(), flush=True)
with DeviceRing(sys.argv[1]) as ring:
    for n in range(150):
        blob = f"{sys.argv[2]} {n}".encode()
        print(ring.write(blob), blob.decode())
"""


def test_a_seq_is_ones_own_in_a_pid_namespace_too(device: str) -> None:
    with DeviceRing(device) as ring:
        low = ring.info().next_seq
    words = ["unshare", "--pid", "--fork", sys.executable, "-c", CONTAINED, DEVICE]
    children = [subprocess.Popen([*words, name], stdout=subprocess.PIPE, text=True, cwd="/") for name in "ab"]
    said = [child.communicate(timeout=120)[0].splitlines() for child in children]
    with DeviceRing(device) as ring:
        frames = [item for item in ring.reader(low - 1).read() if isinstance(item, Frame) and item.header]
    found = {frame.header.seq: frame.blob.decode() for frame in frames if frame.header}
    assert len(found) == 300
    for pid, *lines in said:
        assert int(pid) == 1 and len(lines) == 150  # what the kernel stamped is another
        assert all(found[int(line.split(" ", 1)[0])] == line.split(" ", 1)[1] for line in lines)
    assert {1} != {frame.header.pid for frame in frames if frame.header}
