"""What a damaged ring file still holds: every whole frame, exact gaps, and all other bytes but zeros."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from memlog.ring.layout import (
    FRAME_BYTES,
    PAGE,
    PREFIX,
    State,
    Static,
    frame_at,
    frame_seed,
    read_static,
    unpack_state,
)  # fmt: skip
from memlog.wire import MAGIC_BYTES, Damage, Frame, Gap

_PIECE = 1 << 20  # damage is kept in pieces of this many bytes


class Found(NamedTuple):
    """A ring file as far as its header can be read."""

    static: Static | None
    state: State | None  # None: what was written last, and how much, is unknown
    size: int


def look(fd: int) -> Found:
    """What the header of a ring file still says."""
    static = read_static(fd)
    # A slot has a checksum, but only the ring it belongs to gives its positions a meaning.
    state = unpack_state(os.pread(fd, PAGE, 0)) if static else None
    return Found(static, state, os.fstat(fd).st_size)


def salvage(path: str, found: Found) -> Iterator[Frame | Damage]:
    """Whole frames by seq, then the other bytes that are not zero, with their offset in the file.

    Without the fixed part no frame can be checked, and the whole file is damage.
    Raises: OSError.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if found.static is None:
            yield from _pieces(fd, 0, found.size, "a ring file whose header is gone")
            return
        frames: dict[int, Frame] = {}
        rest: list[Damage] = []
        for at, raw in _chunks(fd, found.static, found.state):
            rest += _scan(at, raw, found, frames)
        yield from (frames[seq] for seq in sorted(frames))
        if found.state is None:
            page = os.pread(fd, PAGE, 0)
            yield Damage(0, page, "a ring without a state: how many records are missing is unknown")
        yield from rest
    finally:
        os.close(fd)


def _chunks(fd: int, static: Static, state: State | None) -> list[tuple[int, bytes]]:
    """Offset and bytes of each stretch that frames follow each other in, as far as the file still has it."""
    size = os.fstat(fd).st_size
    held = os.pread(fd, min(static.area, size), PAGE)  # what a header claims is not allocated
    whole = len(held) == static.area
    if state is not None:
        start, length = state.head % static.area, state.tail - state.head
        first, second = held[start : start + length], held[: max(start + length - static.area, 0)]
    else:
        # The frames go round in a circle that nothing marks the beginning of: any frame will do.
        start = _first_frame(held, frame_seed(static))
        first, second = held[start:], held[:start]
    if whole:
        return [(PAGE + start, first + second)]
    return [(PAGE + start, first), (PAGE, second)]


def _first_frame(raw: bytes, seed: int) -> int:
    at = raw.find(MAGIC_BYTES, PREFIX)
    while at >= 0:
        if (at - PREFIX) % 8 == 0 and frame_at(raw, at - PREFIX, seed):
            return at - PREFIX
        at = raw.find(MAGIC_BYTES, at + 1)
    return 0


def _scan(place: int, raw: bytes, found: Found, frames: dict[int, Frame]) -> list[Damage]:
    """Add every whole frame of raw to frames; what lies between them."""
    assert found.static is not None
    seed = frame_seed(found.static)
    low, high = (found.state.oldest_seq, found.state.next_seq) if found.state else (1, 1 << 64)
    rest: list[Damage] = []
    end, at = 0, raw.find(MAGIC_BYTES, PREFIX)
    while at >= 0:
        start = at - PREFIX
        whole = frame_at(raw, start, seed) if (place + start) % 8 == 0 else None
        if whole is None or not low <= whole[1].seq < high:
            at = raw.find(MAGIC_BYTES, at + 1)
            continue
        total, header = whole
        frames[header.seq] = Frame(header, raw[start + FRAME_BYTES : start + FRAME_BYTES + header.length])
        rest += _between(place + end, raw[end:start])
        end = start + total
        at = raw.find(MAGIC_BYTES, end + PREFIX)
    return rest + _between(place + end, raw[end:])


def _between(place: int, raw: bytes) -> list[Damage]:
    return [
        Damage(place + at, piece, "bytes between the records of a damaged ring")
        for at in range(0, len(raw), _PIECE)
        if (piece := raw[at : at + _PIECE]).strip(b"\0")
    ]


def _pieces(fd: int, start: int, stop: int, reason: str) -> Iterator[Damage]:
    if start == stop:
        yield Damage(start, b"", reason)
    for at in range(start, stop, _PIECE):
        piece = os.pread(fd, min(_PIECE, stop - at), at)
        if at == start or piece.strip(b"\0"):
            yield Damage(at, piece, reason)


class SalvageReader:
    """Reads what was salvaged: frames after a seq with gaps between them, then the damage."""

    __slots__ = ("_after", "_items", "_next")

    def __init__(self, items: Iterator[Frame | Damage], after_seq: int | None, state: State | None) -> None:
        self._after = state.oldest_seq - 1 if after_seq is None and state else after_seq
        self._items = items
        self._next = state.next_seq if state else 0  # 0: unknown

    def read(self, limit: int = 1_000, max_bytes: int = 4_000_000) -> list[Frame | Gap | Damage]:
        """What follows, oldest first; [] at the end. A ring that knew its newest seq ends with a gap."""
        read: list[Frame | Gap | Damage] = []
        records = size = 0
        while records < limit and size < max_bytes:
            item = next(self._items, None)
            if not isinstance(item, Frame) or item.header is None:
                if self._after is not None and self._after + 1 < self._next:
                    read.append(Gap(self._after, self._next))
                    self._after = self._next - 1
                if item is None:
                    break
                read.append(item)
                size += len(item.data) if isinstance(item, Damage) else 0
                continue
            seq = item.header.seq
            if self._after is not None and seq <= self._after:
                continue
            if self._after is not None and seq > self._after + 1:
                read.append(Gap(self._after, seq))
            self._after = seq
            records += 1
            size += len(item.blob)
            read.append(item)
        return read

    def close(self) -> None:
        """The file is closed when everything was read."""
