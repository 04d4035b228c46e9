"""Style, scripts and the mark of the pages: from memory, and once per browser.

Datasette reads them in pieces of 4 KB, a turn of a thread each, for every page again: 60 ms of each page.
"""

import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import Any

PLUGIN = "memlog_recorder"
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
# The address has the digest of what is there, so that a newer memlog's is another.
FOREVER = b"private, max-age=31536000, immutable"


class Assets:
    """ASGI: answers for our static files, hands on all else. Inside the guard, which adds its headers."""

    def __init__(self, app: Callable[..., Awaitable[None]], datasette: Any) -> None:
        self.app = app
        self.datasette = datasette

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            name = scope["path"].removeprefix(self.datasette.urls.static_plugins(PLUGIN, ""))
            found = known().get(name)
            if found is not None:
                await _answer(scope, send, name, *found)
                return
        await self.app(scope, receive, send)


def address(datasette: Any, name: str) -> str:
    """Where one of them is, as it is now."""
    _, digest = known()[name]
    return f"{datasette.urls.static_plugins(PLUGIN, name)}?v={digest}"


@cache
def known() -> dict[str, tuple[bytes, str]]:
    """(bytes, digest) by name."""
    found = {}
    for file in (files(__package__) / "static").iterdir():
        body = file.read_bytes()
        found[file.name] = body, hashlib.sha256(body).hexdigest()[:12]
    return found


async def _answer(scope: dict[str, Any], send: Any, name: str, body: bytes, digest: str) -> None:
    tag = f'"{digest}"'.encode()
    asked = dict(scope.get("headers") or [])
    is_named = scope.get("query_string") == f"v={digest}".encode()
    is_known = asked.get(b"if-none-match") == tag
    headers = [
        (b"content-type", f"{KINDS[name.rpartition('.')[2]]}; charset=utf-8".encode()),
        (b"cache-control", FOREVER if is_named else b"no-cache"), (b"etag", tag),
    ]  # fmt: skip
    if not is_known:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": headers})
    sent = b"" if is_known or scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})
