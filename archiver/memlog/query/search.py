"""Records that answer a question, best first.

A search is a process of its own while a person or an agent waits: this module and all it
imports load neither re, json, cbor2, typing, dataclasses nor pathlib.
"""

from memlog.archive.connection import Error
from memlog.archive.prepare import TEXT_VERSION
from memlog.errors import ArchiveError, NotFoundError
from memlog.query import rank, words
from memlog.query.hit import Hit, Hits, context_of
from memlog.query.selection import Selection
from memlog.query.where import where

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from memlog.archive.connection import Connection
    from memlog.query.where import Where

__all__ = ["Hit", "Hits", "find"]

VERSION_SQL = "SELECT text_version FROM archive"
SIZE_SQL = "SELECT coalesce(sum(n), 0) FROM day"  # days are few
BEHIND = (
    "the index is of an older memlog; the witness brings it up to date when idle: until then parts of "
    "identifiers, emoji and full-width letters are not found everywhere"
)

# CROSS JOIN keeps the index outside: it gives its hits newest first without sorting them.
HITS_SQL = """SELECT id, score FROM (
  SELECT f.rowid AS id, f.rank AS score FROM record_fts f
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high
  ORDER BY f.rowid DESC LIMIT :candidates) ORDER BY score, id DESC"""
# Newest first, without bm25: to know how rare each word is it reads all places of each. As one row:
# two thousand, each handed to Python and back, cost as much again.
SOME_SQL = """SELECT json_group_array(id), count(*), coalesce(min(id), 0) FROM (
  SELECT f.rowid AS id FROM record_fts f
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high ORDER BY f.rowid DESC LIMIT :most)"""
CHOSEN_SOME_SQL = (
    """SELECT json_group_array(id), count(*), coalesce(min(id), 0) FROM (
  SELECT f.rowid AS id FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND """,
    " ORDER BY f.rowid DESC LIMIT :most)",
)
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
# primary keys all the way; one statement for all rows costs a third of one for each
ROWS_SQL = """
SELECT r.id, s.session, e.number, r.seq, r.ts_ns, s.agent, s.project, r.kind, r.role, r.tool, r.source_id,
  r.block, r.part, r.parts, lower(hex(r.digest)), r.error, r.session_id, r.body, r.packing, r.text_bytes
FROM json_each(:ids) j CROSS JOIN record r ON r.id = j.value JOIN session s ON s.id = r.session_id
  JOIN epoch e ON e.id = r.epoch_id
"""
# what a record is weighed by: half the price of all that is shown of one
WEIGHED_SQL = """
SELECT r.id, r.ts_ns, r.kind, r.role, r.parts, r.session_id, r.source_id, r.block, r.body, r.packing,
  r.text_bytes
FROM json_each(:ids) j CROSS JOIN record r ON r.id = j.value
"""
# primary keys
PARTS_SQL = """
SELECT r.session_id, r.source_id, r.block FROM json_each(:ids) j CROSS JOIN record r ON r.id = j.value
WHERE r.parts > 1
"""
# primary keys. How many words a text has the index keeps by itself, in a hundredth of the pages the records
# take: a varint, of which the shorter is less, then one byte for its tags.
SHORTEST_SQL = """
SELECT d.id FROM json_each(:ids) j CROSS JOIN record_fts_docsize d ON d.id = j.value
ORDER BY length(d.sz), d.sz, d.id DESC LIMIT :most
"""
EVENTS_SQL = """SELECT id, score FROM (
  SELECT f.rowid AS id, f.rank AS score FROM event_fts f WHERE f.event_fts MATCH :match
  ORDER BY f.rowid DESC LIMIT :candidates) ORDER BY score, id DESC"""


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
    explain: bool = False,
    fold: bool = True,
    seen: "frozenset[int | str]" = frozenset(),
    seconds: float | None = None,
) -> Hits:
    """Records whose text answers, best first; without words, the newest of the selection.

    Where they leave room: events whose text no record holds, such as a prompt of a lost transcript.
    text: words, `"phrases"`, `-not`, `begin*`, `a OR b`, `key:value`; raw: FTS5's own language.
    newest: in order of time. exhaustive: rank every hit. context: records before and after each. explain:
    keep what the scores are made of. fold: ranked hits that say the same are one, and of more than a page
    those of one stretch of a session. seen: what earlier pages showed or folded, left out here. seconds:
    for texts that are looked through without words to rank by, of newest.READ_S at most.
    Limits: the parts of a record are one hit; ties go by time, then id, newest first.
    Raises: NotFoundError (no such session), QueryError (a raw expression FTS5 does not read).
    """
    asked = Asked(con, limit, newest, exhaustive, now_ns=now_ns, fold=fold)
    asked.seconds = seconds
    hits = Hits()
    try:
        asked.leave_out(seen)
        if raw:
            _answer_raw(asked, selection or Selection(), text, hits)
        else:
            _answer_words(asked, selection or Selection(), text, hits)
        for hit in hits:
            hit.needles = asked.needles
            if not explain:
                hit.parts_of_score = {}
            if context > 0:
                hit.context = context_of(con, hit, context)
    except Error as exc:
        raise ArchiveError(f"the archive cannot be searched: {exc}") from exc
    if not hits:
        from memlog.query.names import unknown

        hits.notes += unknown(con, asked.selection)
    hits.capped, hits.more = asked.capped, asked.more
    hits.notes += asked.notes
    if con.execute(VERSION_SQL).fetchone()[0] < TEXT_VERSION:
        hits.notes.append(BEHIND)
    return hits


