"""A transcript as one HTML file: no script, no network; what tools say is folded."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from memlog.export import report_html
from memlog.export.report import plain
from memlog.export.told import Told, told

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice

_LONG = 1_200  # characters; a longer text of a tool is folded


def chunks(con: "Connection", part: "Slice", *, on_rows: "OnRows") -> Iterator[bytes]:
    """The file, a record at a time; without the host's bookkeeping."""
    yield from report_html.page(plain(part.asked), _body(con, part, on_rows))


def _body(con: "Connection", part: "Slice", on_rows: "OnRows") -> Iterator[str]:
    yield f"<h1>{escape(plain(part.asked))}</h1>\n"
    for one in told(con, part):
        yield _one(one)
        on_rows(1)


def _one(one: Told) -> str:
    begins = ""
    if one.begins:
        where = f"{plain(one.agent)}, {plain(one.project)}"
        begins = f"<h2>{escape(plain(one.session))}</h2>\n<p>{escape(where)}</p>\n"
    pieces = f", part {one.part + 1} of {one.parts}" if one.parts > 1 else ""
    head = (
        f"<b>{escape(plain(one.who))}</b> {escape(plain(one.kind))} <time datetime='{one.ts}'>{one.ts}</time>"
        f" epoch {one.epoch} #{one.id}{pieces}"
    )
    # A newline right after <pre> is the parser's, not the text's.
    said = f"<pre>\n{escape(plain(one.text))}</pre>" if one.text else ""
    if one.kind not in ("message", "summary") and len(one.text) > _LONG:
        said = f"<details><summary>{len(one.text):,} characters</summary>{said}</details>"
    kind = "prompt" if one.kind == "message" and one.role == "user" else "said"
    kind += " bad" if one.error else ""
    return f'{begins}<article class="{kind}" id="r{one.id}"><p>{head}</p>{said}</article>\n'
