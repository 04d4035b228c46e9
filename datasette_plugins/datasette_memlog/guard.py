"""ASGI wrappers: who may ask, what a page may do in the browser, how large an answer gets.

A recorder holds what an agent saw. Any page in the user's browser can send requests to a loopback
port, so a foreign Host (DNS rebinding) and requests other sites make are refused, and what a
record's text might smuggle in finds no script to run as.
"""

import base64
import hashlib
import html
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from datasette_memlog import archives, connection, describe, failing, seam, tally
from memlog import peer

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_RESPONSE = 64 << 20
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
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


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
        headers = scope.get("headers") or []
        settings = self.datasette.plugin_config("datasette-memlog") or {}
        if not from_here(headers, settings.get("hosts") or ()):
            await _refuse(send, 421, "memlog answers on 127.0.0.1, localhost and [::1] only.\n")
            return
        door = getattr(self.datasette, "memlog_door", None)  # of `memlog serve`
        if door is not None and scope["path"] == door.path:
            led = door.opened(scope.get("query_string") or b"") if scope["method"] == "GET" else None
            if led:
                await _refuse(send, 303, "", led)
            else:
                await _shut(send, headers, door.closed)
            return
        if door is not None and not door.lets_in(headers, scope.get("client")):
            await _shut(send, headers, door.closed)
            return
        if door is None and not self._open(settings) and not _own(scope):
            await _shut(send, headers, STRANGER)
            return
        if scope["method"] not in METHODS:
            await _refuse(send, 405, "Method not allowed.\n", [(b"allow", ", ".join(METHODS).encode())])
            return
        if gone := self._gone(scope["path"]):
            await _refuse(send, 503, GONE.format(gone))
            return
        if from_another_site(headers, not _PLACE.fullmatch(scope.get("query_string") or b"")):
            await _refuse(send, 403, "memlog answers no question another site asks.\n")
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


class Answer:
    """send() with our headers and a limit: 413, or a broken connection once bytes are out."""

    def __init__(
        self, send: Send, nonce: str = "", refusal: Callable[[], str] = lambda: "",
        shown: Callable[[str], Awaitable[tuple[str, bytes]]] | None = None,
    ) -> None:  # fmt: skip
        self.send = send
        self.refusal = refusal
        self.shown = shown
        self.nonce = nonce
        self.head: Message | None = None
        self.sent = 0
        self.refused = False  # 413 is sent, or nothing more can be
        self.cut = ""  # why it ends before its end

    async def __call__(self, message: Message) -> None:
        if self.refused:
            return
        if message["type"] == "http.response.start":
            self.head = message
            if message["status"] in (200, 400) and (why := self.refusal()):
                self.refused = True
                text, form = await self.shown(why) if self.shown else (f"{why}\n", b"plain")
                await _refuse(self.send, 400, text, form=form)
            return
        size = len(message.get("body", b""))
        if self.head is None and (why := self.refusal()):  # a later page of a stream failed
            self.refused, self.cut = True, why
            raise ConnectionError(why)
        if self.sent + size > MAX_RESPONSE:
            self.refused = True
            if self.head is None:
                self.cut = f"answer cut at {MAX_RESPONSE} bytes"
                raise ConnectionError(self.cut)  # ends a stream that would go on to the last row
            await _refuse(
                self.send, 413, f"More than {MAX_RESPONSE >> 20} MB: ask for less, or use memlog export.\n"
            )
            return
        if self.head is not None:
            ours = security_headers(self.nonce)
            kept = [pair for pair in self.head.get("headers", []) if pair[0].lower() not in ours]
            await self.send({**self.head, "headers": [*kept, *ours.items()]})
            self.head = None
        self.sent += size
        await self.send(message)


