"""What an archive costs: bytes on disk per byte of blob, and CPU per record as it grows."""

import os
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.filled import fill
from bench.report import Row
from memlog.archive import tree
from memlog.archive.connection import open_reader
from memlog.archive.store import Archive
from memlog.paths import Home

TENTH = 10  # batches of a thousand records
BODIES_SQL = "SELECT sum(length(body)) FROM record"
INDEX_SQL = "SELECT sum(length(block)) FROM record_fts_data"


def rows(records: int = 10_000) -> list[Row]:
    """archive.db, its bodies, its index and the tree, each per raw CBOR byte; the last batches over the first."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder + "/home")
        filled = fill(home, records)
        raw, batches = filled.raw, filled.batches
        archive = os.stat(home.archive).st_size
        con = open_reader(home.archive)
        bodies, index = (con.execute(sql).fetchone()[0] for sql in (BODIES_SQL, INDEX_SQL))
        con.close()
        with Archive.open(home, now_ns=time.time_ns()) as writer:
            tree.write_dirty(writer, open_too=True)
        snapshots = sum(path.stat().st_size for path in Path(home.root).rglob("snap-*.json"))
    return [
        Row("archive.db per raw CBOR byte, index included", f"{archive / raw:.2f}", "≤ 0.75"),
        Row("… of it: bodies (zstd), index (FTS5)", f"{bodies / raw:.2f}, {index / raw:.2f}", "reported"),
        Row("snapshot tree per raw CBOR byte", f"{snapshots / raw:.2f}", "reported"),
        Row(
            f"CPU per record, the last 10,000 of {records:,} over the first",
            f"{median(batches[-TENTH:]) / median(batches[:TENTH]):.2f}",
            "≤ 1.25 at 1 M",
        ),
        Row("worst batch of 1,000 over the median, CPU", f"{max(batches) / median(batches):.2f}", "≤ 2.5"),
    ]
