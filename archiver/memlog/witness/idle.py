"""What the witness does when nothing comes in: checkpoints, the index's merges, silent sessions, the tree."""

import os
import time

from memlog.archive.store import Archive
from memlog.witness.log import log

_QUIET_S = 1.0
_BUSY_BYTES = 32 << 20  # a log of this size is copied while records still come in
_KEPT_BYTES = 64 << 20  # a larger log is cut when it is quiet
_AGAIN_S = 5.0  # after a checkpoint a reader held up
_MERGE_S = 30.0
_MANY = 100_000  # changed rows of any table, some 15,000 records: an import, whose index is made one piece
_SILENT_S = 600.0
_OPEN_S = 60.0  # an epoch that goes on is written whole each time: not after every record


class Idle:
    """Remembers what is still to be done. Every step is bounded."""

    def __init__(self, archive: Archive) -> None:
        now = time.monotonic()
        self._archive = archive
        self._busy_at = now
        self._dirty = self._merge_due = True
        self._silent_at = now - _SILENT_S
        self._held_up_at = now - _AGAIN_S
        self._told = False
        self._open_due = True  # of a witness that was killed
        self._closed = 0
        self._whole_at = archive.con.total_changes

    def busy(self) -> None:
        """Something was archived."""
        self._busy_at = time.monotonic()
        self._dirty = self._merge_due = self._open_due = True

    @property
    def open_due(self) -> bool:
        """True once nothing came for a while: the tree is to hold epochs that go on, too."""
        return self._open_due and time.monotonic() - self._busy_at >= _OPEN_S

    def open_written(self, *, more: bool) -> None:
        """They were written; more: not all of them."""
        self._open_due = more

    def take_closed(self) -> int:
        """How many sessions were closed since this was asked: their last epochs are to be written."""
        closed, self._closed = self._closed, 0
        return closed

    def step(self) -> bool:
        """One piece of work that is due; True when there may be more at once."""
        now = time.monotonic()
        if self.checkpoint():
            return False
        if self._archive.reprepare():
            self._dirty = self._merge_due = True
            return True
        if now - self._silent_at >= _SILENT_S:
            self._silent_at = now
            self._closed = self._archive.close_silent(now_ns=time.time_ns())
            if self._closed:
                log.info("sessions closed silent=%d", self._closed)
        elif self._merge_due and now - self._busy_at >= _MERGE_S:
            self._merge_due = self._merge()
            self._dirty = True
            return self._merge_due
        return False

    def _merge(self) -> bool:
        """One step; after much was archived the first of those that leave one piece."""
        con = self._archive.con
        whole = con.total_changes - self._whole_at > _MANY
        more = self._archive.merge(whole=whole)
        if whole:
            log.info("index is made one piece")
            self._whole_at = con.total_changes
        return more

    def checkpoint(self) -> bool:
        """Copy the log into the archive where it is due: when quiet, or when there is much of it."""
        now = time.monotonic()
        size = self.wal_bytes()
        quiet = now - self._busy_at >= _QUIET_S
        wanted = (self._dirty and quiet) or size > (_KEPT_BYTES if quiet else _BUSY_BYTES)
        if not wanted or now - self._held_up_at < _AGAIN_S:
            return False
        left = self._archive.checkpoint()
        # Its size is all that tells how full the log is: the -shm beside it must not be opened here,
        # closing it would drop the locks SQLite holds in this process.
        if not left and size > _BUSY_BYTES:
            left = self._cut()
        self._dirty = left > 0
        if left:
            self._held_up_at = now
            if not self._told and size > _KEPT_BYTES:
                log.warning("checkpoint held up by a reader pages=%d wal_bytes=%d", left, size)
        self._told = left > 0
        return True

    def wal_bytes(self) -> int:
        """Size of the write-ahead log's file."""
        try:
            return os.stat(self._archive.home.archive + "-wal").st_size
        except OSError:
            return 0

    def _cut(self) -> int:
        con = self._archive.con
        con.execute("PRAGMA busy_timeout = 50")  # a reader may hold it up: that is no reason to wait
        try:
            return self._archive.checkpoint(truncate=True)
        finally:
            con.execute("PRAGMA busy_timeout = 5000")
