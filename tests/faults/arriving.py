"""Records on their way into the archive: rings drained, the witness as it runs, an import, a healing."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import corpus

from archives import record
from faults import soundness
from faults.operations import AGENT, FORGOTTEN, NOW_NS, Operation, Place, Say, archived, rows_of
from faults.soundness import Verdict
from memlog.archive.store import Archive
from memlog.archive.unfinished import pending
from memlog.capture import agents
from memlog.capture.tail import Sink, Tail
from memlog.contracts import RING_MIN
from memlog.paths import load_key
from memlog.record import encode
from memlog.ring.shm import ShmRing
from memlog.witness import daemon, lock, setback
from memlog.witness.backfill import import_job
from memlog.witness.drain import Drain
from memlog.witness.forget import forget_job


def drained(drain: Drain, say: Say) -> None:
    """Rings until none has anything new, as Drain.run() does it; what was archived is said after each batch."""
    while drain.rings.find() or drain.step(flush=True).batches:
        say(soundness.names(drain.archive.con))


def forgotten(archive: Archive, drain: Drain, at: Place) -> None:
    """Forget a session for good, once; again where that was cut short."""
    if archive.tombstones.covers(AGENT, FORGOTTEN, "", 0, 0) and pending(at.home) is None:
        return
    for _ in forget_job(archive, at.settings, {"sessions": [[AGENT, FORGOTTEN]]}):
        drain.run()


class DrainRings(Operation):
    """Two rings, of before and after a reboot; five batches or more; an overrun, a forgotten session, checkpoints."""

    name = "drain"
    FIRST, SECOND, OVERRUN, LAST = 30, 24, 170, 190

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        Archive.open(at.home, now_ns=NOW_NS).close()
        path = os.path.join(at.home.ring, "ring")
        with ShmRing(path, capacity=RING_MIN) as ring:
            self.old = ring.ring_id.hex()
            for n in range(self.FIRST):
                ring.write(self.blob("old", n))
        os.rename(path, os.path.join(at.home.ring, f"retired-{self.old}-0"))
        with ShmRing(path, capacity=RING_MIN) as ring:
            self.new = ring.ring_id.hex()

    @staticmethod
    def session(n: int) -> str:
        return FORGOTTEN if n % 10 == 9 else f"session-{n % 3}"

    def text(self, ring: str, n: int) -> str:
        long = " overrun" * 90 if self.SECOND <= n < self.OVERRUN and ring == "new" else ""
        return f"{ring}word{n:05d} was said in number {n}{long}"

    def blob(self, ring: str, n: int) -> bytes:
        said = record(self.text(ring, n), n=n, session=self.session(n), source_id=f"{ring}-{n}")
        return next(iter(encode(said)))

    def run(self, at: Place, say: Say) -> None:
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
            Drain(archive, at.settings) as drain,
        ):
            self._until(at, self.SECOND)
            drained(drain, say)
            archive.checkpoint()
            self._until(at, self.OVERRUN)
            drained(drain, say)
            forgotten(archive, drain, at)
            archive.checkpoint(truncate=True)
            self._until(at, self.LAST)
            drained(drain, say)
            drain.settle()
            archive.merge()
            archive.checkpoint()

    def _until(self, at: Place, count: int) -> None:
        """The writer: its records are a script, so one that was killed goes on where it was."""
        with ShmRing(os.path.join(at.home.ring, "ring"), capacity=RING_MIN) as ring:
            for n in range(ring.info().next_seq - 1, count):
                ring.write(self.blob("new", n))

    def verdict(self, at: Place, said: list[Any], *, done: bool) -> Verdict:
        self.wanted = {name: self.text(*key) for key, name in self.script().items()}
        return super().verdict(at, said, done=done)

    def promises(self, said: list[Any], *, done: bool) -> set[str]:
        return set().union(*said)  # of the rest every record is explained, not there

    def more(self, at: Place, con: Any, found: list[soundness.Row], verdict: Verdict, *, done: bool) -> None:
        if done:
            gaps = con.execute("SELECT ring_id, after_seq, before_seq FROM v_gap").fetchall()
            (damaged,) = con.execute("SELECT count(*) FROM damage").fetchone()
            unexplained = list(self._unexplained(self.script(), found, gaps))
            if not (self.rings_torn and damaged):
                verdict.lost.extend(unexplained)

    def script(self) -> dict[tuple[str, int], str]:
        """Name of every record that is written, by ring and number."""
        script = {("old", n): self.blob_name("old", n) for n in range(self.FIRST)}
        return script | {("new", n): self.blob_name("new", n) for n in range(self.LAST)}

    def blob_name(self, ring: str, n: int) -> str:
        return soundness.Row(self.session(n), f"{ring}-{n}", 0, 0, "", None, None, "").name

    def _unexplained(
        self, script: dict[Any, str], found: list[soundness.Row], gaps: list[Any]
    ) -> Iterator[str]:
        """rows + gaps = written: every seq of each ring is a row, in a gap, or of a forgotten session."""
        lost = {(ring, seq) for ring, after, before in gaps for seq in range(after + 1, before)}
        explained = {("old" if ring == self.old else "new", seq - 1) for ring, seq in lost}
        there = {row.name for row in found}
        for (ring, n), name in script.items():
            if name in there or (ring, n) in explained or self.session(n) == FORGOTTEN:
                continue
            if not (self.rings_gone and ring == "old"):
                yield f"{name} is neither a row nor in a gap"
        for key in lost & {(row.ring_id, row.seq) for row in found}:
            yield f"{key} is a row and in a gap"
        if not lost:
            yield "the overrun left no gap"


class NewHome(Operation):
    """The first drain of a home: its key, its archive with every table, its tree."""

    name = "new home"
    COUNT = 40

    def prepare(self, at: Place) -> None:
        with ShmRing(os.path.join(at.home.ring, "ring"), capacity=RING_MIN) as ring:
            for n in range(self.COUNT):
                ring.write(next(iter(encode(record(f"firstword{n:05d} was said", n=n)))))

    def run(self, at: Place, say: Say) -> None:
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
            Drain(archive, at.settings) as drain,
        ):
            drained(drain, say)
            drain.settle()

    def verdict(self, at: Place, said: list[Any], *, done: bool) -> Verdict:
        if not done and not self._is_made(at):
            return Verdict([f"{name} was archived" for names in said for name in names], [], [])
        return super().verdict(at, said, done=done)

    @staticmethod
    def _is_made(at: Place) -> bool:
        if not os.path.exists(at.home.archive):
            return False
        con = soundness.connect(at.home)
        (version,) = con.execute("PRAGMA user_version").fetchone()
        con.close()
        return bool(version)


class Witness(Operation):
    """The witness as it runs: lock, socket, log, status, batches, tree, until its ring is drained."""

    name = "witness"
    waits = True
    COUNT = 60

    def __init__(self) -> None:
        super().__init__()
        self.texts = {f"said-{n}": f"witnessword{n:05d} was said in number {n}" for n in range(self.COUNT)}

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        Archive.open(at.home, now_ns=NOW_NS).close()
        ShmRing(os.path.join(at.home.ring, "ring"), capacity=RING_MIN).close()

    def write(self, at: Place) -> None:
        with ShmRing(os.path.join(at.home.ring, "ring")) as ring:
            for n in range(ring.info().next_seq - 1, self.COUNT):
                said = record(self.texts[f"said-{n}"], n=n, session=f"session-{n % 3}", source_id=f"said-{n}")
                ring.write(next(iter(encode(said))))

    def run(self, at: Place, say: Say) -> None:
        daemon._LOOK_S, setback._BACK_OFF_S = 0.02, (0.02,) * 7  # of this child alone
        stop = threading.Event()

        def look_on() -> None:
            with ShmRing(os.path.join(at.home.ring, "ring")) as ring:
                while ring.info().drained_seq < self.COUNT and not stop.is_set():
                    if self.is_refused():
                        time.sleep(0.1)  # it tries again and again meanwhile
                        self.space_returns()
                    time.sleep(0.002)
            stop.set()

        def ready() -> None:
            self.started()
            threading.Thread(target=look_on).start()

        self.write(at)
        settings = at.settings._replace(batch_ms=1)
        try:
            daemon.run(settings, jobs={}, stop=stop, ready=ready)
        finally:
            stop.set()
        self.space_returns()
        with Archive.open(at.home, now_ns=NOW_NS) as archive:
            say(soundness.names(archive.con))


class Import(Operation):
    """Three transcripts, a session forgotten and a ring with a gap, checkpoints between the batches."""

    name = "import"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, FORGOTTEN, *(f"goneword{n} was said" for n in range(10)))
        for n in range(3):
            name = f"{n}1111111-2222-4333-8444-555555555555"
            corpus.transcript(at.static / f"{name}.jsonl", 30_000, name)
        with ShmRing(os.path.join(at.home.ring, "ring"), capacity=RING_MIN) as ring:
            for n in range(150):  # more than it holds: a gap, met between two batches of the import
                text = f"ringword{n} " + "overrun " * 90
                ring.write(next(iter(encode(record(text, n=n, session="session-r")))))
        self.before = rows_of(at)

    def run(self, at: Place, say: Say) -> None:
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
            Drain(archive, at.settings) as drain,
        ):
            args = {"agent": "claude-code", "paths": [str(at.static)]}
            for step, _ in enumerate(import_job(archive, at.settings, args)):
                say(soundness.names(archive.con))
                if step == 1:
                    forgotten(archive, drain, at)
                archive.checkpoint(truncate=step % 2 == 1)
                drain.run()
            drain.run()
            say(soundness.names(archive.con))
            drain.settle()


def capture(at: Place, path: Path, limit: int = 1 << 20) -> None:
    """What a hook does with a transcript; more new bytes than the limit are handed over through the spool."""
    sink = Sink(at.home, at.settings)
    reader = agents.reader(AGENT)
    tail = Tail(sink, reader, str(path), session=path.stem, project="/w", now_ns=NOW_NS)
    tail.capture(last=True, limit=limit)
    sink.close()


class Capture(Operation):
    """Hooks: one transcript into the ring, one through the spool; then both are archived."""

    name = "capture"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        Archive.open(at.home, now_ns=NOW_NS).close()
        ShmRing(os.path.join(at.home.ring, "ring"), capacity=RING_MIN * 2).close()
        for n in range(2):
            name = f"7111111{n}-2222-4333-8444-555555555555"
            corpus.transcript(at.static / f"{name}.jsonl", 30_000, name)

    def run(self, at: Place, say: Say) -> None:
        for path, limit in zip(sorted(at.static.iterdir()), (1 << 20, 1_000), strict=True):
            capture(at, path, limit)
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
            Drain(archive, at.settings) as drain,
        ):
            drained(drain, say)
            drain.settle()
            say(soundness.names(archive.con))

    def promises(self, said: list[Any], *, done: bool) -> set[str]:
        """All of it even where the ring is gone: the next hook sees that, and captures again."""
        return set(self.wanted) if done and not self.rings_torn else set().union(*said)


class Heal(Operation):
    """A capture the ring lost: the gap, and every record read again from the transcript."""

    name = "healing"
    SESSION = "81111111-2222-4333-8444-555555555555"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        Archive.open(at.home, now_ns=NOW_NS).close()
        path = at.static / f"{self.SESSION}.jsonl"
        corpus.transcript(path, 60_000, self.SESSION)
        whole = path.read_bytes()
        path.write_bytes(whole[: whole.index(b"\n", len(whole) // 3) + 1])
        capture(at, path)
        with ShmRing(os.path.join(at.home.ring, "ring")) as ring:
            ring.clear(force=True)
        path.write_bytes(whole)
        capture(at, path)

    def run(self, at: Place, say: Say) -> None:
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
            Drain(archive, at.settings) as drain,
        ):
            drained(drain, say)
            drain.errands.hurry()
            drain.errands.find()
            while drain.errands.step():
                say(soundness.names(archive.con))
                archive.checkpoint()
            drain.settle()

    def more(self, at: Place, con: Any, found: list[soundness.Row], verdict: Verdict, *, done: bool) -> None:
        if done and not (self.rings_gone or self.rings_torn):
            if con.execute("SELECT count(*), min(healed) FROM v_gap").fetchone() != (1, 1):
                verdict.lost.append(f"the gap: {con.execute('SELECT * FROM v_gap').fetchall()}")
            if con.execute("SELECT count(*) FROM hole WHERE healed_ns IS NULL").fetchone()[0]:
                verdict.lost.append("a hole is open")
