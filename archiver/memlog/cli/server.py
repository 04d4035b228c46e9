"""Datasette over one archive, on a socket nobody else's machine reaches."""

import asyncio
import errno
import gc
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from memlog import peer
from memlog.cli import login, terminal
from memlog.errors import UnavailableError, UnsafePathError
from memlog.paths import FILE_MODE
from memlog.settings import Settings

LOOPBACK = "127.0.0.1"
PAGE_ROWS = 50


def application(archive: str, settings: Settings) -> Any:
    """Datasette with this archive, opened mode=ro: rows archived meanwhile appear on the next page."""
    from datasette.app import Datasette  # a second: only where pages are served

    return Datasette(
        files=[archive],
        metadata={"title": "memlog", "description": "What your agents said, thought and did."},
        settings={
            "sql_time_limit_ms": settings.sql_time_ms,
            "max_returned_rows": settings.sql_rows,
            "default_page_size": min(PAGE_ROWS, settings.sql_rows),
            "suggest_facets": False,
            "allow_download": False,
            "allow_csv_stream": False,
            "default_cache_ttl": 0,
            "max_csv_mb": 50,
        },
    )


def front(datasette: Any, sock: socket.socket, settings: Settings) -> str:
    """The address to open: one that works once, unless the setting `login` says off.

    A Unix socket has an owner and needs none. Where no person reads what is printed, and the kernel says
    whose program asks, this user's own need no link, and only they.
    """
    url = address(sock)
    datasette.memlog_open = settings.login == "off"
    if datasette.memlog_open or not url.startswith("http"):
        return url
    own = settings.login == "auto" and not terminal.is_terminal() and peer.can_tell()

    def tell(link: str) -> None:
        terminal.say(f"for another browser: {url}{link}")

    link = login.require(datasette, sock.getsockname()[1], tell, own=own)
    if own:
        tell(link)
    return url if own else url + link


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0: any free one.

    Raises: UnavailableError when the port is taken.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((LOOPBACK, port))
        sock.listen(128)
    except OSError as exc:
        sock.close()
        if exc.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "in use" if exc.errno == errno.EADDRINUSE else "not yours to listen on"
            raise UnavailableError(f"port {port} is {why}", hint="memlog serve --port 0") from exc
        raise
    return sock


def listen_unix(path: str) -> socket.socket:
    """A listening Unix socket of mode 0600; one a dead server left behind is replaced.

    Raises: UnavailableError when a server answers there; UnsafePathError when something else lies there.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_dead(path)
        mask = os.umask(0o777 & ~FILE_MODE)  # bind creates the file: no moment with a wider mode
        try:
            sock.bind(path)
        finally:
            os.umask(mask)
        sock.listen(128)
    except OSError as exc:
        sock.close()
        raise UnavailableError(f"{path}: {exc.strerror or exc}", hint="memlog serve --port 0") from exc
    except BaseException:
        sock.close()
        raise
    return sock


@contextmanager
def unix(path: str) -> Iterator[socket.socket]:
    """A listening Unix socket whose file goes with it; what lies there by then of another's stays.

    Raises: as listen_unix.
    """
    with listen_unix(path) as sock:
        made = _lies(path)
        try:
            yield sock
        finally:
            if made is not None and _lies(path) == made:
                os.unlink(path)


def _remove_dead(path: str) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise UnsafePathError(f"{path} is no socket", hint="choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        answer = probe.connect_ex(path)
    # Only a refusal says that nobody listens: another user's does not let us ask, a busy one's line is full.
    if answer != errno.ECONNREFUSED or found.st_uid != os.geteuid():
        raise UnavailableError(f"another server answers at {path}", hint="choose another path")
    os.unlink(path)


def _lies(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def address(sock: socket.socket) -> str:
    """The URL of a listening socket; for a Unix socket its path."""
    name = sock.getsockname()
    return f"http://{LOOPBACK}:{name[1]}" if isinstance(name, tuple) else str(name)


def run(datasette: Any, sock: socket.socket, *, until: Callable[[], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, or until `until`, run in a thread meanwhile, has returned.

    Raises: what `until` raises; KeyboardInterrupt after SIGINT, once answers under way are finished.
    """
    asyncio.run(_run(datasette, sock, until))


async def _run(datasette: Any, sock: socket.socket, until: Callable[[], None] | None) -> None:
    import uvicorn

    await datasette.invoke_startup()
    gc.freeze()  # modules stay: a page that makes many objects does not wait for a look at them
    config = uvicorn.Config(
        datasette.app(), log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=2, ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    if until is None:
        await server.serve(sockets=[sock])
        return
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        await asyncio.to_thread(until)
    finally:
        server.should_exit = True
        await serving
