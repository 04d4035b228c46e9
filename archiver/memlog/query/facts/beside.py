"""Lines told by where they stand: over an arrow to a place in code, below `panicked at`, in an object."""

import re
from itertools import islice

# Without one of these in a text its patterns are not asked.
_ARROWS = ("-->", "─[", ",-[", "╭▸")
_ANNOUNCES = (
    "panicked at",
    "Caused by:\n",
    "error: |",
    "error: >",
    "Error Message:",
    "invocation:",
    "Description:\n",
)
_FIELDS = (
    "code: '",
    'code: "',
    "code: 4",
    "code: 5",
    "status: 4",
    "status: 5",
    "Code: 4",
    "Code: 5",
    "Text: ",
    "error: '",
    'error: "',
    "Message: '",
    "{ error",
    "{ message",
    "rror] {",
    "rror: {",
    "Status: '",
)
# What a compiler draws below the sentence that says what is wrong: where.
_ARROW = re.compile(r"^[ \t|│]*(?:-->|[╭┌,][─-]+\[|╭▸) ?\S", re.M)
_HEADLINE = re.compile(r"[ \t]*(?:[×x✖✘⨯] |(?:error|ERROR)\b|\w+(?:[-/]\w+)*: |[A-Z]{1,8}\d{2,5}\b )\S")
_MILD = re.compile(r"[ \t]*(?:warning|note|help|info|hint|remark|advice|!|⚠)(?:\W|$)")
# A line that announces what the next one says.
_ANNOUNCED = re.compile(
    r"^[ \t]*(?:thread '[^\n]{1,200}panicked at [^\n]{1,200}:|Caused by:|(?:error|message): [|>]-?"
    r"|Error Message:|Invalid `[^\n`]{1,100}` invocation:|\*+\n[A-Z ]+\n\*+\n+Description:)"
    r"[ \t]*\r?\n\s*(\S[^\n]*)",
    re.M,
)
_CAUSES = re.compile(r"^Caused by:[ \t]*\n((?:[ \t]+\d+: [^\n]+\n?)+)", re.M)
_CAUSE = re.compile(r"^[ \t]+\d+: (?=\S)", re.M)
# An object as JavaScript prints it: what it holds is told by a line that names a failure.
_FIELD = re.compile(
    r"^[ \t]*(?:code: (?:'[A-Z][A-Z_]*\d*'|\"[A-Z][A-Z_]*\d*\"|[45]\d\d\b)|(?:status|statusCode): [45]\d\d\b"
    r"|statusText: ['\"](?!OK)\w"
    r"|\w*[eE]rror\w*: ['\"]\S|\[?[\w ]{0,40}[eE]rror\]?:? \{$|data: \{ (?:error|message)\w*: ).*$",
    re.M,
)
_BESIDE = re.compile(r"^[ \t]*(?:message|details|reason|hint|detail): ['\"]\w.*$", re.M)
_NEAR = 300  # characters between lines of an object
_MOST_FIELDS = 100
# A formatter's list of what it would change.
_UNFORMATTED = re.compile(r"^\[warn\] \S+\.\w+$", re.M)


def told(text: str) -> frozenset[int]:
    """Where lines begin that say what failed, as the lines around them tell."""
    found: set[int] = set()
    if any(arrow in text for arrow in _ARROWS):
        found.update(_headlines(text))
    if any(word in text for word in _ANNOUNCES):
        found.update(_start(text, match.start(1)) for match in _ANNOUNCED.finditer(text))
        for causes in _CAUSES.finditer(text):
            found.update(causes.start(1) + one.start() for one in _CAUSE.finditer(causes[1]))
    if any(field in text for field in _FIELDS):
        fields = [match.start() for match in islice(_FIELD.finditer(text), _MOST_FIELDS)]
        found.update(fields)
        if fields:
            found.update(
                match.start()
                for match in _BESIDE.finditer(text)
                if any(abs(match.start() - at) < _NEAR for at in fields)
            )
    if "Checking formatting" in text:
        found.update(match.start() for match in _UNFORMATTED.finditer(text))
    return frozenset(found)


def _headlines(text: str) -> set[int]:
    found = set()
    for match in _ARROW.finditer(text):
        end = match.start() - 1
        start = text.rfind("\n", 0, end) + 1 if end > 0 else 0
        if end > start and _HEADLINE.match(text, start, end) and not _MILD.match(text, start, end):
            found.add(start)
    return found


def _start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1
