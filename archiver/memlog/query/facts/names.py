"""Links and identifiers a text names."""

import re
from collections.abc import Iterator

from memlog.query.facts.calls import Found

_URL = re.compile(r"\bhttps?://[^\s<>\"'`|\\^{}\[\]\x00-\x1f]+")
# Both begin with their first character, not with what must not precede it: that is twice as fast.
_UUID = re.compile(r"[0-9a-f](?<!\w.)[0-9a-f]{7}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_UUID_DASHES = 4
_TICKET = re.compile(
    r"[A-Zpi#](?<![\w/#&].)(?:(?<=[A-Z])[A-Z]{1,9}-\d{1,6}"
    r"|(?:(?<=P)R #|(?<=p)ull request #|(?<=i)ssue #|(?<=#))\d{1,6})\b"
)
# What stands in backquotes and is one name of a program's: `fooBar`, `foo_bar()`, `pkg.Foo`, a hash.
_NAME = re.compile(r"`([A-Za-z_$][\w$]*(?:(?:\.|::|->|#)[A-Za-z_$][\w$]*)*(?:\(\))?|[0-9a-f]{7,40})`")
_DASHED = re.compile(r"[A-Z]-\d")
_TRAILING = ".,;:!?)]}*_"


def urls(text: str) -> Iterator[Found]:
    """Links, without the sentence's punctuation behind them; a bracket that opens within stays."""
    if "://" not in text:
        return
    for match in _URL.finditer(text):
        value = match.group()
        while value[-1] in _TRAILING and not (value[-1] == ")" and value.count("(") >= value.count(")")):
            value = value[:-1]
        if len(value) > len("https://a"):
            yield Found("url", value, None, match.start(), match.start() + len(value))


def identifiers(text: str) -> Iterator[Found]:
    """Names of code in backquotes, UUIDs, issue and ticket numbers."""
    for pattern, group, may in (
        (_NAME, 1, "`" in text),
        (_UUID, 0, text.count("-") >= _UUID_DASHES),
        (_TICKET, 0, "#" in text or _DASHED.search(text)),
    ):
        for match in pattern.finditer(text) if may else ():
            yield Found("identifier", match.group(group), None, *match.span(group))
