"""After rows went: no byte of them stays in the index, the write-ahead log, free pages or copies.

Every step is bounded and may be run again. Where a reader holds the log it is waited for, and then named.
"""

import os
import time
from collections.abc import Iterator

from memlog.archive import before, pages, place, workshop
from memlog.archive.connection import Connection, sqlite3
from memlog.archive.store import Archive
from memlog.archive.transaction import translate
from memlog.errors import UnavailableError
from memlog.paths import sync_dir

# index: the row an index describes itself in; sqlite.org/fts5.html, "contentless-delete tables"
STRUCTURE_SQL = {
    "record_fts": "SELECT block FROM record_fts_data WHERE id = 10",
    "event_fts": "SELECT block FROM event_fts_data WHERE id = 10",
}
BEGIN_SQL = {
    "record_fts": "INSERT INTO record_fts (record_fts, rank) VALUES ('merge', -(:pages))",
    "event_fts": "INSERT INTO event_fts (event_fts, rank) VALUES ('merge', -(:pages))",
}
STEP_SQL = {
    "record_fts": "INSERT INTO record_fts (record_fts, rank) VALUES ('merge', :pages)",
    "event_fts": "INSERT INTO event_fts (event_fts, rank) VALUES ('merge', :pages)",
}
OPTIMIZE_SQL = {
    "record_fts": "INSERT INTO record_fts (record_fts) VALUES ('optimize')",
    "event_fts": "INSERT INTO event_fts (event_fts) VALUES ('optimize')",
}

_PAGES = 500
_ROUNDS = 3
_READER_S = 10.0
_V2 = b"\xff\x00\x00\x01"
_BUSY = "a reader holds the write-ahead log, which still has what was forgotten"
_CLOSE = "close what reads (memlog serve), then: memlog admin forget --apply"


def index(archive: Archive, *, always: bool = False) -> Iterator[str]:
    """Merge both indexes until none holds a word of a deleted row, a bounded transaction a step.

    always: into one piece each, also where no row was deleted.
    """
    for table in STRUCTURE_SQL:
        if always:
            yield from _merge(archive, table)
        for _ in range(_ROUNDS):
            if not deleted(archive.con, table):
                break
            yield from _merge(archive, table)
        else:
            with archive.transaction() as con:  # new rows came faster than it could merge
                con.execute(OPTIMIZE_SQL[table])
            yield "index"


def deleted(con: Connection, table: str) -> int:
    """Deleted rows whose words an index still holds."""
    row = con.execute(STRUCTURE_SQL[table]).fetchone()
    return _deleted_in(row[0]) if row is not None else 0


def _merge(archive: Archive, table: str) -> Iterator[str]:
    sql, changed = BEGIN_SQL[table], 2
    while changed >= 2:
        before_ = archive.con.total_changes
        with archive.transaction() as con:
            con.execute(sql, {"pages": _PAGES})
        changed, sql = archive.con.total_changes - before_, STEP_SQL[table]
        yield "index"


def _deleted_in(block: bytes) -> int:
    """The sum of the tombstones of every segment of an FTS5 structure record."""
    if block[4:8] != _V2:
        return 0
    at = 8

    def take() -> int:
        nonlocal at
        value = 0
        for n in range(9):
            byte = block[at]
            at += 1
            if n == 8:
                return value << 8 | byte
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                break
        return value

    levels, _, _ = take(), take(), take()
    found = 0
    for _ in range(levels):
        _, segments = take(), take()
        for _ in range(segments):
            *_, pages_, entries, _ = [take() for _ in range(8)]
            found += entries or pages_
    return found


def copies(archive: Archive) -> list[str]:
    """Copies of the archive that held what was forgotten, and are gone."""
    removed = before.leftovers(archive.home.archive)
    for path in removed:
        os.unlink(path)
    workshop.clear(workshop.workshop(archive.home))
    place.clear(archive.home)
    if removed:
        sync_dir(archive.home.root)
    return removed


def log(archive: Archive) -> Iterator[str]:
    """Copy the write-ahead log into the archive and cut it to nothing.

    Raises: UnavailableError when somebody reads for so long that it cannot be cut.
    """
    until = time.monotonic() + _READER_S
    while archive.checkpoint(truncate=True) or _log_bytes(archive):
        if time.monotonic() > until:
            raise UnavailableError(_BUSY, hint=_CLOSE)
        yield "a reader holds the write-ahead log"


def _log_bytes(archive: Archive) -> int:
    try:
        return os.stat(archive.home.archive + "-wal").st_size
    except FileNotFoundError:
        return 0


def free(archive: Archive) -> int:
    """Bytes of no row that were made zero in the archive's pages. The log must be empty."""
    path, found, certain = archive.home.archive, 0, True

    def clean() -> None:
        nonlocal found, certain
        certain = pages.can_clean(path)
        found = pages.clean(path) if certain else 0

    # Closed meanwhile: to close another descriptor of the file drops the locks SQLite holds in this process.
    archive.reopen(clean)
    if not certain:
        try:
            archive.con.execute("VACUUM")
        except sqlite3.Error as exc:
            raise translate(exc, path) from exc
    return found
