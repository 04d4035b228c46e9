"""Text as the index sees it, and words of a question split the same way.

FTS5's unicode61 takes a run of Chinese, Japanese, Korean or Thai for one word, so such text is
spaced out character by character, and a word of a question becomes a phrase of its characters.
A search loads this: re is imported only for a text that holds such a script.
"""

TEXT_VERSION = 1

# Scripts written without spaces between words: Thai and Lao; Myanmar; Hangul; Khmer; kana, bopomofo and CJK
# with their compatibility forms; the supplementary ideographs.
RANGES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007),
    (0x3021, 0x318F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFF66, 0xFFDC), (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)  # fmt: skip
_FIRST = "\u0e00"
_SHORT = 256
# UTF-8 bytes no character of RANGES begins with. Of real texts one in nine is not ASCII and one in five
# hundred of those holds a lead byte of RANGES: this costs 7 µs where looking at each character costs 87.
_LEADS = frozenset((0xE0, 0xE1, *range(0xE3, 0xEE), 0xEF, 0xF0))
_OTHERS = bytes(b for b in range(256) if b not in _LEADS)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_run: "re.Pattern[str] | None" = None


def prepare(text: str) -> str:
    """The form of a text the index is filled with; any str is accepted.

    Limits: costs nothing for ASCII.
    """
    if text.isascii():
        return text.replace("\0", " ") if "\0" in text else text
    text, raw = _bindable(text)
    if not raw.translate(None, _OTHERS):
        return text
    global _run
    if _run is None:
        import re

        _run = re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in RANGES) + "]+")
    return _run.sub(_space_out, text)


def match_terms(word: str) -> str:
    """One word or phrase of a question as an FTS5 string, split as the index is.

    Shape: always one quoted string, never an operator; `""` where nothing in it can be found.
    """
    if not word.isascii() or "\0" in word:
        word = _spaced(_bindable(word)[0]) if len(word) < _SHORT else prepare(word)
    return '"' + word.replace('"', '""') + '"'


def query_terms(words: "list[str] | tuple[str, ...]") -> list[str]:
    """match_terms of each word that holds anything the index knows."""
    return [match_terms(word) for word in words if searchable(word)]


def searchable(word: str) -> bool:
    """Whether the index can hold anything of this word: a letter, a digit, or a character in private use."""
    return any(c.isalnum() or _private(ord(c)) for c in word)


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
    return "".join(f" {c} " if c >= _FIRST and _splits(ord(c)) else c for c in text)


def _splits(n: int) -> bool:
    return any(a <= n <= b for a, b in RANGES)


def _space_out(found: "re.Match[str]") -> str:
    return " " + " ".join(found[0]) + " "
