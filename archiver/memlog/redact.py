"""Credentials out of texts: a typed marker stands where one was, and it is counted.

One pass of literals over the raw bytes decides which rules run at all; a rule is
anchored on its literal. No rule matches a marker, so redacting twice changes nothing.
What was found is never logged, stored or returned.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from memlog.record import Record

Counts = dict[str, int]


class Rule:
    """One sort of credential.

    literals: one of them stands in every match. patterns: what is replaced is the group `secret`,
    or the whole match where there is none. window: characters around a literal within which a
    match lies; 0: the pattern begins with its literal and needs none. keyed: a whole value under a
    telling key may be one.
    """

    __slots__ = ("keyed", "literals", "name", "patterns", "window")

    def __init__(
        self, name: str, literals: tuple[str, ...], patterns: tuple[str, ...],
        window: tuple[int, int] = (0, 0), keyed: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self.literals = literals
        self.patterns = patterns
        self.window = window
        self.keyed = keyed


_EDGE = r"(?<![A-Za-z0-9])"
_WORD_EDGE = r"(?<![A-Za-z0-9_-])"  # a match may start at one place of a run: no text takes quadratic time
# Quotes may be escaped once or more: JSON inside a shell command inside JSON.
_ASSIGN = r"\\{0,3}[\"']?\s{0,4}(?:=>|:=|[:=])\s{0,4}\\{0,3}[\"']?"

RULES = (
    Rule("private-key", ("PRIVATE KEY",), ()),  # see private_keys.py
    Rule("aws", ("AKIA", "ASIA"), (_EDGE + r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",)),
    Rule(
        "github",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        (_EDGE + r"gh[pousr]_[A-Za-z0-9]{36,255}", _EDGE + r"github_pat_[A-Za-z0-9_]{22,255}"),
    ),
    Rule("anthropic", ("sk-ant-",), (_EDGE + r"sk-ant-[A-Za-z0-9_-]{16,}",)),
    Rule(
        "openai",
        ("sk-",),
        (
            _WORD_EDGE + r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}|or-v1-[0-9a-f]{32,}"
            r"|[A-Za-z0-9]{32,})",
        ),
    ),
    Rule(
        "slack",
        ("xox", "xapp-", "hooks.slack.com/services/"),
        (
            _EDGE + r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
            _EDGE + r"xapp-\d-[A-Za-z0-9-]{10,}",
            r"hooks\.slack\.com/services/(?P<secret>T[A-Za-z0-9_]{4,}/B[A-Za-z0-9_]{4,}/[A-Za-z0-9_]{16,})",
        ),
    ),
    Rule("stripe", ("k_live_", "k_test_"), (_EDGE + r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,}",)),
    Rule(
        "google",
        ("AIza", "GOCSPX-"),
        (_EDGE + r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])", _EDGE + r"GOCSPX-[0-9A-Za-z_-]{20,}"),
    ),
    Rule("gitlab", ("glpat-",), (_EDGE + r"glpat-[A-Za-z0-9_-]{20,}",)),
    Rule("npm", ("npm_",), (_EDGE + r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])",)),
    Rule("pypi", ("pypi-",), (_EDGE + r"pypi-[A-Za-z0-9_-]{50,}",)),
    Rule("huggingface", ("hf_",), (_EDGE + r"hf_[A-Za-z0-9]{34,}",)),
    Rule(
        "vendor",
        (
            "_v1_", "_api_", "_pat_", "SG.", "hvs.", "gsk_", "shpat_", "shpss_", "shpca_", "shppa_", "glsa_",
            "dapi", "AGE-SECRET-KEY-1", "ATATT3",
        ),
        (
            _EDGE + r"(?:do[opr]_v1_[a-f0-9]{64}|lin_api_[A-Za-z0-9]{32,}|dckr_pat_[A-Za-z0-9_-]{20,}"
            r"|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}|hvs\.[A-Za-z0-9_-]{24,}|gsk_[A-Za-z0-9]{40,}"
            r"|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}|glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}"
            r"|dapi[a-f0-9]{32}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|ATATT3[A-Za-z0-9_=-]{60,})",
        ),
    ),
    Rule("jwt", (".eyJ",), (_WORD_EDGE + r"eyJ[\w-]{8,8192}\.eyJ[\w-]{8,}\.[\w-]{8,}",)),
    Rule(
        "url-password",
        ("://",),
        (r"://[^\s:/@\"'<>\\]{0,128}:(?P<secret>(?![$%{<*\[.]|x{3})[^\s/@\"'<>\\`]{3,256})@",),
    ),
    Rule(
        "bearer",
        ("earer ", "EARER ", "uthorization", "UTHORIZATION"),
        (
            r"(?i)\bauthorization" + _ASSIGN + r"(?:basic|token|apikey)\s{1,4}"
            r"(?P<secret>[A-Za-z0-9._~+/=-]{8,4096})",
            r"(?i)\bbearer\s{1,4}(?P<secret>(?=[A-Za-z._~+/=-]{0,200}\d)[A-Za-z0-9._~+/=-]{20,4096})",
        ),
        window=(8, 4_200),
    ),
    Rule(
        "password",
        ("assword", "ASSWORD", "asswd", "ASSWD", "assphrase", "ASSPHRASE", "pwd", "PWD"),
        (
            r"(?i)(?:password|passwd|passphrase|pwd)" + _ASSIGN + r"(?P<secret>"
            r"(?=[^\s\"'`\\,;()<>{}\[\]$&|]{0,200}\d)(?=[^\s\"'`\\,;()<>{}\[\]$&|]{0,200}[A-Za-z])"
            r"[^\s\"'`\\,;()<>{}\[\]$&|./][^\s\"'`\\,;()<>{}\[\]$&|]{7,255}+)(?![(\[])",
            # a line of .netrc: nothing else says all three words in this order
            r"\b(?:machine\s{1,8}[^\s]{1,253}|default)\s{1,8}login\s{1,8}[^\s]{1,128}\s{1,8}password\s{1,8}"
            r"(?P<secret>[^\s\"'`\\<>{}$]{6,255})",
        ),
        window=(440, 400),
        keyed=True,
    ),
    Rule(
        "secret",
        (
            "api_key", "API_KEY", "apiKey", "ApiKey", "apikey", "APIKEY", "api-key", "Api-Key", "API-KEY",
            "ecret", "ECRET", "ccess_key", "CCESS_KEY", "ccessKey", "access-key",
            "_token", "_TOKEN", "Token", "-token", "ccountKey",
        ),
        (
            r"(?i)(?:api[_-]?key|access[_-]?key(?:[_-]?id)?|secret[_-]?(?:access[_-]?)?key|client[_-]?secret"
            r"|account[_-]?key|(?:auth|access|refresh|session|bearer|api|id|bot|deploy|private)[_-]?token|secret)"
            + _ASSIGN + r"(?P<secret>(?=[A-Za-z_\-+/=~]{0,256}\d)(?=[0-9_\-+/=~]{0,256}[A-Za-z])"
            r"[A-Za-z0-9_+][A-Za-z0-9_\-+/=~]{19,511}+)(?![(\[.])",
        ),
        window=(24, 700),
        keyed=True,
    ),
)  # fmt: skip

# A letter or digit of a literal may be written as an escape, and a slash as `\/`.
_ESCAPE = rb"\\u00[2-7]|\\/"
# Literals that are on every other line, and what makes them worth a rule.
_WORTH = {
    "://": rb"://[^\s:/@\"'<>\\]{0,128}:[^\s/@\"'<>\\`]{3,256}@",
    "_token": rb"_token[^s]",  # input_tokens and its like
}
# In much data a pass counts: literals that begin alike are one pattern, which is searched for as fast as a
# literal (bytes here; a str is looked for as it is, in half the time of a pattern and without compiling
# one). A rule that is not here has few literals and is looked for by them. Compiling takes longer than
# looking through a small tail.
_LARGE = 1 << 16
# A twentieth of a transcript is capitals: what has none of a literal's in a row has no such literal.
_NO_CAPITALS = bytes(n for n in range(256) if not 0x41 <= n <= 0x5A)
_FAMILIES: dict[str, tuple[str | bytes, ...]] = {
    "github": (rb"gh[pousr]_", "github_pat_"),
    "stripe": (rb"k_(?:live|test)_",),
    "vendor": (
        # as long as it takes to tell them from names of functions: the pattern is compiled where one hits
        rb"_(?:v1_[a-f0-9]{16}|api_[A-Za-z0-9]{16}|pat_[A-Za-z0-9_-]{16})", rb"SG\.[\w-]{16,32}\.",
        rb"hvs\.[\w-]{8}", rb"gsk_[A-Za-z0-9]{8}", rb"shp(?:at|ss|ca|pa)_[a-fA-F0-9]{8}",
        rb"glsa_[A-Za-z0-9]{8}", rb"dapi[a-f0-9]{32}", "AGE-SECRET-KEY-1", "ATATT3",
    ),
    "url-password": (_WORTH["://"],),
    "password": (rb"ass(?:word|wd|phrase)", "ASSWORD", "ASSWD", "ASSPHRASE", "pwd", "PWD"),
    "secret": (
        rb"pi(?:_k|K|k|-k|-K)ey", "PI-Key", "API_KEY", "APIKEY", "API-KEY", "ecret", "ECRET",
        rb"ccess(?:_k|K|-k)ey", "CCESS_KEY", _WORTH["_token"], "_TOKEN", "Token", "-token", "ccountKey",
    ),
}  # fmt: skip

_compiled: dict[str, re.Pattern[str]] = {}


def _pattern(source: str) -> re.Pattern[str]:
    found = _compiled.get(source)
    if found is None:
        found = _compiled[source] = re.compile(source)
    return found


class Hits:
    """Where in lines of JSON a rule may match, asked for line by line in order."""

    __slots__ = ("_at", "_found")

    def __init__(self, data: bytes) -> None:
        find = _finder(data)
        found = [(at, number) for number, rule in enumerate(RULES) for at in find(rule, data)]
        if b"\\u00" in data or b"\\/" in data:
            found += [(at, -1) for at in _matches(_ESCAPE, data)]
        self._found = sorted(found)
        self._at = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    def before(self, stop: int) -> tuple[Rule, ...]:
        """The rules that may match before this offset and after that of the last call, in their order."""
        first = self._at
        while self._at < len(self._found) and self._found[self._at][0] < stop:
            self._at += 1
        numbers = {number for _, number in self._found[first : self._at]}
        return RULES if -1 in numbers else tuple([RULES[number] for number in sorted(numbers)])


def _finder(data: bytes) -> Callable[[Rule, bytes], Iterator[int]]:
    if len(data) < _LARGE:
        return _in_small
    capitals = data.translate(None, _NO_CAPITALS)
    return lambda rule, data: _in_large(rule, data, capitals)


def _in_small(rule: Rule, data: bytes) -> Iterator[int]:
    """Offsets of the rule's literals, one a line and literal."""
    for word in rule.literals:
        literal = word.encode()
        if word in _WORTH:
            if literal in data:
                yield from _matches(_WORTH[word], data)
        else:
            yield from _places(literal, data)


