"""Damaged ring files: their whole records come out, and the other bytes are kept."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from memlog.contracts import RING_MIN
from memlog.errors import RingUnavailableError
from memlog.paths import Home
from memlog.ring import layout
from memlog.ring.open import open_ring, retired_rings
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.wire import Damage, Frame, Gap
from rings import blobs


@pytest.fixture
def path(home: Home) -> str:
    return os.path.join(home.ring, "ring")


def overwrite(path: str, at: int, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY)
    os.pwrite(fd, data, at)
    os.close(fd)


@pytest.mark.parametrize("both_copies", [False, True])
def test_a_ring_with_two_bad_slots_is_replaced_and_its_records_salvaged(
    settings: Settings, path: str, both_copies: bool
) -> None:
    ring = open_ring(settings, lock_ms=50)
    for n in range(3_000):  # more than a lap
        ring.write(b"%d|" % n * 400)
    held = ring.info()
    wanted = blobs(ring)
    ring.close()
    for at in layout.SLOT_AT:
        overwrite(path, at + 8, b"\xff" * 8)
    if both_copies:
        overwrite(path, 8, b"\xff" * 8)  # the first copy of the fixed part: the second one serves
    assert open_ring(settings).write(b"x") == 1
    (retired,) = retired_rings(settings)
    items = retired.reader().read(1 << 20, 1 << 40)
    found = [i.blob for i in items if isinstance(i, Frame)]
    assert set(wanted) <= set(found) and retired.info().ring_id == held.ring_id
    assert retired.info().next_seq == held.next_seq
    assert len(items) - len(found) <= 2  # the header page, and at most the frame the lap cut in half


def test_a_file_that_is_no_ring_at_all_is_put_aside_and_kept_to_its_last_byte(
    settings: Settings, path: str
) -> None:
    open_ring(settings).close()
    for junk in (b"", b"short", bytes(100_000), b"junk" * 500_000):
        Path(path).write_bytes(junk)
        assert open_ring(settings).write(b"x") == 1
        kept = [item for ring in retired_rings(settings) for item in ring.reader().read()]
        assert kept and all(isinstance(item, Damage) for item in kept)
        for ring in retired_rings(settings):
            ring.discard()
        data = b"".join(item.data for item in kept if isinstance(item, Damage))
        assert data == (junk if junk.strip(b"\0") else junk[: 1 << 20])


@pytest.mark.slow
@pytest.mark.parametrize("laps", [0.5, 2.5])
@pytest.mark.parametrize("left", [0.9, 0.5, 0.1])
def test_a_ring_cut_short_gives_its_whole_records_and_says_exactly_which_are_gone(
    settings: Settings, path: str, laps: float, left: float
) -> None:
    ring = open_ring(settings, lock_ms=50)
    assert isinstance(ring, ShmRing)
    while ring.info().next_seq * 700 < laps * ring.info().capacity:
        ring.write(b"%05d|" % ring.info().next_seq * 100)
    held, wanted = ring.info(), blobs(ring)
    ring.close()
    size = int(os.stat(path).st_size * left)
    os.truncate(path, size)
    assert open_ring(settings).write(b"x") == 1
    (retired,) = retired_rings(settings)
    assert retired.info().ring_id == held.ring_id and retired.info().next_seq == held.next_seq
    items = retired.reader().read(1 << 20, 1 << 40)
    found = [i.blob for i in items if isinstance(i, Frame)]
    lost = sum(i.lost for i in items if isinstance(i, Gap))
    assert set(found) <= set(wanted) and len(found) + lost == len(wanted)
    if laps > 1:  # every record lies somewhere in the file: what the cut spared is there
        assert len(found) >= (left - 0.02) * len(wanted)
    assert sum(len(i.data) for i in items if isinstance(i, Damage)) <= 2 * 1_000  # frames cut in half


def test_nobody_who_has_it_open_dies_of_a_ring_that_is_cut_short(settings: Settings, path: str) -> None:
    """In a child, as what must not happen is a SIGBUS."""
    for size in (0, 1_000, layout.PAGE, 50_000):
        pid = os.fork()
        if not pid:
            code = 1
            try:
                ring, other = open_ring(settings), open_ring(settings)
                seq = ring.write(b"before")
                reader, follower = other.reader(), other.reader()
                assert reader.read()
                os.truncate(path, size)
                for touch in (follower.read, reader.read, partial(ring.set_drained, seq)):
                    with pytest.raises(RingUnavailableError):
                        touch()
                other.wait(0.01)
                time.sleep(0.02)  # a writer looks at the path every 10 ms
                assert ring.write(b"after") >= 1 and ring.stats().records_in_ring >= 1
                assert retired_rings(settings)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        for ring in retired_rings(settings):
            ring.discard()


def test_a_wiped_header_page_costs_no_record(settings: Settings, path: str) -> None:
    ring = open_ring(settings)
    for n in range(100):
        ring.write(b"%d" % n)
    wanted = blobs(ring)
    ring.close()
    overwrite(path, 0, os.urandom(layout.PAGE))
    assert open_ring(settings).write(b"x") == 1
    (retired,) = retired_rings(settings)
    items = retired.reader().read()
    assert [i.blob for i in items if isinstance(i, Frame)] == wanted
    (damage,) = [i for i in items if isinstance(i, Damage)]
    assert len(damage.data) == layout.PAGE and "unknown" in damage.reason


def test_a_damaged_frame_is_kept_and_reading_goes_on(path: str) -> None:
    ring = ShmRing(path)
    for blob in (b"one" * 9, b"two" * 9, b"three" * 9):
        ring.write(blob)
    at = Path(path).read_bytes().index(b"twotwo")
    overwrite(path, at, b"TWO")
    first, damage, gap, third = ring.reader().read()
    assert isinstance(first, Frame) and first.blob == b"one" * 9
    assert isinstance(damage, Damage) and damage.offset == 2 and b"TWOtwo" in damage.data
    assert gap == Gap(1, 3) and isinstance(third, Frame) and third.blob == b"three" * 9
    assert [type(i) for i in ring.reader(1).read()] == [Damage, Gap, Frame]
    assert [type(i) for i in ring.reader(2).read()] == [Frame]


def test_damage_at_the_end_does_not_hide_what_is_written_after_it(path: str) -> None:
    ring = ShmRing(path)
    ring.write(b"one" * 9)
    ring.write(b"two" * 9)
    overwrite(path, Path(path).read_bytes().index(b"twotwo"), b"TWO")
    reader = ring.reader()
    assert [type(i) for i in reader.read()] == [Frame, Damage] and reader.read() == []
    ring.write(b"three")
    assert reader.read()[0] == Gap(1, 3)


def test_a_writer_evicts_past_a_damaged_frame(path: str) -> None:
    ring = ShmRing(path, capacity=RING_MIN)
    for n in range(5):
        ring.write(b"%d" % n * 1000)
    place = ring._map
    place.mm[layout.PAGE : layout.PAGE + 4] = b"\xff\xff\xff\x7f"  # the oldest frame's length
    last = [ring.write(b"x" * 1000) for _ in range(200)][-1]
    info = ring.info()
    found = [i.header.seq for i in ring.reader().read() if isinstance(i, Frame) and i.header]
    assert found == list(range(info.oldest_seq, last + 1)) and info.evicted == info.oldest_seq - 1
