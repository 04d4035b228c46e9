"""A ring write of 1 KB against a pipe write with a reader draining it; and two writers at once."""

import os
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from bench.report import Row, table
from memlog.ring import shm
from memlog.ring.shm import ShmRing

BLOB = os.urandom(1_024)
ROUNDS, WRITES, EACH = 60, 2_000, 5_000

Write = Callable[[bytes], object]


def rows(records: int = 10_000) -> list[Row]:
    """CPU of one write by the process that writes; `records` changes nothing."""
    with tempfile.TemporaryDirectory() as folder, _pipe() as pipe:
        found = _against(pipe, os.path.join(folder, "ring", "ring"), "ring in the home")
        if os.path.isdir("/dev/shm"):
            with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
                found += _against(pipe, os.path.join(memory, "ring", "ring"), "ring in /dev/shm")
        lost = _lost_by_two(os.path.join(folder, "two", "ring"))
        twin = _lost_without_lock(os.path.join(folder, "twin", "ring"))
    return [
        *found,
        Row(f"lost by two writers, {2 * EACH:,} records", str(lost), "0"),
        Row("… by their twin that takes no lock", str(twin), "> 0"),
    ]


def _against(pipe: Write, path: str, name: str) -> list[Row]:
    """A full ring, so that every write also evicts; measured in turn with the pipe."""
    with ShmRing(path) as ring:
        for _ in range(5_000):
            ring.write(BLOB)
        cpu = [(_cpu_us(pipe), _cpu_us(ring.write)) for _ in range(ROUNDS)]
        wall = [(_p50_us(pipe), _p50_us(ring.write)) for _ in range(ROUNDS // 3)]
        assert ring.info().evicted > ROUNDS * WRITES // 2
    return [_row(f"{name}: write of 1 KB over a pipe write, CPU", cpu), _row("… median wall of a call", wall)]


def _row(what: str, pairs: list[tuple[float, float]]) -> Row:
    """The middle ratio of all rounds, and the middle costs."""
    ratio = median(ring / pipe for pipe, ring in pairs)
    pipe, ring = median(p for p, _ in pairs), median(r for _, r in pairs)
    return Row(what, f"{ratio:.1f}× ({ring:.2f} over {pipe:.2f} µs)", "≤ 4×")


def _cpu_us(write: Write) -> float:
    before = time.process_time_ns()
    for _ in range(WRITES):
        write(BLOB)
    return (time.process_time_ns() - before) / WRITES / 1e3


def _p50_us(write: Write) -> float:
    taken = []
    for _ in range(WRITES):
        before = time.perf_counter_ns()
        write(BLOB)
        taken.append(time.perf_counter_ns() - before)
    return median(taken) / 1e3


@contextmanager
def _pipe() -> Iterator[Write]:
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(write_fd)
        while os.read(read_fd, 1 << 16):
            pass
        os._exit(0)
    os.close(read_fd)
    yield partial(os.write, write_fd)
    os.close(write_fd)
    os.waitpid(pid, 0)


def _lost_by_two(path: str) -> int:
    """Records two processes wrote at once and that are not there, or were given the same seq."""
    ShmRing(path).close()
    read_fd, write_fd = os.pipe()
    go_read, go_write = os.pipe()
    pids = []
    for _ in range(2):
        pid = os.fork()
        if not pid:
            try:
                os.close(go_write)
                os.read(go_read, 1)
                ring = ShmRing(path, lock_ms=60_000)
                for n in range(EACH):
                    os.write(write_fd, struct.pack("<I", ring.write(b"%d of %d" % (n, os.getpid()))))
            finally:
                os._exit(0)
        pids.append(pid)
    os.close(write_fd)
    os.close(go_read)
    os.close(go_write)
    raw = b""
    while piece := os.read(read_fd, 1 << 16):
        raw += piece
    os.close(read_fd)
    for pid in pids:
        os.waitpid(pid, 0)
    given = {seq for (seq,) in struct.iter_unpack("<I", raw)}
    with ShmRing(path) as ring:
        held = ring.info().next_seq - 1
    return 2 * EACH - min(len(given), held)


def _lost_without_lock(path: str) -> int:
    locked = shm._flock
    shm._flock = lambda fd, operation: None
    try:
        return _lost_by_two(path)
    finally:
        shm._flock = locked


def main() -> None:
    """Print the rows."""
    print(table(rows()))


if __name__ == "__main__":
    main()
