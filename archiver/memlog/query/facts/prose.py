"""What users say in sentences: instructions and corrections."""

import re
from collections.abc import Iterator

from memlog.query.facts import handed, items, reviews
from memlog.query.facts.calls import Found
from memlog.query.facts.cues import Cues
from memlog.query.facts.english_wishes import IMPERATIVE
from memlog.query.facts.gate import words_of
from memlog.query.facts.items import Row
from memlog.query.facts.languages import cues
from memlog.query.facts.pasted import OTHER, is_said, looks_like_a_log, looks_pasted
from memlog.query.facts.sentences import (
    Sentence,
    flat,
    introduced_at,
    own,
    resumed_at,
    sentences,
    without_tags,
)

_CURT = 200  # characters of a sentence that only says what is wrong
_REPROACHES = re.compile(
    r"^(?:\w+,? ){0,2}(?:why|warum|wieso|weshalb|pourquoi|(?:por|pra) ?qu[eéê]|¿por qu[eé]|зачем|почему|с чего)\b|\b(?:did|have|do|are) you (?:even|actually|really|forget|forgotten|break|remove|delete|miss|skip|ignore|seriously|not|just)\b"
    r"|\bhast du\b|为什么|怎么|なぜ|なんで|どうして|^왜| 왜 "
)
_BRIEF = 900  # characters of a message that answers rather than tells
# What is so for the work's sake, and not what went wrong with it.
_GIVEN = re.compile(
    r"[`'\"][^`'\"]{40,}[`'\"]$|\b(?:for example|e\.g|for instance|as an example)\b|\bshould\b|\b(?:if|when|unless) (?:it|the|you|there|we|they|a|no)\b"
)
# An object as a program prints it: `Error {`, `status: 429,`, ... `}`.
_OBJECT = re.compile(
    r"(?<=\{)[ \t]*\n(?=[ \t]*['\"]?[\w.-]+['\"]?: )(?:[^\n]*\n){1,80}?[ \t]*\}[ \t;,)]*$", re.M
)
# What somebody or something else says, in a sentence that says so.
_QUOTED = re.compile(
    r"\"(?!\s)[^\"]{12,}(?<!\s)\"(?![a-z0-9])|“[^”“]{12,}”|„[^“”„]{12,}[“”]|«[^»«]{12,}»|「[^」「]{6,}」|『[^』『]{6,}』"
)
_MARKS = re.compile('["“„«「『]')
_WORD = re.compile(r"[^\W\d_]+")
_FEW_WORDS = 2  # besides the quotation, where it is the sentence
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
_MOST_SENTENCES = 400  # of one message; what is longer was pasted
_BARE = re.compile(
    r"^(?:(?:yes|yeah|yep|ok(?:ay)?|sure|cool|great|good|please|then|and|perfect|nice|да|хорошо|ок|sim|ja|oui)[,. ]+)*"
    r"(?:go (?:ahead|for it)(?: and)?|давай(?:те)?(?: дальше| следующий шаг)?|(?:да,? )?(?:давай(?:те)?,? )?продолж\w+|sim,? pode \w+|ja,? (?:mach )?weiter|(?:oui,? )?continue|go on|carry on|keep going|resume|weiter|segue|继续|続けて|계속(?:해)?|(?:do|run|try|fix) (?:it|that|this|them|so)|(?:please )?do|(?:(?:그럼|이제|그냥|그대로|다시|하던 (?:거|것|작업)|다음(?: \\S+?)?도?|쭉) ?)*(?:계속|이어서|진행|재개|시작)(?: ?(?:진행|계속|작업))?(?: ?(?:해|하자|해 ?줘|해 ?주세요|해라|하세요|하면 돼|고고))?|proceed|yes|please|go|help(?: me)?|never ?mind)(?: please| now| then)?[.! ]*$",
    re.I,
)
# What stands before a request and is none of it: an arrow, a command of the host, a file, a line's number, a title.
_BEFORE = re.compile(
    r"^(?:[→➜▶►»·○●⎿✓✔❯_~–—]+\s*|/[a-z][\w:-]*\s+(?=\S)|(?:/[\w.@-]+){2,}/?\s+|\[(?:image|pasted)[^\]]*\]\s*"
    r"|(?:line|строка|zeile|linha|ligne|第)\s*\d+(?:\s*行)?[.:,]?\s+|@\S+[\s,:]+|\d{1,2}\)\s*|\((?=\w)"
    r"|\*{0,2}(?:目标|任务|要求|目的|タスク|задача|цель|aufgabe|ziel|tarefa|objetivo|objectif|goal|task|todo)\*{0,2}\s*[:：]\s*\*{0,2}\s*)+"
)
# What is not so every time: nobody is told to do anything.
_SOMETIMES = re.compile(
    r"\b(?:i|we|you|it|they|he|she|that|this|there|which|who|people|[a-z]{3,}s) (?:do not|does not|did not|can not|will not|is not|are not|do|does|did|ca|cannot|wo|is|are)(?: |n't )(?:always|necessarily)\b"
)
# A question that asks what is so, and for nothing to be done.
_CONDITION = re.compile(
    r"(?:if|when(?! i (?:say|said|mean|asked)\b)|whenever|unless|once|in case|for (?:\w+ )?cases)\b(?!.*\bbut\b)"
)
_UNMARKED = re.compile(
    r"(?:and |but |so |or |then |also |well |ok(?:ay)?,? |hm+,? )*(?:(?:what|how|where|who|which|whose)\b(?! (?:about|if)\b)"
    r"|(?:is|are|was|were|does|do|did|has|have|am) (?:it|this|that|there|the|we|you|they|i|my|our|your)\b)"
)
# After an objection: `same with the other one`.
_CONTINUES = re.compile(
    r"(?:and )?(?:same (?:with|for|goes|in|here)|also|likewise|ebenso|auch|genauso|tamb[ée]m|o mesmo|то же|и ещё|также|同样|还有|も同じ|同じく)(?:\b|(?<=[^\x00-\x7f]))",
    re.I,
)
# What begins so asks for something, whatever bad words come after.
_LEADS = re.compile(
    r"(?:\w+[,.]? ){0,3}(?:(?:can|could|would|will) you|please|(?:we|i|you) (?:also |really |still )?(?:should(?! not)|may (?:also )?want|might (?:also )?want|want|would like))\b(?! not\b)|(?:\w+, )?(?:don't|do not|never)\b"
)
_LEFT_OUT = re.compile(r"\b(do|does|did|is|are|was|were|ca|wo|should|would|could|have|has|had)nt\b")
_ASKS = re.compile(
    r"^(?:and |but |so |or |then |hm+,? )*(?:what|why|how|where|who|which|when|is|are|do|does|did|was|were|has|have"
    r"|isn['’]t|aren['’]t|doesn['’]t)\b",
    re.I,
)
_DEMANDS = re.compile(
    r"(?<!what )(?<!how )(?<!which )(?<!why )\b(?:(?:can|could|would|will) you|do you (?:want|mind))\b|\bplease\b|\blet['’]s\b|^(?:\w+[,.]? ){0,3}(?:how|what) about \w+ing\b|\bwe could\b",
    re.I,
)
# A question of who wants to know, a tale of what was done, an issue to be filed: nothing is rejected.
_LEARNS = re.compile(
    r"(?:(?:just )?(?:a )?(?:learning|curiosity|noob|newbie) q(?:uestion)?\b|just curious\b|for my (?:own )?(?:understanding|learning)\b)"
)
_RECOUNTS = re.compile(
    r"(?:we|i) (?:already |also |once )?(?:did|ran|made|had)(?! not\b)\b(?!.*\b(?:you|still|wrong|broken|now|again|n't|not)\b)"
)
# `but now it shows 627, right`: what is so, and as it should be.
_AGREES = re.compile(
    r"(?!.*(?:\b(?:not|never|no|none|nothing|still|wrong|only|should|must)\b|n't\b)).*(?<!\bthe )\b(?:right|correct|correctly|properly)[.! ]*$",
    re.S,
)
# What is to be done apart from the call that was refused.
_ELSEWHERE = re.compile(
    r"\b(?:log|file|open|raise|create) (?:an?|the|this as an?) (?:\w+ ){0,2}(?:issue|ticket|bug)\b|^(?!.*\binstead\b)\W*(?:please |then )*reply to\b",
    re.I,
)


