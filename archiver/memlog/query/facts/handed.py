"""Plans a user hands over to be carried out: what of them is to be done."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from memlog.query.facts import items
from memlog.query.facts.calls import Found
from memlog.query.facts.items import Row
from memlog.query.facts.pasted import is_said
from memlog.query.facts.sentences import Sentence, sentences

Asks = Callable[[Sentence], Iterable[Found]]

_MOST_SENTENCES = 400  # of one message; what is longer was pasted
# A line that asks to carry out what stands below it, and a label in front of a step.
HANDS_OVER = re.compile(
    r"\s*(?:(?:please|can you|could you|ok(?:ay)?|now|so|let['’]s|bitte|por favor|пожалуйста"
    r"|请)[, ]+)*(?:(?:implement|execute|follow|carry out|apply|build|complete|work through|go through"
    r"|realize|start on|umsetz\w*|setze|implementiere|implemente|execute|ejecuta|implementa|siga"
    r"|ex[ée]cute|impl[ée]mente|r[ée]alise|реализуй|выполни|сделай)\b[^\n.]{0,40}\b(?:plan|plano"
    r"|plans?|spec\w*|design|steps|tasks?|план|spezifikation|entwurf|schritte|tarefas?|pasos|étapes"
    r"|задачи|шаги)\b[^\n.]{0,40}"
    r"|(?:请?(?:按照?|根据|实现|执行|完成)[^\n。]{0,12}(?:计划|方案|步骤|任务)[^\n。]{0,12})|(?:次|以下)の(?:計画|手順|仕様"
    r"|タスク)[^\n。]{0,20}|다음 (?:계획|단계|작업)[^\n.]{0,20})[:：][ \t]*\n(?=[\s\S]{200})",
    re.I,
)
_LABELLED = re.compile(r"(?:\*\*)?[^:\n—–]{2,60}?(?:\*\*)?(?::(?:\*\*)?| [—–])\s+(?=\S)")
# A title of a plan under which stands what there is.
_TELLS = re.compile(
    r"(?:\W|\d|bug|issue|step)*(?:context|background|motivation|overview|problem|root cause|cause"
    r"|current|existing|why|rationale|analysis|findings?"
    r"|risks?|key (?:risks?|insights?|findings?|facts?)|notes?|references?|assumptions?|what (?:is"
    r"|exists|we have)|status quo"
    r"|hintergrund|kontext|ausgangslage|contexto|contexte|контекст|проблема|причина|背景|现状|问题|原因|概要|現状"
    r"|배경|문제)\b",
    re.I,
)
# `**Reader**: gives the shared types`: what it does, and nothing to be done.
_DOES = re.compile(
    r"\W*(?!process|pass|access|address|express|focus)\w+s (?:the|an?|its|all|each|every|their)\b", re.I
)


def of_plan(plain: str, start: int, end: int, asks: Asks) -> Iterator[Found]:
    """What a plan that is handed over says is to be done: its titles and reasons are none.

    asks: what a sentence of a user wants.
    """
    rows: list[Row] = []
    tells = False
    for sentence in islice(sentences(plain[start:end]), _MOST_SENTENCES):
        placed = Sentence(sentence.text, start + sentence.start, start + sentence.end)
        if plain.startswith("#", plain.rfind("\n", 0, placed.start) + 1):
            yield from _of_part(plain, rows, tells=tells)
            rows, tells = [], _TELLS.match(placed.text) is not None
        elif is_said(sentence):
            rows.append(items.row(plain, placed, _step(placed, asks)))
    yield from _of_part(plain, rows, tells=tells)


def _of_part(plain: str, rows: list[Row], *, tells: bool) -> Iterator[Found]:
    """What a plan wants under one title.

    tells: the title stands above what there is, and no item is a step by its place.
    """
    for _, wanted, _ in rows if tells else items.with_items(plain, rows):
        yield from wanted


def _step(sentence: Sentence, asks: Asks) -> list[Found]:
    """What a sentence of a plan wants, as it stands or behind its label: `Cache: drop it`."""
    label = _LABELLED.match(sentence.text)
    said = [sentence]
    if label and not _DOES.match(sentence.text, label.end()):
        said.append(sentence._replace(text=sentence.text[label.end() :]))
    for one in said:
        for wanted in asks(one):
            if wanted.kind == "instruction":
                return [wanted._replace(value=sentence.text, start=sentence.start, end=sentence.end)]
    return []
