"""What transcripts are short of: holes that capture passes left, how they heal, and how far each is archived.

A capture pass ends with an event that says which bytes it covered and how many records it wrote.
The records of one pass come from one process, so they are counted per ring and pid.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.contracts import DAY_NS

ARRIVING_SQL = "SELECT records FROM arriving WHERE ring = :ring AND pid = :pid"
ARRIVED_SQL = "DELETE FROM arriving WHERE ring = :ring AND pid = :pid"
COUNT_SQL = """
INSERT INTO arriving (ring, pid, records, updated_ns) VALUES (:ring, :pid, :n, :now_ns)
ON CONFLICT (ring, pid) DO UPDATE SET records = records + excluded.records, updated_ns = excluded.updated_ns
"""
STALE_SQL = "DELETE FROM arriving WHERE updated_ns < :before"

# index: transcript, its primary key
TRANSCRIPT_SQL = "SELECT archived, state, seen, seen_state FROM transcript WHERE path = :path"
SAVE_TRANSCRIPT_SQL = """
INSERT INTO transcript (path, session_id, archived, state, seen, seen_state, updated_ns)
VALUES (:path, :session, :archived, :state, :seen, :seen_state, :now_ns)
ON CONFLICT (path) DO UPDATE SET session_id = coalesce(excluded.session_id, session_id),
  archived = excluded.archived, state = excluded.state, seen = excluded.seen,
  seen_state = excluded.seen_state, updated_ns = excluded.updated_ns
"""
# index: hole_open
ADD_HOLE_SQL = """
INSERT INTO hole (session_id, path, start, stop, state, noticed_ns)
VALUES (:session, :path, :start, :stop, :state, :now_ns)
ON CONFLICT (path, start) WHERE healed_ns IS NULL DO UPDATE SET stop = max(stop, excluded.stop)
"""
FIRST_HOLE_SQL = """
SELECT start, state FROM hole WHERE path = :path AND healed_ns IS NULL ORDER BY start LIMIT 1
"""
COVERED_SQL = """
UPDATE hole SET healed_ns = :now_ns
WHERE path = :path AND healed_ns IS NULL AND start >= :start AND stop <= :stop
"""
HEAL_SQL = "UPDATE hole SET healed_ns = :now_ns WHERE id = :id AND healed_ns IS NULL"
HOLE_SQL = "SELECT path FROM hole WHERE id = :id"
HOLES_SQL = """
SELECT h.id, h.session_id, s.agent, s.session, h.path, h.start, h.stop, h.state, h.noticed_ns
FROM hole h JOIN session s ON s.id = h.session_id WHERE h.healed_ns IS NULL ORDER BY h.path, h.start
"""
_MOST = (1 << 63) - 1


class Hole(NamedTuple):
    """Bytes of a transcript that were captured and did not all arrive.

    state: the reader's watermark at `start`, JSON; None: only a read from the beginning gives it.
    """

    id: int
    session_id: int
    agent: str
    session: str
    path: str
    start: int
    stop: int
    state: str | None
    noticed_ns: int


def open_holes(con: Connection) -> list[Hole]:
    """Every hole that is not healed, by path and place."""
    return [Hole(*row) for row in con.execute(HOLES_SQL)]


def heal(con: Connection, hole_id: int, *, now_ns: int) -> dict[str, Any] | None:
    """The bytes of this hole were read again; the transcript's archived watermark, if it moved by that."""
    if not con.execute(HEAL_SQL, {"id": hole_id, "now_ns": now_ns}).rowcount:
        return None
    (path,) = con.execute(HOLE_SQL, {"id": hole_id}).fetchone()
    row = con.execute(TRANSCRIPT_SQL, {"path": path}).fetchone()
    return _save(con, path, None, _held(row), now_ns) if row else None


def count_arrived(con: Connection, ring: int | None, counts: Mapping[int, int], *, now_ns: int) -> None:
    """Note the records of capture passes whose last event has not come yet, by pid."""
    rows = [{"ring": ring or 0, "pid": pid, "n": n, "now_ns": now_ns} for pid, n in counts.items() if n]
    con.executemany(COUNT_SQL, rows)


def forget_stale(con: Connection, *, now_ns: int) -> None:
    """Drop what passes killed more than a day ago had written: their bytes were captured again."""
    con.execute(STALE_SQL, {"before": now_ns - DAY_NS})


