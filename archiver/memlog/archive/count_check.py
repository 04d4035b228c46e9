"""Whether what the archive has counted is what its rows are: sessions, epochs, days, losses, tombstones."""

from collections.abc import Iterator
from typing import Any

from memlog.archive.connection import Connection, Error
from memlog.contracts import DAY_BITS

# rowid order: each row is read once, and only its sums are kept
ROWS_SQL = """
SELECT id, session_id, epoch_id, part = 0, kind, role = 'user', error, bytes, ts_ns FROM record ORDER BY id
"""
SESSIONS_SQL = """
SELECT s.id, s.session, s.records, s.metas, s.tools, s.errors, s.turns, s.bytes, s.first_id, s.last_id,
  s.started_ns, s.ended_ns,
  EXISTS (SELECT 1 FROM tombstone t WHERE t.agent = s.agent AND t.session = s.session)
FROM session s ORDER BY s.id
"""
# index: event_session. The host said it: an event for each time, and the last one counts.
CLOSED_SQL = """
SELECT s.session, s.closed_ns, (SELECT max(ts_ns) FROM event e
    WHERE e.session = s.session AND e.agent = s.agent AND e.event = 'SessionEnd') AS told,
  EXISTS (SELECT 1 FROM tombstone t WHERE t.agent = s.agent AND t.session = s.session)
    OR EXISTS (SELECT 1 FROM archive_link WHERE type IN ('rebuild', 'recover'))
FROM session s WHERE s.closed_ns IS NOT told
"""
# Counters of an archive that lost no row, nor was made anew, are those of its rows.
REDUCED_SQL = """
SELECT EXISTS (SELECT 1 FROM tombstone)
  OR EXISTS (SELECT 1 FROM archive_link WHERE type IN ('rebuild', 'recover'))
"""
# Schemas before 4 count no turns: a backup may be of one.
SESSIONS_OF_3_SQL = SESSIONS_SQL.replace("s.turns", "NULL")
VERSION_SQL = "PRAGMA user_version"
EPOCHS_SQL = """
SELECT e.id, s.session, e.session_id, e.number, e.boundary, e.closed_ns, e.records
FROM epoch e JOIN session s ON s.id = e.session_id ORDER BY e.session_id, e.number
"""
DAYS_SQL = "SELECT day, n, last_ns, lag_ns FROM day ORDER BY day"
FOREIGN_SQL = "PRAGMA foreign_key_check"
GAP_LINKS_SQL = """
SELECT body ->> '$.ring_id', body ->> '$.uid', body ->> '$.after_seq', body ->> '$.before_seq',
  body ->> '$.lost', body ->> '$.reason'
FROM archive_link WHERE type = 'gap'
EXCEPT SELECT lower(hex(r.ring_id)), r.uid, g.after_seq, g.before_seq, g.lost, g.reason
FROM gap g JOIN ring r ON r.id = g.ring
"""
UNLINKED_SQL = """
SELECT lower(hex(r.ring_id)), r.uid, g.after_seq, g.before_seq, g.lost, g.reason
FROM gap g JOIN ring r ON r.id = g.ring
EXCEPT SELECT body ->> '$.ring_id', body ->> '$.uid', body ->> '$.after_seq', body ->> '$.before_seq',
  body ->> '$.lost', body ->> '$.reason'
FROM archive_link WHERE type = 'gap'
"""

Problem = tuple[str, str]
_COUNTED = ("records", "metas", "tools", "errors", "turns", "bytes")
_NAMES = (*_COUNTED, "first_id", "last_id", "started_ns", "ended_ns")
_RANGE = ("first_id", "last_id", "started_ns", "ended_ns")


def check(con: Connection) -> Iterator[Problem]:
    """Where and what is wrong."""
    for table, rowid, parent, _ in con.execute(FOREIGN_SQL):
        yield f"{table} {rowid}", f"the {parent} it names is not there"
    sessions, epochs, days = _count(con)
    (version,) = con.execute(VERSION_SQL).fetchone()
    for id_, name, *told, forgotten in con.execute(SESSIONS_SQL if version > 3 else SESSIONS_OF_3_SQL):
        found = sessions.pop(id_, None) or _Sums(told)
        for what, said, is_ in zip(_NAMES, told, found.as_row(), strict=True):
            # What was forgotten may have been the first or last: a range may be wider than its rows.
            counted = version > 3 or what != "turns"
            if said != is_ and counted and not (forgotten and what in _RANGE and _covers(what, said, is_)):
                yield f"session {name}", f"{what} says {said}, its rows {is_}"
    yield from _epochs(con, epochs)
    exact = not is_reduced(con)
    yield from _closed(con)
    yield from _days(con, days, exact)


def is_reduced(con: Connection) -> bool:
    """True where counters may be above their rows: some were forgotten, or not all came over."""
    try:
        return bool(con.execute(REDUCED_SQL).fetchone()[0])
    except Error:
        return True


def losses(con: Connection) -> Iterator[Problem]:
    """Gaps against the links that noted them: a loss is not made undone."""
    for ring, uid, after, before, *_ in con.execute(GAP_LINKS_SQL):
        yield f"ring {ring}", f"its gap ({uid}: {after}, {before}) was noted, and is not there as it was"
    for ring, uid, after, before, *_ in con.execute(UNLINKED_SQL):
        yield f"ring {ring}", f"its gap ({uid}: {after}, {before}) was never noted so"


