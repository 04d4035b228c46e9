"""The shared-memory ring: a mapped file any process of one user may write to.

States: published (a slot says so) or not there; layout.py says how. Who evicts: the
writer that needs the room. Lock: flock on a description of its own, taken without
blocking in a bounded loop, so a stopped holder never stops an agent; a thread lock
around it, because flock does not tell threads apart. Readers take neither.

It keeps no running hash (hash_before and hash_after are b""): a SHA-256 a write would
cost more than the write. What it says of uid and pid is the writer's word: attested=False.

    ring = ShmRing(path)                 reader = ring.reader()
    seq = ring.write(blob)               for item in reader.read(): ...
"""

import fcntl
import os
from _thread import allocate_lock
from struct import Struct
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

from memlog.contracts import MAGIC, MAX_BLOB, RING_DEFAULT, SCHEMA_VERSION
from memlog.errors import (
    RingBusyError,
    RingFullError,
    RingUnavailableError,
    UndrainedError,
)
from memlog.paths import open_private
from memlog.ring import layout, shm_file
from memlog.ring.layout import (
    DRAINED,
    FRAME_BYTES,
    MOVED,
    PAGE,
    PEEK,
    RELEASED,
    SLOT_BYTES,
    SLOT_WORD,
    WAITING,
    Map,
    State,
    check_blob,
    check_capacity,
)
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
_MIN_FRAME = FRAME_BYTES + 8

# A forked child shares its parent's lock, so it must open the ring anew and let go of the old descriptor.
_forks = 0
_lock_fds: set[int] = set()


def _in_child() -> None:
    global _forks
    _forks += 1
    for fd in _lock_fds:
        _let_go(fd)
    _lock_fds.clear()


