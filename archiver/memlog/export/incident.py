"""incident.db: records, what was found in them, and questions to begin with, in one file any SQLite reads."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from memlog.contracts import schema_dir
from memlog.export import ahead, findings, share, sqlite, tables
from memlog.export.steps import Steps
from memlog.query import slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.share import Share
    from memlog.export.tables import OnRows
    from memlog.query.checks import Check
    from memlog.query.slice import Row, Slice

_MARK = "\n-- rows\n"
_OF_PART = ("source_id", "block", "part", "text")
_WORD = 4096  # characters of the longest word that two parts may share
COLUMNS_SQL = "SELECT name FROM pragma_table_info(:table) ORDER BY cid"
COUNTED_SQL = "SELECT coalesce(sum(redacted), 0) FROM record WHERE part = 0"
COUNTED = ("record", "session", "epoch", "event", "fact", "compaction", "hole", "gap")


def schema() -> tuple[str, str]:
    """SQL before the rows, and SQL after them.

    Source: schema/export.sql, schema/incident.sql.
    """
    before, after = tables.schema()
    with open(os.path.join(schema_dir(), "incident.sql"), encoding="utf-8") as file:
        first, _, last = file.read().partition(_MARK)
    return before + first + "\n", after + last


def write(
    con: "Connection",
    part: "Slice",
    path: str,
    *,
    now_ns: int,
    on_rows: "OnRows",
    shared: "Share | None",
    health: "Iterable[Check]",
    meanwhile: "Callable[[list[tuple[str, str]]], object]",
) -> None:
    """Fill the empty file at `path`.

    shared: puts placeholders into every text. health: what a status said of the recorder. meanwhile: is
    given the sessions and their agents, as the archive names them, before anything is found in them.
    """
    before, after = schema()
    with (
        sqlite.opened(path, before) as out,
        ahead.reading(con, findings.wanted(con, part), os.path.dirname(path)) as read,
    ):
        hidden = _Hidden(out, shared)
        steps = Steps(slice.columns(con))
        found = tables.rows(con, part, now_ns=now_ns, on_rows=on_rows)
        # A line of the timeline is cut: what it is made of is hidden before, or half a name would stay.
        sqlite.pour(out, steps.beside(hidden.rows(found)))
        sqlite.pour(out, steps.late())
        # Another process reads facts by now: all that can be done before them gives it time.
        meanwhile(hidden.sessions)
        sqlite.indexed(out, after)
        sqlite.pour(out, hidden.rows(findings.rows(con, out, part, hidden.sessions, health, on_rows, read)))
        (credentials,) = out.execute(COUNTED_SQL).fetchone()
        sqlite.pour(out, _left_out(credentials, shared))


class _Hidden:
    """Rows as they go out; the sessions they are of as the archive names them."""

    def __init__(self, out: "Connection", shared: "Share | None") -> None:
        self.sessions: list[tuple[str, str]] = []
        self._out = out
        self._shared = shared
        self._columns: dict[str, list[str]] = {}

    def rows(self, found: "Iterable[tuple[str, Row]]") -> "Iterator[tuple[str, Row]]":
        if self._shared is not None:
            found = _joined(found, *(self._of("record").index(name) for name in _OF_PART))
        for table, row in found:
            if table == "session":
                self.sessions.append((row[0], row[1]))
            yield table, row if self._shared is None else self._changed(self._shared, table, row)

    def _of(self, table: str) -> list[str]:
        if table not in self._columns:
            self._columns[table] = [name for (name,) in self._out.execute(COLUMNS_SQL, {"table": table})]
        return self._columns[table]

    def _changed(self, shared: "Share", table: str, row: "Row") -> "Row":
        columns = self._of(table)
        changed = shared.row(columns, row)
        if "start_byte" in columns:  # of a text that is not here
            gone = (columns.index("start_byte"), columns.index("end_byte"))
            changed = tuple(None if n in gone else value for n, value in enumerate(changed))
        return changed


def _joined(
    found: "Iterable[tuple[str, Row]]", source: int, block: int, part: int, text: int
) -> "Iterator[tuple[str, Row]]":
    """The rows; a word that two parts of a record share is whole in the second."""
    held: Row | None = None
    for table, row in found:
        if held is not None:
            follows = table == "record" and (held[source], held[block], held[part] + 1) == (
                row[source], row[block], row[part],
            )  # fmt: skip
            if follows and held[text] and row[text]:
                begins = _last_word(held[text])
                row = (*row[:text], held[text][begins:] + row[text], *row[text + 1 :])
                held = (*held[:text], held[text][:begins], *held[text + 1 :])
            yield "record", held
            held = None
        if table == "record":
            held = row
        else:
            yield table, row
    if held is not None:
        yield "record", held


def _last_word(text: str) -> int:
    """Where the word begins that a text ends in the middle of; of a very long one, its last characters.

    Only the end is looked at: a search from the start would try every place of a text without spaces.
    """
    end = text[-_WORD:]
    return len(text) - (len(end.split()[-1]) if end[-1:].strip() else 0)


def _left_out(credentials: int, shared: "Share | None") -> "Iterator[tuple[str, Row]]":
    if credentials:
        yield "redaction", ("recorded", "credential", credentials)
    if shared is not None:
        for kind in share.KINDS:
            yield "redaction", ("shared", kind, shared.counts[kind])


def learn(con: "Connection", part: "Slice", shared: "Share", on_rows: "OnRows") -> None:
    """Have the profile notice every name before the first text goes out."""
    names = slice.columns(con)
    of_text, of_project, of_extra = map(names.index, ("text", "project", "extra"))
    for row in slice.records(con, part):
        for value in (row[of_text], row[of_project], row[of_extra]):
            if isinstance(value, str):
                shared.learn(value)
        on_rows(1)


def counts(out: "Connection", names: Iterable[str]) -> dict[str, Any]:
    """How many rows these tables hold; a record of several parts is one."""
    ask = "SELECT count(*) FROM {} {}"
    return {
        name: out.execute(ask.format(name, "WHERE part = 0" if name == "record" else "")).fetchone()[0]
        for name in names
    }
