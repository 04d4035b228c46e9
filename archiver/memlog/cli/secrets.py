"""`memlog doctor secrets`: credentials in what is archived, and taking them out."""

from typing import Any

import click

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.query.checks import number

_SHOWN = 20
_AT_ONCE = 100_000  # ids of one request


@click.command()
@click.option("--apply", is_flag=True, help="Redact them in place; without this flag it only shows where.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: every row, and what came of it.")
@pass_context
def secrets(context: Context, /, apply: bool, as_json: bool) -> int:
    """Find credentials in what is archived, by the rules of this version.

    Capture redacts what it knows; what was archived before a rule was there still holds what it would take
    out. With --apply it is redacted in place, and no file of memlog holds a byte of it afterwards: neither
    tree, index, log nor free pages. What was found is never shown, only its rule and its record.

    Exits 1 when it found some and was not told to redact them, or could not reach all.

    Example: memlog doctor secrets
    """
    found = _found(context)
    result = _redacted(context, found) if apply else None
    if as_json:
        terminal.write(to_json({"found": found, "redacted": result}) + "\n")
    else:
        _tell(found, result)
    if result is None:
        return 1 if found else 0
    return 1 if result["left"] else 0


def _found(context: Context) -> list[dict[str, Any]]:
    from memlog.archive.connection import open_reader
    from memlog.archive.secrets import scan
    from memlog.witness.jobs import Progress

    con = open_reader(context.home.archive)
    found = []
    try:
        with ProgressLine("rows", 1) as line:
            for done, total, row in scan(con):
                line(Progress(done, total, "looking for credentials"))
                found += [row._asdict()] if row is not None else []
    finally:
        con.close()
    return found


def _redacted(context: Context, found: list[dict[str, Any]]) -> dict[str, Any]:
    """What the job said; the last of several requests scrubs."""
    from memlog.archive.unfinished import pending
    from memlog.witness import client

    nothing: dict[str, Any] = {"rows": 0, "events": 0, "damage": 0, "rules": {}, "left": []}
    if not found and pending(context.home) is None:
        return nothing
    parts: list[dict[str, Any]] = []
    for what, name in (("record", "records"), ("event", "events"), ("damage", "damage")):
        ids = [row["id"] for row in found if row["what"] == what]
        parts += [{name: ids[at : at + _AT_ONCE]} for at in range(0, len(ids), _AT_ONCE)]
    total = nothing
    with ProgressLine("records", 1) as line:
        for at, args in enumerate(parts or [{}], 1):
            args |= {"more": at < len(parts)}
            result = client.run(context.home, context.settings, "secrets", args, JOBS, line)
            for name in ("rows", "events", "damage"):
                result[name] += total[name]
            for rule, count in total["rules"].items():
                result["rules"][rule] = result["rules"].get(rule, 0) + count
            total = result
    return total


def _tell(found: list[dict[str, Any]], result: dict[str, Any] | None) -> None:
    for row in found[:_SHOWN]:
        where = f"session {row['session']} ({row['agent']})" if row["agent"] else row["session"]
        rules = ", ".join(f"{name} {count}" for name, count in sorted(row["rules"].items()))
        click.echo(terminal.safe_line(f"{row['what']} {row['id']}, {where}: {rules}"))
    if len(found) > _SHOWN:
        click.echo(f"… and {len(found) - _SHOWN:,} more; --json names them")
    if result is None:
        click.echo(f"{number(len(found), 'row')} with credentials", err=True)
        if found:
            click.echo("nothing was changed; next: the same with --apply", err=True)
        return
    counts = ", ".join(f"{name} {count}" for name, count in sorted(result["rules"].items())) or "none"
    click.echo(f"redacted: {counts}; in {number(result['rows'], 'row')}, {number(result['events'], 'event')}")
    for sentence in result["left"]:
        click.echo(terminal.safe_line(f"left: {sentence}"))
    if found:
        terminal.say("a credential that was archived is known to whoever read it: have it replaced")
