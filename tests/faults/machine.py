"""A machine with two rings and one archive, to which everything may happen, and what its records must come to.

Every seq of every ring is a row, a sighting, or in a gap, and only one of these; every record is there
once, in the order its ring had it; and what is in no ring any more and in no archive is not made up.
"""

import os
import shutil
import signal
import time
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake_driver
from archives import conversation, frames
from children import in_child, kill_at
from fake_driver import FakeDriver
from faults import soundness
from faults.injector import copy_tree
from memlog.archive.store import Archive
from memlog.contracts import IOC_GET_INFO, RING_MIN
from memlog.errors import WitnessRunningError
from memlog.paths import Home, load_key
from memlog.record import Record, encode
from memlog.ring import device, layout, shm
from memlog.ring.device import DeviceRing
from memlog.ring.protocol import Ring
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.witness import batch, lock
from memlog.witness.drain import Drain

START_NS = 1_772_721_000 * 10**9
SEEN_SQL = """
SELECT hex(g.ring_id), r.seq, s.session || '/' || r.source_id, 0 AS again FROM record r
JOIN ring g ON g.id = r.ring JOIN session s ON s.id = r.session_id
UNION ALL
SELECT hex(g.ring_id), m.seq, s.session || '/' || r.source_id, 1 FROM record_sighting m
JOIN ring g ON g.id = m.ring JOIN record r ON r.id = m.record_id JOIN session s ON s.id = r.session_id
"""
ORDER_SQL = "SELECT session_id, hex(g.ring_id), seq FROM record r JOIN ring g ON g.id = r.ring ORDER BY session_id, link"
LOST_SQL = "SELECT hex(g.ring_id), after_seq, before_seq FROM gap JOIN ring g ON g.id = gap.ring"
Key = tuple[str, int]  # ring and seq


class Module(FakeDriver):
    """The kernel module, loaded; it keeps no running hash."""

    def ioctl(self, fd: int, number: int, argument: bytes = b"") -> bytes:
        found = super().ioctl(fd, number, argument)
        return found[:-64] + bytes(64) if number == IOC_GET_INFO else found


