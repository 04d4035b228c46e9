"""`memlog admin`: the archive as a file: check it, make it again, bring it up to date."""

import time
from typing import Any

import click

from memlog.cli import anchor, backup, forget, keep, terminal, verify
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.live import live_rings
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.errors import InputError
from memlog.query.checks import number

_TICK = 200_000  # steps of SQLite between two looks at the clock


@click.group()
def admin() -> None:
    """Look after the archive: check it, back it up, make it smaller.

    Example: memlog admin verify
    """


_COMMANDS = (
    verify.verify, anchor.anchor, backup.backup, backup.restore, backup.recover, forget.forget,
    keep.retention, keep.compact, keep.size,
)  # fmt: skip
for _command in _COMMANDS:
    admin.add_command(_command)


@admin.group()
def rebuild() -> None:
    """The archive from the snapshot tree, or the tree from it.

    Example: memlog admin rebuild archive --from-tree
    """


@rebuild.command()
@click.option("--from-tree", is_flag=True, help="From the snapshots of this home; the only way there is.")
@click.option("--apply", is_flag=True, help="Do it; without this flag it only says what it would do.")
@click.option("--json", "as_json", is_flag=True, help="What the tree holds and what came of it.")
@pass_context
def archive(context: Context, /, from_tree: bool, apply: bool, as_json: bool) -> int:
    """A new archive.db with every record of every snapshot.

    The old one is kept beside it. What only the archive holds is written to the tree first, unless the
    archive is damaged. What the tree does not hold is named: trimmed epochs, missing files, lines that
    cannot be read (kept as damage).

    Example: memlog admin rebuild archive --from-tree --apply
    """
    if not from_tree:
        raise InputError("say what to make it from", hint="memlog admin rebuild archive --from-tree")
    result = _rebuilt(context) if apply else _surveyed(context)
    if as_json:
        terminal.write(to_json(result) + "\n")
    else:
        _tell(result, apply)
    return 0


@rebuild.command()
@pass_context
def tree(context: Context, /) -> int:
    """Write missing and changed snapshots again.

    Example: memlog admin rebuild tree
    """
    from memlog.witness import client

    with ProgressLine("files", 1) as line:
        result = client.run(context.home, context.settings, "tree", {}, JOBS, line)
    for name in ("faults", "refused"):
        for path in result[name]:
            click.echo(f"{'was wrong' if name == 'faults' else 'refused'}: {terminal.safe_text(path)}")
    click.echo(f"compared {result['compared']} files, wrote {result['written']}", err=True)
    return 1 if result["refused"] else 0


@admin.command()
@pass_context
def migrate(context: Context, /) -> None:
    """Bring the archive to this version's schema.

    A copy of it as it was is kept until the next migration. A running witness is stopped and started again.

    Example: memlog admin migrate
    """
    from memlog.archive.before import copies
    from memlog.archive.connection import open_writer
    from memlog.archive.migrate import migrate
    from memlog.archive.workshop import require
    from memlog.witness import control
    from memlog.witness.jobs import Progress

    require(context.home)
    with control.alone(context.home), ProgressLine() as line:
        con = open_writer(context.home.archive)
        try:
            con.set_progress_handler(lambda: line.tick("migrating"), _TICK)
            names = migrate(
                con, now_ns=time.time_ns(), copied=lambda done, total: line(Progress(done, total, "copying"))
            )
        finally:
            con.close()
    for name in names:
        click.echo(name)
    for path in copies(context.home.archive) if names else ():
        click.echo(f"as it was before: {path}", err=True)
    click.echo(f"{len(names)} migrations applied" if names else "nothing to migrate", err=True)


def _surveyed(context: Context) -> dict[str, Any]:
    from memlog.archive.survey import survey

    with ProgressLine() as line:
        return survey(context.home.root, line.tick).as_dict()


def _rebuilt(context: Context) -> dict[str, Any]:
    from memlog.archive.rebuild import rebuild
    from memlog.witness import control
    from memlog.witness.jobs import Progress

    home, settings = context.home, context.settings
    with control.alone(home), ProgressLine("records", 1) as line:
        cursors = {ring: max(oldest - 1, 0) for ring, (oldest, _) in live_rings(settings).items()}
        steps = rebuild(home, now_ns=time.time_ns(), settings=settings, cursors=cursors, told=line.tick)
        while True:
            try:
                line(Progress(*next(steps)))
            except StopIteration as stop:
                return dict(stop.value)


def _tell(result: dict[str, Any], apply: bool) -> None:
    verb = "made" if apply else "would make"
    what = f"{number(result['records'], 'record')} ({number(result['rows'], 'row')})" if apply else ""
    what = what or number(result["rows"], "row")  # what parts make one record is known once they are read
    held = f"{what} of {number(result['sessions'], 'session')} in {number(result['files'], 'file')}"
    click.echo(f"{verb} an archive of {held}")
    for name, words in (("changed", "not as written"), ("missing", "missing"), ("refused", "refused")):
        for path in result[name]:
            click.echo(terminal.safe_text(f"{words}: {path}"))
    for gone in result["trimmed"]:
        words = f"session {gone.get('session')}, epoch {gone.get('epoch')}, {gone.get('records')} records"
        click.echo(terminal.safe_text(f"trimmed: {words}"))
    for name in ("damaged", "altered", "tombstoned", "met_twice"):
        if result.get(name):
            click.echo(f"{name.replace('_', ' ')}: {result[name]:,} lines")
    if apply:
        click.echo(result["before"], err=True)
        if result["old"]:
            click.echo(f"the old archive: {result['old']}", err=True)
        click.echo(
            "next: memlog import claude-code brings back what transcripts hold and no snapshot", err=True
        )
    else:
        click.echo("nothing was changed; next: the same with --apply", err=True)