def _in_large(rule: Rule, data: bytes, capitals: bytes) -> Iterator[int]:
    for family in _FAMILIES.get(rule.name, rule.literals):
        if isinstance(family, bytes):
            yield from _matches(family, data)
        elif (literal := family.encode()).translate(None, _NO_CAPITALS) in capitals:
            yield from _places(literal, data)


def _places(literal: bytes, data: bytes) -> Iterator[int]:
    """Offset of the first such literal in each line that has one."""
    at = data.find(literal)
    while at >= 0:
        yield at
        newline = data.find(b"\n", at)
        at = data.find(literal, newline) if newline >= 0 else -1


def _matches(pattern: bytes, data: bytes) -> Iterator[int]:
    """Offset of the first match in each line that has one."""
    search = re.compile(pattern).search
    found = search(data)
    while found:
        yield found.start()
        newline = data.find(b"\n", found.start())
        found = search(data, newline) if newline >= 0 else None


def rules_for(data: bytes) -> tuple[Rule, ...]:
    """The rules that may match in these bytes of text."""
    find = _finder(data)
    return tuple([rule for rule in RULES if next(find(rule, data), None) is not None])


def marker(rule: str) -> str:
    """What stands in a text where a credential was."""
    return f"[redacted:{rule}]"


def redact_text(text: str, rules: Sequence[Rule] = RULES) -> tuple[str, Counts]:
    """The text with markers, and how many of which rule."""
    counts: Counts = {}
    return put_markers(text, rules, counts), counts


