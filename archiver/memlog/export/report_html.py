"""A post-mortem's report as one HTML file: no script, no network, light and dark, on paper too."""

import base64
import hashlib
import os
from collections.abc import Iterator
from html import escape

from memlog.export.report import CITED, Line, Part, Report, Section, Table

_STYLE = os.path.join(os.path.dirname(__file__), "report.css")
Places = dict[str, str]
_OPEN_ROWS = 40  # of a longer table the rest is folded


def chunks(report: Report) -> Iterator[bytes]:
    """The file, piece by piece."""
    with open(_STYLE, encoding="utf-8") as file:
        style = file.read()
    yield _head(report, style).encode()
    for section in report.sections:
        yield "".join(_section(section, report.places)).encode()
    yield b"</main>\n</body>\n</html>\n"


def page(title: str, body: Iterator[str]) -> Iterator[bytes]:
    """A page of the same looks around other content, which is escaped already."""
    with open(_STYLE, encoding="utf-8") as file:
        style = file.read()
    yield (_begin(title, style) + "<main>\n").encode()
    for piece in body:
        yield piece.encode()
    yield b"</main>\n</body>\n</html>\n"


def _begin(title: str, style: str) -> str:
    # The page can do nothing but be seen: whatever a record says, nothing is loaded, sent or run.
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    )


def _head(report: Report, style: str) -> str:
    cards = "".join(
        f'<div class="card{" bad" if bad else ""}"><dt>{escape(label)}</dt><dd>{escape(figure)}</dd></div>'
        for label, figure, bad in report.cards
    )
    links = "".join(f'<a href="#{s.name}">{escape(s.title)}</a>' for s in report.sections)
    about = "".join(f"<p>{escape(sentence)}</p>" for sentence in report.about)
    return (
        f"{_begin(report.title, style)}<header><h1>{escape(report.title)}</h1>{about}"
        f'<dl class="cards">{cards}</dl></header>\n<nav aria-label="Sections">{links}</nav>\n<main>\n'
    )


def _section(section: Section, places: Places) -> Iterator[str]:
    yield f'<section id="{section.name}"><h2>{escape(section.title)}</h2>\n'
    for part in section.parts:
        yield from _part(part, places)
    yield "</section>\n"


def _part(part: Part, places: Places) -> Iterator[str]:
    if part.title:
        yield f"<h3>{escape(part.title)}</h3>\n"
    for sentence in part.says:
        yield f"<p>{escape(sentence)}</p>\n"
    if part.lines:
        yield from _lines(part.lines)
    if part.table is not None:
        yield from _table(part.table, places)


def _lines(lines: list[Line]) -> Iterator[str]:
    yield '<ol class="timeline">\n'
    day = ""
    for line in lines:
        if line.ts[:10] != day:
            day = line.ts[:10]
            yield f'<li class="day">{escape(day)}</li>\n'
        tool = f"<b>{escape(line.tool)}</b> " if line.tool else ""
        ended = f" <em>{escape(line.outcome)}</em>" if line.outcome and line.outcome != "ok" else ""
        anchor = f' id="r{line.record}"' if line.record is not None else ""
        cited = f" <small>{line.record}</small>" if line.record is not None else ""
        yield (
            f'<li{anchor} class="{_class(line)}">'
            f'<time datetime="{escape(line.ts)}">{escape(line.ts[11:19])}</time>'
            f"<i>{escape(line.what)}</i><span>{tool}{escape(line.text)}{ended}{cited}</span></li>\n"
        )
    yield "</ol>\n"


def _class(line: Line) -> str:
    kinds = ("prompt", "reply", "tool", "compaction", "summary", "hook", "gap", "hole")
    return (line.what if line.what in kinds else "other") + (" bad" if line.bad else "")


def _table(table: Table, places: Places) -> Iterator[str]:
    if not table.rows:
        yield '<p class="none">None.</p>\n'
        return
    yield from _rows(table, 0, table.rows[:_OPEN_ROWS], places)
    rest = table.rows[_OPEN_ROWS:]
    if rest:
        yield f"<details><summary>{len(rest):,} more</summary>\n"
        yield from _rows(table, _OPEN_ROWS, rest, places)
        yield "</details>\n"
    if table.more:
        yield f'<p class="none">{table.more:,} more in incident.db: <code>{escape(table.sql)}</code></p>\n'


def _rows(table: Table, first: int, rows: list[tuple[str, ...]], places: Places) -> Iterator[str]:
    head = "".join(f'<th scope="col"{_kind(table, name)}>{escape(name)}</th>' for name in table.columns)
    yield f'<div class="rows"><table><thead><tr>{head}</tr></thead><tbody>\n'
    for n, row in enumerate(rows, first):
        cells = (
            f'<td data-name="{escape(name)}"{_kind(table, name)}>{_cell(table, name, cell, places)}</td>'
            for name, cell in zip(table.columns, row, strict=True)
        )
        yield f"<tr{' class=bad' if n in table.bad else ''}>{''.join(cells)}</tr>\n"
    yield "</tbody></table></div>\n"


def _kind(table: Table, name: str) -> str:
    found = "number" if name in table.numbers else "code" if name in table.codes else ""
    return f' class="{found}"' if found else ""


def _cell(table: Table, name: str, cell: str, places: Places) -> str:
    if name in CITED and cell in places:
        return f'<a href="#r{escape(places[cell])}">{escape(cell)}</a>'
    if name != table.bar or not cell:
        return escape(cell)
    width = max(0, min(100, int(cell)))
    return (
        f'<svg viewBox="0 0 100 8" role="img" aria-label="{width} %" preserveAspectRatio="none">'
        f'<rect class="all" width="100" height="8"/><rect class="kept" width="{width}" height="8"/></svg>'
        f" {width} %"
    )
