"""What repeats a text elsewhere in the archive: events of hooks, and bytes that were kept as damage."""

import json
from collections.abc import Iterator
from typing import Any

from memlog.archive.connection import Connection

# index: event_session
EVENTS_SQL = "SELECT id, agent, session, digest, data FROM event WHERE session = :session AND agent = :agent"
DAMAGE_SQL = "SELECT id, data FROM damage"

_TELLING = 16  # characters of a line that is not on every other page
# What a host says of itself with every event, and no text of anybody.
_NAMES = frozenset(
    """
    session_id transcript_path agent_transcript_path cwd hook_event_name event permission_mode source trigger
    reason model agent_id agent_type tool_name tool_use_id turn_id prompt_id timestamp uuid type path spooled
    watermark
    """.split()  # noqa: SIM905
)


class Words:
    """Texts, and whether another text says one of them again: as a whole, or a telling line of it."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._lines: set[str] = set()

    def add(self, text: str) -> None:
        if text.strip():
            self._texts.add(text.strip())
            self._lines.update(_lines(text))

    def __bool__(self) -> bool:
        return bool(self._texts)

    def in_text(self, text: str) -> bool:
        """True for the same text, or one with a telling line of it."""
        return text.strip() in self._texts or not self._lines.isdisjoint(_lines(text))


def events_repeating(
    con: Connection, agent: str, session: str, words: Words
) -> list[tuple[int, str, str, bytes]]:
    """(id, agent, session, digest) of the session's events that say one of these texts again."""
    found = []
    for *row, data in con.execute(EVENTS_SQL, {"agent": agent, "session": session}) if words else ():
        if any(map(words.in_text, _leaves(data))):
            found.append(tuple(row))
    return found


def damage_repeating(con: Connection, words: Words) -> list[int]:
    """Ids of damaged bytes that hold one of these texts, or a telling line of it."""
    if not words:
        return []
    return [id_ for id_, data in con.execute(DAMAGE_SQL) if words.in_text(_printable(data))]


def damage_naming(con: Connection, session: str) -> list[int]:
    """Ids of damaged bytes that hold this session's name."""
    name = session.encode("utf-8", "replace")
    return [id_ for id_, data in con.execute(DAMAGE_SQL) if name and name in data]


def _lines(text: str) -> Iterator[str]:
    return (line for raw in text.split("\n") if len(line := raw.strip()) >= _TELLING)


def _printable(data: bytes) -> str:
    """The texts among bytes, a line each: lengths and keys around them end a line."""
    return "".join(c if c.isprintable() else "\n" for c in data.decode("utf-8", "replace"))


def _leaves(data: str) -> Iterator[str]:
    try:
        stack: list[Any] = [json.loads(data)]
    except (ValueError, RecursionError):
        stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            stack += [inner for key, inner in value.items() if key not in _NAMES]
        elif isinstance(value, list):
            stack += value
