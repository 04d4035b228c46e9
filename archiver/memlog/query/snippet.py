"""The part of a text that answers a question, with what was found marked.

Ours and not FTS5's: the index holds a prepared form and no text to show. Made for the final
rows only, from the original.
"""

from memlog.archive.prepare import MARKS, PLAIN, alternatives, match_phrase, respelled, searchable

WIDTH = 200  # characters of text in a snippet
_LOOK = 300  # occurrences of one word that are looked at
_EDGE = 15  # characters a window grows to end between words
_BEFORE = 30  # characters shown before the first match at least, where there are any
OPEN, CLOSE, CUT = "«", "»", "…"

Pieces = list[tuple[str, bool]]  # text, and whether it is a match


def snippet(text: str, words: list[str], *, width: int = WIDTH) -> Pieces:
    """About `width` characters around the densest matches; the text's begin where there is none.

    Shape: pieces to be joined; white space is folded to single spaces, control characters stay.
    """
    return _pieces(text, _find(text, words), width)


def around(text: str, places: list[tuple[int, int]], *, width: int = WIDTH) -> Pieces:
    """The same around given places, in order: (start, stop) each."""
    return _pieces(text, [(start, stop, 0) for start, stop in places], width)


def _pieces(text: str, found: list[tuple[int, int, int]], width: int) -> Pieces:
    start, stop = _window(found, len(text), width)
    start, stop = _tidy(text, start, stop)
    pieces: Pieces = [(CUT, False)] if text[:start].strip() else []
    at = start
    for begin, end, _ in found:
        if begin < at or end > stop:
            continue
        pieces.append((_fold(text[at:begin]), False))
        pieces.append((_fold(text[begin:end]), True))
        at = end
    pieces.append((_fold(text[at:stop]), False))
    if text[stop:].strip():
        pieces.append((CUT, False))
    return _joined(pieces)


def matches(text: str, words: list[str]) -> bool:
    """Whether any of the words is in the text, as a snippet would mark it."""
    return bool(_find(text, words))


def marked(pieces: Pieces, mark_open: str = OPEN, mark_close: str = CLOSE) -> str:
    """The snippet as one text, matches between marks."""
    return "".join(f"{mark_open}{text}{mark_close}" if hit else text for text, hit in pieces)


def _find(text: str, words: list[str]) -> list[tuple[int, int, int]]:
    """(start, stop, which word) of matches, in order, none overlapping."""
    found: list[tuple[int, int, int]] = []
    lower = _lower(text)
    bare: str | None = None
    for number, (word, prefix) in enumerate(_needles(lower, words)):
        places = _occurrences(lower, word, whole=not prefix, begins=True)
        if not places and not (text.isascii() and word.isascii()):
            bare = _bare(lower) if bare is None else bare
            places = _occurrences(bare, _bare(word), whole=True)
            if not places and _may_be_marked(word) and not MARKS.isdisjoint(map(ord, text)):
                found.extend((start, stop, number) for start, stop in _unmarked(lower, word))
        if not places and not word.isascii() and " " in match_phrase(word):
            # of a script without spaces: anywhere, also in half-width forms
            bare = _bare(lower) if bare is None else bare
            places = _occurrences(lower, word, whole=False) or _occurrences(bare, _bare(word), whole=False)
        places = places or [
            at for at in _occurrences(lower, word, whole=False) if _is_part(text, at, word, prefix)
        ]
        found.extend((at, _with_marks(text, at + len(word)), number) for at in places)
    found.sort(key=lambda m: (m[0], -m[1]))
    kept: list[tuple[int, int, int]] = []
    for match in found:
        if not kept or match[0] >= kept[-1][1]:
            kept.append(match)
    return kept


def _is_part(text: str, start: int, word: str, prefix: bool) -> bool:
    """Whether it is a part of an identifier that capitals mark, or a version beside letters."""
    stop = start + len(word)
    before, first, after = text[start - 1 : start], text[start], text[stop : stop + 1]
    if "." in word and first.isdigit():
        return not before.isdigit() and (prefix or not after.isdigit())
    if len(word) < 2 or not word.isascii():
        return False
    begins = not before.isalnum() or (first.isupper() and (not before.isupper() or text[start + 1].islower()))
    return begins and (prefix or not after.islower())


def _needles(lower: str, words: list[str]) -> list[tuple[str, bool]]:
    """The words in lower case, each once, and whether they may go on: where they end in a star.

    Split as the tokenizer does where the text has them only so.
    """
    found: dict[tuple[str, bool], None] = {}
    for typed_word in words:
        word = typed_word.rstrip("*")
        prefix = word != typed_word
        ways = (word, *alternatives(word), *respelled(word))
        spelled = next((each for each in ways if _lower(each) in lower), word)
        if spelled is word and _lower(word) not in lower:
            spelled = " ".join(alternatives(word)) or word
        spelled = _lower(spelled)
        tokens = "".join(c if searchable(c) or _is_mark(c) else " " for c in spelled).split()
        if len(tokens) > 1:
            typed = spelled.strip("?!.,;:'\"")
            whole = spelled[spelled.index(tokens[0]) : spelled.rindex(tokens[-1]) + len(tokens[-1])]
            if typed in lower or whole in lower:
                tokens = [typed if typed in lower else whole]
        elif tokens and tokens[0] not in lower and " " in match_phrase(tokens[0]):
            tokens = _by_script(tokens[0])
        elif tokens and not prefix:
            signed = spelled.lstrip("'\"`(").rstrip("?!.,;:'\"`)")  # `.env`, `#15`: not every env and 15
            tokens = [signed] if signed and _occurrences(lower, signed, whole=True) else tokens
        found.update(dict.fromkeys((token, prefix and token == tokens[-1]) for token in tokens))
    return list(found)


