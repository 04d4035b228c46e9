"""A transcript as Markdown: every text in a fence of its own, so that nothing in it is markup."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog.export.report import plain
from memlog.export.report_md import text
from memlog.export.told import Told, told

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice

_TICKS = re.compile(r"`{3,}")


def chunks(con: "Connection", part: "Slice", *, on_rows: "OnRows") -> Iterator[bytes]:
    """The file, a record at a time; without the host's bookkeeping."""
    yield f"# {text(plain(part.asked))}\n".encode()
    for one in told(con, part):
        yield (_head(one) + _fenced(plain(one.text)) if one.text else _head(one)).encode()
        on_rows(1)


def _head(one: Told) -> str:
    begins = f"\n## {text(plain(one.session))}\n\n{text(plain(one.agent))}, {text(plain(one.project))}\n"
    pieces = f", part {one.part + 1} of {one.parts}" if one.parts > 1 else ""
    who = f"**{text(plain(one.who))}** {text(one.kind)}"
    return f"{begins if one.begins else ''}\n{who} · {one.ts} · epoch {one.epoch} · \\#{one.id}{pieces}\n"


def _fenced(said: str) -> str:
    longest = max((len(found[0]) for found in _TICKS.finditer(said)), default=2)
    fence = "`" * (longest + 1)
    return f"\n{fence}text\n{said}\n{fence}\n"
