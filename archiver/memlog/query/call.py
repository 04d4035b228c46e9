"""What a tool call asks for: its arguments, what it is about in a line, what it changes in a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from memlog.query.record import Whole

# The argument that says most, first that is there.
_ABOUT = (
    "command", "cmd", "file_path", "notebook_path", "path", "filename", "pattern", "query", "url",
    "description", "prompt", "skill", "subject", "question", "chars",
)  # fmt: skip
_IDS = ("tool_use_id", "call_id", "callID", "toolCallId", "tool_call_id", "id")
_BEFORE, _AFTER = ("old_string", "old_str", "oldString", "old"), ("new_string", "new_str", "newString", "new")
_WHOLE = ("content", "file_text", "contents", "text")
_FILES = ("file_path", "path", "filePath", "filename", "notebook_path")
_WRITES = ("write", "create", "write_file", "create_file", "insert")
_PATCH = "*** Begin Patch"
_CONTEXT = 3  # unchanged lines around a change
_MOST_LINES = 1_500  # of a text that is compared


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a change: sign is `+`, `-`, a blank, or `@` for what is left out or a heading."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a call does to a file."""

    path: str
    lines: list[Line]

    @property
    def added(self) -> int:
        return sum(line.sign == "+" for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.sign == "-" for line in self.lines)


def arguments(one: Whole) -> dict[str, Any]:
    """The call's arguments as the host wrote them; {} where they are no object."""
    extra = one.extra if isinstance(one.extra, dict) else {}
    block, payload = _inner(extra, "block"), _inner(_inner(extra, "line"), "payload")
    for place in (extra, block, payload, _inner(payload, "action")):
        for name in ("input", "arguments", "args", "command"):
            found = place.get(name)
            if isinstance(found, str) and found[:1] == "{":
                try:
                    found = json.loads(found)
                except (ValueError, RecursionError):
                    continue
            if isinstance(found, dict):
                return found
    return _spelled(one.text)


def call_id(one: Whole) -> str | None:
    """The host's id of a call, the same in the record of its answer; None where it gives none."""
    extra = one.extra if isinstance(one.extra, dict) else {}
    line = _inner(extra, "line")
    for place in (extra, _inner(extra, "block"), _inner(line, "payload"), _inner(line, "data"), line):
        for name in _IDS:
            if isinstance(found := place.get(name), str):
                return found
        many = place.get("tool_call_ids")
        if isinstance(many, list) and many and isinstance(many[0], str):
            return many[0]
    return None


def about(one: Whole, given: dict[str, Any]) -> str:
    """The call in a line: its command, file or question."""
    if _PATCH in one.text[:200]:
        return ", ".join(change.path for change in _patched(one.text[:60_000]))
    for name in _ABOUT:
        found = given.get(name)
        if isinstance(found, list) and found and all(isinstance(part, str) for part in found):
            found = " ".join(found)
        if isinstance(found, str) and found.strip():
            return " ".join(found[:400].split())
    return " ".join(one.text[:400].split())


def changes(one: Whole, given: dict[str, Any]) -> list[Change]:
    """What it changes, file by file; [] for a call that changes none."""
    if _PATCH in one.text[:200]:
        return list(_patched(one.text))
    path = _text(given, _FILES)
    edits = given.get("edits")
    if isinstance(edits, list):
        return [
            Change(path, compare(_text(edit, _BEFORE), _text(edit, _AFTER)))
            for edit in edits
            if isinstance(edit, dict)
        ]
    before, after = _text(given, _BEFORE), _text(given, _AFTER)
    if path and (before or after):
        return [Change(path, compare(before, after))]
    if path and (one.tool or "").lower() in _WRITES:
        return [Change(path, [Line("+", text) for text in _text(given, _WHOLE).split("\n")])]
    return []


def diff_of(text: str) -> list[Line]:
    """The lines of a unified diff; [] for a text that is none."""
    if "\n@@ " not in text[:20_000] and not text.startswith("@@ "):
        return []
    heads = ("diff ", "index ", "--- ", "+++ ", "@@", "new file", "deleted file", "rename ", "similarity ")
    return [
        Line("@" if line.startswith(heads) else line[0] if line[:1] in ("+", "-") else " ", line)
        for line in text.split("\n")
    ]


def compare(before: str, after: str) -> list[Line]:
    """The lines that go and come, with a few around them."""
    old, new = before.split("\n") if before else [], after.split("\n") if after else []
    if len(old) > _MOST_LINES or len(new) > _MOST_LINES:
        return [*(Line("-", text) for text in old), *(Line("+", text) for text in new)]
    found: list[Line] = []
    for n, group in enumerate(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT)):
        if n:
            found.append(Line("@", "⋯"))
        for tag, i, j, k, m in group:
            if tag == "equal":
                found += (Line(" ", text) for text in old[i:j])
            else:
                found += (Line("-", text) for text in old[i:j])
                found += (Line("+", text) for text in new[k:m])
    return found


def _patched(text: str) -> Iterator[Change]:
    path, lines = "", list[Line]()
    for line in text[text.index(_PATCH) :].split("\n"):
        if line.startswith(("*** Update File: ", "*** Add File: ", "*** Delete File: ")):
            if path:
                yield Change(path, lines)
            path, lines = line.partition(": ")[2], []
        elif not line.startswith("*** "):
            sign = line[0] if line[:1] in ("+", "-") else "@" if line.startswith("@@") else " "
            lines.append(Line(sign, line if sign == "@" else line[1:]))
    if path:
        yield Change(path, lines)


def _inner(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _text(given: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((found for name in names if isinstance(found := given.get(name), str)), "")


def _spelled(text: str) -> dict[str, Any]:
    """Arguments of a text that says `key: value` a line; a value goes on to the next known key."""
    found: dict[str, Any] = {}
    name = ""
    known = {*_ABOUT, *_BEFORE, *_AFTER, *_WHOLE, *_FILES}
    for line in text[:60_000].split("\n"):
        key, colon, value = line.partition(": ")
        if not colon and line.endswith(":"):
            key, colon = line[:-1], ":"
        if colon and key in known and key not in found:
            name, found[key] = key, value
        elif name:
            found[name] += "\n" + line
    return found
