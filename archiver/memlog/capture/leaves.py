"""What a JSON value says as text, and the value as CBOR of the strict profile can hold it."""

from collections.abc import Container
from typing import Any

from memlog.capture import quick_json
from memlog.capture.identity import hex_digest

DEEPEST = 50  # record.load_cbor refuses 64; a blob's own maps and a mark at the bottom come on top

# Keys whose long base64 is a payload; under any other key it must be longer to count as one.
_PAYLOAD_KEYS = frozenset(("base64", "data", "signature", "encrypted_content", "blob"))
_PAYLOAD_CHARS = 64
_UNNAMED_CHARS = 4_000


def fit(value: Any, depth: int = 0) -> Any:
    """The value without half surrogates, integers beyond 64 bits, or nesting deeper than DEEPEST.

    They become backslash escapes, digits, and JSON text: readable, searchable, and decodable.
    """
    if isinstance(value, str):
        return fit_text(value)
    if isinstance(value, dict):
        if depth >= DEEPEST:
            return quick_json.dumps(value)
        return {fit_text(str(k)): fit(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return quick_json.dumps(value) if depth >= DEEPEST else [fit(v, depth + 1) for v in value]
    if type(value) is int:
        return quick_json.fit_int(value)
    return value


def fit_text(text: str) -> str:
    """The text with half surrogates as backslash escapes."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text


def render(value: Any, skip: Container[str] = ()) -> str:
    """Every string leaf verbatim and every number, a `key: value` a line; nothing is shortened.

    A key whose value holds more keys stands above them as `key:`.
    """
    if isinstance(value, str):
        return value
    lines: list[str] = []
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        key, item = stack.pop()
        if isinstance(item, dict):
            if key:
                lines.append(key + ":")
            stack.extend((k, v) for k, v in reversed(item.items()) if k not in skip)
        elif isinstance(item, list):
            if key and any(isinstance(v, (dict, list)) for v in item):
                lines.append(key + ":")
                key = ""
            stack.extend((key, v) for v in reversed(item))
        elif item is not None:
            word = item if isinstance(item, str) else quick_json.dumps(item)
            lines.append(f"{key}: {word}" if key else word)
    return "\n".join(lines)


def strings(value: Any, skip: Container[str] = ()) -> list[str]:
    """The string leaves in order, without those under the keys to skip and without empty ones."""
    found: list[str] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if item:
                found.append(item)
        elif isinstance(item, dict):
            stack.extend(v for k, v in reversed(item.items()) if k not in skip)
        elif isinstance(item, list):
            stack.extend(reversed(item))
    return found


class Lifter:
    """Takes out of a value what is not text: base64 payloads, and leaves equal to a text already kept."""

    __slots__ = ("base64", "known", "same")

    def __init__(self, known: Container[str] = ()) -> None:
        self.known = known
        self.base64 = 0
        self.same = 0

    def lift(self, value: Any, key: str = "") -> Any:
        """The value with {"sha256", "bytes"} for payloads and {"same": true} for known texts."""
        if isinstance(value, str):
            return self._text(value, key)
        if isinstance(value, dict):
            return {k: self.lift(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.lift(v, key) for v in value]
        return value

    def _text(self, text: str, key: str) -> Any:
        if len(text) < _PAYLOAD_CHARS:
            if text and text in self.known:
                self.same += 1
                return {"same": True}
            return text
        if text in self.known:
            self.same += 1
            return {"same": True}
        found = payload(text, key)
        if found is None:
            return text
        self.base64 += 1
        return found

    def omitted(self) -> tuple[str, ...]:
        """The reasons, as record.cddl names them."""
        return (*(("base64",) if self.base64 else ()), *(("same",) if self.same else ()))


def payload(text: str, key: str = "") -> dict[str, Any] | None:
    """Digest and size of the bytes a base64 text stands for; None when it is not such a text."""
    media, data = None, text
    if text.startswith("data:") and ";base64," in text[:128]:
        media, data = text[5:128].partition(";")[0], text.partition(";base64,")[2]
    elif len(text) < (_PAYLOAD_CHARS if key in _PAYLOAD_KEYS else _UNNAMED_CHARS) or " " in text[:200]:
        return None
    from binascii import a2b_base64

    try:
        raw = a2b_base64(data.replace("\n", ""), strict_mode=True)
    except ValueError:
        return None
    if media is None and key not in _PAYLOAD_KEYS and not _mixed(data[:_UNNAMED_CHARS]):
        return None
    found: dict[str, Any] = {"sha256": hex_digest(raw), "bytes": len(raw)}
    if media:
        found["media_type"] = media
    return found


def _mixed(data: str) -> bool:
    """True where letters of both cases and digits all occur: a long row of one letter is text."""
    return any(c.isdigit() for c in data) and data.upper() != data and data.lower() != data
