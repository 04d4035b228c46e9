"""Private keys in a text: whole PEM blocks, and those cut off before their end.

Loaded where a text says PRIVATE KEY.
"""

import re
from collections.abc import Iterator

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BODY = re.compile(r"[A-Za-z0-9+/=]{24,}")
# A key cut off before its end: lines of base64, perhaps numbered or with escaped line ends.
_LINES = re.compile(r"(?:(?:\\{1,4}[rn]|[\s\d>|:\u2192,\"'#-])*[A-Za-z0-9+/=]{24,}){1,200}")
_LONGEST = 20_000


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where PEM blocks with a body stand; a part is looked at once, however many BEGINs the text has."""
    at, last = 0, _BEGIN.search(text)
    closing = _END.search(text)
    while last is not None:
        start, at = last.span()
        while closing is not None and closing.start() < at:
            closing = _END.search(text, closing.end())
        following = _BEGIN.search(text, at)
        limit = min(at + _LONGEST, following.start() if following else len(text))
        if closing is not None and closing.start() <= limit:
            if _BODY.search(text, at, closing.start()):
                yield start, closing.end()
                at = closing.end()
        else:
            cut = _LINES.match(text, at, limit)
            if cut:
                yield start, cut.end()
                at = cut.end()
        last = _BEGIN.search(text, at)
