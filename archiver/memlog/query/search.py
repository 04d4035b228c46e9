"""Records that answer a question, best first.

A search is a process of its own while a person or an agent waits: this module and all it
imports load neither re, json, cbor2, typing, dataclasses nor pathlib.
"""

from heapq import heappush, heappushpop

from memlog.archive.connection import Error
from memlog.contracts import DAY_BITS
from memlog.errors import ArchiveError, NotFoundError, QueryError
from memlog.query import words
from memlog.query.hit import Hit, Hits, context_of
from memlog.query.selection import Selection, where

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from memlog.archive.connection import Connection
    from memlog.query.selection import Value, Where

    Found = tuple[int, int, int, int, str, int]

__all__ = ["CANDIDATES", "NOT_MATCHING", "Hit", "Hits", "find"]

# Ranking costs what it has hits, newest-first does not: bm25 over the newest 2,000 is exact for all but
# very common words and takes 8 ms instead of 224 at a million records.
CANDIDATES = 2_000
EVENT = "event"  # text that only a hook delivered
META = "meta"  # bookkeeping lines of hosts: they repeat what other records say, so they come last

# CROSS JOIN keeps the index outside: it gives its hits newest first without sorting them.
HITS_SQL = """SELECT id, score FROM (
  SELECT f.rowid AS id, f.rank AS score FROM record_fts f
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high
  ORDER BY f.rowid DESC LIMIT :candidates) ORDER BY score, id DESC"""
CHOSEN_HITS_SQL = (
    """SELECT id, score FROM (
  SELECT f.rowid AS id, f.rank AS score FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND """,
    " ORDER BY f.rowid DESC LIMIT :candidates) ORDER BY score, id DESC",
)
COUNT_SQL = """SELECT count(*) FROM (SELECT 1 FROM record_fts f
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high LIMIT :most)"""
CHOSEN_COUNT_SQL = (
    """SELECT count(*) FROM (SELECT 1 FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND """,
    " LIMIT :most)",
)
NEWEST_HITS_SQL = (
    """SELECT r.id, r.ts_ns, r.parts, r.session_id, r.source_id, r.block
  FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND """,
    " ORDER BY f.rowid DESC",
)
NEWEST_SQL = (
    "SELECT r.id, r.ts_ns, r.parts, r.session_id, r.source_id, r.block FROM record r WHERE ",
    " ORDER BY r.id DESC",
)
NEWEST_OF_SESSION_SQL = (
    """SELECT r.id, r.ts_ns, r.parts, r.session_id, r.source_id, r.block
  FROM record r INDEXED BY record_session WHERE """,
    " ORDER BY r.ts_ns DESC, r.id DESC",
)
NOT_META = " AND r.kind <> 'meta'"
ONLY_META = " AND r.kind = 'meta'"
FIRST_PART = " AND r.part = 0"
NOT_MATCHING = " AND r.id NOT IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :unwanted)"
LAG_SQL = "SELECT lag_ns FROM day WHERE day = :day"

# primary keys all the way; one statement for all rows costs a third of one for each
ROWS_SQL = """
SELECT r.id, s.session, e.number, r.seq, r.ts_ns, s.agent, s.project, r.kind, r.role, r.tool, r.source_id,
  r.block, r.part, r.parts, lower(hex(r.digest)), r.error, r.session_id, r.body, r.packing, r.text_bytes
FROM json_each(:ids) j CROSS JOIN record r ON r.id = j.value JOIN session s ON s.id = r.session_id
  JOIN epoch e ON e.id = r.epoch_id
"""
EVENTS_SQL = """SELECT id, score FROM (
  SELECT f.rowid AS id, f.rank AS score FROM event_fts f WHERE f.event_fts MATCH :match
  ORDER BY f.rowid DESC LIMIT :candidates) ORDER BY score, id DESC"""
CHECK_SQL = "SELECT 1 FROM record_fts WHERE record_fts MATCH :match LIMIT 1"


def find(
    con: "Connection",
    text: str,
    selection: Selection | None = None,
    *,
    now_ns: int,
    limit: int = 20,
    newest: bool = False,
    context: int = 0,
    raw: bool = False,
    exhaustive: bool = False,
) -> Hits:
    """Records whose text answers, best first; without words, the newest of the selection.

    Where they leave room: events whose text no record holds, such as a prompt of a lost transcript.
    text: words, `"phrases"`, `-not`, `begin*`, `a OR b`, `key:value`; raw: FTS5's own language.
    newest: in order of time. exhaustive: rank every hit. context: records before and after each.
    Limits: the parts of a record are one hit; ties go by time, then id, newest first.
    Raises: NotFoundError (no such session), QueryError (a raw expression FTS5 does not read).
    """
    hits = Hits()
    selection = selection or Selection()
    asked = Asked(con, limit, newest, exhaustive)
    try:
        if raw:
            _check(con, text)
            asked.choose(selection)
            asked.needles = words.needles_of_raw(text)
            hits += asked.run(text)
            asked.events(text, hits)
        else:
            question = words.parse(text)
            if question.filters:
                from memlog.query.filters import filtered

                selection = filtered(con, question, selection, now_ns)
            asked.choose(selection)
            asked.needles = words.needles(question)
            _answer(asked, question, text, hits)
            hits.notes += question.notes
        for hit in hits:
            hit.needles = asked.needles
            if context > 0:
                hit.context = context_of(con, hit, context)
    except Error as exc:
        raise ArchiveError(f"the archive cannot be searched: {exc}") from exc
    hits.capped = asked.capped
    return hits


