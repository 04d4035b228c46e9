"""A writer of the shared-memory ring killed at any instruction, and the writers that must not see it.

Every test here has a twin that leaves one safeguard out and must then be caught. `make test-faults` kills
a thousand writers, and one at every store.
"""

import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from children import in_child
from memlog.contracts import RING_MIN
from memlog.ring import shm
from memlog.ring.shm import ShmRing
from memlog.wire import Frame
from ring_writers import killed_writers, kills_at_every_store, one_slot_without_checksum

Race = Callable[[], tuple[list[int], list[int], list[bytes]]]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "ring" / "ring")


@pytest.mark.slow
def test_a_writer_killed_at_random_moments_loses_nothing_it_accepted(path: str) -> None:
    ShmRing(path, capacity=RING_MIN).close()
    found = list(killed_writers(path, 100, random.Random(7)))
    assert not [wrong for _, wrong in found if wrong]
    assert sum(acked > 5 for acked, _ in found) > 66 and ShmRing(path).info().evicted > 400


@pytest.mark.slow
def test_a_writer_killed_at_every_store_leaves_the_old_state_or_the_new(path: str) -> None:
    found = list(kills_at_every_store(path))
    assert len(found) >= 8 * 7 * 4, "the stepping hook did not fire at every store"
    assert not list(filter(None, found))


def test_its_twin_with_one_slot_and_no_checksum_is_caught(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for (place, name), value in one_slot_without_checksum().items():
        monkeypatch.setattr(place, name, value)
    assert any(kills_at_every_store(path))


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