def _answer_raw(asked: "Asked", selection: Selection, text: str, hits: Hits) -> None:
    from memlog.query.raw import check

    check(asked.con, text)
    asked.choose(selection)
    asked.needles = words.needles_of_raw(text)
    hits += asked.run(text)
    asked.events(text, hits)


def _answer_words(asked: "Asked", selection: Selection, text: str, hits: Hits) -> None:
    question = words.parse(text)
    if question.filters or question.versions:
        from memlog.query.filters import filtered

        selection = filtered(asked.con, question, selection, asked.now_ns)
    asked.question = question
    asked.choose(selection)
    asked.needles = words.needles(question)
    _answer(asked, question, text, hits)
    hits.notes += question.remarks(asked.with_left_out)


def _answer(asked: "Asked", question: words.Question, text: str, hits: Hits) -> None:
    """All of the terms; where there is nothing, or a plain-words question leaves room, fewer of them."""
    every = words.all_of(question)
    if every is None:
        from memlog.query.newest import without_words

        without_words(asked, question, text, hits)
        return
    hits += asked.run(every, question, text)
    asked.events(every, hits)
    if not hits and not asked.answered:
        from memlog.query.respell import respell

        if respell(asked.con, question):
            asked.saying(question.versions)  # where the first look is no bound
            asked.needles = words.needles(question)
            hits += asked.run(words.all_of(question) or "", question, " ".join(words.texts(question.terms)))
    if not hits and not asked.answered and ":" in text:
        from memlog.query.relax import without_lines

        question = without_lines(asked, question, hits)
    sure = asked.newest or asked.as_typed or not question.may_be_plain
    enough = len(hits) >= asked.limit or asked.more or bool((hits or asked.answered) and sure)
    if len(question.terms) > 1 and not enough:
        from memlog.query.relax import relax

        relax(asked, question, hits)


class Some:
    """Ids of records, the newest first, as the JSON array one statement gives and another takes."""

    __slots__ = ("array", "count", "oldest")

    def __init__(self, array: str, count: int, oldest: int) -> None:
        self.array, self.count, self.oldest = array, count, oldest

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def ids(self) -> list[int]:
        """The same as numbers."""
        return list(map(int, self.array[1:-1].split(","))) if self.count else []


