"""`memlog admin backup | restore | recover`: a copy elsewhere, and the ways back."""

import time
from typing import Any

import click

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.paths import Home, own
from memlog.query.checks import number


@click.command()
@click.argument("dest", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="The manifest.")
@pass_context
def backup(context: Context, /, dest: str, as_json: bool) -> None:
    """A whole copy in a new folder DEST, while the witness goes on writing.

    It holds the archive as it is at one moment, its key, settings and tombstones, and a manifest with
    digests, heads and cursors. A stock sqlite3 opens it, from read-only media too. Keep it as you would the
    archive: what is forgotten later is still in it.

    Example: memlog admin backup /mnt/disk/memlog-2026-03-05
    """
    from memlog.archive.backup import backup as make
    from memlog.witness.jobs import Progress

    with ProgressLine() as line:
        made = make(context.home, dest, made=_now(), told=lambda *told: line(Progress(*told)))
    if as_json:
        terminal.write(to_json(made.as_json()) + "\n")
    size = sum(size for size, _ in made.files.values())
    held = f"{number(made.anchor.records, 'row')} of {number(len(made.anchor.sessions), 'session')}"
    click.echo(f"{dest}: {held}, {size / 1e6:,.1f} MB", err=True)
    if "key" not in made.files:
        click.echo("the home has no key: lines without an id will be new ones after a restore", err=True)


@click.command()
@click.argument("folder", metavar="BACKUP", type=click.Path(exists=True, file_okay=False))
@click.option("--to", metavar="HOME", help="Another home than the one in use; it may be a new one.")
@click.option("--apply", is_flag=True, help="Do it; without this flag it only says what it would do.")
@click.option("--json", "as_json", is_flag=True, help="What came of it.")
@pass_context
def restore(context: Context, /, folder: str, to: str | None, apply: bool, as_json: bool) -> int:
    """Make a BACKUP the archive again, once it has proved itself.

    Every check of `memlog admin verify --full` is made on it, and its heads are compared with those of the
    archive it was made of. What was forgotten since stays forgotten. An archive that is there is moved aside
    with its snapshot tree, never overwritten. Stop the witness first.

    Example: memlog admin restore /mnt/disk/memlog-2026-03-05 --apply
    """
    from memlog.archive import restore as archive

    home = context.home if to is None else own(Home(to))
    with ProgressLine() as line:
        if not apply:
            listed, faults = archive.survey(folder, _teller(line))
            return _would(folder, home, listed, faults, as_json)
        from memlog.witness import lock, start

        now_ns = time.time_ns()
        with lock.take(home, now_ns=now_ns):
            result = archive.restore(
                home, folder, mirrors=[context.home.tombstones], now_ns=now_ns, settings=context.settings,
                told=_teller(line),
            )  # fmt: skip
            start.settled(home)
    if as_json:
        terminal.write(to_json(result) + "\n")
    held = f"{number(result['records'], 'row')} of {number(result['sessions'], 'session')}"
    click.echo(f"restored to {home.root}: {held}, as of {result['made']}", err=True)
    if result["forgotten"]:
        click.echo(f"{number(result['forgotten'], 'row')} forgotten since, and left out", err=True)
    if result["aside"]:
        click.echo(f"what was there: {result['aside']}", err=True)
    click.echo("next: memlog import claude-code brings back what transcripts hold since then", err=True)
    return 0


def _would(folder: str, home: Home, listed: Any, faults: list[Any], as_json: bool) -> int:
    """Say what a backup holds, and what is in its way."""
    import os

    there = os.path.exists(home.archive)
    if as_json:
        problems = [fault._asdict() for fault in faults]
        told = {"ok": not faults, "problems": problems, "home": home.root, "replaces": there}
        terminal.write(to_json({**told, **listed.as_json()}) + "\n")
        return 1 if faults else 0
    held = f"{number(listed.anchor.records, 'row')} of {number(len(listed.anchor.sessions), 'session')}"
    click.echo(f"would restore {held} of {listed.made} to {home.root}")
    if there:
        click.echo("would move aside the archive and the snapshot tree that are there")
    for fault in faults:
        click.echo(terminal.safe_text(f"{fault.where}: {fault.what}"))
    click.echo("nothing was changed; next: the same with --apply", err=True)
    return 1 if faults else 0


def _teller(line: ProgressLine) -> Any:
    from memlog.witness.jobs import Progress

    return lambda *told: line(Progress(*told))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
