"""Did you mean: words of the index near one that no record has.

A search loads it only where no record has all of its words.
"""

from memlog.archive.connection import Error
from memlog.query import vocabulary, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from memlog.archive.connection import Connection

MOST_WORDS, SHOWN = 6, 3
SHORTEST, LONGEST = 4, 40  # characters of a word that can be misspelled
TWO_SLIPS = 6  # characters from which two letters may be wrong
SURE = 3  # letters that a word of two slips begins with as it should
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

# index: the full-text index itself, words in order. Counting reads a word's hits, so the range is small
NEIGHBOURS_SQL = "SELECT term, doc FROM record_term WHERE term >= :low AND term < :high"
COUNT_SQL = "SELECT doc FROM record_term WHERE term = :term"


def near(con: "Connection", text: str) -> list[tuple[str, list[str]]]:
    """(word, what it may mean) for words of a question that no record has; the likeliest first.

    Limits: words of letters and digits, unquoted; one wrong letter, from 6 on two. Nothing where the
    archive is of a version without a list of words.
    """
    found: list[tuple[str, list[str]]] = []
    asked = [leaf for group in words.parse(text).terms for term in group for leaf in term.leaves()]
    try:
        for term in asked[:MOST_WORDS]:
            word = term.text.strip("?!.,;:'()").lower()
            if term.quoted or term.prefix or not word.isalnum() or not SHORTEST <= len(word) <= LONGEST:
                continue
            if not _is_there(con, word):
                better = _better(con, word)
                if better:
                    found.append((word, better))
    except Error:
        return []
    return found


def _better(con: "Connection", word: str) -> list[str]:
    most = 2 if len(word) >= TWO_SLIPS else 1
    counts: dict[str, int] = {}
    if most == 2:
        begin = word[:SURE]
        bounds = {"low": begin, "high": begin[:-1] + chr(ord(begin[-1]) + 1)}
        counts = {
            term: doc
            for term, doc in con.execute(NEIGHBOURS_SQL, bounds)
            if abs(len(term) - len(word)) <= most and distance(word, term, most) <= most
        }
    slips = one_slip(word, SURE if most == 2 else len(word))
    for match in vocabulary.spoken(con, (f'"{term}"' for term in slips if term not in counts)):
        term = match.strip('"')
        row = con.execute(COUNT_SQL, {"term": term}).fetchone()
        counts[term] = row[0] if row else 1
    if word.endswith("nt") and _is_there(con, f"{word[:-1]} t"):
        return [f"{word[:-1]}'t"]
    same = [term for term in counts if term.casefold() == word]  # straße
    if same:
        return same
    # a slip in the first letter is rare
    best = sorted(counts, key=lambda t: (distance(word, t, most), t[0] != word[0], -counts[t], t))
    # two slips are a guess: only where there is nothing nearer
    nearest = distance(word, best[0], most) if best else 0
    return [term for term in best if distance(word, term, most) == nearest][:SHOWN]


def _is_there(con: "Connection", word: str) -> bool:
    return vocabulary.is_spoken(con, f'"{word}"')


def one_slip(word: str, places: int) -> "Iterator[str]":
    """The words one letter left out, added, changed or swapped makes of it, in its first places."""
    seen = {word}
    for at in range(min(places, len(word))):
        head, tail = word[:at], word[at:]
        made = [head + tail[1:], head + tail[1:2] + tail[:1] + tail[2:]]
        made += [head + c + tail for c in LETTERS] + [head + c + tail[1:] for c in LETTERS]
        if at == len(word) - 1:
            made += [word + c for c in LETTERS]
        for term in made:
            if term not in seen and len(term) > 1:
                seen.add(term)
                yield term


def distance(a: str, b: str, most: int) -> int:
    """How many letters are left out, added, changed or swapped with the next; more than `most`: most + 1."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, c in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, d in enumerate(b, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (c != d))
            if i > 1 and j > 1 and c == b[j - 2] and a[i - 2] == d:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most and (not before or min(before) > most):
            return most + 1
    return min(row[-1], most + 1)
