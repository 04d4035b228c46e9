"""What hosts told hooks, as rows, and the index of its text."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from memlog.archive.connection import Connection
from memlog.archive.prepare import prepare

ADD_SQL = """
INSERT INTO event (id, ring, seq, uid, pid, digest, agent, session, event, ts_ns, written_ns, archived_ns,
  data)
VALUES (:id, :ring, :seq, :uid, :pid, :digest, :agent, :session, :event, :ts_ns, :written_ns, :archived_ns,
  :data)
ON CONFLICT (digest) DO NOTHING
"""
# index: the event's primary key
TEXTS_SQL = """
SELECT id, text FROM v_event_text WHERE id IN (SELECT value FROM json_each(:ids)) AND text <> ''
"""
ALL_TEXTS_SQL = "SELECT id, text FROM v_event_text WHERE text <> ''"
INDEX_SQL = "INSERT INTO event_fts (rowid, text) VALUES (?, ?)"


def add(con: Connection, row: Mapping[str, Any]) -> int:
    """The id of a new event; 0 where it is there already. Call `index` for it in the same transaction.

    row: may name an id that is free.
    """
    cursor = con.execute(ADD_SQL, {"id": None, **row})
    return (cursor.lastrowid or 0) if cursor.rowcount else 0


def index(con: Connection, ids: Sequence[int]) -> None:
    """Make the text of new events searchable."""
    if ids:
        _index(con, con.execute(TEXTS_SQL, {"ids": json.dumps(ids)}).fetchall())


def index_all(con: Connection) -> None:
    """Make the text of every event searchable, none of which was."""
    _index(con, con.execute(ALL_TEXTS_SQL).fetchall())


def _index(con: Connection, texts: list[tuple[int, str]]) -> None:
    con.executemany(INDEX_SQL, ((event, prepare(text)) for event, text in texts))
