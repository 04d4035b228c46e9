"""What agents settle in sentences: decisions and their reasons."""

import re
from collections.abc import Iterator

from memlog.query.facts import evidence, weighed
from memlog.query.facts.calls import Found
from memlog.query.facts.chinese import CHINESE
from memlog.query.facts.cues import Asked, Cues, any_way
from memlog.query.facts.gate import words_of
from memlog.query.facts.headings import begins_item, is_step, leads, plans
from memlog.query.facts.japanese import JAPANESE
from memlog.query.facts.korean import KOREAN
from memlog.query.facts.languages import ENGLISH, LATIN, cues
from memlog.query.facts.pasted import is_said
from memlog.query.facts.russian import RUSSIAN
from memlog.query.facts.sentences import flat, sentences

_MOST_SENTENCES = 400  # of one message; what is longer was pasted
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
_OFFERS = re.compile(
    r"\W*(?:if you(?:'d| would)? (?:like|want|prefer)\b|want me to\b|would you like\b|shall i\b|let me know\b)"
)
_SCRIPTS = {
    id(LATIN): "latin", id(RUSSIAN): "russian", id(CHINESE): "chinese", id(JAPANESE): "japanese", id(KOREAN): "korean",
}  # fmt: skip
# A form of English settles something only with one of these words.
_DECIDING = frozenset((
    "i", "we", "you", "let", "going", "decided", "chose", "chosen", "opted", "settled", "agreed",
    "decision", "instead", "rather", "opposed", "approach", "fix", "solution", "option", "choice", "design",
    "path", "strategy", "workaround", "place", "should", "must", "needs", "since", "because", "needed",
    "necessary", "required", "helper", "pattern", "both", "intentional", "deliberate", "sense", "trade",
    "tradeoff", "my", "keeping", "sticking", "leaving", "picking", "skip", "defer", "scope", "worth", "now",
    "better", "simpler", "easier", "cleaner", "safer", "simplest", "best", "cleanest", "safest", "easiest",
    "overkill", "preferable", "most", "no", "recommendation", "proposal", "preference", "verdict",
    "conclusion", "easy", "quick", "trivial", "simple", "pragmatic", "minimal", "small", "fine",
    "splitting", "split", "starting", "enough", "documenting", "committing", "adding", "too", "single",
    "while", "proper", "real", "could", "can", "won", "consistency",
))  # fmt: skip


def of_agent(text: str) -> Iterator[Found]:
    """Decisions of a message or a thought of the agent, each with its reason where it gives one."""
    listed, above = list(plans(text)), leads(text)
    for number, sentence in enumerate(sentences(text)):
        if number >= _MOST_SENTENCES:
            return
        if sentence.text.endswith(("?", "？")):
            continue
        said = flat(sentence.text)
        plain = said.lower().replace("’", "'")
        if _OFFERS.match(plain):
            continue
        words = words_of(plain)
        found = cues(sentence.text, words)
        plan = next((one for one in listed if one[0] <= sentence.start < one[1]), None) if listed else None
        step = plan is not None and is_step(text, sentence, decided=plan[2])
        line = text.rfind("\n", 0, sentence.start) + 1
        lead = above.get(line) if above and begins_item(text, sentence) else None
        if not _settles(plain, words, found, lead, step=step, decided=step and plan is not None and plan[2]):
            continue
        if is_said(sentence):
            reason = found.reason.search(plain) if len(plain) == len(said) else None
            why = said[reason.start() :].strip(" .") if reason else None
            yield Found("decision", sentence.text, why, sentence.start, sentence.end)


def _settles(
    plain: str, words: list[str], found: Cues, lead: str | None, *, step: bool, decided: bool
) -> bool:
    """Whether a sentence of lower case settles something: by its form, and in English by what else it says."""
    may = 0 if found is ENGLISH and _DECIDING.isdisjoint(words) else found.settles(words)
    form = evidence.NAMED_STEP if step else evidence.KNOWN_FORM if may else 0
    if (
        found.by_words and not decided and (found is ENGLISH or not form)
        and evidence.at_most(plain, words, lead) + form < evidence.ENOUGH
    ):  # fmt: skip
        return False
    known = (step or found.decision.search(plain, may) or _weighs(plain, found)) and not _NOT_SETTLED.search(
        plain, _HARDLY.may(words)
    )
    if decided or not found.by_words or (known and found is not ENGLISH):
        return known
    return evidence.points(plain, words, lead) + known * form >= evidence.ENOUGH


def _weighs(plain: str, found: Cues) -> bool:
    """Whether enough in a sentence of another language than English says so."""
    script = _SCRIPTS.get(id(found))
    return script is not None and weighed.points(plain, script) >= weighed.ENOUGH
