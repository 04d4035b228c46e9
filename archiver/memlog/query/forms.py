"""An English word in the forms it may have been said in: decide, decides, decided, deciding.

The index keeps words as they were written; a question in plain words asks for all forms. A form
that nobody says costs a look into the index.
"""

_SHORTEST, _LONGEST = 4, 24
_STEM = 3  # letters that are left of a word at least
_ENDS = (
    ("ies", "y"), ("ied", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ed", ""), ("ed", "e"), ("ing", ""),
    ("ing", "e"), ("ers", ""), ("ers", "e"), ("er", ""), ("er", "e"), ("ions", ""), ("ions", "e"),
    ("ion", ""), ("ion", "e"), ("ment", ""), ("ly", ""), ("ness", ""), ("ful", ""),
)  # fmt: skip
_ADDED = ("", "s", "es", "ed", "d", "ing", "er", "ers", "r", "rs", "ly", "ion", "ions", "ment")
_VOWELS = "aeiou"


def forms(word: str) -> list[str]:
    """The word and its forms, in lower case; the word alone where it is short or not of English letters."""
    word = word.lower()
    if not (_SHORTEST <= len(word) <= _LONGEST and word.isascii() and word.isalpha()):
        return [word]
    stems = {word}
    for end, instead in _ENDS:
        if word.endswith(end) and len(word) - len(end) >= _STEM:
            stem = word[: len(word) - len(end)] + instead
            stems.add(stem)
            if not instead and end in ("ed", "ing", "er", "ers") and stem[-1] == stem[-2]:
                stems.add(stem[:-1])  # planned: plan
    found: set[str] = set()
    for stem in stems:
        found.update(stem + end for end in _ADDED)
        if stem[-1] == "e":
            found.update(stem[:-1] + end for end in ("ing", "ion", "ions"))
        elif stem[-1] == "y":
            found.update(stem[:-1] + end for end in ("ies", "ied", "ier"))
        elif stem[-1] not in _VOWELS + "wx" and stem[-2] in _VOWELS:
            found.update(stem + stem[-1] + end for end in ("ing", "ed", "er"))
    return [word, *sorted(found - {word})]
