"""Markdown of a page within its time: a text that would take too long is shown as it was written.

Who writes a record decides what its Markdown costs: brackets in brackets are read again for each, and an
empty row of a table has all its cells. So it is counted before it is read.
"""

import re
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from datasette_memlog import prose

LIMITS = {  # characters that are read as Markdown
    "prompt": 20_000, "reply": 20_000, "thinking": 20_000, "summary": 60_000, "record": 60_000,
}  # fmt: skip
PROSE = ("message", "summary", "thinking")  # kinds of records that are
# Of a text, 60 µs each at most. Of 3,000 long texts people and agents wrote the most had 1,115.
MARKS = 4_000
BRACKETS = 500  # that open: of 10,000 each would be read with all that follow it
CELLS = 8_000  # of tables
A_PAGE = 12_000  # marks of all its texts
_MARK = re.compile(r"[\[\]*_`~<&|\\!\n]")
_RULE = re.compile(r"^[ \t>]*[|:-][|: \t-]*$", re.MULTILINE)  # what makes of the lines around it a table
TOO_MANY = "Shown as it was written: it has more marks than are read as Markdown."


def weight(text: str) -> int:
    """How many marks it has, about; more than MARKS where it would take too long for another reason."""
    widest = max((rule.group().count("|") for rule in _RULE.finditer(text)), default=0)
    if text.count("[") > BRACKETS or widest * text.count("\n") > CELLS:
        return MARKS + 1
    return len(_MARK.findall(text))


class Said:
    """The texts of one page as markup: each read once, and no more of them than a page has time for."""

    def __init__(self) -> None:
        self._left = A_PAGE
        self._known: dict[tuple[str, str], Markup] = {}

    def __call__(self, what: str, text: str) -> Markup:
        """The text as Markdown, of a long one the beginning; what: of LIMITS."""
        key = what, text
        if key not in self._known:
            self._known[key] = self._read(what, text[: LIMITS[what]])
        return self._known[key]

    def read(self, entries: Iterable[Any]) -> "Said":
        """This, with what these entries of a timeline say read already: in a thread, before the page."""
        for entry in entries:
            if getattr(entry, "what", "") in LIMITS:
                self(entry.what, entry.record.text)
            self.read(getattr(entry, "inside", ()))
        return self

    def _read(self, what: str, text: str) -> Markup:
        found = weight(text)
        if found > min(MARKS, self._left):
            return prose.as_written(text, TOO_MANY)
        self._left -= found
        return prose.markdown(text, len(text), breaks=what == "prompt")
