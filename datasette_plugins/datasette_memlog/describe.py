"""What readers are told of an archive: titles, descriptions, which columns first, the menu."""

from functools import cache
from typing import Any

from markupsafe import escape

from datasette_memlog import archives, wording

COUNTED_BYTES = 100 << 20  # of archive.db: counting the rows of a larger one takes longer than showing them

VIEWS = {
    "v_session": (
        "Sessions",
        "One row a session of an agent. Its id leads to its records.",
        "started_ns",
    ),
    "v_record": (
        "Records",
        "What was said, thought and done, the host's bookkeeping lines counted. A long record is several "
        "rows, and counts once. Its id leads to the whole text.",
        "id",
    ),
    "v_epoch": (
        "Epochs",
        "What lies between two compactions; tokens before and after the one that ended it.",
        "opened_ns",
    ),
    "v_gap": (
        "Gaps",
        "Records a ring lost before they were archived; healed: got back from transcripts.",
        "noticed",
    ),
    "v_event": ("Events", "What a host told its hooks.", "id"),
    "v_event_text": ("Texts", "What there is to read in an event; its id is that of v_event.", "id"),
    "v_damage": ("Damage", "Bytes that are no record, kept as they were.", "id"),
}
# What a person reads; `_all=1` shows the rest.
BRIEF = {
    "v_session": (
        "session", "title", "project", "agent", "started", "ended", "records", "compactions", "tools",
        "errors", "gaps", "bytes",
    ),
    "v_record": (
        "id", "ts", "kind", "role", "tool", "error", "text", "session", "epoch", "project", "agent",
    ),
    "v_epoch": (
        "session", "project", "agent", "epoch", "opened", "closed", "trigger", "tokens_before",
        "tokens_after", "records",
    ),
    "v_event": ("id", "ts", "session", "project", "agent", "event", "data"),
    "v_damage": ("id", "noticed", "source", "place", "bytes", "reason"),
}  # fmt: skip


def archive(datasette: Any, name: str) -> dict[str, Any]:
    """Datasette's metadata of one archive. Local metadata of the same keys goes before it."""
    tables: dict[str, Any] = {table: {"hidden": True} for table in archives.tables(datasette, name)}
    # The keys of its rows are bytes, which Datasette writes into links that lead nowhere.
    tables |= {table: {"hidden": True, "allow": False} for table in tables if table.endswith("_fts_idx")}
    for view, (title, description, newest) in VIEWS.items():
        tables[view] = {
            "title": title,
            "description": description,
            "sort_desc": newest,
            "columns": wording.COLUMNS[view],
        }
        more = ' <a href="?_all=1">All columns</a>' if view in BRIEF else ""
        tables[view]["description_html"] = f"{description}{more}{_columns(view)}"
    tables["v_record"] |= {"fts_table": "record_fts", "fts_pk": "id"}
    return {"title": "memlog", "tables": tables}


@cache
def _columns(view: str) -> str:
    """What its columns are, folded: thirty lines before the first row are no table any more."""
    said = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in wording.COLUMNS[view].items()
    )
    return f'<details class="memlog-columns"><summary>What the columns are</summary><dl>{said}</dl></details>'


def menu(datasette: Any) -> list[dict[str, str]]:
    """Links to each archive's search, sessions and records."""
    names = archives.names(datasette)
    links = []
    for name in names:
        place = f"{name}: " if len(names) > 1 else ""
        links += [
            {"href": datasette.urls.database(name) + "/-/search", "label": f"{place}Search"},
            {"href": datasette.urls.database(name) + "/-/sessions", "label": f"{place}Sessions"},
            {"href": datasette.urls.table(name, "v_record"), "label": f"{place}Records"},
        ]
    return links
