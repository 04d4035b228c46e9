"""A driver in this process with the semantics of schema/memlog.h: what DeviceRing sees instead of a kernel.

The kernel tests run the same conformance suite on the real device (MEMLOG_DEVICE).
"""

import errno
import os
import threading
import time
from struct import Struct
from typing import NoReturn

from memlog.contracts import (
    HEADER_BYTES,
    IOC_CLEAR,
    IOC_FILTER_UID,
    IOC_GET_INFO,
    IOC_GET_VERSION,
    IOC_SET_DRAINED,
    IOC_SET_RING_SIZE,
    IOC_SET_SESSION,
    IOC_STATS,
    MAX_BLOB,
    RING_MAX,
    RING_MIN,
)
from memlog.wire import NO_SESSION, Frame, Header

STATS = Struct("<QQQIIQQ")
INFO = Struct("<16sIIQQQQQQQQQQ32s32s")


class UidRing:
    def __init__(self, capacity: int) -> None:
        self.frames: list[Frame] = []
        self.next_seq, self.evicted, self.cleared, self.capacity = 1, 0, 0, capacity
        self.marks: dict[int, int] = {}  # uid of a witness -> what it has archived

    @property
    def size(self) -> int:
        return sum(HEADER_BYTES + len(f.blob) for f in self.frames)

    @property
    def times(self) -> tuple[int, int]:
        held = [f.header.ts_ns for f in self.frames if f.header] or [0]
        return held[0], held[-1]

    def make_room(self, need: int) -> None:
        while self.frames and self.size + need > self.capacity:
            self.frames.pop(0)
            self.evicted += 1


class OpenFile:
    def __init__(self, uid: int) -> None:
        self.uid, self.session = uid, NO_SESSION
        self.filter: int | None = uid  # None: everybody, which FILTER_UID calls 0
        self.seen: dict[int, int] = {}


class FakeDriver:
    """Syscalls as ring/device.py makes them. old: a driver that knows ioctls 1-5 only."""

    def __init__(self, capacity: int = 4 << 20, *, old: bool = False, privileged: bool = True) -> None:
        self.rings: dict[int, UidRing] = {}
        self.files: dict[int, OpenFile] = {}
        self.capacity, self.old, self.privileged = capacity, old, privileged
        self.uid, self.pid, self.version = os.geteuid(), os.getpid(), 1
        self.ring_id = os.urandom(16)
        self.news = threading.Condition()
        self.open_error = 0
        self.ioctls: list[int] = []

    def ring(self, uid: int) -> UidRing:
        return self.rings.setdefault(uid, UidRing(self.capacity))

    def open(self, path: str, flags: int) -> int:
        if self.open_error:
            fail(self.open_error)
        fd = max(self.files, default=99) + 1
        self.files[fd] = OpenFile(self.uid)
        return fd

    def is_device(self, fd: int) -> bool:
        return True

    def close(self, fd: int) -> None:
        del self.files[fd]

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def write(self, fd: int, blob: bytes) -> int:
        if not blob:
            return 0
        if len(blob) > MAX_BLOB:
            fail(errno.EMSGSIZE)
        with self.news:
            file = self.files[fd]
            ring = self.ring(file.uid)
            # room for one maximal record, whatever the capacity
            ring.make_room(min(HEADER_BYTES + len(blob), ring.capacity))
            header = Header(len(blob), time.time_ns(), ring.next_seq, file.uid, self.pid, file.session)
            ring.frames.append(Frame(header, blob))
            ring.next_seq += 1
            self.news.notify_all()
        return len(blob)

    def _sees_all(self) -> bool:
        return self.privileged and not self.old

    def _next(self, file: OpenFile) -> Frame | None:
        for uid, ring in sorted(self.rings.items()):
            if file.filter is None or uid == file.filter:
                for frame in ring.frames:
                    assert frame.header
                    if frame.header.seq > file.seen.get(uid, 0):
                        return frame
        return None

    def read(self, fd: int, size: int) -> bytes:
        file = self.files[fd]
        frame = self._next(file)
        if frame is None:
            return b""
        assert frame.header
        if HEADER_BYTES + len(frame.blob) > size:
            fail(errno.EINVAL)
        file.seen[frame.header.uid] = frame.header.seq
        return frame.header.pack() + frame.blob

    def poll(self, fd: int, timeout_s: float) -> bool:
        with self.news:
            return self.news.wait_for(lambda: self._next(self.files[fd]) is not None, timeout_s)

    def ioctl(self, fd: int, number: int, argument: bytes = b"") -> bytes:
        self.ioctls.append(number)
        file = self.files[fd]
        own = self.ring(file.uid)
        ring = self.ring(file.filter or file.uid)
        if self.old and number in (IOC_SET_SESSION, IOC_GET_INFO, IOC_SET_DRAINED):
            fail(errno.ENOTTY)
        if number == IOC_GET_VERSION:
            return self.version.to_bytes(4, "little")
        if number == IOC_STATS:
            counted = list(self.rings.values()) if self._sees_all() else [own]
            held = [one for one in counted if one.frames]
            return STATS.pack(
                sum(one.next_seq - 1 for one in counted),
                sum(one.evicted for one in counted),
                sum(len(one.frames) for one in held),
                sum(one.size for one in held),
                sum(one.capacity for one in held) or own.capacity,
                min((one.times[0] for one in held), default=0),
                max((one.times[1] for one in held), default=0),
            )
        if number == IOC_GET_INFO:
            oldest = ring.next_seq - len(ring.frames)
            return INFO.pack(
                self.ring_id, file.filter or file.uid, 0, ring.next_seq, oldest, ring.evicted, ring.cleared,
                ring.capacity, min(ring.marks.values(), default=0), max(ring.marks.values(), default=0),
                ring.size, *ring.times, b"\1" * 32, b"\2" * 32,
            )  # fmt: skip
        if number == IOC_SET_SESSION:
            file.session = argument
        elif number == IOC_SET_DRAINED:
            seq = int.from_bytes(argument, "little")
            if seq >= ring.next_seq:
                fail(errno.EINVAL)
            ring.marks[file.uid] = max(ring.marks.get(file.uid, 0), seq)
        elif number == IOC_FILTER_UID:
            uid = int.from_bytes(argument, "little")
            if uid != file.uid and not self.privileged:
                fail(errno.EPERM)
            file.filter = uid or None
        elif number in (IOC_CLEAR, IOC_SET_RING_SIZE) and not self.privileged:
            fail(errno.EPERM)
        elif number == IOC_CLEAR:
            for one in self.rings.values() if self._sees_all() else [own]:
                one.cleared += len(one.frames)
                one.frames.clear()
        elif number == IOC_SET_RING_SIZE:
            capacity = int.from_bytes(argument, "little")
            if not RING_MIN <= capacity <= RING_MAX:
                fail(errno.EINVAL)
            self.capacity = capacity
            for one in self.rings.values():
                one.capacity = capacity
                one.make_room(0)
        else:
            fail(errno.ENOTTY)
        return argument


def fail(number: int) -> NoReturn:
    raise OSError(number, os.strerror(number))
