"""The witness from ring to COMMIT, against a bare insert of the same rows with the same index from C."""

import ctypes
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from bench import corpus
from bench.measure import cpu_s
from bench.report import Row
from memlog.archive import connection
from memlog.archive.rows import FTS_SQL, RECORD_SQL
from memlog.archive.store import Archive
from memlog.contracts import RING_MAX
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness.drain import Drain

ROUNDS = 3
CHUNK = 40_000  # records a ring of 256 MiB holds with room to spare
SOURCE = Path(__file__).with_name("bare_insert.c")
COPIED = ("session", "epoch", "ring")  # what the rows of `record` refer to


class Spent(NamedTuple):
    """Seconds."""

    cpu: float
    wall: float


class Tap:
    """A connection that keeps the rows of a batch on their way in."""

    def __init__(self, con: connection.Connection) -> None:
        self._con = con
        self.batches: list[tuple[list[Any], list[Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
        if sql == RECORD_SQL:
            rows = list(rows)
            self.batches.append((rows, []))
        elif sql == FTS_SQL:
            rows = list(rows)
            self.batches[-1][1].extend(rows)
        return self._con.executemany(sql, rows)


def rows(records: int = 10_000) -> list[Row]:
    """CPU and wall of both sides; the best of some rounds that take turns."""
    blobs = [blob for made in corpus.records(records) for blob in encode(made)]
    with tempfile.TemporaryDirectory() as folder:
        witness, bare = [], []
        batches, model = tapped(Home(f"{folder}/tapped"), blobs)
        library = compiled(folder)
        for n in range(ROUNDS):
            witness.append(drained(Home(f"{folder}/witness-{n}"), blobs))
            if library is not None:
                bare.append(inserted(library, Home(f"{folder}/bare-{n}"), model, batches))
            else:
                bare.append(inserted_by_python(Home(f"{folder}/bare-{n}"), model, batches))
            for each in (f"{folder}/witness-{n}", f"{folder}/bare-{n}"):
                shutil.rmtree(each)
        read, apart, stored = parts(Home(f"{folder}/parts"), blobs)
    ours, floor = best(witness), best(bare)
    name = "C" if library is not None else "Python (no C compiler here)"
    rate = len(blobs) / ours.wall
    return [
        Row(f"witness over a bare {name} insert, CPU", f"{floor.cpu / ours.cpu:.2f}", "≥ 0.90"),
        Row(f"witness over a bare {name} insert, wall", f"{floor.wall / ours.wall:.2f}", "≥ 1.0 (two free cores)"),
        Row("… records a second, ring to COMMIT", f"{rate:,.0f}", "reported"),
        Row("… CPU per record, witness and floor",
            f"{ours.cpu / len(blobs) * 1e6:.0f} µs, {floor.cpu / len(blobs) * 1e6:.0f} µs", "reported"),
        Row("… of the witness: ring, decode and pack, insert",
            ", ".join(f"{each / len(blobs) * 1e6:.0f} µs" for each in (read, apart, stored)), "reported"),
    ]  # fmt: skip


def parts(home: Home, blobs: list[bytes]) -> tuple[float, float, float]:
    """CPU seconds of reading the ring, of taking batches apart, and of the transactions."""
    settings = Settings(home=home.root, ring="shm", ring_bytes=RING_MAX)
    batches: list[list[Any]] = []
    with Archive.open(home, now_ns=time.time_ns(), settings=settings) as archive, open_ring(settings) as ring:
        _write(ring, iter(blobs))
        reader = ring.reader(0)
        read = cpu_s(lambda: batches.extend(iter(reader.read, [])))
        taken: list[Any] = []
        named: dict[str, Any] = {"ring": None, "source": "bench"}
        apart = cpu_s(lambda: taken.extend(archive.read(each, now_ns=1, **named) for each in batches))
        stored = cpu_s(lambda: [archive.ingest(each, now_ns=1, **named) for each in taken])
    scale = len(blobs) / max(sum(map(len, batches)), 1)  # of more than a ring holds, a sample
    return read * scale, apart * scale, stored * scale


def best(found: list[Spent]) -> Spent:
    return Spent(min(each.cpu for each in found), min(each.wall for each in found))


def drained(home: Home, blobs: list[bytes]) -> Spent:
    """What the witness needs for blobs that lie in a ring."""
    settings = Settings(home=home.root, ring="shm", ring_bytes=RING_MAX)
    cpu = wall = 0.0
    source = iter(blobs)
    with (
        Archive.open(home, now_ns=time.time_ns(), settings=settings) as archive,
        Drain(archive, settings) as drain,
        open_ring(settings) as ring,
    ):
        while written := _write(ring, source):
            before = time.process_time(), time.perf_counter()
            done = drain.run().archived
            cpu += time.process_time() - before[0]
            wall += time.perf_counter() - before[1]
            assert done == written, f"{done} of {written} records archived"
            archive.checkpoint(truncate=True)
    return Spent(cpu, wall)


def _write(ring: Any, source: Iterator[bytes]) -> int:
    count = 0
    for blob in islice(source, CHUNK):
        ring.write(blob, keep_undrained=True)
        count += 1
    return count


def tapped(home: Home, blobs: list[bytes]) -> tuple[list[tuple[list[Any], list[Any]]], Home]:
    """The rows the witness inserts for these blobs, batch by batch, and the archive it made."""
    settings = Settings(home=home.root, ring="shm", ring_bytes=RING_MAX)
    source = iter(blobs)
    with Archive.open(home, now_ns=time.time_ns(), settings=settings) as archive:
        tap = Tap(archive.con)
        archive.con = tap  # type: ignore[assignment]
        with Drain(archive, settings) as drain, open_ring(settings) as ring:
            while _write(ring, source):
                drain.run()
        archive.con = tap._con
        archive.checkpoint(truncate=True)
    return tap.batches, home


def empty(home: Home, model: Home) -> str:
    """An archive with the schema and what the rows refer to; its file."""
    with Archive.open(home, now_ns=time.time_ns()) as archive:
        con = archive.con
        con.execute("ATTACH :model AS model", {"model": model.archive})
        for table in COPIED:
            con.execute(f"INSERT INTO main.{table} SELECT * FROM model.{table}")
        con.execute("DETACH model")
        archive.checkpoint(truncate=True)
    return home.archive


def compiled(folder: str) -> ctypes.CDLL | None:
    """bare_insert.c; None where it cannot be compiled."""
    target = os.path.join(folder, "bare_insert.so")
    command = [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", target, str(SOURCE), "-ldl"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as exc:
        done = subprocess.CompletedProcess(command, 1, stderr=str(exc))
    if done.returncode:
        print(f"bare_insert.c: {done.stderr}", file=sys.stderr)
        return None
    return ctypes.CDLL(target)


def inserted(
    library: ctypes.CDLL, home: Home, model: Home, batches: list[tuple[list[Any], list[Any]]]
) -> Spent:
    """What C needs for the rows."""
    place = empty(home, model)
    spent = (ctypes.c_double * 2)()
    pragmas = ";".join(connection._WRITER_PRAGMAS)
    words = (_sqlite(), place, pragmas, RECORD_SQL, FTS_SQL)
    if library.bare_insert(*(word.encode() for word in words), packed(batches), spent):
        raise RuntimeError("bare_insert failed")
    return Spent(*spent)


def _sqlite() -> str:
    """The file SQLite is in: that of the binding, where it links to it or contains it."""
    for module in (connection.sqlite3, sys.modules.get("pysqlite3._sqlite3"), sys.modules.get("_sqlite3")):
        file = str(getattr(module, "__file__", ""))
        if file.endswith((".so", ".dylib")):
            return file
    raise RuntimeError("the SQLite in use is in no file of its own")


def inserted_by_python(home: Home, model: Home, batches: list[tuple[list[Any], list[Any]]]) -> Spent:
    """What executemany of the same rows needs."""
    con = connection.open_writer(empty(home, model))
    before = time.process_time(), time.perf_counter()
    for records, index in batches:
        con.execute("BEGIN IMMEDIATE")
        con.executemany(RECORD_SQL, records)
        con.executemany(FTS_SQL, index)
        con.execute("COMMIT")
    spent = Spent(time.process_time() - before[0], time.perf_counter() - before[1])
    con.close()
    return spent


def packed(batches: list[tuple[list[Any], list[Any]]]) -> bytes:
    """The rows as bare_insert.c reads them."""
    out = bytearray(struct.pack("<I", len(batches)))
    for batch in batches:
        for table in batch:
            out += struct.pack("<II", len(table), len(table[0]) if table else 0)
            for row in table:
                for value in row:
                    out += _value(value)
    return bytes(out)


def _value(value: Any) -> bytes:
    if value is None:
        return b"\0"
    if isinstance(value, int):
        return struct.pack("<Bq", 1, value)
    raw = value.encode() if isinstance(value, str) else bytes(value)
    return struct.pack("<BI", 2 if isinstance(value, str) else 3, len(raw)) + raw


def main() -> int:
    """Print the rows; the first word is the number of records."""
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000):
        print(f"{row.what}: {row.measured}  ({row.reach})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
