"""A self-contained SQLite file: opens in stock sqlite3 and Datasette, also from read-only media."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memlog.archive.connection import sqlite3
from memlog.errors import ArchiveError
from memlog.export import tables
from memlog.paths import FILE_MODE

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.slice import Row, Slice

_BATCH = 500
APPLICATION_ID = 0x4D4C4758  # 'MLGX': an export, not an archive

# The file is nobody's until it is whole and renamed: nothing is lost by writing it without a journal.
_BEFORE = (
    "PRAGMA page_size = 4096",
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -32000",
    "PRAGMA locking_mode = EXCLUSIVE",
)


def write(con: "Connection", part: "Slice", path: str, *, now_ns: int, on_rows: tables.OnRows) -> None:
    """Fill the empty file at `path`; its journal_mode is DELETE.

    Raises: ArchiveError when SQLite cannot write it.
    """
    before, after = tables.schema()
    with opened(path, before, after) as out:
        pour(out, tables.rows(con, part, now_ns=now_ns, on_rows=on_rows))


@contextmanager
def opened(path: str, before: str, after: str = "") -> "Iterator[Connection]":
    """A connection that fills the empty file at `path`: SQL before the rows, and after them, then made small.

    after: none for who calls `indexed` as soon as the records are in.
    Raises: ArchiveError when SQLite cannot write it.
    """
    out = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in _BEFORE:
            out.execute(pragma)
        out.executescript(before)
        yield out
        if after:
            indexed(out, after)
        out.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        out.execute("PRAGMA user_version = 1")
        out.execute("ANALYZE")
        _compact(out, path)
    except sqlite3.Error as exc:
        raise ArchiveError(f"the export cannot be written: {exc}", hint="look for free space") from exc
    finally:
        out.close()


def indexed(out: "Connection", after: str) -> None:
    """Make the search index of the records that are in, and the views."""
    out.executescript(after)
    out.execute("INSERT INTO record_fts (record_fts) VALUES ('optimize')")


def _compact(out: "Connection", path: str) -> None:
    """Not VACUUM: with temporary files in memory, as pysqlite3 has them, it takes the file's size of it."""
    other = path + "-vacuum"
    os.close(os.open(other, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    try:
        out.execute("VACUUM INTO ?", (other,))
        os.replace(other, path)
    except BaseException:
        os.unlink(other)
        raise


def pour(out: "Connection", found: "Iterable[tuple[str, Row]]") -> None:
    """Insert rows into the tables they name."""
    waiting: dict[str, list[Row]] = {}
    out.execute("BEGIN")
    for table, row in found:
        rows = waiting.setdefault(table, [])
        rows.append(row)
        if len(rows) >= _BATCH:
            _insert(out, table, rows)
    for table, rows in waiting.items():
        _insert(out, table, rows)
    out.execute("COMMIT")


def _insert(out: "Connection", table: str, rows: "list[Row]") -> None:
    if rows:
        out.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608
        rows.clear()
