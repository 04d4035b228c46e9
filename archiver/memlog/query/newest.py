"""Hits in exact order of time, newest first, read from the index no further than needed."""

from heapq import heappush, heappushpop

from memlog.contracts import DAY_BITS
from memlog.query import words
from memlog.query.selection import EVENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from memlog.archive.connection import Connection
    from memlog.query.hit import Hit, Hits
    from memlog.query.search import Asked
    from memlog.query.where import Value, Where
    from memlog.query.words import Question

    Found = tuple[int, int, int, int, str, int]

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
    found = _in_order(asked, matching(asked.con, asked.where, match, most, asked.meta_last))
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
        ids = listed(asked.con, asked.where, words.excluded(question), most, asked.meta_last)
        hits += _in_order(asked, ids)
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


def matching(con: "Connection", where: "Where", match: str, limit: int, meta_last: bool) -> list[int]:
    """Ids of the newest records that answer."""
    return _by_time(con, where.rest, HITS_SQL, where.values | {"match": match}, "", limit, meta_last)


def listed(
    con: "Connection", where: "Where", unwanted: str | None, limit: int, meta_last: bool
) -> list[int]:  # fmt: skip
    """Ids of the newest of a selection, without what matches `unwanted`."""
    values = where.values
    condition = FIRST_PART
    if unwanted is not None:
        values = values | {"unwanted": f"{{text}} : ({unwanted})"}
        condition += NOT_MATCHING
    if where.one_session:
        return _by_time(con, where.sql, OF_SESSION_SQL, values, condition, limit, meta_last)
    if where.tags:
        return _by_time(
            con, where.rest, HITS_SQL, values | {"match": where.tags}, condition, limit, meta_last
        )  # fmt: skip
    return _by_time(con, where.sql, ALL_SQL, values, condition, limit, meta_last)


def _by_time(
    con: "Connection", chosen: str, sql: tuple[str, str], values: "dict[str, Value]", condition: str,
    limit: int, meta_last: bool,
) -> list[int]:  # fmt: skip
    """The newest `limit`; bookkeeping lines only where there is nothing else."""
    for meta in (NOT_META, ONLY_META) if meta_last else ("",):
        rows = con.execute(sql[0] + chosen + condition + meta + sql[1], values)
        ids = _latest(con, rows, limit, sql is OF_SESSION_SQL)
        rows.close()
        if ids:
            return ids
    return []


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
