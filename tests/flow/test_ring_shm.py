"""The shared-memory ring's file: made, found, locked, resized, damaged, put aside."""

import errno
import faulthandler
import fcntl
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from children import in_child
from memlog import paths
from memlog.contracts import RING_MIN
from memlog.errors import RefusedError, RingBusyError, RingUnavailableError, UnsafePathError
from memlog.paths import Home
from memlog.ring import layout
from memlog.ring import open as ring_open
from memlog.ring.open import is_network, open_ring, retired_rings, ring_dir
from memlog.ring.protocol import Ring
from memlog.ring.retired import RetiredRing
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.wire import Damage, Frame, Gap


@pytest.fixture
def path(home: Home) -> str:
    return os.path.join(home.ring, "ring")


def blobs(ring: Ring) -> list[bytes]:
    return [i.blob for i in ring.reader().read(1 << 20, 1 << 40) if isinstance(i, Frame)]


def wait_for(path: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.002)


# -- the file


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_the_ring_is_private_under_any_umask(path: str, mask: int) -> None:
    before = os.umask(mask)
    try:
        ShmRing(path).write(b"x")
        ring = ShmRing(path)
        ring.wait(0)
    finally:
        os.umask(before)
    for name, mode in ((path, 0o600), (os.path.dirname(path), 0o700), (ring.doorbell, 0o600)):
        assert stat.S_IMODE(os.stat(name).st_mode) == mode, name


