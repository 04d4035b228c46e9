"""What in a user's message is somebody else's: lines of logs and of code, a text that was pasted."""

import re

from memlog.query.facts.english_wishes import IMPERATIVE
from memlog.query.facts.gate import words_of
from memlog.query.facts.languages import ENGLISH, cues
from memlog.query.facts.sentences import Sentence

_SHORTEST = 3  # characters of a sentence that is worth a fact
_PICKS = re.compile(r"\d{1,2}\.?")  # what was offered, by its number
OTHER = re.compile(r"[\u0400-\u04ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
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
_REPORTS = re.compile(
    r"^(?:consider|note that|the (?:test|function|code|calculation|explicit|default|current)\b)", re.I
)


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


def looks_pasted(text: str) -> bool:
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
    """Whether a text is lines of a program's or a page's: many, hardly one a sentence or an item."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) < _LOG_LINES:
        return False
    written = sum(map(_is_written, lines))
    return written < len(lines) / 4


def _is_written(line: str) -> bool:
    """Whether a line ends as a sentence does, or is an item or a title."""
    if line[:1] in "-*#":
        return line[:3] not in ("---", "***", "##[")
    if OTHER.search(line):
        return line[-1] in ".!?:,;。！？：，、"
    return line[-1] in ".!?:," and line.count(" ") >= _WORDY
