"""`memlog up`: everything in one foreground command."""

import http.client
import os
import shlex
import shutil
import signal
import socket
import sys
import time
from contextlib import nullcontext
from typing import Any

import click

from memlog.archive.connection import open_reader
from memlog.capture import hosts, installed, places
from memlog.cli import backfill, child, sample, server, terminal
from memlog.cli.root import Context, pass_context
from memlog.contracts import CLAUDE_CODE
from memlog.errors import MemlogError, NotFoundError, UnavailableError
from memlog.paths import Home
from memlog.query import search
from memlog.query.words import STOP_WORDS
from memlog.settings import Settings

_ENOUGH = 100  # hits counted
PAGES = ("/archive", "/archive/v_session", "/archive/v_record")

TOTALS_SQL = "SELECT count(*), coalesce(sum(records), 0) FROM v_session"
ONLY_SQL = "SELECT session FROM v_session LIMIT 2"
# by id: the newest day's rows, read from the end of the table
PROMPTS_SQL = "SELECT text FROM v_record WHERE kind = 'message' AND role = 'user' ORDER BY id DESC LIMIT 40"


@click.command()
@click.option("--once", is_flag=True, help="End with 0 once a search and a page have answered.")
@click.option("--port", type=click.IntRange(0, 65535), help="On 127.0.0.1.  [default: 8001, else a free one]")
@click.option("--no-serve", is_flag=True, help="Without Datasette.")
@pass_context
def up(context: Context, once: bool, port: int | None, no_serve: bool) -> None:
    """Ring, witness, a first import and Datasette, until Ctrl-C.

    Imports every agent's transcripts; where there are none, a sample session is played through the hooks.

    Example: memlog up
    """
    home, settings = context.home, context.settings_with(port=port)
    try:
        with child.interruptible(), child.witness(home) as witness:
            told = [_ring(settings), _witness(witness), _filled(home, settings)]
            word, hits = _search(home)
            with nullcontext() if no_serve else _listen(settings.port) as sock:
                pages = None if sock is None else server.application(home.archive, settings)
                place = "" if sock is None else _place(pages, sock, settings, once)
                _tell(context, told, word, hits, place)
                _stay(pages, sock, once)
    except KeyboardInterrupt:
        if once:
            raise
        terminal.say("ended")


def _ring(settings: Settings) -> str:
    from memlog.ring.open import open_ring

    with open_ring(settings) as ring:
        info = ring.info()
    return f"ring     {info.kind}, {info.capacity / (1 << 20):g} MB"


def _witness(witness: child.Witness) -> str:
    return f"witness  pid {witness.pid}, " + ("ends with this command" if witness.ours else "was running")


def _filled(home: Home, settings: Settings) -> str:
    """Import what is there, or play the sample; what the archive holds then."""
    found, _ = places.look(os.path.expanduser("~"), os.environ)
    if found:
        terminal.say(backfill.summary(backfill.run(home, settings, backfill.AUTO, found)))
    if _wants_sample(home):
        terminal.say("no agent's transcripts here yet: playing the sample session through the hooks")
        sample.play(home, settings)
    con = open_reader(home.archive)
    try:
        sessions, records = con.execute(TOTALS_SQL).fetchone()
    finally:
        con.close()
    return f"archive  {_counted(sessions, 'session')}, {_counted(records, 'record')} in {home.archive}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _wants_sample(home: Home) -> bool:
    """An empty archive, or one whose sample was interrupted."""
    try:
        con = open_reader(home.archive)
    except NotFoundError:
        return True
    try:
        sessions = [row[0] for row in con.execute(ONLY_SQL)]
        return sessions in ([], [sample.session()]) and not sample.ended(con)
    finally:
        con.close()


def _search(home: Home) -> tuple[str, int]:
    """A word of the newest prompts that answers well, and how many records hold it; "" where none says much.

    Raises: UnavailableError when nothing is found of what the archive holds.
    """
    con = open_reader(home.archive)
    try:
        prompts = [row[0] for row in con.execute(PROMPTS_SQL)]
        found = [
            (len(search.find(con, word, now_ns=time.time_ns(), limit=_ENOUGH)), word)
            for word in _words(prompts) or [""]
        ]
    finally:
        con.close()
    hits, word = max(found)
    if not hits:
        raise UnavailableError("a search found nothing of what the archive holds")
    return word, hits


