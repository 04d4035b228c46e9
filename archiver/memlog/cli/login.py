"""A link that opens the pages once: on a machine of several users a port of 127.0.0.1 is everybody's.

Who opened the link has a cookie until the server ends. Used once, the link is worth nothing, and the
server's owner is told another. Where no person reads what the server prints, programs of the same user,
who may read the archive as it lies there, are let in without; every other user needs the link.
"""

import secrets
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from memlog import peer

PATH = "/-/memlog-login"
CLOSED = "These pages open with the link that memlog serve printed; a used one is followed by another.\n"


class Door:
    """Whom the pages of one server are opened to."""

    path = PATH
    closed = CLOSED

    def __init__(self, port: int, tell: Callable[[str], None], *, own: bool = False) -> None:
        # Browsers send a host's cookies to all its ports: two servers must not take each other's away.
        self.cookie = f"memlog-{port}"
        self.key = secrets.token_urlsafe(32)
        self.ticket = secrets.token_urlsafe(32)
        self.tell = tell
        self.port, self.own = port, own

    @property
    def link(self) -> str:
        """Path and ticket: good for one browser."""
        return f"{PATH}?ticket={self.ticket}"

    def lets_in(self, headers: list[tuple[bytes, bytes]], client: tuple[str, int] | None) -> bool:
        """The request carries the cookie, or a program of this user asks where that is enough."""
        return self.knows(headers) or (self.own and peer.is_own(client, self.port))

    def knows(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """The request carries the cookie."""
        for name, value in headers:
            if name.lower() != b"cookie":
                continue
            try:
                said = SimpleCookie(value.decode("latin-1")).get(self.cookie)
            except CookieError:
                continue
            if said is not None and secrets.compare_digest(said.value.encode(), self.key.encode()):
                return True
        return False

    def opened(self, query: bytes) -> list[tuple[bytes, bytes]] | None:
        """Headers that let this browser in and lead to the front page; None for a ticket that is none."""
        given = parse_qs(query.decode("latin-1")).get("ticket", [""])[0]
        if not secrets.compare_digest(given.encode(), self.ticket.encode()):
            return None
        self.ticket = secrets.token_urlsafe(32)
        self.tell(self.link)
        # Lax: a permanent link another program holds leads in, and nothing another site's page asks does.
        cookie = f"{self.cookie}={self.key}; Path=/; HttpOnly; SameSite=Lax"
        return [(b"location", b"/"), (b"set-cookie", cookie.encode())]


def require(datasette: Any, port: int, tell: Callable[[str], None], *, own: bool = False) -> str:
    """The link to open the pages of this Datasette with; from now on its guard lets in nobody else.

    tell: is given the next link, each time one was used. own: programs of this user need none.
    """
    datasette.memlog_door = Door(port, tell, own=own)
    return str(datasette.memlog_door.link)
