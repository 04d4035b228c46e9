"""`memlog query search --open ID`: the session of a hit, from there on."""

from typing import TYPE_CHECKING

from memlog.archive.connection import open_reader
from memlog.cli import output, terminal
from memlog.cli.search import Request
from memlog.query import record
from memlog.query.selection import Selection

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.record import Whole

AROUND = 10  # records before and after, in rows
LONG = 3_000  # records of a session that are not all read for one of them


def run(request: Request, path: str) -> int:
    """Print the session as text, the pager at the record; with a row flag the records around it.

    Raises: NotFoundError.
    """
    con = open_reader(path)
    try:
        one = record.find(con, request.flags["open"])[0]
        rows = request.rows is not None or "fmt" in request.flags
        if rows:
            _rows(con, request, one)
        else:
            _text(con, one)
    finally:
        con.close()
    return 0


def _text(con: "Connection", one: "Whole") -> None:
    from memlog.cli.transcript import render
    from memlog.query.session import transcript
    from memlog.query.sessions import session

    whole = session(con, one.session, one.agent).records <= LONG
    selection = Selection(agent=one.agent, epoch=None if whole else one.epoch)
    text = render(transcript(con, one.session, selection), full=False)
    if not whole:
        terminal.say(f"epoch {one.epoch} of a long session; all of it: memlog query session {one.session}")
    terminal.write(text, at=f"#{one.id}")


def _rows(con: "Connection", request: Request, one: "Whole") -> None:
    from memlog.query.around import neighbours

    around = neighbours(con, one.session, one.agent, one.ts_ns, one.id, request.flags.get("context", AROUND))
    style = output.RowFormat(request.rows) if request.rows else None
    columns = ["id", "ts", "kind", "role", "tool", "text"]
    output.emit(around, style, request.flags.get("fmt"), columns, output=request.flags.get("output"))
