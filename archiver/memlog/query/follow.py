"""New records that answer, as they are archived: each once, whatever day they are of.

Ids are numbered within the day of their event, and the archive keeps the next number of each day: what
was numbered since the last look is new, also where an import brings what is years old.
"""

import os
from typing import TYPE_CHECKING, Any

from memlog.archive.connection import open_reader
from memlog.contracts import DAY_BITS
from memlog.query import raw, words
from memlog.query.answer import LITERAL, RAW, REGEX, WORDS, complete
from memlog.query.filters import filtered
from memlog.query.hit import Hit, Hits
from memlog.query.names import session_name
from memlog.query.search import ROWS_SQL
from memlog.query.selection import Selection
from memlog.query.where import where

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

DAYS_SQL = "SELECT day, n FROM day"
VERSION_SQL = "PRAGMA data_version"
# index: the full-text index
MATCHED_SQL = (
    """SELECT r.id FROM record_fts f CROSS JOIN record r ON r.id = f.rowid
  WHERE f.record_fts MATCH :match AND f.rowid BETWEEN :first AND :last AND """,
    " AND r.kind <> 'meta' ORDER BY f.rowid",
)
# index: the record's primary key
LISTED_SQL = (
    "SELECT r.id FROM record r WHERE r.id BETWEEN :first AND :last AND ",
    " AND r.part = 0 AND r.kind <> 'meta' ORDER BY r.id",
)


class Follower:
    """What comes after the moment it was made. Close it.

    All of the words, always: nothing is relaxed, folded or ranked. Order: that of archiving.
    Raises: NotFoundError, QueryError, as a search does.
    """

    def __init__(
        self, path: str, text: str, selection: Selection, *, now_ns: int, mode: str = WORDS, context: int = 0
    ) -> None:
        self._path, self._text, self._mode, self._context = path, text, mode, context
        self._version = 0
        self._seen: dict[int, int] = {}
        self._open()
        if selection.session is not None:  # `last` is the one it was then
            selection = selection.replace(session=session_name(self._con, selection.session))
        self._question = words.parse("" if mode != WORDS else text)
        self._selection = filtered(self._con, self._question, selection, now_ns)
        if mode == RAW:
            raw.check(self._con, text)
        where(self._con, self._selection)

    @property
    def notes(self) -> list[str]:
        """What a person should know about how the words were read."""
        return self._question.remarks()

    def close(self) -> None:
        """End its connection."""
        self._con.close()

    def new(self) -> Hits:
        """What was archived since this was last asked; cheap where nothing was."""
        if self._file != _file(self._path) and _file(self._path) is not None:
            self._con.close()  # the archive was rebuilt: what it holds was there before
            self._open()
        version = self._con.execute(VERSION_SQL).fetchone()[0]
        hits = Hits()
        if version != self._version:
            self._version = version
            days = self._days()
            for day, n in sorted(days.items()):
                if n > self._seen.get(day, 0):
                    hits += self._of(day << DAY_BITS | self._seen.get(day, 0), (day << DAY_BITS | n) - 1)
            self._seen = days
            complete(self._con, hits, self._context)
        return hits

    def _open(self) -> None:
        self._con: Connection = open_reader(self._path)
        self._file = _file(self._path)
        self._version = self._con.execute(VERSION_SQL).fetchone()[0]
        self._seen = self._days()

    def _days(self) -> dict[int, int]:
        return dict(self._con.execute(DAYS_SQL).fetchall())

    def _of(self, first: int, last: int) -> list[Hit]:
        if self._mode in (LITERAL, REGEX):
            return self._characters(first, last)
        ids = self._ids(first, last)
        rows = {row[0]: Hit(row, None) for row in self._con.execute(ROWS_SQL, {"ids": str(ids)})}
        hits = [rows[id_] for id_ in ids if id_ in rows]
        needles = words.needles_of_raw(self._text) if self._mode == RAW else words.needles(self._question)
        for hit in hits:
            hit.needles = needles
        return _once(hits)

    def _ids(self, first: int, last: int) -> list[int]:
        chosen = where(self._con, self._selection)
        values: dict[str, Any] = chosen.values | {"first": first, "last": last}
        match = self._text if self._mode == RAW else self._question.every
        sql, condition = LISTED_SQL, chosen.sql
        if match:
            sql, values["match"] = MATCHED_SQL, chosen.match(match)
        elif unwanted := words.excluded(self._question):
            condition += " AND r.id NOT IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :unwanted)"
            values["unwanted"] = f"{{text}} : ({unwanted})"
        return [row[0] for row in self._con.execute(sql[0] + condition + sql[1], values)]

    def _characters(self, first: int, last: int) -> list[Hit]:
        from memlog.query.characters import find_characters

        selection = self._selection.replace(ids=range(first, last + 1))
        found = find_characters(
            self._con, self._text, selection, pattern=self._mode == REGEX, limit=last - first + 1, now_ns=0
        )
        return sorted(found, key=lambda hit: hit.id)


def _once(hits: list[Hit]) -> list[Hit]:
    """The parts of a record as one."""
    return list({hit.identity: hit for hit in reversed(hits)}.values())[::-1]


def _file(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
