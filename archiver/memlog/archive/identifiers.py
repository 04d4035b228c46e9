"""Identifiers in parts: `parseRecords` is `parse Records`, `HTTPServer` is `HTTP Server`.

The index splits at every sign, so `parse_records`, `a/b/c.rs` and `--no-verify` need no help: whole they
are phrases. Only where capitals mark the parts must these be said. Every text passes here: what has no such
identifier costs two searches in its bytes.
"""

# Lower case, capitals and digits of ASCII; anything else in UTF-8 is a letter, the rest ends a word.
_CASES = b" " * 48 + b"0" * 10 + b" " * 7 + b"A" * 26 + b" " * 6 + b"a" * 26 + b" " * 5 + b"a" * 128
LONGEST = 64  # bytes; what is longer is data
MOST = 400  # identifiers of one text
_SHORTEST = 2.6  # letters a part has on average; below it is base64 and the like
_KNOWN_MOST = 50_000

_AROUND = "().,;:?!'\""  # of a sentence, not of a version

_known: dict[bytes, str] = {}


def parts(raw: bytes) -> str:
    """The parts of each identifier of a text, one identifier a line, each once."""
    cases = raw.translate(_CASES)
    if b"aA" in cases:
        humps: tuple[bytes, ...] = (b"aA", b"AAaa")
    elif b"AAaa" in cases:
        humps = (b"AAaa",)
    else:
        return ""
    found: dict[bytes, str] = {}
    find, rfind, known, left = cases.find, cases.rfind, _known, MOST
    for hump in humps:
        at = find(hump)
        while at >= 0 and left:
            stop = find(b" ", at)
            if stop < 0:
                stop = len(raw)
            word = raw[rfind(b" ", 0, at) + 1 : stop]
            if word not in found and len(word) <= LONGEST:
                found[word] = known[word] if word in known else _learn(word)
                left -= 1
            at = find(hump, stop)
    return "\n".join(filter(str.strip, found.values()))


def split(word: str) -> str:
    """The parts of one identifier, a space between them; the word itself where it has none."""
    out, start = [], 0
    for at in range(1, len(word)):
        if not _is_capital(word[at]):
            continue
        before, behind = word[at - 1], word[at + 1 : at + 3]
        if not _is_capital(before) or (len(behind) == 2 and all(c.islower() for c in behind)):
            out.append(word[start:at])
            start = at
    out.append(word[start:])
    return " ".join(out)


def alternatives(word: str) -> tuple[str, ...]:
    """Other ways a text may spell a word of a question: in parts, or a version without or with its v."""
    if word.isascii():
        if "." in word:
            bare = word.strip(_AROUND)
            if bare[:1].isdigit() and is_version(bare):
                return (f"v{bare}",)
            if bare[:1] in ("v", "V") and bare[1:2].isdigit() and is_version(bare):
                return (bare[1:],)
        if not (word.islower() or word.isupper()) and len(word) <= LONGEST:
            apart = split(word)
            if apart != word:
                return (apart,)
    return ()


def is_version(word: str) -> bool:
    """Whether digits stand on both sides of a dot: the index takes `1.2` for `1 2`."""
    at = word.find(".")
    while at >= 0:
        if word[at - 1 : at].isdigit() and word[at + 1 : at + 2].isdigit():
            return True
        at = word.find(".", at + 1)
    return False


def _learn(word: bytes) -> str:
    text = word.decode("utf-8", "replace")
    apart = split(text)
    pieces = apart.count(" ") + 1
    if pieces == 1 or len(text) / pieces < _SHORTEST:
        apart = " "
    if len(_known) >= _KNOWN_MOST:
        _known.clear()
    _known[word] = apart
    return apart


def _is_capital(c: str) -> bool:
    return "A" <= c <= "Z"
