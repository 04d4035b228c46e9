"""`memlog query search --follow`: what is found, and then what comes."""

import select
import sys
import time
from typing import TYPE_CHECKING

from memlog.archive.connection import open_reader
from memlog.cli import hits as listing
from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.cli.search import DEFAULT_LIMIT, Request
from memlog.errors import InputError
from memlog.query.answer import answer
from memlog.query.follow import Follower
from memlog.query.hit import Hits

if TYPE_CHECKING:
    from memlog.query.selection import Selection

TICK_S = 0.5


def run(request: Request, path: str, text: str, selection: "Selection", mode: str) -> int:
    """Print until Ctrl-C, or until nobody reads. Raises: MemlogError."""
    flags = request.flags
    if request.rows not in (None, "nl", "json"):
        raise InputError("what never ends has no table", hint="--nl: one JSON object a line")
    page = terminal.is_terminal() and request.rows is None
    now_ns = time.time_ns()
    follower = Follower(path, text, selection, now_ns=now_ns, mode=mode, context=flags.get("context", 0))
    try:
        _show(_found(request, path, text, selection, mode, now_ns), page)
        for note in follower.notes:
            terminal.say(note)
        if page:
            terminal.say("following; Ctrl-C ends it")
        while not _closed():
            new = follower.new()
            if new:
                _show(new, page)
            else:
                time.sleep(TICK_S)
    except KeyboardInterrupt:
        pass  # the way it ends
    finally:
        follower.close()
    return 0


def _found(request: Request, path: str, text: str, selection: "Selection", mode: str, now_ns: int) -> Hits:
    """What is there already, oldest first."""
    flags = request.flags
    con = open_reader(path)
    try:
        hits = answer(
            con, text, selection, now_ns=now_ns, limit=flags.get("limit", DEFAULT_LIMIT), newest=True,
            context=flags.get("context", 0), mode=mode,
        )  # fmt: skip
    finally:
        con.close()
    hits[:] = [hit for hit in hits[::-1] if hit.matched == "all"]
    return hits


def _show(hits: Hits, page: bool) -> None:
    if not hits:
        return
    text = listing.page(hits) if page else "".join(to_json(hit.as_dict()) + "\n" for hit in hits)
    terminal.write(text, paged=False)


def _closed() -> bool:
    """Whether the reader of a pipe is gone, though nothing is written to it."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    except (AttributeError, OSError, ValueError):
        return False  # no descriptor, or a system without poll: the next write tells
