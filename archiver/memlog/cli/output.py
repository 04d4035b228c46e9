"""Rows to stdout: a table on a terminal, JSON into a pipe, or what the flags ask for."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class RowFormat(StrEnum):
    """How rows are printed; AUTO is a table on a terminal and a JSON array elsewhere."""

    AUTO = "auto"
    JSON = "json"
    NL = "nl"
    CSV = "csv"
    TSV = "tsv"
    TABLE = "table"


def row_options(command: F) -> F:
    """The flags every command with rows has; they arrive as `rows: Rows`."""

    def collect(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        return value

    for flags, name, text in (
        (("--json", "json_"), "json", "One JSON array."),
        (("--nl",), "nl", "One JSON object a line."),
        (("--csv",), "csv", "Comma-separated values."),
        (("--tsv",), "tsv", "Tab-separated values."),
        (("--table", "-t"), "table", "A table, also into a pipe."),
    ):
        command = click.option(
            *flags,
            "rows",
            flag_value=RowFormat(name),
            default=None,
            type=RowFormat,
            help=text,
            callback=collect,
        )(command)
    return click.option("--fmt", metavar="STYLE", help="Table in a style of tabulate, e.g. github, simple.")(
        command
    )


def emit(
    items: Iterable[Any],
    rows: RowFormat | None = None,
    fmt: str | None = None,
    columns: list[str] | None = None,
) -> None:
    """Print dataclasses or mappings. columns: what the table shows; the other formats show all."""
    found = map(_row, items)
    style = rows or (RowFormat.TABLE if fmt else RowFormat.AUTO)
    if style is RowFormat.AUTO:
        style = RowFormat.TABLE if sys.stdout.isatty() else RowFormat.JSON
    if style is RowFormat.TABLE:
        _table(list(found), fmt, columns)
    elif style is RowFormat.NL:
        for row in found:
            click.echo(_json(row))
    elif style is RowFormat.JSON:
        _array(found)
    else:
        _separated(found, "," if style is RowFormat.CSV else "\t")


def _row(item: Any) -> dict[str, Any]:
    if isinstance(item, Mapping):
        return dict(item)
    if is_dataclass(item) and not isinstance(item, type):
        return asdict(item)
    return dict(item._asdict())


def _json(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, (bytes, memoryview)) else str(value)


def _array(found: Iterable[dict[str, Any]]) -> None:
    first = True
    for row in found:
        click.echo(("[" if first else ",\n ") + _json(row), nl=False)
        first = False
    click.echo("[]" if first else "]")


def _separated(found: Iterable[dict[str, Any]], delimiter: str) -> None:
    rows = iter(found)
    first = next(rows, None)
    if first is None:
        return
    writer = csv.writer(sys.stdout, delimiter=delimiter, lineterminator="\n")
    writer.writerow(first)
    for row in chain([first], rows):
        writer.writerow(_json(v) if isinstance(v, (list, dict)) else v for v in row.values())


def _table(found: list[dict[str, Any]], fmt: str | None, columns: list[str] | None) -> None:
    if not found:
        click.echo("nothing found", err=True)
        return
    from tabulate import tabulate

    names = columns or list(found[0])
    cells = [[_cell(row.get(name)) for name in names] for row in found]
    click.echo(tabulate(cells, headers=names, tablefmt=fmt or "simple", disable_numparse=True))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = (
        value if isinstance(value, str) else _json(value) if isinstance(value, (list, dict)) else str(value)
    )
    return safe_text(text.replace("\n", " "))


def safe_text(text: str) -> str:
    """Text no terminal obeys: control, bidi and zero-width characters become visible escapes.

    Newline and tab stay. At the render boundary only: what is archived is evidence.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in "\n\t" or not _obeyed(c) else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}"
        for c in text
    )


def _obeyed(c: str) -> bool:
    n = ord(c)
    return (
        n < 0x20 or 0x7F <= n < 0xA0 or 0x200B <= n <= 0x200F or 0x202A <= n <= 0x202E
        or 0x2060 <= n <= 0x2069 or n == 0xFEFF or 0xD800 <= n < 0xE000
    )  # fmt: skip
