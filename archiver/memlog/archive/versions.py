"""Versions as they were typed: the index splits `1.2.3` into numbers, and `1,2,3` into the same.

What it finds of a word that holds a version is looked through for it. A search loads this only then.
"""

from memlog.archive.identifiers import is_version

_WIDE = b"\xef\xbc"  # full-width digits and dots begin so
_known: "dict[str, tuple[tuple[str, bytes, bool], ...]]" = {}


def stand(raw: bytes, words: str) -> bool:
    """Whether a text, in UTF-8, has the versions of all these words, a line each, as they are spelled.

    Letters may stand before and behind it (`v1.2.3`, `python3.11`, `1.2rc1`); `1.2*` may go on, `1.2.*` must.
    """
    runs = _known.get(words)
    if runs is None:
        _known.clear()
        runs = _known[words] = tuple(_runs(words.lower()))
    if _WIDE in raw:
        from unicodedata import normalize

        raw = normalize("NFKC", raw.decode("utf-8", "replace")).encode()
    # most that is looked through ends here: no need to decode it, or to look for capitals among digits
    for _, found, _ in runs:
        if found not in raw and found.replace(b".", b"").isdigit():
            return False
    lower = raw.lower()
    if not all(found in lower for _, found, _ in runs):
        return False
    text = lower.decode("utf-8", "replace")
    return all(_stands(text, run, begins) for run, _, begins in runs)


def _runs(words: str) -> "list[tuple[str, bytes, bool]]":
    found = []
    for word in words.split("\n"):
        for run in "".join(c if c.isalnum() or c == "." else " " for c in word).split():
            goes_on = run[-1] == "." and word.endswith(".*")
            run = run.strip(".")
            if goes_on and run[-1:].isdigit():
                found.append((f"{run}.", f"{run}.".encode(), True))
            elif is_version(run):
                run = run[1:] if run[0] == "v" and run[1].isdigit() else run
                found.append((run, run.encode("utf-8", "replace"), word[-1] == "*"))
    return found


def _stands(lower: str, run: str, begins: bool) -> bool:
    at = lower.find(run)
    while at >= 0:
        if _is_whole(lower, at, at + len(run), begins):
            return True
        at = lower.find(run, at + 1)
    return False


def _is_whole(lower: str, start: int, stop: int, begins: bool) -> bool:
    """Whether no number goes on there: neither 11.2 nor 3.1.2 is 1.2; 1.2.3 is."""
    before = lower[max(start - 2, 0) : start]
    if before[-1:].isdigit() or (before[-1:] == "." and before[-2:-1].isdigit()):
        return False
    if lower[stop - 1] == ".":
        return lower[stop : stop + 1].isalnum()
    return begins or not lower[stop : stop + 1].isdigit()
