"""Who may ask, around all the pages.

A recorder holds what an agent saw. Any page in the user's browser can send requests to a loopback
port, so a foreign Host (DNS rebinding) and requests other sites make are refused.
"""

import html
import re
from typing import Any

from datasette_memlog import archives, connection, describe, failing, seam, tally
from datasette_memlog.answering import Answer, App, Receive, Scope, Send, refuse
from memlog import peer

# The port does not matter: a rebound name brings the attacker's host name with it.
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)
# A permanent link to a place in a session asks nothing that costs: others may hold it.
_PLACE = re.compile(rb"(at=(last|\d{1,19}))?", re.ASCII)
_SHUT = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>memlog: not opened</title>
<style>:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }}</style>
<main><h1>Not opened here yet</h1><p>{}</p></main>
"""
METHODS = ("GET", "HEAD", "POST", "OPTIONS")  # 0.65 fails at any it has no name for
STRANGER = (
    "These pages are for programs of the user who serves them, and nobody says that you are one. "
    "memlog serve prints a link that opens them; --uds needs none.\n"
)
GONE = (
    "Another file lies in place of {}, or none, since these pages were opened: "
    "restart the server to read what is there.\n"
)


class Guard:
    """Refuses what does not come from the user's own browser window, and hardens every answer.

    Nothing changes where no archive is served. Other host names: plugin setting `hosts`.
    """

    def __init__(self, app: App, datasette: Any) -> None:
        self.app = app
        self.datasette = datasette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not archives.names(self.datasette):
            await self.app(scope, receive, send)
            return
        if await self._turned_away(scope, send):
            return
        ended = tally.Ended(self._table(scope["path"]), self.datasette.setting("allow_csv_stream"))
        query = tally.arguments(scope.get("query_string") or b"")
        before = tally.current.set(ended)
        try:
            with seam.nonced(self.datasette) as nonce:
                answer = Answer(
                    send, nonce, lambda: ended.refusal(scope["path"], query),
                    lambda why: failing.refused(self.datasette, scope, why),
                )  # fmt: skip
                await self.app(scope, receive, answer)
        finally:
            tally.current.reset(before)
        if answer.cut:
            # Never a clean end: half an export must not pass for a whole one.
            raise ConnectionError(answer.cut)

    async def _turned_away(self, scope: Scope, send: Send) -> bool:
        """Nobody who may ask this asked it, and so it was answered."""
        headers = scope.get("headers") or []
        settings = self.datasette.plugin_config("datasette-memlog") or {}
        door = getattr(self.datasette, "memlog_door", None)  # of `memlog serve`
        if not from_here(headers, settings.get("hosts") or ()):
            await refuse(send, 421, "memlog answers on 127.0.0.1, localhost and [::1] only.\n")
        elif door is not None and scope["path"] == door.path:
            led = door.opened(scope.get("query_string") or b"") if scope["method"] == "GET" else None
            await (refuse(send, 303, "", led) if led else _shut(send, headers, door.closed))
        elif door is not None and not door.lets_in(headers, scope.get("client")):
            await _shut(send, headers, door.closed)
        elif door is None and not self._open(settings) and not _own(scope):
            await _shut(send, headers, STRANGER)
        elif scope["method"] not in METHODS:
            await refuse(send, 405, "Method not allowed.\n", [(b"allow", ", ".join(METHODS).encode())])
        elif gone := self._gone(scope["path"]):
            await refuse(send, 503, GONE.format(gone))
        elif from_another_site(headers, not _PLACE.fullmatch(scope.get("query_string") or b"")):
            await refuse(send, 403, "memlog answers no question another site asks.\n")
        else:
            return False
        return True

    def _open(self, settings: dict[str, Any]) -> bool:
        """Whoever reaches the port is let in: `memlog serve --no-login`, or the plugin's setting `open`."""
        return getattr(self.datasette, "memlog_open", False) or settings.get("open") is True

    def _gone(self, path: str) -> str:
        """The file of an archive this request would read, where it is no longer the one that was opened."""
        urls, dbs = self.datasette.urls, self.datasette.databases
        for name in archives.names(self.datasette):
            place = urls.database(name)
            asked = path in (urls.instance(), place) or path.startswith((f"{place}/", f"{place}."))
            if asked and connection.replaced(dbs[name]):
                return str(dbs[name].path)
        return ""

    def _table(self, path: str) -> bool:
        """The address is that of a table or a view of an archive, in any form."""
        folder, _, last = path.rpartition("/")
        last = last.partition(".")[0]
        return any(
            folder == self.datasette.urls.database(name)
            and (last in describe.VIEWS or last in archives.tables(self.datasette, name))
            for name in archives.names(self.datasette)
        )


def _own(scope: Scope) -> bool:
    """A program of this process's user asks, or what comes through no port: a Unix socket, this process."""
    client, server = scope.get("client"), scope.get("server")
    if not server or server[1] is None:
        return True
    return peer.is_own(client, server[1], server[0])


def from_here(headers: list[tuple[bytes, bytes]], more: Any) -> bool:
    """One Host, and it is loopback or one of `more`."""
    hosts = [value.decode("latin-1") for name, value in headers if name.lower() == b"host"]
    return len(hosts) == 1 and (_LOOPBACK.fullmatch(hosts[0]) is not None or hosts[0] in more)


def from_another_site(headers: list[tuple[bytes, bytes]], asks: bool) -> bool:
    """A browser says another site or port sent the request, and it is more than a plain link.

    asks: it has a query string, and with it SQL that could keep the server busy.
    """
    told = {name.lower(): value for name, value in headers}
    if b"sec-fetch-site" not in told:  # an old Safari: it names the origin of a page's own requests only
        return told.get(b"origin", b"").rpartition(b"/")[2] not in (b"", told.get(b"host"))
    if told[b"sec-fetch-site"] in (b"none", b"same-origin"):
        return False
    return asks or (told.get(b"sec-fetch-mode"), told.get(b"sec-fetch-dest")) != (b"navigate", b"document")


async def _shut(send: Send, headers: list[tuple[bytes, bytes]], said: str) -> None:
    """401: a page for a browser, a line for a program."""
    page = any(name.lower() == b"accept" and b"text/html" in value for name, value in headers)
    await refuse(
        send, 401, _SHUT.format(html.escape(said)) if page else said, form=b"html" if page else b"plain"
    )
