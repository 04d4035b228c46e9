"""`memlog admin verify BUNDLE`: is a post-mortem what was written, on a machine that knows nothing of it."""

import click

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.progress import ProgressLine
from memlog.query.checks import number


def check(place: str, anchor: str | None, as_json: bool) -> int:
    """Say what is wrong with a bundle, what was compared, what that does not prove; 1 where anything is."""
    from memlog.archive import anchor as anchors
    from memlog.export import bundle_check

    kept = anchors.read(anchor) if anchor is not None else None
    with ProgressLine() as line:
        found = bundle_check.verify(place, anchor=kept, told=lambda size: line.tick("reading"))
    if as_json:
        terminal.write(to_json(found.as_json()) + "\n")
    for problem in found.problems if not as_json else ():
        click.echo(terminal.safe_text(f"{problem.where}: {problem.what}"))
    for words in found.not_proved:
        click.echo(terminal.safe_text(f"not proved: {words}"), err=True)
    if found.problems:
        click.echo(number(len(found.problems), "problem"), err=True)
        return 1
    said = f"{found.links:,} links of the chain followed, {found.texts:,} texts compared with them"
    said += "; what was found in its records was found again" if found.again else ""
    click.echo(f"every byte is as it was written: {said}", err=True)
    click.echo(f"root {found.said['root']}", err=True)
    return 0
