"""Lines of an output that have a word worth a look."""

import re
from collections.abc import Iterator

_MARKED = re.compile(r"[.*+?^${}()|\[\]\\]")


def any_word(*words: str) -> re.Pattern[str]:
    """A pattern of words as they are; where each begins with a letter, most of a text is skipped at once."""
    return re.compile("|".join(_MARKED.sub(r"\\\g<0>", word) for word in words))


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