def _closed(con: Connection) -> Iterator[Problem]:
    """When the host said that a session ended. What has gone may have said it last."""
    for name, said, told, is_reduced in con.execute(CLOSED_SQL):
        if (told or 0) > (said or 0) or not is_reduced:
            yield f"session {name}", f"closed_ns says {said}, its last SessionEnd {told}"


def _days(con: Connection, days: "dict[int, _Day]", exact: bool) -> Iterator[Problem]:
    """What is counted of each day; above its rows only where some of them may have gone."""
    for day, n, last_ns, lag_ns in con.execute(DAYS_SQL):
        found = days.pop(day, _NO_DAY)
        if n <= found.most or (exact and n != found.most + 1):
            yield f"day {day}", f"its next id would be {n}, and the last one taken is {found.most}"
        if last_ns < found.newest or (exact and last_ns != found.newest):
            yield f"day {day}", f"its newest event is said to be of {last_ns}, and is of {found.newest}"
        if lag_ns < found.lag:
            yield f"day {day}", f"its events are said to come {lag_ns} ns late, and came {found.lag}"
    for day, found in days.items():
        yield f"day {day}", f"it has no counter, and {found.most} is taken"


def _covers(what: str, said: int | None, is_: int | None) -> bool:
    if said is None or is_ is None:
        return is_ is None
    return said <= is_ if what in ("first_id", "started_ns") else said >= is_


class _Sums:
    """What a session's row says of its records."""

    __slots__ = (*_COUNTED, "first", "last", "newest", "oldest")

    def __init__(self, told: list[Any] | None = None) -> None:
        self.records = self.metas = self.tools = self.errors = self.turns = self.bytes = 0
        # A session whose rows are all forgotten, or that only events tell of, keeps its range.
        kept: list[Any] = told[6:] if told else [None] * 4
        self.first, self.last, self.oldest, self.newest = kept

    def add(
        self, id_: int, whole: int, kind: str, users: int | None, error: int, size: int, ts_ns: int
    ) -> None:
        if whole:
            self.records += 1
            self.metas += kind == "meta"
            self.tools += kind == "tool_use"
            self.errors += error
            self.turns += kind == "message" and users == 1
        self.bytes += size
        if self.first is None:
            self.first, self.oldest, self.newest = id_, ts_ns, ts_ns
        self.last = id_
        self.oldest, self.newest = min(self.oldest, ts_ns), max(self.newest, ts_ns)

    def as_row(self) -> tuple[int | None, ...]:
        return (
            self.records, self.metas, self.tools, self.errors, self.turns, self.bytes, self.first,
            self.last, self.oldest, self.newest,
        )  # fmt: skip


class _Day:
    """The rows of a day. most: the largest number; lag: most that an event came after a newer one."""

    __slots__ = ("lag", "most", "newest")

    def __init__(self, most: int, newest: int) -> None:
        self.most, self.newest, self.lag = most, newest, 0

    def add(self, number: int, ts_ns: int) -> None:
        self.most = number
        if ts_ns > self.newest:
            self.newest = ts_ns
        elif self.newest - ts_ns > self.lag:
            self.lag = self.newest - ts_ns


_NO_DAY = _Day(-1, -1 << 63)


def _count(con: Connection) -> tuple[dict[int, _Sums], dict[int, tuple[int, int]], dict[int, _Day]]:
    """Sums by session; (records, session) by epoch; what is of each day."""
    sessions: dict[int, _Sums] = {}
    epochs: dict[int, tuple[int, int]] = {}
    days: dict[int, _Day] = {}
    low = (1 << DAY_BITS) - 1
    for id_, session, epoch, whole, kind, users, error, size, ts_ns in con.execute(ROWS_SQL):
        sums = sessions.get(session)
        if sums is None:
            sums = sessions[session] = _Sums()
        sums.add(id_, whole, kind, users, error, size, ts_ns)
        n, of = epochs.get(epoch, (0, session))
        epochs[epoch] = (n + whole, of if of == session else -1)
        day = days.get(id_ >> DAY_BITS)
        if day is None:
            day = days[id_ >> DAY_BITS] = _Day(-1, ts_ns)
        day.add(id_ & low, ts_ns)
    return sessions, epochs, days


def _epochs(con: Connection, found: dict[int, tuple[int, int]]) -> Iterator[Problem]:
    session, expected, open_ = None, 0, False
    for id_, name, session_id, number, boundary, closed_ns, records in con.execute(EPOCHS_SQL):
        where = f"session {name}, epoch {number}"
        if session_id != session:
            session, expected, open_ = session_id, 0, False
        if number != expected or (not boundary) != (number == 0):
            yield where, f"it stands where epoch {expected} belongs"
        if open_:
            yield where, "it follows an epoch that is not closed"
        expected, open_ = expected + 1, closed_ns is None
        counted, of = found.get(id_, (0, session_id))
        if counted != records:
            yield where, f"records says {records}, its rows {counted}"
        if of != session_id:
            yield where, "records of another session point to it"
