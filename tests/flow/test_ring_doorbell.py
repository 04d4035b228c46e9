"""A writer wakes the witness, and only one that waits."""

import os
import time
from pathlib import Path

import pytest

from children import in_child
from memlog.errors import UnsafePathError
from memlog.paths import Home
from memlog.ring import layout
from memlog.ring.shm import ShmRing


@pytest.fixture
def path(home: Home) -> str:
    return os.path.join(home.ring, "ring")


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
