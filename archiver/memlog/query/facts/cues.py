"""What the patterns of a language are asked: one after the other, each for a kind of sentence."""

import re
from collections.abc import Sequence

from memlog.query.facts.gate import ANY, Gate, words_of
from memlog.query.facts.needs import alternatives


class AnyOf:
    """Patterns that are asked one after the other: joined into one they take half as long again.

    Each with the words one of which a sentence must have to be asked; none where any may. A pattern is
    compiled when it is asked for the first time: half of them never are.
    """

    __slots__ = ("_compiled", "at", "bits", "declared", "sources")

    def __init__(self, sources: Sequence[str], declared: Sequence[frozenset[str]]) -> None:
        self.sources = tuple(sources)
        self.declared = tuple(declared)
        self._compiled: list[re.Pattern[str] | None] = [None] * len(self.sources)
        self.at = 0  # of the first among the patterns of its script
        self.bits = (1 << len(self.sources)) - 1

    def search(self, text: str, may: int = ANY) -> bool:
        """Whether one of them is in a text of lower case. may: what its words allow."""
        left = (may >> self.at) & self.bits
        while left:
            lowest = left & -left
            number = lowest.bit_length() - 1
            pattern = self._compiled[number]
            if pattern is None:
                pattern = self._compiled[number] = re.compile(self.sources[number])
            if pattern.search(text):
                return True
            left ^= lowest
        return False


class Asked:
    """Sets of patterns that are asked of the same sentences."""

    def __init__(self, *kinds: AnyOf) -> None:
        self._kinds = kinds
        self._gate: Gate | None = None
        at = 0
        for kind in kinds:
            kind.at = at
            at += len(kind.sources)

    def may(self, words: Sequence[str]) -> int:
        """The patterns a text of these words can match, as bits for AnyOf.search."""
        if not words:
            return ANY
        if self._gate is None:
            self._gate = Gate(
                [source for kind in self._kinds for source in kind.sources],
                [needed for kind in self._kinds for needed in kind.declared],
            )
        return self._gate.may(words)


class Cues:
    """Patterns of one script.

    rule: holds from now on; request: to be done; fault: a correction where nothing is asked for;
    complaint: a correction though it is a question; stated: one in a short answer; reason: where one begins.
    by_words: its words tell which of them a sentence can match.
    """

    def __init__(
        self,
        rule: AnyOf,
        request: AnyOf,
        correction: AnyOf,
        fault: AnyOf,
        complaint: AnyOf,
        decision: AnyOf,
        reason: re.Pattern[str],
        *,
        stated: AnyOf | None = None,
        by_words: bool = False,
    ) -> None:
        self.rule, self.request, self.correction = rule, request, correction
        self.fault, self.complaint, self.decision, self.reason = fault, complaint, decision, reason
        self.stated = stated or AnyOf((), ())
        self.by_words = by_words
        self._wishes = Asked(rule, request, correction, fault, complaint)
        self._settles = Asked(decision)

    def wishes(self, words: Sequence[str]) -> int:
        """Which patterns but those of decisions a text of these words can match, as bits for `search`."""
        return self._wishes.may(words) if self.by_words else ANY

    def settles(self, words: Sequence[str]) -> int:
        """The same of decisions."""
        return self._settles.may(words) if self.by_words else ANY


def any_of(*patterns: str | tuple[str, str]) -> AnyOf:
    """Patterns to be asked; of a pair the first holds the words."""
    # Of lower case: twice as fast as re.I, and a sentence is asked five times.
    pairs = [("", pattern) if isinstance(pattern, str) else pattern for pattern in patterns]
    return AnyOf([source for _, source in pairs], [frozenset(words_of(words)) for words, _ in pairs])


def any_way(source: str) -> AnyOf:
    """The alternatives of a long pattern, asked one by one."""
    return any_of(*alternatives(source))


def first_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
