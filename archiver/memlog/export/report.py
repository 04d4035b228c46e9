"""What a report is made of: sections of sentences, lines and tables, as texts nobody obeys."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from memlog.portable import OBEYED

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

_ODD = re.compile(f"[\x00-\x08\x0b-\x1f{OBEYED}]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_KEYS = frozenset(("record", "back in", "after", "before", "from byte", "to byte"))
CITED = frozenset(("record", "back in"))  # columns that name a record
_WIDTH = 400  # characters of a cell


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts. codes: columns in a fixed pitch; bad: rows of bad news; more: how many are left out."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    codes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    bad: frozenset[int] = frozenset()
    more: int = 0
    sql: str = ""
    bar: str = ""  # a column of shares, 0 to 100

    def records(self) -> set[str]:
        """The records its rows cite."""
        at = [n for n, name in enumerate(self.columns) if name in CITED]
        return {row[n] for row in self.rows for n in at if row[n]}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline."""

    ts: str
    who: str
    what: str
    tool: str
    text: str
    outcome: str
    bad: bool
    record: int | None  # None of what is no record


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a section: a heading, sentences, and what follows them."""

    title: str = ""
    says: tuple[str, ...] = ()
    table: Table | None = None
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report; name: its anchor."""

    name: str
    title: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. cards: label, figure, whether it is bad news.

    places: of a record a table cites, the record of the line of the timeline where it stands.
    """

    title: str
    about: tuple[str, ...]
    cards: list[tuple[str, str, bool]]
    sections: list[Section]
    places: dict[str, str] = field(default_factory=dict)


def plain(value: Any) -> str:
    """A value as a text without characters a reader would obey: controls, bidi, zero widths."""
    text = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cell(value: Any) -> str:
    """A value as a cell has it: a time in seconds, a long text cut."""
    text = plain(value)
    if _TIME.fullmatch(text):
        return f"{text[:10]} {text[11:19]}"
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def table(
    out: "Connection",
    sql: str,
    columns: tuple[str, ...],
    limit: int,
    source: str = "",
    count: str = "",
    **said: Any,
) -> Table:
    """The first rows of a question. source: the table or view that has all; count: SQL for how many."""
    count = count or (f"SELECT count(*) FROM {source}" if source else "")  # noqa: S608
    rows = out.execute(sql, {"limit": limit}).fetchall()
    total = out.execute(count).fetchone()[0] if count and len(rows) == limit else len(rows)
    bad = frozenset(n for n, row in enumerate(rows) if said.get("is_bad", lambda row: False)(row))
    said.pop("is_bad", None)
    # what a reader looks up is written as it is looked up
    cells = [
        tuple(
            str(v) if name in _KEYS and v is not None else cell(v)
            for name, v in zip(columns, row, strict=True)
        )
        for row in rows
    ]
    return Table(columns, cells, bad=bad, more=total - len(rows), sql=f"SELECT * FROM {source}", **said)  # noqa: S608
