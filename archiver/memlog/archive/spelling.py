"""Other spellings of a word that the index does not take for the same.

It drops the accents of Latin letters alone: not those of Greek, not ё; ß, ø, œ and printed ligatures are
letters of their own to it. A search loads this: unicodedata is imported only for accents behind their letter.
"""

_AROUND = "().,;:?!'\""  # of a sentence
PLAIN = {
    "ß": "ss", "\u1e9e": "ss", "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi",
    "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
    "œ": "oe", "æ": "ae", "ı": "i", "ħ": "h", "ё": "е", "ά": "α", "έ": "ε", "ή": "η", "ί": "ι", "ϊ": "ι",
    "ΐ": "ι", "ό": "ο", "ύ": "υ", "ϋ": "υ", "ΰ": "υ", "ώ": "ω",
}  # fmt: skip
# A word of Greek has one accent, one of Russian no more than one ё.
_ACCENTED = {
    "е": "ё", "α": "ά", "ε": "έ", "η": "ή", "ι": "ίϊΐ", "ο": "ό", "υ": "ύϋΰ", "ω": "ώ",
}  # fmt: skip
_PRINTED = (("ffi", "\ufb03"), ("ffl", "\ufb04"), ("ff", "\ufb00"), ("fi", "\ufb01"), ("fl", "\ufb02"))
_LATIN = (
    ("oe", "œ"), ("ae", "æ"), ("th", "þ"), ("o", "ø"), ("l", "ł"), ("d", "đ"), ("d", "ð"), ("i", "ı"),
    ("h", "ħ"),
)  # fmt: skip
_MOST = 24  # spellings; a longer word is looked for as it stands, and plain


def respelled(word: str) -> tuple[str, ...]:
    """A word without its accents and ligatures, and those another may have written into it."""
    if word.isascii():
        lower = word.lower().strip(_AROUND)
        return _printed(lower) if lower.isalpha() else ()
    lower = _composed(word).replace("\u0130", "i").lower()
    plain = "".join(PLAIN.get(c, c) for c in lower)
    found = [plain, *_accented(plain)]
    return tuple(one for one in dict.fromkeys(found[:_MOST]) if one != lower)


def foreign(word: str) -> list[str]:
    """A word of ASCII as it may be spelled with letters such as ø, ł and œ, each in all places or in one."""
    lower = word.lower()
    found: dict[str, None] = {}
    for plain, letter in _LATIN if lower.isascii() and lower.isalpha() else ():
        count = lower.count(plain)
        if count:
            found[lower.replace(plain, letter)] = None
        at = -1
        for _ in range(count if count > 1 else 0):
            at = lower.index(plain, at + 1)
            found[lower[:at] + letter + lower[at + len(plain) :]] = None
    return list(found)


def _printed(lower: str) -> tuple[str, ...]:
    """With ß for ss, or with the ligatures of print: the longest there are, or only those of two letters."""
    if "ss" not in lower and "f" not in lower:
        return ()
    found = [lower.replace("ss", "ß")]
    for ligatures in (_PRINTED, _PRINTED[2:], _PRINTED[3:]):
        spelled = lower
        for plain, ligature in ligatures:
            spelled = spelled.replace(plain, ligature)
        found.append(spelled)
    return tuple(one for one in dict.fromkeys(found) if one != lower)


def _accented(plain: str) -> list[str]:
    return [
        plain[:at] + accented + plain[at + 1 :]
        for at, c in enumerate(plain)
        for accented in _ACCENTED.get(c, "")
    ]


def _composed(word: str) -> str:
    if not any("\u0300" <= c <= "\u036f" for c in word):
        return word
    from unicodedata import normalize

    return normalize("NFC", word)
