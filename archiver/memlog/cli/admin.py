"""`memlog admin`: the archive as a file: check it, make it again, bring it up to date."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.errors import ArchiveError, InputError, MemlogError
from memlog.query.checks import number

if TYPE_CHECKING:
    from memlog.settings import Settings


_ARCHIVE, _SHOWN = "archive.db", 5  # faults of its pages a person is shown
_TICK = 200_000  # steps of SQLite between two looks at the clock


@click.group()
def admin() -> None:
    """Look after the archive: verify, rebuild, migrate.

    Example: memlog admin verify
    """


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


@admin.command()
@click.option("--quick", is_flag=True, help="Of the search index compare numbers only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@pass_context
def verify(context: Context, /, quick: bool, as_json: bool) -> int:
    """Check every page, hash chain and snapshot, and the search index.

    Exits 1 when something is not as it was archived.
    It proves that no record was changed, moved or taken from between others. What was cut from the end of
    a session is noticed only where its chain head was kept elsewhere.

    Example: memlog admin verify --json
    """
    with ProgressLine("records", 1) as line:
        found = list(_problems(context, line, quick))
    if as_json:
        terminal.write(to_json({"ok": not found, "problems": found}) + "\n")
    pages = [problem for problem in found if problem["where"] == _ARCHIVE]
    others = [problem for problem in found if problem["where"] != _ARCHIVE]
    for problem in [*pages[:_SHOWN], *others] if not as_json else ():
        click.echo(terminal.safe_text(f"{problem['where']}: {problem['what']}"))
    if len(pages) > _SHOWN and not as_json:
        click.echo(f"{_ARCHIVE}: {len(pages) - _SHOWN} more faults of its pages; --json names them", err=True)
    click.echo(f"{len(found)} problems" if found else "everything is as it was archived", err=True)
    if pages:
        terminal.say(f"next: {ArchiveError.hint}")
    return 1 if found else 0


def _problems(context: Context, line: ProgressLine, quick: bool) -> Iterator[dict[str, Any]]:
    from memlog.archive import chain, index_check, tree_check
    from memlog.archive.connection import Error, open_reader
    from memlog.witness.jobs import Progress

    con = open_reader(context.home.archive)
    try:
        con.set_progress_handler(lambda: line.tick("checking every page"), _TICK)
        for (what,) in con.execute("PRAGMA integrity_check"):
            # some of its answers hold a fault a line, under the database's name
            for fault in what.splitlines() if what != "ok" else ():
                if not fault.startswith("***"):
                    yield {"where": _ARCHIVE, "what": fault}
        con.set_progress_handler(None, 0)
        for found in chain.verify_all(con, lambda done, total: line(Progress(done, total, "hash chains"))):
            yield {"where": f"{found.chain}, link {found.link}", "what": found.what}
        for what in index_check.check(con, quick=quick):
            yield {"where": "search index", "what": what}
        for number, wrong in enumerate(tree_check.check(con, context.home.root), 1):
            line.tick(f"{number:,} snapshots compared")
            if wrong is not None:
                yield {"where": wrong.path, "what": wrong.what}
    except Error as exc:  # a page SQLite cannot read ends the check, and is its result
        yield {"where": _ARCHIVE, "what": str(exc)}
    finally:
        con.close()


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
        steps = rebuild(
            home, now_ns=time.time_ns(), settings=settings, cursors=_cursors(settings), told=line.tick
        )  # fmt: skip
        while True:
            try:
                line(Progress(*next(steps)))
            except StopIteration as stop:
                return dict(stop.value)


def _cursors(settings: "Settings") -> dict[tuple[bytes, int], int]:
    """From where the rings that are there now are drained again: everything they still hold."""
    from memlog.ring.open import open_ring, retired_rings

    found = {}
    try:
        with open_ring(settings) as ring:
            rings = [ring.info(), *(one.info() for one in retired_rings(settings))]
    except (MemlogError, OSError):
        return {}
    for info in rings:
        found[info.ring_id, info.uid] = max(info.oldest_seq - 1, 0)
    return found


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
