"""What the module is loaded with: caps on rings and memory, sizes, owner and mode of the node, the hash."""

import errno
import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guest import ALICE, BOB, DEVICE, MODULE, WRITERS
from memlog.contracts import HASH_BYTES, RING_DEFAULT, RING_MAX, RING_MIN
from memlog.ring.device import DeviceRing
from memlog.witness import ring_hash

Load = Callable[..., int]

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(not MODULE, reason="MEMLOG_MODULE names no module")]


def insmod(*words: str) -> int:
    return subprocess.run(["insmod", MODULE, *words], capture_output=True).returncode


@pytest.fixture
def load() -> Iterator[Load]:
    """The module loaded anew with these parameters; its exit code. Afterwards it is as before."""

    def anew(**parameters: object) -> int:
        subprocess.run(["rmmod", "memlog"], check=False, capture_output=True)
        assert not os.path.exists(DEVICE)
        return insmod(*(f"{name}={value}" for name, value in parameters.items()))

    yield anew
    assert anew(memlog_gid=WRITERS) == 0


@contextmanager
def acting_as(uid: int) -> Iterator[None]:
    os.setegid(WRITERS)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def opened_by(uid: int) -> int:
    with acting_as(uid):
        return os.open(DEVICE, os.O_RDWR)


def test_all_rings_together_stay_under_the_cap_on_memory(load: Load) -> None:
    assert load(memlog_gid=WRITERS, ring_size=RING_MIN, max_bytes=3 * RING_MIN) == 0
    root, alice, bob = (opened_by(uid) for uid in (0, ALICE, BOB))
    try:
        assert os.write(root, b"x") == os.write(alice, b"x") == 1
        with pytest.raises(OSError) as raised:
            os.write(bob, b"x")
        assert raised.value.errno == errno.ENOSPC
        for _ in range(200):  # who has a ring does not notice
            os.write(alice, b"x" * 1000)
        with DeviceRing(DEVICE) as ring:
            ring.clear(force=True)  # root's: all rings
        assert os.write(bob, b"x") == 1
    finally:
        for fd in (root, alice, bob):
            os.close(fd)


def test_the_cap_on_rings_leaves_root_and_those_who_have_one(load: Load) -> None:
    assert load(memlog_gid=WRITERS, max_rings=2) == 0
    os.close(opened_by(ALICE))
    with pytest.raises(OSError) as raised:
        opened_by(BOB)
    assert raised.value.errno == errno.ENOSPC
    os.close(opened_by(ALICE))
    with DeviceRing(DEVICE) as ring:
        assert ring.write(b"x") == 1


def held_by_the_driver() -> int:
    """Bytes of vmalloc memory its buffers take, a guard page each not counted."""
    lines = Path("/proc/vmallocinfo").read_text(encoding="ascii").splitlines()
    sizes = [re.search(r"\s(\d+) memlog_buffer_alloc\+", line) for line in lines]
    return sum(int(found[1]) - 4096 for found in sizes if found)


@pytest.mark.parametrize("capacity", [RING_MIN, 100_000, RING_DEFAULT])
def test_a_ring_takes_the_memory_it_says_and_none_when_empty(device: str, capacity: int) -> None:
    with DeviceRing(DEVICE) as ring:
        ring.resize(capacity)
        assert held_by_the_driver() == 0
        for _ in range(2 * capacity // 65_000 + 2):
            ring.write(b"x" * 65_000)
        # vmalloc keeps 8 bytes of its own for each page
        assert capacity <= held_by_the_driver() < capacity + capacity // 512 + 8192
        assert capacity - 2 * 65_536 < ring.stats().ring_bytes <= capacity
        ring.resize(RING_MIN)
        assert RING_MIN <= held_by_the_driver() < RING_MIN + 8192
        ring.clear(force=True)
        assert held_by_the_driver() == 0


def test_the_hash_can_be_left_out(load: Load) -> None:
    assert load(keep_hash=0) == 0
    with DeviceRing(DEVICE) as ring:
        ring.write(b"x")
        assert ring.info().hash_before == ring.info().hash_after == bytes(HASH_BYTES)
        assert ring_hash.check(ring) is None


def test_the_node_has_the_mode_it_was_loaded_with(load: Load) -> None:
    assert load(memlog_mode="0600") == 0
    found = os.stat(DEVICE)
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 0, 0o600)


def test_without_a_group_only_the_capability_writes(load: Load) -> None:
    assert load(memlog_mode="0666") == 0
    fd = opened_by(ALICE)
    try:
        assert os.read(fd, 70_000) == b""
        with pytest.raises(PermissionError):
            os.write(fd, b"x")
        Path("/sys/module/memlog/parameters/memlog_gid").write_text(str(WRITERS))
        assert os.write(fd, b"x") == 1
    finally:
        os.close(fd)


@pytest.mark.parametrize("size", [0, RING_MIN - 1, RING_MAX + 1])
def test_no_module_loads_with_a_size_out_of_bounds(load: Load, size: int) -> None:
    assert load(ring_size=size) != 0
    assert not os.path.exists(DEVICE) and not os.path.exists("/proc/sys/kernel/memlog")


@pytest.mark.parametrize("rings", [0, 65_537, 2**32 - 1])
def test_a_load_that_is_refused_a_ring_leaves_nothing(load: Load, rings: int) -> None:
    assert load(max_rings=rings) != 0  # and without a word of the kernel's own, which judge() would see
    assert not os.path.exists("/sys/class/memlog") and load() == 0
