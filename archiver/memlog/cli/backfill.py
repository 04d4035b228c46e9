"""`memlog import`: transcripts that were there before memlog was."""

import os
from typing import Any

import click

from memlog.capture.agents import READERS
from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.errors import InputError


@click.command("import")
@click.argument("agent", type=click.Choice(list(READERS)))
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option("--again", is_flag=True, help="Also read files that have not changed since they were archived.")
@click.option("--json", "as_json", is_flag=True, help="What was done, as one JSON object on stdout.")
@pass_context
def import_(context: Context, agent: str, paths: tuple[str, ...], again: bool, as_json: bool) -> int:
    """Archive existing transcripts: files, or folders with .jsonl and .jsonl.gz files below them.

    Nothing is archived twice, so an import may be repeated, interrupted and gone on with. Exits 1 when
    something could not be read. Without PATH, claude-code looks into ~/.claude/projects.

    Example: memlog import claude-code
    """
    from memlog.witness import client, lock

    wanted = [os.path.abspath(os.path.expanduser(path)) for path in paths] or _usual(agent)
    for path in wanted:
        if not os.path.exists(path):
            raise InputError(f"there is no {path}", hint="memlog import --help")
    args = {"agent": agent, "paths": wanted, "again": again}
    try:
        with ProgressLine() as line:
            result = client.run(context.home, context.settings, "import", args, JOBS, line)
    except KeyboardInterrupt:
        running = lock.holder(context.home) is not None
        said = "the witness goes on with it: memlog status" if running else "run it again to go on"
        click.echo(f"interrupted; {said}", err=True)
        raise
    if as_json:
        terminal.write(to_json(result) + "\n")
    click.echo(summary(result), err=True)
    return 1 if result["unread"] else 0


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
    for each in result["unreadable"]:
        text += f"\nnot read: {terminal.safe_line(each['error'])}"
    return text


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _usual(agent: str) -> list[str]:
    if agent != "claude-code":
        raise InputError(f"import {agent} needs a PATH", hint="memlog import --help")
    config = os.environ.get("CLAUDE_CONFIG_DIR") or os.path.join(os.path.expanduser("~"), ".claude")
    return [os.path.join(config, "projects")]
