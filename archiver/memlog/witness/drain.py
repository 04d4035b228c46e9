"""Rings into the archive: batches, gaps, cursors, and what is drained."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from memlog.archive import tree
from memlog.archive.store import Archive, Outcome
from memlog.capture import watermark
from memlog.capture.transcript import Watermark
from memlog.contracts import CAPTURE_PENDING
from memlog.errors import (
    ContractError,
    MemlogError,
    RingBusyError,
    RingUnavailableError,
    UnavailableError,
)
from memlog.ring.open import open_ring, retired_rings, ring_dir
from memlog.ring.protocol import Ring, RingReader
from memlog.settings import Settings
from memlog.wire import Damage, Frame, Gap
from memlog.witness import heal, keep, ring_hash, spooled, trouble
from memlog.witness.batch import Item, Totals, ingest, last_seq
from memlog.witness.jobs import Progress
from memlog.witness.log import log

if TYPE_CHECKING:  # only where there is a device
    from memlog.witness.others import Others

# Events after which what is archived must also lie in the tree: the agent may be gone a moment later.
_SNAPSHOT_EVENTS = frozenset(("PreCompact", "SessionEnd"))
_NO_ID = bytes(16)
_SPOOL_EVERY_S = 1.0
_HEAL_AGAIN_S = 3_600.0
_KEEP_EVERY_S, _KEEP_FIRST_S = 3_600.0, 60.0
_HASH_EVERY_S = 10.0
_TELL_AGAIN_S = 3_600.0
SNAPSHOTS_AT_ONCE = 16


class Source:
    """One ring being drained: its reader, and what was read and is not committed yet."""

    def __init__(self, ring: Ring, archive: Archive, *, retired: bool = False) -> None:
        info = ring.info()
        self.ring = ring
        self.path = info.path
        self.ring_id = info.ring_id
        self.retired = retired
        # An image, or a ring file whose header is gone: its records are known by their content.
        self.is_image = info.ring_id in (b"", _NO_ID)
        self.row = None if self.is_image else archive.ring_row(info, now_ns=time.time_ns())
        self.cursor = 0
        # The kernel keeps a mark for each witness and shows only the least of them: ours may be none yet.
        self.told = -1 if info.kind == "kernel" else info.drained_seq
        self.told_at = -1.0e9
        self.pending: list[Item] = []
        self.pending_bytes = 0
        self.pending_since = 0.0
        self.committed_at = self.hashed_at = -1.0e9
        self.hashed = 0
        self._archive = archive
        self._reader: RingReader | None = None

    def fill(self, settings: Settings, now: float) -> bool:
        """Read what is new, up to one batch; True when the batch is full."""
        room, space = settings.batch_records - len(self.pending), settings.batch_bytes - self.pending_bytes
        if room > 0 and space > 0:
            items = self._open_reader().read(room, space)
            if not items and not self.pending and not self.is_image:
                items = self._lost_without_a_successor()
            if items and not self.pending:
                self.pending_since = now
            self.pending += items
            self.pending_bytes += sum(len(i.blob) for i in items if isinstance(i, Frame))
        return len(self.pending) >= settings.batch_records or self.pending_bytes >= settings.batch_bytes

    def due(self, settings: Settings, now: float) -> bool:
        """True when what is pending must be committed: after a pause at once, in a stream each batch_ms."""
        wait_s = settings.batch_ms / 1_000
        return now - self.pending_since >= wait_s or now - self.committed_at >= wait_s

    def commit(self) -> list[Outcome]:
        """Archive what is pending, then tell the ring.

        Raises: what trouble.is_storage() knows; the same records are then read again.
        """
        items = self.pending
        try:
            outcomes = ingest(self._archive, items, ring=self.row, source=self.path)
        except BaseException:
            self.rewind()
            raise
        self.pending, self.pending_bytes = [], 0
        self.cursor = max(self.cursor, last_seq(items))
        self.committed_at = time.monotonic()
        self.mark_drained()
        return outcomes

    def mark_drained(self) -> None:
        """Tell the ring what is archived. A ring that is busy is told at the next look."""
        if self.is_image or (self.told >= self.cursor and not self._is_forgotten()):
            return
        try:
            self.ring.set_drained(self.cursor)
            self.told, self.told_at = self.cursor, time.monotonic()
        except RingBusyError as exc:
            log.warning("ring busy, drained mark waits path=%s seq=%d error=%s", self.path, self.cursor, exc)

    def _is_forgotten(self) -> bool:
        # The mark of a witness that says nothing for a week no longer holds the ring.
        return self.ring.kind == "kernel" and time.monotonic() - self.told_at >= _TELL_AGAIN_S

    def hash_is_due(self) -> bool:
        """True when there is something new to check, and the last check was not just now."""
        new = self.ring.kind == "kernel" and self.cursor > self.hashed
        return new and time.monotonic() - self.hashed_at >= _HASH_EVERY_S

    def rewind(self) -> None:
        """Forget what was read and not committed; the next read starts after the archived cursor."""
        self.pending, self.pending_bytes = [], 0
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def lag_ns(self, now_ns: int) -> int:
        """Age of the oldest record that was read and is not archived."""
        for item in self.pending:
            if isinstance(item, Frame) and item.header is not None:
                return max(now_ns - item.header.ts_ns, 0)
        return 0

    def close(self) -> None:
        """Close reader and ring."""
        self.rewind()
        self.ring.close()

    def _open_reader(self) -> RingReader:
        if self._reader is None:
            if self.row is not None:
                self.cursor = self._archive.cursor(self.row)
                self.mark_drained()  # from here on nothing beyond it counts as drained
            self._reader = self.ring.reader(None if self.is_image else self.cursor)
        return self._reader

    def _lost_without_a_successor(self) -> list[Item]:
        # A ring cleared by force is empty and its counter has moved on: no record follows to carry the gap.
        info = self.ring.info()
        if info.ring_id == self.ring_id and info.oldest_seq >= info.next_seq > self.cursor + 1:
            return [Gap(self.cursor, info.next_seq)]
        return []


class Drain:
    """Every ring of this user, drained into one archive. The caller holds the witness's lock.

    What takes longer than a batch (the spool, holes) waits in `errands`, done one batch at a time
    by whoever calls errand(), so that rings are drained in between.
    """

    def __init__(self, archive: Archive, settings: Settings, devices: Sequence[str] = ()) -> None:
        self.archive = archive
        self.settings = settings
        self.sources: list[Source] = []
        self.errands: deque[Iterator[Progress]] = deque()
        self.snapshot_due = False
        self.ring_error = ""
        self.totals = Totals()
        self._devices = [path if path == "-" else os.path.abspath(path) for path in devices]
        self._spooled: set[str] = set()
        self._spool_at = self._heal_at = -1.0e9
        self._keep_at = time.monotonic() - _KEEP_EVERY_S + _KEEP_FIRST_S
        self._heal_due = True
        self._others: Others | None = None

    # -- rings ---------------------------------------------------------------------------------

    def find_rings(self) -> bool:
        """Open what is not open yet: this user's ring, those of earlier boots, and the devices named.

        True when there is one more.
        """
        known, count = {source.path for source in self.sources}, len(self.sources)
        before, self.ring_error = self.ring_error, ""
        for path in list(self._devices):
            if path not in known:
                self._try_open(path=path)
        try:
            for ring in retired_rings(self.settings):
                if ring.path in known:
                    ring.close()
                else:
                    if ring.is_damaged:
                        log.warning("ring damaged, what it still holds is archived path=%s", ring.path)
                    self.sources.append(Source(ring, self.archive, retired=True))
        except MemlogError as exc:
            self.ring_error = str(exc)
        shared = os.path.join(ring_dir(self.settings), "ring")
        kind, device = self.settings.ring, self.settings.device
        wanted = kind == "kernel" or (kind == "auto" and os.path.exists(device))
        if wanted and device not in known:
            self._try_open(kind="kernel")
        if any(source.ring.kind == "kernel" for source in self.sources):
            self._find_others()
        # A ring nobody has written to yet is made by its first writer.
        if shared not in known and os.path.exists(shared):
            self._try_open(kind="shm")
        if self.ring_error and self.ring_error != before:
            log.warning("ring not opened error=%s", self.ring_error)
        return len(self.sources) > count

    def add_device(self, path: str) -> None:
        """Drain this ring or image too."""
        path = os.path.abspath(path)
        if path not in self._devices:
            self._devices.append(path)

    def _find_others(self) -> None:
        """Whose records the kernel lets us read besides our own, theirs too."""
        if self._others is None:
            from memlog.witness.others import Others

            self._others = Others(self.settings.device)
        for ring in self._others.find([source.ring for source in self.sources]):
            log.info("ring of another user uid=%d path=%s", ring.info().uid, ring.path)
            self.sources.append(Source(ring, self.archive))

    def _try_open(self, *, kind: str | None = None, path: str | None = None) -> None:
        try:
            ring = open_ring(self.settings, kind=kind, path=path)
        except MemlogError as exc:
            if path is not None and not os.path.exists(path):
                self._devices.remove(path)
            self.ring_error = str(exc)
            return
        self.sources.append(Source(ring, self.archive))

    def _lose(self, source: Source, exc: Exception) -> None:
        log.warning("ring went away kind=%s path=%s error=%s", source.ring.kind, source.path, exc)
        self.sources.remove(source)
        source.close()

    def _exhausted(self, source: Source) -> None:
        """What follows when a ring has nothing new: to a retired ring and an image nothing ever comes."""
        if not source.retired and not source.is_image:
            source.mark_drained()
            if source.hash_is_due():
                self._check_hash(source)
            return
        if source.path in self._devices:
            self._devices.remove(source.path)
        self.sources.remove(source)
        source.close()
        discard = getattr(source.ring, "discard", None)
        if source.retired and discard is not None:
            log.info("ring put aside drained path=%s seq=%d", source.path, source.cursor)
            discard()

    def _check_hash(self, source: Source) -> None:
        """What a kernel ring gives must be what it took in; where it is not, both hashes are kept."""
        source.hashed_at, source.hashed = time.monotonic(), source.cursor
        found = ring_hash.check(source.ring)
        if found is None:
            return
        log.error("running hash differs path=%s seq=%d", source.path, source.cursor)
        said, computed = found
        reason = f"the ring's running hash is {said.hex()}, its records give {computed.hex()}"
        damage = Damage(source.cursor, said + computed, reason)
        for outcome in ingest(self.archive, [damage], ring=source.row, source=source.path):
            self.heed(outcome)

    # -- records -------------------------------------------------------------------------------

    def step(self, *, flush: bool = False) -> Totals:
        """At most one batch of every ring that has one due; flush: without waiting for batch_ms.

        Raises: what trouble.is_storage() knows, with nothing lost: the same records are read again.
        """
        totals = Totals()
        for source in list(self.sources):
            try:
                now = time.monotonic()
                full = source.fill(self.settings, now)
                if not source.pending:
                    self._exhausted(source)
                elif flush or full or source.due(self.settings, now):
                    self._commit(source, totals)
            except RingUnavailableError as exc:
                self._lose(source, exc)
        return totals

    def run(self, told: Callable[[Progress], object] | None = None) -> Totals:
        """Passes over every ring until none has anything new."""
        totals = Totals()
        while self.find_rings():  # opening a ring of another boot puts it aside: it is found the next time
            pass
        while (step := self.step(flush=True)).batches:
            totals.add(step)
            if told is not None:
                told(self.progress(totals.taken()))
        return totals

    def progress(self, taken: int) -> Progress:
        """How far a pass is that has taken so many frames; an image does not say how many it holds."""
        waiting = 0
        for source in self.sources:
            if not source.is_image:
                waiting += max(source.ring.info().next_seq - 1 - source.cursor, 0)
        return Progress(taken, taken + waiting, "") if waiting else Progress(0, 0, f"{taken:,} records read")

    def pending(self) -> bool:
        """True while something was read and waits for its batch to fill."""
        return any(source.pending for source in self.sources)

    def rewind(self) -> None:
        """Forget what was read and not committed, of every ring."""
        for source in self.sources:
            source.rewind()

    def lag_s(self) -> float:
        """Age of the oldest record that was read and is not archived."""
        now_ns = time.time_ns()
        return max((source.lag_ns(now_ns) for source in self.sources), default=0) / 1e9

    def _commit(self, source: Source, totals: Totals) -> None:
        started, lag_s = time.monotonic(), source.lag_ns(time.time_ns()) / 1e9
        done = Totals()
        for outcome in source.commit():
            done.count(outcome)
            self.heed(outcome)
        took_ms = (time.monotonic() - started) * 1e3
        log.info(
            "drained records=%d rows=%d sightings=%d events=%d bytes=%d ring=%s seq=%d took_ms=%.0f"
            " lag_s=%.1f", done.records, done.archived, done.sightings, done.events, done.bytes,
            source.ring.kind, source.cursor, took_ms, lag_s,
        )  # fmt: skip
        if done.lost:
            log.warning("records lost lost=%d gaps=%d ring=%s", done.lost, done.gaps, source.ring.kind)
        totals.add(done)

    # -- what capture and the hosts said ---------------------------------------------------------

    def heed(self, outcome: Outcome) -> None:
        """Count a batch and do, after COMMIT, what it asks for."""
        self.totals.count(outcome)
        for mark in outcome.watermarks:
            try:
                watermark.save_archived(self.archive.home, Watermark.from_json(mark))
            except (ContractError, OSError) as exc:
                log.warning("archived watermark not written error=%s", exc)
        for _, event in outcome.events:
            if event.event == CAPTURE_PENDING:
                self._expect(str(event.data.get("spooled")), spooled.handed_over(event))
            elif event.event in _SNAPSHOT_EVENTS:
                self.snapshot_due = True
        # Only what was told can leave a hole, and only a gap can leave records behind.
        if outcome.gaps or outcome.events:
            self._heal_due = True

    def _expect(self, name: str, task: spooled.Task | None) -> None:
        if task is not None and name not in self._spooled:
            self._spooled.add(name)
            self.errands.append(spooled.bring_in(self.archive, self.settings, self.heed, task))

    def find_errands(self) -> None:
        """Queue what lies in the spool and what can be healed; the rings have nothing new."""
        now = time.monotonic()
        if now - self._spool_at >= _SPOOL_EVERY_S:
            self._spool_at = now
            for name, task in spooled.waiting(self.archive, self._spooled):
                self._expect(name, task)
        if not self.errands and (self._heal_due or now - self._heal_at >= _HEAL_AGAIN_S):
            self._heal_due, self._heal_at = False, now
            if heal.is_needed(self.archive):
                self.errands.append(heal.heal(self.archive, self.settings, self.heed))
        if not self.errands and self.settings.retention and now - self._keep_at >= _KEEP_EVERY_S:
            self._keep_at = now
            self.errands.append(keep.by_itself(self.archive, self.settings))

    def hurry(self) -> None:
        """Look into the spool and at what can be healed at the next find_errands()."""
        self._spool_at = self._heal_at = -1.0e9

    def errand(self) -> bool:
        """One batch of the first errand; False when there is none.

        Raises: what trouble.is_storage() knows; the errand is then begun again later.
        """
        if not self.errands:
            return False
        try:
            next(self.errands[0])
        except StopIteration:
            self.errands.popleft()
        except Exception as exc:
            self.errands.popleft()
            if trouble.is_storage(exc):
                self._spooled.clear()
                self._heal_due = True
                raise
            log.error("errand failed error=%s", trouble.sentence(exc), exc_info=exc)
        return True

    def snapshots(self, *, limit: int | None = SNAPSHOTS_AT_ONCE, open_too: bool = False) -> int:
        """Write snapshots of what changed; how many files. open_too: of epochs that go on, too."""
        written = tree.write_dirty(self.archive, limit=limit, open_too=open_too)
        for folder, why in written.refused:
            log.error("snapshot refused folder=%s error=%s", folder, why)
        if limit is None or written.files < limit:
            self.snapshot_due = False
        if written.files:
            log.info("snapshots files=%d", written.files)
        return written.files

    def settle(self, told: Callable[[Progress], object] | None = None) -> None:
        """What a pass leaves to do, done to the end: the spool, holes, and the tree, which then holds all."""
        self.hurry()
        self.find_errands()
        while self.errand():
            if told is not None:
                told(Progress(0, 0, "bringing in the spool and what was lost"))
            self.run()
            if not self.errands:
                self.find_errands()
        try:
            files = 0
            while told is not None and (some := self.snapshots(open_too=True)):
                files += some
                told(Progress(0, 0, f"{files:,} snapshots written"))
            self.snapshots(limit=None, open_too=True)
        except OSError as exc:
            raise UnavailableError(
                f"everything is archived, but a snapshot cannot be written: {trouble.sentence(exc)}"
            ) from exc

    def close(self) -> None:
        """Close every ring; what was read and not committed stays in it."""
        self.errands.clear()
        for source in self.sources:
            source.close()
        self.sources.clear()
        if self._others is not None:
            self._others.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