class Machine:
    """What happens to it, and what was written: `written` has the name of every accepted record."""

    _template: Path | None = None

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home(str(root / "home"))
        self.settings = Settings(
            home=self.home.root, ring="kernel", device="/dev/not-there", start_witness=False, batch_records=7,
            ring_bytes=RING_MIN,
        )  # fmt: skip
        self.now_ns = START_NS
        self.boots = self.count = 0
        self.texts: dict[str, str] = {}
        self.records: dict[str, Record] = {}
        self.written: dict[Key, str] = {}
        self.rings_of_memory: set[str] = set()  # gone with a reboot or with the module
        self.gone: set[Key] = set()  # in a ring that was lost before it was drained
        self.imported: set[str] = set()
        self.cursors: dict[str, int] = {}
        self._make_home()
        self._kept = (layout.boot_id, shm.time_ns, batch.time_ns, fake_driver.time, device.Syscalls)
        clock = lambda: self.now_ns  # noqa: E731
        shm.time_ns = batch.time_ns = clock  # type: ignore[assignment,attr-defined]
        fake_driver.time = SimpleNamespace(time_ns=clock, sleep=time.sleep)  # type: ignore[attr-defined]
        device.Syscalls = lambda: self.module  # type: ignore[assignment,misc]
        layout.boot_id = lambda: f"boot-{self.boots}"
        self.load_module()

    def close(self) -> None:
        layout.boot_id, shm.time_ns, batch.time_ns, fake_driver.time, device.Syscalls = self._kept  # type: ignore
        shutil.rmtree(self.root)

    def _make_home(self) -> None:
        """A new archive takes a while to make: made once, copied for each machine."""
        if Machine._template is None or not Machine._template.exists():
            Machine._template = self.root.parent / "template"
            made = Home(str(Machine._template))
            load_key(made)
            Archive.open(made, now_ns=START_NS).close()
        copy_tree(Machine._template, Path(self.home.root))

    # -- rings and who writes to them ------------------------------------------------------

    def load_module(self) -> None:
        """The module, for the first time or again: another ring_id, and what its rings held is gone."""
        self._lose({key for key in self.written if key[0] in self.rings_of_memory})
        self.module = Module(RING_MIN)
        self.rings_of_memory.clear()

    def ring(self, kind: str) -> Ring:
        if kind == "kernel":
            found: Ring = DeviceRing(self.settings.device)
            self.rings_of_memory.add(found.info().ring_id.hex().upper())
            return found
        return ShmRing(os.path.join(self.home.ring, "ring"), capacity=RING_MIN)

    def write(self, kind: str, count: int, size: int, again: bool = False) -> None:
        """So many new records, or some that were written before."""
        old = list(self.texts)[-count:] if again else []
        with self.ring(kind) as ring:
            name = ring.info().ring_id.hex().upper()
            for _ in range(count):
                record = self.records[old.pop()] if old else self.new(size)
                seq = ring.write(next(iter(encode(record))))
                assert (name, seq) not in self.written, "a seq was given twice"
                self.written[name, seq] = f"{record.session}/{record.source_id}"

    def new(self, size: int) -> Record:
        self.count += 1
        session = f"session-{self.count % 3}"
        [record] = conversation([f"number {self.count} " + "x" * size], session=session)
        record = record._replace(
            source_id=f"line-{self.count}", ts_ns=max(self.now_ns, 1), mac=self.count.to_bytes(8)
        )
        name = f"{session}/{record.source_id}"
        self.texts[name], self.records[name] = record.text, record
        return record

    # -- what happens -----------------------------------------------------------------------

    def reboot(self, *, kept: bool) -> None:
        """Another boot id; the module's rings are gone, and the file's where it lay in memory."""
        self.boots += 1
        self.load_module()
        if not kept:
            self._lose(set(self.written))
            shutil.rmtree(self.home.ring, ignore_errors=True)

    def _lose(self, keys: set[Key]) -> None:
        archived = self._cursors()
        self.gone |= {(ring, seq) for ring, seq in keys if seq > archived.get(ring, 0)}

    def drain(self, *, crash_at: int = 0) -> bool:
        """Everything there is into the archive; True: killed at that statement."""
        if crash_at:
            pid = in_child(lambda: self._drain(crash_at))
            status = os.waitpid(pid, 0)[1]
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            assert killed or status == 0, f"the witness ended with {status}"
            return killed
        self._drain(0)
        self.look()
        return False

    def _drain(self, crash_at: int) -> None:
        with (
            lock.take(self.home, now_ns=self.now_ns),
            Archive.open(self.home, now_ns=self.now_ns, settings=self.settings) as archive,
            Drain(archive, self.settings) as drain,
        ):
            if crash_at:
                kill_at(archive.con, crash_at)
            drain.run()

    def second_witness(self) -> None:
        """It is refused; and one that comes past the lock with what it read before adds nothing."""
        with lock.take(self.home, now_ns=self.now_ns):
            pid = in_child(self._is_refused)
            assert os.waitpid(pid, 0)[1] == 0, "a second witness got the lock"
        with (
            Archive.open(self.home, now_ns=self.now_ns, settings=self.settings) as archive,
            Drain(archive, self.settings) as late,
        ):
            late.rings.find()
            for source in late.rings.sources:
                source.fill(self.settings, 0.0)
            self._drain(0)
            late.step(flush=True)
        self.look()

    def _is_refused(self) -> None:
        lock._TRIES = 1
        try:
            lock.take(self.home, now_ns=1)
        except WitnessRunningError as exc:
            assert f"pid {os.getppid()}" in str(exc)
            return
        raise AssertionError

    def late_import(self, count: int) -> None:
        """Lines of a transcript, of which some were drained, some lost, some still lie in a ring."""
        names = list(self.texts)[-count:]
        with Archive.open(self.home, now_ns=self.now_ns, settings=self.settings) as archive:
            found = list(frames(self.records[name] for name in names))
            archive.ingest(found, ring=None, source="import", now_ns=self.now_ns)
        self.imported |= set(names)

    # -- what must hold ------------------------------------------------------------------------

    def _cursors(self) -> dict[str, int]:
        con = soundness.connect(self.home)
        try:
            return dict(con.execute("SELECT hex(ring_id), cursor FROM ring").fetchall())
        finally:
            con.close()

    def look(self) -> None:
        """After a drain: rows + gaps = written, exactly; nothing twice; the order of each ring."""
        con = soundness.connect(self.home)
        try:
            seen, lost = con.execute(SEEN_SQL).fetchall(), con.execute(LOST_SQL).fetchall()
            order, rows = con.execute(ORDER_SQL).fetchall(), soundness.rows(con)
            cursors = dict(con.execute("SELECT hex(ring_id), cursor FROM ring").fetchall())
        finally:
            con.close()
        names: dict[Key, str] = {}
        for ring, seq, name, _ in seen:
            assert (ring, seq) not in names, f"seq {seq} is there twice"
            names[ring, seq] = name
        gaps = [(ring, seq) for ring, after, before in lost for seq in range(after + 1, before)]
        assert len(gaps) == len(set(gaps)), "a seq is in two gaps"
        assert not names.keys() & set(gaps), "a seq is a row and in a gap"
        assert names.keys() | set(gaps) == self.written.keys() - self.gone, (
            "rows + gaps are not what was written"
        )
        for key, name in names.items():
            assert self.written[key] == name, f"{key} is {name} and was {self.written[key]}"
        self._each_once(rows, set(names.values()) | self.imported)
        self._in_order(order)
        assert all(cursors[ring] >= cursor for ring, cursor in self.cursors.items()), "a cursor went back"
        self.cursors = cursors

    def _each_once(self, rows: list[soundness.Row], due: set[str]) -> None:
        found = [f"{row.session}/{row.source_id}" for row in rows]
        assert len(found) == len(set(found)), "a record is there twice"
        assert set(found) == due, "records are missing, or nobody wrote them"
        for row, name in zip(rows, found, strict=True):
            assert row.text == self.texts[name]

    @staticmethod
    def _in_order(rows: list[Any]) -> None:
        newest: dict[tuple[int, str], int] = defaultdict(int)
        for session, ring, seq in rows:
            assert seq > newest[session, ring], "the chain is not in the order of the ring"
            newest[session, ring] = seq

    def is_sound(self) -> None:
        """Pages, index, chains and counts."""
        con = soundness.connect(self.home)
        try:
            assert not soundness.unsound(con)
        finally:
            con.close()
