"""A ring image: records back to back in a file, as reading the device to a file gives. Read-only."""

import mmap
import os
import stat
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from memlog.contracts import HEADER_BYTES
from memlog.errors import NotFoundError, RefusedError, RingUnavailableError
from memlog.ring.protocol import RingInfo, RingReader, RingStats
from memlog.wire import Damage, Frame, Gap, scan_image

# Mapped above this, so that an image larger than memory can be read; below it, a copy, which no
# truncation under us can turn into a SIGBUS.
_MAP_BYTES = 64 << 20
_NAMED = "--device PATH of a device, a ring file or an image"


class ImageRing:
    """The records of a file (`-`: standard input). It has no ring_id: its records are known by content."""

    kind = "image"

    __slots__ = ("_data", "_stats", "path")

    def __init__(self, path: str) -> None:
        """Raises: NotFoundError, RingUnavailableError."""
        self.path = path
        self._stats: tuple[RingInfo, RingStats] | None = None
        self._data = sys.stdin.buffer.read() if path == "-" else _load(path)

    @property
    def ring_id(self) -> bytes:
        """As info() has it."""
        return self.info().ring_id

    def info(self) -> RingInfo:
        return self._summary()[0]

    def stats(self) -> RingStats:
        """As a ring's; what an image cannot know (evictions) is 0."""
        return self._summary()[1]

    def _summary(self) -> tuple[RingInfo, RingStats]:
        if self._stats is None:
            count = size = oldest_ts = newest_ts = low = high = 0
            uid = None
            for item in scan_image(self._data):
                if isinstance(item, Frame) and item.header:
                    header = item.header
                    if not count:
                        uid, low, high, oldest_ts = header.uid, header.seq, header.seq, header.ts_ns
                    low, high, newest_ts = min(low, header.seq), max(high, header.seq), header.ts_ns
                    count += 1
                    size += HEADER_BYTES + header.length
            info = RingInfo(
                kind=self.kind, path=self.path, ring_id=b"", uid=os.geteuid() if uid is None else uid,
                boot_id="", attested=False, next_seq=high + 1 if count else 1, oldest_seq=low if count else 1,
                evicted=0, cleared=0, capacity=len(self._data), drained_seq=0,
            )  # fmt: skip
            stats = RingStats(count, 0, count, size, len(self._data), oldest_ts, newest_ts)
            self._stats = info, stats
        return self._stats

    def reader(self, after_seq: int | None = None) -> RingReader:
        """All records in file order; after_seq leaves out those up to that seq."""
        return ImageReader(scan_image(self._data), after_seq)

    def write(self, blob: bytes, *, session: str | None = None, keep_undrained: bool = False) -> int:
        raise RefusedError(f"{self.path} is a ring image: it is only read", hint="memlog write")

    def clear(self, *, force: bool = False) -> int:
        raise RefusedError(f"{self.path} is a ring image: it is only read", hint="memlog clear")

    def resize(self, capacity: int) -> None:
        raise RefusedError(f"{self.path} is a ring image: it is only read", hint="memlog resize")

    def wait(self, timeout_s: float) -> bool:
        """False at once: nothing new ever comes."""
        return False

    def set_drained(self, seq: int) -> None:
        """Nothing: an image has no place for the mark, and draining it twice adds nothing."""

    def close(self) -> None:
        self._data = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ImageReader:
    """Reads an image once through. Images have no gaps: several uids and pieces may lie in one file."""

    __slots__ = ("_after", "_items")

    def __init__(self, items: Iterator[Frame | Damage], after_seq: int | None) -> None:
        self._items = items
        self._after = after_seq

    def read(self, limit: int = 1_000, max_bytes: int = 4_000_000) -> list[Frame | Gap | Damage]:
        found: list[Frame | Gap | Damage] = []
        records = size = 0
        while records < limit and size < max_bytes and (item := next(self._items, None)) is not None:
            if isinstance(item, Frame) and item.header:
                if self._after is not None and item.header.seq <= self._after:
                    continue
                records += 1
                size += item.header.length
            found.append(item)
        return found

    def close(self) -> None:
        """Nothing is held open."""


def _load(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as exc:
        raise NotFoundError(f"there is no {path}", hint="memlog show") from exc
    except OSError as exc:
        raise RingUnavailableError(f"{path}: {exc.strerror}") from exc
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise RingUnavailableError(f"{path} is neither a ring nor a file", hint=_NAMED)
        if found.st_size > _MAP_BYTES:
            # a map slices, finds and unpacks as bytes do
            return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)  # type: ignore[return-value]
        with open(fd, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(fd)
