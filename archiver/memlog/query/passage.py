"""Where in a text the words of a question stand closest, and what stands around them."""

_SIGNS = {code: " " for code in range(128) if not chr(code).isalnum()}
_LOOK = 60  # occurrences of one word that are looked at
_FAR = 120  # characters of context that are compared at most
_FOLDED = 20_000  # characters of a text whose white space is folded to find a phrase

# A typed text stands here letter by letter; but for capitals; but for signs and white space.
LITERAL, SPELLED, SPOKEN = 1.0, 0.95, 0.9
_APART = 0.8  # at most, for words that stand otherwise


class Passage:
    """closeness: 0 to 1. left, middle, right: words before, at and after the match, in lower case."""

    __slots__ = ("closeness", "left", "middle", "right")

    def __init__(self, closeness: float, text: str, start: int, stop: int) -> None:
        self.closeness = closeness
        first = max(text.rfind("\n", 0, start) + 1, start - _FAR)
        last = text.find("\n", stop)
        last = min(len(text) if last < 0 else last, stop + _FAR)
        self.left = tuple(_words(text[first:start]))
        self.middle = tuple(_words(text[start:stop]))
        self.right = tuple(_words(text[stop:last]))


def passage(text: str, words: "list[str]", typed: str | None, *, said: bool = False) -> Passage:
    """The best place of a text. words: in lower case; typed: what may stand there as it was typed.

    said: the index says that it does, but for signs and white space.
    """
    if typed is not None:
        found = _verbatim(text, typed, said)
        if found is not None:
            return found
    lower = _lower(text)
    places = []
    for number, word in enumerate(words):
        at = lower.find(word)
        looked = 0
        while at >= 0 and looked < _LOOK:
            places.append((at, at + len(word), number))
            looked += 1
            at = lower.find(word, at + len(word))
    if not places:
        return Passage(0.0, lower, 0, 0)
    places.sort()
    start, stop, held = _closest(places)
    letters = sum(len(words[n]) for n in held) + len(held) - 1
    share = len(held) / len(words)
    tight = min(1.0, letters / max(stop - start, 1))
    return Passage(_APART * share * tight * tight, lower, start, stop)


def _verbatim(text: str, typed: str, said: bool) -> Passage | None:
    at = text.find(typed)
    if at >= 0:
        return Passage(LITERAL, _lower(text), at, at + len(typed))
    lower, wanted = _lower(text), _lower(typed)
    at = lower.find(wanted)
    if at >= 0:
        return Passage(SPELLED, lower, at, at + len(wanted))
    if said and len(lower) < _FOLDED and " " in wanted:
        lines = "\n".join(" ".join(line.split()) for line in lower.split("\n"))
        at = lines.find(wanted)
        if at < 0:
            lines = lines.replace("\n", " ")
            at = lines.find(wanted)
        if at >= 0:
            return Passage(SPELLED, lines, at, at + len(wanted))
    return None


def _closest(places: "list[tuple[int, int, int]]") -> "tuple[int, int, set[int]]":
    """Begin, end and words of the shortest stretch that holds the most different words."""
    wanted = len({number for _, _, number in places})
    inside: dict[int, int] = {}
    left = 0
    best = (places[0][0], places[0][1])
    shortest = 1 << 60
    for _, stop, number in places:
        inside[number] = inside.get(number, 0) + 1
        while len(inside) == wanted:
            start, _, first = places[left]
            if stop - start < shortest:
                shortest, best = stop - start, (start, stop)
            inside[first] -= 1
            if not inside[first]:
                del inside[first]
            left += 1
    return *best, {number for _, _, number in places}


def _lower(text: str) -> str:
    return text.replace("\u0130", "i").lower()


def _words(text: str) -> list[str]:
    return text.translate(_SIGNS).split()
