"""Made-up text of three sorts, from our own in bench/text: words, lines and lengths as sessions have them."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, cycle, islice
from math import log
from pathlib import Path
from random import Random

TEXT = Path(__file__).parent / "text"
MEDIAN, SIGMA, LONGEST = 655, 1.617, 59_000  # of the log-normal text length; longest: still one blob
VOCABULARY = 40_000
REPLACED = 0.45  # share of the words of our text that a made-up one takes the place of
TOPIC_WORDS, TOPIC_RUNS = 40, 16  # a stretch of text with words of its own: some runs of lines
REPEATED = 0.15  # of its runs, those that repeat lines of it
POOL_BYTES = 2_000_000  # of each sort of text
SORTS = {
    "prose": ("prose",),
    "code": ("python", "go", "typescript", "systems"),
    "output": ("shell", "config"),
}


class Pool:
    """A long text of one sort, to cut records from at line ends."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [m.end() for m in re.finditer("\n", text) if m.end() < len(text) - LONGEST]

    def cut(self, random: Random, size: int) -> str:
        """About `size` characters of whole lines."""
        start = self.starts[int(random.random() * len(self.starts))]
        stop = self.text.rfind("\n", start, start + size)
        return self.text[start : stop if stop > start + size // 2 else start + size]


@cache
def vocabulary() -> list[str]:
    """Pronounceable words, the frequent ones short; a quarter look like identifiers."""
    random = Random("vocabulary")
    heads = [*"bcdfghklmnprstvwz", "br", "cl", "dr", "fl", "gr", "pl", "st", "tr", "sh"]
    cores = [*"aeiou", "ai", "ea", "ou"]
    tails = ["", "", "n", "r", "s", "t", "l", "nd", "ck", "st"]
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        syllables = 2 + (len(words) > 2_000) + (random.random() < 0.3)
        word = "".join(
            random.choice(heads) + random.choice(cores) + random.choice(tails) for _ in range(syllables)
        )
        style = random.random()
        if style < 0.12:
            word += "_" + random.choice(heads) + random.choice(cores) + random.choice(tails)
        elif style < 0.25:
            word = word.capitalize() + random.choice(heads).capitalize() + random.choice(cores)
        words[word] = None
    return list(words)


@cache
def pools(replaced: float = REPLACED) -> dict[str, Pool]:
    """Our text over and over, other words in it each time."""
    random = Random("pools")
    weights = list(accumulate(1 / (rank + 20) for rank in range(VOCABULARY)))
    drawn = cycle(random.choices(vocabulary(), cum_weights=weights, k=1 << 18))
    return {sort: Pool(_fill(random, drawn, names, replaced)) for sort, names in SORTS.items()}


def _fill(random: Random, drawn: Iterator[str], names: tuple[str, ...], replaced: float) -> str:
    templates: list[tuple[str, int]] = []
    for name in names:
        for line in (TEXT / f"{name}.txt").read_text(encoding="utf-8").split("\n"):
            for _ in range(4):
                words = re.split(r"([A-Za-z]{4,})", line.replace("%", "%%"))
                count = 0
                for at in range(1, len(words), 2):
                    if random.random() < replaced:
                        words[at] = "%s"
                        count += 1
                templates.append(("".join(words), count))
    out: list[str] = []
    size = 0
    while size < POOL_BYTES:
        # A file or a discussion keeps coming back to a few words of its own, and to what it said before.
        topic = list(islice(drawn, TOPIC_WORDS))
        said: list[str] = []
        for _ in range(TOPIC_RUNS):
            if said and random.random() < REPEATED:
                start = random.randrange(len(said))
                run = said[start : start + random.randrange(1, 6)]
            else:
                at = random.randrange(len(templates) - 40)
                picked = templates[at : at + random.randrange(8, 40) : 4]
                words = topic + list(islice(drawn, 4))
                run = [template % tuple(random.choices(words, k=count)) for template, count in picked]
            said += run
        out += said
        size += sum(map(len, said)) + len(said)
    return "\n".join(out)


def text_size(random: Random) -> int:
    """Characters of one record's text."""
    return min(LONGEST, max(8, int(random.lognormvariate(log(MEDIAN), SIGMA))))


def word(number: int) -> str:
    """A word of the vocabulary, each as likely as the other."""
    words = vocabulary()
    return words[number % len(words)]
