"""Text as the index sees it, and words of a question spelled the same way.

FTS5's unicode61 takes a run of Chinese, Japanese, Korean or Thai for one word, so such text is
spaced out character by character, and a word of a question becomes a phrase of its characters. It
takes emoji for white space, full-width letters for others than ASCII's, and vowel marks for the end of
an Arabic word; and of `parseRecords` it knows the whole: identifiers in parts follow the text.
A search loads this: re is imported only for a text that holds such a script.
"""

from memlog.archive.identifiers import alternatives, is_version, parts
from memlog.archive.spelling import PLAIN, foreign, respelled

__all__ = [
    "PLAIN", "TEXT_VERSION", "alternatives", "beginning", "foreign", "is_version", "match_phrase",
    "match_quoted", "match_terms", "match_word", "prepare", "query_terms", "respelled", "searchable",
    "tag", "tags",
]  # fmt: skip

TEXT_VERSION = 2  # 1: no emoji, no full-width forms, no vowel marks, no parts of identifiers

# Scripts written without spaces between words: Thai and Lao; Myanmar; Hangul; Khmer; kana, bopomofo and CJK
# with their compatibility forms; the supplementary ideographs.
RANGES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007),
    (0x3021, 0x318F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFF66, 0xFFDC), (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)  # fmt: skip
# Without a letter, and yet searched for: emoji and the signs beside them. The index knows them as characters
# in private use, which it takes for letters.
EMOJI, SIGNS = (0x1F000, 0x1FAFF), (0x2600, 0x27BF)
_EMOJI_TO, _SIGNS_TO = 0xF0000 - EMOJI[0], 0xF1000 - SIGNS[0]
_SIGN_BYTES = tuple(bytes((0xE2, n)) for n in range(0x98, 0x9F))
WIDE = (0xFF01, 0xFFEF)  # full-width and half-width forms: known as what they stand for
MARKS = frozenset((0x0640, 0x0670, *range(0x064B, 0x0660)))  # written over Arabic letters, or left out
# UTF-8 bytes no character of RANGES begins with. Of real texts one in nine is not ASCII and one in five
# hundred of those holds a lead byte of RANGES: this costs 7 µs where looking at each character costs 87.
_LEADS = frozenset((0xD9, 0xE0, 0xE1, *range(0xE3, 0xEE), 0xEF, 0xF0))
_OTHERS = bytes(range(256)).translate(None, bytes(_LEADS))

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_tags: "dict[tuple[str, str | None, str | None], str]" = {}
_TAGS_MOST = 10_000
_run: "re.Pattern[str] | None" = None
_wide: "re.Pattern[str] | None" = None

_WAYS = 32  # spellings of one phrase

# Between a text and the parts of its identifiers: a word nobody types, so that no phrase reaches across.
SEAM = "\n\ue000\n"


def prepare(text: str) -> str:
    """The form of a text the index is filled with; any str is accepted."""
    if text.isascii():
        if "\0" in text:
            text = text.replace("\0", " ")
        raw = text.encode()
    else:
        text, raw = _bindable(text)
        if raw.translate(None, _OTHERS) or any(sign in raw for sign in _SIGN_BYTES):
            text = _foreign(text)
            raw = text.encode()
    found = parts(raw)
    return f"{text}{SEAM}{found}" if found else text


def match_word(word: str, prefix: bool = False) -> str:
    """One word of a question as an FTS5 expression: as it stands, or as identifiers spell it.

    Shape: a quoted string, or several in parentheses joined by OR.
    """
    if prefix and word[-1:] == "." and is_version(word):
        prefix = False  # of `1.2.*` the 2 is whole
    others = alternatives(word)
    if not others:
        others = respelled(word)
        if not others:
            return match_phrase(word, prefix)
    elif word[-1:].isalpha() and not prefix:
        # the index ends no part before a digit; what nobody says costs a look into the index
        others = (*others, *(f"{others[0]}{digit}" for digit in range(10)))
    return f"({' OR '.join(match_phrase(each, prefix) for each in (word, *others))})"


def match_quoted(text: str, prefix: bool = False) -> str:
    """A quoted phrase as an FTS5 expression: its words in a row, each as it stands or as another spells it.

    A star at its end, inside the quotes, is one behind them.
    Shape: as of match_word. Limits: of more than a few words with several spellings, one at a time.
    """
    if text[-1:] == "*" and text[-2:-1].isalnum():
        text, prefix = text[:-1], True
    # of ASCII most phrases stay one: what answers to several costs twice as much
    ways = [] if text.isascii() and not is_version(text) else [_ways(word) for word in text.split()]
    if all(len(one) == 1 for one in ways):
        return match_phrase(text, prefix)
    found = [""]
    for one in ways:
        if len(found) * len(one) > _WAYS:
            one = one[:2]
        found = [f"{before} {word}" for before in found for word in one][:_WAYS]
    return f"({' OR '.join(match_phrase(each.strip(), prefix) for each in found)})"


