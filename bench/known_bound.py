"""What any order could find of half-remembered items: where the words that are left most likely stood.

Items are drawn in a known way (bench/known_items.py), so that of each record it can be said how likely
it gave the words that are left. The five likeliest are the best five rows an order can name; how likely
they are together, on average over the items, is the share that can be expected to be found.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from math import comb

from memlog.archive.body import raw_text_of
from memlog.archive.connection import Connection
from memlog.query.fold import fold
from memlog.query.passage import Sought, passage
from memlog.query.rank import Weighed
from memlog.query.search import WEIGHED_SQL

LEAST_WORDS, FEWEST, MOST, DROPPED, ROWS = 4, 3, 6, 2, 5

Shares = dict[int, float]  # record: how likely it is the one


class Lines:
    """Every line words are drawn from, by the words it has."""

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        self._number: dict[tuple[str, ...], int] = {}
        self._words: dict[str, set[int]] = defaultdict(set)
        self._records: list[list[tuple[int, float]]] = []
        for id_, text in texts:
            lines = [tuple(line.split()) for line in text.splitlines() if len(line.split()) >= LEAST_WORDS]
            for line, times in Counter(lines).items():
                number = self._number.setdefault(line, len(self._number))
                if number == len(self._records):
                    self._records.append([])
                    for word in line:
                        self._words[word].add(number)
                self._records[number].append((id_, times / len(lines)))
        self._lines = list(self._number)

    def shares(self, left: str) -> Shares:
        """How likely each record is the one the words that are left were drawn from."""
        words = left.split()
        likely: Shares = defaultdict(float)
        for number in set.intersection(*(self._words[word] for word in words)):
            one = _likely(words, self._lines[number])
            for id_, weight in self._records[number]:
                likely[id_] += one * weight
        every = sum(likely.values())
        return {id_: one / every for id_, one in likely.items() if one}


def _likely(words: list[str], line: tuple[str, ...]) -> float:
    """How likely a line gives these words, in the order they were shuffled into."""
    count = len(words) + DROPPED
    if len(line) < count:
        return 0.0
    drawn = (MOST - count + 1 if len(line) == count else 1) / (MOST - FEWEST + 1)
    wanted = Counter(words)
    ways = 0
    for at in range(len(line) - count + 1):
        there = Counter(line[at : at + count])
        one = 1
        for word, times in wanted.items():
            one *= comb(there[word], times)
        ways += one
    return drawn * ways / ((len(line) - count + 1) * comb(count, DROPPED))


class Bound:
    """The best five rows of an archive, for rows of several kinds."""

    def __init__(self, con: Connection, texts: dict[int, str], sessions: dict[int, int]) -> None:
        self._con = con
        self._lines = Lines(texts.items())
        self._sessions = sessions

    def of(self, left: str) -> dict[str, float]:
        """How likely the record is among the best five rows, by what a row is."""
        shares = self._lines.shares(left)
        weighed = self._weighed(shares, left)
        return {
            "records": _best(shares, lambda id_: id_),
            "lines, the same around the words one row": _best(shares, _row_of(fold(weighed, len(weighed)))),
            "of the coarsest folds": _best(shares, _row_of(fold(weighed, 0))),
            "whole sessions": _best(shares, self._sessions.__getitem__),
        }

    def _weighed(self, shares: Shares, left: str) -> list[Weighed]:
        pieces = "".join(c if c.isalnum() else " " for c in left.lower()).split()
        sought = Sought(pieces, left)
        rows = self._con.execute(WEIGHED_SQL, {"ids": str(list(shares))})
        return [Weighed(row, passage(raw_text_of(*row[8:]), sought), False, 0.0) for row in rows]


def _row_of(folded: list[Weighed]) -> Callable[[int], int]:
    rows = {id_: one.id for one in folded for id_ in (one.id, *one.same)}
    return lambda id_: rows.get(id_, id_)


def _best(shares: Shares, row_of: Callable[[int], int]) -> float:
    rows: Shares = defaultdict(float)
    for id_, share in shares.items():
        rows[row_of(id_)] += share
    return sum(sorted(rows.values(), reverse=True)[:ROWS])
