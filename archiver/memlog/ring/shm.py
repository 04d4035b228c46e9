"""The shared-memory ring: a mapped file any process of one user may write to.

States: published (a slot says so) or not there; layout.py says how. Who evicts: the
writer that needs the room. Lock: shm_open.py's; readers take none.

It keeps no running hash (hash_before and hash_after are b""): a SHA-256 a write would
cost more than the write. What it says of uid and pid is the writer's word: attested=False.

    ring = ShmRing(path)                 reader = ring.reader()
    seq = ring.write(blob)               for item in reader.read(): ...
"""

import fcntl
import os
from struct import Struct
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Self
from zlib import crc32

from memlog.contracts import MAGIC, MAX_BLOB, RING_DEFAULT, SCHEMA_VERSION
from memlog.errors import RingFullError, RingUnavailableError
from memlog.ring import layout, shm_file, shm_open
from memlog.ring.layout import (
    DRAINED,
    FRAME_BYTES,
    MIN_FRAME,
    MOVED,
    PAGE,
    PEEK,
    RELEASED,
    SLOT_BYTES,
    SLOT_WORD,
    WAITING,
    check_blob,
)
from memlog.ring.shm_open import MovedError, OpenRing
from memlog.wire import HEADER, NO_SESSION, pack_session

if TYPE_CHECKING:  # a hook only writes
    from collections.abc import Container

    from memlog.ring.doorbell import Doorbell
    from memlog.ring.protocol import RingInfo, RingReader, RingStats

# A ring removed by hand takes what was accepted a moment before with it, so a moment's delay in
# noticing loses nothing more; a stat for every write would cost as much as the write.
_RECHECK_NS = 10_000_000

_EX = fcntl.LOCK_EX | fcntl.LOCK_NB
_UN = fcntl.LOCK_UN
_flock = fcntl.flock
_pack_header = HEADER.pack
_pack_prefix = layout.PREFIX_STRUCT.pack
_peek = PEEK.unpack_from
_PEEK_BYTES = PEEK.size
_pack_slot = Struct("<7Q").pack
_pack_check = Struct("<Q").pack
_OTHER_SLOT = SLOT_WORD[0] + SLOT_WORD[1]


