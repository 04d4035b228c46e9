"""Items of a list the user asked for: under a request, or among others that ask."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from memlog.query.facts.calls import Found
from memlog.query.facts.sentences import Sentence

_MARK = re.compile(r"[ \t]*(?:[-*+•–] +|\d{1,2}[.)] +)(?:\[[ x]?\] +)?(?:\*\*|__)?")
_COLON = (":", "：")
# A list under these says what is wrong, or what was printed.
_OF_FACTS = re.compile(
    r"\b(?:errors?|issues?|problems?|bugs?|logs?|outputs?|feedback|comments?|findings?|warnings?|failures?|results?|message|says|"
    r"questions?|context)\b|ошиб|лог|вывод|проблем|错误|问题|日志|エラー|問題|ログ|fehler|problem|erro|saída",
    re.I,
)
_WHY = re.compile(r"\W*(?:理由|原因|背景|reasons?|why|rationale|background|because|причина|grund)\b", re.I)
_SMALL = 3  # words of an item that is no title
_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE = re.compile(r"`[^`]*`")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{10}")


class Row(NamedTuple):
    """A sentence of a message with what was found in it, and whether a list's item begins with it."""

    sentence: Sentence
    found: list[Found]
    marked: bool


def row(text: str, sentence: Sentence, found: list[Found]) -> Row:
    """A sentence as a row; its line tells whether it is an item's first."""
    line = text.rfind("\n", 0, sentence.start) + 1
    mark = _MARK.match(text, line)
    return Row(sentence, found, mark is not None and mark.end() == sentence.start)


def with_items(text: str, rows: Sequence[Row]) -> list[Row]:
    """The rows, where what stands in a list of requests is one, too."""
    done = list(rows)
    at = 0
    while at < len(rows):
        if not rows[at].marked:
            at += 1
            continue
        end = at
        while end < len(rows) and (rows[end].marked or _goes_on(text, rows[end])):
            end += 1
        if _asks(rows, at, end):
            done[at:end] = [_asked(one) for one in rows[at:end]]
        at = end
    return done


def _goes_on(text: str, one: Row) -> bool:
    """Whether a sentence stands within an item: behind another on its line, or on a line that is moved in."""
    line = text.rfind("\n", 0, one.sentence.start) + 1
    return bool(text[line : one.sentence.start].strip()) or text[line : line + 2].isspace()


def _asks(rows: Sequence[Row], at: int, end: int) -> bool:
    """Whether a list is of requests: the line above asks, or most of its items do."""
    items = [one for one in rows[at:end] if one.marked]
    if any(one.found and one.found[0].kind == "correction" for one in items):
        return False
    above = rows[at - 1] if at else None
    if above is not None and above.sentence.text.endswith(_COLON):
        if _OF_FACTS.search(above.sentence.text):
            return False
        if above.found and above.found[0].kind == "instruction":
            return True
    return len(items) > 1 and 2 * sum(bool(one.found) for one in items) >= len(items)


def _asked(one: Row) -> Row:
    text = one.sentence.text
    if (
        one.found
        or not one.marked
        or _WHY.match(text)
        or text.endswith(("?", "？"))
        or not (len(_WORD.findall(_CODE.sub("", text))) >= _SMALL or _WIDE.search(text))
    ):
        return one
    return one._replace(found=[Found("instruction", text, "request", one.sentence.start, one.sentence.end)])
