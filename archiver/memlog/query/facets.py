"""How many records answer, and which tools, sessions, days they are of.

Counted one by one up to EXACT; of more, every so manieth is looked at and the figures say that they are
estimated.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memlog.archive.connection import Error
from memlog.errors import ArchiveError, InputError
from memlog.query import raw, words
from memlog.query.answer import LITERAL, RAW, REGEX, WORDS
from memlog.query.filters import filtered
from memlog.query.names import unknown
from memlog.query.newest import NOT_MATCHING
from memlog.query.respell import respell
from memlog.query.selection import Selection
from memlog.query.where import Where, where
from memlog.query.whole import leave_out

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

EXACT = 50_000  # records looked up one by one: a tenth of a second
READ = 50_000  # hits of a pattern that are counted

_ONE = "CASE WHEN r.parts > 1 THEN r.session_id || ' ' || r.source_id || ' ' || r.block ELSE r.id END"
# What a facet counts by; every one is a constant. Ids begin with the day.
KEYS = {
    "session": "s.session", "project": "s.project", "agent": "s.agent", "kind": "r.kind", "role": "r.role",
    "tool": "r.tool", "epoch": "s.session || ' ' || (SELECT number FROM epoch WHERE id = r.epoch_id)",
    "day": "date(1577836800 + (r.id >> 24) * 86400, 'unixepoch')",
    "error": "CASE r.error WHEN 1 THEN 'error' ELSE 'ok' END",
}  # fmt: skip
# index: the full-text index
MATCHED = """FROM record_fts f CROSS JOIN record r ON r.id = f.rowid JOIN session s ON s.id = r.session_id
WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND f.rowid % :step = 0 AND """
# index: record_session alone for the ids; the record's primary key
LISTED = """FROM (SELECT id FROM record INDEXED BY record_session
  WHERE id % :step = 0 AND id BETWEEN :low AND :high) i
CROSS JOIN record r ON r.id = i.id JOIN session s ON s.id = r.session_id WHERE """
PICKED = """FROM json_each(:picked) i CROSS JOIN record r ON r.id = i.value
JOIN session s ON s.id = r.session_id WHERE """
HITS_SQL = (
    "SELECT count(*) FROM record_fts f WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high"
)
ANY_SQL = (
    """SELECT 1 FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND """,
    " LIMIT 1",
)
ROWS_SQL = "SELECT count(*) FROM record INDEXED BY record_session WHERE id BETWEEN :low AND :high"


@dataclass(frozen=True, slots=True)
class Facet:
    """How many of the records that answer have this value. share: of all of them."""

    facet: str
    value: str | None
    count: int
    share: float
    estimated: bool


class Facets(list[Facet]):
    """Facets. notes: which values were left out, and how many records have them."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []


@dataclass(frozen=True, slots=True)
class Count:
    """How many records answer; parts of a record are one. notes: what was not looked at."""

    count: int
    estimated: bool
    notes: tuple[str, ...] = ()


def count(
    con: "Connection", text: str, selection: Selection | None = None, *, now_ns: int, mode: str = WORDS
) -> Count:
    """How many records have all of the words, bookkeeping and copies counted, events not.

    Raises: NotFoundError, QueryError.
    """
    try:
        asked = _Asked(con, text, selection or Selection(), now_ns, mode)
        if asked.step > 1 and asked.told:
            return Count(asked.rows, True)  # but for the parts of a record, which count one by one
        total, _ = asked.counted("1")
    except Error as exc:
        raise ArchiveError(f"the archive cannot be searched: {exc}") from exc
    return Count(total, asked.step > 1 or bool(asked.notes), tuple(asked.notes))


def sessions(
    con: "Connection", text: str, selection: Selection | None = None, *, now_ns: int, mode: str = WORDS
) -> list[tuple[int, int, int]] | None:
    """(session's number, how many of its records answer, id of the newest) of each, the newest first.

    Limits: None where more than EXACT records answer. Bookkeeping is the newest only of a session that has
    nothing else.
    Raises: NotFoundError, QueryError.
    """
    try:
        asked = _Asked(con, text, selection or Selection(), now_ns, mode)
        return asked.sessions() if asked.step == 1 else None
    except Error as exc:
        raise ArchiveError(f"the archive cannot be searched: {exc}") from exc


def doubts(
    con: "Connection", text: str, selection: Selection | None = None, *, now_ns: int, mode: str = WORDS
) -> list[str]:
    """What a person should know about how the words were read, and which filters nothing has."""
    selection, said = selection or Selection(), []
    if mode == WORDS:
        question = words.parse(text)
        selection = filtered(con, question, selection, now_ns)
        said = question.remarks()
    return [*said, *unknown(con, selection)]


