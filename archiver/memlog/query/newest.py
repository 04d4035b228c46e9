"""Hits in exact order of time, newest first, read from the index no further than needed."""

import time
from heapq import heappush, heappushpop

from memlog.contracts import DAY_BITS
from memlog.query import dates, words
from memlog.query.selection import EVENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from memlog.archive.connection import Connection
    from memlog.query.hit import Hit, Hits
    from memlog.query.search import Asked
    from memlog.query.where import Value
    from memlog.query.words import Question

    Found = tuple[int, int, int, int, str, int]

# A pattern such as `p*zzz` may have every text of a million looked through.
READ_S = 5.0

# CROSS JOIN keeps the index outside: it gives its hits newest first without sorting them.
HITS_SQL = (
    """SELECT r.id, r.ts_ns, r.parts, r.session_id, r.source_id, r.block
  FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND """,
    " ORDER BY f.rowid DESC",
)
ALL_SQL = (
    "SELECT r.id, r.ts_ns, r.parts, r.session_id, r.source_id, r.block FROM record r WHERE ",
    " ORDER BY r.id DESC",
)
OF_SESSION_SQL = (
    """SELECT r.id, r.ts_ns, r.parts, r.session_id, r.source_id, r.block
  FROM record r INDEXED BY record_session WHERE """,
    " ORDER BY r.ts_ns DESC, r.id DESC",
)
NOT_META = " AND r.kind <> 'meta'"
ONLY_META = " AND r.kind = 'meta'"
FIRST_PART = " AND r.part = 0"
NOT_MATCHING = " AND r.id NOT IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :unwanted)"
LAG_SQL = "SELECT lag_ns FROM day WHERE day = :day"


def answering(asked: "Asked", expression: str) -> "list[Hit]":
    """The newest hits of an FTS5 expression over the text."""
    match, most = asked.where.match(expression), asked.limit + len(asked.seen)
    where = asked.where
    ids = _by_time(asked, where.rest, HITS_SQL, where.values | {"match": match}, "", most)
    found = _in_order(asked, ids)
    asked.answered |= bool(found)
    return found


def without_words(asked: "Asked", question: "Question", text: str, hits: "Hits") -> None:
    """What a question shows that says no word to look for: the newest of what its filters mean."""
    narrowed = bool(question.filters or question.exclude or not text.strip())
    if question.empty or not narrowed:
        question.note_empty(" ".join(question.empty) or text)
    if narrowed:
        if question.unions and not asked.newest:
            question.note_joined()
        most = asked.limit + len(asked.seen)
        hits += _in_order(asked, _listed(asked, words.excluded(question), most))
        _add_events(asked, hits)


def _in_order(asked: "Asked", ids: list[int]) -> "list[Hit]":
    hits = asked.hits([id_ for id_ in ids if id_ not in asked.seen][: asked.limit], {})
    return [hits[id_] for id_ in ids if id_ in hits and hits[id_].identity not in asked.seen_parts]


def _add_events(asked: "Asked", hits: "Hits") -> None:
    """Add the newest events of the selection, where it names them or nothing but them is there."""
    named = EVENT in (asked.selection.kind or ())
    only = asked.selection.session is not None and not asked.where.one_session and not hits
    if (named or only) and asked.selection.takes_events and len(hits) < asked.limit:
        from memlog.query import event

        room = asked.limit - len(hits)
        told = event.newest(asked.con, asked.selection, room + len(asked.seen))
        hits += [one for one in told if one.id not in asked.seen][:room]
        hits.sort(key=lambda hit: -hit.ts_ns)


def _listed(asked: "Asked", unwanted: str | None, limit: int) -> list[int]:
    """Ids of the newest of the selection, without what matches `unwanted`."""
    where, values = asked.where, asked.where.values
    condition = FIRST_PART
    if unwanted is not None:
        values = values | {"unwanted": f"{{text}} : ({unwanted})"}
        condition += NOT_MATCHING
    if where.one_session:
        return _by_time(asked, where.sql, OF_SESSION_SQL, values, condition, limit)
    if where.tags:
        return _by_time(asked, where.rest, HITS_SQL, values | {"match": where.tags}, condition, limit)
    return _by_time(asked, where.sql, ALL_SQL, values, condition, limit)


def _by_time(
    asked: "Asked", chosen: str, sql: tuple[str, str], values: "dict[str, Value]", condition: str, limit: int
) -> list[int]:
    """The newest `limit`; bookkeeping lines only where there is nothing else, and time is left to look."""
    head = sql[0]
    if asked.where.reads:
        for one in asked.where.reads:
            chosen = chosen.replace(f" AND {one}", "", 1)
        head = head.replace("r.block", f"r.block, {' AND '.join(asked.where.reads)}", 1)
    for meta in (NOT_META, ONLY_META) if asked.meta_last else ("",):
        rows = asked.con.execute(head + chosen + condition + meta + sql[1], values)
        found = _looked_through(asked, rows) if asked.where.reads else rows
        ids = _latest(asked.con, found, limit, sql is OF_SESSION_SQL)
        rows.close()
        if ids or asked.notes:
            return ids
    return []


def _looked_through(asked: "Asked", rows: "Iterable[tuple[Any, ...]]") -> "Iterator[Found]":
    """Of rows that end with whether their text has what is meant, those that have it, while time is left."""
    stop = None
    for *row, has in rows:
        if stop is None:
            most = READ_S if asked.seconds is None else min(asked.seconds, READ_S)
            stop = time.monotonic() + most  # what the index takes to begin is not reading
        if has:
            yield tuple(row)
        if time.monotonic() > stop:
            asked.more = True
            asked.notes.append(
                f"records before {dates.iso(row[1])} were not read: what a path or version looks like inside "
                "its words no index knows; --session, --project or --until looks at fewer"
            )
            return


def _latest(con: "Connection", rows: "Iterable[Found]", limit: int, sorted_by_time: bool) -> list[int]:
    """Ids of the newest `limit` of rows that come in descending order of id.

    Ids follow the days, and within a day the order of arrival, which was never later than the
    day's lag: once enough rows are newer than that can explain, what is left is older.
    """
    best: list[tuple[int, int]] = []  # a heap, its oldest first
    seen: set[tuple[int, str, int]] = set()
    day, lag, bound = -1, 0, 0
    for row in rows:
        id_, ts_ns = row[:2]
        if row[2] > 1:
            if row[3:] in seen:
                continue
            seen.add(row[3:])
        full = len(best) == limit
        if id_ >> DAY_BITS != day or sorted_by_time:
            if full:
                break
            day = id_ >> DAY_BITS
            lag = lag_of(con, day)
            bound = ts_ns + lag
        bound = min(bound, ts_ns + lag)
        if not full:
            heappush(best, (ts_ns, id_))
        elif best[0][0] > bound:
            break
        else:
            heappushpop(best, (ts_ns, id_))
    best.sort(reverse=True)
    return [id_ for _, id_ in best]


def lag_of(con: "Connection", day: int) -> int:
    """How much later than its newest record one of this day came at most."""
    row = con.execute(LAG_SQL, {"day": day}).fetchone()
    return row[0] if row else 1 << 62
