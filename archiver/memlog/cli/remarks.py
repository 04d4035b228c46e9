"""What a person should know about how a search found what it found, beside the rows.

An agent's search loads it only where there is such a thing.
"""

from memlog.cli import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memlog.query.hit import Hits

LONGEST_LINES = 2  # of where a page ended, that a person may copy
NAMED_WORDS = 8  # of a longer question a remark does not name them
NONE = "nothing found; fewer words or filters find more, --literal what stands inside words"


def say(hits: "Hits", none: str = NONE) -> None:
    """Say what the hits answer and what they leave out, after their notes. none: why there is nothing."""
    if hits.relaxed:
        terminal.say(_relaxed(hits))
    if hits.capped:
        terminal.say("common words: ranked among the newest 2,000 hits; --exhaustive ranks all of them")
    if not hits:
        terminal.say(none)
    for word, better in hits.near:
        terminal.say(f"no record has {word}; did you mean {' or '.join(better)}?")


def _relaxed(hits: "Hits") -> str:
    """What the hits answer instead of all of the words."""
    every, most = hits.have
    shown = {hit.matched for hit in hits}
    short = len(hits.said) <= NAMED_WORDS
    remark = f"{_have(every)} all of these words; "
    if most:
        least = "at least " if hits.have_more else ""
        named = " and ".join(hits.said) if short else "all but the common ones"
        remark += f"{least}{_have(most)} {named} in some form"
    if "any" in shown:
        remark += ", then" if most else "then" if every else "these have"
        remark += f" any of {', '.join(hits.said) if short else 'them'}"
    return remark


def _have(count: int) -> str:
    return "no record has" if not count else "one record has" if count == 1 else f"{count} records have"


def why_none(flags: "dict[str, Any]") -> str:
    """Why there is no row, as far as flags say it."""
    if flags.get("limit") == 0:
        return "no row was asked for: --limit 0"
    return "no more: the page before was the last" if "after" in flags else NONE


def tell_next(after: str, limit: int) -> None:
    """Say how the next page is had."""
    next_page = f"next: the same with --after {after}"
    if len(next_page) <= LONGEST_LINES * terminal.size()[0]:
        terminal.say(next_page)
    else:  # it names every record that was folded
        terminal.say(f"more: the same with --limit {2 * limit}")
