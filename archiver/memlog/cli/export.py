"""`memlog export`: take records out of the archive, readable without memlog."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memlog.cli import completion, interrupt, terminal
from memlog.cli.asking import selects
from memlog.cli.root import Context, pass_context

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.slice import Slice

F = TypeVar("F", bound=Callable[..., Any])
_LONG = 5_000  # records; fewer are out before a line is of use
_TOLD = 100


def selected(command: F) -> F:
    """The flags that say which records; they arrive as keywords of `_slice`."""
    for add in (
        click.option("--search", "text", metavar="WORDS", default="", help="Records that hold all of them."),
        selects("epoch", "project", "agent", "kind", "role", "tool", "since", "until"),
        click.option(
            "--session",
            "more",
            multiple=True,
            metavar="ID",
            help="A session, or several.",
            shell_complete=completion.of("session"),
        ),
        click.argument("sessions", nargs=-1, metavar="[SESSION]...", shell_complete=completion.of("session")),
    ):
        command = add(command)
    return command


def placed(required: bool) -> Callable[[F], F]:
    """The flags that say where to."""

    def add(command: F) -> F:
        text = "Write to this file; " + ("required." if required else "- or nothing is standard output.")
        output = click.option(
            "-o", "--output", metavar="FILE", required=required, type=click.Path(), help=text
        )
        return output(click.option("--force", is_flag=True, help="Replace FILE.")(command))

    return add


@click.group()
def export() -> None:
    """Take records out, readable without memlog.

    By session, epoch, project, time or search; with no flag, everything.

    Example: memlog export sqlite --since 7d -o week.db
    """


@export.command()
@selected
@placed(required=False)
@pass_context
def sql(ctx: Context, /, output: str | None, force: bool, **flags: Any) -> None:
    """A script the stock sqlite3 shell loads.

    The search index is built there.

    Example: memlog export sql last | sqlite3 session.db
    """
    from memlog.export import sql

    _stream(ctx, flags, output, force, sql.chunks, now_ns=time.time_ns())


@export.command()
@selected
@placed(required=True)
@pass_context
def sqlite(ctx: Context, /, output: str, force: bool, **flags: Any) -> None:
    """One SQLite file with tables, views and a search index.

    For the sqlite3 shell, Datasette, or any program that reads SQLite.

    Example: memlog export sqlite --project tidewatch -o tidewatch.db
    """
    from memlog.export import sqlite

    _to_file(ctx, flags, output, force, sqlite.write, "memlog export sql")


@export.command()
@selected
@placed(required=False)
@pass_context
def jsonl(ctx: Context, /, output: str | None, force: bool, **flags: Any) -> int:
    """One record a line; `memlog import jsonl` takes it back.

    Byte for byte, so what comes back is the same record.

    Example: memlog export jsonl 9b8f4f8f --epoch 1 -o epoch-1.jsonl
    """
    from memlog.export import jsonl

    damaged: list[int] = []
    _stream(ctx, flags, output, force, jsonl.chunks, damaged=damaged)
    if damaged:
        click.echo(f"left out, their bytes are damaged: {len(damaged)} records, first {damaged[0]}", err=True)
        click.echo("next: memlog admin verify", err=True)
    return 1 if damaged else 0


@export.command()
@selected
@placed(required=False)
@pass_context
def csv(ctx: Context, /, output: str | None, force: bool, **flags: Any) -> None:
    """Comma-separated values with the columns of v_record.

    Example: memlog export csv --kind tool_use --since yesterday -o tools.csv
    """
    from memlog.export import csv

    _stream(ctx, flags, output, force, csv.chunks)


@export.command()
@selected
@placed(required=False)
@pass_context
def markdown(ctx: Context, /, output: str | None, force: bool, **flags: Any) -> None:
    """A transcript as Markdown, every text in a fence.

    Without the host's bookkeeping.

    Example: memlog export markdown last -o session.md
    """
    from memlog.export import markdown

    _stream(ctx, flags, output, force, markdown.chunks)


@export.command()
@selected
@placed(required=False)
@pass_context
def html(ctx: Context, /, output: str | None, force: bool, **flags: Any) -> None:
    """A transcript as one HTML file that loads and runs nothing.

    Without the host's bookkeeping.

    Example: memlog export html last --epoch 0 -o session.html
    """
    from memlog.export import html

    _stream(ctx, flags, output, force, html.chunks)


@export.command()
@selected
@placed(required=True)
@pass_context
def parquet(ctx: Context, /, output: str, force: bool, **flags: Any) -> None:
    """Apache Parquet with the columns of v_record.

    For DuckDB, pandas, Polars. Needs pyarrow: pip install 'memlog-recorder[parquet]'.

    Example: memlog export parquet --since 30d -o month.parquet
    """
    from memlog.export import parquet

    def write(*to: Any, on_rows: Callable[[int], object], **_: Any) -> None:
        parquet.write(*to, on_rows=on_rows)

    _to_file(ctx, flags, output, force, write, "memlog export csv")


@export.command()
@selected
@placed(required=False)
@pass_context
def otel(ctx: Context, /, output: str | None, force: bool, **flags: Any) -> None:
    """OpenTelemetry traces as OTLP/JSON, a batch a line.

    A session is a trace; spans have the names of the GenAI conventions.

    Example: memlog export otel last -o traces.jsonl
    """
    from memlog.export import otel

    _stream(ctx, flags, output, force, otel.chunks)


@export.command("post-mortem")
@selected
@click.option(
    "-o", "--output", metavar="PLACE", required=True, type=click.Path(), help="A new folder, or FILE.zip."
)
@click.option("--force", is_flag=True, help="Replace a bundle that is there.")
@click.option(
    "--redact", is_flag=True, help="For sharing: placeholders for paths, users, hosts, e-mails, IPs."
)
@click.option("--anchor", metavar="FILE", help="An anchor taken before goes with it.")
@pass_context
def post_mortem(
    ctx: Context, /, output: str, force: bool, redact: bool, anchor: str | None, **flags: Any
) -> None:  # fmt: skip
    """One bundle of what happened, that proves itself.

    A report as HTML and Markdown, the records and what was found in them as SQLite and SQL, the part of the
    hash chain they stand in, and a manifest. Of a session, of an epoch of it as SESSION@N, or of any records
    the flags select. `memlog admin verify PLACE` checks it anywhere.

    Example: memlog export post-mortem last@0 --redact -o incident.zip
    """
    from memlog.archive import anchor as anchors
    from memlog.cli import status
    from memlog.export import post_mortem
    from memlog.export.share import Share

    kept = anchors.read(anchor) if anchor is not None else None
    health = status.checks_of(ctx, status.look(ctx))
    with _begun(ctx, flags, rounds=4 if redact else 3) as (con, part, now_ns, on_rows):
        written = post_mortem.write(
            con, part, output, now_ns=now_ns, shared=Share() if redact else None, anchor=kept, health=health,
            force=force, told=lambda doing, rows: on_rows(rows),
        )  # fmt: skip
    if written.hidden is not None:
        put_in = ", ".join(f"{count:,} {kind}" for kind, count in written.hidden.items())
        click.echo(f"placeholders: {put_in}; read it before you share it", err=True)
    click.echo(
        f"{written.counts['record']:,} records in {terminal.safe_line(output)}, root {written.root}", err=True
    )


def _of_epoch(
    con: "Connection", sessions: tuple[str, ...], epoch: int | None
) -> tuple[list[str], int | None]:
    """The sessions, and the epoch of them: SESSION@N is a session and its epoch."""
    from memlog.errors import InputError
    from memlog.query.names import in_epoch

    names = [in_epoch(con, name) for name in sessions]
    numbers = {number for _, number in names if number is not None}
    if not numbers:
        return [name for name, _ in names], epoch
    if len(names) > 1 or epoch not in (None, *numbers):
        raise InputError("SESSION@N stands alone", hint="--epoch N with several sessions")
    return [names[0][0]], numbers.pop()


@contextmanager
def _begun(
    ctx: Context, flags: dict[str, Any], rounds: int = 1
) -> Iterator[tuple["Connection", "Slice", int, Callable[[int], object]]]:
    """The archive at one moment, the slice of it that was asked for, and whom to tell of progress.

    rounds: how often each record is told of.
    """
    from memlog.archive.connection import open_reader
    from memlog.query import slice

    interrupt.terminable()
    now_ns = time.time_ns()
    con = open_reader(ctx.home.archive)
    try:
        con.execute("BEGIN")  # one moment of the archive, however long it takes
        part = _slice(con, now_ns=now_ns, **flags)
        with _bar(lambda: slice.count(con, part) * rounds) as on_rows:
            yield con, part, now_ns, on_rows
    finally:
        con.close()


def _slice(
    con: "Connection", *, now_ns: int, sessions: tuple[str, ...], more: tuple[str, ...], text: str,
    since: str | None, until: str | None, kind: tuple[str, ...], role: tuple[str, ...], tool: tuple[str, ...],
    **others: Any,
) -> "Slice":  # fmt: skip
    from memlog.query import dates, slice
    from memlog.query.names import unknown
    from memlog.query.selection import Selection

    names, others["epoch"] = _of_epoch(con, (*sessions, *more), others.get("epoch"))
    selection = Selection(
        since_ns=None if since is None else dates.since(since, now_ns),
        until_ns=None if until is None else dates.until(until, now_ns),
        kind=kind or None, role=role or None, tool=tool or None, **others,
    )  # fmt: skip
    for sentence in unknown(con, selection):
        terminal.say(sentence)
    return slice.cut(con, selection, names, text, now_ns=now_ns)


@contextmanager
def _bar(count: Callable[[], int]) -> Iterator[Callable[[int], object]]:
    """Whom to tell of each record: a line on stderr where a terminal is and it takes long."""
    from memlog.cli.progress import ProgressLine
    from memlog.witness.jobs import Progress

    total = count() if terminal.is_terminal(sys.stderr) else 0
    if total < _LONG:
        yield lambda rows: None
        return
    done = 0
    with ProgressLine("records", 1) as line:

        def told(rows: int) -> None:
            nonlocal done
            done += rows
            if done % _TOLD == 0:
                line(Progress(done, total, ""))

        yield told


def _stream(
    ctx: Context, flags: dict[str, Any], output: str | None, force: bool,
    chunks: Callable[..., Iterator[bytes]], **named: Any,
) -> None:  # fmt: skip
    """Write what `chunks` makes of the records that were asked for."""
    from memlog.export import place

    with _begun(ctx, flags) as (con, part, _, on_rows), place.opened(output, force=force) as out:
        for chunk in chunks(con, part, on_rows=on_rows, **named):
            out.write(chunk)


def _to_file(
    ctx: Context, flags: dict[str, Any], output: str, force: bool, write: Callable[..., None], instead: str
) -> None:
    """Fill a file that has no form as a stream; instead: the format that has one."""
    from memlog.errors import InputError
    from memlog.export import place

    if output == "-":
        raise InputError("such a file cannot go to standard output", hint=f"-o FILE, or {instead}")
    with _begun(ctx, flags) as (con, part, now_ns, on_rows), place.made(output, force=force) as path:
        write(con, part, path, now_ns=now_ns, on_rows=on_rows)
