"""A ring file that takes no records any more: of an earlier boot, or with a damaged header page.

It is drained like any ring and then discarded. Where neither slot holds a state, every whole
frame of the file is given in order of seq, and what lies between them as damage.
"""

import os
from types import TracebackType
from typing import Self

from memlog.errors import RefusedError, RingUnavailableError
from memlog.paths import open_private
from memlog.ring.layout import DRAINED, FRAME_BYTES, MAX_FRAME, PAGE, PREFIX, Map, State
from memlog.ring.protocol import RingInfo, RingReader, RingStats
from memlog.wire import MAGIC_BYTES, Damage, Frame, Gap

_NO_STATE = State(0, 0, 0, 1, 1, 0, 0)


class RetiredRing:
    """Read-only, but for the drained mark; discard() removes the file."""

    kind = "shm"

    __slots__ = ("_map", "_salvaged", "_seen", "_state", "created_ns", "path")

    def __init__(self, path: str) -> None:
        """Raises: UnsafePathError, RingUnavailableError."""
        self.path = path
        self._seen: int | None = None
        try:
            fd = open_private(path, os.O_RDWR)
            try:
                self._map = Map.of(fd)
            finally:
                os.close(fd)
        except OSError as exc:
            raise RingUnavailableError(f"{path}: {exc.strerror}") from exc
        static = self._map.static if self._map else None
        self._state = self._map.state() if self._map and static else None
        self.created_ns = static.created_ns if static else 0
        self._salvaged: list[Frame | Damage] | None = None

    def _look(self) -> tuple[Map, State]:
        if self._map is None or self._state is None:
            raise RingUnavailableError(f"{self.path} has no state")
        return self._map, self._state

    def _salvage(self) -> list[Frame | Damage]:
        """All whole frames by seq, then the other bytes that are not zero."""
        if self._salvaged is None:
            self._salvaged = salvage(self._map) if self._map else []
        return self._salvaged

    def _frames(self) -> list[Frame]:
        return [item for item in self._salvage() if isinstance(item, Frame)]

    def info(self) -> RingInfo:
        static = self._map.static if self._map else None
        if self._state is not None:
            next_seq, oldest, cleared = self._state.next_seq, self._state.oldest_seq, self._state.cleared
        else:
            seqs = [frame.header.seq for frame in self._frames() if frame.header]
            oldest, next_seq, cleared = (seqs[0], seqs[-1] + 1, 0) if seqs else (1, 1, 0)
        return RingInfo(
            kind=self.kind, path=self.path, ring_id=static.ring_id if static else bytes(16),
            uid=static.uid if static else os.geteuid(), boot_id=static.boot_id if static else "",
            attested=False, next_seq=next_seq, oldest_seq=oldest, evicted=oldest - 1 - cleared,
            cleared=cleared, capacity=static.capacity if static else 0,
            drained_seq=self._map.words[DRAINED] if self._map else 0,
        )  # fmt: skip

    def stats(self) -> RingStats:
        info = self.info()
        items = self.reader().read(1 << 30, 1 << 62)
        times = [item.header.ts_ns for item in items if isinstance(item, Frame) and item.header]
        if self._state is not None:
            held = self._state.tail - self._state.head
        else:
            held = sum(FRAME_BYTES + len(item.blob) for item in items if isinstance(item, Frame))
        return RingStats(
            total_writes=info.next_seq - 1, total_evictions=info.evicted, records_in_ring=len(times),
            ring_bytes=held, ring_capacity=info.capacity,
            oldest_ts_ns=times[0] if times else 0, newest_ts_ns=times[-1] if times else 0,
        )  # fmt: skip

    def reader(self, after_seq: int | None = None) -> RingReader:
        if self._state is not None:
            from memlog.ring.shm_reader import ShmReader

            return ShmReader(self, after_seq)
        return SalvageReader(self._salvage(), after_seq)

    def write(self, blob: bytes, *, session: str | None = None, keep_undrained: bool = False) -> int:
        raise RefusedError(f"{self.path} is a ring of an earlier boot: it takes no records")

    def clear(self, *, force: bool = False) -> int:
        raise RefusedError(f"{self.path} is a ring of an earlier boot: drain it", hint="memlog witness drain")

    def resize(self, capacity: int) -> None:
        raise RefusedError(f"{self.path} is a ring of an earlier boot: it keeps its size")

    def wait(self, timeout_s: float) -> bool:
        """False at once: nothing is ever written here."""
        return False

    def set_drained(self, seq: int) -> None:
        if self._map and seq > self._map.words[DRAINED]:
            self._map.words[DRAINED] = seq

    def discard(self) -> None:
        """Remove the file: everything in it is archived."""
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass

    def close(self) -> None:
        """The map goes with the object."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SalvageReader:
    """Reads what was salvaged: frames after a seq with gaps between them, then the damage."""

    __slots__ = ("_after", "_items")

    def __init__(self, items: list[Frame | Damage], after_seq: int | None) -> None:
        self._after = after_seq
        self._items = iter(items)

    def read(self, limit: int = 1_000, max_bytes: int = 4_000_000) -> list[Frame | Gap | Damage]:
        found: list[Frame | Gap | Damage] = []
        records = size = 0
        while records < limit and size < max_bytes and (item := next(self._items, None)) is not None:
            if isinstance(item, Frame) and item.header:
                seq = item.header.seq
                if self._after is not None and seq <= self._after:
                    continue
                if self._after is not None and seq > self._after + 1:
                    found.append(Gap(self._after, seq))
                self._after = seq
                records += 1
                size += len(item.blob)
            found.append(item)
        return found

    def close(self) -> None:
        """Nothing is held open."""


def salvage(place: Map) -> list[Frame | Damage]:
    """Every whole frame of a data area whose positions are lost, by seq; then all other bytes but zeros."""
    raw = place.copy(0, place.area)
    raw += raw[:MAX_FRAME]  # a frame may wrap round the end
    frames: dict[int, Frame] = {}
    taken: list[tuple[int, int]] = []
    at = raw.find(MAGIC_BYTES, PREFIX)
    while 0 <= at < place.area + PREFIX:
        start = at - PREFIX
        found = place.frame_at(raw, start) if start % 8 == 0 else None
        if found is None:
            at = raw.find(MAGIC_BYTES, at + 1)
            continue
        total, header = found
        blob = raw[start + FRAME_BYTES : start + FRAME_BYTES + header.length]
        frames[header.seq] = Frame(header, blob)
        taken.append((start, start + total))
        at = raw.find(MAGIC_BYTES, start + total + PREFIX)
    items: list[Frame | Damage] = [frames[seq] for seq in sorted(frames)]
    end = 0
    if taken and taken[-1][1] > place.area:
        end = taken[-1][1] - place.area
    for start, stop in [*sorted(taken), (place.area, place.area)]:
        rest = raw[end:start]
        if rest.strip(b"\0"):
            items.append(Damage(PAGE + end, rest, "bytes between the records of a ring without a state"))
        end = max(end, stop)
    return items
