"""Versions as they were typed: the index splits `1.2.3` into numbers, and `1,2,3` into the same.

What it finds of a word that holds a version is looked through for it. A search loads this only then.
"""

from memlog.archive.identifiers import is_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def stand(text: str, words: "Iterable[str]") -> bool:
    """Whether the versions of all these words are in a text, with or without a `v`; `1.2*` may go on."""
    if "\uff0e" in text or not text.isascii() and any("\uff10" <= c <= "\uff19" for c in text):
        from unicodedata import normalize

        text = normalize("NFKC", text)
    lower = text.lower()
    return all(_stands(lower, run, word[-1] == "*") for word in words for run in _runs(word.lower()))


def _runs(word: str) -> "Iterable[str]":
    for run in "".join(c if c.isalnum() or c == "." else " " for c in word).split():
        run = run.strip(".")
        if is_version(run):
            yield run[1:] if run[0] == "v" and run[1].isdigit() else run


def _stands(lower: str, run: str, begins: bool) -> bool:
    at = lower.find(run)
    while at >= 0:
        if _is_whole(lower, at, at + len(run), begins):
            return True
        at = lower.find(run, at + 1)
    return False


def _is_whole(lower: str, start: int, stop: int, begins: bool) -> bool:
    """Whether nothing goes before it: neither 11.2 nor 3.1.2 is 1.2; 1.2.3 is."""
    before = lower[max(start - 3, 0) : start]
    if before[-1:] == "v":
        before = before[:-1]
    if before[-1:].isalnum() or (before[-1:] == "." and before[-2:-1].isdigit()):
        return False
    return begins or not lower[stop : stop + 1].isalnum()
