"""`memlog admin verify`: is the archive what was archived."""

import os
from typing import TYPE_CHECKING, Any

import click

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.live import live_rings
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context
from memlog.errors import ArchiveError, InputError, NotFoundError, UnavailableError
from memlog.paths import Home
from memlog.query.checks import number

if TYPE_CHECKING:
    from memlog.archive.verify import Look, Problem

_GONE = (
    ("forgotten", "row", "forgotten"), ("forgotten_sessions", "session", "forgotten whole"),
    ("redacted", "row", "redacted in place"), ("let_go", "row", "let go by retention"),
)  # fmt: skip
_ARCHIVE, _SHOWN = "archive.db", 5  # faults of its pages a person is shown


@click.command()
@click.argument("backup", required=False, type=click.Path())
@click.option("--quick", is_flag=True, help="Pages, counts and cursors; no chain, body or snapshot is read.")
@click.option("--full", is_flag=True, help="Everything there is to check; so it is without --quick.")
@click.option("--anchor", metavar="FILE", help="What `memlog admin anchor` wrote: also what was cut is seen.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@pass_context
def verify(
    context: Context, /, backup: str | None, quick: bool, full: bool, anchor: str | None, as_json: bool
) -> int:
    """Check every page, chain, count, cursor, word and snapshot.

    BACKUP: one that `memlog admin backup` made, instead of the archive in use; or a bundle of
    `memlog export post-mortem`, folder or zip, on any machine.
    Exits 0 when everything is as it was archived, 1 when something is not, 5 when it cannot be checked now.
    It says what it does not prove.

    Example: memlog admin verify --quick
    """
    if quick and full:
        raise InputError("--quick and --full exclude each other", hint="memlog admin verify --help")
    if backup is not None and not os.path.lexists(backup):
        raise NotFoundError(
            f"there is no file and no folder {backup}", hint="memlog admin backup, or export post-mortem"
        )
    if backup is not None and _is_bundle(backup):
        from memlog.cli.bundle import check

        return check(backup, anchor, as_json)
    if backup is not None:
        _require_manifest(backup)
    try:
        problems, told = _checked(context, backup, quick, anchor)
    except NotFoundError:
        raise
    except ArchiveError as exc:  # it does not open
        problems, told = [{"check": "pages", "where": _ARCHIVE, "what": str(exc)}], {}
        if "newer memlog" in str(exc) or "older memlog" in str(exc) or "SQLite" in str(exc)[:6]:
            raise UnavailableError(f"it cannot be checked: {exc}", hint=exc.hint) from exc
    if as_json:
        terminal.write(to_json({"ok": not problems, "problems": problems, **told}) + "\n")
    _tell(problems, told, as_json)
    return 1 if problems else 0


def _is_bundle(path: str) -> bool:
    from memlog.export import manifest

    if os.path.isfile(path) and not path.endswith(".zip"):
        with open(path, "rb") as file:
            if file.read(16) == b"SQLite format 3\0":
                raise NotFoundError(
                    f"{path} is an SQLite file, no bundle and no backup",
                    hint="memlog admin verify with the folder or the .zip it belongs to",
                )
    return manifest.is_meant(path)


def _require_manifest(folder: str) -> None:
    from memlog.archive import manifest

    if not os.path.lexists(os.path.join(folder, manifest.NAME)):
        raise NotFoundError(
            f"{folder} is no backup and no bundle: it has no {manifest.NAME}",
            hint="memlog admin backup DEST, or export post-mortem, makes one",
        )


def _checked(
    context: Context, backup: str | None, quick: bool, anchor: str | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from memlog.archive import anchor as anchors
    from memlog.archive import manifest
    from memlog.archive.connection import open_reader
    from memlog.archive.unfinished import pending
    from memlog.archive.verify import Look, as_json, counts
    from memlog.archive.verify import verify as check
    from memlog.witness.jobs import Progress

    home = context.home if backup is None else Home(backup)
    _require_readable(home.archive)
    expected = anchors.read(anchor) if anchor is not None else None
    found: list[Problem] = []
    with ProgressLine("links", 1) as line:
        if backup is not None:
            listed = manifest.read(backup)
            found += manifest.check(backup, listed)
            expected = expected or listed.anchor
        con = open_reader(home.archive, older=backup is not None)
        try:
            look = Look(con, home, quick, expected, told=lambda *told: line(Progress(*told)))
            if backup is None:
                look.rings = lambda: live_rings(context.settings)
            found += check(look, _without_tree(look) if backup is not None else None)
            told = as_json(found, look, counts(con)) | {"forgetting": pending(home) is not None}
            return [problem._asdict() for problem in found], told
        finally:
            con.close()


def _without_tree(look: "Look") -> Any:
    """The checks of an archive that has no tree beside it."""
    from memlog.archive.verify import CHECKS

    return tuple(check for check in CHECKS if check.name not in ("snapshots", "tree"))


def _require_readable(path: str) -> None:
    try:
        with open(path, "rb") as file:
            file.read(1)
    except FileNotFoundError:
        pass  # who opens it says whether there was one
    except OSError as exc:
        raise UnavailableError(f"{path} cannot be read: {exc.strerror}", hint=f"ls -l {path}") from exc


def _tell(problems: list[dict[str, Any]], told: dict[str, Any], quiet: bool) -> None:
    pages = [problem for problem in problems if problem["where"] == _ARCHIVE]
    others = [problem for problem in problems if problem["where"] != _ARCHIVE]
    for problem in [*pages[:_SHOWN], *others] if not quiet else ():
        click.echo(terminal.safe_text(f"{problem['where']}: {problem['what']}"))
    if len(pages) > _SHOWN and not quiet:
        click.echo(f"{_ARCHIVE}: {len(pages) - _SHOWN} more faults of its pages; --json names them", err=True)
    for words in told.get("not_proved", ()):
        click.echo(f"not proved: {words}", err=True)
    gone = [f"{number(told[name], one)} {was}" for name, one, was in _GONE if told.get(name)]
    if gone:
        click.echo(f"{', '.join(gone)}; which: memlog admin forget --list", err=True)
    click.echo(number(len(problems), "problem") if problems else "everything is as it was archived", err=True)
    if pages:
        terminal.say(f"next: {ArchiveError.hint}")
    elif problems and told.get("forgetting"):
        terminal.say("a forget is at work or was cut short; next: memlog admin forget --apply")
