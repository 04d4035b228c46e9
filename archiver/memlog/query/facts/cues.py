"""What the patterns of a language are asked: one after the other, each for a kind of sentence."""

import re
from typing import NamedTuple

_WORDS = re.compile(r"[^\W\d_]+")


class AnyOf(NamedTuple):
    """Patterns that are asked one after the other: joined into one they take half as long again.

    Each with the words one of which a sentence must have to be asked; none where any may.
    """

    patterns: tuple[tuple[frozenset[str], re.Pattern[str]], ...]

    def search(self, text: str, words: frozenset[str] = frozenset()) -> bool:
        """Whether one of them is in a text of lower case. words: those it has, where they are known."""
        return any(
            pattern.search(text)
            for needed, pattern in self.patterns
            if not words or not needed or not needed.isdisjoint(words)
        )


class Cues(NamedTuple):
    """Patterns of one script.

    rule: holds from now on; request: to be done; fault: a correction where nothing is asked for;
    complaint: a correction though it is a question; reason: where a reason begins.
    """

    rule: AnyOf
    request: AnyOf
    correction: AnyOf
    fault: AnyOf
    complaint: AnyOf
    decision: AnyOf
    reason: re.Pattern[str]


def any_of(*patterns: str | tuple[str, str]) -> AnyOf:
    """Patterns compiled; of a pair the first holds the words."""
    # Of lower case: twice as fast as re.I, and a sentence is asked five times.
    pairs = [("", pattern) if isinstance(pattern, str) else pattern for pattern in patterns]
    return AnyOf(tuple((frozenset(_WORDS.findall(words)), re.compile(pattern)) for words, pattern in pairs))


def first_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
