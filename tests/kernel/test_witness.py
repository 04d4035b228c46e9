"""The witness at the real device: every accepted record archived once, for one user and as root for all."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

import witness
from guest import ALICE, BOB, DEVICE, MEMLOG, ROOT, memlog_as, run_as
from memlog.paths import Home
from memlog.ring.device import DeviceRing

pytestmark = pytest.mark.kernel
KERNEL = {"MEMLOG_RING": "kernel", "MEMLOG_DEVICE": DEVICE}
GAPS = "SELECT after_seq, before_seq, lost FROM v_gap WHERE uid = 0 AND after_seq >= :seq"
SEQS = "SELECT seq, count(*) FROM v_record WHERE uid = :uid GROUP BY seq ORDER BY seq"

# Says on stdout which seq the ring accepted, a line each, until it is killed.
WRITER = """
import os, sys
from memlog.ring.device import DeviceRing
ring = DeviceRing(sys.argv[1])
while True:
    os.write(1, b"%d\\n" % ring.write(b"record of %d" % os.getpid()))
"""


def seqs(home: Home, uid: int) -> list[int]:
    found = witness.ask(home, SEQS, uid=uid)
    assert all(count == 1 for _, count in found), "a record was archived twice"
    return [seq for seq, _ in found]


def killed_writer(after_s: float) -> list[int]:
    """The seqs a writer had accepted when it was killed."""
    with subprocess.Popen([sys.executable, "-c", WRITER, DEVICE], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(after_s)
        child.kill()
        said = first + child.stdout.read()
    return [int(line) for line in said.decode().split("\n")[:-1]]


def test_kill_9_of_writer_and_witness_loses_and_doubles_nothing(device: str, home: Home) -> None:
    dice = random.Random(9)
    accepted: list[int] = []
    with DeviceRing(device) as ring:
        before = ring.info()
    for _ in range(4):
        child = witness.start(home, **KERNEL)
        accepted += killed_writer(dice.uniform(0, 0.4))
        time.sleep(dice.uniform(0, 0.3))
        assert witness.end(child, signal.SIGKILL) == -signal.SIGKILL
        assert child.stdout is not None
        child.stdout.close()
    with witness.running(home, **KERNEL), DeviceRing(device) as ring:
        witness.until(lambda: ring.info().drained_seq == ring.info().next_seq - 1, "not drained")
        after = ring.info()
    assert len(accepted) > 20 and after.evicted == before.evicted
    archived = seqs(home, ROOT)
    assert archived == list(range(before.next_seq, after.next_seq))
    assert set(accepted) <= set(archived)
    # What other tests cleared is a loss to a new archive; from here on nothing is.
    assert witness.one(home, "SELECT count(*) FROM v_gap WHERE before_seq > :seq", seq=before.next_seq) == 0


def test_roots_witness_archives_every_user_under_its_uid(unwitnessed: str, home: Home) -> None:
    with witness.running(home, **KERNEL):
        written = {
            uid: [int(memlog_as(uid, "write", said=f"{uid}").stdout) for _ in range(2)]
            for uid in (ALICE, BOB, ROOT)
        }
        written[BOB].append(int(memlog_as(BOB, "write", said="bob's last").stdout))
        witness.until(
            lambda: all(set(s) <= set(seqs(home, uid)) for uid, s in written.items()), "not archived"
        )
        witness.until(lambda: drained(ALICE) >= written[ALICE][-1], "alice was not told")
    assert (
        witness.one(
            home, "SELECT text FROM v_record WHERE uid = :uid AND seq = :seq", uid=BOB, seq=written[BOB][-1]
        )
        == "bob's last"
    )
    assert witness.one(home, "SELECT count(DISTINCT ring_id) FROM v_record") == 1
    assert witness.one(home, "SELECT min(attested) FROM v_record") == 1


def drained(uid: int) -> int:
    return int(json.loads(memlog_as(uid, "stats", "--format", "json").stdout)["drained_seq"])


def test_a_users_own_witness_archives_its_ring_and_no_others(unwitnessed: str) -> None:
    memlog_as(BOB, "write", said="bob's")
    seq = int(memlog_as(ALICE, "write", said="alice's").stdout)
    env = {"MEMLOG_RING": "kernel"}
    run_as(ALICE, *MEMLOG, "witness", "drain", env=env)
    assert drained(ALICE) == seq
    rows = json.loads(
        run_as(ALICE, *MEMLOG, "query", "sql", "SELECT DISTINCT uid FROM v_record", "--json", env=env).stdout
    )
    assert rows == [{"uid": ALICE}]


def test_two_witnesses_of_one_ring_let_go_only_what_both_have(unwitnessed: str, home: Home) -> None:
    own = {"MEMLOG_RING": "kernel"}
    write = [int(memlog_as(ALICE, "write", said=f"before {n}").stdout) for n in range(3)]
    run_as(ALICE, *MEMLOG, "witness", "drain", env=own)
    assert drained(ALICE) == write[-1]
    with witness.running(home, **KERNEL):  # root's begins: it has all soon
        witness.until(lambda: set(write) <= set(seqs(home, ALICE)), "root has not archived")
        later = int(memlog_as(ALICE, "write", said="alice's witness is not there").stdout)
        witness.until(lambda: later in seqs(home, ALICE), "root has not archived")
        time.sleep(0.5)
        assert drained(ALICE) == write[-1], "root's mark counts for alice's witness, which has closed"
        assert "witness drain" in memlog_as(ALICE, "clear", check=7).stderr
        assert memlog_as(ALICE, "write", "--wait", "archived", said="by anyone").returncode == 0
    # root's is gone now, and alice's goes on alone: what root lacks stays.
    last = int(memlog_as(ALICE, "write", said="root's witness is not there").stdout)
    run_as(ALICE, *MEMLOG, "witness", "drain", env=own)
    assert drained(ALICE) == last - 1
    memlog_as(ALICE, "clear", check=7)
    with witness.running(home, **KERNEL):
        witness.until(lambda: drained(ALICE) == last, "root, back again, did not tell")
    assert seqs(home, ALICE)[-1] == last
    assert "dropped" in memlog_as(ALICE, "clear").stderr


def test_a_loss_in_the_kernels_ring_is_one_exact_gap(device: str, home: Home) -> None:
    with DeviceRing(device) as ring:
        seq = ring.write(b"archived")
        subprocess.run(
            [*MEMLOG, "witness", "drain"], check=True, env=os.environ | KERNEL, capture_output=True
        )
        for _ in range(100):
            ring.write(b"x" * 65_536)
        oldest = ring.info().oldest_seq
        subprocess.run(
            [*MEMLOG, "witness", "drain"], check=True, env=os.environ | KERNEL, capture_output=True
        )
    assert witness.ask(home, GAPS, seq=seq) == [(seq, oldest, oldest - seq - 1)]
