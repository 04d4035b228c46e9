"""Where in a text the words of a question stand closest, and what stands around them.

Over the bytes of a text: of the few hundred a search reads most are looked at only here, and to look for
bytes of ASCII in them, whatever else they hold, costs a tenth of decoding them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# letters of ASCII in lower case, its signs as white space; spelled out: a search loads it
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_EVERY = bytes(range(256))
_SIGNS = b" " * 48 + b"0123456789" + b" " * 7 + _LETTERS + b" " * 6 + _LETTERS + b" " * 5 + _EVERY[128:]
_DIGITS = b" " * 48 + b"0" * 10 + b" " * 198
_LOOK = 40  # occurrences of one word that are looked at
_FAR = 120  # bytes to either side that are compared, or looked at for another word

# A typed text stands here letter by letter; so inside something longer; but for capitals; but for signs and
# white space.
LITERAL, INSIDE, SPELLED, SPOKEN = 1.0, 0.98, 0.95, 0.9
_APART = 0.8  # at most, for words that stand otherwise
_LINES = 0.6  # of it, for words on several lines
_SHORT = 3  # letters of words that are inside many others
_GOES_ON = b"_/-"  # beside a name: there is more of it

Words = tuple[bytes, ...]


class Sought:
    """What is looked for in many texts. words: in lower case; typed: what may stand there as it was typed.

    signed: typed with signs or capitals, so that it matters whether it is inside something longer.
    """

    __slots__ = ("ascii", "signed", "spelled", "typed", "words")

    def __init__(self, words: "list[str]", typed: str | None, signed: bool = False) -> None:
        self.signed = signed
        self.words = [word.encode("utf-8", "replace") for word in words]
        self.typed = None if typed is None else typed.encode("utf-8", "replace")
        self.spelled = b"" if typed is None else _lower(typed).encode("utf-8", "replace")
        self.ascii = all(word.isascii() for word in self.words) and self.spelled.isascii()

    def lower(self, raw: bytes) -> bytes:
        """A text as `words` are spelled; other letters than ASCII's only where one of them is asked for."""
        if self.ascii or raw.isascii():
            return raw.lower()
        return _lower(raw.decode("utf-8", "replace")).encode("utf-8", "replace")


class Passage:
    """closeness: 0 to 1. left, middle, right: words before, at and after the match, in lower case.

    numbers: whether there is a digit among them. keys: what fold.py made of them.
    """

    __slots__ = ("closeness", "keys", "left", "middle", "numbers", "right")

    def __init__(self, closeness: float, text: bytes, start: int, stop: int) -> None:
        self.closeness = closeness
        self.keys: dict[Any, list[Any]] = {}
        far = max(0, start - _FAR)
        first = text.rfind(b"\n", far, start) + 1 or far
        last = text.find(b"\n", stop, stop + _FAR)
        if last < 0:
            last = min(len(text), stop + _FAR)
        line = text[first:last]
        self.numbers = b"0" in line.translate(_DIGITS)
        line = line.translate(_SIGNS)
        start, stop = start - first, stop - first
        self.left: Words = tuple(line[:start].split())
        self.middle: Words = tuple(line[start:stop].split())
        self.right: Words = tuple(line[stop:].split())


def passage(raw: bytes, sought: Sought, *, said: bool = False) -> Passage:
    """The best place of a text, in UTF-8. said: the index says that it stands here, but for signs."""
    if sought.typed is not None and sought.ascii:
        at = raw.find(sought.typed)
        if at >= 0:  # what stands around it is all that is compared: the rest needs no lower case
            alone = _alone(raw, sought.typed, at) if sought.signed else at
            at, closeness = (at, INSIDE) if alone < 0 else (alone, LITERAL)
            return Passage(closeness, raw, at, at + len(sought.typed))
    lower = sought.lower(raw)
    if sought.typed is not None:
        found = _verbatim(raw, lower, sought, said)
        if found is not None:
            return found
    counts = [(lower.count(word), -len(word), word) for word in sought.words]
    there = sorted(count for count in counts if count[0])
    if not there:
        return Passage(0.0, lower, 0, 0)
    return Passage(*_closest(lower, [word for _, _, word in there], len(sought.words)))


