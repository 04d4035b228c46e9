"""What every ring does. The kernel's runs the same tests where MEMLOG_DEVICE (or /dev/memlog) is there."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from fake_driver import FakeDriver
from memlog.contracts import HEADER_BYTES, MAX_BLOB, RING_MAX, RING_MIN
from memlog.errors import (
    BlobTooLargeError,
    ContractError,
    InputError,
    RefusedError,
    RingFullError,
    RingUnavailableError,
    UndrainedError,
)
from memlog.ring.device import DeviceRing
from memlog.ring.image import ImageRing
from memlog.ring.protocol import Ring, RingReader
from memlog.ring.shm import ShmRing
from memlog.wire import Damage, Frame, Gap, unpack_session

DEVICE = os.environ.get("MEMLOG_DEVICE", "/dev/memlog")
UUID = "0b9f6cbe-6a4c-4d1c-9c1f-0f8c4a3d2e1f"

KINDS = ["shm", "fake-device"]
if os.path.exists(DEVICE):
    KINDS.append(DEVICE)

MakeRing = Callable[[int], Ring]

# Of a ring image there is only what reading shows: the same tests, of what other rings hold as a file.
also_of_an_image = pytest.mark.parametrize("make_ring", [*KINDS, "image"], indirect=True)


class Imaged(ShmRing):
    """A ring whose readers read an image of it."""

    def reader(self, after_seq: int | None = None) -> RingReader:
        path = Path(f"{self.path}.image")
        path.write_bytes(image_of(read_all(super().reader())))
        return ImageRing(str(path)).reader(after_seq)


@pytest.fixture(params=KINDS)
def make_ring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeRing]:
    """An empty ring of this many bytes."""
    made: list[Ring] = []

    def make(capacity: int) -> Ring:
        ring: Ring
        if request.param in ("shm", "image"):
            kind = ShmRing if request.param == "shm" else Imaged
            ring = kind(str(tmp_path / "ring" / "ring"), capacity=capacity)
        elif request.param == "fake-device":
            ring = DeviceRing("/dev/fake", syscalls=FakeDriver(capacity))  # type: ignore[arg-type]
        else:
            ring = DeviceRing(DEVICE)
            ring.clear(force=True)
            ring.resize(capacity)
        made.append(ring)
        return ring

    yield make
    for ring in made:
        ring.close()


@pytest.fixture
def ring(make_ring: MakeRing) -> Ring:
    return make_ring(1 << 20)


@pytest.fixture
def small(make_ring: MakeRing) -> Ring:
    return make_ring(RING_MIN)


def read_all(reader: RingReader) -> list[Frame | Gap | Damage]:
    items: list[Frame | Gap | Damage] = []
    while found := reader.read():
        items += found
    return items


def frames(items: Sequence[object]) -> list[Frame]:
    return [item for item in items if isinstance(item, Frame)]


def image_of(items: Sequence[object]) -> bytes:
    """What reading a device to a file gives."""
    return b"".join(f.header.pack() + f.blob for f in frames(items) if f.header)


def seqs(items: Sequence[object]) -> list[int]:
    return [f.header.seq for f in frames(items) if f.header]


def covered(items: Sequence[Frame | Gap | Damage]) -> list[int]:
    """Every seq the items account for, in order."""
    found: list[int] = []
    for item in items:
        assert not isinstance(item, Damage)
        if isinstance(item, Gap):
            found += range(item.after + 1, item.before)
        else:
            assert item.header
            found.append(item.header.seq)
    return found


@also_of_an_image
def test_a_record_comes_back_whole_with_its_stamp(ring: Ring) -> None:
    before = time.time_ns()
    seq = ring.write(b"\xa1\x61k\x01", session=UUID)
    (frame,) = frames(ring.reader().read())
    assert frame.header and frame.blob == b"\xa1\x61k\x01"
    assert (frame.header.seq, frame.header.uid, frame.header.pid) == (seq, os.geteuid(), os.getpid())
    assert unpack_session(frame.header.session) == UUID
    assert before - 10**9 < frame.header.ts_ns < time.time_ns() + 10**9


@also_of_an_image
def test_a_session_stays_with_its_own_records(ring: Ring) -> None:
    for name in ("one", "one", None, "two", None):
        ring.write(b"x", session=name)
    headers = [f.header for f in frames(read_all(ring.reader()))]
    assert [unpack_session(h.session) for h in headers if h] == ["one", "one", None, "two", None]


def test_seqs_grow_by_one_and_the_reader_sees_what_comes_later(ring: Ring) -> None:
    first = ring.write(b"first")
    reader = ring.reader()
    assert seqs(reader.read()) == [first]
    assert reader.read() == []
    later = [ring.write(b"later %d" % n) for n in range(50)]
    assert later == list(range(first + 1, first + 51))
    assert seqs(read_all(reader)) == later
    assert reader.read() == []


@also_of_an_image
def test_readers_do_not_disturb_each_other(ring: Ring) -> None:
    written = [ring.write(bytes([n])) for n in range(1, 9)]
    one, other = ring.reader(), ring.reader()
    assert seqs(one.read(limit=3)) == written[:3]
    assert seqs(read_all(other)) == written
    assert seqs(read_all(one)) == written[3:]


@also_of_an_image
def test_a_reader_starts_after_the_seq_it_is_given(ring: Ring) -> None:
    written = [ring.write(b"x" * 100) for _ in range(20)]
    assert seqs(read_all(ring.reader(written[11]))) == written[12:]
    assert ring.reader(written[-1]).read() == []


def test_a_reader_that_starts_at_the_end_sees_what_comes_later(ring: Ring) -> None:
    written = [ring.write(b"x" * 100) for _ in range(20)]
    reader = ring.reader(written[-1])
    assert seqs([*read_all(reader), ring.write(b"y") and None, *read_all(reader)]) == [written[-1] + 1]


@also_of_an_image
def test_a_read_stops_after_limit_records_or_max_bytes(ring: Ring) -> None:
    for _ in range(30):
        ring.write(b"x" * 1000)
    reader = ring.reader()
    assert len(frames(reader.read(limit=7))) == 7
    assert len(frames(reader.read(max_bytes=2500))) == 3
    assert len(read_all(reader)) == 20


@also_of_an_image
def test_blobs_are_opaque_even_where_they_look_like_records(ring: Ring) -> None:
    image = frames_as_image(ring, 3)
    blobs = [image, b"GOLM" * 40, b"\0" * 100, os.urandom(1000), b"{not cbor", image[:70]]
    start = ring.info().next_seq - 1
    for blob in blobs:
        ring.write(blob)
    assert [f.blob for f in frames(read_all(ring.reader(start)))] == blobs


def frames_as_image(ring: Ring, count: int) -> bytes:
    for n in range(count):
        ring.write(b"image %d" % n)
    return image_of(read_all(ring.reader())[-count:])


def test_an_empty_or_oversized_record_is_refused_and_leaves_nothing(ring: Ring) -> None:
    before = ring.info().next_seq
    with pytest.raises(ContractError):
        ring.write(b"")
    with pytest.raises(BlobTooLargeError):
        ring.write(b"x" * (MAX_BLOB + 1))
    assert ring.info().next_seq == before and ring.stats().records_in_ring == 0


def test_a_maximal_record_fits_into_the_smallest_ring(small: Ring) -> None:
    blobs = [os.urandom(MAX_BLOB) for _ in range(3)]
    reader = small.reader()
    for blob in blobs:
        seq = small.write(blob)
        assert frames(reader.read())[-1].blob == blob
    assert seqs(read_all(small.reader())) == [seq]
    assert small.write(b"small") == seq + 1


def test_a_lapped_reader_gets_a_gap_and_then_whole_records(small: Ring) -> None:
    first = small.write(b"read")
    reader = small.reader()
    reader.read()
    last = [small.write(b"%d" % n * 300) for n in range(400)][-1]
    gap, *rest = read_all(reader)
    assert isinstance(gap, Gap) and gap.after == first and gap.lost > 0
    assert seqs(rest) == list(range(gap.before, last + 1))
    assert gap.before == small.info().oldest_seq


@also_of_an_image
def test_a_new_reader_begins_at_the_oldest_without_a_gap(small: Ring) -> None:
    for _ in range(200):
        small.write(b"x" * 1000)
    items = read_all(small.reader())
    assert all(isinstance(item, Frame) for item in items)
    assert seqs(items)[0] == small.info().oldest_seq > 1


def test_stats_and_info_count_what_happened(small: Ring) -> None:
    start = small.stats().total_writes
    for _ in range(150):
        small.write(b"x" * 1000)
    stats, info = small.stats(), small.info()
    found = [f.header for f in frames(read_all(small.reader()))]
    assert stats.total_writes - start == 150
    assert stats.records_in_ring == len(found) == info.next_seq - info.oldest_seq
    assert info.evicted == stats.total_evictions == info.oldest_seq - 1 - info.cleared
    assert len(found) * (1000 + HEADER_BYTES) <= stats.ring_bytes <= stats.ring_capacity == RING_MIN
    assert found[0] and found[-1]
    assert (stats.oldest_ts_ns, stats.newest_ts_ns) == (found[0].ts_ns, found[-1].ts_ns)


def test_nothing_undrained_is_evicted_for_one_who_asks_so(small: Ring) -> None:
    written = []
    before = small.info().evicted
    with pytest.raises(RingFullError):
        for _ in range(200):
            written.append(small.write(b"x" * 1000, keep_undrained=True))
    assert small.info().evicted == before and seqs(read_all(small.reader())) == written
    small.set_drained(written[-1])
    assert small.write(b"x" * 1000, keep_undrained=True) == written[-1] + 1
    small.write(b"x" * 60_000)  # without asking, the oldest go


def test_the_drained_mark_never_moves_back(ring: Ring) -> None:
    written = [ring.write(b"x") for _ in range(5)]
    ring.set_drained(written[3])
    ring.set_drained(written[1])
    assert ring.info().drained_seq == written[3]


def test_clear_refuses_what_is_undrained_and_never_reuses_a_seq(ring: Ring) -> None:
    last = [ring.write(b"x") for _ in range(5)][-1]
    cleared = ring.info().cleared
    with pytest.raises(UndrainedError):
        ring.clear()
    ring.set_drained(last)
    assert ring.clear() == 5 and ring.clear() == 0
    stats, info = ring.stats(), ring.info()
    assert (stats.records_in_ring, stats.ring_bytes, stats.newest_ts_ns) == (0, 0, 0)
    assert (info.cleared - cleared, info.oldest_seq, info.next_seq) == (5, last + 1, last + 1)
    reader = ring.reader()
    assert ring.write(b"y") == last + 1 and seqs(reader.read()) == [last + 1]
    assert ring.clear(force=True) == 1


def test_what_a_reader_missed_through_clear_is_a_gap(ring: Ring) -> None:
    first = ring.write(b"x")
    reader = ring.reader()
    reader.read()
    ring.write(b"x")
    ring.clear(force=True)
    ring.write(b"y")
    assert covered(read_all(reader)) == [first + 1, first + 2]


@also_of_an_image
def test_resize_keeps_the_newest_whole_records(ring: Ring) -> None:
    written = [ring.write(b"%05d" % n * 200) for n in range(500)]
    reader = ring.reader()
    reader.read(limit=10)
    before = ring.info()
    ring.resize(RING_MIN)
    kept = read_all(ring.reader())
    assert seqs(kept) == written[-len(kept) :] and 50 < len(kept) < 66
    assert [f.blob for f in frames(kept)] == [b"%05d" % (s - written[0]) * 200 for s in seqs(kept)]
    after = ring.info()
    assert (after.ring_id, after.next_seq, after.capacity) == (before.ring_id, before.next_seq, RING_MIN)
    assert after.evicted == after.oldest_seq - 1 - after.cleared
    assert covered(read_all(reader))[-1] == written[-1]
    ring.resize(1 << 20)
    assert seqs(read_all(ring.reader())) == seqs(kept)
    assert ring.write(b"x") == written[-1] + 1


@pytest.mark.parametrize("capacity", [0, RING_MIN - 1, RING_MAX + 1])
def test_no_ring_has_a_size_out_of_bounds(ring: Ring, capacity: int) -> None:
    with pytest.raises(InputError):
        ring.resize(capacity)


def test_wait_ends_with_the_next_write_or_with_its_time(ring: Ring) -> None:
    ring.write(b"x")
    reader = ring.reader()
    read_all(reader)
    assert ring.wait(0.05) is False
    thread = threading.Timer(0.1, ring.write, [b"y"])
    thread.start()
    began = time.monotonic()
    assert ring.wait(20) is True
    assert time.monotonic() - began < 10
    thread.join()
    assert len(frames(reader.read())) == 1
    ring.write(b"z")  # before anybody waits: noticed all the same
    assert ring.wait(20) is True


def test_threads_share_a_ring(ring: Ring) -> None:
    found: list[int] = []

    def write() -> None:
        for _ in range(200):
            found.append(ring.write(threading.current_thread().name.encode()))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == seqs(read_all(ring.reader()))
    assert len(set(found)) == 800


def test_a_closed_ring_says_so(ring: Ring) -> None:
    ring.close()
    with pytest.raises(RingUnavailableError):
        ring.write(b"x")
    with pytest.raises(RingUnavailableError):
        ring.info()


def test_whatever_happens_frames_and_gaps_cover_every_seq(make_ring: MakeRing) -> None:
    ring = make_ring(RING_MIN)
    dice = random.Random(20)
    first = ring.info().next_seq
    reader, after = ring.reader(), first - 1
    seen: list[Frame | Gap | Damage] = []
    blobs: dict[int, bytes] = {}
    for _ in range(1500):
        what = dice.random()
        if what < 0.9:
            blob = dice.randbytes(dice.choice((1, 7, 8, 9, 900, 5_000, 65_536)))
            blobs[ring.write(blob)] = blob
        elif what < 0.96:
            seen += reader.read(limit=dice.choice((1, 5, 1000)))
        elif what < 0.98:
            after = max((s for s in covered(seen)), default=after)
            reader = ring.reader(after)
        elif what < 0.99:
            ring.resize(dice.choice((RING_MIN, 100_000, 300_000)))
        else:
            ring.clear(force=True)
    blobs[ring.write(b"the last")] = b"the last"
    seen += read_all(reader)
    assert covered(seen) == list(range(first, max(blobs) + 1))
    assert all(f.header and blobs[f.header.seq] == f.blob for f in frames(seen))
    assert len(frames(seen)) > 100


def test_an_image_of_a_ring_reads_as_the_ring_does(ring: Ring, tmp_path: Path) -> None:
    for n in range(40):
        ring.write(os.urandom(1 + 97 * n), session="a" if n % 2 else None)
    found = read_all(ring.reader())
    path = tmp_path / "image.bin"
    path.write_bytes(image_of(found))
    with ImageRing(str(path)) as image:
        assert read_all(image.reader()) == found
        assert read_all(image.reader(seqs(found)[29])) == found[30:]
        assert image.info().ring_id == b"" and image.stats().records_in_ring == 40
        assert image.wait(5) is False
        image.set_drained(7)
        for refused in (
            lambda: image.write(b"x"),
            lambda: image.clear(force=True),
            lambda: image.resize(1 << 20),
        ):
            with pytest.raises(RefusedError):
                refused()
