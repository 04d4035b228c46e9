"""Sentences of a text and where they stand; what of a user's message the user did not write."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from memlog.query.injected import BEGINS, TAGS


class Sentence(NamedTuple):
    """A sentence without its list marker, and the characters it stands at."""

    text: str
    start: int
    end: int


_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[^\n]*$|\Z)", re.M | re.S)
# A line's end, or a mark with white space behind it; CJK marks need none.
# Thoughts are glued where a stream was cut: `in both.Actually, no`.
_END = re.compile(
    r"(?<=[^\s.][.!?…])[\"'”’)*`]*\s+(?=\S)|(?<=[。！？])|(?<=\.\.\.)\s+(?=[A-Z])"
    r"|(?<=[a-z)`][.!?])(?=(?:Actually|But|Let|So|Wait|Now|This|However|The|I|I['’]ll|Then|Also|Since|If|We|And)[ ,])"
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|cf|z\.B|d\.h|bzw|т\.е|т\.д|p\.ex|Dr|Sr)\.|\b\d+\.)$", re.I
)
_MARK = re.compile("[.!?…。！？]")  # one of them stands before every end
_ABBREVIATION = 40  # characters that are looked at for one; a longer number is none
_MARKER = re.compile(r"^[ \t]*(?:[-*+•] +|\d{1,2}[.)] +|#{1,6} +)*(?:\*\*|__)?")
# A line that does not end like one, and one that begins like the rest of a sentence.
_ENDS = frozenset(".!?:;。！？：；|{}>*`")
_GOES_ON = re.compile(r"[ \t]{0,12}(?![-*+•#>|~\d\u2500-\u257f✓✗✔✘❯⎿●⏺]|\w[.)] |```|https?:)\S")
_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]")
_NARROW, _BROAD, _FULL = 50, 120, 72  # columns of a line that was wrapped
_LEAST = _NARROW // 2  # characters of one
_BREAK = re.compile(r"[ \t]*\n[ \t]*")
_QUOTED = re.compile(r"^[ \t]*>|^\s*\||^(?: {8,}|\t{2,})(?![-*•] |\d{1,2}[.)] )\S")
LONGEST = 1_500  # characters of a sentence; what is longer was pasted, or is none
# What is quoted is a word of the sentence it stands in, also on a line of its own: `change\n"X. Do Y."\nto Z`.
_QUOTES = re.compile(
    r'(?<=\w)[ \t]*\n\s*"[^"\n]{8,600}"[ \t]*\n\s*(?=(?:to|with|into|by|as)\b)|(?<![\w"])"(?!\s)[^"\n]{8,600}(?<!\s)"(?![A-Za-z0-9_])',
    re.I,
)
_QUOTE = "\ue000"  # stands for a character of a quotation

# Blocks a host or a program put into what a user said.
_HOST_BLOCK = re.compile(
    rf"<({TAGS}|command-name|bash-input|output)\b[^>]*>.*?(?:</\1>|\Z)"
    # what a hook printed and the user pasted, up to a paragraph in which somebody speaks
    r"|(?:❯ *)?\b[Oo]peration (?:stopped|blocked) by (?:a )?hook:.*?(?=\n\s*\n[^\n]*\b(?:[Pp]lease|[Cc]an you|[Cc]ould you"
    r"|[Ww]hy|I|[Ww]e|[Ll]et['’]s)\b|\Z)"
    r"|^If (?:you need specific details from before exiting plan mode|this plan can be broken down into multiple independent tasks)\b[^\n]*"
    r"|^# (?:Context from my IDE setup|Files (?:mentioned|pasted) by the user):.*?^## My request[^\n]*:",
    re.S | re.M,
)
_ARGS = re.compile(r"</?command-args>")
_HOST_TEXT = re.compile(
    rf"\s*(?:{BEGINS}|\[Request interrupted|<user_instructions>|Continue from where you left off|API Error|\[Image: )"
)
# Behind a skill's text, what the user said when starting it.
_SKILL = "Base directory for this skill:"
_ARGUMENTS = "\nARGUMENTS: "
# After such a line follows what somebody else said.
_INTRODUCES = re.compile(
    r"(?:\b(?:feedback|comments?|review(?:er)?|report(?:ed)?|says?|said|output|logs?|message|got this|issue|error)\b|"
    r"反馈|评论|错误|日志|フィードバック|コメント|エラー|отзыв|комментари|ошибк|Rückmeldung|Kommentar|Fehler|"
    r"coment[áa]rio|erro|sa[ií]da)[^\n]{0,80}[:：]\s*$",
    re.I | re.M,
)
_COLON = re.compile(r"[:：](?=[^\S\n]*$)", re.M)
_BLANK = re.compile(r"\s*$", re.M)
_MOST_PASTED = 20  # texts of others in a message
_SAID_LEAST = 200  # characters of what somebody else said
# Behind a heading, or in a paragraph that asks, the user speaks again, after an issue or a log that was pasted.
_RESUMES = re.compile(
    r"^[#*\s]*(?:instructions?|your (?:task|job)|tasks?|rules|requirements|what to do|what i want|constraints|guidelines)[*\s]*[:：][*\s]*$"
    r"|\n[ \t]*\n(?=[ \t]*(?:(?:please|can you|could you|i want|i need|i['’]d like|i would like|let['’]s|what i want|bitte|ich möchte|ich will|kannst du|könntest du|por favor|preciso|quero|"
    r"pode|je veux|peux-tu|quiero|necesito|пожалуйста|давай|можешь|нужно|надо|хочу)\b|请|帮我|麻烦|以上|上記|これ))",
    re.I | re.M,
)


def sentences(text: str) -> Iterator[Sentence]:
    """Sentences of prose: no code between fences, no quoted lines, no tables, none that is too long."""
    for first, last in _stretches(text):
        if last - first <= LONGEST:
            yield Sentence(text[first:last], first, last)


def unread(text: str) -> int:
    """How many sentences of a text are too long to be somebody's, and are left out."""
    return sum(last - first > LONGEST for first, last in _stretches(text)) if len(text) > LONGEST else 0