class ShmRing(OpenRing):
    """One user's ring in a file. Made at first use; a ring of an earlier boot is put aside first."""

    kind = "shm"

    __slots__ = ("_bell", "_seen", "doorbell")

    def __init__(
        self, path: str, *, capacity: int = RING_DEFAULT, lock_ms: int = 1_000, doorbell: str | None = None
    ) -> None:
        """Raises: UnsafePathError; RingUnavailableError (no room, no right); RingBusyError."""
        self.doorbell = doorbell or os.path.join(os.path.dirname(path), "doorbell")
        self._bell: Doorbell | None = None
        self._seen: int | None = None  # next_seq as our newest reader last saw it
        super().__init__(path, capacity, lock_ms)

    # -- the hot path ---------------------------------------------------------------------

    def write(self, blob: bytes, *, session: str | None = None, keep_undrained: bool = False) -> int:
        """The seq of the new record, which survives this process from now on.

        keep_undrained: raise RingFullError rather than evict what no witness has archived.
        Raises: BlobTooLargeError, ContractError (empty blob), RingFullError, RingBusyError,
        RingUnavailableError.
        """
        length = len(blob)
        if not 0 < length <= MAX_BLOB:
            check_blob(blob)
        name = pack_session(session) if session else NO_SESSION
        while True:
            fd, mm, words, lock, seed, uid, pid, area, capacity, forks = self._hot or self._reborn()
            if forks != shm_open.forks:
                self.reopen()
                continue
            crc = crc32(blob, seed)  # before the lock: the longest part of a write
            if not lock.acquire(False):
                self._wait_for_thread(lock)
            try:
                try:
                    _flock(fd, _EX)
                except OSError as exc:
                    shm_file.wait_for_lock(fd, self.path, self.lock_ms, exc)
                try:
                    now = time_ns()
                    if not 0 <= now - self._checked < _RECHECK_NS:
                        self._check_path(now)
                    generation, head, tail, seq, oldest, cleared, other, slot = self._state
                    if words[slot] != other or words[RELEASED] > head or words[MOVED]:
                        generation, head, tail, seq, oldest, cleared, other, slot = self._reload()
                    total = (length + FRAME_BYTES + 7) & ~7
                    end = tail + total
                    if end - capacity > head:
                        while end - capacity > head and head < tail:
                            if keep_undrained and oldest > words[DRAINED]:
                                raise RingFullError
                            at = head % area
                            if area - at >= _PEEK_BYTES:
                                size, found = _peek(mm, PAGE + at)
                            else:
                                size, found = PEEK.unpack(self._map.copy(head, head + _PEEK_BYTES))
                            if found != oldest or size & 7 or not MIN_FRAME <= size <= tail - head:
                                head, oldest = self._next_whole(head, tail, oldest, seq)
                            else:
                                head += size
                                oldest += 1
                        words[RELEASED] = head  # readers let go of these bytes before they change
                    header = _pack_header(MAGIC, SCHEMA_VERSION, length, 0, now, seq, uid, pid, name)
                    front = _pack_prefix(total, crc32(header, crc)) + header
                    at = tail % area
                    if at + total <= area:
                        at += PAGE
                        mm[at : at + FRAME_BYTES] = front
                        at += FRAME_BYTES
                        mm[at : at + length] = blob
                    else:
                        self._map.put(tail, front + blob)
                    raw = _pack_slot(generation + 1, head, end, seq + 1, oldest, cleared, now)
                    at = slot * 8
                    mm[at : at + SLOT_BYTES] = raw + _pack_check(crc32(raw))
                    self._state = (
                        generation + 1, head, end, seq + 1, oldest, cleared, generation, _OTHER_SLOT - slot,
                    )  # fmt: skip
                finally:
                    _flock(fd, _UN)
            except MovedError:
                moved = True
            else:
                moved = False
            finally:
                lock.release()
            if moved:
                self.reopen()
                continue
            if words[WAITING]:
                words[WAITING] = 0
                self._ring_bell()
            return seq

    # -- what changes a ring rarely -------------------------------------------------------

    def set_drained(self, seq: int) -> None:
        """What is archived: never moves back. Takes no lock: one aligned store, by the witness alone."""
        while True:
            self._alive()
            if not self._map.is_whole():
                raise RingUnavailableError(f"{self.path} was cut short")
            words = self._map.words
            if seq > words[DRAINED]:
                words[DRAINED] = seq
            if not words[MOVED]:
                return
            self.reopen()  # a resize may have copied the word before it was stored

    def clear(self, *, force: bool = False) -> int:
        """Number of records dropped; no byte of them stays in the file.

        Raises: UndrainedError unless forced.
        """
        from memlog.ring import shm_remake

        return shm_remake.clear(self, force)

    def resize(self, capacity: int) -> None:
        """A ring of this many bytes with the newest whole records carried over, ids and counters kept.

        Raises: InputError (limits), RingUnavailableError (no room).
        """
        from memlog.ring import shm_remake

        shm_remake.resize(self, capacity)

    def renew(self, forgotten: "Container[int]") -> int:
        """How many of the records with these seqs it held; their blobs are gone, their places stay.

        A new file, as after a resize: what was evicted and not yet overwritten is gone with the old one.
        Raises: RingUnavailableError (no room), RingBusyError.
        """
        from memlog.ring import shm_remake

        return shm_remake.renew(self, forgotten)

    # -- what is in it --------------------------------------------------------------------

    @property
    def ring_id(self) -> bytes:
        """Which ring this is: 16 bytes, the same as long as the file's counters."""
        static = self._look()[0].static
        return static.ring_id if static else b""

    def info(self) -> "RingInfo":
        from memlog.ring.protocol import RingInfo

        place, state = self._look()
        static = place.static
        assert static is not None
        return RingInfo(
            kind=self.kind, path=self.path, ring_id=static.ring_id, uid=static.uid,
            boot_id=static.boot_id, attested=False, next_seq=state.next_seq, oldest_seq=state.oldest_seq,
            evicted=state.oldest_seq - 1 - state.cleared, cleared=state.cleared,
            capacity=static.capacity, drained_seq=(drained := place.words[DRAINED]), archived_seq=drained,
        )  # fmt: skip

    def stats(self) -> "RingStats":
        from memlog.ring.protocol import RingStats

        place, state = self._look()
        held = state.next_seq - state.oldest_seq
        oldest_ts = 0
        while held:
            raw = place.copy(state.head, state.head + FRAME_BYTES)
            oldest_ts = HEADER.unpack_from(raw, layout.PREFIX)[4]
            place, again = self._look()
            if again.head == state.head:
                break
            state, held = again, again.next_seq - again.oldest_seq
        assert place.static is not None
        return RingStats(
            total_writes=state.next_seq - 1, total_evictions=state.oldest_seq - 1 - state.cleared,
            records_in_ring=held, ring_bytes=state.tail - state.head, ring_capacity=place.static.capacity,
            oldest_ts_ns=oldest_ts, newest_ts_ns=state.newest_ts if held else 0,
        )  # fmt: skip

    def reader(self, after_seq: int | None = None) -> "RingReader":
        """A reader that starts after this seq; None: at the oldest record, without a first gap.

        It raises RingUnavailableError once another ring_id lies at the path: a seq means nothing there.
        """
        from memlog.ring.shm_reader import ShmReader

        return ShmReader(self, after_seq)

    def wait(self, timeout_s: float) -> bool:
        """True when something may be new. For the witness alone: a FIFO wakes one; others use follow()."""
        from memlog.ring.doorbell import Doorbell

        if self._bell is None:
            self._bell = Doorbell(self.doorbell)
        place, _ = self._look()
        place.words[WAITING] = 1
        rung = self._is_news() or self._bell.wait(timeout_s)
        if place.is_whole():
            place.words[WAITING] = 0
        if rung:
            self._bell.silence()
        return rung or self._is_news()

    def _is_news(self) -> bool:
        return self._look()[1].next_seq != self._seen

    def _ring_bell(self) -> None:
        from memlog.ring.doorbell import ring_bell

        ring_bell(self.doorbell)

    def close(self) -> None:
        super().close()
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _next_whole(self, head: int, tail: int, oldest: int, next_seq: int) -> tuple[int, int]:
        """Position and seq of the first whole frame after a damaged one."""
        raw = self._map.copy(head, tail)
        offset = self._map.find_frame(raw, 8, oldest, next_seq)
        return head + offset, PEEK.unpack_from(raw, offset)[1] if offset < len(raw) else next_seq
