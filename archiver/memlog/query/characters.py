"""Records whose text holds characters as they stand, or a pattern of them: `--literal`, `--regex`.

The index says where to look as far as it can; the rest is read, newest first, for a bounded time.
"""

import re
import time
from heapq import heappush, heappushpop
from re import _parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

from memlog.archive.connection import Error
from memlog.contracts import DAY_BITS
from memlog.errors import ArchiveError, NotFoundError, QueryError
from memlog.query import dates, required
from memlog.query.hit import Hit, Hits, text_or_damaged
from memlog.query.matching import Matcher, Spans, TooSlowError
from memlog.query.newest import LAG_SQL
from memlog.query.search import ROWS_SQL
from memlog.query.selection import Selection
from memlog.query.snippet import around
from memlog.query.where import Where, where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from memlog.archive.connection import Connection

SCAN_S = 5.0  # for texts the index could not choose
AGAIN_S = 1.0  # the same, where a page was found already
CHUNK_BYTES = 1 << 20

_COLUMNS = """
SELECT r.id, r.ts_ns, r.parts, r.session_id, r.source_id, r.block, r.kind, r.body, r.packing, r.text_bytes
"""
# index: the full-text index, newest first
CHOSEN_SQL = (
    _COLUMNS
    + """FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :low AND :high AND """,
    " ORDER BY f.rowid DESC",
)
EVERY_SQL = (_COLUMNS + "FROM record r WHERE ", " ORDER BY r.id DESC")

Row = tuple[Any, ...]


def find_characters(
    con: "Connection",
    text: str,
    selection: Selection,
    *,
    pattern: bool,
    limit: int,
    now_ns: int,
    seconds: float | None = None,
    meta: bool = False,
) -> Hits:
    """The newest records whose text holds these characters; pattern: a match of this expression.

    Capitals matter where the text has one. Bookkeeping is found where nothing else is; meta: as all else.
    Limits: what the index can choose is read whole, the rest for `seconds`; notes say how far that went.
    Raises: NotFoundError, QueryError with the column of what is wrong in a pattern.
    """
    hits = Hits()
    if not text.strip():
        raise QueryError("there are no characters to look for")
    search, words = _pattern(text) if pattern else _literal(text)
    try:
        try:
            chosen = where(con, selection)
        except NotFoundError:
            return _no_session(con, selection, hits)
        scan = _Scan(con, chosen, search, limit, meta=meta or selection.kind is not None)
        try:
            _look(scan, words, hits, SCAN_S if seconds is None else seconds)
        except TooSlowError:
            hits.notes.append(
                "the pattern takes half a second of CPU on many texts, as .* over long lines does, or "
                f"(a+)+: records before {dates.iso(scan.reached)} were not read"
            )
        scan.fill(hits)
    except Error as exc:
        raise ArchiveError(f"the archive cannot be searched: {exc}") from exc
    finally:
        search.close()
    if search.slow:
        some, each = ("one text was", "it") if search.slow == 1 else (f"{search.slow} texts were", "each")
        hits.notes.append(f"{some} left out: the pattern took half a second of CPU on {each}")
    return hits


def _look(scan: "_Scan", words: required.Words, hits: Hits, seconds: float) -> None:
    """Where the words are likely to be; then wherever they can be, until time is up."""
    if words.likely is not None:
        scan.run(words.likely, None)
    most = min(AGAIN_S, seconds) if scan.full else seconds
    left = scan.run(words.required, None if _narrow(words) else most)
    if left is not None:
        hits.notes.append(
            f"records before {dates.iso(left)} were not read: no index knows what stands inside words; "
            "--session, --project or --until looks at fewer"
        )


def _narrow(words: required.Words) -> bool:
    return words.required is not None and words.likely is None


def _no_session(con: "Connection", selection: Selection, hits: Hits) -> Hits:
    from memlog.query import event

    event.name_of(con, selection.session or "")  # a session that has events only, else it raises
    hits.notes.append("this session has no records, only what its hooks were told")
    return hits


class _Literal:
    """Finds the same characters in every text."""

    slow = 0

    def __init__(self, text: str) -> None:
        self._text = text
        self._fold = text == text.lower()

    def spans(self, texts: list[str]) -> list[Spans]:
        return [self._places(text) for text in texts]

    def _places(self, text: str) -> Spans:
        # lower() of the one letter that becomes two would move every place after it
        text = text.replace("\u0130", "i").lower() if self._fold else text
        found: Spans = []
        at = text.find(self._text)
        while at >= 0 and len(found) < 50:
            found.append((at, at + len(self._text)))
            at = text.find(self._text, at + len(self._text))
        return found

    def close(self) -> None:
        """Nothing runs."""


