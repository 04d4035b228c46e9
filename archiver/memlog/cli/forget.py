"""`memlog admin forget`: what leaves the archive for good, shown first."""

import time
from typing import TYPE_CHECKING, Any

import click

from memlog.cli import output, terminal
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.errors import InputError
from memlog.query.checks import number

if TYPE_CHECKING:
    from memlog.query.choice import Chosen

_AT_ONCE = 100_000  # ids of one request
_SHOWN = 20  # sessions


@click.command()
@click.argument("words", nargs=-1)
@click.option("--session", "sessions", multiple=True, metavar="ID", help="This session.")
@click.option("--record", "records", multiple=True, metavar="ID", help="This record or event.")
@click.option("--project", metavar="DIR", help="Sessions of this directory; its last part will do.")
@click.option("--agent", metavar="NAME", help="Sessions of this agent.")
@click.option("--since", metavar="TIME", help="From then on: 2026-03-05, 2h, yesterday (local time).")
@click.option("--until", metavar="TIME", help="Before then; a day named here is included.")
@click.option("--list", "listed", is_flag=True, help="Whose records went, and when, instead.")
@click.option("--apply", is_flag=True, help="Do it; without this flag it only shows what would go.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@pass_context
def forget(
    context: Context, /, words: tuple[str, ...], sessions: tuple[str, ...], records: tuple[str, ...],
    project: str | None, agent: str | None, since: str | None, until: str | None, listed: bool, apply: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Take records out for good: no file keeps a byte of them.

    Sessions and projects go whole, with what they will still write. WORDS and times choose records and events
    among them. Afterwards nothing brings them back: no drain, import, rebuild or restore. Backups and exports
    made earlier still hold them, and so do the agent's own transcripts.

    Exits 1 when something could not be reached.

    Example: memlog admin forget --session 9b8f4f8f
    """
    if listed:
        if apply or any((words, sessions, records, project, agent, since, until)):
            raise InputError("--list goes with nothing else but --json", hint="memlog admin forget --list")
        _list(context, as_json)
        return 0
    chosen = _chosen(context, words, sessions, records, project, agent, since, until, apply)
    told = chosen.as_dict()
    if not apply:
        _show(told, as_json)
        return 0
    try:
        result = _forget(context, chosen)
    except KeyboardInterrupt as exc:
        said = "interrupted; the same once more ends it, a running witness goes on with it"
        raise KeyboardInterrupt(said) from exc
    if as_json:
        terminal.write(to_json({**told, "forgotten": result}) + "\n")
    else:
        _tell(result, told["transcripts"])
    return 1 if result["left"] else 0


def _chosen(
    context: Context, words: tuple[str, ...], sessions: tuple[str, ...], records: tuple[str, ...],
    project: str | None, agent: str | None, since: str | None, until: str | None, apply: bool,
) -> "Chosen":  # fmt: skip
    from memlog.archive.connection import open_reader
    from memlog.archive.unfinished import pending
    from memlog.query import choice, dates
    from memlog.query.names import unknown
    from memlog.query.selection import Selection

    if not any((words, sessions, records, project, agent, since, until)):
        if apply and pending(context.home) is not None:
            return choice.Chosen()
        raise InputError("say what to forget", hint="memlog admin forget --help")
    now_ns = time.time_ns()
    con = open_reader(context.home.archive)
    try:
        selection = Selection(
            project=project, agent=agent,
            since_ns=None if since is None else dates.since(since, now_ns),
            until_ns=None if until is None else dates.until(until, now_ns),
        )  # fmt: skip
        for sentence in unknown(con, selection):
            terminal.say(sentence)
        return choice.choose(con, selection, sessions, records, " ".join(words), now_ns=now_ns)
    finally:
        con.close()


def _list(context: Context, as_json: bool) -> None:
    from memlog.archive.connection import open_reader
    from memlog.query.forgotten import forgotten

    con = open_reader(context.home.archive)
    try:
        found = forgotten(con)
    finally:
        con.close()
    output.emit(found, output.RowFormat("json") if as_json else None)


def _forget(context: Context, chosen: "Chosen") -> dict[str, Any]:
    """Rows in parts a request can hold; the last one scrubs."""
    from memlog.witness import client

    parts: list[dict[str, Any]] = [{"sessions": chosen.sessions}]
    for name, ids in (("records", chosen.records), ("events", chosen.events)):
        parts += [{name: ids[at : at + _AT_ONCE]} for at in range(0, len(ids), _AT_ONCE)]
    total: dict[str, Any] = {}
    with ProgressLine("records", 1) as line:
        for at, args in enumerate(parts, 1):
            more = {"more": at < len(parts)}
            result = client.run(context.home, context.settings, "forget", args | more, JOBS, line)
            for name in ("sessions", "rows", "events", "damage", "bytes"):
                result[name] += total.get(name, 0)
            total = result
    return total


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        terminal.write(to_json(told) + "\n")
        return
    for part in told["sessions"][:_SHOWN]:
        whole = "whole, with what it will still write" if part["whole"] else "of it"
        held = (
            f"{number(part['records'], 'record')}, {number(part['events'], 'event')}, {part['bytes']:,} bytes"
        )
        title = f" · {part['title']}" if part["title"] else ""
        click.echo(terminal.safe_line(f"session {part['session']} ({part['agent']}) {whole}: {held}{title}"))
    if len(told["sessions"]) > _SHOWN:
        click.echo(f"… and {len(told['sessions']) - _SHOWN:,} more sessions")
    for first in told["first"]:
        click.echo(terminal.safe_line(f"  {first['id']}  {first['role'] or first['kind']}: {first['text']}"))
    if not told["sessions"]:
        click.echo("nothing matches: there is nothing to forget")
        return
    click.echo(f"would forget {_held(told['records'], 'record', told)}")
    _tell_of_others(told["transcripts"])
    click.echo("nothing was changed; next: the same with --apply", err=True)


def _tell(result: dict[str, Any], transcripts: list[str]) -> None:
    click.echo(
        f"forgot {_held(result['rows'], 'row', result)}; {number(result['sessions'], 'session')} whole"
    )
    if result["damage"]:
        click.echo(f"damaged bytes that held some of it: {result['damage']:,}")
    if result["ring"]:
        click.echo(f"emptied in the ring: {number(result['ring'], 'record')}")
    for path in result["copies"]:
        click.echo(terminal.safe_line(f"removed: {path}"))
    for sentence in result["left"]:
        click.echo(terminal.safe_line(f"left: {sentence}"))
    _tell_of_others(transcripts)


def _tell_of_others(transcripts: list[str]) -> None:
    for path in transcripts[:_SHOWN]:
        terminal.say(terminal.safe_line(f"the agent's own transcript, not memlog's: {path}"))
    terminal.say("backups and exports made earlier, and rings of other homes, are not reached")


def _held(count: int, unit: str, told: dict[str, Any]) -> str:
    return f"{number(count, unit)}, {number(told['events'], 'event')}, {told['bytes']:,} bytes"
