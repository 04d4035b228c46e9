"""What users say in sentences: instructions and corrections."""

import re
from collections.abc import Iterator
from itertools import islice

from memlog.query.facts import items, reviews
from memlog.query.facts.calls import Found
from memlog.query.facts.cues import Cues
from memlog.query.facts.english_wishes import IMPERATIVE
from memlog.query.facts.gate import words_of
from memlog.query.facts.items import Row
from memlog.query.facts.languages import ENGLISH, cues
from memlog.query.facts.sentences import (
    Sentence,
    flat,
    introduced_at,
    own,
    resumed_at,
    sentences,
    without_tags,
)

# A line that asks to carry out what stands below it, and a label in front of a step.
_HANDS_OVER = re.compile(
    r"\s*(?:(?:please|can you|could you|ok(?:ay)?|now|so|let['’]s|bitte|por favor|пожалуйста|请)[, ]+)*(?:(?:implement|execute|follow|carry out|apply|build|complete|work through|go through|realize|start on|umsetz\w*|setze|implementiere|implemente|execute|ejecuta|implementa|siga|ex[ée]cute|impl[ée]mente|r[ée]alise|реализуй|выполни|сделай)\b[^\n.]{0,40}\b(?:plan|plano|plans?|spec\w*|design|steps|tasks?|план|spezifikation|entwurf|schritte|tarefas?|pasos|étapes|задачи|шаги)\b[^\n.]{0,40}"
    r"|(?:请?(?:按照?|根据|实现|执行|完成)[^\n。]{0,12}(?:计划|方案|步骤|任务)[^\n。]{0,12})|(?:次|以下)の(?:計画|手順|仕様|タスク)[^\n。]{0,20}|다음 (?:계획|단계|작업)[^\n.]{0,20})[:：][ \t]*\n(?=[\s\S]{200})",
    re.I,
)
_LABELLED = re.compile(r"(?:\*\*)?[^:\n—–]{2,60}?(?:\*\*)?(?::(?:\*\*)?| [—–])\s+(?=\S)")
# A title of a plan under which stands what there is.
_TELLS = re.compile(
    r"(?:\W|\d|bug|issue|step)*(?:context|background|motivation|overview|problem|root cause|cause|current|existing|why|rationale|analysis|findings?"
    r"|risks?|key (?:risks?|insights?|findings?|facts?)|notes?|references?|assumptions?|what (?:is|exists|we have)|status quo"
    r"|hintergrund|kontext|ausgangslage|contexto|contexte|контекст|проблема|причина|背景|现状|问题|原因|概要|現状|배경|문제)\b",
    re.I,
)
_DOES = re.compile(
    r"\W*(?!process|pass|access|address|express|focus)\w+s (?:the|an?|its|all|each|every|their)\b", re.I
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
_SHORTEST = 3  # characters of a sentence that is worth a fact
_MOST_SENTENCES = 400  # of one message; what is longer was pasted
_PICKS = re.compile(r"\d{1,2}\.?")  # what was offered, by its number
_OTHER = re.compile(r"[\u0400-\u04ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORDY = 3  # spaces of a line that may be a sentence
_LOG_LINES = 20  # of a message that may be a log
_FEW_LINES = 40  # of a list of requests somebody typed
_SPEAKS = re.compile(
    r"\b(?:i|you|your|let['’]s|please|we|ich|wir|du|mir|uns|bitte|je|nous|vous|tu|eu|voc[êe]|quero|preciso|yo|quiero|necesito|favor"
    r"|я|мы|мне|нам|ты|вы|нужно|надо|хочу|давай|пожалуйста)\b|[我你您请咱]|ください|下さい|お願い|したい|ほしい",
    re.I,
)
_PASTED = 1_200  # characters of a paragraph somebody typed at most
# Logs, code and reviews people paste: no sentence of theirs.
_MACHINE = re.compile(
    r"^\S+\.\w{1,5}:\d+|^\s*[{}\[\]();]|^(?:[-+]{3} |@@|\$ |>>> |---)|^\w+\(.*\)$|^\d{4}[-/]\d\d[-/]\d\d[T ]"
    r"|^\s*(?:at|File) .*(?::\d+|line \d+)|^(?:FAIL|PASS|ok(?=  |\t)|ERROR|WARN|INFO|DEBUG)\b|^https?://\S+$|^/[A-Za-z0-9_-]+$"
    r"|^(?:commit |\W)*[0-9a-f]{40}\b|^(?:remote|fatal|error|warning|hint|npm \w+): |^##\["
)
# Said in brackets; and a request that ends in a piece of code.
_ASIDE = re.compile(r"\((?:[^\W\d_]+['’]?[^\W\d_]*,? ){3}.*\)[.!]?$", re.S)
_WORDS = re.compile(r"(?:[A-Za-z]+,? ){3}")
_MODE = re.compile(r"\bmode \d{6}\b")
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
_REPORTS = re.compile(
    r"^(?:consider|note that|the (?:test|function|code|calculation|explicit|default|current)\b)", re.I
)


def of_user(text: str, *, refused: bool = False, answers: bool = True) -> Iterator[Found]:
    """Instructions and corrections of a message of the user, a sentence each.

    refused: it was said when the user refused a call, so what is wanted corrects it.
    answers: the agent may have spoken before, so that what is wrong may be its work.
    """
    plain = without_tags(text)
    review = not reviews.has_headings(plain)
    if _HANDS_OVER.match(plain):
        for start, end in own(plain, handed=True):
            yield from _of_plan(plain, start, end)
        return
    for start, end in own(plain):
        pasted = _looks_pasted(plain[start:end])
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


def _of_plan(plain: str, start: int, end: int) -> Iterator[Found]:
    """What a plan says is to be done, that somebody hands over to be carried out: its titles and reasons are none."""
    rows: list[Row] = []
    tells = False
    for sentence in islice(sentences(plain[start:end]), _MOST_SENTENCES):
        placed = Sentence(sentence.text, start + sentence.start, start + sentence.end)
        if plain.startswith("#", plain.rfind("\n", 0, placed.start) + 1):
            yield from _of_part(plain, rows, tells=tells)
            rows, tells = [], _TELLS.match(placed.text) is not None
        elif is_said(sentence):
            rows.append(items.row(plain, placed, _step(placed)))
    yield from _of_part(plain, rows, tells=tells)


def _of_part(plain: str, rows: list[Row], *, tells: bool) -> Iterator[Found]:
    """What a plan wants under one title. tells: the title is of what there is, so that no item is a step by its place."""
    for _, wanted, _ in rows if tells else items.with_items(plain, rows):
        yield from wanted


def _step(sentence: Sentence) -> list[Found]:
    """What a sentence of a plan wants, as it stands or behind its label: `Cache: drop it`."""
    label = _LABELLED.match(sentence.text)
    said = [sentence]
    if label and not _DOES.match(sentence.text, label.end()):
        said.append(sentence._replace(text=sentence.text[label.end() :]))
    for one in said:
        for wanted in _wanted(one):
            if wanted.kind == "instruction":
                return [wanted._replace(value=sentence.text, start=sentence.start, end=sentence.end)]
    return []


def _rows(plain: str, start: int, end: int, *, pasted: bool, review: bool, answers: bool) -> Iterator[Row]:
    """Sentences of a stretch with what each wants.

    review: a finding may stand alone in it. answers: the agent may have spoken before.
    """
    # Behind a log in English, who writes in another script speaks.
    alien = pasted and 3 * len(_OTHER.findall(plain, start, end)) < end - start
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
            and not (alien and _OTHER.search(sentence.text))
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


def is_said(sentence: Sentence) -> bool:
    """Whether a sentence is somebody's, and no line of a log, of code or of a listing."""
    text = sentence.text
    if _PICKS.fullmatch(text):
        return True
    if len(text) < _SHORTEST or _MACHINE.match(text):
        return _ASIDE.match(text) is not None
    if text[-1] in "{};" and not (IMPERATIVE.match(text.lower()) and _WORDS.match(text)):
        return False
    return "-> FETCH_HEAD" not in text and not ("mode " in text and _MODE.search(text))


def _looks_pasted(text: str) -> bool:
    """Whether a message is somebody else's text: several paragraphs that report, and nobody is spoken to."""
    if looks_like_a_log(text):
        return True
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    if len(text) < 300 or len(paragraphs) < 2:
        return False
    if 2 * sum(_asks_for_work(part.strip()) for part in paragraphs) >= len(paragraphs):
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) <= _FEW_LINES and 3 * sum(map(_asks_for_work, lines)) >= len(lines):
        return False
    said = _SPEAKS.search(text, 0, 1_600)
    reports = sum(1 for part in paragraphs if _REPORTS.match(part.strip()))
    return not said or (reports > 0 and len(text) > _PASTED)


def _asks_for_work(paragraph: str) -> bool:
    """Whether a paragraph begins with a request, in its own language."""
    line = paragraph.split("\n", 1)[0].lstrip("#*- ").lower()
    if IMPERATIVE.match(line):
        return True
    found = cues(line)
    return found is not ENGLISH and found.request.search(line, found.wishes(words_of(line)))


def looks_like_a_log(text: str) -> bool:
    """Whether a text is lines of a program's or a page's: many, and hardly one ends like a sentence or is an item."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) < _LOG_LINES:
        return False
    written = sum(map(_is_written, lines))
    return written < len(lines) / 4


def _is_written(line: str) -> bool:
    """Whether a line ends as a sentence does, or is an item or a title."""
    if line[:1] in "-*#":
        return line[:3] not in ("---", "***", "##[")
    if _OTHER.search(line):
        return line[-1] in ".!?:,;。！？：，、"
    return line[-1] in ".!?:," and line.count(" ") >= _WORDY
