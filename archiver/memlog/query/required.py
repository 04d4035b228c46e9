"""Words a text must have if it holds given characters, so that the index can say where to look.

Sound: what is required is in every text that matches. Likely: where most of them are, as the characters
may also stand inside a longer word, whose beginning the index does not know.
"""

from typing import Any, NamedTuple

SHORTEST = 3  # letters of a word's beginning worth asking the index for
_LONGEST = 40
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


class Words(NamedTuple):
    """FTS5 expressions; None: any text may match."""

    required: str | None
    likely: str | None


class Run(NamedTuple):
    """Characters that follow each other. Open: another letter may touch that end."""

    text: str
    open_left: bool = True
    open_right: bool = True


def of_literal(text: str) -> Words:
    """For a text with exactly these characters."""
    return _of_runs([Run(text)])


def of_pattern(tree: Any) -> Words:
    """For a regular expression, as re parses it."""
    return _of_runs(_runs(tree))


def capitals(tree: Any) -> bool:
    """Whether a pattern has a capital letter among its characters."""
    return any(chr(value[0] if name == "RANGE" else value).isupper() for name, value in _leaves(tree))


def _of_runs(runs: list[Run]) -> Words:
    sure: dict[str, None] = {}
    guess: dict[str, None] = {}
    for run in runs:
        for word, first, last in _words(run.text):
            if not word.isascii() or len(word) > _LONGEST:
                continue
            cut_left, cut_right = first and run.open_left, last and run.open_right
            begins = f'"{word.lower()}"' + ("*" if cut_right else "")
            if cut_right and len(word) < SHORTEST:
                continue
            if cut_left:
                if len(word) >= SHORTEST:
                    guess[begins] = None
            else:
                sure[begins] = None
    required = " AND ".join(sure) or None
    likely = " AND ".join([*sure, *guess]) or None
    return Words(required, likely if guess else None)


def _words(text: str) -> list[tuple[str, bool, bool]]:
    """Runs of letters and digits, and whether each touches the text's beginning, its end.

    What is not ASCII counts as a letter: an accent that follows its letter does not end a word.
    """
    found = []
    at = 0
    while at < len(text):
        stop = at
        while stop < len(text) and (text[stop].isalnum() or text[stop] > "\x7f"):
            stop += 1
        if stop > at:
            found.append((text[at:stop], at == 0, stop == len(text)))
        at = stop + 1
    return found


def _runs(tree: Any) -> list[Run]:
    """Characters every match holds, in runs."""
    reader = _Reader()
    reader.walk(tree)
    reader.end()
    return reader.runs


class _Reader:
    """Walks a parsed pattern from left to right."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.text = ""
        self.open_left = True

    def end(self, *, open_right: bool = True, next_left: bool = True) -> None:
        """The run stops here."""
        if self.text:
            self.runs.append(Run(self.text, self.open_left, open_right))
        self.text, self.open_left = "", next_left

    def walk(self, items: Any) -> None:
        for op, value in items:
            name = str(op)
            if name == "LITERAL":
                self.text += chr(value)
            elif name == "SUBPATTERN":
                self.walk(value[3])
            elif name in _REPEATS and value[0] > 0:
                self.walk(value[2])  # its first time
                if value[1] != 1 and self.text:
                    self.end()
            elif name == "IN" and _is_space(value):
                self.end(open_right=False, next_left=False)
            elif name == "AT":
                where = str(value)
                begins = where in ("AT_BOUNDARY", "AT_BEGINNING", "AT_BEGINNING_STRING")
                self.end(open_right="NON" in where, next_left=not begins)
            else:
                self.end()


def _is_space(members: Any) -> bool:
    return all(
        (str(op) == "CATEGORY" and str(value) == "CATEGORY_SPACE")
        or (str(op) == "LITERAL" and not chr(value).isalnum())
        for op, value in members
    )


def _leaves(items: Any) -> Any:
    """Characters and ranges of a pattern, however deep."""
    for item in items:
        if not isinstance(item, tuple) or len(item) != 2:
            continue
        op, value = item
        name = str(op)
        if name in ("LITERAL", "NOT_LITERAL", "RANGE"):
            yield ("LITERAL" if name == "NOT_LITERAL" else name), value
        elif name == "IN":
            yield from _leaves(value)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _leaves(branch)
        elif name == "SUBPATTERN":
            yield from _leaves(value[3])
        elif name in _REPEATS:
            yield from _leaves(value[2])
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _leaves(value[1])
