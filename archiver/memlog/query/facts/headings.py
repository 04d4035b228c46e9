"""Lists, and what the line above one says of its items."""

import re
from collections.abc import Iterator

from memlog.query.facts.english_verbs import VERBS
from memlog.query.facts.english_wishes import IMPERATIVE
from memlog.query.facts.sentences import Sentence

_ITEM = re.compile(r"[ \t]*(?:[-*•]|\d{1,2}[.)]) ")
_BEGINS = " \t-*•0123456789.)#`_"  # what stands before the first sentence of an item
# A list, and the line it stands under.
_LISTED = re.compile(
    r"^([^\n]*[:：]\**|#{1,4} [^\n]{1,60})[ \t]*\n+((?:[ \t]*(?:[-*]|\d+[.)]) [^\n]+(?:\n+|\Z))+)", re.M
)
# A line that calls its list the way to go, and not what one could do: `The fix:`, `## Plan`.
_PLAN = re.compile(
    r"(?!.*\b(?:options?|either|could|would you|before|after|current|existing|alternatives?)\b)"
    r"(?:.*(?:^|[.!\s*#])(?:the |my |our |proposed |suggested |revised |overall |implementation )?(?:simplest |cleanest |best |safest |right |proper |better |good )?"
    r"(?:fix(?:es)?|plan|approach|solution|design|proposal|strategy|lösung|ansatz|vorgehen|plano|solução|abordagem|план|решение|подход)"
    r"(?: order| priority| is(?: to)?| (?:would|might|could|should) (?:probably )?be| ist| é)?\**[:：]\**$"
    r"|.*(?:方案|计划|做法|方針|計画|対応|修正案)(?:是|如下|は)?[:：]$"
    r"|.*\b(?:the (?:fix|solution|approach|plan) is|implement the fix)\b.{0,60}\b(?:i|we)(?:'ll)? need to(?: \w+ .{0,60} to)?:$"
    r"|(?:.* )?makes sense:\**$|\W*my (?:recommendation|suggestion|proposal|vote)s?\W*$|(?:.*[,.] )?we should:$|(?:.* )?i(?:'d| would) (?:suggest|propose|recommend)\W*:$|\W*(?:the )?(?:key |main |required )?changes (?:needed|required|would be)\W*$|(?:.*)\bshould (?:update|change|restructure|modify|extend|refactor) .* to:$|(?:.* )?let me (?:now )?plan\b.*:$|here(?:'s| is) (?:what|how) i(?:'ll| will| would| plan).*:$|let me (?:fix|solve|implement) (?:this|it|that)(?: by)?:$"
    r"|#{1,4} (?:the |my |proposed |suggested |implementation )?(?:fix|plan|approach|solution|design|refactor(?:ing)?)$)"
)
# Under such a line whatever stands is decided, in any form.
_DECISIONS = re.compile(
    r"\W*(?:(?:key|main|design|architectural|technical|wichtige|principais|ключевые) )*(?:decisions?(?: made| taken)?|entscheidungen|decis[õo]es|решения)\W*$"
    r"|\W*(?:关键|设计|主要)*决(?:定|策)\W*$|\W*(?:設計)?(?:判断|決定事項)\W*$"
)
_STEP = 20  # characters; fewer are a heading
# What only looks, or hands over, settles nothing.
_CHORE = re.compile(
    r"(?:check|read|look|verify|run|re-?run|test|review|search|find|see|inspect|view|commit|push|report|ask|explore|understand|open|update (?:the )?(?:tests?|docs?|todo))\b"
    r"(?!.*\b(?:before|instead|only|without|rather)\b)"
)
_ABROAD = re.compile(r"[\u0400-\u04ff\u3040-\u30ff\u3400-\u9fff]")
# `Use ...`, `If there is none, ...`, `**Name** — drop ...`.
_STEPS = re.compile(
    rf"{IMPERATIVE.pattern}|(?:if|otherwise|when|instead)\b|[^—–\n]{{1,50}} [—–] (?:\w+ )?\w+|[^:`/.\n]{{1,50}}: \W*(?:{VERBS})\b"
)


def plans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where lists stand that a line calls a plan, and whether it calls them decisions."""
    if "\n- " in text or "\n* " in text or "\n1" in text:
        for match in _LISTED.finditer(text):
            lead = match.group(1).strip().lower().replace("’", "'")
            decided = _DECISIONS.match(lead) is not None
            if decided or _PLAN.match(lead):
                yield *match.span(2), decided


def is_step(text: str, sentence: Sentence, *, decided: bool) -> bool:
    """Whether a sentence of a plan says what to do: the first of its item, of more than a few words."""
    said = re.sub(r"^[^\w(]+", "", sentence.text)
    begins = begins_item(text, sentence)
    if decided and begins:
        return len(said) > _STEP
    if not begins or len(said) <= _STEP or _CHORE.match(said.lower()):
        return False
    return _ABROAD.search(said) is not None or _STEPS.match(said.lower()) is not None


def begins_item(text: str, sentence: Sentence) -> bool:
    """Whether a sentence is the first of its line, list marker aside."""
    return not text[text.rfind("\n", 0, sentence.start) + 1 : sentence.start].strip(_BEGINS)


def leads(text: str) -> dict[int, str]:
    """For each item of a list, by where its line begins, the line above the list in lower case; empty where none is."""
    found: dict[int, str] = {}
    at, lead = 0, ""
    for line in text.split("\n"):
        said = line.strip()
        if _ITEM.match(line):
            found[at] = lead
        elif said:
            if said[0] == "#" or said.rstrip("*")[-1:] in (":", "：") or (said[:2] == said[-2:] == "**"):
                lead = said.lower().replace("’", "'")
            elif not line[0].isspace():
                lead = ""
        at += len(line) + 1
    return found
