"""`memlog serve`: the archive in a browser."""

import webbrowser
from contextlib import suppress

import click

from memlog.archive.connection import open_reader
from memlog.cli.root import Context, pass_context


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port on 127.0.0.1; 0 picks a free one.  [default: 8001]"
)
@click.option("--open", "open_", is_flag=True, help="Open the browser too.")
@click.option("--uds", metavar="PATH", help="A Unix socket of mode 0600 instead of a port.")
@click.option(
    "--login/--no-login",
    default=None,
    help="Open with a link that works once.  [default: yes; off a terminal not for yourself]",
)
@pass_context
def serve(context: Context, port: int | None, open_: bool, uds: str | None, login: bool | None) -> None:
    """Browse the archive with Datasette, on this machine only.

    Example: memlog serve --open
    """
    from memlog.cli import interrupt, server

    said = None if login is None else "on" if login else "off"
    home, settings = context.home, context.settings_with(port=port, login=said)
    open_reader(home.archive).close()  # says what is wrong with the archive before a page would
    interrupt.terminable()  # the socket's file goes at SIGTERM too
    with server.unix(uds) if uds else server.listen(settings.port) as sock:
        pages = server.application(home.archive, settings)
        url = server.front(pages, sock, settings)
        click.echo(url)
        click.echo("Ctrl-C ends it", err=True)
        if open_ and not uds:
            webbrowser.open(url)
        with suppress(KeyboardInterrupt):
            server.run(pages, sock)
