"""Which patterns a sentence can match at all, told by its words: most are never asked, nor even compiled."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import or_

from memlog.query.facts.needs import Fragment, needs

_SETS = 3  # of fragments a pattern is looked up by: one of each must be there
_LONGEST = 12  # characters of a fragment that is looked for within words; its beginning will do
_MOST_WORDS = 50_000  # whose bits are remembered
_WORD = re.compile(r"[^\W\d_]+")

words_of = _WORD.findall  # the words of a text, in order
ANY = -1  # every bit: nothing is known of the words


class Gate:
    """Which of numbered patterns a text of some words may match, as bits; it never leaves out one that does.

    declared: for each pattern words of which one must be there, too; none where any may.
    """

    def __init__(self, sources: Sequence[str], declared: Sequence[frozenset[str]]) -> None:
        self._width = len(sources)
        self._whole: dict[str, int] = {}
        self._inside: dict[str, int] = {}
        self._free = 0  # bits that need no word
        self._known = _Known(self._bits)
        for number, (source, words) in enumerate(zip(sources, declared, strict=True)):
            found = list(needs(source)[:_SETS])
            if words:
                found.append(frozenset(Fragment(word, whole=True) for word in words))
            for row in range(_SETS + 1):
                bit = 1 << (row * self._width + number)
                if row < len(found):
                    self._note(found[row], bit)
                else:
                    self._free |= bit
        sizes: dict[str, set[int]] = {}
        for text in self._inside:
            sizes.setdefault(text[0], set()).add(len(text))
        self._sizes = sizes

    def _note(self, fragments: Iterable[Fragment], bit: int) -> None:
        for text, whole in fragments:
            table, key = (self._whole, text) if whole else (self._inside, text[:_LONGEST])
            table[key] = table.get(key, 0) | bit

    def may(self, words: Iterable[str]) -> int:
        """The bits of the patterns that may match a text of these words."""
        found = reduce(or_, map(self._known.__getitem__, words), self._free)
        width = self._width
        return found & (found >> width) & (found >> 2 * width) & (found >> 3 * width)

    def _bits(self, word: str) -> int:
        found = self._whole.get(word, 0)
        for start in range(len(word) - 2):
            for size in self._sizes.get(word[start], ()):
                found |= self._inside.get(word[start : start + size], 0)
        return found


class _Known(dict[str, int]):
    """Bits of words, each found out once. A loop over words in Python takes twice as long."""

    def __init__(self, found: Callable[[str], int]) -> None:
        self._found = found

    def __missing__(self, word: str) -> int:
        if len(self) >= _MOST_WORDS:
            self.clear()
        bits = self[word] = self._found(word)
        return bits
