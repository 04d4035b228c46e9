"""A shared-memory ring that is open: its lock, forks, and a file that is resized or put aside meanwhile."""

import errno
import faulthandler
import fcntl
import os
import signal
import time
from pathlib import Path

import pytest

from children import in_child
from memlog.contracts import RING_MIN
from memlog.errors import RefusedError, RingBusyError, RingUnavailableError
from memlog.paths import Home
from memlog.ring import layout
from memlog.ring.open import open_ring, retired_rings
from memlog.ring.retired import RetiredRing
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.wire import Frame, Gap
from rings import blobs, wait_for


@pytest.fixture
def path(home: Home) -> str:
    return os.path.join(home.ring, "ring")


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
