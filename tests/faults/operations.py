"""What is struck: each operation of memlog that writes, over several batches, as it is really run.

An operation is prepared once; each point gets a copy of that home, is struck there, then resumed by
running it again. `run` is idempotent, as the command it stands for is.
"""

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import corpus

from archives import conversation, record
from faults import soundness
from faults.soundness import Verdict
from memlog.archive import rebuild as rebuilding
from memlog.archive.store import Archive
from memlog.archive.tombstones import Tombstone
from memlog.capture import agents
from memlog.capture.tail import Sink, Tail
from memlog.contracts import RING_MIN
from memlog.export import jsonl, place, sqlite
from memlog.paths import Home, load_key
from memlog.query import slice as slices
from memlog.query.selection import Selection
from memlog.record import encode
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.witness import daemon, lock
from memlog.witness.backfill import import_job
from memlog.witness.drain import Drain

NOW_NS = 1_772_721_000 * 10**9
FORGOTTEN = "session-gone"
Say = Callable[[object], None]


class Place:
    """Where a point is tried. static: files that no point changes, at the same place for all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = root / "now"
        self.static = root / "static"
        self.home = Home(str(self.now / "home"))
        self.out = self.now / "out"
        self.settings = Settings(
            home=self.home.root, ring="shm", start_witness=False, batch_records=12, ring_bytes=RING_MIN
        )

    def make(self) -> None:
        for folder in (self.now, self.static, self.out):
            folder.mkdir(parents=True, exist_ok=True)


class Operation(ABC):
    """prepare → run, struck → run again → verdict."""

    name: str
    waits = False  # for space, by itself: it raises nothing once it has begun

    def __init__(self) -> None:
        self.wanted: dict[str, str] = {}  # what a run that nothing disturbs leaves
        self.before: set[str] = set()  # what was archived before it began
        self.rings_gone = False  # a power cut took what only the rings held
        self.rings_torn = False  # sectors of them hold something else
        # Of an operation that waits for space by itself: when the disk begins to refuse, and ends to.
        self.started: Callable[[], None] = lambda: None
        self.is_refused: Callable[[], bool] = lambda: False
        self.space_returns: Callable[[], None] = lambda: None

    @abstractmethod
    def prepare(self, at: Place) -> None:
        """The home every point starts from."""

    @abstractmethod
    def run(self, at: Place, say: Say) -> None:
        """All of it. say: the names archived by now, after each COMMIT."""

    def forgotten(self, at: Place) -> set[str]:
        """Sessions that must not be there any more."""
        return {FORGOTTEN} if os.path.exists(at.home.tombstones) else set()

    def promised(self, said: list[Any]) -> set[str]:
        """What must be there after a fault."""
        return self.before.union(*said)

    def verdict(self, at: Place, said: list[Any], *, done: bool) -> Verdict:
        """What is broken, right after the fault or once the operation was run again to its end."""
        con = soundness.connect(at.home)
        try:
            found = soundness.rows(con)
            whole = done and not (self.rings_gone or self.rings_torn)
            promised = set(self.wanted) if whole else self.promised(said)
            verdict = soundness.compare(found, self.wanted, promised, self.forgotten(at))
            verdict.corrupt.extend(soundness.unsound(con))
            if done:
                verdict.corrupt.extend(soundness.tree_faults(con, at.home.root))
        finally:
            con.close()
        return verdict

    def learn(self, at: Place) -> None:
        """What a clean run left is what every other must."""
        con = soundness.connect(at.home)
        self.wanted = soundness.by_name(soundness.rows(con))
        con.close()


def archived(at: Place, *texts: str, session: str = "session-a") -> None:
    """A home whose archive holds these already, and their tree."""
    with (
        Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
        Drain(archive, at.settings) as drain,
    ):
        said = conversation(texts, session=session)
        from archives import frames

        archive.ingest(list(frames(said)), ring=None, source="before", now_ns=NOW_NS)
        drain.settle()


def drained(drain: Drain, say: Say) -> None:
    """Rings until none has anything new, as Drain.run() does it; what was archived is said after each batch."""
    while drain.find_rings() or drain.step(flush=True).batches:
        say(soundness.names(drain.archive.con))


def names_in(at: Place) -> set[str]:
    con = soundness.connect(at.home)
    found = set(soundness.names(con))
    con.close()
    return found


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
        return FORGOTTEN if n % 10 == 9 and n > 170 else f"session-{n % 3}"

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
            if not archive.tombstones.covers("claude-code", FORGOTTEN, "", 0, 0):
                with archive.transaction() as con:
                    archive.tombstones.add(con, [Tombstone("claude-code", FORGOTTEN)])
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
        script = {("old", n): self.blob_name("old", n) for n in range(self.FIRST)}
        script |= {("new", n): self.blob_name("new", n) for n in range(self.LAST)}
        self.wanted = {name: self.text(*key) for key, name in script.items()}
        con = soundness.connect(at.home)
        try:
            found = soundness.rows(con)
            gaps = con.execute("SELECT ring_id, after_seq, before_seq FROM v_gap").fetchall()
            verdict = soundness.compare(found, self.wanted, self.promised(said), self.forgotten(at))
            verdict.corrupt.extend(soundness.unsound(con))
            if done:
                verdict.corrupt.extend(soundness.tree_faults(con, at.home.root))
                unexplained = list(self._unexplained(script, found, gaps))
                (damaged,) = con.execute("SELECT count(*) FROM damage").fetchone()
                if not (self.rings_torn and damaged):
                    verdict.lost.extend(unexplained)
        finally:
            con.close()
        return verdict

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
        daemon._LOOK_S, daemon._BACK_OFF_S = 0.02, (0.02,) * 7  # of this child alone
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
        Archive.open(at.home, now_ns=NOW_NS).close()
        for n in range(3):
            name = f"{n}1111111-2222-4333-8444-555555555555"
            corpus.transcript(at.static / f"{name}.jsonl", 30_000, name)
        with ShmRing(os.path.join(at.home.ring, "ring"), capacity=RING_MIN) as ring:
            for n in range(150):  # more than it holds: a gap, met between two batches of the import
                text = f"ringword{n} " + "overrun " * 90
                ring.write(next(iter(encode(record(text, n=n, session="session-r")))))

    def run(self, at: Place, say: Say) -> None:
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
            Drain(archive, at.settings) as drain,
        ):
            args = {"agent": "claude-code", "paths": [str(at.static)]}
            for step, _ in enumerate(import_job(archive, at.settings, args)):
                say(soundness.names(archive.con))
                if step == 1 and not archive.tombstones.covers("claude-code", FORGOTTEN, "", 0, 0):
                    with archive.transaction() as con:
                        archive.tombstones.add(con, [Tombstone("claude-code", FORGOTTEN)])
                archive.checkpoint(truncate=step % 2 == 1)
                drain.run()
            drain.run()
            say(soundness.names(archive.con))
            drain.settle()


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
        self._capture(at, path)
        with ShmRing(os.path.join(at.home.ring, "ring")) as ring:
            ring.clear(force=True)
        path.write_bytes(whole)
        self._capture(at, path)

    @staticmethod
    def _capture(at: Place, path: Path) -> None:
        sink = Sink(at.home, at.settings)
        tail = Tail(
            sink, agents.reader("claude-code"), str(path), session=path.stem, project="/w", now_ns=NOW_NS
        )
        tail.capture(last=True, limit=1 << 20)
        sink.close()

    def run(self, at: Place, say: Say) -> None:
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
            Drain(archive, at.settings) as drain,
        ):
            drained(drain, say)
            drain.hurry()
            drain.find_errands()
            while drain.errand():
                say(soundness.names(archive.con))
                archive.checkpoint()
            drain.settle()

    def verdict(self, at: Place, said: list[Any], *, done: bool) -> Verdict:
        verdict = super().verdict(at, said, done=done)
        if done and not (self.rings_gone or self.rings_torn):
            con = soundness.connect(at.home)
            if con.execute("SELECT count(*), min(healed) FROM v_gap").fetchone() != (1, 1):
                verdict.lost.append(f"the gap: {con.execute('SELECT * FROM v_gap').fetchall()}")
            if con.execute("SELECT count(*) FROM hole WHERE healed_ns IS NULL").fetchone()[0]:
                verdict.lost.append("a hole is open")
            con.close()
        return verdict


class Rebuild(Operation):
    """The archive from the tree, with epochs that are not in the tree yet."""

    name = "rebuild"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        for n in range(3):
            texts = [f"rebuilt{n}word{m:03d} was said" for m in range(20)]
            archived(at, *texts, session=f"session-{n}")
        with Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive:
            from archives import frames

            said = conversation(
                [f"late{m:03d} is not in the tree" for m in range(20)], session="session-late"
            )
            archive.ingest(list(frames(said)), ring=None, source="late", now_ns=NOW_NS)
        self.before = names_in(at)

    def run(self, at: Place, say: Say) -> None:
        with lock.take(at.home, now_ns=NOW_NS):
            for _ in rebuilding.rebuild(at.home, now_ns=NOW_NS, settings=at.settings):
                pass


class Export(Operation):
    """An SQLite file and JSON lines of everything."""

    name = "export"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, *(f"exported{n:03d} was said" for n in range(60)))
        self.before = names_in(at)

    def run(self, at: Place, say: Say) -> None:
        from memlog.archive.connection import open_reader

        con = open_reader(at.home.archive)
        try:
            part = slices.cut(con, Selection(), (), "", now_ns=NOW_NS)
            with place.made(str(at.out / "all.db"), force=True) as path:
                sqlite.write(con, part, path, now_ns=NOW_NS, on_rows=lambda n: None)
            with place.opened(str(at.out / "all.jsonl"), force=True) as file:
                for chunk in jsonl.chunks(con, part, damaged=[], on_rows=lambda n: None):
                    file.write(chunk)
        finally:
            con.close()

    def verdict(self, at: Place, said: list[Any], *, done: bool) -> Verdict:
        verdict = super().verdict(at, said, done=done)
        from memlog.archive.connection import sqlite3

        db, lines = at.out / "all.db", at.out / "all.jsonl"
        if db.exists():
            con = sqlite3.connect(f"file:{db}?mode=ro&immutable=1", uri=True)
            if con.execute("SELECT count(*) FROM record").fetchone()[0] != len(self.wanted):
                verdict.corrupt.append("half an SQLite file has the export's name")
            con.close()
        if lines.exists() and len(lines.read_bytes().splitlines()) != len(self.wanted):
            verdict.corrupt.append("half a JSONL file has the export's name")
        if done and not (db.exists() and lines.exists()):
            verdict.lost.append("an export is not there")
        return verdict


def operations() -> list[type[Operation]]:
    """Every operation, in the order of the table."""
    return [DrainRings, Witness, Import, Heal, Rebuild, Export]
