"""Writers and witnesses killed at random moments, for as long as there is time: rows + gaps = written."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from archives import record as a_record
from children import in_child
from faults import soundness, twins
from faults.conftest import QUICK, Record
from faults.operations import NOW_NS, Operation, Place
from faults.striking import Twin
from faults.table import Row
from memlog.archive.store import Archive
from memlog.contracts import RING_MIN
from memlog.paths import load_key
from memlog.record import encode
from memlog.ring.shm import ShmRing
from memlog.witness import daemon
from memlog.witness.drain import Drain

SECONDS = float(os.environ.get("MEMLOG_FAULTS_SOAK_S", "6" if QUICK else "60"))
SEED = int(os.environ.get("MEMLOG_FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
WRITERS = 2


class Soak:
    """Two writers and a witness over one home; each is killed and begun again."""

    def __init__(self, root: Path, seed: int, *broken: Twin) -> None:
        self.at = Place(root)
        self.at.make()
        self.dice = random.Random(seed)
        self.twins = broken
        self.kills: Counter[str] = Counter()
        self.acked = root / "acked"
        self.acked.mkdir()
        self.begun = 0
        load_key(self.at.home)
        Archive.open(self.at.home, now_ns=NOW_NS).close()
        ShmRing(self.path, capacity=RING_MIN).close()

    @property
    def path(self) -> str:
        return os.path.join(self.at.home.ring, "ring")

    def writer(self) -> None:
        """Write until killed; each seq is told once write() returned."""
        name, n = f"w{self.begun}", 0
        dice = random.Random(name)
        with ShmRing(self.path) as ring, (self.acked / name).open("wb", buffering=0) as acked:
            while True:
                text = f"{name} said {n} " + "x" * dice.randrange(1_500)
                said = a_record(text, n=n, session=f"session-{name}", source_id=f"{name}-{n}")
                seq = ring.write(next(iter(encode(said))))
                acked.write(b"%d %s-%d\n" % (seq, name.encode(), n))
                n += 1
                time.sleep(dice.random() * 0.002)

    def witness(self) -> None:
        for twin in self.twins:
            twin(Operation)  # type: ignore[arg-type]
        daemon._LOOK_S = 0.02
        daemon.run(self.at.settings._replace(batch_ms=5), jobs={})

    def run(self, seconds: float) -> None:
        """Kill one of them now and then, and start another; then all."""
        until = time.monotonic() + seconds
        running: dict[int, str] = {}
        while time.monotonic() < until:
            for kind, wanted in (("writer", WRITERS), ("witness", 1)):
                while list(running.values()).count(kind) < wanted:
                    self.begun += kind == "writer"
                    running[in_child(getattr(self, kind))] = kind
            time.sleep(self.dice.random() * 0.15)
            self._kill(self.dice.choice(sorted(running)), running)
        for pid in sorted(running):
            self._kill(pid, running)

    def _kill(self, pid: int, running: dict[int, str]) -> None:
        kind = running.pop(pid)
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (
            f"a {kind} ended by itself: {status}"
        )
        self.kills[kind] += 1

    def verdict(self) -> soundness.Verdict:
        """Every accepted record is a row with its own text, or in a gap; every seq is accounted for."""
        with Archive.open(self.at.home, now_ns=NOW_NS) as archive, Drain(archive, self.at.settings) as drain:
            drain.run()
            drain.settle()
        with ShmRing(self.path) as ring:
            ring_id, written = ring.ring_id.hex(), ring.info().next_seq - 1
        verdict = soundness.Verdict.none()
        con = soundness.connect(self.at.home)
        try:
            found = soundness.rows(con)
            verdict.corrupt.extend(soundness.unsound(con))
            gaps = con.execute(
                "SELECT after_seq, before_seq FROM v_gap WHERE ring_id = ?", (ring_id,)
            ).fetchall()
        finally:
            con.close()
        names = {row.seq: row.source_id for row in found}
        lost = {seq for after, before in gaps for seq in range(after + 1, before)}
        verdict.duplicated.extend(name for name, n in Counter(row.name for row in found).items() if n > 1)
        verdict.duplicated.extend(f"seq {seq} is a row and in a gap" for seq in lost & names.keys())
        verdict.lost.extend(
            f"seq {seq}" for seq in range(1, written + 1) if seq not in names and seq not in lost
        )
        for path in self.acked.iterdir():
            for line in path.read_text().splitlines():
                seq, _, name = line.partition(" ")
                if names.get(int(seq), name) != name:
                    verdict.corrupt.append(f"seq {seq} is {names[int(seq)]}, and {name} was told it")
        self.gaps, self.written = len(gaps), written
        return verdict


def test_writers_and_witnesses_killed_at_random_lose_nothing_unsaid(root: Path, record: Record) -> None:
    soak = Soak(root, SEED)
    soak.run(SECONDS)
    verdict = soak.verdict()
    kills = soak.kills.total()
    record(Row("soak", f"{WRITERS} writers, witness", kills, kills, *map(len, verdict)))
    print(f"seed {SEED}: {dict(soak.kills)} killed, {soak.written} records, {soak.gaps} gaps")
    assert not verdict, f"MEMLOG_FAULTS_SEED={SEED}: {[part[:5] for part in verdict]}"
    assert min(soak.kills["writer"], soak.kills["witness"]) >= SECONDS / 2 and soak.written > 100


@pytest.mark.parametrize("twin", [twins.no_gap_rows], ids=lambda twin: twin.__name__)
def test_a_soak_catches_its_twin(twin: Twin, root: Path, record: Record) -> None:
    soak = Soak(root, SEED, twin)
    while not (verdict := soak.verdict()) and soak.begun < 200:
        soak.run(2)
    record(
        Row(
            "soak",
            f"{WRITERS} writers, witness",
            1,
            soak.kills.total(),
            *map(len, verdict),
            twin=twin.__name__,
        )
    )
    assert verdict, "the twin passes: the check above proves nothing"
