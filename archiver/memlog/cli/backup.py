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
    """A whole copy in a new folder, while the witness goes on.

    It holds the archive as it is at one moment, its key, settings and tombstones, and a manifest with
    digests, heads and cursors. A stock sqlite3 opens it, from read-only media too. Keep it as you would the
    archive: what is forgotten later is still in it.

    Example: memlog admin backup ~/backup/memlog-2026-03-05
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

    Example: memlog admin restore ~/memlog-backup
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


@click.command()
@click.option("--to", metavar="DIR", help="A new folder; without it one beside the home.")
@click.option("--json", "as_json", is_flag=True, help="What came from where, and what is missing.")
@pass_context
def recover(context: Context, /, to: str | None, as_json: bool) -> int:
    """A new archive of what a damaged one, tree and rings still hold.

    The damaged archive is only read, page by page. What comes out is a folder as `memlog admin backup` makes
    one: look at it with `memlog --home DIR`, put it in place with `memlog admin restore DIR --apply`.
    Exits 1 when records are known to be missing, and names their sessions.

    Example: memlog admin recover --to ~/recovered
    """
    from memlog.archive.recover import recover as make
    from memlog.cli.live import live_rings
    from memlog.witness import lock

    home = context.home
    folder = to or f"{home.root}.recovered-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    with ProgressLine("rows", 1) as line:
        now_ns = time.time_ns()
        with lock.take(home, now_ns=now_ns):  # nobody writes to what is read
            cursors = {ring: max(first - 1, 0) for ring, (first, _) in live_rings(context.settings).items()}
            found = make(
                home, folder, made=_now(), now_ns=now_ns, settings=context.settings, cursors=cursors,
                told=_teller(line),
            )  # fmt: skip
    if as_json:
        terminal.write(to_json({**found.as_dict(), "folder": folder}) + "\n")
    else:
        click.echo(f"recovered {number(found.rows, 'row')} to {folder}")
        for count, words in (
            (found.from_tree, "from the snapshot tree"), (found.from_pages, "from pages of archive.db"),
            (found.from_changed, "from snapshots that were changed since they were written"),
        ):  # fmt: skip
            click.echo(f"{count:,} {words}")
        for count, words in (
            (found.broken, "rows of any table could not be read"),
            (found.damaged, "records were not as they were archived; their bytes are kept as damage"),
            (found.links_lost, "links of the archive's own chain are lost"),
            (
                found.relinked,
                "sessions have their links numbered anew: an earlier anchor no longer fits them",
            ),
        ):
            if count:
                click.echo(f"{count:,} {words}")
        for session, lost in found.sessions.items():
            click.echo(terminal.safe_text(f"missing: {number(lost, 'row')} of session {session}"))
    click.echo(f"next: memlog admin restore {folder} --apply, then memlog import claude-code", err=True)
    return 1 if found.missing else 0


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