def _may_be_marked(word: str) -> bool:
    """Whether it is Arabic: to look for its vowel marks in a long text takes longer than all else here."""
    return any("\u0600" <= c <= "\u06ff" for c in word)


def _with_marks(text: str, stop: int) -> int:
    """The end of a match with the accents that stand behind their letter."""
    while stop < len(text) and text[stop] > "\x7f" and _is_mark(text[stop]):
        stop += 1
    return stop


def _is_mark(c: str) -> bool:
    """A vowel or an accent that belongs to the letter before it."""
    if c <= "\x7f":
        return False
    from unicodedata import category

    return category(c)[0] == "M"


def _by_script(word: str) -> list[str]:
    """`MCP搜索` as `MCP` and `搜索`: the index knows no difference to what has a space there."""
    out = word[:1]
    for before, c in zip(word, word[1:], strict=False):
        out += c if before.isascii() == c.isascii() else " " + c
    return out.split()


def _unmarked(text: str, word: str) -> list[tuple[int, int]]:
    """Places of a word whose vowel marks the text has and the word has not, or the other way round."""
    kept = [at for at, c in enumerate(text) if ord(c) not in MARKS]
    bare = "".join(text[at] for at in kept)
    plain = "".join(c for c in word if ord(c) not in MARKS)
    ends = [*kept[1:], len(text)]  # with the marks that follow
    return (
        [(kept[at], ends[at + len(plain) - 1]) for at in _occurrences(bare, plain, whole=True)]
        if plain
        else []
    )


def _lower(text: str) -> str:
    # the one letter whose lower case is two, which would move every place after it
    return text.replace("\u0130", "i").lower()


def _bare(text: str) -> str:
    """Without accents, one character for each character."""
    from unicodedata import decomposition

    for c in set(text):
        if c > "\x7f":
            parts = decomposition(c)
            if parts and parts[0] == "<" and parts.count(" ") == 1:
                parts = parts.partition("> ")[2] if parts.startswith(("<wide>", "<narrow>")) else ""
            plain = chr(int(parts.split()[0], 16)) if parts and parts[0] != "<" else PLAIN.get(c, c)
            if len(plain) == 1:
                text = text.replace(c, plain)
    return text


def _occurrences(text: str, word: str, *, whole: bool, begins: bool = False) -> list[int]:
    """Where it stands; whole: as a word; begins: as the beginning of one."""
    found: list[int] = []
    at = text.find(word)
    while at >= 0 and len(found) < _LOOK:
        stop = at + len(word)
        inside = (whole or begins) and at > 0 and text[at - 1].isalnum()
        if not inside and not (whole and stop < len(text) and text[stop].isalnum()):
            found.append(at)
        at = text.find(word, stop)
    return found


def _window(found: list[tuple[int, int, int]], length: int, width: int) -> tuple[int, int]:
    """Begin and end of the window that holds the most different words, then the most matches."""
    if not found or length <= width:
        return 0, min(length, width)
    best = (0, 0)
    first = last = 0
    left = 0
    inside: dict[int, int] = {}
    for right, (_, stop, word) in enumerate(found):
        inside[word] = inside.get(word, 0) + 1
        while left < right and stop - found[left][0] > width:
            gone = found[left][2]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            left += 1
        score = (len(inside), right - left)
        if score > best:
            best, first, last = score, left, right
    begin, stop = found[first][0], found[last][1]
    room = max(0, width - (stop - begin))
    start = max(0, begin - max(min(_BEFORE, room), room // 2))
    end = min(length, max(stop, start + width))
    return max(0, min(start, end - width)), end


def _tidy(text: str, start: int, stop: int) -> tuple[int, int]:
    """The window widened to where words begin and end, by at most _EDGE characters a side."""
    for at in range(start, max(start - _EDGE, 0) - 1, -1):
        if at == 0 or text[at - 1].isspace():
            start = at
            break
    for at in range(stop, min(stop + _EDGE, len(text)) + 1):
        if at == len(text) or text[at].isspace():
            stop = at
            break
    return start, stop


def _fold(text: str) -> str:
    """White space as single spaces, kept at both ends."""
    words = text.split()
    if not words:
        return " " if text else ""
    return (" " if text[0].isspace() else "") + " ".join(words) + (" " if text[-1].isspace() else "")


def _joined(pieces: Pieces) -> Pieces:
    kept = [piece for piece in pieces if piece[0]]
    if kept and not kept[0][1]:
        kept[0] = (kept[0][0].lstrip(), False)
    if kept and not kept[-1][1]:
        kept[-1] = (kept[-1][0].rstrip(), False)
    return [piece for piece in kept if piece[0]]