def _words(prompts: list[str]) -> list[str]:
    """A dozen words of some prompts to try a search with: said often, and long enough to say something."""
    counts: dict[str, int] = {}
    for prompt in prompts:
        for word in prompt[:2_000].split():
            bare = word.strip(".,:;!?()[]{}\"'`<>*").lower()
            if 6 <= len(bare) <= 14 and bare.isalpha() and bare not in STOP_WORDS:
                counts[bare] = counts.get(bare, 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], -len(word), word))[:12]


def _listen(port: int) -> socket.socket:
    try:
        return server.listen(port)
    except UnavailableError as exc:
        sock = server.listen(0)
        terminal.say(f"{exc}: taking {sock.getsockname()[1]} instead")
        return sock


def _place(pages: Any, sock: socket.socket, settings: Settings, open_: bool) -> str:
    """Where the pages are: the archive's, or the link that opens them."""
    url = server.address(sock) if open_ else server.front(pages, sock, settings)
    return url + "/archive" if url == server.address(sock) else url


def _tell(context: Context, told: list[str], word: str, hits: int, place: str) -> None:
    """What runs, and what to try next: commands that give something on this archive."""
    flag = f" --home {shlex.quote(context.home_flag)}" if context.home_flag else ""
    command = _command() + flag
    lines = list(told)
    if place:
        lines.append(f"pages    {place}")
    tries = []
    if word:
        count = _counted(hits, "record") + (" and more" if hits == _ENOUGH else "")
        tries.append((f"query search {word}", count))
    tries += [("query sessions", "newest first"), ("query session last", "as it went")]
    tries += [(f"install {agent}", _hooks(agent, context.home)) for agent in _agents()]
    width = max(len(words) for words, _ in tries)
    lines += ["try:", *(f"  {command} {words:{width}}   # {why}" for words, why in tries)]
    terminal.write("\n".join(map(terminal.safe_line, lines)) + "\n")


def _agents() -> list[str]:
    """Who has transcripts here and takes hooks; Claude Code where nobody has."""
    found, _ = places.look(os.path.expanduser("~"), os.environ)
    return [one.agent for one in found if one.agent in hosts.AGENTS] or [CLAUDE_CODE]


def _hooks(agent: str, home: Home) -> str:
    try:
        missing = installed.check(agent, home)
    except MemlogError as exc:
        return str(exc)
    return "hooks are not installed yet" if missing else "done: sessions are recorded as they run"


def _command() -> str:
    """How this memlog is called from here."""
    if shutil.which("memlog"):
        return "memlog"
    called = sys.argv[0]
    return called if os.path.basename(called) == "memlog" else f"{sys.executable} -m memlog.cli.start"


def _stay(pages: Any, sock: socket.socket | None, once: bool) -> None:
    if sock is None:
        if not once:
            terminal.say("Ctrl-C ends it")
            signal.pause()
        return
    if once:
        place = sock.getsockname()
        server.run(pages, sock, until=lambda: _ask(place[0], place[1]))
        terminal.say(f"a search and {len(PAGES)} pages have answered")
        return
    terminal.say("Ctrl-C ends it")
    server.run(pages, sock)


def _ask(host: str, port: int) -> None:
    """Nothing, once every page has answered.

    Raises: UnavailableError naming the page that did not.
    """
    for page in PAGES:
        connection = http.client.HTTPConnection(host, port, timeout=30)
        try:
            connection.request("GET", page)
            answer = connection.getresponse()
            body = answer.read()
        except OSError as exc:
            raise UnavailableError(f"{page} did not answer: {exc}") from exc
        finally:
            connection.close()
        if answer.status != 200 or b"memlog" not in body:
            raise UnavailableError(f"{page} answered {answer.status}")
