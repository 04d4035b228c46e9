"""A real file system that is full: the running witness waits, says so, and goes on by itself when there is room."""

import errno
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archives import record as a_record
from faults.conftest import Record
from faults.table import Row
from memlog.contracts import RING_MIN
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.shm import ShmRing
from witness import one, running, until

MEGABYTES, RECORDS = 6, 200


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=700", "none", str(place)]
    if subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("mounting needs a right this user has not")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_witness_on_a_full_disk_waits_and_goes_on_by_itself(small: Path, record: Record) -> None:
    home = Home(str(small / "home"))
    os.mkdir(home.root, 0o700)
    ring = ShmRing(os.path.join(home.ring, "ring"), capacity=8 * RING_MIN)
    filler = small / "filler"
    with running(home) as child:
        write(ring, 0, 50)
        until(lambda: one(home, "SELECT count(*) FROM v_record") == 50)
        fill(filler)
        write(ring, 50, RECORDS)
        until(lambda: state(home) == "degraded" or is_told(home), "it never said that the disk is full")
        assert ring.info().drained_seq < RECORDS
        os.unlink(filler)
        until(lambda: one(home, "SELECT count(*) FROM v_record") == RECORDS, "it does not go on")
        assert child.poll() is None
        until(lambda: state(home) == "running")
    doubled = one(home, "SELECT count(*) - count(DISTINCT source_id) FROM v_record")
    record(Row("full tmpfs", "witness", 1, 1, 0, doubled, int(one(home, "PRAGMA integrity_check") != "ok")))
    assert not doubled


def write(ring: ShmRing, first: int, stop: int) -> None:
    for n in range(first, stop):
        said = a_record(f"number {n} " + os.urandom(700).hex(), n=n)
        ring.write(next(iter(encode(said))))


def fill(path: Path) -> None:
    """Until nothing more fits, to the byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as exc:
                assert exc.errno == errno.ENOSPC


def state(home: Home) -> str:
    """What status.json says; a full disk may have kept it from being written."""
    try:
        return str(json.loads(Path(home.root, "status.json").read_bytes())["state"])
    except (OSError, ValueError):
        return ""


def is_told(home: Home) -> bool:
    """The log line, where it still fitted."""
    time.sleep(0.05)
    return "degraded" in Path(home.log, "witness.log").read_text()