def of_user(text: str, *, refused: bool = False, answers: bool = True) -> Iterator[Found]:
    """Instructions and corrections of a message of the user, a sentence each.

    refused: it was said when the user refused a call, so what is wanted corrects it.
    answers: the agent may have spoken before, so that what is wrong may be its work.
    """
    plain = without_tags(text)
    review = not reviews.has_headings(plain)
    if handed.HANDS_OVER.match(plain):
        for start, end in own(plain, handed=True):
            yield from handed.of_plan(plain, start, end, _wanted)
        return
    for start, end in own(plain):
        pasted = looks_pasted(plain[start:end])
        if pasted and reviews.REVIEW.search(plain, start, end) and not looks_like_a_log(plain[start:end]):
            yield from reviews.of_review(plain, start, end)
            continue
        rows = list(_rows(plain, start, end, pasted=pasted, review=review, answers=answers))
        for sentence, wanted, _ in items.with_items(plain, rows):
            if (
                refused
                and wanted
                and wanted[0].kind == "instruction"
                and not _ELSEWHERE.search(sentence.text)
            ):
                wanted = [Found("correction", *wanted[0][1:])]
            yield from wanted
    introduced = introduced_at(plain)
    if introduced is not None and reviews.REVIEW.search(plain, max(0, introduced - 120)):
        yield from reviews.of_review(plain, introduced, resumed_at(plain, introduced))