def _let_go(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        pass


os.register_at_fork(after_in_child=_in_child)


class _MovedError(Exception):
    """The path has another ring now."""


class ShmRing:
    """One user's ring in a file. Made at first use; a ring of an earlier boot is put aside first."""

    kind = "shm"

    __slots__ = (
        "_bell", "_capacity", "_checked", "_hot", "_map", "_seen", "_state", "doorbell", "lock_ms", "path",
    )  # fmt: skip

    def __init__(
        self, path: str, *, capacity: int = RING_DEFAULT, lock_ms: int = 1_000, doorbell: str | None = None
    ) -> None:
        """Raises: UnsafePathError; RingUnavailableError (no room, no right); RingBusyError."""
        self.path = path
        self.lock_ms = lock_ms
        self.doorbell = doorbell or os.path.join(os.path.dirname(path), "doorbell")
        self._capacity = capacity
        self._bell: Doorbell | None = None
        self._seen: int | None = None  # next_seq as our newest reader last saw it
        # What a write needs, in one load: fd, mm, words, thread lock, seed, uid, pid, area, capacity, forks
        self._hot: tuple[Any, ...] | None = None
        # generation, head, tail, next_seq, oldest_seq, cleared, word the next slot holds, its index
        self._state: tuple[int, ...] = ()
        self._checked = 0
        self._open()

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
            if forks != _forks:
                self._open()
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
                            if found != oldest or size & 7 or not _MIN_FRAME <= size <= tail - head:
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
            except _MovedError:
                moved = True
            else:
                moved = False
            finally:
                lock.release()
            if moved:
                self._open()
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
            self._open()  # a resize may have copied the word before it was stored

    def clear(self, *, force: bool = False) -> int:
        """Number of records dropped; no byte of them stays in the file.

        Raises: UndrainedError unless forced.
        """
        place, state = self._hold()
        try:
            held = state.next_seq - state.oldest_seq
            if held and not force and state.next_seq - 1 > place.words[DRAINED]:
                raise UndrainedError
            place.publish(
                state._replace(
                    generation=state.generation + 1, head=state.tail, oldest_seq=state.next_seq,
                    cleared=state.cleared + held, newest_ts=0,
                )
            )  # fmt: skip
            for at in range(PAGE, PAGE + place.area, 1 << 20):
                stop = min(at + (1 << 20), PAGE + place.area)
                place.mm[at:stop] = bytes(stop - at)
            return held
        finally:
            self._drop()

    def resize(self, capacity: int) -> None:
        """A ring of this many bytes with the newest whole records carried over, ids and counters kept.

        Raises: InputError (limits), RingUnavailableError (no room).
        """
        check_capacity(capacity)
        place, state = self._hold()
        try:
            start, oldest = self._newest_that_fit(place, state, capacity)
            drained = self._replace(place, state, place.copy(start, state.tail), oldest, capacity)
        finally:
            self._drop()
        self._capacity = capacity
        self._open()
        self.set_drained(drained)

    def renew(self, forgotten: "Container[int]") -> int:
        """How many of the records with these seqs it held; their blobs are gone, their places stay.

        A new file, as after a resize: what was evicted and not yet overwritten is gone with the old one.
        Raises: RingUnavailableError (no room), RingBusyError.
        """
        place, state = self._hold()
        try:
            raw = bytearray(place.copy(state.head, state.tail))
            count = layout.empty_frames(raw, place.seed, forgotten, place.words[DRAINED])
            assert place.static is not None
            drained = self._replace(place, state, bytes(raw), state.oldest_seq, place.static.capacity)
        finally:
            self._drop()
        self._open()
        self.set_drained(drained)
        return count

    def _replace(self, place: Map, state: State, kept: bytes, oldest: int, capacity: int) -> int:
        """A new file with these frames in place of the old one; its drained mark. Call it with the lock."""
        assert place.static is not None
        static = place.static._replace(capacity=capacity, area=layout.area_for(capacity))
        moved = State(1, 0, len(kept), state.next_seq, oldest, state.cleared, state.newest_ts)
        page = layout.header_page(static, moved, place.words[DRAINED], place.words[WAITING])
        temporary = shm_file.make(self.path, static, page + kept)
        try:
            os.rename(temporary, self.path)
        except OSError as exc:
            os.unlink(temporary)
            raise RingUnavailableError(f"{self.path}: {exc.strerror}") from exc
        # After the rename: killed in between, the old file is nobody's and its inode tells so.
        place.words[MOVED] = 1
        drained: int = place.words[DRAINED]
        return drained

    def _newest_that_fit(self, place: Map, state: State, capacity: int) -> tuple[int, int]:
        raw = place.copy(state.head, state.tail)
        offset, seq = 0, state.oldest_seq
        while len(raw) - offset > capacity and seq < state.next_seq - 1:
            size, found = PEEK.unpack_from(raw, offset)
            if found != seq or size & 7 or not _MIN_FRAME <= size <= len(raw) - offset:
                offset = place.find_frame(raw, offset + 8, seq, state.next_seq)
                seq = PEEK.unpack_from(raw, offset)[1] if offset < len(raw) else state.next_seq
            else:
                offset, seq = offset + size, seq + 1
        return state.head + offset, seq

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

    # -- the lock -------------------------------------------------------------------------

    def _hold(self) -> tuple[Map, State]:
        """The map and its state, locked; the path's own file for certain. Ends with _drop()."""
        while True:
            hot = self._alive()
            fd, lock = hot[0], hot[3]
            if not lock.acquire(False):
                self._wait_for_thread(lock)
            try:
                try:
                    _flock(fd, _EX)
                except OSError as exc:
                    shm_file.wait_for_lock(fd, self.path, self.lock_ms, exc)
            except BaseException:
                lock.release()
                raise
            try:
                self._check_path(time_ns())
                self._reload()
                state = self._map.state()
                self._state = _STALE
                if state is not None:
                    return self._map, state
            except _MovedError:
                pass
            except BaseException:
                self._drop()
                raise
            self._drop()
            self._open()

    def _drop(self) -> None:
        assert self._hot is not None
        try:
            _flock(self._hot[0], _UN)
        finally:
            self._hot[3].release()

    def _wait_for_thread(self, lock: Any) -> None:
        if not lock.acquire(True, self.lock_ms / 1000):
            raise RingBusyError(f"another thread held {self.path} for {self.lock_ms} ms")

    def _reload(self) -> tuple[int, ...]:
        """The state as it is now; the caller holds the lock."""
        state = None if self._map.words[MOVED] else self._map.state()
        if state is None:
            raise _MovedError
        slot = SLOT_WORD[(state.generation + 1) & 1]
        self._state = (*state[:6], self._map.words[slot], slot)
        return self._state

    def _check_path(self, now: int) -> None:
        if not self._map.is_at(self.path) or not self._map.is_whole():
            raise _MovedError
        self._checked = now

    def _next_whole(self, head: int, tail: int, oldest: int, next_seq: int) -> tuple[int, int]:
        """Position and seq of the first whole frame after a damaged one."""
        raw = self._map.copy(head, tail)
        offset = self._map.find_frame(raw, 8, oldest, next_seq)
        return head + offset, PEEK.unpack_from(raw, offset)[1] if offset < len(raw) else next_seq

    # -- the file -------------------------------------------------------------------------

    def _alive(self) -> tuple[Any, ...]:
        hot = self._hot or self._reborn()
        if hot[9] != _forks:
            self._open()
            hot = self._hot or self._reborn()
        return hot

    def _reborn(self) -> tuple[Any, ...]:
        raise RingUnavailableError("the ring was closed")

    def _look(self) -> tuple[Map, State]:
        """The map and its state without a lock; follows a ring that moved."""
        while True:
            self._alive()
            place = self._map
            if place.is_at(self.path) and place.is_whole() and not place.words[MOVED]:
                state = place.state()
                if state is not None:
                    return place, state
            self._open()

    def _open(self) -> None:
        """Open and map the path's ring; make one where none is, put aside one that is of no use."""
        self._shut()
        for _ in range(100):
            try:
                fd = open_private(self.path, os.O_RDWR)
            except FileNotFoundError:
                shm_file.create(self.path, self._capacity)
                continue
            except OSError as exc:
                raise RingUnavailableError(f"{self.path}: {exc.strerror}") from exc
            try:
                place = shm_file.map_current(fd, self.path, self.lock_ms)
                if place is None:
                    os.close(fd)
                    continue
            except BaseException:
                os.close(fd)
                raise
            self._adopt(fd, place)
            return
        raise RingBusyError(f"{self.path} is being replaced again and again")

    def _adopt(self, fd: int, place: Map) -> None:
        assert place.static is not None
        _lock_fds.add(fd)
        self._map = place
        self._hot = (
            fd, place.mm, place.words, allocate_lock(), place.seed, os.geteuid(), os.getpid(),
            place.area, place.static.capacity, _forks,
        )  # fmt: skip
        self._state = _STALE
        self._checked = 0

    def _shut(self) -> None:
        hot, self._hot = self._hot, None
        if hot is not None and hot[9] == _forks and hot[0] in _lock_fds:
            _lock_fds.discard(hot[0])
            os.close(hot[0])

    def close(self) -> None:
        self._shut()
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def __del__(self) -> None:
        try:
            self._shut()
        except (AttributeError, TypeError, OSError):  # half made, or the interpreter is going
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_OTHER_SLOT = SLOT_WORD[0] + SLOT_WORD[1]
_STALE = (0, 0, 0, 0, 0, 0, -1, SLOT_WORD[0])  # no word is -1: the next write reads the slots
