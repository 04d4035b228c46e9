"""The client of /dev/memlog: its errors, other users' rings, and drivers that know less."""

import errno
import os
import stat
from collections.abc import Callable

import pytest

from fake_driver import FakeDriver
from memlog.contracts import IOC_GET_INFO, MAX_BLOB, RING_MIN
from memlog.errors import (
    BlobTooLargeError,
    InputError,
    MemlogError,
    RefusedError,
    RingFullError,
    RingUnavailableError,
    UndrainedError,
    UnsupportedSchemaError,
)
from memlog.ring.device import DeviceRing
from memlog.ring.device_reader import ALL_UIDS
from memlog.wire import Damage, Frame, Gap


def opened(driver: FakeDriver) -> DeviceRing:
    return DeviceRing("/dev/fake", syscalls=driver)  # type: ignore[arg-type]


def seqs(items: list[Frame | Gap | Damage]) -> list[int]:
    return [i.header.seq for i in items if isinstance(i, Frame) and i.header]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "not loaded"),
        (errno.ENODEV, "not loaded"),
        (errno.EACCES, "may not be opened"),
        (errno.EIO, "output error"),
    ],
)
def test_a_device_that_cannot_be_opened_says_why_and_what_to_do(number: int, words: str) -> None:
    driver = FakeDriver()
    driver.open_error = number
    with pytest.raises(RingUnavailableError, match=words) as raised:
        opened(driver)
    assert raised.value.hint and raised.value.exit_code == 5


@pytest.mark.parametrize("path", ["/dev/null", "/dev/memlog-that-is-not-there", "/etc/hostname"])
def test_what_is_not_memlog_s_device_is_refused(path: str) -> None:
    if os.path.exists(path) and not stat.S_ISCHR(os.stat(path).st_mode) and not os.access(path, os.W_OK):
        pytest.skip("may not be opened for writing")
    with pytest.raises(RingUnavailableError):
        DeviceRing(path)


