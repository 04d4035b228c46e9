"""Files and folders a text names, component by component: `push_common.go` does not name `common.go`.

What the index finds of a path's words in a row is looked through for it. A search loads this only then.
"""

_BESIDE = "-.+"  # part of a name where a letter stands behind them
_ENDS = frozenset(" \t\n\r\v\f\"'`<>|:;,(){}=#?*")  # no part of a path that a pattern is held against
_ESCAPES = (b"\\n", b"\\t", b"\\r")  # of texts within texts: JSON that was printed

_known: "dict[str, tuple[_Path, ...]]" = {}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def named(raw: bytes, paths: str) -> int:
    """How many of these paths, a line each, a text in UTF-8 names: whole components in a row.

    Capitals do not matter. `*` is any part of a component, `?` one character, `**` components; `src/` a
    folder with something in it; what begins with `/` begins so.
    """
    asked = _known.get(paths)
    if asked is None:
        _known.clear()
        asked = _known[paths] = tuple(map(_Path, paths.split("\n")))
    lower = raw.lower()
    return sum(path.is_in(lower) or path.is_in_other(lower) for path in asked)


class _Path:
    __slots__ = ("is_pattern", "needle", "parts", "raw", "text")

    def __init__(self, typed: str) -> None:
        text = _composed(typed.replace("\\", "/").lower())
        while text.startswith(("./", "~/")):
            text = text[2:]
        self.text = text
        self.is_pattern = "*" in text or "?" in text
        self.needle = max(text.replace("?", "*").split("*"), key=len)
        self.raw = self.needle.encode("utf-8", "replace") if self.needle.isascii() else b""
        parts = text.split("/")
        around = ["**"]
        self.parts = [*parts, *around] if text[:1] == "/" else [*around, *parts, *around]

    def is_in_other(self, lower: bytes) -> bool:
        """Whether it is with other separators, or behind an escape: rare, and a copy of the text each."""
        if not (self.is_pattern or "/" in self.text) or b"\\" not in lower:
            return False
        if self.is_in(lower.replace(b"\\\\", b"/").replace(b"\\", b"/")):
            return True
        escaped = any(escape in lower for escape in _ESCAPES)
        return escaped and self.is_in(
            lower.replace(b"\\n", b"\n").replace(b"\\t", b"\n").replace(b"\\r", b"\n")
        )

    def is_in(self, lower: bytes) -> bool:
        if self.raw not in lower:  # most that is looked through: no need to decode it
            return False
        text = lower.decode("utf-8", "replace")
        if not self.raw:  # else no letter of it has two spellings
            text = _composed(text.lower())
        return self._fits_in(text) if self.is_pattern else self._stands_in(text)

    def _stands_in(self, text: str) -> bool:
        path = self.text
        at = text.find(path)
        while at >= 0:
            stop = at + len(path)
            if _begins(text, at, path[0] == "/") and (path[-1] == "/" or _ends(text, stop)):
                return True
            at = text.find(path, at + 1)
        return False

    def _fits_in(self, text: str) -> bool:
        at = text.find(self.needle)
        while at >= 0:
            start = stop = at
            while start and text[start - 1] not in _ENDS:
                start -= 1
            while stop < len(text) and text[stop] not in _ENDS:
                stop += 1
            run = text[start:stop].lstrip("-+").rstrip(".!")
            if run[:1] == "[" and run[-1:] == "]":
                run = run[1:-1]
            if run[:2] == "//":  # of an address
                run = "/" + run.lstrip("/")
            begins = run[:1] == "/" or self.text[0] != "/"
            if begins and _matches(run.split("/"), self.parts, "**", _is_component):
                return True
            at = text.find(self.needle, max(stop, at + 1))
        return False


def _begins(text: str, at: int, absolute: bool) -> bool:
    """Whether a component begins there; absolute: none ends before it."""
    before = text[at - 1 : at] if at else ""
    if absolute:
        if before == "/":
            return text[max(at - 3, 0) : at] == "://"
        return not (before.isalnum() or before in tuple("_.~})-"))
    if before in ("", "/", "\\") or (before in ("n", "t", "r") and text[at - 2 : at - 1] == "\\"):
        return True
    if before not in tuple(_BESIDE):
        return not (before.isalnum() or before == "_")
    first = at - 1
    while first and text[first - 1] in _BESIDE:
        first -= 1
    beyond = text[first - 1 : first] if first else ""
    hidden = before == "." and text[max(at - 2, 0) : at] != ".."
    return not (hidden or beyond.isalnum() or beyond in ("_", "/"))


def _ends(text: str, stop: int) -> bool:
    """Whether a component ends there: `common.go.` at the end of a sentence, not `common.go.bak`."""
    after = text[stop : stop + 1]
    if after == "~":  # an editor's copy; but two strike out
        return text[stop + 1 : stop + 2] == "~"
    while after and after in _BESIDE:
        stop += 1
        after = text[stop : stop + 1]
    return not (after.isalnum() or after == "_")


def _is_component(name: str, pattern: str) -> bool:
    if not pattern:  # behind the slash of a folder
        return True
    if "*" not in pattern and "?" not in pattern:
        return name == pattern
    return bool(name) and _matches(name, pattern, "*", _is_character)


def _is_character(c: str, pattern: str) -> bool:
    return pattern in ("?", c)


def _matches(
    items: "Sequence[str]", pattern: "Sequence[str]", star: str, one: "Callable[[str, str], Any]"
) -> bool:
    """Whether a pattern takes all items; a star any number of them. Costs no more than their product."""
    at = next_ = begun = 0
    back = -1
    while at < len(items):
        if next_ < len(pattern) and pattern[next_] == star:
            back, begun = next_, at
            next_ += 1
        elif next_ < len(pattern) and one(items[at], pattern[next_]):
            at += 1
            next_ += 1
        elif back >= 0:
            begun += 1
            at, next_ = begun, back + 1
        else:
            return False
    return all(each == star for each in pattern[next_:])


def _composed(text: str) -> str:
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", text)
