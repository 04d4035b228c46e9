"""Digests of what a host wrote: macs under the home's key, plain ones of payloads left out."""

from typing import Any

try:  # built in: hashlib loads OpenSSL, which costs the hook a third of a bare interpreter's start
    from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]  # Python 3.11
except ImportError:
    try:
        from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]  # Python 3.12 and later
    except ImportError:
        from hashlib import sha256

MAC_BYTES = 8
LONGEST_NAME = 512  # bytes of UTF-8: seven such names leave room in record._ENVELOPE

_BLOCK = 64
_INNER = bytes(n ^ 0x36 for n in range(256))
_OUTER = bytes(n ^ 0x5C for n in range(256))


class Hmac:
    """HMAC-SHA-256 under one key, for many messages."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner: Any = sha256(block.translate(_INNER))
        self._outer: Any = sha256(block.translate(_OUTER))

    def digest(self, *pieces: bytes) -> bytes:
        """The 32 bytes of the pieces joined."""
        inner, outer = self._inner.copy(), self._outer.copy()
        for piece in pieces:
            inner.update(piece)
        outer.update(inner.digest())
        digest: bytes = outer.digest()
        return digest

    def stream(self) -> "HmacStream":
        """The same for a message that comes piece by piece."""
        return HmacStream(self._inner.copy(), self._outer.copy())


class HmacStream:
    """A message of unknown length on its way through an Hmac."""

    __slots__ = ("_outer", "update")

    def __init__(self, inner: Any, outer: Any) -> None:
        self._outer = (inner, outer)
        self.update = inner.update

    def digest(self) -> bytes:
        inner, outer = self._outer
        outer = outer.copy()
        outer.update(inner.digest())
        digest: bytes = outer.digest()
        return digest


def hex_digest(data: bytes) -> str:
    """SHA-256 in hex, without a key."""
    text: str = sha256(data).hexdigest()
    return text


def digest_stream() -> Any:
    """A SHA-256 for bytes that come piece by piece."""
    return sha256()


def short_name(text: str) -> str:
    """The name itself, or its beginning and a digest where it is longer than LONGEST_NAME."""
    raw = text.encode("utf-8", "backslashreplace")
    if len(raw) <= LONGEST_NAME:
        return text
    return raw[: LONGEST_NAME - 40].decode("utf-8", "ignore") + "~" + hex_digest(raw)[:32]