def put_markers(text: str, rules: Sequence[Rule], counts: Counts, *, raw: bool = False) -> str:
    """The text with markers, added to the counts. raw: bytes of anything, a character each."""
    for rule in rules:
        for word in rule.literals:
            if word in text:
                text = _apply(rule, text, counts, raw) if rule.patterns else _private_keys(text, counts)
                break
    return text


def _apply(rule: Rule, text: str, counts: Counts, raw: bool) -> str:
    for source in rule.patterns:
        # Before a text in binary data stands its length, which may look like a letter.
        pattern = _pattern(source.replace(_EDGE, "").replace(_WORD_EDGE, "") if raw else source)
        group = "secret" if "secret" in pattern.groupindex else 0
        spans = [
            found.span(group)
            for start, stop in _windows(rule, text)
            for found in pattern.finditer(text, start, stop)
        ]
        text = _replace(text, iter(spans), rule.name, counts)
    return text


def _windows(rule: Rule, text: str) -> list[tuple[int, int]]:
    """Where matches may lie: a pattern that ignores case has no literal to search by, and takes its time."""
    before, after = rule.window
    if not after or len(text) <= after:
        return [(0, len(text))]
    places = []
    for word in rule.literals:
        at = text.find(word)
        while at >= 0:
            places.append(at)
            at = text.find(word, at + 1)
    windows: list[tuple[int, int]] = []
    for at in sorted(places):
        start, stop = max(0, at - before), min(len(text), at + after)
        if windows and start <= windows[-1][1]:
            start, _ = windows.pop()
        windows.append((start, stop))
    return windows


