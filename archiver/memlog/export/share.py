"""A profile for sharing: paths, users, hosts, addresses become placeholders that stay the same throughout.

It hides where and by whom, not what was said: prose that names a person or a product in words stays.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

KINDS = ("email", "path", "user", "host", "ip")

_EMAIL = r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
_PART = r"[^\s/\\\"'`<>|:;,()\[\]{}*?\x00-\x1f]+"
# Absolute, of a home, of a drive; relative where a folder precedes a name with an ending.
_PATH = (
    rf"(?:(?<![\w/.:>~\\-])~?(?:/{_PART})+/?|(?<![\w\\])[A-Za-z]:(?:\\{{1,2}}{_PART})+"
    rf"|(?<![\w/.:@\\-])(?:\.{{1,2}}/)*(?:[\w.@+-]+/)+[\w.@+-]*\.[A-Za-z]\w{{0,7}}\b)"
)
_IP4 = r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)"
_IP6 = r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"
_URL = r"[A-Za-z][A-Za-z0-9+.-]*://"
_AT_HOST = r"(?<![\w.+-])[a-z_][a-z0-9_-]{1,31}@[A-Za-z0-9-]{2,63}(?=[:\s]|$)"
_SHAPES = re.compile(
    f"(?P<email>{_EMAIL})|(?P<at>{_AT_HOST})|(?P<ip>{_IP4}|{_IP6})|(?P<url>{_URL})|(?P<path>{_PATH})"
)
# Where one of them may stand: most words of a text are passed over at their first letter.
_TOKEN = re.compile(r"(?<!\S)[^\s/@\\.:]*[/@\\.:]\S*")
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})([A-Za-z0-9._-]{2,64})")
_SIGNED = re.compile(rf"((?:[^\W\d_][\w.'-]{{0,30}}[ \t]){{0,3}}[^\W\d_][\w.'-]{{1,30}})[ \t]+<(?:{_EMAIL})>")
_NUMBERED = re.compile(r"(.*?\.[A-Za-z]\w{0,7})(-\d+-)(.*)", re.DOTALL)
_VERSION = re.compile(r"v?\d")
_DIGIT = re.compile(r"[0-9]|::")
# Names everybody has say nothing of anybody, and stand in words of their own.
_ANYBODYS = frozenset(
    [
        "root",
        "user",
        "users",
        "admin",
        "runner",
        "ubuntu",
        "debian",
        "agent",
        "node",
        "work",
        "home",
        "public",
        "shared",
        "default",
        "guest",
        "test",
        "dev",
        "git",
        "www",
        "localhost",
        "app",
        "build",
        "data",
        "code",
        "src",
        "tmp",
        "var",
        "usr",
        "opt",
        "the",
        "and",
        "for",
        "with",
        "from",
        "author",
        "co-authored-by",
    ]
)
_OPEN = ("/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/bin/sh", "/bin/bash", "/usr/bin/env")
# Columns whose values are JSON: escapes would hide where a name begins.
_JSON = frozenset(("extra", "data", "omitted"))
_FIXED = frozenset(("digest", "ring_id", "ts", "kind", "role", "agent"))


class Share:
    """Placeholders given so far, and how many of which kind were put in."""

    def __init__(self, names: Iterable[str] = (), hosts: Iterable[str] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self._given: dict[tuple[str, str], str] = {}
        self._last: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        for kind, found in (("user", names), ("host", hosts)):
            for name in found:
                self._learn(kind, name)

    def learn(self, text: str) -> None:
        """Notice users whom a text names as such: whose home it is, who signed, who is at which host."""
        if "/home/" in text or "Users" in text:
            for found in _HOME.finditer(text):
                self._learn("user", found[1])
        if "@" in text:
            for found in _SIGNED.finditer(text):
                self._learn("user", found[1])
            for found in re.finditer(_AT_HOST, text):
                user, _, host = found[0].partition("@")
                if not _VERSION.match(host):
                    self._learn("user", user)
                    self._learn("host", host)

    def text(self, text: str) -> str:
        """The text with placeholders."""
        text = _TOKEN.sub(self._token, text)
        low = text.lower()
        # Most texts have no name in them, and to look is far cheaper than an alternation of all.
        here = tuple(name for name in self._names if name in low)
        return _words(here).sub(self._word, text) if here else text

    def value(self, value: Any) -> Any:
        """A value of JSON with placeholders in its strings, those of keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(one) for key, one in value.items()}
        return value

    def row(self, columns: Iterable[str], row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row with placeholders in its texts; digests, times and words of ours stay."""
        return tuple(
            self._column(name, value) if isinstance(value, str) and name not in _FIXED else value
            for name, value in zip(columns, row, strict=True)
        )

    def _column(self, name: str, value: str) -> str:
        if name in _JSON and value[:1] in "{[":
            try:
                return json.dumps(self.value(json.loads(value)), ensure_ascii=False)
            except (ValueError, RecursionError):
                pass
        return self.text(value)

    def _token(self, found: "re.Match[str]") -> str:
        said = found[0]
        if "/" in said or "@" in said or "\\" in said or _DIGIT.search(said):
            return _SHAPES.sub(self._shape, said)
        return said

    def _shape(self, found: "re.Match[str]") -> str:
        kind, said = str(found.lastgroup), found[0]
        if kind == "url":
            return said
        if kind == "at":
            user, _, host = said.partition("@")
            if _VERSION.match(host):  # of an action, a package
                return said
            return f"{self._put('user', user)}@{self._put('host', host)}"
        if kind == "path":
            return self._path(said)
        if kind == "ip" and not _is_somebodys(said):
            return said
        return self._put(kind, said.lower() if kind == "email" else said)

    def _path(self, said: str) -> str:
        if said.startswith(_OPEN) or said.strip("/") == "" or len(said) < 3:
            return said
        numbered = _NUMBERED.match(said)
        if numbered is not None:  # as grep -C shows a line beside a match
            return self._path(numbered[1]) + numbered[2] + self.text(numbered[3])
        end = "" if said[-1] not in "./\\" else said[-1]
        body = said[: len(said) - len(end)]
        ending = os.path.splitext(body)[1]
        # /word alone is a command of the agent or half of "and/or", unless it is a folder of the system
        if body.count("/") == 1 and body[0] == "/" and not ending:
            return said
        return self._put("path", body, ending if len(ending) <= 8 else "") + end

    def _put(self, kind: str, said: str, ending: str = "") -> str:
        self.counts[kind] += 1
        key = (kind, said.lower() if kind in ("user", "host") else said)
        if key not in self._given:
            self._last[kind] += 1
            self._given[key] = f"<{kind}-{self._last[kind]}{ending}>"
        return self._given[key]

    def _learn(self, kind: str, name: str) -> None:
        for word in (name, *name.split()):
            low = word.lower().strip(".-_'")
            if len(low) >= 3 and low not in _ANYBODYS and not low.isdigit() and low not in self._names:
                self._names[low] = kind

    def _word(self, found: "re.Match[str]") -> str:
        return self._put(self._names.get(found[0].lower(), "user"), found[0])


@lru_cache(256)
def _words(names: tuple[str, ...]) -> "re.Pattern[str]":
    listed = sorted(map(re.escape, names), key=len, reverse=True)
    # not of a longer word; a name may be one of the words of snake_case
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(listed)})(?![A-Za-z0-9])", re.IGNORECASE)


def _is_somebodys(said: str) -> bool:
    """Whether it is an address of a machine, not of every machine, nor a time or a name like a::b."""
    if ":" in said and sum(map(bool, said.split(":"))) < 3:
        return False
    try:
        found = ip_address(said)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)