@lru_cache(2)  # a text is asked for its sentences, and for what is unread of it
def _stretches(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    masked = text
    if text.count('"') > 1:
        masked = _QUOTES.sub(lambda match: _QUOTE * len(match.group()), text)
    fenced = "```" in masked or "~~~" in masked
    for start, end in _open(masked, _FENCE) if fenced else ((0, len(masked)),):
        at = start
        for line in _unwrapped(masked[start:end].split("\n")):
            if line.strip(_QUOTE + " \t.,;:") and not _QUOTED.match(line):
                found += [(at + first, at + last) for first, last in _of_line(line)]
            at += len(line) + 1
    return found


def flat(text: str) -> str:
    """A sentence on one line."""
    return _BREAK.sub(" ", text) if "\n" in text else text


def own(text: str, *, handed: bool = False) -> Iterator[tuple[int, int]]:
    """Stretches of a user's message the user wrote: no host's blocks, nothing pasted behind `got this feedback:`.

    handed: all of it is the user's, as a plan is that is handed over.
    """
    if _HOST_TEXT.match(text):
        given = _arguments_at(text)
        if given is not None:
            yield given, len(text)
        return
    at = 0
    for _ in range(_MOST_PASTED):
        rest = text[at:]
        introduced = None if handed else introduced_at(rest)
        stop = len(rest) if introduced is None else introduced
        for start, end in _open(rest, _HOST_BLOCK):
            if start < stop:
                yield at + start, at + min(end, stop)
        at = len(text) if introduced is None else at + resumed_at(rest, introduced)
        if at >= len(text):
            return


def resumed_at(text: str, introduced: int) -> int:
    """Where the user speaks again behind what somebody else said; the end where that was the last of it."""
    again = _RESUMES.search(text, introduced)
    return len(text) if again is None else again.end()


def introduced_at(text: str) -> int | None:
    """Where what somebody else said begins, in a message that says so: `got this feedback:`."""
    for colon in _COLON.finditer(text):
        line = text.rfind("\n", 0, colon.start()) + 1
        if len(text) - colon.end() <= _SAID_LEAST:
            break
        if _INTRODUCES.search(text, line, colon.end()):
            blank = _BLANK.match(text, colon.end())
            at = blank.end() if blank else colon.end()
            return at if len(text) - at > _SAID_LEAST else None
    return None


def is_hosts(text: str) -> bool:
    """Whether a message of the user's role is a host's altogether."""
    return _HOST_TEXT.match(text) is not None and _arguments_at(text) is None


def _arguments_at(text: str) -> int | None:
    at = text.rfind(_ARGUMENTS) if text.startswith(_SKILL) else -1
    return None if at < 0 else at + len(_ARGUMENTS)


def without_tags(text: str) -> str:
    """The text with the tags around a command's arguments blanked, nothing moved."""
    return _ARGS.sub(lambda match: "\n" * len(match.group()), text)


def _open(text: str, closed: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    at = 0
    for match in closed.finditer(text):
        yield at, match.start()
        at = match.end()
    yield at, len(text)


def _unwrapped(lines: list[str]) -> Iterator[str]:
    """Lines, those joined that a terminal or an editor wrapped: what goes on in the next is one line's."""
    whole = lines[0]
    last = whole
    for line in lines[1:]:
        if (
            len(last) >= _LEAST
            and _is_open(last)
            and _GOES_ON.match(line)
            and not _QUOTED.match(last)
            and _wraps(last, line)
        ):
            whole += "\n" + line
        else:
            yield whole
            whole = line
        last = line
    yield whole


def _is_open(line: str) -> bool:
    last = line.rstrip(" \t")[-1:]
    return last not in _ENDS and bool(last) and not last.isspace()


def _wraps(line: str, following: str) -> bool:
    """Whether a line was full, so that the next goes on with it: width counts double in East Asian scripts."""
    begins = following.lstrip()
    width = len(line.rstrip()) + len(_WIDE.findall(line))
    first = len(re.split(r"\s", begins, maxsplit=1)[0])
    hung = len(following) - len(begins) >= 2 and not line[:1].isspace()
    # an export fills a terminal's lines with spaces
    padded = line[-1] == " " and width + first >= _FULL and begins[0].isalnum()
    return (
        _NARROW <= width <= _BROAD
        and (begins[0].islower() or _WIDE.match(begins) is not None or hung or padded)
        and (width + first >= _FULL or line[-1] == " ")
    )


def _of_line(line: str) -> list[tuple[int, int]]:
    """Where the sentences of a line begin and end, white space and a list's marker left out."""
    marker = _MARKER.match(line)
    begin = marker.end() if marker else 0
    ended = begin
    found = []
    for mark in _MARK.finditer(line, max(0, begin - 1)):
        if mark.end() < ended:
            continue
        match = _END.match(line, mark.end())
        if match is None:
            continue
        ended = match.end()
        if line[match.start() - 1] == "." and _ABBREVIATED.search(
            line[max(begin, match.start() - _ABBREVIATION) : match.start()]
        ):
            continue
        found.append((begin, match.start()))
        begin = match.end()
    found.append((begin, len(line)))
    return [
        _bare(line, first, last) for first, last in found if not line[first:last].isspace() and first < last
    ]


def _bare(line: str, begin: int, end: int) -> tuple[int, int]:
    """A stretch of a line without the white space around it."""
    body = line[begin:end]
    return begin + len(body) - len(body.lstrip()), begin + len(body.rstrip())