def _answer(asked: "Asked", question: words.Question, text: str, hits: Hits) -> None:
    """All of the terms; where there is nothing, or a plain-words question leaves room, fewer of them."""
    every = words.all_of(question)
    if every is None:
        narrowed = bool(question.filters or question.exclude or not text.strip())
        if question.empty or not narrowed:
            said = " ".join(question.empty) or text
            hits.notes.append(f"nothing in {said!r} can be searched for: it has neither letter nor digit")
        if narrowed:
            hits += asked.listed(words.excluded(question))
            asked.newest_events(hits)
        return
    hits += asked.run(every)
    asked.events(every, hits)
    enough = len(hits) >= asked.limit or bool(hits and (asked.newest or not question.may_be_plain))
    if len(question.terms) > 1 and not enough:
        from memlog.query.relax import relax

        relax(asked, question, hits)


class Asked:
    """One search while it runs: the archive, the selection and how hits are ordered."""

    __slots__ = (
        "capped", "con", "exhaustive", "limit", "meta_last", "needles", "newest", "selection", "where",
    )  # fmt: skip

    where: "Where"
    selection: Selection
    meta_last: bool
    needles: list[str]

    def __init__(self, con: "Connection", limit: int, newest: bool, exhaustive: bool) -> None:
        self.con = con
        self.limit = limit
        self.newest = newest
        self.exhaustive = exhaustive
        self.capped = False

    def choose(self, selection: Selection) -> None:
        """Which records and events are meant. Raises: NotFoundError, QueryError."""
        self.selection, self.meta_last = selection, selection.kind is None
        try:
            self.where = where(self.con, selection)
        except NotFoundError:
            from memlog.query import event

            event.name_of(self.con, selection.session or "")  # a session that has events only, else it raises
            self.where = where(self.con, selection.replace(session=None, ids=()))

    def events(self, expression: str, hits: Hits) -> None:
        """Add events that answer, where the records leave room."""
        room = self.limit - len(hits)
        if room <= 0 or not self._takes_events():
            return
        values = {"match": f"{{text}} : ({expression})", "candidates": CANDIDATES}
        try:
            scored = self.con.execute(EVENTS_SQL, values).fetchall()
        except Error as exc:
            # an archive no witness of this version has opened, or tags among raw words
            if "no such" in str(exc):
                return
            raise
        if scored:
            from memlog.query import event

            known = {hit.id for hit in hits}
            scored = [one for one in scored if f"e{one[0]}" not in known]
            hits += event.found(
                self.con, scored, self.selection, beside=hits, needles=self.needles, limit=room
            )
            if self.newest:
                hits.sort(key=lambda hit: -hit.ts_ns)

    def newest_events(self, hits: Hits) -> None:
        """Add the newest events of the selection, where it names them or nothing but them is there."""
        named = EVENT in (self.selection.kind or ())
        only = self.selection.session is not None and not self.where.one_session and not hits
        if (named or only) and self._takes_events() and len(hits) < self.limit:
            from memlog.query import event

            hits += event.newest(self.con, self.selection, self.limit - len(hits))
            hits.sort(key=lambda hit: -hit.ts_ns)

    def _takes_events(self) -> bool:
        return self.selection.takes_events

    def fill(self, expression: str | None, matched: str, hits: Hits) -> None:
        """Add records and events that answer and are not there yet, where there is room."""
        if expression is None:
            return
        seen = {hit.identity for hit in hits}
        found = [hit for hit in self.run(expression) if hit.identity not in seen]
        hits += found[: max(0, self.limit - len(hits))]
        self.events(expression, hits)
        for hit in hits:
            if hit.identity not in seen:
                hit.matched = matched
                hits.relaxed = True

    def count(self, expression: str | None, most: int) -> int:
        """How many records and parts answer; no more than `most` are counted."""
        sql = COUNT_SQL if self.where.covered else CHOSEN_COUNT_SQL[0] + self.where.sql + CHOSEN_COUNT_SQL[1]
        match = self.where.match(expression or "")
        found: int = self.con.execute(sql, self.where.values | {"match": match, "most": most}).fetchone()[0]
        return found

    def run(self, expression: str) -> list[Hit]:
        """Hits of an FTS5 expression over the text."""
        match = self.where.match(expression)
        return self._newest(match) if self.newest else self._ranked(match)

    def listed(self, unwanted: str | None) -> list[Hit]:
        """The newest of the selection, without what matches `unwanted`."""
        values = self.where.values
        condition = FIRST_PART
        if unwanted is not None:
            values = values | {"unwanted": f"{{text}} : ({unwanted})"}
            condition += NOT_MATCHING
        if self.where.one_session:
            return self._by_time(NEWEST_OF_SESSION_SQL, values, condition)
        if self.where.tags:
            return self._by_time(NEWEST_HITS_SQL, values | {"match": self.where.tags}, condition)
        return self._by_time(NEWEST_SQL, values, condition)

    def _ranked(self, match: str) -> list[Hit]:
        values = self.where.values | {
            "match": match, "candidates": -1 if self.exhaustive else CANDIDATES
        }  # fmt: skip
        sql = HITS_SQL if self.where.covered else CHOSEN_HITS_SQL[0] + self.where.sql + CHOSEN_HITS_SQL[1]
        scored = self.con.execute(sql, values).fetchall()
        self.capped |= len(scored) == CANDIDATES and not self.exhaustive
        found: list[Hit] = []
        later: list[Hit] = []
        seen: set[tuple[int, str, int]] = set()
        hits: dict[int, Hit] = {}
        at = read = 0
        while at < len(scored) and len(found) < self.limit:
            stop = at + 1
            while stop < len(scored) and scored[stop][1] == scored[at][1]:
                stop += 1
            if stop > read:
                chunk = scored[read : max(stop, read + self.limit + 8)]
                hits |= self._hits([id_ for id_, _ in chunk], dict(chunk))
                read += len(chunk)
            equals = [hits[id_] for id_, _ in scored[at:stop] if id_ in hits]
            if len(equals) > 1:
                equals.sort(key=lambda hit: (-hit.ts_ns, -hit.id))
            for hit in equals:
                if hit.parts > 1:
                    if hit.identity in seen:
                        continue
                    seen.add(hit.identity)
                (later if self.meta_last and hit.kind == META else found).append(hit)
            at = stop
        return (found + later)[: self.limit]

    def _newest(self, match: str) -> list[Hit]:
        return self._by_time(NEWEST_HITS_SQL, self.where.values | {"match": match}, "")

    def _by_time(self, sql: tuple[str, str], values: "dict[str, Value]", condition: str) -> list[Hit]:
        """The newest `limit`; bookkeeping lines only where there is nothing else."""
        for meta in (NOT_META, ONLY_META) if self.meta_last else ("",):
            rows = self.con.execute(sql[0] + self.where.sql + condition + meta + sql[1], values)
            ids = self._latest(rows, sql is NEWEST_OF_SESSION_SQL)
            rows.close()
            if ids:
                hits = self._hits(ids, {})
                return [hits[id_] for id_ in ids if id_ in hits]
        return []

    def _latest(self, rows: "Iterable[Found]", sorted_by_time: bool) -> list[int]:
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
            full = len(best) == self.limit
            if id_ >> DAY_BITS != day or sorted_by_time:
                if full:
                    break
                day = id_ >> DAY_BITS
                lag = self._lag(day)
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

    def _lag(self, day: int) -> int:
        row = self.con.execute(LAG_SQL, {"day": day}).fetchone()
        return row[0] if row else 1 << 62

    def _hits(self, ids: list[int], scores: dict[int, float]) -> dict[int, Hit]:
        """Hits by id; what was forgotten between two statements is missing."""
        rows = self.con.execute(ROWS_SQL, {"ids": str(ids)})
        return {row[0]: Hit(row, scores.get(row[0])) for row in rows}


