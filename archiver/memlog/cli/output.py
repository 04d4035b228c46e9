"""Rows to stdout or a file: a table on a terminal, JSON into a pipe, or what the flags ask for."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, TypeVar

import click

from memlog.cli import brief, terminal
from memlog.cli.destination import Destination, style_of
from memlog.cli.encode import to_json
from memlog.cli.table import is_too_wide, table, upright, widths_of
from memlog.cli.terminal import safe_line, safe_text
from memlog.cli.width import cut
from memlog.errors import InputError

__all__ = [
    "RowFormat", "as_row", "emit", "headers", "is_page", "is_text", "row_options", "safe_line", "safe_text",
    "terminal", "to_file", "write", "write_bytes",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
_NO_HEADERS = "memlog.no_headers"
_FILE = "memlog.file"
_FRAME = 3  # of a column in a style of tabulate: a line and a space on either side


class RowFormat(StrEnum):
    """How rows are printed; AUTO is a table on a terminal and a JSON array elsewhere."""

    AUTO = "auto"
    JSON = "json"
    NL = "nl"
    CSV = "csv"
    TSV = "tsv"
    TABLE = "table"


def row_options(command: F) -> F:
    """The flags every command with rows has; `rows` and `fmt` are handed to it, the others are read here."""

    def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        ctx.meta[_FILE if param.name == "output" else _NO_HEADERS] = value

    command = click.option(
        "--no-headers", is_flag=True, expose_value=False, callback=remember, help="No line of column names."
    )(command)
    command = click.option(
        "-o", "--output", metavar="FILE", type=click.Path(), expose_value=False, callback=remember,
        help="Into this new file; its ending says the format: .json .jsonl .csv .tsv .txt",
    )(command)  # fmt: skip
    command = click.option(
        "--fmt", metavar="STYLE", help="A table in a style of tabulate, e.g. github.", shell_complete=_styles
    )(command)
    for flags, name, text in (
        (("--table",), "table", "A table, also into a pipe."),
        (("--tsv",), "tsv", "Tab-separated values."),
        (("--csv",), "csv", "Comma-separated values."),
        (("--nl",), "nl", "One JSON object a line."),
        (("--json",), "json", "One JSON array; also what a pipe gets by default."),
    ):
        command = click.option(
            *flags, "rows", flag_value=RowFormat(name), default=None, type=RowFormat, help=text
        )(command)
    return command


def is_text(rows: RowFormat | None, fmt: str | None) -> bool:
    """Whether a command whose rows are also a text for people prints that: nobody asked for rows."""
    return rows is None and fmt is None and style_of(_said(_FILE)) in (None, "table")


def is_page(rows: RowFormat | None, fmt: str | None) -> bool:
    """Whether a person reads it, in a form the command chooses."""
    return rows is None and fmt is None and _said(_FILE) is None and terminal.is_terminal()


def emit(
    items: Iterable[Any],
    rows: RowFormat | None = None,
    fmt: str | None = None,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    *,
    headed: bool | None = None,
    short: bool = True,
    output: str | None = None,
) -> None:
    """Print dataclasses, named tuples or mappings.

    columns: what the table shows, with its heading on a terminal where it is another; the other formats
    show all. headed: None: unless --no-headers. short: on a terminal, values in the form of brief.py.
    output: a file instead of the one -o names.
    """
    found = map(as_row, items)
    output = output or _said(_FILE)
    headed = headers() if headed is None else headed
    style = rows or (RowFormat.TABLE if fmt else RowFormat(style_of(output) or "auto"))
    with Destination(output):
        person = terminal.is_terminal()
        if style is RowFormat.AUTO:
            style = RowFormat.TABLE if person else RowFormat.JSON
        if style is RowFormat.TABLE:
            _table(list(found), fmt, columns, headed, short and person)
        elif style is RowFormat.NL:
            for row in found:
                terminal.write(to_json(row) + "\n")
        elif style is RowFormat.JSON:
            _array(found)
        else:
            _separated(found, "," if style is RowFormat.CSV else "\t", headed)


def write(text: str) -> None:
    """Print a page a person reads, safe already, through a pager where it is long."""
    with Destination(_said(_FILE)):
        terminal.write(text if text.endswith("\n") or not text else text + "\n")


def write_bytes(data: bytes) -> None:
    """Bytes as they are, which are not for a terminal."""
    with Destination(_said(_FILE)):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def headers() -> bool:
    """Whether a table has a line of names."""
    return not _said(_NO_HEADERS)


def to_file() -> bool:
    """Whether -o was said."""
    return _said(_FILE) not in (None, "-")


def _said(name: str) -> Any:
    ctx = click.get_current_context(silent=True)
    return ctx.meta.get(name) if ctx else None


def _styles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from tabulate import tabulate_formats

    return [name for name in tabulate_formats if name.startswith(incomplete)]


def as_row(item: Any) -> dict[str, Any]:
    """A dataclass, named tuple or mapping as a dict; its values are not copied."""
    if isinstance(item, Mapping):
        return dict(item)
    if is_dataclass(item) and not isinstance(item, type):
        return {field.name: getattr(item, field.name) for field in fields(item)}
    return dict(item._asdict())


def _array(found: Iterable[dict[str, Any]]) -> None:
    begin = "["
    for row in found:
        terminal.write(begin + to_json(row))
        begin = ",\n "
    terminal.write("[]\n" if begin == "[" else "]\n")


def _separated(found: Iterable[dict[str, Any]], delimiter: str, headers: bool) -> None:
    from io import StringIO

    from memlog.export import csv

    rows = iter(found)
    first = next(rows, None)
    if first is None:
        return
    out = StringIO(newline="")
    writer = csv.rows_to(out, delimiter)
    clean = safe_text if terminal.is_terminal() else str  # into a file, the text as it is
    if headers:
        writer.writerow(map(clean, first))
    for row in chain([first], rows):
        writer.writerow(clean(_plain(v)) if v is not None else "" for v in row.values())
        terminal.write(out.getvalue())
        out.seek(0)
        out.truncate()


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return to_json(value).strip('"') if isinstance(value, (list, dict, tuple, bytes)) else str(value)


def _table(
    found: list[dict[str, Any]], fmt: str | None, columns: Sequence[str] | Mapping[str, str] | None,
    headers: bool, short: bool,
) -> None:  # fmt: skip
    if not found:
        click.echo("nothing found", err=True)
        return
    names = list(columns or found[0])
    cells = [[row.get(name) for name in names] for row in found]
    heads = names
    if short:
        cells = brief.cells(names, cells, terminal.size()[0])
        heads = [columns[name] or name for name in names] if isinstance(columns, Mapping) else names
    if fmt is not None:
        terminal.write(_tabulated(fmt, heads, cells, headers, terminal.width() if short else None))
        return
    width = terminal.width()
    if width is not None and headers and is_too_wide(heads, cells, width):
        terminal.write(upright(heads, cells, width))
        return
    text = table(heads, cells, width, headers)
    if headers and terminal.colours():
        head, _, rest = text.partition("\n")
        text = terminal.painted(head, terminal.BOLD, True) + "\n" + rest
    terminal.write(text)


def _nearest(fmt: str, styles: list[str]) -> list[str]:
    """Styles of nearly this name, and those most asked for."""
    from difflib import get_close_matches

    return list(
        dict.fromkeys([*get_close_matches(fmt, styles, 3), "github", "grid", "simple", "html", "rst"])
    )


def _tabulated(
    fmt: str, names: list[str], cells: list[list[Any]], headers: bool, width: int | None
) -> str:  # fmt: skip
    """The rows in a style of tabulate; width: of the terminal, which breaks longer lines."""
    import tabulate

    if fmt not in tabulate.tabulate_formats:
        some = ", ".join(_nearest(fmt, tabulate.tabulate_formats))
        raise InputError(f"no table style is called {fmt!r}; some are {some}", hint="--fmt github")
    clean = [["" if v is None else safe_line(_plain(v)) for v in row] for row in cells]
    heads = list(map(safe_line, names)) if headers else []
    if width is not None:
        sizes = widths_of(heads or [""] * len(names), clean, width - _FRAME * len(names) - 1)
        clean = [list(map(cut, row, sizes)) for row in clean]
        heads = list(map(cut, heads, sizes))
        tabulate.MIN_PADDING = 0  # else it makes columns wider than their names
    shown = tabulate.tabulate(clean, headers=heads or (), tablefmt=fmt, disable_numparse=True)
    return f"{shown}\n"