def _replace(text: str, spans: Iterator[tuple[int, int]], name: str, counts: Counts) -> str:
    pieces, at = [], 0
    for start, stop in spans:
        pieces += [text[at:start], marker(name)]
        at = stop
        counts[name] = counts.get(name, 0) + 1
    return "".join(pieces) + text[at:] if pieces else text


def _private_keys(text: str, counts: Counts) -> str:
    from memlog.private_keys import spans

    return _replace(text, spans(text), "private-key", counts)


def redact_value(value: Any, rules: Sequence[Rule], counts: Counts, key: str = "") -> Any:
    """The value with every string leaf redacted; a leaf under a telling key as `key: leaf`."""
    if isinstance(value, str):
        text = put_markers(value, rules, counts)
        return _keyed(text, key, rules, counts) if key and text == value else text
    if isinstance(value, dict):
        return {k: redact_value(v, rules, counts, k if isinstance(k, str) else "") for k, v in value.items()}
    if isinstance(value, list):
        return [redact_value(v, rules, counts, key) for v in value]
    return value


def _keyed(text: str, key: str, rules: Sequence[Rule], counts: Counts) -> str:
    if len(text) > 300 or len(text) < 8:
        return text
    for rule in rules:
        if rule.keyed and any(word in key for word in rule.literals):
            found = _pattern(rule.patterns[0]).search(f"{key}: {text}")
            if found and found.span("secret") == (len(key) + 2, len(key) + 2 + len(text)):
                counts[rule.name] = counts.get(rule.name, 0) + 1
                return marker(rule.name)
    return text


def redact_record(record: Record, rules: Sequence[Rule]) -> Record:
    """The record with text and rest redacted, and the markers counted in it."""
    counts: Counts = dict(record.redacted)
    text = put_markers(record.text, rules, counts)
    rest = redact_value(record.rest, rules, counts) if isinstance(record.rest, Mapping) else record.rest
    return record._replace(text=text, rest=rest, redacted=counts) if counts else record
