"""Rows to stdout: a table on a terminal, JSON into a pipe, or what the flags ask for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, TypeVar

import click

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.table import table
from memlog.cli.terminal import safe_line, safe_text

__all__ = ["RowFormat", "as_row", "emit", "row_options", "safe_line", "safe_text", "terminal", "write"]

F = TypeVar("F", bound=Callable[..., Any])
_NO_HEADERS = "memlog.no_headers"


class RowFormat(StrEnum):
    """How rows are printed; AUTO is a table on a terminal and a JSON array elsewhere."""

    AUTO = "auto"
    JSON = "json"
    NL = "nl"
    CSV = "csv"
    TSV = "tsv"
    TABLE = "table"


def row_options(command: F) -> F:
    """The flags every command with rows has; they arrive as `rows` and `fmt`."""

    def remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        ctx.meta[_NO_HEADERS] = value

    command = click.option(
        "--no-headers", is_flag=True, expose_value=False, callback=remember, help="No line of column names."
    )(command)
    command = click.option("--fmt", metavar="STYLE", help="A table in a style of tabulate, e.g. github.")(
        command
    )
    for flags, name, text in (
        (("--table", "-t"), "table", "A table, also into a pipe."),
        (("--tsv",), "tsv", "Tab-separated values."),
        (("--csv",), "csv", "Comma-separated values."),
        (("--nl",), "nl", "One JSON object a line."),
        (("--json",), "json", "One JSON array; also what a pipe gets by default."),
    ):
        command = click.option(
            *flags, "rows", flag_value=RowFormat(name), default=None, type=RowFormat, help=text
        )(command)
    return command


def emit(
    items: Iterable[Any],
    rows: RowFormat | None = None,
    fmt: str | None = None,
    columns: list[str] | None = None,
    *,
    headers: bool | None = None,
    brief: bool = True,
) -> None:
    """Print dataclasses, named tuples or mappings.

    columns: what the table shows; the other formats show all. headers: None: unless --no-headers.
    brief: on a terminal, times without milliseconds, first characters of a session, last part of a path.
    """
    found = map(as_row, items)
    if headers is None:
        ctx = click.get_current_context(silent=True)
        headers = not (ctx and ctx.meta.get(_NO_HEADERS))
    style = rows or (RowFormat.TABLE if fmt else RowFormat.AUTO)
    if style is RowFormat.AUTO:
        style = RowFormat.TABLE if terminal.is_terminal() else RowFormat.JSON
    if style is RowFormat.TABLE:
        _table(list(found), fmt, columns, headers, brief and terminal.is_terminal())
    elif style is RowFormat.NL:
        for row in found:
            terminal.write(to_json(row) + "\n")
    elif style is RowFormat.JSON:
        _array(found)
    else:
        _separated(found, "," if style is RowFormat.CSV else "\t", headers)


def write(text: str) -> None:
    """Print a page a person reads, safe already, through a pager where it is long."""
    terminal.write(text if text.endswith("\n") or not text else text + "\n")


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
    import csv
    from io import StringIO

    rows = iter(found)
    first = next(rows, None)
    if first is None:
        return
    out = StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
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
    found: list[dict[str, Any]], fmt: str | None, columns: list[str] | None, headers: bool, brief: bool
) -> None:
    if not found:
        click.echo("nothing found", err=True)
        return
    names = columns or list(found[0])
    shorten = _BRIEF if brief else {}
    cells = [[shorten.get(name, _same)(row.get(name)) for name in names] for row in found]
    if fmt is None:
        width = terminal.size()[0] if terminal.is_terminal() else None
        text = table(names, cells, width, headers)
        if headers and terminal.colours():
            head, _, rest = text.partition("\n")
            text = terminal.painted(head, terminal.BOLD, True) + "\n" + rest
        terminal.write(text)
        return
    from tabulate import tabulate, tabulate_formats

    if fmt not in tabulate_formats:
        raise click.UsageError(f"no table style is called {fmt!r}; there are: {', '.join(tabulate_formats)}")
    clean = [["" if v is None else safe_line(_plain(v)) for v in row] for row in cells]
    shown = tabulate(
        clean, headers=list(map(safe_line, names)) if headers else (), tablefmt=fmt, disable_numparse=True
    )
    terminal.write(shown + "\n")


def _same(value: Any) -> Any:
    return value


def _second(value: Any) -> Any:
    """2026-03-05T14:30:00.123Z as 2026-03-05 14:30:00Z."""
    if isinstance(value, str) and len(value) == 24 and value[10] == "T":
        return f"{value[:10]} {value[11:19]}Z"
    return value


def _uuid(value: Any) -> Any:
    return value[:8] if isinstance(value, str) and len(value) == 36 and value.count("-") == 4 else value


def _last_part(value: Any) -> Any:
    return value.rstrip("/").rpartition("/")[2] or value if isinstance(value, str) else value


_BRIEF = {
    **dict.fromkeys(("ts", "started", "ended", "opened", "closed", "noticed"), _second),
    "session": _uuid,
    "project": _last_part,
}