def _rows(plain: str, start: int, end: int, *, pasted: bool, review: bool, answers: bool) -> Iterator[Row]:
    """Sentences of a stretch with what each wants.

    review: a finding may stand alone in it. answers: the agent may have spoken before.
    """
    # Behind a log in English, who writes in another script speaks.
    alien = pasted and 3 * len(OTHER.findall(plain, start, end)) < end - start
    printed = [match.span() for match in _OBJECT.finditer(plain, start, end)] if "{" in plain else []
    objects = False
    states = answers and not pasted and end - start <= _BRIEF
    for number, sentence in enumerate(sentences(plain[start:end])):
        if number >= _MOST_SENTENCES:
            return
        if not is_said(sentence) or (
            pasted
            and number
            and "\n" in plain[start : start + sentence.start].lstrip()
            and not (alien and OTHER.search(sentence.text))
        ):
            continue
        placed = Sentence(sentence.text, start + sentence.start, start + sentence.end)
        if any(first <= placed.start < last for first, last in printed):
            continue
        wanted = list(_wanted(placed, states=states))
        if not wanted and (
            (objects and _CONTINUES.match(sentence.text)) or (review and reviews.is_finding(sentence.text))
        ):
            wanted = [Found("correction", *placed[:1], None, *placed[1:])]
        objects = bool(wanted) and wanted[0].kind == "correction"
        yield items.row(plain, placed, wanted)


def _wanted(sentence: Sentence, *, states: bool = False) -> Iterator[Found]:
    text = sentence.text
    low = _without_quotes(flat(text).lower())
    plain = _BEFORE.sub("", _straight(low), count=1)
    spoken = words_of(low)
    found = cues(text, spoken)
    may = found.wishes(spoken if len(plain) == len(low) else words_of(plain))
    if (not may and not states) or _LEARNS.match(plain):
        return
    asks = text.endswith(("?", "？")) or _UNMARKED.match(plain) is not None
    if found.complaint.search(plain, may):
        yield Found("correction", text, None, sentence.start, sentence.end)
        return
    rule = not asks and not _is_sometimes(plain) and found.rule.search(plain, may)
    requested = found.request.search(plain, may)
    orders = IMPERATIVE.match(plain) or _LEADS.match(plain) or (asks and requested)
    given = _CONDITION.match(plain) is not None
    corrects = not given and (
        found.correction.search(plain, may)
        or (not orders and found.fault.search(plain, may) and not _AGREES.match(plain))
    )
    states = states and not (given or orders or requested or corrects) and _states(plain, found, asks=asks)
    if (corrects or states) and _RECOUNTS.match(plain):
        return
    if states or (corrects and not (asks and not requested and _ASKS.match(text))):
        yield Found("correction", text, None, sentence.start, sentence.end)
        return  # a sentence is one of the two
    if _BARE.match(text):
        return
    idle = asks and _ASKS.match(text) is not None and not _DEMANDS.search(text)
    if not idle and (rule or requested):
        yield Found("instruction", text, "rule" if rule else "request", sentence.start, sentence.end)


def _is_sometimes(plain: str) -> bool:
    """Whether a sentence says that something is not so every time, and tells nobody to do anything."""
    return ("always" in plain or "necessarily" in plain) and _SOMETIMES.search(plain) is not None


def _without_quotes(low: str) -> str:
    """A sentence of lower case with what it quotes as `"x"`: a message that says `please try again` asks for nothing."""
    if _MARKS.search(low) is None:
        return low
    said = _QUOTED.sub('"x"', low)
    return said if len(_WORD.findall(said)) > _FEW_WORDS or _WIDE.search(said.replace('"x"', "")) else low


def _states(plain: str, found: Cues, *, asks: bool) -> bool:
    """Whether a short sentence says of the work that something is not as it ought to be."""
    if len(plain) > _CURT or plain[-1] in ":：" or plain[0] == "(" or _GIVEN.search(plain):
        return False
    if asks and _REPROACHES.search(plain) is None:
        return False
    return found.stated.search(plain) and not _AGREES.match(plain)


def _straight(text: str) -> str:
    """A text of lower case with the apostrophes people leave out."""
    plain = text.replace("’", "'")
    return _LEFT_OUT.sub(r"\1n't", plain) if "nt" in plain else plain
