"""Bytes on disk per byte of blob: the archive with its full-text index, and the snapshot tree."""

import os
import tempfile
import time
from pathlib import Path

from bench.filled import fill
from bench.report import Row
from memlog.archive import tree
from memlog.archive.connection import open_reader
from memlog.archive.store import Archive
from memlog.paths import Home

BODIES_SQL = "SELECT sum(length(body)) FROM record"
INDEX_SQL = "SELECT sum(length(block)) FROM record_fts_data"


def rows(records: int = 10_000) -> list[Row]:
    """archive.db, its bodies, its index and the tree, each per raw CBOR byte."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder + "/home")
        raw = fill(home, records).raw
        archive = os.stat(home.archive).st_size
        con = open_reader(home.archive)
        bodies, index = (con.execute(sql).fetchone()[0] for sql in (BODIES_SQL, INDEX_SQL))
        con.close()
        with Archive.open(home, now_ns=time.time_ns()) as writer:
            tree.write_dirty(writer)
        snapshots = sum(path.stat().st_size for path in Path(home.root).rglob("snap-*.json"))
    return [
        Row("archive.db per raw CBOR byte, index included", f"{archive / raw:.2f}", "≤ 0.75"),
        Row("… of it: bodies (zstd), index (FTS5)", f"{bodies / raw:.2f}, {index / raw:.2f}", "reported"),
        Row("snapshot tree per raw CBOR byte", f"{snapshots / raw:.2f}", "reported"),
    ]
