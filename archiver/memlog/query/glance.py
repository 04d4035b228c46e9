"""Is the archive's file whole, as far as a moment tells: what `memlog admin verify` asks of every page."""

import time

from memlog.archive.connection import Connection, Error

_MOMENT_S = 0.15
_STEPS = 1_000  # of SQLite between two looks at the clock

# index: each table's own; of the index's rows those every search begins with
READ_SQL = (
    "SELECT count(*), sum(length(sql)) FROM sqlite_master",
    "SELECT count(length(block)) FROM record_fts_data WHERE id IN (1, 10)",
    "SELECT sum(length(body)) FROM (SELECT body FROM record ORDER BY id DESC LIMIT 100)",
    "SELECT sum(length(data)) FROM (SELECT data FROM event ORDER BY id DESC LIMIT 100)",
)
# A search reads the index and then rows: in this order, as far as a moment goes.
CHECK_SQL = (
    "PRAGMA quick_check(record_fts_data)",
    "PRAGMA quick_check(record_fts_idx)",
    "PRAGMA quick_check(session)",
    "PRAGMA quick_check(epoch)",
    "PRAGMA quick_check(event)",
    "PRAGMA quick_check(record)",
)


def fault(con: Connection) -> str:
    """The first thing that is wrong with the archive's pages; "" where a moment finds nothing."""
    until = time.monotonic() + _MOMENT_S
    try:
        for sql in READ_SQL:
            con.execute(sql).fetchall()
        con.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        for sql in CHECK_SQL:
            found = str(con.execute(sql).fetchone()[0])
            if found != "ok":
                return found.removeprefix("*** in database main ***\n").partition("\n")[0]
    except Error as exc:
        return "" if "interrupted" in str(exc) else str(exc)
    finally:
        con.set_progress_handler(None, 0)
    return ""