def _literal(text: str) -> tuple[_Literal | Matcher, required.Words]:
    return _Literal(text), required.of_literal(text)


def _pattern(text: str) -> tuple[_Literal | Matcher, required.Words]:
    try:
        tree = _parser.parse(text)
        re.compile(text)
    except re.error as exc:
        raise QueryError(
            f"not a regular expression: {exc.msg} at column {(exc.pos or 0) + 1}",
            asked=text,
            column=(exc.pos or 0) + 1,
            hint="--literal finds characters as they stand",
        ) from exc
    except (RecursionError, OverflowError) as exc:
        raise QueryError("the regular expression is too large") from exc
    return Matcher(text, not required.capitals(tree)), required.of_pattern(tree)


class _Scan:
    """The newest records that match, collected from one or several ways to look for them."""

    def __init__(
        self, con: "Connection", chosen: Where, search: _Literal | Matcher, limit: int, *, meta: bool
    ) -> None:
        self.con = con
        self.where = chosen
        self.search = search
        self.limit = limit
        self.best: list[tuple[int, int]] = []  # a heap, its oldest first
        self.aside = self.best if meta else list[tuple[int, int]]()  # the same of bookkeeping
        self.places: dict[int, Spans] = {}
        self.seen: set[tuple[int, str, int]] = set()
        self.reached = 0  # the time of the newest record of those the search was last given
        self._lags: dict[int, int] = {}

    @property
    def full(self) -> bool:
        return len(self.best) >= self.limit

    def run(self, expression: str | None, seconds: float | None) -> int | None:
        """Look at what the expression finds, or at everything; the time it got to where time was up."""
        stop = time.monotonic() + seconds if seconds is not None else None
        texts: list[str] = []
        rows: list[Row] = []
        size = 0
        for row in self._rows(expression):
            if self.full and self._is_older(row):
                break
            texts.append(text_or_damaged(*row[7:]))
            rows.append(row)
            size += len(texts[-1])
            if size > CHUNK_BYTES or len(rows) >= 500:
                self._match(rows, texts)
                texts, rows, size = [], [], 0
                if stop is not None and time.monotonic() > stop:
                    return int(row[1])
        self._match(rows, texts)
        return None

    def fill(self, hits: Hits) -> None:
        """Hits for what was found, newest first."""
        ids = [id_ for _, id_ in sorted(self.best or self.aside, reverse=True)]
        found = {row[0]: Hit(row, None) for row in self.con.execute(ROWS_SQL, {"ids": str(ids)})}
        for id_ in ids:
            if id_ in found:
                hit = found[id_]
                hit._pieces = around(hit.text, self.places[id_])
                hits.append(hit)

    def _rows(self, expression: str | None) -> "Iterator[Row]":
        values = self.where.values
        expression = f"{{text}} : ({expression})" if expression else None
        match = " AND ".join(filter(None, (expression, self.where.tags)))
        sql = CHOSEN_SQL if match else EVERY_SQL
        return self.con.execute(
            sql[0] + self.where.sql + sql[1], values | ({"match": match} if match else {})
        )

    def _match(self, rows: list[Row], texts: list[str]) -> None:
        self.reached = rows[0][1] if rows else self.reached
        for row, places in zip(rows, self.search.spans(texts), strict=True):
            if not places or row[3:6] in self.seen:
                continue
            self.seen.add(row[3:6])
            self.places[row[0]] = places
            best = self.aside if row[6] == "meta" else self.best
            keep: Callable[..., Any] = heappushpop if len(best) >= self.limit else heappush
            keep(best, (row[1], row[0]))

    def _is_older(self, row: Row) -> bool:
        """Whether this row and all after it, which come in falling order of id, are older than the page."""
        ts_ns, id_ = self.best[0]
        day = row[0] >> DAY_BITS
        return bool(day < id_ >> DAY_BITS or row[1] + self._lag(day) < ts_ns)

    def _lag(self, day: int) -> int:
        """How much later than a newer one an event of that day was archived, at most."""
        if day not in self._lags:
            row = self.con.execute(LAG_SQL, {"day": day}).fetchone()
            self._lags[day] = row[0] if row else 1 << 62
        return self._lags[day]
