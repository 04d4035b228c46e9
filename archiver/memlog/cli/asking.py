"""What the commands of `memlog query` share: flags that select records, and a reader of the archive."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memlog.cli import completion, output, search
from memlog.cli.root import Context, whole_number

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.selection import Selection

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = {name: (kind, metavar, text) for name, kind, metavar, text in search.OPTIONS}


def selects(*names: str) -> Callable[[F], F]:
    """Some of the flags of search, with its words."""

    def add(command: F) -> F:
        for name in reversed(names):
            kind, metavar, text = _FLAGS[name]
            number = whole_number(0) if kind == search.NUMBER else None
            option = click.option(
                f"--{name}", metavar=metavar, type=number, multiple=kind == search.MANY, help=text,
                shell_complete=completion.of(name),
            )  # fmt: skip
            command = option(command)
        return command

    return add


def selection(
    now_ns: int, *, since: str | None = None, until: str | None = None, **fields: Any
) -> "Selection":
    """The selection these flags name, times read in local time.

    Raises: QueryError.
    """
    from memlog.query import dates
    from memlog.query.selection import Selection

    said: dict[str, Any] = {
        n: value or None if isinstance(value, tuple) else value for n, value in fields.items()
    }
    return Selection(
        since_ns=None if since is None else dates.since(since, now_ns),
        until_ns=None if until is None else dates.until(until, now_ns),
        **said,
    )


@contextmanager
def reading(context: Context) -> Iterator["Connection"]:
    """A reader of the home's archive, closed in the end."""
    from memlog.archive.connection import open_reader

    con = open_reader(context.home.archive)
    try:
        yield con
    finally:
        con.close()


def tell_unknown(con: "Connection", chosen: "Selection") -> None:
    """Say which project or agent of a selection the archive does not have."""
    from memlog.query.names import unknown

    for sentence in unknown(con, chosen):
        output.terminal.say(sentence)
