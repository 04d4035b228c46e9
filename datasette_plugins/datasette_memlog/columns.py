"""Cells as a person reads them. Whatever a record holds becomes text: escaped here, no other markup."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

SHOWN = 400  # characters of a text in a table; its record's page shows all
# Marks that make text read in another order than it stands.
_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)
_SHOWN_AS = dict.fromkeys(_TURNS, "\N{REPLACEMENT CHARACTER}")
_TIMES = ("ts", "started", "ended", "opened", "closed", "noticed")


def cell(
    datasette: Any, database: str, table: str | None, row: Any, column: str, value: Any
) -> Markup | None:
    """What stands in the cell; None leaves it to Datasette: numbers, NULL, blobs as a download link."""
    if isinstance(value, int) and column.endswith("_ns"):
        return moment(value)
    if isinstance(value, int) and column == "bytes":
        return Markup('<span title="{} bytes">{}</span>').format(value, size(value))
    if isinstance(value, int) and column == "id" and _is_record(row, table):
        place = datasette.urls.database(database)
        return Markup('<a href="{}/-/record/{}">{}</a>').format(place, value, value)
    if not isinstance(value, str) or value == "":
        return None
    if column == "session":
        shown = value if len(value) <= 12 else value[:8] + "…"
        query = {"session__exact": value, "_sort": "ts_ns"}
        return link(datasette, database, "v_record", query, shown, value)
    if column == "project":
        shown = "/".join(value.rstrip("/").rsplit("/", 2)[-2:])[-40:] or value[:40]
        return link(datasette, database, "v_session", {"project__exact": value}, shown, value)
    if column in ("ts", "started", "ended", "opened", "closed", "noticed") and len(value) >= 19:
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            value, value, value[:19].replace("T", " ")
        )
    if column in ("extra", "data") and (pretty := indented(value)) is not None:
        return Markup('<pre class="memlog-text">{}</pre>').format(shortened(pretty))
    if column == "text":
        return Markup('<div class="memlog-text">{}</div>').format(shortened(value))
    return escape(shortened(value))


def plain(text: str) -> str:
    """The text, reading in the order it stands."""
    return text.translate(_SHOWN_AS)


def shortened(text: str, limit: int = SHOWN) -> str:
    """The begin of a text."""
    return plain(text if len(text) <= limit else text[:limit] + "…")


def moment(ns: int) -> Markup:
    """UTC time of nanoseconds since 1970; the number stays where the pointer rests."""
    try:
        when = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return escape(ns)
    text = f"{when:%Y-%m-%dT%H:%M:%S}.{ns // 1_000_000 % 1000:03d}Z"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(text, ns, text)


def size(count: int) -> str:
    """Bytes in the largest unit that leaves digits."""
    if count < 1024:
        return str(count)
    return f"{count / 1024:.1f} KB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"


def indented(text: str) -> str | None:
    """Indented JSON, or None where it is none."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return None


def link(datasette: Any, database: str, view: str, query: dict[str, str], text: str, title: str) -> Markup:
    """A link to a view narrowed to what equals."""
    place = f"{datasette.urls.table(database, view)}?{urlencode(query, errors='replace')}"
    return Markup('<a href="{}" title="{}">{}</a>').format(place, plain(title), plain(text))


def _is_record(row: Any, table: str | None) -> bool:
    """A row of v_record, or of a query that shows what its records are."""
    return table == "v_record" or (table is None and {"kind", "session"} <= set(row.keys()))
