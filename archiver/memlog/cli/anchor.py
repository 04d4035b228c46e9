"""`memlog admin anchor`: the heads of all chains, to be kept elsewhere."""

import time

import click

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.root import Context, pass_context
from memlog.errors import RefusedError, UnavailableError

_ROOM = "memlog admin anchor -o FILE, in a folder that is there and has room"
_OTHER = "memlog admin anchor -o FILE with another name, or --force to replace it"


@click.command()
@click.option("-o", "--output", metavar="FILE", help="Write it there instead of to stdout.")
@click.option("--force", is_flag=True, help="Replace FILE where it is there: an older anchor may be in it.")
@pass_context
def anchor(context: Context, /, output: str | None, force: bool) -> None:
    """The heads of all hash chains, to be kept somewhere else.

    Keep them where nobody who writes the archive can write.

    `memlog admin verify --anchor FILE` then finds whatever was changed, cut or rewritten up to it. It holds
    digests and counts, no text and no name, and can be mailed. Its root, printed to stderr, fits on paper.

    Example: memlog admin anchor -o anchor.json
    """
    from memlog.archive.anchor import take
    from memlog.archive.connection import open_reader
    from memlog.export import place

    con = open_reader(context.home.archive)
    try:
        con.execute("BEGIN")
        found = take(con, made=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    finally:
        con.close()
    text = to_json(found.as_json()) + "\n"
    if output is None or output == "-":
        terminal.write(text)
    else:
        try:
            with place.opened(output, force=force) as file:
                file.write(text.encode())
        except RefusedError as exc:
            raise RefusedError(f"{exc}, and may be an anchor", hint=_OTHER) from exc
        except UnavailableError as exc:
            raise UnavailableError(str(exc), hint=_ROOM) from exc
    said = f"{found.records:,} records of {len(found.sessions):,} sessions, root {found.root.hex()}"
    click.echo(said, err=True)
