"""Writing to the shared-memory ring: what it loads, and what readers see of it meanwhile."""

import os
import subprocess
import sys
import threading

import pytest

from children import in_child
from memlog.contracts import RING_MIN
from memlog.paths import Home
from memlog.ring.shm import ShmRing
from memlog.wire import Damage, Frame


@pytest.fixture
def path(home: Home) -> str:
    return os.path.join(home.ring, "ring")


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
