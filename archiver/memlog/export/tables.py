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
    for key in sessions:
        for table, found in (
            ("session", slice.session(con, *key)),
            ("epoch", slice.epochs(con, *key)),
            ("event", slice.events(con, *key, part)),
        ):
            for row in found:
                yield table, row
    for row in slice.gaps(con, rings, part):
        yield "gap", row


def facts(part: "Slice", now_ns: int) -> list[tuple[str, str]]:
    """What the file says of itself."""
    return [
        ("made by", f"memlog {__version__}"), ("made at", dates.iso(now_ns)), ("holds", part.asked),
        ("note", "a row of session or epoch counts all its records, also those left out here"),
    ]  # fmt: skip
