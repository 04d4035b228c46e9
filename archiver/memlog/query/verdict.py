"""What a compaction took, in a sentence: what was asked for and settled first, what was only named last."""

from collections.abc import Iterable
from typing import NamedTuple

from memlog.query.facts.fact import KINDS

# What an agent asks for again; lines a tool prints, links and names come again by themselves.
ASKED = ("instruction", "correction", "decision", "todo", "file", "command")
GRAVE = frozenset(("instruction", "correction", "decision"))  # nothing but the conversation holds these
_MANY = {"todo": "plan items"}


class Count(NamedTuple):
    """Facts of a kind, how many of them were lost, and of how many that is unknown."""

    kind: str
    facts: int
    lost: int
    unknown: int


def verdict(counts: Iterable[Count]) -> str:
    """`lost: 0 of 4 instructions, 12 of 40 files; and 9 of 30 names, links, errors and test lines`."""
    known = sorted((c for c in counts if c.facts), key=lambda c: KINDS.index(c.kind))
    if not known:
        return "no fact was seen"
    unknown = sum(c.unknown for c in known)
    if unknown:
        asked = ", ".join(f"{c.unknown:,} {many(c.kind, c.unknown)}" for c in known if c.kind in ASKED)
        among = f", among them {asked}" if asked else ""
        return f"unknown what the summary kept of {unknown:,} facts{among}"
    said = ", ".join(f"{c.lost:,} of {c.facts:,} {many(c.kind, c.facts)}" for c in known if c.kind in ASKED)
    rest = [c for c in known if c.kind not in ASKED]
    lost, facts = sum(c.lost for c in rest), sum(c.facts for c in rest)
    beside = f"{lost:,} of {facts:,} names, links, errors and test lines" if rest else ""
    return "lost: " + "; and ".join(filter(None, (said, beside)))


def many(kind: str, count: int) -> str:
    """A kind's name for as many."""
    name = _MANY.get(kind, kind + "s")
    return name[:-1] if count == 1 else name