class Asked:
    """One search while it runs: the archive, the selection and how hits are ordered."""

    __slots__ = (
        "answered", "as_typed", "capped", "con", "exhaustive", "fold", "limit", "meta_last", "more",
        "needles", "newest", "notes", "now_ns", "question", "says", "seconds", "seen", "seen_parts",
        "selection", "where", "with_left_out",
    )  # fmt: skip

    where: "Where"
    selection: Selection
    meta_last: bool
    needles: list[str]
    seconds: float | None
    says: str  # versions that must stand in a text as they were typed, a line each

    def __init__(
        self, con: "Connection", limit: int, newest: bool, exhaustive: bool, *, now_ns: int, fold: bool
    ) -> None:
        self.con = con
        self.limit = limit
        self.newest = newest
        self.exhaustive = exhaustive
        self.now_ns = now_ns
        self.fold = fold
        self.seen: frozenset[int | str] = frozenset()  # what earlier pages showed or folded
        self.seen_parts: set[tuple[int, str, int]] = set()  # identities of those of it that have parts
        self.question: words.Question | None = None  # what a minus leaves out is left out of whole records
        self.notes: list[str] = []  # what was not read
        self.capped = False
        self.more = False  # some of what answers was not read: a page that is not full is not the last
        self.answered = False  # some record has all of it, maybe on an earlier page
        self.with_left_out = False  # what was typed with a minus stands so in a record
        self.as_typed = False  # a whole sentence stands in a record as it was typed

    def leave_out(self, seen: "frozenset[int | str]") -> None:
        """What earlier pages showed."""
        self.seen = seen
        if seen:
            ids = [one for one in seen if isinstance(one, int)]
            self.seen_parts.update(self.con.execute(PARTS_SQL, {"ids": str(ids)}))

    def choose(self, selection: Selection) -> None:
        """Which records and events are meant. Raises: NotFoundError, QueryError."""
        self.selection, self.meta_last = selection, selection.kind is None
        self.says = "\n".join(selection.says or ())
        try:
            self.where = self._where(selection)
        except NotFoundError:
            if selection.session is None:  # one of several
                raise
            from memlog.query import event

            event.name_of(self.con, selection.session)  # a session that has events only, else it raises
            self.where = self._where(selection.replace(session=None, ids=()))

    def _where(self, selection: Selection) -> "Where":
        chosen = where(self.con, selection)
        if self.question is None or not self.question.exclude:
            return chosen
        from memlog.query.whole import leave_out

        return leave_out(chosen, self.question)

    def saying(self, versions: list[str]) -> None:
        """From now on of the versions of the question only these must stand in a text as they were typed."""
        if self.selection.says is not None or self.selection.path is not None:
            self.says = "\n".join(versions)
            self.where = self._where(self.selection.replace(says=versions))

    def settle(self, expression: str) -> bool:
        """Look once for the versions and paths of the question, among those that are ranked: texts are read.

        False: no record has them.
        """
        if ("says" in self.where.values or "names" in self.where.values) and not self.exhaustive:
            most = max(rank.CANDIDATES, self.limit) + len(self.seen)
            some = self.some(expression, most)
            self.capped |= some.count == most
            self.where = self._where(self.selection.replace(says=None, path=None, ids=some.ids))
            return bool(some)
        return True

    def events(self, expression: str, hits: Hits) -> None:
        """Add events that answer, where the records leave room."""
        if len(hits) >= self.limit or self.more or not self.selection.takes_events:
            return
        values = {"match": f"{{text}} : ({expression})", "candidates": rank.CANDIDATES}
        try:
            scored = self.con.execute(EVENTS_SQL, values).fetchall()
        except Error as exc:
            # an archive no witness of this version has opened, or tags among raw words
            if "no such" in str(exc):
                return
            raise
        if scored:
            from memlog.query import event

            event.add(self, scored, hits)

    def count(self, expression: str | None, most: int) -> int:
        """How many records and parts answer; no more than `most` are counted."""
        sql = COUNT_SQL if self.where.covered else CHOSEN_COUNT_SQL[0] + self.where.rest + CHOSEN_COUNT_SQL[1]
        match = self.where.match(expression or "")
        found: int = self.con.execute(sql, self.where.values | {"match": match, "most": most}).fetchone()[0]
        return found

    def run(self, expression: str, question: "words.Question | None" = None, typed: str = "") -> list[Hit]:
        """Hits of an FTS5 expression over the text; question, typed: what it was made of."""
        if not self.newest:
            plain = question is not None and not question.exclude
            if plain and not self.settle(expression):
                return []
            return rank.best(self, expression, question, typed)
        from memlog.query.newest import answering

        return answering(self, expression)

    def scored(self, expression: str, most: int | None) -> "list[tuple[int, float]]":
        """(id, bm25) of the newest `most` that answer, the best first; None: of CANDIDATES, or of all."""
        most = most or (-1 if self.exhaustive else rank.CANDIDATES)
        values = self.where.values | {"match": self.where.match(expression), "candidates": most}
        sql = HITS_SQL if self.where.covered else CHOSEN_HITS_SQL[0] + self.where.rest + CHOSEN_HITS_SQL[1]
        return self.con.execute(sql, values).fetchall()

    def records(self) -> int:
        """About how many records and parts the archive has: those that were forgotten count, too."""
        return int(self.con.execute(SIZE_SQL).fetchone()[0])

    def some(self, expression: str, most: int, low: int | None = None) -> "Some":
        """The newest `most` that answer; low: among records from this one on."""
        values = self.where.values | {"match": self.where.match(expression), "most": most}
        if low is not None:
            values["low"] = max(low, self.where.low)
        sql = SOME_SQL if self.where.covered else CHOSEN_SOME_SQL[0] + self.where.rest + CHOSEN_SOME_SQL[1]
        return Some(*self.con.execute(sql, values).fetchone())

    def shortest(self, some: "Some", most: int) -> list[int]:
        """The `most` of these records whose texts are shortest: read soonest, and little else is in them."""
        if some.count <= most:
            return some.ids
        return [row[0] for row in self.con.execute(SHORTEST_SQL, {"ids": some.array, "most": most})]

    def weighable(self, ids: list[int]) -> "Iterable[tuple[Any, ...]]":
        """Rows of WEIGHED_SQL; what was forgotten between two statements is missing."""
        return self.con.execute(WEIGHED_SQL, {"ids": str(ids)})

    def hits(self, ids: list[int], scores: dict[int, float]) -> dict[int, Hit]:
        """Hits by id; what was forgotten between two statements is missing."""
        rows = self.con.execute(ROWS_SQL, {"ids": str(ids)})
        return {row[0]: Hit(row, scores.get(row[0])) for row in rows}
