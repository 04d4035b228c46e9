"""The index of an older memlog brought up to date: each text prepared as this version does it, in batches.

Meanwhile every record is found as it was; what only the new preparation finds (parts of identifiers,
emoji, full-width forms) is found in those that are done, and a search says how many these are.
"""

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.archive.prepare import TEXT_VERSION, prepare, tags
from memlog.contracts import DAY_BITS
from memlog.errors import ArchiveError

STATE_SQL = "SELECT text_version, prepared FROM archive"
# index: the record's primary key
NEXT_SQL = """
SELECT id, session_id, kind, role, tool, error, body, packing, text_bytes FROM record
WHERE id > :after ORDER BY id LIMIT :most
"""
REPLACE_SQL = "INSERT OR REPLACE INTO record_fts (rowid, text, tags) VALUES (?, ?, ?)"
MOVED_SQL = "UPDATE archive SET prepared = :prepared"
DONE_SQL = "UPDATE archive SET text_version = :version"
# index: the event's primary key
NEXT_EVENTS_SQL = "SELECT id, text FROM v_event_text WHERE id > :after AND text <> '' ORDER BY id LIMIT :most"
REPLACE_EVENT_SQL = "INSERT OR REPLACE INTO event_fts (rowid, text) VALUES (?, ?)"

RECORDS = 500  # of one batch: a quarter of a second


def step(con: Connection, most: int = RECORDS) -> bool:
    """One batch, inside the caller's transaction; False when there is nothing left to do."""
    version, prepared = con.execute(STATE_SQL).fetchone()
    if version >= TEXT_VERSION:
        return False
    if prepared < 0:  # the records are done: the events up to this one, too
        return _events(con, ~prepared, most)
    rows = con.execute(NEXT_SQL, {"after": prepared, "most": most}).fetchall()
    con.executemany(REPLACE_SQL, (_row(*row) for row in rows))
    con.execute(MOVED_SQL, {"prepared": rows[-1][0] if rows else ~0})
    return True


def _events(con: Connection, after: int, most: int) -> bool:
    rows = con.execute(NEXT_EVENTS_SQL, {"after": after, "most": most}).fetchall()
    if not rows:
        con.execute(DONE_SQL, {"version": TEXT_VERSION})
        return False
    con.executemany(REPLACE_EVENT_SQL, ((id_, prepare(text)) for id_, text in rows))
    con.execute(MOVED_SQL, {"prepared": ~rows[-1][0]})
    return True


def _row(
    id_: int, session: int, kind: str, role: str | None, tool: str | None, error: int, packed: bytes,
    packing: int, text_bytes: int | None,
) -> tuple[int, str, str]:  # fmt: skip
    try:
        text = body.text_of(packed, packing, text_bytes)
    except ArchiveError:
        text = ""  # verify's business
    return id_, prepare(text), tags(session, id_ >> DAY_BITS, kind, role, tool, error)
