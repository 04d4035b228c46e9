"""Lines of an output that have a word worth a look."""

import re
from collections.abc import Iterator

_DEEP = 3  # characters words are told apart by before they are asked one by one
_FEW = 3  # words that are asked one by one
_MARKED = re.compile(r"[.*+?^${}()|\[\]\\]")


def any_word(*words: str) -> re.Pattern[str]:
    """A pattern of words as they are; those that begin alike are asked together, which is faster."""
    return re.compile(_grouped(sorted(set(words)), _DEEP))


def _grouped(words: list[str], depth: int) -> str:
    if not depth or len(words) < _FEW:
        return "|".join(map(_escaped, words))
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(word[:1], []).append(word[1:])
    if "" in groups:  # one of them is all there is to find
        return ""
    return "|".join(
        f"{_escaped(first)}(?:{_grouped(rest, depth - 1)})" if len(rest) > 1 else _escaped(first + rest[0])
        for first, rest in groups.items()
    )


def _escaped(word: str) -> str:
    return _MARKED.sub(r"\\\g<0>", word)


def hot_lines(text: str, *patterns: re.Pattern[str], folded: str | None = None) -> Iterator[tuple[int, int]]:
    """Where lines stand that have one of the patterns; the first is looked for in the folded text."""
    starts: set[int] = set()
    for number, pattern in enumerate(patterns):
        last = -1
        for match in pattern.finditer(text if number or folded is None else folded):
            at = match.end() - 1
            if at >= last:
                starts.add(text.rfind("\n", 0, at) + 1)
                last = text.find("\n", at)
                if last < 0:
                    break
    for start in sorted(starts):
        end = text.find("\n", start)
        yield start, len(text) if end < 0 else end
