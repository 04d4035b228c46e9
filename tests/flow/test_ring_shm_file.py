"""The shared-memory ring's file: private, whole or not at all, and without a byte of what was cleared."""

import errno
import faulthandler
import os
import resource
import signal
import stat
import time
from pathlib import Path

import pytest

from children import in_child
from memlog import paths
from memlog.contracts import RING_MIN
from memlog.errors import RingUnavailableError, UnsafePathError
from memlog.paths import Home
from memlog.ring import layout
from memlog.ring.shm import ShmRing
from rings import blobs


@pytest.fixture
def path(home: Home) -> str:
    return os.path.join(home.ring, "ring")


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
