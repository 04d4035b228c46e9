"""A JSON object in a file, a member at a time, and of a list an item: one that has no end takes no memory."""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

LONGEST = 4 << 20  # characters of one value: a blob is 64 KiB, and JSON makes six of a byte at most
_PIECE = 1 << 16
_BLANK = " \t\r\n"
_AFTER = frozenset(_BLANK + ",:]}")


class Member(NamedTuple):
    """A member, or one item of a list; the list itself comes before its items, empty."""

    name: str
    value: Any
    is_item: bool
    size: int  # in characters


def members(file: BinaryIO) -> Iterator[Member]:
    """Every member of the object, in its order.

    Raises: ValueError where it is no JSON object, or a value is longer than LONGEST; RecursionError.
    """
    text = _Text(file)
    text.expect("{")
    if not text.take("}"):
        yield from _each(text)
        text.expect("}")
    text.end()


def _each(text: "_Text") -> Iterator[Member]:
    while True:
        name, size = text.value()
        if not isinstance(name, str):
            raise ValueError("a member without a name")
        text.expect(":")
        if text.take("["):
            yield Member(name, [], False, size)
            while not text.take("]"):
                value, size = text.value()
                yield Member(name, value, True, size)
                if not text.take(","):
                    text.expect("]")
                    break
        else:
            value, more = text.value()
            yield Member(name, value, False, size + more)
        if not text.take(","):
            return


class _Text:
    """The text not read yet, of which no more is held than a value needs."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode = getincrementaldecoder("utf-8")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._ended = False

    def take(self, mark: str) -> bool:
        """True when the next character is this one; it is then read."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text):
                found = self._text[self._at] == mark
                self._at += found
                return found
            if not self._more(_PIECE):
                return False

    def expect(self, mark: str) -> None:
        """The next character is this one; it is then read. Raises: ValueError where it is not."""
        if not self.take(mark):
            raise ValueError(f"{mark} is missing")

    def end(self) -> None:
        """Nothing. Raises: ValueError where something follows."""
        self.take("")
        if self._at < len(self._text):
            raise ValueError("something follows the object")

    def value(self) -> tuple[Any, int]:
        """The next value, and how many characters it took."""
        self.take("")  # blanks
        size = _PIECE
        while True:
            try:
                found, end = self._scan(self._text, self._at)
                if self._ended or self._text[end : end + 1] in _AFTER:  # else a number may go on
                    taken, self._at = end - self._at, end
                    return found, taken
            except ValueError:
                if self._ended:
                    raise
            if len(self._text) - self._at > LONGEST:
                raise ValueError(f"a value is longer than {LONGEST:,} characters")
            self._more(size)
            size *= 2  # a long value is not scanned again for every piece

    def _more(self, size: int) -> bool:
        """Hold more of the file; False at its end."""
        raw = self._file.read(size)
        self._ended = not raw
        self._text = self._text[self._at :] + self._decode(raw, self._ended)
        self._at = 0
        return not self._ended
