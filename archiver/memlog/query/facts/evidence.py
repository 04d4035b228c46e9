"""How much in an English sentence of an agent says that it settles something: named cues, each with its points.

Hardly a cue is enough by itself; what an agent settles is told by a verb that makes something, by the
one who promises it, by a reason, a contrast or a limit, by a judgement, and by the list it stands in. What only
looks, or tells what was seen, is told by its verb as well. The points were found on labelled sessions, each draw
left out in turn, and rounded.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from memlog.query.facts.english_deeds import BUILDS, LOOKS, STEPS_ASIDE
from memlog.query.facts.gate import Gate

ENOUGH = 7
KNOWN_FORM = 4  # of the tables of what settles
NAMED_STEP = 5  # of a list that is called a plan
_LONG = 14  # words; a sentence of more says more than what comes next
_SHORT = 5

_FIRST = r"(?:i'll|i will|let's|lets|let me|we'll|we will|i'm going to|we're going to|i am going to|i'd)"


class Cue(NamedTuple):
    """Something a sentence says of itself."""

    name: str
    points: int
    pattern: str


# Patterns are of a sentence in lower case, its code as `x`.
CUES = (
    Cue("i will", 3, r"\bi'll\b|\bi will\b"),
    Cue("it can be so", 3, r"\b(?:i|we) can\b"),
    Cue("i ought to", 2, r"\bi should\b"),
    Cue("it ought to", 2, r"(?<!\bi )(?<!\bwe )\b(?:should|must|needs? to|ought to|has to|have to)\b"),
    Cue("kept or left out", 3, r"\b(?:keep|leave|skip|drop|ignore|preserve|retain|defer|avoid|reuse|revert|remove|delete)\b"),
    Cue("only", 2, r"\b(?:only|just|simply|directly|exactly)\b"),
    Cue("reason", 2, r"\b(?:because|since|so that|due to|otherwise|given|as (?:it|they|this|that|we|the|there)(?:'s)?)\b"),
    Cue("contrast", 1, r"\binstead\b|\brather than\b|\bas opposed to\b|, not\b|\bbut not\b|\bwithout\b|\bno longer\b"),
    Cue("no need", 2, r"\b(?:no need|no (?:\w+ )?(?:changes?|fix|updates?|action) (?:is |are )?(?:needed|necessary|required)|(?:don't|doesn't|do not|does not|won't) "
        r"(?:actually |really |even )?need|not (?:needed|necessary|required|worth)|out of scope|won't fix|as[- ]is|unnecessary|overkill)\b"),
    Cue("better", 2, r"\b(?:best|simplest|cleanest|safest|easiest|right|proper|correct|better|simpler|cleaner|safer|easier|clearer|preferable|reasonable|sensible|"
        r"pragmatic|minimal|ideal|appropriate|practical)\b"),
    Cue("way", 1, r"\b(?:approach|fix|solution|option|choice|design|move|path|strategy|workaround|way|decision|recommendation|trade-?off|pattern)\b"),
    Cue("names the way", 2, r"^\W*(?:so |and |then |thus |now )?(?:the |my |our )?(?:\w+ )?(?:fix|solution|approach|design|strategy|workaround|decision|recommendation|"
        r"key change|change|plan|proposal|pattern)s?\W* ?(?:is|was|would be|:)"),
    Cue("on reflection", 2, r"\bactually\b|\bprobably\b"),
    Cue("done for a reason", 3, r"^\W*(?:\w+ \S+ (?:\([^)]*\) )?)?(?:removed|reduced|deleted|dropped|kept|skipped|replaced|simplified|used|changed|moved|left|chose|added)\b.*"
        r"(?:\([^)]{12,}\)|\bsince\b|\bbecause\b|[-—–(] ?.*\b(?:not|no longer|un)\b)"),
    Cue("in what order", 1, r"\bfirst\b(?!,)(?! time)|\bbefore \w+ing\b|\blater\b|\bfor now\b"),
    Cue("so it follows", 1, r"^so (?!i'll|let me|i need|i can see|now|far)"),
    Cue("a tale", -2, r"\b(?:was|were) (?:\w+ )?\w+ing\b|\b(?:identified|discovered|noticed|turned out|found that)\b|\bhad (?:its|their|been)\b"),
    Cue("what is there", -3, r"\b(?:i see|looking at|i notice|i found|it (?:looks|seems|appears)|i understand|i can see|there(?:'s| is| are)|i've|i have)\b"),
    Cue("goes with it", 6, r"^\W*(?:using|going with|keeping|leaving|switching to|sticking|falling back|skipping|dropping|reusing)\b(?!.*:$)"),
    Cue("did it so", 7, r"\bi (?:left|kept|chose|used|made|went with|put|moved)\b.*\b(?:for \w+|because|since|so|instead|rather|to (?:avoid|keep|match))\b"),
    Cue("an offer", -5, r"^\W*(?:if you(?:'d)? (?:like|want|prefer)|once you|when you|want me to)\b|\bjust say\b|\blet me know\b"),
    Cue("said of others", -5, r"^\W*(?:so |and |but )?(?:the user|they|he|she|copilot|the review(?:er)?)\b(?!.*\b(?:so i|i'll)\b)"),
    Cue("either way", -2, r"\bor (?:use|keep|find|add|make|just|maybe|remove|a different|a separate)\b|\beither\b"),
    Cue("of tests", -2, r"\btests?\b"),
    Cue("might", -1, r"\b(?:would|might|may|could)\b"),
    Cue("next", -2, r"^\W*(?:now|next|first|then|finally|also)\b"),
    Cue("a small step", -1, r"\blet me\b(?! (?:just|simplify|keep|use|skip|reuse|drop|switch))"),
)  # fmt: skip
_OPENS = re.compile(
    rf"(?:{_FIRST}|\b(?:i|we) (?:should|need to|must|have to|can|could|want to))\b((?: [a-z'-]+){{1,5}})"
)
_CODE = re.compile(r"`[^`]*`")
_LEADS_IN = re.compile(r"^\W*(?:(?:so|and|then|now|also|next|first|finally|actually|but),? )*")
_LABELLED = re.compile(r"^[^:—–\n]{1,60}(?:\*\*)?(?::| - | — | – )\W*")
_VERB = re.compile(r"[a-z][a-z'-]*")
# What a line says of the list below it.
_OF_WAYS = re.compile(
    r"\b(?:fix|plan|approach|solution|design|proposal|strategy|recommend\w*|suggest\w*|refactor\w*|architecture|behavio\w*|implementation|"
    r"implement|steps?|changes? (?:needed|required)|makes sense|would be)\b"
)
_OF_DUTIES = re.compile(
    rf"{_FIRST}\b|\b(?:i|we) (?:should|need to|must|have to|can|could)\b|\bshould\b|\bneeds? to\b"
)
_OF_CHOICES = re.compile(
    r"\b(?:options?|either|could|alternatives?|pros?|cons?|questions?|before|after|current\w*|existing|issues?|problems?|findings?|"
    r"root cause|why|verify|verified|results?|usage|example|output|status|callers?|files?)\b"
)

_OPENERS = ("i", "we", "let", "lets")  # one of them is in each of _OPENS
_LABELS = (":", "—", "–", " - ")
_OF_A_LIST = 7  # points, the most `of_list` gives
_gate = Gate([cue.pattern for cue in CUES], [frozenset()] * len(CUES))
_compiled: list[re.Pattern[str] | None] = [None] * len(CUES)


def points(plain: str, words: list[str], lead: str | None) -> int:
    """Points of a sentence in lower case. lead: of an item of a list, the line the list stands under."""
    masked = _CODE.sub("`x`", plain)
    found = sum(CUES[number].points for number in _met(masked, words))
    if len(words) < _SHORT:
        found -= 2
    elif len(masked.split()) > _LONG:
        found += 1
    builds = begins_building(masked)
    for match in _OPENS.finditer(masked):
        verb = next((word for word in match[1].split() if word not in STEPS_ASIDE), "")
        if verb in LOOKS:
            found -= 2
        elif verb in BUILDS:
            found += 3
    if lead is None:
        return found + (2 if builds and _LABELLED.match(masked) else 0)
    return found + of_list(lead, builds)


def at_most(plain: str, words: list[str], lead: str | None) -> int:
    """What `points` cannot be more than, told by the words: most sentences need not be asked for more."""
    found = _best(_gate.may(words)) if words else _best(-1)
    found += 3 * sum(map(words.count, _OPENERS))
    if len(words) < _SHORT:
        found -= 2
    elif len(plain.split()) > _LONG:
        found += 1
    if lead is not None:
        return found + _OF_A_LIST
    return found + (2 if any(map(plain.__contains__, _LABELS)) else 0)


@lru_cache(10_000)
def _best(may: int) -> int:
    return sum(cue.points for number, cue in enumerate(CUES) if may >> number & 1 and cue.points > 0)


@lru_cache(1_000)  # a lead is asked for each item below it
def of_list(lead: str, builds: bool) -> int:
    """Points of an item: of what the line above its list says, and whether it begins with what to do."""
    found = 2 if builds else 0
    if _OF_CHOICES.search(lead):
        found -= 2
    if _OF_WAYS.search(lead):
        found += 5 if builds else 4
    elif _OF_DUTIES.search(lead):
        found += 2 if builds else 1
    return found


def begins_building(masked: str) -> bool:
    """Whether a sentence begins with a verb that makes something, also behind a label: `Cache: drop it`."""
    said = masked[_LEADS_IN.match(masked).end() :]  # type: ignore[union-attr]
    label = _LABELLED.match(said)
    verbs = [_VERB.match(said), _VERB.match(said, label.end()) if label else None]
    return any(verb is not None and verb[0] in BUILDS for verb in verbs)


def _met(masked: str, words: list[str]) -> list[int]:
    """The numbers of the cues a sentence has."""
    left, met = _gate.may(words) if words else (1 << len(CUES)) - 1, []
    while left:
        lowest = left & -left
        number = lowest.bit_length() - 1
        pattern = _compiled[number]
        if pattern is None:
            pattern = _compiled[number] = re.compile(CUES[number].pattern)
        if pattern.search(masked):
            met.append(number)
        left ^= lowest
    return met
