"""The tables of an exported file, row by row: schema/export.sql filled from the archive's views."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from memlog import __version__
from memlog.contracts import schema_dir
from memlog.query import dates, slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.slice import Row, Slice

OnRows = Callable[[int], object]
_MARK = "\n-- rows\n"


def schema() -> tuple[str, str]:
    """SQL that goes before the rows, and SQL that goes after them.

    Source: schema/export.sql.
    """
    with open(os.path.join(schema_dir(), "export.sql"), encoding="utf-8") as file:
        before, _, after = file.read().partition(_MARK)
    return before + "\n", after


def rows(con: "Connection", part: "Slice", *, now_ns: int, on_rows: OnRows) -> Iterator[tuple[str, "Row"]]:
    """Table and row of everything the file holds; records first, they say which sessions come with them.

    on_rows: called with the number of records since the last call.
    """
    names = slice.columns(con)
    of_session, of_agent, of_ring = map(names.index, ("session", "agent", "ring_id"))
    sessions: dict[tuple[Any, Any], None] = {}
    rings: set[str] = set()
    for fact in facts(part, now_ns):
        yield "export", fact
    for row in slice.records(con, part):
        sessions[row[of_session], row[of_agent]] = None
        if row[of_ring]:
            rings.add(row[of_ring])
        yield "record", row
        on_rows(1)
    for name, agent in slice.names(con) if part.whole else sessions:
        yield from _of("session", slice.session(con, name, agent))
        yield from _of("epoch", slice.epochs(con, name, agent))
        if not part.whole:
            yield from _of("event", slice.events(con, name, agent, part))
    if part.whole:
        yield from _of("event", slice.all_events(con))
    yield from _of("gap", slice.gaps(con, rings, part))


def _of(table: str, found: "Iterator[Row]") -> Iterator[tuple[str, "Row"]]:
    return ((table, row) for row in found)


def facts(part: "Slice", now_ns: int) -> list[tuple[str, str]]:
    """What the file says of itself."""
    return [
        ("made by", f"memlog {__version__}"), ("made at", dates.iso(now_ns)), ("holds", part.asked),
        ("note", "a row of session or epoch counts all its records, also those left out here"),
    ]  # fmt: skip
