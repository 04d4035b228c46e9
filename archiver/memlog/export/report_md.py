"""A post-mortem's report as Markdown that renders as plain text whatever the records say."""

import re
from collections.abc import Iterator

from memlog.export.report import Line, Part, Report, Table

_SIGNS = re.compile(r"([\\`*_\[\]#|~!$])")


def chunks(report: Report) -> Iterator[bytes]:
    """The file, piece by piece."""
    yield f"# {report.title}\n\n{' '.join(map(text, report.about))}\n\n".encode()
    cards = [
        f"| {text(label)} | {'**' if bad else ''}{text(figure)}{'**' if bad else ''} |"
        for label, figure, bad in report.cards
    ]
    yield ("| | |\n|---|---:|\n" + "\n".join(cards) + "\n").encode()
    for section in report.sections:
        yield f"\n## {section.title}\n".encode()
        for part in section.parts:
            yield "".join(_part(part)).encode()


def text(said: str) -> str:
    """A text on one line, none of it markup or HTML."""
    said = " ".join(said.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = _SIGNS.sub(r"\\\1", said)
    return (
        said.replace("://", ":\u2060//").replace("www.", "www\u2060.").replace("@", "\u2060@")
    )  # nothing becomes a link


def _part(part: Part) -> Iterator[str]:
    if part.title:
        yield f"\n### {text(part.title)}\n"
    for sentence in part.says:
        yield f"\n{text(sentence)}\n"
    if part.lines:
        yield "\n" + "".join(map(_line, part.lines))
    if part.table is not None:
        yield from _table(part.table)


def _line(line: Line) -> str:
    said = " ".join(filter(None, (text(line.tool), text(line.text))))
    ended = f" — **{text(line.outcome)}**" if line.bad else ""
    cited = f" · {line.record}" if line.record is not None else ""
    return f"- {line.ts} {text(line.who)} *{text(line.what)}* {said}{ended}{cited}\n"


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield "\nNone.\n"
        return
    yield f"\n| {' | '.join(table.columns)} |\n"
    yield "|" + "|".join("---:" if name in table.numbers else "---" for name in table.columns) + "|\n"
    bar = table.columns.index(table.bar) if table.bar else -1
    for n, row in enumerate(table.rows):
        cells = [text(cell) + (" %" if at == bar and cell else "") for at, cell in enumerate(row)]
        if n in table.bad:
            cells[0] = f"**{cells[0]}**"
        yield f"| {' | '.join(cells)} |\n"
    if table.more:
        yield f"\n{table.more:,} more: {text(table.sql)}\n"
