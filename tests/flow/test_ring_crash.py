"""A writer of the shared-memory ring killed at any instruction, and the writers that must not see it.

Every test here has a twin that leaves one safeguard out and must then be caught.
"""

import mmap
import os
import random
import signal
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from children import in_child
from memlog.contracts import RING_MIN
from memlog.errors import MemlogError
from memlog.ring import layout, shm
from memlog.ring.shm import ShmRing
from memlog.wire import Frame

Race = Callable[[], tuple[list[int], list[int], list[bytes]]]

ACK = struct.Struct("<QQ")
SIZES = (1, 9, 56, 700, 4_000, 30_000)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "ring" / "ring")


def blob_of(n: int) -> bytes:
    """A blob only record n can have."""
    return (b"%d|" % n) * (1 + SIZES[n % len(SIZES)] // len(b"%d|" % n))


def write_for_ever(path: str, acks: int, start: int = 0) -> NoReturn:
    ring = ShmRing(path)
    n = start
    while True:
        os.write(acks, ACK.pack(ring.write(blob_of(n)), n))
        n += 1


def wrong_with(path: str, acked: dict[int, int]) -> list[str]:
    """Everything that is not as promised: acked (seq -> n) lost or torn, or a ring that no longer works."""
    try:
        with ShmRing(path) as ring:
            faults = []
            info, stats = ring.info(), ring.stats()
            items = ring.reader().read(1 << 20, 1 << 40)
            headers = {i.header.seq: i.blob for i in items if isinstance(i, Frame) and i.header}
            faults += [f"no record: {i!r:.80}" for i in items if not isinstance(i, Frame)]
            if list(headers) != list(range(info.oldest_seq, info.next_seq)):
                faults.append(f"{info.oldest_seq}..{info.next_seq} holds {list(headers)[:5]}...")
            if stats.records_in_ring != len(headers) or stats.ring_bytes > max(RING_MIN, layout.MAX_FRAME):
                faults.append(f"stats {stats}")
            for seq, n in acked.items():
                if seq >= info.next_seq or (seq in headers and headers[seq] != blob_of(n)):
                    faults.append(f"accepted {seq} is lost or another's")
            if acked and ring.write(b"goes on") <= max(acked):
                faults.append("a seq was used twice")
            return faults
    except (MemlogError, struct.error, ValueError, MemoryError, OverflowError) as exc:
        return [f"{type(exc).__name__}: {exc}"]


def read_acks(fd: int) -> dict[int, int]:
    raw = b""
    while piece := os.read(fd, 1 << 16):
        raw += piece
    return dict(ACK.iter_unpack(raw[: len(raw) // ACK.size * ACK.size]))


@pytest.mark.parametrize("kills", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_writer_killed_at_random_moments_loses_nothing_it_accepted(path: str, kills: int) -> None:
    dice = random.Random(7)
    ShmRing(path, capacity=RING_MIN).close()
    accepted = busy = 0
    for _ in range(kills):
        read_fd, write_fd = os.pipe()
        pid = in_child(lambda: write_for_ever(path, write_fd, accepted))  # noqa: B023
        os.close(write_fd)
        # So many accepted, on a machine of any speed, and a moment more: somewhere in the next ones.
        first = b"".join(os.read(read_fd, ACK.size) for _ in range(dice.randrange(1, 40)))
        time.sleep(dice.random() * 0.0005)
        os.kill(pid, signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
        acked = dict(ACK.iter_unpack(first)) | read_acks(read_fd)
        os.close(read_fd)
        assert wrong_with(path, acked) == []
        accepted += len(acked)
        busy += len(acked) > 5
    assert busy > kills * 2 // 3 and ShmRing(path).info().evicted > 4 * kills


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
    shm_ring = ShmRing(path)
    fd = os.open(path, os.O_RDWR)
    place = shm_ring._map
    place.mm = SteppedMap(fd, len(place.mm))
    place.words = SteppedWords(place.words, steps)  # type: ignore[assignment]
    hot = shm_ring._hot
    assert hot is not None
    shm_ring._hot = (hot[0], place.mm, place.words, *hot[3:])
    shm_ring.write(blob_of(n))
    return steps.count


def faults_of_every_step(path: str, *, until_one: bool = False) -> tuple[int, list[str]]:
    """How many kills landed, and what was wrong after any of them; until_one: no further than the first."""
    faults: list[str] = []
    kills = 0
    ShmRing(path, capacity=RING_MIN).close()
    for round_ in range(8):  # rounds differ in size, in where they wrap, and in which slot is written
        fatal = 0
        while True:
            fatal += 1
            landed = False
            for part in (0.0, 0.1, 0.3, 0.45, 0.6, 0.9, 1.0):
                acked = fill(path)
                pid = in_child(lambda: stepped_write(path, 3 + round_ % 3 + 6 * round_, fatal, part))  # noqa: B023
                status = os.waitpid(pid, 0)[1]
                if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                    landed = True
                    kills += 1
                else:
                    assert os.WEXITSTATUS(status) == 0
                faults += wrong_with(path, acked)
                if faults and until_one:
                    return kills, faults
            if not landed:
                break
    return kills, faults


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


def test_a_writer_killed_at_every_store_leaves_the_old_state_or_the_new(path: str) -> None:
    kills, faults = faults_of_every_step(path)
    assert kills >= 8 * 7 * 4, "the stepping hook did not fire at every store"
    assert faults == []


def test_its_twin_with_one_slot_and_no_checksum_is_caught(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "SLOT_AT", (layout.SLOT_AT[0],) * 2)
    monkeypatch.setattr(shm, "SLOT_WORD", (layout.SLOT_WORD[0],) * 2)
    monkeypatch.setattr(shm, "_OTHER_SLOT", 2 * layout.SLOT_WORD[0])
    monkeypatch.setattr(layout, "unpack_slot", lambda raw: layout.State._make(struct.unpack_from("<7Q", raw)))
    kills, faults = faults_of_every_step(path, until_one=True)
    assert kills and faults


@pytest.fixture
def two_writers(path: str) -> Iterator[Race]:
    """Two processes writing 5,000 records each: how they ended, the seqs they got, the blobs there are."""

    def race() -> tuple[list[int], list[int], list[bytes]]:
        if os.path.exists(path):
            os.unlink(path)
        ShmRing(path).close()
        go_read, go_write = os.pipe()
        pids, pipes = [], []
        for name in (b"a", b"b"):
            read_fd, write_fd = os.pipe()

            def write() -> None:
                os.close(go_write)
                os.read(go_read, 1)
                ring = ShmRing(path, lock_ms=20_000)
                given = [ring.write(b"%s%d" % (name, n)) for n in range(5_000)]  # noqa: B023
                os.write(write_fd, struct.pack("<5000I", *given))  # noqa: B023

            pids.append(in_child(write))
            pipes.append(read_fd)
            os.close(write_fd)
        os.close(go_read)
        os.close(go_write)  # both begin now
        raw = b""
        for fd in pipes:
            while piece := os.read(fd, 1 << 16):
                raw += piece
            os.close(fd)
        ends = [os.waitpid(pid, 0)[1] for pid in pids]
        given = [seq for (seq,) in struct.iter_unpack("<I", raw)]
        items = ShmRing(path).reader().read(1 << 20, 1 << 40)
        return ends, given, [item.blob for item in items if isinstance(item, Frame)]

    yield race


def test_two_writers_lose_nothing(two_writers: Race) -> None:
    ends, given, blobs = two_writers()
    assert ends == [0, 0] and sorted(given) == list(range(1, 10_001))
    assert len(blobs) == 10_000
    for name in (b"a", b"b"):  # each writer's records stand in the order it wrote them
        assert [b for b in blobs if b[:1] == name] == [b"%s%d" % (name, n) for n in range(5_000)]


def test_their_twin_without_a_lock_loses_records(two_writers: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shm, "_flock", lambda fd, operation: None)
    for _ in range(5):
        ends, given, blobs = two_writers()
        if ends != [0, 0] or len(set(given)) < 10_000 or len(set(blobs)) < 10_000:
            return
    pytest.fail("two writers without a lock lost nothing: the race above proves nothing")
