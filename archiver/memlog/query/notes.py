"""What an archive holds besides records, as portable lines: rings, events, gaps, holes, damage, sessions."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from memlog import portable
from memlog.archive.body import to_json

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

RINGS_SQL = """
SELECT ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns, drained_ns FROM ring ORDER BY id
"""
EVENTS_SQL = """
SELECT v.id, v.session, v.agent, v.event, v.ts, v.ts_ns, v.data, v.ring_id, v.seq, v.uid, v.pid, v.written_ns,
  v.archived_ns, e.digest FROM event e JOIN v_event v ON v.id = e.id ORDER BY e.id
"""
GAPS_SQL = """
SELECT r.ring_id, r.uid, g.after_seq, g.before_seq, g.lost, g.reason, g.recovered, g.healed_ns, g.noticed_ns
FROM gap g JOIN ring r ON r.id = g.ring ORDER BY g.id
"""
HOLES_SQL = """
SELECT s.agent, s.session, h.path, h.start, h.stop, h.state, h.noticed_ns
FROM hole h JOIN session s ON s.id = h.session_id WHERE h.healed_ns IS NULL ORDER BY h.id
"""
DAMAGE_SQL = "SELECT source, place, reason, noticed_ns, data FROM damage ORDER BY id"
SESSIONS_SQL = "SELECT id, agent, session, title, closed_ns FROM session ORDER BY id"
# index: epoch (session_id, boundary)
EPOCHS_SQL = """
SELECT number AS epoch, boundary, place, opened_ns, closed_ns, cause AS trigger,
  cause_before AS tokens_before, cause_after AS tokens_after FROM epoch
WHERE session_id = :session ORDER BY number
"""


def lines(con: "Connection") -> Iterator[dict[str, Any]]:
    """One object a line; with the records they are the whole archive."""
    yield from (portable.note("ring", row) for row in _rows(con, RINGS_SQL))
    for row in _rows(con, EVENTS_SQL):
        yield portable.note("event", row | _data(row.pop("data")))
    yield from (portable.note("gap", row) for row in _rows(con, GAPS_SQL))
    yield from (portable.note("hole", row) for row in _rows(con, HOLES_SQL))
    for row in _rows(con, DAMAGE_SQL):
        yield portable.note("damage", row | {"data_b64": b64encode(row.pop("data")).decode()})
    for row in _rows(con, SESSIONS_SQL):
        epochs = [_said(epoch) for epoch in _rows(con, EPOCHS_SQL, session=row.pop("id"))]
        yield portable.note("session", row | {"epochs": epochs})


def _data(text: str) -> dict[str, Any]:
    """What the host said: as an object where that gives the same text again, else the text."""
    try:
        value = json.loads(text)
        if to_json(value) == text:
            return {"data": value}
    except (ValueError, RecursionError):
        pass
    return {"data_json": text}


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _rows(con: "Connection", sql: str, **values: Any) -> Iterator[dict[str, Any]]:
    cursor = con.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)
