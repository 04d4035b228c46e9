"""Writers of the shared-memory ring, killed at random moments or at a chosen store, and what must hold then."""

import mmap
import os
import random
import signal
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

from children import in_child
from memlog.contracts import RING_MIN
from memlog.errors import MemlogError
from memlog.ring import layout, shm, shm_open
from memlog.ring.shm import ShmRing
from memlog.wire import Frame

ACK = struct.Struct("<QQ")
SIZES = (1, 9, 56, 700, 4_000, 30_000)


def blob_of(n: int) -> bytes:
    """A blob only record n can have."""
    return (b"%d|" % n) * (1 + SIZES[n % len(SIZES)] // len(b"%d|" % n))


def write_for_ever(ring: ShmRing, acks: int, n: int) -> NoReturn:
    """Record n and all that follow; each is told once write() returned."""
    while True:
        os.write(acks, ACK.pack(ring.write(blob_of(n)), n))
        n += 1


class Wrong(NamedTuple):
    """A sentence for each promise of the ring that is broken."""

    lost: list[str]
    duplicated: list[str]
    corrupt: list[str]

    def __bool__(self) -> bool:
        return any(map(bool, tuple(self)))


def wrong_with(path: str, acked: dict[int, int]) -> Wrong:
    """Everything that is not as promised: acked (seq -> n) lost or torn, or a ring that no longer works."""
    wrong = Wrong([], [], [])
    try:
        with ShmRing(path) as ring:
            info, stats = ring.info(), ring.stats()
            items = ring.reader().read(1 << 20, 1 << 40)
            blobs = {i.header.seq: i.blob for i in items if isinstance(i, Frame) and i.header}
            wrong.corrupt.extend(f"no record: {i!r:.80}" for i in items if not isinstance(i, Frame))
            if list(blobs) != list(range(info.oldest_seq, info.next_seq)):
                wrong.corrupt.append(f"{info.oldest_seq}..{info.next_seq} holds {list(blobs)[:5]}...")
            if stats.records_in_ring != len(blobs) or stats.ring_bytes > max(RING_MIN, layout.MAX_FRAME):
                wrong.corrupt.append(f"stats {stats}")
            for seq, n in acked.items():
                if seq >= info.next_seq or (seq in blobs and blobs[seq] != blob_of(n)):
                    wrong.lost.append(f"accepted {seq} is lost or another's")
            if acked and ring.write(b"goes on") <= max(acked):
                wrong.duplicated.append("a seq was used twice")
    except (MemlogError, struct.error, ValueError, MemoryError, OverflowError) as exc:
        wrong.corrupt.append(f"{type(exc).__name__}: {exc}")
    return wrong


def read_acks(fd: int) -> dict[int, int]:
    raw = b""
    while piece := os.read(fd, 1 << 16):
        raw += piece
    return dict(ACK.iter_unpack(raw[: len(raw) // ACK.size * ACK.size]))


def killed_writers(
    path: str, kills: int, dice: random.Random, opened: Callable[[str], ShmRing] = ShmRing
) -> Iterator[tuple[int, Wrong]]:
    """How many a writer had accepted when it was killed at a random moment, and what was wrong then."""
    accepted = 0
    for _ in range(kills):
        read_fd, write_fd = os.pipe()
        pid = in_child(lambda: write_for_ever(opened(path), write_fd, accepted))  # noqa: B023
        os.close(write_fd)
        # So many accepted, on a machine of any speed, and a moment more: somewhere in the next ones.
        first = b"".join(os.read(read_fd, ACK.size) for _ in range(dice.randrange(1, 40)))
        time.sleep(dice.random() * 0.0005)
        os.kill(pid, signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
        acked = dict(ACK.iter_unpack(first)) | read_acks(read_fd)
        os.close(read_fd)
        accepted += len(acked)
        yield len(acked), wrong_with(path, acked)


class EagerMap(mmap.mmap):
    """The state is published before the frame it speaks of."""

    held: list[tuple[slice, bytes]]

    def __setitem__(self, at: Any, data: Any) -> None:
        if at.start >= layout.PAGE:
            self.held.append((at, bytes(data)))
            return
        super().__setitem__(at, data)
        for late, kept in self.held:
            super().__setitem__(late, kept)
        self.held.clear()


def with_map(path: str, kind: type[mmap.mmap]) -> ShmRing:
    """A ring that stores through a map of this kind."""
    ring = ShmRing(path)
    fd = os.open(path, os.O_RDWR)
    ring._map.mm = kind(fd, len(ring._map.mm))
    os.close(fd)
    hot = ring._hot
    assert hot is not None
    ring._hot = (hot[0], ring._map.mm, *hot[2:])
    return ring


def publishing_first(path: str) -> ShmRing:
    """The twin: without the order of stores that a kill between any two of them relies on."""
    EagerMap.held = []
    return with_map(path, EagerMap)


class Steps:
    """Counts the stores of a write; at the chosen one, does part of it and dies."""

    def __init__(self, fatal: int, part: float) -> None:
        self.count, self.fatal, self.part = 0, fatal, part

    def reached(self) -> bool:
        self.count += 1
        return self.count == self.fatal


class SteppedMap(mmap.mmap):
    steps: Steps

    def __setitem__(self, at: Any, data: Any) -> None:
        if self.steps.reached():
            done = int(len(data) * self.steps.part)
            super().__setitem__(slice(at.start, at.start + done), bytes(data[:done]))
            os.kill(os.getpid(), signal.SIGKILL)
        super().__setitem__(at, data)


class SteppedWords:
    """A word is one aligned 8-byte store: the kill lands before or after it."""

    def __init__(self, words: Any, steps: Steps) -> None:
        self.words, self.steps = words, steps

    def __getitem__(self, at: int) -> int:
        found: int = self.words[at]
        return found

    def __setitem__(self, at: int, value: int) -> None:
        fatal = self.steps.reached()
        if not fatal or self.steps.part > 0.5:
            self.words[at] = value
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def stepped_write(path: str, n: int, fatal: int, part: float) -> int:
    """Number of stores one write makes, in a ring whose every store is watched."""
    steps = Steps(fatal, part)
    SteppedMap.steps = steps
    ring = with_map(path, SteppedMap)
    place = ring._map
    place.words = SteppedWords(place.words, steps)  # type: ignore[assignment]
    hot = ring._hot
    assert hot is not None
    ring._hot = (hot[0], place.mm, place.words, *hot[3:])
    ring.write(blob_of(n))
    return steps.count


def kills_at_every_store(path: str) -> Iterator[Wrong]:
    """What was wrong after each kill that landed."""
    ShmRing(path, capacity=RING_MIN).close()
    for round_ in range(8):  # rounds differ in size, in where they wrap, and in which slot is written
        fatal = 0
        landed = True
        while landed:
            fatal += 1
            landed = False
            for part in (0.0, 0.1, 0.3, 0.45, 0.6, 0.9, 1.0):
                acked = fill(path)
                pid = in_child(lambda: stepped_write(path, 3 + round_ % 3 + 6 * round_, fatal, part))  # noqa: B023
                status = os.waitpid(pid, 0)[1]
                landed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
                wrong = wrong_with(path, acked)
                assert landed or os.WEXITSTATUS(status) == 0
                if landed or wrong:
                    yield wrong


def one_slot_without_checksum() -> dict[tuple[object, str], object]:
    """The twin: what to set where, so that a state is stored over the last one and believed as it is."""
    return {
        (layout, "SLOT_AT"): (layout.SLOT_AT[0],) * 2,
        (shm_open, "SLOT_WORD"): (layout.SLOT_WORD[0],) * 2,
        (shm, "_OTHER_SLOT"): 2 * layout.SLOT_WORD[0],
        (layout, "unpack_slot"): lambda raw: layout.State._make(struct.unpack_from("<7Q", raw)),
    }


def fill(path: str) -> dict[int, int]:
    """Write until the next record must evict: seq -> n of what was accepted."""
    acked: dict[int, int] = {}
    try:
        with ShmRing(path) as ring:
            while ring.stats().ring_bytes <= RING_MIN - 200:
                acked[ring.write(blob_of(2))] = 2
            acked[ring.write(blob_of(2))] = 2
    except (MemlogError, struct.error, ValueError):
        pass  # the twin's ring; what is wrong with it is found afterwards
    return acked