def _check(con: "Connection", text: str) -> None:
    """Nothing, or QueryError with the place FTS5 stopped at."""
    if "\0" in text:  # what is put behind it would not be read
        column = text.index("\0") + 1
        raise QueryError(f"the NUL at column {column} ends the expression", asked=text, column=column)
    try:
        con.execute(CHECK_SQL, {"match": text}).fetchone()
    except (Error, UnicodeEncodeError) as exc:
        message, column = _located(con, text, str(exc))
        raise QueryError(message, asked=text, column=column) from exc


def _located(con: "Connection", text: str, message: str) -> tuple[str, int]:
    """FTS5's message with the column of what it stopped at: it names the token, not the place."""
    token = message.partition('near "')[2].removesuffix('"')
    column = len(text) + 1
    if "unterminated" in message:
        column = text.rfind('"') + 1
    elif "no such column: " in message:
        column = text.find(message.partition("no such column: ")[2]) + 1
    elif token:
        # the parser stops at the first token it cannot take: the text up to there fails alike
        at = text.find(token)
        while at >= 0:
            try:
                con.execute(CHECK_SQL, {"match": text[: at + len(token)]}).fetchone()
            except Error as exc:
                if str(exc) == message:
                    column = at + 1
                    break
            at = text.find(token, at + 1)
    return f"{message.removeprefix('fts5: ')} at column {column} of {text!r}", column