def _alone(raw: bytes, typed: bytes, at: int) -> int:
    """The first of its places, from this one on, where it is no part of a longer name or path; else -1."""
    looked = 0
    while at >= 0 and looked < _LOOK:
        if not _goes_on(raw[at - 1 : at]) and not _goes_on(raw[at + len(typed) : at + len(typed) + 1]):
            return at
        looked += 1
        at = raw.find(typed, at + 1)
    return -1


def _goes_on(beside: bytes) -> bool:
    return beside.isalnum() or (beside != b"" and beside in _GOES_ON)


def _verbatim(raw: bytes, lower: bytes, sought: Sought, said: bool) -> Passage | None:
    at = raw.find(sought.typed or b"")
    if at >= 0 and len(lower) == len(raw):
        return Passage(LITERAL, lower, at, at + len(sought.spelled))
    exact = at >= 0
    at = lower.find(sought.spelled)
    if at >= 0:
        return Passage(LITERAL if exact else SPELLED, lower, at, at + len(sought.spelled))
    if said and b" " in sought.spelled:
        words = sought.spelled.split()
        wanted, first = b" ".join(words), len(words[0])
        at = lower.find(words[0])
        looked = 0
        while at >= 0 and looked < _LOOK:
            ends = lower[at + first : at + first + 1].isspace()  # most do not: what follows need not be read
            if ends and b" ".join(lower[at : at + 2 * len(wanted) + _FAR].split()).startswith(wanted):
                stop = at
                for word in words:
                    stop = lower.index(word, stop) + len(word)
                return Passage(SPELLED, lower, at, stop)
            looked += 1
            at = lower.find(words[0], at + 1)
    return None


def _closest(lower: bytes, words: list[bytes], wanted: int) -> tuple[float, bytes, int, int]:
    """Closeness, begin and end of the densest stretch around one of the places of the rarest word.

    words: those that are in the text, the rarest first; wanted: of how many.
    """
    rarest, *others = words
    reach = sum(_FAR + len(word) for word in others)  # each may stand so far behind the one before
    best = (0.0, 0, 0)
    at = lower.find(rarest)
    looked = 0
    while at >= 0 and looked < _LOOK:
        start, stop, letters, held = at, at + len(rarest), len(rarest), 1
        low = max(0, at - _FAR)
        window = lower[low : stop + reach]
        near = [word for word in others if word in window]
        # most places of common words stand alone: they are not looked at closer
        if _APART * ((1 + len(near)) / wanted) ** 2 > best[0]:
            for word in near:
                if _find(lower, word, start, stop) < 0:
                    after = _find(lower, word, stop, stop + _FAR)
                    before = _find(lower, word, low, start, last=True)
                    if after >= 0 and (before < 0 or after - stop < start - before - len(word)):
                        stop = after + len(word)
                    elif before >= 0:
                        start = before
                    else:
                        continue
                held += 1
                letters += len(word) + 1
            tight = min(1.0, letters / (stop - start))
            # a word that is missing weighs more than words between
            closeness = _APART * (held / wanted) ** 2 * tight * tight
            if lower.find(b"\n", start, stop) >= 0:
                closeness *= _LINES
            if closeness > best[0]:
                best = (closeness, start, stop)
                if closeness >= _APART:
                    break  # nothing stands closer than side by side
        looked += 1
        at = lower.find(rarest, at + len(rarest))
    return best[0], lower, best[1], best[2]


def _find(lower: bytes, word: bytes, start: int, stop: int, *, last: bool = False) -> int:
    """The first or last place of a word there; a short one's where it is no part of another, if any is so."""
    found = at = lower.rfind(word, start, stop) if last else lower.find(word, start, stop)
    if len(word) > _SHORT:
        return found
    while at >= 0:
        end = at + len(word)
        if not (lower[at - 1 : at].isalnum() or lower[end : end + 1].isalnum()):
            return at
        at = lower.rfind(word, start, end - 1) if last else lower.find(word, at + 1, stop)
    return found


def _lower(text: str) -> str:
    return text.replace("\u0130", "i").lower()