def security_headers(nonce: str = "") -> dict[bytes, bytes]:
    """What every answer carries.

    Datasette's pages hold inline scripts, allowed by their digest, or in 1.0 by the nonce of the request,
    and no other; its templates set style attributes, so inline style stays allowed.
    """
    scripts = f"'nonce-{nonce}' 'unsafe-hashes' {_digests(seam.HANDLERS)}" if nonce else _known()
    policy = (
        "default-src 'none'", f"script-src 'self' {scripts}",
        "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )  # fmt: skip
    return {
        b"content-security-policy": "; ".join(policy).encode(),
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
        b"referrer-policy": b"no-referrer",
        b"cross-origin-resource-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
    }


@cache
def _known() -> str:
    """CSP sources of the inline scripts of the installed Datasette's own templates."""
    return _digests(_scripts())


def _digests(texts: Iterable[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts)
    return " ".join(sorted({f"'sha256-{digest.decode()}'" for digest in digests}))


def _scripts() -> Iterator[str]:
    for template in (files("datasette") / "templates").iterdir():
        for text in _SCRIPT.findall(template.read_text("utf-8")) if template.name.endswith(".html") else ():
            if "{{ datasette_allow_facet }}" in text:
                yield text.replace("{{ datasette_allow_facet }}", "true")
                yield text.replace("{{ datasette_allow_facet }}", "false")
            elif "{{" not in text and "{%" not in text:
                yield text


class Brief:
    """A view asked for without saying which columns shows those a person reads; `_all=1` shows all.

    The front page of one archive and nothing else is its overview.

    Facets are not suggested (Datasette would try each of 28 columns), and a large archive's rows are
    not counted for a page.
    """

    def __init__(self, app: App, datasette: Any) -> None:
        self.app = app
        self.datasette = datasette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            scope = self._asked(scope)
        await self.app(scope, receive, send)

    def _asked(self, scope: Scope) -> Scope:
        path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace").partition("?")[0]
        if path == self.datasette.urls.instance() and (alone := self._alone()):
            place = f"{self.datasette.urls.database(alone)}/-/overview"
            return {**scope, "path": unquote(place), "raw_path": place.encode()}
        for name in archives.names(self.datasette):
            place, _, rest = path.removeprefix(self.datasette.urls.database(name)).partition("/v_")
            if not place and rest:
                view, _, form = f"v_{rest}".partition(".")
                return self._narrowed(scope, name, view, form)
        return scope

    def _alone(self) -> str | None:
        """The archive, where nothing else is served: Datasette's own front page counts all its tables."""
        names = archives.names(self.datasette)
        alone = len(names) == 1 == sum(not name.startswith("_") for name in self.datasette.databases)
        return names[0] if alone and archives.is_current(self.datasette, names[0]) else None

    def _narrowed(self, scope: Scope, name: str, view: str, form: str) -> Scope:
        db = self.datasette.databases[name]
        given = parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
        # The filter form sends its empty search box along, which Datasette takes for a search.
        asked = [(key, value) for key, value in given if (key, value) != ("_search", "")]
        keys = {key for key, _ in asked}
        if "_nosuggest" not in keys:
            asked.append(("_nosuggest", "1"))
        if view == "v_record" and "_nocount" not in keys and db.size > describe.COUNTED_BYTES:
            asked.append(("_nocount", "1"))
        if (
            form in ("", "md")
            and not keys & {"_col", "_nocol", "_all"}
            and archives.is_current(self.datasette, name)
        ):
            asked += [("_col", column) for column in describe.BRIEF.get(view, ())]
        return {**scope, "query_string": urlencode(asked).encode()}


async def _shut(send: Send, headers: list[tuple[bytes, bytes]], said: str) -> None:
    """401: a page for a browser, a line for a program."""
    page = any(name.lower() == b"accept" and b"text/html" in value for name, value in headers)
    await _refuse(
        send, 401, _SHUT.format(html.escape(said)) if page else said, form=b"html" if page else b"plain"
    )


async def _refuse(
    send: Send, status: int, text: str, more: list[tuple[bytes, bytes]] | None = None, form: bytes = b"plain"
) -> None:
    headers = {
        **security_headers(),
        b"content-type": b"text/%s; charset=utf-8" % form,
        b"cache-control": b"no-store",
    }
    found = [*headers.items(), *(more or [])]
    await send({"type": "http.response.start", "status": status, "headers": found})
    await send({"type": "http.response.body", "body": text.encode()})
