"""Columns of a terminal: how many a text takes, and what of it fits."""

from collections.abc import Iterator
from unicodedata import category, east_asian_width

ON, OFF = "\x02", "\x03"  # around what is to be painted; text is safe by then, so it holds neither


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii() and ON not in text:
        return len(text)
    return sum(map(_column, text))


def _column(c: str) -> int:
    if c < "\x7f":
        return 0 if c in (ON, OFF) else 1
    return 0 if category(c) in ("Mn", "Me", "Cf") else 2 if east_asian_width(c) in "WF" else 1


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns, with … where it was longer."""
    if len(text) <= width and columns(text) <= width:
        return text
    return text[: _stop(text, 0, width - 1)].rstrip() + "…" if width > 0 else ""


def ending(text: str, width: int) -> str:
    """The end of a text in at most `width` columns, with … where there was more before it."""
    if columns(text) <= width:
        return text
    used, start = 1, len(text)
    while start and used + _column(text[start - 1]) <= width:
        start -= 1
        used += _column(text[start])
    return "…" + text[start:] if width > 0 else ""


def _stop(text: str, start: int, width: int) -> int:
    """Where the characters end that fit, from `start` on."""
    used = 0
    for at in range(start, len(text)):
        used += _column(text[at])
        if used > width:
            return at
    return len(text)


def wrapped(text: str, width: int | None, indent: str = "") -> Iterator[str]:
    """The lines of a text, indented; what is wider than `width` is broken, between words where it can be.

    A continued line begins under the first word of its line. width: None breaks nothing.
    """
    for line in text.split("\n"):
        if width is not None and "\t" in line:
            line = line.expandtabs(4)
        if width is None or len(line) <= width - len(indent) and columns(line) <= width - len(indent):
            yield indent + line if line else ""
        else:
            yield from _broken(line, width, indent)


def _broken(line: str, width: int, indent: str) -> Iterator[str]:
    words = line.lstrip(" ")
    space = indent + " " * min(len(line) - len(words), width // 2)
    room = max(width - len(space), 10)
    row, used = "", 0
    for word in words.split(" "):
        size = columns(word)
        if row and used + 1 + size > room:
            yield space + row
            row, used = word, size
        else:
            row, used = (row + " " + word, used + 1 + size) if row else (word, size)
        at = 0
        while used > room:
            stop = _stop(row, at, room)
            yield space + row[at:stop]
            used -= columns(row[at:stop])
            at = stop
        row = row[at:]
    if row:
        yield space + row
