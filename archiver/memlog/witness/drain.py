"""Rings into the archive: a batch of each in turn, and what is to be done after its COMMIT."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from memlog.archive import tree
from memlog.archive.store import Archive, Outcome
from memlog.capture import watermark
from memlog.capture.watermark import Watermark
from memlog.contracts import CAPTURE_PENDING
from memlog.errors import ContractError, RingUnavailableError, UnavailableError
from memlog.settings import Settings
from memlog.wire import Damage
from memlog.witness import ring_hash, spooled, trouble
from memlog.witness.batch import Totals, ingest
from memlog.witness.errands import Errands
from memlog.witness.jobs import Progress
from memlog.witness.log import log
from memlog.witness.rings import Rings
from memlog.witness.source import Source

# Events after which what is archived must also lie in the tree: the agent may be gone a moment later.
_SNAPSHOT_EVENTS = frozenset(("PreCompact", "SessionEnd"))
SNAPSHOTS_AT_ONCE = 16


class Drain:
    """Every ring of this user, drained into one archive. The caller holds the witness's lock.

    What takes longer than a batch is in `errands`: whoever steps through them drains rings in between.
    """

    def __init__(self, archive: Archive, settings: Settings, devices: Sequence[str] = ()) -> None:
        self.archive = archive
        self.settings = settings
        self.rings = Rings(archive, settings, devices)
        self.errands = Errands(archive, settings, self.heed)
        self.snapshot_due = False
        self.totals = Totals()

    def step(self, *, flush: bool = False) -> Totals:
        """At most one batch of every ring that has one due; flush: without waiting for batch_ms.

        Raises: what trouble.is_storage() knows, with nothing lost: the same records are read again.
        """
        totals = Totals()
        for source in list(self.rings.sources):
            try:
                now = time.monotonic()
                full = source.fill(self.settings, now)
                if not source.pending:
                    self._exhausted(source)
                elif flush or full or source.due(self.settings, now):
                    self._commit(source, totals)
            except RingUnavailableError as exc:
                self.rings.lose(source, exc)
        return totals

    def run(self, told: Callable[[Progress], object] | None = None) -> Totals:
        """Passes over every ring until none has anything new."""
        totals = Totals()
        while self.rings.find():  # opening a ring of another boot puts it aside: it is found the next time
            pass
        while (step := self.step(flush=True)).batches:
            totals.add(step)
            if told is not None:
                told(self.progress(totals.taken()))
        return totals

    def progress(self, taken: int) -> Progress:
        """How far a pass is that has taken so many frames; an image does not say how many it holds."""
        waiting = 0
        for source in self.rings.sources:
            if not source.is_image:
                waiting += max(source.ring.info().next_seq - 1 - source.cursor, 0)
        return Progress(taken, taken + waiting, "") if waiting else Progress(0, 0, f"{taken:,} records read")

    def pending(self) -> bool:
        """True while something was read and waits for its batch to fill."""
        return any(source.pending for source in self.rings.sources)

    def rewind(self) -> None:
        """Forget what was read and not committed, of every ring."""
        for source in self.rings.sources:
            source.rewind()

    def lag_s(self) -> float:
        """Age of the oldest record that was read and is not archived."""
        now_ns = time.time_ns()
        return max((source.lag_ns(now_ns) for source in self.rings.sources), default=0) / 1e9

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

    def _exhausted(self, source: Source) -> None:
        """What follows when a ring has nothing new."""
        if source.retired or source.is_image:
            self.rings.finish(source)
            return
        source.mark_drained()
        if source.hash_is_due():
            self._check_hash(source)

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
                self.errands.expect(str(event.data.get("spooled")), spooled.handed_over(event))
            elif event.event in _SNAPSHOT_EVENTS:
                self.snapshot_due = True
        # Only what was told can leave a hole, and only a gap can leave records behind.
        if outcome.gaps or outcome.events:
            self.errands.expect_losses()

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
        self.errands.hurry()
        self.errands.find()
        while self.errands.step():
            if told is not None:
                told(Progress(0, 0, "bringing in the spool and what was lost"))
            self.run()
            if not self.errands:
                self.errands.find()
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
        self.errands.drop()
        self.rings.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
