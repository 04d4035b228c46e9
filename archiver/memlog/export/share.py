"""A profile for sharing: paths, users, hosts, addresses become placeholders that stay the same throughout.

It hides where and by whom, not what was said: prose that names a person or a product in words stays.
"""

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from memlog.export import persons, shapes

_TELLING = 7  # characters of a name that is nothing else by chance
_SHORT = 200  # characters of a text that is remembered
_MOST_PIECES, _QUOTES = 100_000, "\\\"'`"
KINDS = ("email", "path", "user", "host", "ip")

# Columns whose values are JSON: escapes would hide where a name begins.
_JSON = frozenset(("extra", "data", "omitted"))
_PATHS = frozenset(("project", "place", "path", "dir"))  # columns whose values are one path
_FIXED = frozenset(("digest", "ring_id", "ts", "kind", "role", "agent"))


class Share:
    """Placeholders given so far, and how many of which kind were put in."""

    def __init__(self, names: Iterable[str] = (), hosts: Iterable[str] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self._given: dict[tuple[str, str], str] = {}
        self._last: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._pieces: dict[str, str] = {}  # of paths with spaces
        self._plain: set[str] = set()  # short ones with nothing to hide: keys come again and again
        for kind, found in (("user", names), ("host", hosts)):
            for name in found:
                self._learn(kind, name)

    def learn(self, text: str) -> None:
        """Notice users whom a text names as such: whose home it is, who signed, who is at which host."""
        for name in persons.users(text):
            self._learn("user", name)
        for user, host in persons.logins(text):
            self._learn("user", user)
            self._learn("host", host)
        for name in persons.hosts(text):
            self._learn("host", name)

    def text(self, text: str) -> str:
        """The text with placeholders."""
        if text in self._plain:
            return text
        hidden = self._hidden(text)
        if hidden == text and len(text) <= _SHORT and len(self._plain) < _MOST_PIECES:
            self._plain.add(text)
        return hidden

    def _hidden(self, text: str) -> str:
        if " " in text and any(map(text.__contains__, shapes.MAYBE_SPACED)):
            text = shapes.SPACED.sub(self._spaced, text)
        text = shapes.TOKEN.sub(self._token, text)
        low = text.lower()
        # Most texts have no name in them, and to look is far cheaper than an alternation of all.
        here = tuple(filter(low.__contains__, self._names))
        if here:
            text = self._without(here, text, low) if text.isascii() else _words(here).sub(self._word, text)
        return shapes.DOMAIN.sub(_domain, text) if "<host-" in text else text

    def title(self, said: str) -> str:
        """A title with placeholders; a word it was cut in is left out, for half a name is none we know."""
        if said.endswith("…"):
            said = shapes.CUT.sub("…", said)
            for quote in "\"'`":  # nor is half a path with spaces
                if said.count(quote) % 2 and "/" in said[said.rindex(quote) :]:
                    said = f"{said[: said.rindex(quote)]}…"
        self.learn(said)
        return self.text(said)

    def path(self, said: str) -> str:
        """A value that is one path, with whatever spaces."""
        piece = self._pieces.get(said.strip(_QUOTES))
        if piece is not None:  # as a shell took it apart
            return self._path(piece)
        hidden = self._path(said) if shapes.WHOLE.match(said) and "\n" not in said else said
        return self.text(said) if hidden == said else hidden

    def value(self, value: Any) -> Any:
        """A value of JSON with placeholders in its strings, those of keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {
                self.text(key): self.path(one)
                if isinstance(one, str) and shapes.PATH_KEY.fullmatch(key)
                else self.value(one)
                for key, one in value.items()
            }
        return value

    def row(self, columns: Iterable[str], row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row with placeholders in its texts; digests, times and words of ours stay."""
        names = tuple(columns)
        whole = _PATHS | {"value"} if "kind" in names and row[names.index("kind")] == "file" else _PATHS
        return tuple(
            (self.path(value) if name in whole else self._column(name, value))
            if isinstance(value, str) and name not in _FIXED
            else value
            for name, value in zip(names, row, strict=True)
        )

    def _column(self, name: str, value: str) -> str:
        if name == "title":
            return self.title(value)
        if name in _JSON and value[:1] in "{[":
            try:
                return json.dumps(self.value(json.loads(value)), ensure_ascii=False)
            except (ValueError, RecursionError):
                pass
        return self.text(value)

    def _spaced(self, found: "re.Match[str]") -> str:
        before: str = found["named"] or found["key"] or ""
        said: str = found[0][len(before) :]
        if len(self._pieces) < _MOST_PIECES:
            self._pieces.update((piece.strip(_QUOTES), said) for piece in said.split()[1:])
        return before + self._path(said)

    def _token(self, found: "re.Match[str]") -> str:
        said = found[0]
        return shapes.SHAPES.sub(self._shape, said) if shapes.MARKED.search(said) else said

    def _shape(self, found: "re.Match[str]") -> str:
        kind, said = str(found.lastgroup), found[0]
        if kind == "url":
            return said
        if kind == "login":
            return f"{self._user(said[:-1].partition(':')[0])}@"
        if kind == "local":
            scheme, _, rest = said.partition("://")
            return f"{scheme}://{self._path('/' + rest.lstrip('/'))}"
        if kind == "at":
            user, _, host = said.partition("@")
            if shapes.VERSION.match(host):  # of an action, a package
                return said
            return f"{self._put('user', user)}@{self._put('host', host)}"
        if kind == "path":
            return self._path(said)
        if kind == "ip" and not shapes.is_somebodys(said):
            return said
        return self._put(kind, said.lower() if kind == "email" else said)

    def _user(self, name: str) -> str:
        return name if name.lower() in shapes.ANYBODYS else self._put("user", name)

    def _path(self, said: str) -> str:
        if said.startswith(shapes.OPEN) or said.strip("/") == "" or len(said) < 3:
            return said
        numbered = shapes.NUMBERED.match(said)
        if numbered is not None:  # as grep -C shows a line beside a match
            return self._path(numbered[1]) + numbered[2] + self.text(numbered[3])
        end = "" if said[-1] not in "./\\" else said[-1]
        body = said[: len(said) - len(end)]
        ending = os.path.splitext(body)[1]
        # /word alone is a command of the agent or half of "and/or", unless it is a folder of the system
        if body.count("/") == 1 and body[0] == "/" and not ending:
            return said
        return self._put("path", body, ending if ending[1:].lower() in shapes.ENDINGS else "") + end

    def _put(self, kind: str, said: str, ending: str = "") -> str:
        self.counts[kind] += 1
        key = (kind, unicodedata.normalize("NFC", said.lower()) if kind in ("user", "host") else said)
        if key not in self._given:
            self._last[kind] += 1
            self._given[key] = f"<{kind}-{self._last[kind]}{ending}>"
        return self._given[key]

    def _learn(self, kind: str, name: str) -> None:
        for word in (name, *name.replace("\\", "").split()):
            low = word.lower().strip(".,-_'")
            least = 3 if low.isascii() else 2
            if len(low) >= least and low not in shapes.ANYBODYS and not low.isdigit():
                for form in ("NFC", "NFD"):  # as the file systems of different machines spell it
                    spelt = unicodedata.normalize(form, low)
                    if spelt not in self._names:
                        self._names[spelt] = kind
                        self._plain.clear()

    def _without(self, names: Iterable[str], text: str, low: str) -> str:
        """An ASCII text without these names, as their pattern would give it. low: it in lower case.

        Each text has names of its own, and to compile them takes as long as all the rest.
        """
        found: list[tuple[int, int]] = []
        for name in names:
            size, at = len(name), low.find(name)
            while at >= 0:
                if size >= _TELLING or not (
                    low[at - 1 : at].isalnum() or low[at + size : at + size + 1].isalnum()
                ):
                    found.append((at, -size))  # of two that begin together the longer one
                at = low.find(name, at + 1)
        done, pieces = 0, []
        for at, size in sorted(found):
            if at >= done:
                pieces += [text[done:at], self._put(self._names[low[at : at - size]], text[at : at - size])]
                done = at - size
        return "".join((*pieces, text[done:]))

    def _word(self, found: "re.Match[str]") -> str:
        return self._put(self._names.get(found[0].lower(), "user"), found[0])


def _domain(found: "re.Match[str]") -> str:
    labels = found[2].split(".")[1:]
    is_domain = len(labels) > 1 or labels[0].lower() in shapes.INNER
    return (
        found[1]
        if is_domain and labels[-1].lower() not in shapes.ENDINGS and labels[-1].isalpha()
        else found[0]
    )


@lru_cache(256)
def _words(names: tuple[str, ...]) -> "re.Pattern[str]":
    listed = sorted(names, key=len, reverse=True)
    # A short one not within a longer word, but for snake_case; a long one wherever it stands.
    short = "|".join(re.escape(name) for name in listed if len(name) < _TELLING) or "(?!)"
    long = "|".join(re.escape(name) for name in listed if len(name) >= _TELLING) or "(?!)"
    return re.compile(rf"{long}|(?<![A-Za-z0-9])(?:{short})(?![A-Za-z0-9])", re.IGNORECASE)
