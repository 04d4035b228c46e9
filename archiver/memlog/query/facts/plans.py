"""Items of plans: what a tool was told to list, and boxes to tick."""

import re
from collections.abc import Iterator, Mapping

from memlog.query.facts.calls import Found
from memlog.query.facts.fact import Said

_LISTS = ("todos", "plan", "tasks", "items")
_TEXTS = ("content", "step", "subject", "title", "task", "description", "text")
_BOX = re.compile(r"^[ \t]*[-*+] \[([ xX~-])\] +(\S.*?)[ \t]*$", re.M)
_DONE = {" ": "pending", "x": "completed", "X": "completed", "~": "in_progress", "-": "cancelled"}


def of_call(said: Said) -> Iterator[Found]:
    """Items a planning tool was given, with their state."""
    tool = (said.tool or "").lower()
    if not said.given or not any(word in tool for word in ("todo", "plan", "task")):
        return
    if tool in ("taskcreate", "task_create"):
        yield from _item(said, said.given, 0)
        return
    at = 0
    for name in _LISTS:
        items = said.given.get(name)
        for item in items if isinstance(items, list) else ():
            for found in _item(said, item, at):
                at = found.end
                yield found


def boxes(text: str) -> Iterator[Found]:
    """`- [ ]` lines of a text."""
    if "- [" not in text and "* [" not in text and "+ [" not in text:
        return
    for match in _BOX.finditer(text):
        yield Found("todo", match.group(2), _DONE[match.group(1)], *match.span(2))


def _item(said: Said, item: object, at: int) -> Iterator[Found]:
    if not isinstance(item, Mapping):
        return
    value = next((item[k] for k in _TEXTS if isinstance(item.get(k), str) and item[k].strip()), None)
    if value is None:
        return
    found = said.text.find(value, at)
    if found >= 0:
        state = item.get("status")
        yield Found("todo", value, state if isinstance(state, str) else None, found, found + len(value))
