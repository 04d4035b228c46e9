"""One ring being drained: what was read of it, what is committed, and what it is told."""

import time

from memlog.archive.store import Archive, Outcome
from memlog.errors import RingBusyError
from memlog.ring.protocol import Ring, RingReader
from memlog.settings import Settings
from memlog.wire import Frame, Gap
from memlog.witness.batch import Item, ingest, last_seq
from memlog.witness.log import log

_NO_ID = bytes(16)
_HASH_EVERY_S = 10.0
_TELL_AGAIN_S = 3_600.0


class Source:
    """A ring, its reader, and what was read and is not committed yet."""

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