def test_a_newer_schema_is_refused_and_nothing_stays_open() -> None:
    driver = FakeDriver()
    driver.version = 2
    with pytest.raises(UnsupportedSchemaError):
        opened(driver)
    assert driver.files == {}


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.EMSGSIZE, BlobTooLargeError),
        (errno.EACCES, RefusedError),
        (errno.EPERM, RefusedError),
        (errno.ENOMEM, RingUnavailableError),
        (errno.EFAULT, RingUnavailableError),
    ],
)
def test_the_kernel_s_refusals_are_ours(
    number: int, error: type[MemlogError], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = FakeDriver()
    ring = opened(driver)

    def refuse(fd: int, blob: bytes) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(driver, "write", refuse)
    with pytest.raises(error):
        ring.write(b"x")


def test_what_needs_the_capability_is_refused_without_it() -> None:
    driver = FakeDriver(privileged=False)
    ring = opened(driver)
    ring.write(b"x")
    attempts: list[Callable[[], object]] = [
        lambda: ring.clear(force=True), lambda: ring.resize(1 << 20), lambda: ring.reader(uid=ring.info().uid + 1),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(RefusedError):
            attempt()
    assert len(driver.files) == 1 and ring.stats().records_in_ring == 1


def test_each_uid_has_a_ring_and_a_count_of_its_own() -> None:
    driver = FakeDriver(RING_MIN)
    mine = opened(driver)
    driver.uid += 1
    other = opened(driver)
    for _ in range(200):
        mine.write(b"x" * 1000)
        other.write(b"y" * 900)
    assert seqs(mine.reader().read())[-1] == seqs(other.reader().read())[-1] == 200
    items = mine.reader(uid=ALL_UIDS).read()
    assert {i.header.uid for i in items if isinstance(i, Frame) and i.header} == {
        mine.info().uid,
        other.info().uid,
    }
    assert not any(isinstance(i, Gap) for i in items)
    theirs = mine.reader(uid=other.info().uid).read()
    assert theirs and all(isinstance(i, Frame) and i.blob[:1] == b"y" for i in theirs)


def test_what_counts_as_drained_is_what_every_witness_has_archived() -> None:
    driver = FakeDriver()
    driver.uid = 1001
    mine = opened(driver)
    driver.uid = 0
    root = DeviceRing("/dev/fake", of_uid=mine.info().uid, syscalls=driver)  # type: ignore[arg-type]
    for _ in range(5):
        mine.write(b"x")
    root.set_drained(5)
    assert (mine.info().drained_seq, mine.info().archived_seq) == (5, 5)
    mine.set_drained(0)  # its own witness begins
    assert (mine.info().drained_seq, mine.info().archived_seq) == (0, 5)
    driver.privileged = False
    with pytest.raises(UndrainedError):
        mine.clear()
    mine.set_drained(5)
    assert root.info().drained_seq == 5


def test_clear_and_room_ask_for_what_the_slower_witness_has() -> None:
    driver = FakeDriver(RING_MIN)
    driver.uid = 1001
    mine = opened(driver)
    driver.uid = 0
    root = DeviceRing("/dev/fake", of_uid=mine.info().uid, syscalls=driver)  # type: ignore[arg-type]
    for _ in range(60):
        last = mine.write(b"x" * 1000)
    mine.set_drained(last)
    root.set_drained(last - 1)
    with pytest.raises(RingFullError):
        mine.write(b"x" * 6000, keep_undrained=True)
    with pytest.raises(UndrainedError):
        mine.clear()
    root.set_drained(last)
    assert mine.write(b"x" * 6000, keep_undrained=True) == last + 1
    mine.set_drained(last + 1)
    root.set_drained(last + 1)
    assert mine.clear() > 0


def test_counters_and_room_are_of_one_ring_although_root_may_count_all() -> None:
    driver = FakeDriver(RING_MIN)
    driver.uid = 1001
    mine = opened(driver)
    driver.uid = 0
    other = opened(driver)
    for _ in range(60):
        mine.write(b"x" * 1000)
    other.write(b"y")
    assert other.all_stats().records_in_ring == 61
    assert (other.stats().records_in_ring, other.stats().total_writes) == (1, 1)
    theirs = DeviceRing("/dev/fake", of_uid=mine.info().uid, syscalls=driver)  # type: ignore[arg-type]
    assert theirs.stats() == mine.stats() and theirs.stats().records_in_ring == 60
    with pytest.raises(RingFullError):  # all rings together would have had room
        mine.write(b"x" * 6000, keep_undrained=True)
    with pytest.raises(UndrainedError):
        other.clear()  # would drop what is not its own


def test_a_seq_is_our_own_although_others_write_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver()
    ring, write = opened(driver), driver.write
    others = driver.open("/dev/fake", 0)

    def busy(fd: int, blob: bytes) -> int:
        driver.pid += 1  # another process
        for _ in range(len(blob) % 3):
            write(others, b"theirs")
        driver.pid -= 1
        write(fd, blob)
        return write(others, b"theirs too") and len(blob)

    monkeypatch.setattr(driver, "write", busy)
    given = {ring.write(b"ours" + b"!" * n): b"ours" + b"!" * n for n in range(30)}
    found = {
        i.header.seq: i.blob
        for i in ring.reader().read()
        if isinstance(i, Frame) and i.header and i.blob[:4] == b"ours"
    }
    assert given == found


def test_a_seq_is_our_own_where_the_kernel_knows_us_by_another_pid(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver()
    driver.pid += 1000  # as in a container: os.getpid() is not what the kernel stamps
    ring, write = opened(driver), driver.write
    others = driver.open("/dev/fake", 0)

    def busy(fd: int, blob: bytes) -> int:
        driver.pid += 1
        write(others, blob if blob[-1:] == b"2" else b"theirs")  # once the same as ours
        driver.pid -= 1
        write(fd, blob)
        driver.pid += 1
        write(others, blob if blob[-1:] == b"2" else b"theirs")
        driver.pid -= 1
        return len(blob)

    monkeypatch.setattr(driver, "write", busy)
    given = [ring.write(b"ours %d" % n) for n in range(4)]
    found = [
        i.header.seq
        for i in ring.reader().read()
        if isinstance(i, Frame) and i.header and i.header.pid == driver.pid
    ]
    assert given == found


def test_a_reader_takes_one_whole_record_a_call() -> None:
    driver = FakeDriver()
    ring = opened(driver)
    for _ in range(3):
        ring.write(os.urandom(MAX_BLOB))
    asked: list[int] = []
    read = driver.read
    driver.read = lambda fd, size: asked.append(size) or read(fd, size)  # type: ignore[method-assign, func-returns-value]
    assert len(ring.reader().read()) == 3
    assert min(asked) >= 65_592


def test_bytes_that_are_no_record_are_kept_as_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver()
    ring = opened(driver)
    ring.write(b"x")
    answers = [b"not a record at all", b""]
    monkeypatch.setattr(driver, "read", lambda fd, size: answers.pop(0))
    (damage,) = ring.reader().read()
    assert isinstance(damage, Damage) and damage.data == b"not a record at all"


def test_an_older_driver_is_used_as_far_as_it_goes() -> None:
    driver = FakeDriver(RING_MIN, old=True)
    ring = opened(driver)
    assert driver.ioctls.count(IOC_GET_INFO) == 1
    first = ring.write(b"x", session="kept in the blob only")
    info = ring.info()
    assert (first, info.kind, info.attested, info.next_seq, len(info.ring_id)) == (1, "kernel", True, 2, 16)
    assert info.ring_id != bytes(16) and info.drained_seq == 0
    ring.set_drained(1)  # no such mark: nothing happens
    with pytest.raises(UndrainedError):
        ring.clear()
    assert ring.clear(force=True) == 1
    assert ring.wait(0.01) is True  # its poll() never sleeps, so it is not asked
    with pytest.raises(RingFullError):
        for _ in range(200):
            ring.write(b"x" * 1000, keep_undrained=True)
    assert driver.ring(driver.uid).evicted == 0


def test_a_hole_in_an_older_driver_s_seqs_is_other_users_records_and_no_gap() -> None:
    driver = FakeDriver(RING_MIN, old=True)
    ring = opened(driver)
    ring.write(b"x")
    driver.ring(driver.uid).next_seq = 40
    ring.write(b"y")
    assert [type(i) for i in ring.reader().read()] == [Frame, Frame]


def test_a_size_the_kernel_does_not_take_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver()
    ring = opened(driver)

    def refuse(fd: int, number: int, argument: bytes = b"") -> bytes:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(driver, "ioctl", refuse)
    with pytest.raises(InputError):
        ring.resize(1 << 20)