def captured(
    con: Connection,
    session_id: int,
    data: Mapping[str, Any],
    ring: int | None,
    pid: int,
    arrived: int,
    now_ns: int,
) -> dict[str, Any] | None:
    """A capture pass has arrived; the watermark up to which its transcript is archived now, if any.

    arrived: records of this pid in the running batch, before the event. What is missing becomes a hole.
    """
    key = {"ring": ring or 0, "pid": pid}
    row = con.execute(ARRIVING_SQL, key).fetchone()
    con.execute(ARRIVED_SQL, key)
    span = _span(data)
    if span is None:
        return None
    path, start, stop, state = span
    whole = arrived + (row[0] if row else 0) == data.get("count")
    return _cover(con, session_id, path, start, stop, state, whole, now_ns)


def pending(con: Connection, session_id: int, data: Mapping[str, Any], now_ns: int) -> None:
    """Bytes were handed over through the spool: a hole until they are read from there."""
    span = _span(data)
    if span is not None:
        path, start, stop, state = span
        held = _transcript(con, path, start, state)
        if start > held["seen"]:
            _hole(con, session_id, path, held["seen"], start, held["seen_state"], now_ns)
        _hole(con, session_id, path, start, stop, state, now_ns)
        if stop >= held["seen"]:
            held.update(seen=stop, seen_state=None)
        _save(con, path, session_id, held, now_ns)


def imported(
    con: Connection, watermark: Mapping[str, Any], session_id: int | None, now_ns: int
) -> dict[str, Any] | None:
    """Everything of a transcript before this watermark was archived; the archived one, if it moved."""
    path, offset = watermark.get("path"), _offset(watermark.get("offset"))
    if not isinstance(path, str) or offset is None:
        return None
    state = body.to_json(dict(watermark))
    held = _transcript(con, path, 0, state)
    if offset >= held["seen"]:
        held.update(seen=offset, seen_state=state)
    con.execute(COVERED_SQL, {"path": path, "start": 0, "stop": offset, "now_ns": now_ns})
    return _save(con, path, session_id, held, now_ns)


def _cover(
    con: Connection,
    session_id: int,
    path: str,
    start: int,
    stop: int,
    state: str | None,
    whole: bool,
    now_ns: int,
) -> dict[str, Any] | None:
    held = _transcript(con, path, start, state)
    if start > held["seen"]:
        _hole(con, session_id, path, held["seen"], start, held["seen_state"], now_ns)
    if whole:
        con.execute(COVERED_SQL, {"path": path, "start": start, "stop": stop, "now_ns": now_ns})
    else:
        before = held["seen_state"] if start == held["seen"] else None
        _hole(con, session_id, path, start, stop, before, now_ns)
    if stop >= held["seen"] or (whole and start == 0):
        held.update(seen=stop, seen_state=state)
    return _save(con, path, session_id, held, now_ns)


def _save(
    con: Connection, path: str, session_id: int | None, held: dict[str, Any], now_ns: int
) -> dict[str, Any] | None:
    """Write the row with `archived` at its first hole or, without one, where capture has come to."""
    row = con.execute(FIRST_HOLE_SQL, {"path": path}).fetchone()
    archived, state = row or (held["seen"], held["seen_state"])
    moved = (archived, state) != (held["archived"], held["state"])
    held.update(archived=archived, state=state)
    con.execute(SAVE_TRANSCRIPT_SQL, {**held, "path": path, "session": session_id, "now_ns": now_ns})
    return _watermark(state) if moved and state else None


def _held(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("archived", "state", "seen", "seen_state"), row, strict=True))


def _transcript(con: Connection, path: str, start: int, state: str | None) -> dict[str, Any]:
    """The row of a path; reset where the path names another file than it did."""
    row = con.execute(TRANSCRIPT_SQL, {"path": path}).fetchone()
    held = _held(row or (0, None, 0, None))
    old, new = _watermark(held["seen_state"]), _watermark(state)
    if start == 0 and old and new and (old.get("dev"), old.get("ino")) != (new.get("dev"), new.get("ino")):
        held = {"archived": 0, "state": None, "seen": 0, "seen_state": None}
    return held


def _hole(
    con: Connection, session_id: int, path: str, start: int, stop: int, state: str | None, now_ns: int
) -> None:
    if stop > start:
        row = {"session": session_id, "path": path, "start": start, "stop": stop, "state": state}
        con.execute(ADD_HOLE_SQL, {**row, "now_ns": now_ns})


def _span(data: Mapping[str, Any]) -> tuple[str, int, int, str | None] | None:
    path, state = data.get("path"), data.get("watermark")
    start, stop = _offset(data.get("from")), _offset(data.get("to"))
    if not isinstance(path, str) or start is None or stop is None or stop < start:
        return None
    return path, start, stop, body.to_json(state) if isinstance(state, dict) else None


def _offset(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    return value if fits else None


def _watermark(state: str | None) -> dict[str, Any] | None:
    found = json.loads(state) if state else None
    return found if isinstance(found, dict) else None
