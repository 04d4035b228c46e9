"""`memlog import`: transcripts that were there before memlog was."""

import os
from typing import Any

import click

from memlog.capture import places
from memlog.capture.agents import READERS, reader
from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.errors import InputError
from memlog.paths import Home
from memlog.settings import Settings

AUTO = "auto"


@click.command("import")
@click.argument("agent", type=click.Choice([*READERS, AUTO]), metavar="{" + "|".join(READERS) + "}")
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]... | auto")
@click.option("--again", is_flag=True, help="Also read files that have not changed since they were archived.")
@click.option("--json", "as_json", is_flag=True, help="What was done, as one JSON object on stdout.")
@pass_context
def import_(context: Context, agent: str, paths: tuple[str, ...], again: bool, as_json: bool) -> int:
    """Archive transcripts that are there already.

    PATH: files, or folders of them; without it, the agent's own places are looked into. auto, which takes
    none: those of every agent of this machine. Nothing is archived twice, so an import may be repeated,
    interrupted and gone on with. Exits 1 when something could not be read.

    Example: memlog import auto
    """
    if agent == AUTO:
        sources = _found(paths)
    else:
        wanted = [os.path.abspath(os.path.expanduser(path)) for path in paths] or _usual(agent)
        for path in wanted:
            if not os.path.exists(path):
                raise InputError(f"there is no {path}", hint="memlog import --help")
        sources = [places.Found(agent, wanted)]
    if not sources:
        if as_json:
            terminal.write(to_json({"agent": agent, "agents": []}) + "\n")
        return 0
    result = run(context.home, context.settings, agent, sources, again=again)
    if as_json:
        terminal.write(to_json(result) + "\n")
    click.echo(summary(result), err=True)
    if agent != AUTO and not any(result[name] for name in ("files", "unchanged", "unread")):
        places_said = ", ".join(sources[0].paths)
        click.echo(terminal.safe_line(f"no transcript of {agent} in {places_said}"), err=True)
        click.echo("next: memlog import with the agent who wrote them, or memlog import auto", err=True)
    return 1 if result["unread"] else 0


def run(
    home: Home, settings: Settings, agent: str, sources: list[places.Found], *, again: bool = False
) -> dict[str, Any]:
    """Import some places with a line of progress; what the job says of it."""
    from memlog.witness import client, lock

    args = {"agent": agent, "again": again, "sources": [source._asdict() for source in sources]}
    try:
        with ProgressLine() as line:
            return client.run(home, settings, "import", args, JOBS, line)
    except KeyboardInterrupt as exc:
        running = lock.holder(home) is not None
        said = "the witness goes on with it: memlog status" if running else "run it again to go on"
        raise KeyboardInterrupt(f"interrupted; {said}") from exc


def _found(paths: tuple[str, ...]) -> list[places.Found]:
    """What is on this machine; where nothing is, that is said with every place looked into."""
    if paths:
        raise InputError(
            f"auto takes no PATH: it looks into the places of every agent ({', '.join(READERS)})",
            hint=f"memlog import claude-code {paths[0]}, or whose transcripts they are",
        )
    found, looked = places.look(os.path.expanduser("~"), os.environ)
    if not found:
        click.echo("no transcripts of any agent here; looked into:", err=True)
    for one in looked if not found else ():
        said = "nothing in it" if one.there else "not there"
        click.echo(terminal.safe_line(f"  {one.agent:12} {one.path}  ({said})"), err=True)
    return found


def summary(result: dict[str, Any]) -> str:
    """What an import did, in a sentence or two."""
    files = _count(result["files"], "file")
    if result["unchanged"]:
        files += f" ({result['unchanged']:,} unchanged)"
    text = (
        f"imported {_count(result['records'], 'new record')} in {_count(result['sessions'], 'new session')} "
        f"from {_count(result['lines'], 'line')} of {files} in {result['seconds']:.1f} s"
    )
    notes = [
        f"{result['already']:,} archived already" if result["already"] else "",
        f"{_count(sum(result['redacted'].values()), 'credential')} redacted" if result["redacted"] else "",
        f"{_count(result['damage'], 'line')} kept as damage" if result["damage"] else "",
        f"{result['torn']:,} bytes of unfinished lines left for later" if result["torn"] else "",
        f"{result['tombstoned']:,} forgotten before" if result["tombstoned"] else "",
    ]
    text += "".join(f"; {note}" for note in notes if note)
    if result["agent"] == AUTO:
        text += "".join(f"\n  {line}" for line in _table(result["agents"]))
    for each in result["unreadable"]:
        text += f"\nnot read: {terminal.safe_line(each['error'])}"
    return text


def _table(rows: list[dict[str, Any]]) -> list[str]:
    """agent, files, records, already: a line each, the heading first."""
    cells = [("agent", "files", "records", "already")]
    cells += [
        (row["agent"], f"{row['files'] + row['unchanged']:,}", f"{row['records']:,}", f"{row['already']:,}")
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(c.rjust(w) if n else c.ljust(w) for n, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    ]


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _usual(agent: str) -> list[str]:
    paths = reader(agent).default_paths(os.path.expanduser("~"), os.environ)
    if not paths:
        raise InputError(f"import {agent} needs a PATH", hint="memlog import --help")
    return [path for path in paths if os.path.exists(path)] or paths