def _ways(word: str) -> tuple[str, ...]:
    if word.isascii():
        return (word, *alternatives(word)) if is_version(word) else (word,)
    return (word, *respelled(word))


def match_phrase(text: str, prefix: bool = False) -> str:
    """A phrase as one FTS5 string, split as the index is; prefix: its last word may go on.

    Shape: always one quoted string, never an operator; `""` where nothing in it can be found.
    """
    if not text.isascii() or "\0" in text:
        text = _spaced(_bindable(text)[0])
    return '"' + text.replace('"', '""') + ('"*' if prefix else '"')


match_terms = match_phrase


def tag(key: str, value: str) -> str:
    """The index's word for a value of a filter. key: `k`ind, `r`ole or `t`ool; capitals do not matter."""
    plain = value.replace("_", "").lower() if key == "k" else value.lower()
    if not (plain.isascii() and plain.isalnum()):
        plain = "".join(c if c.isascii() and c.isalnum() else f"0{ord(c):x}0" for c in plain)
    return key + plain


def tags(
    session: int, day: int, kind: str, role: "str | None", tool: "str | None", error: "int | bool"
) -> str:
    """What the index holds of a record besides its text: words of filters."""
    known = _tags.get((kind, role, tool))
    if known is None:
        said = (("k", kind), ("r", role), ("t", tool))
        known = " ".join(tag(key, value) for key, value in said if value)
        if len(_tags) < _TAGS_MOST:
            _tags[kind, role, tool] = known
    return f"s{session} d{day} {known} e1" if error else f"s{session} d{day} {known}"


def query_terms(words: "list[str] | tuple[str, ...]") -> list[str]:
    """match_terms of each word that holds anything the index knows."""
    return [match_terms(word) for word in words if searchable(word)]


def searchable(word: str) -> bool:
    """Whether the index can hold any of this: a letter, a digit, an emoji, a character in private use."""
    return any(c.isalnum() or _private(ord(c)) or _is_sign(ord(c)) for c in word)


def beginning(text: str, most: int) -> str:
    """The text as far as its first words, so many, as the index parts them."""
    count, within = 0, False
    for at, c in enumerate(text):
        n = ord(c)
        apart = n > 127 and _splits(n)
        inside = not apart and (c.isalnum() or (n > 127 and (n in MARKS or _private(n))))
        if apart or (inside and not within):
            count += 1
            if count > most:
                return text[:at]
        within = inside
    return text


def _private(n: int) -> bool:
    return 0xE000 <= n <= 0xF8FF or n >= 0xF0000


def _bindable(text: str) -> tuple[str, bytes]:
    """Text and UTF-8 without what SQLite cannot bind or takes for an end: NULs, lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", " ")
    try:
        return text, text.encode("utf-8")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
        return raw.decode("utf-8"), raw


def _spaced(text: str) -> str:
    """A question's words as _foreign has a text's, without re."""
    if any(WIDE[0] <= ord(c) <= WIDE[1] for c in text):
        text = _narrow(text)
    return "".join(f" {_sign(c)} " if _splits(ord(c)) else c for c in text if ord(c) not in MARKS)


def _foreign(text: str) -> str:
    global _run, _wide
    if _run is None:
        import re

        _wide = re.compile(f"[{chr(WIDE[0])}-{chr(WIDE[1])}]")
        # one range: of many, each character of a text is compared with all
        _run = re.compile(f"[{chr(min(MARKS))}-\U0010ffff]+")
    return _run.sub(_space_out, text)


def _splits(n: int) -> bool:
    return _is_sign(n) or any(a <= n <= b for a, b in RANGES)


def _is_sign(n: int) -> bool:
    return SIGNS[0] <= n <= SIGNS[1] or EMOJI[0] <= n <= EMOJI[1]


def _sign(c: str) -> str:
    n = ord(c)
    if n < SIGNS[0] or SIGNS[1] < n < EMOJI[0] or n > EMOJI[1]:
        return c
    return chr(n + (_EMOJI_TO if n >= EMOJI[0] else _SIGNS_TO))


def _narrow(text: str) -> str:
    """Full-width and half-width forms as the characters they stand for, a voiced kana as one."""
    from unicodedata import normalize

    out, at = [], 0
    while at < len(text):
        stop = at
        while stop < len(text) and WIDE[0] <= ord(text[stop]) <= WIDE[1]:
            stop += 1
        out.append(normalize("NFKC", text[at:stop]) if stop > at else text[at])
        at = max(stop, at + 1)
    return "".join(out)


class _Apart(dict[str, str]):
    """What a character becomes, found out once for each: of a text in Chinese this is most of the cost."""

    def __missing__(self, c: str) -> str:
        apart = f" {_sign(c)} " if _splits(ord(c)) else "" if ord(c) in MARKS else c
        self[c] = apart
        return apart


_apart = _Apart()


def _space_out(found: "re.Match[str]") -> str:
    run = found[0]
    if _wide is not None and _wide.search(run):
        run = _narrow("".join(c for c in run if ord(c) not in MARKS))
    return "".join(map(_apart.__getitem__, run))
