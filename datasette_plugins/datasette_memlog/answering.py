"""send() of ASGI as we answer: with our headers, within a limit, and never half of a file for a whole one."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette_memlog.policy import security_headers

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_RESPONSE = 64 << 20


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
        self.html = False
        self.refused = False  # 413 is sent, or nothing more can be
        self.cut = ""  # why it ends before its end

    async def __call__(self, message: Message) -> None:
        if self.refused:
            return
        if message["type"] == "http.response.start":
            self.head = message
            self.html = _is_html(message)
            if message["status"] in (200, 400) and (why := self.refusal()):
                self.refused = True
                text, form = await self.shown(why) if self.shown else (f"{why}\n", b"plain")
                await refuse(self.send, 400, text, form=form)
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
            await refuse(
                self.send, 413, f"More than {MAX_RESPONSE >> 20} MB: ask for less, or use memlog export.\n"
            )
            return
        if self.head is not None:
            ours = security_headers(self.nonce)
            kept = [pair for pair in self.head.get("headers", []) if pair[0].lower() not in ours]
            await self.send({**self.head, "headers": [*kept, *ours.items()]})
            self.head = None
        self.sent += size
        await self.send({**message, "body": _readable(message.get("body", b""))} if self.html else message)


def _is_html(head: Message) -> bool:
    """A page, of no length that was told: what is changed in it may make it longer."""
    told = {name.lower(): value for name, value in head.get("headers", [])}
    return told.get(b"content-type", b"").startswith(b"text/html") and b"content-length" not in told


def _readable(body: bytes) -> bytes:
    """HTML has no NUL: each browser makes of one what it likes. What an address says comes back in pages."""
    return body.replace(b"\0", "\N{REPLACEMENT CHARACTER}".encode())


async def refuse(
    send: Send, status: int, text: str, more: list[tuple[bytes, bytes]] | None = None, form: bytes = b"plain"
) -> None:
    headers = {
        **security_headers(),
        b"content-type": b"text/%s; charset=utf-8" % form,
        b"cache-control": b"no-store",
    }
    found = [*headers.items(), *(more or [])]
    await send({"type": "http.response.start", "status": status, "headers": found})
    await send({"type": "http.response.body", "body": _readable(text.encode())})