def facets(
    con: "Connection", text: str, selection: Selection | None = None, *, keys: "tuple[str, ...]", now_ns: int,
    mode: str = WORDS, limit: int = 20,
) -> Facets:  # fmt: skip
    """The values of each key among the records that answer, the commonest first.

    Raises: InputError for a key that is none, NotFoundError, QueryError.
    """
    for key in keys:
        if key not in KEYS:
            raise InputError(f"there is no facet {key!r}", hint=f"one of {', '.join(KEYS)}")
    try:
        asked = _Asked(con, text, selection or Selection(), now_ns, mode)
        found = Facets()
        for key in keys:
            _facet(asked, key, limit, found)
        found.notes += asked.notes
        return found
    except Error as exc:
        raise ArchiveError(f"the archive cannot be searched: {exc}") from exc


def _facet(asked: "_Asked", key: str, limit: int, found: Facets) -> None:
    total, rows = asked.counted(KEYS[key])
    exact = asked.step == 1
    found += [Facet(key, value, n, round(n / max(total, 1), 4), not exact) for value, n in rows[:limit]]
    if len(rows) > limit:
        others = sum(n for _, n in rows[limit:])
        found.notes.append(
            f"{key}: {len(rows) - limit} other values with {'' if exact else 'about '}{others:,} records; "
            f"--limit {len(rows)} shows them"
        )


class _Asked:
    """A question as a source of rows, and how many of them one looked at stands for."""

    def __init__(self, con: "Connection", text: str, selection: Selection, now_ns: int, mode: str) -> None:
        self.con = con
        self.values: dict[str, Any] = {}
        match, unwanted = None, None
        self.notes: list[str] = []
        if mode in (LITERAL, REGEX):
            from memlog.query.characters import find_characters

            found = find_characters(
                con, text, selection, pattern=mode == REGEX, limit=READ, now_ns=now_ns, meta=True
            )
            self.notes = found.notes
            self.values["picked"] = str([hit.id for hit in found])
        elif mode == RAW:
            raw.check(con, text)
            match = text
        else:
            question = words.parse(text)
            selection = filtered(con, question, selection, now_ns)
            match = question.every
            unwanted = None if match else words.excluded(question)
        chosen = where(con, selection)
        if mode == WORDS and question.exclude:
            leave_out(chosen, question)
        if mode == WORDS and match and not self._any(chosen, match) and respell(con, question):
            match = question.every
        self.where, self.condition = chosen, chosen.sql
        self.values |= chosen.values
        self._source(chosen, match, unwanted)

    def _any(self, chosen: Where, match: str) -> bool:
        sql = ANY_SQL[0] + chosen.sql + ANY_SQL[1]
        values = chosen.values | {"match": chosen.match(match)}
        return self.con.execute(sql, values).fetchone() is not None

    def _source(self, chosen: Where, match: str | None, unwanted: str | None) -> None:
        if "picked" in self.values:
            self.begin, rows = PICKED, 0
        elif match or chosen.tags:
            self.values["match"] = chosen.match(match) if match else chosen.tags
            self.begin = MATCHED
            rows = self.con.execute(HITS_SQL, self.values).fetchone()[0]
        else:
            self.begin = LISTED
            rows = self.con.execute(ROWS_SQL, self.values).fetchone()[0]
        if match is None and "picked" not in self.values:
            self.condition += " AND r.part = 0"
        if unwanted:
            self.values["unwanted"] = f"{{text}} : ({unwanted})"
            self.condition += NOT_MATCHING
        self.rows = rows
        self.told = match is not None and chosen.covered  # the index says it all
        self.step = max(1, -(-rows // EXACT))
        if self.step > 1:
            self.step |= 1  # ids are numbered in steps of their own: an odd one meets all of them
        self.values["step"] = self.step

    def counted(self, expression: str) -> tuple[int, list[tuple[str | None, int]]]:
        """How many records there are, and of each value, the most first; times what one stands for."""
        sql = (
            "SELECT " + expression + " AS value, count(DISTINCT " + _ONE + ") AS n " + self.begin
            + self.condition + " GROUP BY 1 ORDER BY 2 DESC, 1"
        )  # fmt: skip
        rows = [(value, n * self.step) for value, n in self.con.execute(sql, self.values)]
        return sum(n for _, n in rows), rows

    def sessions(self) -> list[tuple[int, int, int]]:
        """As sessions(): of the columns beside a max() SQLite takes those of its row."""
        sql = (
            "SELECT r.session_id, count(DISTINCT " + _ONE + "), r.id, "
            "max((r.kind <> 'meta') * 4611686018427387904 + r.ts_ns) AS newest " + self.begin
            + self.condition + " GROUP BY 1 ORDER BY newest DESC, 3 DESC"
        )  # fmt: skip
        return [row[:3] for row in self.con.execute(sql, self.values)]
