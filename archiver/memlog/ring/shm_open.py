"""The path's ring, open in this process: its map and its lock, wherever the file moves and whoever forks.

Lock: flock on a description of its own, taken without blocking in a bounded loop, so a stopped
holder never stops an agent; a thread lock around it, because flock does not tell threads apart.
"""

import fcntl
import os
from _thread import allocate_lock
from time import time_ns
from typing import Any

from memlog.errors import RingBusyError, RingUnavailableError
from memlog.paths import open_private
from memlog.ring import shm_file
from memlog.ring.layout import MOVED, SLOT_WORD, Map, State

STALE = (0, 0, 0, 0, 0, 0, -1, SLOT_WORD[0])  # no word is -1: the next write reads the slots

# A forked child shares its parent's lock, so it must open the ring anew and let go of the old descriptor.
forks = 0
_lock_fds: set[int] = set()


def _in_child() -> None:
    global forks
    forks += 1
    for fd in _lock_fds:
        _let_go(fd)
    _lock_fds.clear()


def _let_go(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        pass


os.register_at_fork(after_in_child=_in_child)


class MovedError(Exception):
    """The path has another ring now."""


class OpenRing:
    """What ShmRing stands on. hold() … drop() is for what changes more than a write does."""

    __slots__ = ("_checked", "_hot", "_map", "_state", "capacity", "lock_ms", "path")

    def __init__(self, path: str, capacity: int, lock_ms: int) -> None:
        """Raises: UnsafePathError; RingUnavailableError (no room, no right); RingBusyError."""
        self.path = path
        self.lock_ms = lock_ms
        self.capacity = capacity  # of a ring that is yet to be made
        # What a write needs, in one load: fd, mm, words, thread lock, seed, uid, pid, area, capacity, forks
        self._hot: tuple[Any, ...] | None = None
        # generation, head, tail, next_seq, oldest_seq, cleared, word the next slot holds, its index
        self._state: tuple[int, ...] = ()
        self._checked = 0
        self.reopen()

    def hold(self) -> tuple[Map, State]:
        """The map and its state, locked; the path's own file for certain. Ends with drop()."""
        while True:
            hot = self._alive()
            fd, lock = hot[0], hot[3]
            if not lock.acquire(False):
                self._wait_for_thread(lock)
            try:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as exc:
                    shm_file.wait_for_lock(fd, self.path, self.lock_ms, exc)
            except BaseException:
                lock.release()
                raise
            try:
                self._check_path(time_ns())
                self._reload()
                state = self._map.state()
                self._state = STALE
                if state is not None:
                    return self._map, state
            except MovedError:
                pass
            except BaseException:
                self.drop()
                raise
            self.drop()
            self.reopen()

    def drop(self) -> None:
        """Let go of what hold() took."""
        assert self._hot is not None
        try:
            fcntl.flock(self._hot[0], fcntl.LOCK_UN)
        finally:
            self._hot[3].release()

    def _wait_for_thread(self, lock: Any) -> None:
        if not lock.acquire(True, self.lock_ms / 1000):
            raise RingBusyError(f"another thread held {self.path} for {self.lock_ms} ms")

    def _reload(self) -> tuple[int, ...]:
        """The state as it is now; the caller holds the lock."""
        state = None if self._map.words[MOVED] else self._map.state()
        if state is None:
            raise MovedError
        slot = SLOT_WORD[(state.generation + 1) & 1]
        self._state = (*state[:6], self._map.words[slot], slot)
        return self._state

    def _check_path(self, now: int) -> None:
        if not self._map.is_at(self.path) or not self._map.is_whole():
            raise MovedError
        self._checked = now

    def _alive(self) -> tuple[Any, ...]:
        hot = self._hot or self._reborn()
        if hot[9] != forks:
            self.reopen()
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
            self.reopen()

    def reopen(self) -> None:
        """Open and map the path's ring; make one where none is, put aside one that is of no use."""
        self._shut()
        for _ in range(100):
            try:
                fd = open_private(self.path, os.O_RDWR)
            except FileNotFoundError:
                shm_file.create(self.path, self.capacity)
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
            place.area, place.static.capacity, forks,
        )  # fmt: skip
        self._state = STALE
        self._checked = 0

    def _shut(self) -> None:
        hot, self._hot = self._hot, None
        if hot is not None and hot[9] == forks and hot[0] in _lock_fds:
            _lock_fds.discard(hot[0])
            os.close(hot[0])

    def close(self) -> None:
        self._shut()

    def __del__(self) -> None:
        try:
            self._shut()
        except (AttributeError, TypeError, OSError):  # half made, or the interpreter is going
            pass
