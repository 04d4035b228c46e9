"""`memlog admin retention`, `compact`, `size`: what the archive takes, and keeping it small."""

import os
import time
from typing import Any

import click

from memlog.cli import output, terminal
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.output import RowFormat, row_options
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context, whole_number
from memlog.errors import InputError
from memlog.query.checks import number

_SHOWN = 20
_BY = ("session", "project", "kind", "tool")


@click.command()
@click.option("--keep-days", type=whole_number(1), metavar="N", help="Instead of keep_days.")
@click.option("--quota-bytes", type=click.IntRange(1), metavar="N", help="Instead of quota_bytes.")
@click.option(
    "--project-quota-bytes", type=click.IntRange(1), metavar="N", help="Instead of that of each project."
)
@click.option("--project", metavar="DIR", help="Look at sessions of this directory alone.")
@click.option("--apply", is_flag=True, help="Do it; without this flag it only shows what would go.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@pass_context
def retention(
    context: Context, /, keep_days: int | None, quota_bytes: int | None, project_quota_bytes: int | None,
    project: str | None, apply: bool, as_json: bool,
) -> int:  # fmt: skip
    """Let sessions go that are too old, or more than there may be.

    Sessions go whole, the one that ended longest ago first; one that ended within the last day stays. A
    quota that is passed is brought down to quota_low_percent of it. An import does not bring them back, but
    what such a session writes later comes in. Room on disk is given back by memlog admin compact.

    Example: memlog admin retention --keep-days 365
    """
    from memlog.archive.connection import open_reader
    from memlog.archive.retention import Limits, overdue

    flags = {"keep_days": keep_days, "quota_bytes": quota_bytes, "project_quota_bytes": project_quota_bytes}
    said = {name: value for name, value in flags.items() if value is not None}
    limits = Limits.of(context.settings)._replace(**said)
    if not limits:
        raise InputError("no limit is set, so everything is kept", hint="memlog admin retention --help")
    con = open_reader(context.home.archive)
    try:
        found = overdue(con, limits, now_ns=time.time_ns(), project=project)
    finally:
        con.close()
    result = None
    if apply and found:
        from memlog.witness import client

        with ProgressLine("records", 1) as line:
            args = {"limits": said, "project": project}
            result = client.run(context.home, context.settings, "retention", args, JOBS, line)
    if as_json:
        terminal.write(to_json({"sessions": [row._asdict() for row in found], "let_go": result}) + "\n")
    else:
        _tell(found, result)
    return 0


def _tell(found: list[Any], result: dict[str, Any] | None) -> None:
    from memlog.query.dates import iso

    for row in found[:_SHOWN]:
        held = f"{number(row.records, 'record')}, {row.bytes:,} bytes, ended {iso(row.ended_ns)[:10]}"
        title = f" · {row.title}" if row.title else ""
        click.echo(terminal.safe_line(f"session {row.session} ({row.agent}): {held}, {row.why}{title}"))
    if len(found) > _SHOWN:
        click.echo(f"… and {len(found) - _SHOWN:,} more sessions")
    total = f"{number(len(found), 'session')}, {sum(row.bytes for row in found):,} bytes"
    if result is not None:
        click.echo(f"let go: {total}")
        terminal.say("next: memlog admin compact gives the room back")
    else:
        click.echo(f"would let go: {total}" if found else "nothing is over a limit")
        if found:
            click.echo("nothing was changed; next: the same with --apply", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@pass_context
def compact(context: Context, /, as_json: bool) -> None:
    """Give room on disk back: the archive without free pages.

    Needs room for two more copies of it meanwhile. Rings wait while the copy is made; the archive is the old
    one or the new one, also when this is killed.

    Example: memlog admin compact
    """
    from memlog.archive.workshop import require
    from memlog.witness import client

    require(context.home)
    with ProgressLine("pages", 1) as line:
        result = client.run(context.home, context.settings, "compact", {}, JOBS, line)
    if as_json:
        terminal.write(to_json(result) + "\n")
    else:
        click.echo(f"{result['before']:,} bytes before, {result['after']:,} bytes now")


@click.command()
@click.option(
    "--by", type=click.Choice(_BY), help="The shares of sessions, projects, kinds or tools instead of places."
)
@click.option("--limit", type=whole_number(1), default=20, show_default=True, help="Shares at most.")
@row_options
@pass_context
def size(context: Context, /, by: str | None, limit: int, rows: RowFormat | None, fmt: str | None) -> None:
    """Show where the bytes are.

    By place: bodies, index, events, free pages, and what lies beside the archive. With --by the largest
    sessions, projects, kinds or tools; packed is what their records take in the archive.

    Example: memlog admin size --by tool
    """
    from memlog.archive.connection import open_reader
    from memlog.query import size as question
    from memlog.ring.open import ring_dir

    con = open_reader(context.home.archive)
    try:
        found = (
            question.shares(con, by, limit=limit)
            if by
            else question.places(con, context.home, os.path.abspath(ring_dir(context.settings)))
        )
    finally:
        con.close()
    output.emit(found, rows, fmt)