def test_a_link_or_a_stranger_s_file_is_no_ring(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ShmRing(path).write(b"x")
    os.rename(path, path + "-elsewhere")
    os.symlink(path + "-elsewhere", path)
    with pytest.raises(UnsafePathError):
        ShmRing(path)
    os.unlink(path)
    os.rename(path + "-elsewhere", path)
    mine = os.geteuid()
    monkeypatch.setattr(paths.os, "geteuid", lambda: mine + 1)
    with pytest.raises(UnsafePathError):
        ShmRing(path)


def test_a_file_others_may_read_is_closed_to_them(path: str) -> None:
    ShmRing(path).write(b"x")
    os.chmod(path, 0o666)
    ShmRing(path).write(b"y")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_full_disk_is_an_error_and_leaves_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def full(fd: int, start: int, size: int) -> None:
        tried.append(size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(RingUnavailableError, match="No space left"):
        ShmRing(path)
    assert tried and os.listdir(os.path.dirname(path)) == []


def test_a_full_disk_found_by_the_kernel_is_an_error_and_not_a_signal(path: str) -> None:
    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        with pytest.raises(RingUnavailableError):
            ShmRing(path)

    assert os.waitpid(in_child(work), 0)[1] == 0
    assert os.listdir(os.path.dirname(path)) == []


def test_its_twin_a_ring_shrunk_under_its_map_dies_of_sigbus(path: str) -> None:
    def work() -> None:
        faulthandler.disable()
        layout.Map.is_whole = lambda self: True  # type: ignore[method-assign]
        ring = ShmRing(path)
        os.truncate(path, layout.PAGE)
        ring.write(b"x")

    assert os.WTERMSIG(os.waitpid(in_child(work), 0)[1]) == signal.SIGBUS


def test_every_block_is_allocated_before_the_ring_has_its_name(path: str) -> None:
    ShmRing(path, capacity=1 << 20)
    found = os.stat(path)
    assert found.st_blocks * 512 >= found.st_size == 2 * layout.PAGE + (1 << 20)


def test_systems_without_fallocate_or_hard_links_have_rings_too(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked: list[str] = []

    def no_links(source: str, target: str) -> None:
        linked.append(target)
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.delattr(os, "posix_fallocate")
    monkeypatch.setattr(os, "link", no_links)
    ring = ShmRing(path)
    assert linked == [path] and ring.write(b"x") == 1
    assert os.stat(path).st_blocks * 512 >= os.stat(path).st_size
    assert ShmRing(path).write(b"y") == 2 and os.listdir(os.path.dirname(path)) == ["ring"]


def test_many_makers_at_once_make_one_ring(path: str) -> None:
    pids = [in_child(lambda: ShmRing(path, lock_ms=20_000).write(b"x")) for _ in range(12)]
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 12
    with ShmRing(path) as ring:
        assert len(blobs(ring)) == 12 and os.listdir(os.path.dirname(path)) == ["ring"]


def test_a_ring_removed_by_hand_is_made_anew_and_a_reader_is_told(path: str) -> None:
    ring = ShmRing(path)
    ring.write(b"gone with the file")
    reader = ring.reader()
    before = ring.info().ring_id
    os.unlink(path)
    time.sleep(0.02)
    assert ring.write(b"x") == 1 and ring.info().ring_id != before
    assert len(reader.read()) == 1  # what it mapped is still there to be read
    with pytest.raises(RingUnavailableError):
        reader.read()
    assert blobs(ring) == [b"x"]


def test_clear_leaves_no_byte_of_a_record_in_the_file(path: str) -> None:
    ring = ShmRing(path, capacity=RING_MIN)
    for n in range(100):
        ring.write(b"a secret %d " % n * 90)
    assert b"a secret" in Path(path).read_bytes()
    ring.clear(force=True)
    assert b"secret" not in Path(path).read_bytes()
    assert ring.write(b"x") == 101


# -- the lock


def test_a_stopped_holder_stops_nobody_else(path: str, tmp_path: Path) -> None:
    ring = ShmRing(path, lock_ms=20)
    ring.write(b"before")
    held = tmp_path / "held"

    def hold() -> None:
        mine = ShmRing(path)
        mine.hold()
        held.touch()
        os.kill(os.getpid(), signal.SIGSTOP)

    pid = in_child(hold)
    os.waitpid(pid, os.WUNTRACED)
    try:
        assert held.exists(), "the holder never held"
        began = time.monotonic()
        with pytest.raises(RingBusyError):
            ring.write(b"x")
        assert 0.02 <= time.monotonic() - began < 2
        assert blobs(ring) == [b"before"] and ring.info().next_seq == 2  # readers ask for no lock
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert ring.write(b"after") == 2


def test_a_forked_child_writes_under_its_own_lock_and_pid(path: str) -> None:
    ring = ShmRing(path)
    ring.write(b"parent")
    pids = [in_child(lambda: [ring.write(b"child") for _ in range(300)]) for _ in range(3)]
    for _ in range(300):
        ring.write(b"parent")
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
    found = [i for i in ring.reader().read(1 << 20) if isinstance(i, Frame) and i.header]
    assert [i.header.seq for i in found if i.header] == list(range(1, 1202))
    assert {i.header.pid for i in found if i.header and i.blob == b"child"} == set(pids)


def test_a_child_does_not_keep_the_lock_of_its_dead_parent(path: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready"

    def parent() -> None:
        ring = ShmRing(path)
        ring.hold()
        if os.fork() == 0:
            ready.write_text(str(os.getpid()))
            time.sleep(20)
            os._exit(0)
        time.sleep(20)

    pid = in_child(parent)
    wait_for(ready)
    ring = ShmRing(path, lock_ms=50)
    with pytest.raises(RingBusyError):
        ring.write(b"x")  # it is held
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    grandchild = int(ready.read_text())
    os.kill(grandchild, 0)
    assert ring.write(b"x") == 1
    os.kill(grandchild, signal.SIGKILL)


def test_a_ring_that_cannot_be_locked_says_so(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from memlog.ring import shm

    ring = ShmRing(path)

    def no_locks(fd: int, operation: int) -> None:
        if operation != fcntl.LOCK_UN:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(shm, "_flock", no_locks)
    with pytest.raises(RingUnavailableError, match="locked"):
        ring.write(b"x")


# -- moving


def test_a_ring_is_resized_under_running_writers_and_readers(path: str) -> None:
    def write() -> None:
        ring = ShmRing(path, lock_ms=20_000)
        for n in range(4_000):
            ring.write(b"%d|" % n * 40)

    ring = ShmRing(path, capacity=1 << 20, lock_ms=20_000)
    reader = ring.reader()
    pid = in_child(write)
    items: list[object] = []
    resized = 0
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        ring.resize((RING_MIN, 300_000, 1 << 20)[resized % 3])
        resized += 1
        items += reader.read(limit=100)
    while found := reader.read():
        items += found
    assert resized > 5
    seqs: list[int] = []
    for item in items:
        if isinstance(item, Gap):
            seqs += range(item.after + 1, item.before)
        else:
            assert isinstance(item, Frame) and item.header
            assert item.blob == b"%d|" % (item.header.seq - 1) * 40
            seqs.append(item.header.seq)
    assert seqs == list(range(1, 4_001))


def test_a_drained_mark_set_during_a_resize_is_not_lost(path: str) -> None:
    witness, other = ShmRing(path), ShmRing(path)
    for _ in range(5):
        other.write(b"x")
    witness.set_drained(2)
    other.resize(1 << 20)
    witness.set_drained(4)
    assert witness.info().drained_seq == other.info().drained_seq == ShmRing(path).info().drained_seq == 4


def test_a_ring_of_an_earlier_boot_is_put_aside_and_drained(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_ring(settings)
    for n in range(5):
        old.write(b"before the reboot %d" % n)
    old.set_drained(2)
    before = old.info()
    monkeypatch.setattr(layout, "boot_id", lambda: "11111111-2222-3333-4444-555555555555")
    ring = open_ring(settings)
    assert ring.write(b"after") == 1 and ring.info().ring_id != before.ring_id
    (retired,) = retired_rings(settings)
    info = retired.info()
    assert (info.ring_id, info.boot_id, info.drained_seq) == (before.ring_id, before.boot_id, 2)
    assert os.path.basename(retired.path) == f"retired-{before.ring_id.hex()}-0"
    assert [i.blob[-1:] for i in retired.reader(2).read() if isinstance(i, Frame)] == [b"2", b"3", b"4"]
    retired.set_drained(5)
    assert RetiredRing(retired.path).info().drained_seq == 5
    for refused in (
        lambda: retired.write(b"x"),
        lambda: retired.clear(force=True),
        lambda: retired.resize(1 << 20),
    ):
        with pytest.raises(RefusedError):
            refused()
    retired.discard()
    assert retired_rings(settings) == [] and blobs(open_ring(settings)) == [b"after"]


def test_a_ring_put_aside_and_removed_by_another_drain_has_an_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ring(settings).write(b"before the reboot")
    monkeypatch.setattr(layout, "boot_id", lambda: "11111111-2222-3333-4444-555555555555")
    open_ring(settings).write(b"after")
    (retired,) = retired_rings(settings)
    late = RetiredRing(retired.path).reader(0)
    retired.discard()
    faulthandler.dump_traceback_later(20, exit=True)  # it used to look for ever
    try:
        assert [i.blob for i in late.read() if isinstance(i, Frame)] == [b"before the reboot"]
        assert late.read() == []
    finally:
        faulthandler.cancel_dump_traceback_later()


def test_where_no_boot_is_known_a_ring_outlives_reboots(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "boot_id", lambda: "")
    open_ring(settings).write(b"x")
    assert open_ring(settings).write(b"y") == 2 and retired_rings(settings) == []


# -- damage


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


# -- waking the witness


def test_a_writer_rings_only_where_somebody_waits(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from memlog.ring import doorbell

    rung: list[str] = []
    monkeypatch.setattr(doorbell, "ring_bell", rung.append)
    ring = ShmRing(path)
    ring.write(b"x")
    assert rung == []
    ring._map.words[layout.WAITING] = 1
    ring.write(b"x")
    ring.write(b"x")
    assert rung == [ring.doorbell]


def test_another_process_wakes_the_witness_at_once(path: str) -> None:
    ring = ShmRing(path)
    reader = ring.reader()
    reader.read()

    def work() -> None:
        time.sleep(0.1)
        ShmRing(path).write(b"x")

    pid = in_child(work)
    began = time.monotonic()
    assert ring.wait(20) and time.monotonic() - began < 10
    os.waitpid(pid, 0)
    assert len(reader.read()) == 1
    assert ring.wait(0.01) is False


def test_a_doorbell_that_is_no_fifo_harms_no_writer(path: str) -> None:
    ring = ShmRing(path)
    Path(ring.doorbell).write_text("a file somebody left")
    ring._map.words[layout.WAITING] = 1
    assert ring.write(b"x") == 1
    assert Path(ring.doorbell).read_text() == "a file somebody left"
    with pytest.raises(UnsafePathError):
        ring.wait(0)


# -- which ring, and where


def test_auto_takes_shared_memory_where_no_device_is(settings: Settings, tmp_path: Path) -> None:
    none = settings._replace(ring="auto", device=str(tmp_path / "memlog"))
    assert open_ring(none).kind == "shm"
    with pytest.raises(RingUnavailableError, match="not loaded"):
        open_ring(none, kind="kernel")
    not_ours = settings._replace(ring="auto", device="/dev/null")
    assert open_ring(not_ours).kind == "shm"


def test_a_path_is_opened_as_what_it_is(settings: Settings, path: str, tmp_path: Path) -> None:
    ring = open_ring(settings)
    ring.write(b"x")
    image = tmp_path / "image.bin"
    found = ring.reader().read()[0]
    assert isinstance(found, Frame) and found.header
    image.write_bytes(found.header.pack() + found.blob)
    assert open_ring(settings, path=path).kind == "shm"
    assert open_ring(settings, path=str(image)).kind == "image"
    with pytest.raises(RingUnavailableError):
        open_ring(settings, path="/dev/null")


def test_the_folder_is_the_home_s_the_setting_s_or_local_memory(
    settings: Settings, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ring_dir(settings) == home.ring
    assert ring_dir(settings._replace(ring_dir=str(tmp_path / "x"))) == str(tmp_path / "x")
    monkeypatch.setattr(ring_open, "is_network", lambda path: True)
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/dev/shm")
    assert ring_dir(settings) == f"/dev/shm/memlog-{os.geteuid()}"


def test_network_file_systems_are_recognised(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 259:1 / / rw - ext4 /dev/root rw\n"
        "30 22 0:40 / /home rw - nfs4 server:/home rw\n"
        "31 30 0:41 / /home/me/local rw - ext4 /dev/x rw\n"
        "32 22 0:42 / /with\\040space rw - fuse.sshfs x rw\n"
    )
    asked = {
        "/home/me/.claude": True, "/home/me/local/.claude": False, "/homes": False, "/tmp": False,
        "/with space/x": True,
    }  # fmt: skip
    assert {path: is_network(path, str(mounts)) for path in asked} == asked
    assert is_network("/home/me", str(tmp_path / "nothing")) is False


def test_what_a_killed_maker_left_is_swept_and_a_running_one_s_is_not(settings: Settings, path: str) -> None:
    open_ring(settings)
    old, new = path + ".1.aa.tmp", path + ".2.bb.tmp"
    Path(old).touch()
    Path(new).touch()
    os.utime(old, (1, 1))
    assert retired_rings(settings) == []
    assert sorted(os.listdir(os.path.dirname(path))) == ["ring", os.path.basename(new)]


def test_a_write_loads_nothing_a_hook_cannot_afford(path: str) -> None:
    code = (
        "import sys; from memlog.ring.open import open_ring; from memlog.settings import Settings\n"
        "open_ring(Settings(home=sys.argv[1], ring='shm')).write(b'x')\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n" + code,
         os.path.dirname(os.path.dirname(path))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "memlog.ring.shm" in loaded
    assert not loaded & {
        "dataclasses", "pathlib", "logging", "json", "select", "subprocess", "cbor2", "memlog.ring.device",
        "memlog.ring.shm_reader", "memlog.ring.image", "memlog.ring.doorbell",
    }  # fmt: skip


def test_readers_never_see_a_torn_record_while_writers_lap_them(path: str) -> None:
    ring = ShmRing(path, capacity=RING_MIN)
    stop = threading.Event()
    faults: list[object] = []

    def watch() -> None:
        other = ShmRing(path)
        while not stop.is_set():
            reader = other.reader()
            for item in reader.read() + reader.read():
                if isinstance(item, Damage) or (isinstance(item, Frame) and len(set(item.blob)) != 1):
                    faults.append(item)

    pid = in_child(
        lambda: [
            ShmRing(path, lock_ms=20_000).write(bytes([n % 251]) * (n % 9_000 + 1)) for n in range(5_000)
        ]
    )
    thread = threading.Thread(target=watch)
    thread.start()
    assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    thread.join()
    assert faults == [] and ring.info().evicted > 4_000
