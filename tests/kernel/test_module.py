"""What is around the device: its node, sysctl, parameters and tracepoints."""

import os
import stat
from pathlib import Path

import pytest

from guest import ALICE, DEVICE, KIND, WRITERS, run_as
from memlog.contracts import RING_DEFAULT, RING_MAX, RING_MIN
from memlog.errors import RingUnavailableError
from memlog.ring.device import DeviceRing

pytestmark = pytest.mark.kernel
SIZE = Path("/proc/sys/kernel/memlog/ring_size")
PARAMETERS = Path("/sys/module/memlog/parameters")


def test_the_node_belongs_to_the_group_it_was_loaded_with(device: str) -> None:
    found = os.stat(DEVICE)
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, WRITERS, 0o660)
    assert (PARAMETERS / "memlog_gid").read_text() == f"{WRITERS}\n"


def test_the_sysctl_sizes_all_rings_within_bounds(device: str) -> None:
    assert SIZE.read_text() == f"{RING_DEFAULT}\n" and stat.S_IMODE(SIZE.stat().st_mode) == 0o644
    with DeviceRing(DEVICE) as ring:
        for _ in range(300):
            ring.write(b"x" * 1000)
        SIZE.write_text(f"{RING_MIN}\n")
        assert ring.info().capacity == RING_MIN and ring.stats().ring_bytes <= RING_MIN
        assert ring.info().next_seq == ring.write(b"later")
    for wrong in (RING_MIN - 1, RING_MAX + 1, -1):
        with pytest.raises(OSError):
            SIZE.write_text(f"{wrong}\n")
    assert SIZE.read_text() == f"{RING_MIN}\n"
    run_as(ALICE, "/bin/sh", "-c", f"echo {RING_DEFAULT} > {SIZE}", check=2)


def test_a_record_stays_when_its_writer_is_gone_and_counters_when_all_are(device: str) -> None:
    pid = os.fork()
    if not pid:
        with DeviceRing(DEVICE) as ring:
            ring.write(b"last words")
        os._exit(0)
    os.waitpid(pid, 0)
    with DeviceRing(DEVICE) as ring:
        (frame,) = ring.reader().read()
        assert frame.blob == b"last words" and frame.header.pid == pid
        next_seq = ring.info().next_seq
        ring.clear(force=True)
    with DeviceRing(DEVICE) as ring:
        assert ring.info().next_seq == ring.info().oldest_seq == next_seq


def test_written_and_evicted_records_are_traced(device: str) -> None:
    tracing = Path("/sys/kernel/tracing")
    if KIND == "uml":
        pytest.skip("Debian's User-Mode Linux has no tracepoints; the debug kernel and QEMU's have")
    for name in ("record_written", "record_evicted"):
        (tracing / "events/memlog" / name / "enable").write_text("1")
    with DeviceRing(DEVICE) as ring:
        ring.resize(RING_MIN)
        (tracing / "trace").write_text("")
        for _ in range(2):
            seq = ring.write(b"x" * 40_000)
    lines = (tracing / "trace").read_text()
    assert f"record_written: uid=0 pid={os.getpid()} seq={seq} length=40000" in lines
    assert f"record_evicted: uid=0 seq={seq - 1} length=40000" in lines


def test_no_ring_is_opened_where_the_device_is_another(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RingUnavailableError, match="not a device"):
        DeviceRing(str(tmp_path / "file"))
    with pytest.raises(RingUnavailableError, match="older driver|not memlog"):
        DeviceRing("/dev/null")
