"""What agents settle in sentences: decisions and their reasons."""

import re
from collections.abc import Iterator

from memlog.query.facts.calls import Found
from memlog.query.facts.cues import Asked, any_way
from memlog.query.facts.english_verbs import VERBS
from memlog.query.facts.english_wishes import IMPERATIVE
from memlog.query.facts.gate import words_of
from memlog.query.facts.languages import cues
from memlog.query.facts.prose import is_said
from memlog.query.facts.sentences import Sentence, flat, sentences

_MOST_SENTENCES = 400  # of one message; what is longer was pasted
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
# What agents say while they look, of what others say, and of what is over.
_NOT_SETTLED = any_way(
    r"\b(?:let me|i'll|i will|(?:i|we) (?:need|have) to|let's|(?:i|we) should|i want to)(?: (?:also|now|first|just|then|quickly|next))* "
    r"(?:check|look|read|see|search|verify|examine|find|run|understand|trace|explore|review|investigate|fetch|get|start(?!.*\bsince\b)|view"
    r"|grep|think|try again|take a look|analy[sz]e|compare|test|confirm|attempt|evaluate|summari[sz]e|provide|continue|wait|ask|propose|inspect the|know|trace)\b(?!.*\bsince you\b)"
    r"|^(?:now |next |first |then |ok(?:ay)?,? |so )*(?:let me|i'll|i need to|let's)\b"
    r"(?!.*\b(?:since|because|instead|rather|simpl\w+|consisten\w+|only|all|just|when|both|that can)\b).*:$"
    r"|^(?:the user(?!.*\b(?:so i|i'll|might be best|but since)\b)|comment \d|copilot|the (?:original )?(?:review(?:er)?|comment|feedback|suggestion)(?! should)|both now|both sessions|\w+'s suggestion)\b"
    r"|\b(?:fix|solution|approach|plan) (?:is|was) (?:verified|complete|correct|working|applied|written|in place|either)\b"
    r"|\b(?:tests?|expectation|linter|compiler|error|docs?|message) (?:\w+ )?(?:is that|expects?|says?|wants?|complains?)\b|\b(?:i found|suggests|suggested|this is the right way)\b|^(?:or|alternatively)\b|^they (?:want|ask|need|said)"
    r"|^now,? (?:i|let|we)\b(?!.*\b(?:since|because|so that|no longer|instead of using|will)\b)"
    r"|^(?:\W*\w+){1,5}:\*\*$|^(?:\W*\w+){1,3}:\W*$|\bwhat i should\b|^\W*(?:two|three|four|several|\d) options\b|^if you\b|\b(?:task|todo) list\b|^\W*(?:`[^`]+`\W+)?(?:updated|changed|replaced|renamed|switched|added|passed|populated)\b(?!.*\b(?:since|because|so that|to avoid)\b)|\bif (?:needed|necessary|it fails)\b|^i'm (?:now )?(?:using|pulling|running|reading|checking|looking|fetching|searching|reviewing|loading)\b(?!.*\bso i don't\b)"
    r"|\b(?:either|includes?|verify|because|following|checks?|these|are) ?:$|\bthat: ?1\.|\bkeep (?:waiting|going|reading|looking)\b",
)
_HARDLY = Asked(_NOT_SETTLED)
# Every Latin pattern of a decision needs one of these words; looking for them first halves the time.
_DECIDING = frozenset((
    "i", "we", "you", "let", "going", "decided", "chose", "chosen", "opted", "settled", "agreed",
    "decision", "instead", "rather", "opposed", "approach", "fix", "solution", "option", "choice",
    "design", "path", "strategy", "workaround", "place", "should", "must", "needs",
    "since", "because", "needed", "necessary", "required", "helper", "pattern", "both",
    "intentional", "deliberate", "sense", "trade", "tradeoff", "my", "ich", "wir", "entscheidung",
    "entscheide", "entscheiden", "anstatt", "anstelle", "statt", "lösung", "ansatz", "weg", "weil",
    "da", "deshalb", "daher", "denn", "decidi", "decidimos", "escolhi", "escolhemos", "optei",
    "optamos", "prefiro", "decisão", "decisao", "vou", "vamos", "vez", "invés", "inves", "solução",
    "keeping", "sticking", "leaving", "picking", "skip", "defer", "needs", "scope", "worth", "option", "now",
    "better", "simpler", "easier", "cleaner", "safer", "simplest", "best", "cleanest", "safest", "easiest", "overkill",
    "preferable", "most", "no", "vorschlag", "empfehlung", "fix", "ich", "sollte", "wäre", "lohnt", "bleibt", "sugestão", "sugestao", "correção", "vale", "deve", "deveria", "fica", "seria", "é", "recommendation", "proposal", "preference", "verdict", "conclusion", "easy", "quick", "trivial", "simple",
    "pragmatic", "minimal", "small", "fine", "splitting", "split", "starting", "enough", "documenting", "committing", "adding", "too", "single", "while", "proper", "real", "enough", "could", "can", "won", "solucao", "abordagem", "opção", "opcao", "forma", "consistency",
))  # fmt: skip


def of_agent(text: str) -> Iterator[Found]:
    """Decisions of a message or a thought of the agent, each with its reason where it gives one."""
    plans = list(_plans(text))
    for number, sentence in enumerate(sentences(text)):
        if number >= _MOST_SENTENCES:
            return
        if sentence.text.endswith(("?", "？")):
            continue
        said = flat(sentence.text)
        plain = said.lower().replace("’", "'")
        words = words_of(plain)
        plan = next((one for one in plans if one[0] <= sentence.start < one[1]), None) if plans else None
        listed = plan is not None and _is_step(text, sentence, decided=plan[2])
        found = cues(sentence.text, words)
        if not listed and found.by_words and words and _DECIDING.isdisjoint(words):
            continue
        may = found.settles(words)
        if not (listed or may):
            continue
        if (
            (listed or found.decision.search(plain, may))
            and is_said(sentence)
            and not _NOT_SETTLED.search(plain, _HARDLY.may(words))
        ):
            reason = found.reason.search(plain) if len(plain) == len(said) else None
            why = said[reason.start() :].strip(" .") if reason else None
            yield Found("decision", sentence.text, why, sentence.start, sentence.end)


def _plans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where lists stand that a line calls a plan, and whether it calls them decisions."""
    if "\n- " in text or "\n* " in text or "\n1" in text:
        for match in _LISTED.finditer(text):
            lead = match.group(1).strip().lower().replace("’", "'")
            decided = _DECISIONS.match(lead) is not None
            if decided or _PLAN.match(lead):
                yield *match.span(2), decided


def _is_step(text: str, sentence: Sentence, *, decided: bool) -> bool:
    """Whether a sentence of a plan says what to do: the first of its item, of more than a few words."""
    line = text[text.rfind("\n", 0, sentence.start) + 1 : sentence.start]
    said = re.sub(r"^[^\w(]+", "", sentence.text)
    begins = not line.strip(" \t-*0123456789.)#`")
    if decided and begins:
        return len(said) > _STEP
    if not begins or len(said) <= _STEP or _CHORE.match(said.lower()):
        return False
    return _ABROAD.search(said) is not None or _STEPS.match(said.lower()) is not None
