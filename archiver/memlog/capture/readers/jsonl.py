"""Lines of anybody: `id, session, ts, role|speaker, text`, the rest kept; and our own exports."""

from collections.abc import Iterator, Mapping
from typing import Any

from memlog.capture import files, stamps
from memlog.capture.agents import Place, State
from memlog.capture.identity import short_name
from memlog.capture.leaves import render
from memlog.errors import ContractError
from memlog.record import Record
from memlog.wire import Frame

AGENT = "jsonl"
SPILL_MARK = b""


def default_paths(home: str, environ: Mapping[str, str]) -> list[str]:
    """None: these lines may lie anywhere."""
    return []


def find(path: str) -> Iterator[str]:
    """The file, or every .jsonl file under a folder. Raises: NotFoundError."""
    return files.under(path)


def is_ours(value: dict[str, Any]) -> bool:
    """True for a line with an id or a text, and for a line of ours."""
    return "memlog" in value or "id" in value or isinstance(value.get("text"), str)


def session_of(value: dict[str, Any]) -> str | None:
    """session, as text."""
    return _name(value.get("session"))


def stamp_of(value: dict[str, Any]) -> int | None:
    """ts: ISO 8601 or a number."""
    return stamps.parse(value.get("ts"))


def source_of(value: dict[str, Any]) -> str | None:
    """id, as text; not one that begins like a name of ours."""
    found = _name(value.get("id"))
    return found if found and not found.startswith("~") else None


def _name(value: Any) -> str | None:
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) and value else None


def frame_of(value: dict[str, Any]) -> Frame | None:
    """The record or note of a line `memlog export jsonl` or the snapshot tree wrote; None for anybody else's.

    A line that says it is one and is not becomes a record of its own.
    """
    if "memlog" not in value:
        return None
    from memlog import portable

    try:
        return portable.taken(value)
    except ContractError:
        return None


def records(value: dict[str, Any], place: Place, state: State) -> list[Record]:
    """One message a line."""
    role = next((value[k] for k in ("role", "speaker") if isinstance(value.get(k), str) and value[k]), None)
    text = value.get("text")
    used = {"text"} if isinstance(text, str) else set()
    for key, column in (("id", place.source_id), ("session", place.session)):
        if value.get(key) == column:
            used.add(key)
    if role is not None and short_name(role) == role:
        used.add("role" if value.get("role") == role else "speaker")
    if stamps.canonical(value.get("ts")):
        used.add("ts")
    base = damage("", place, state)
    return [
        base._replace(
            kind="message", role=short_name(role) if role else None, text=render(text),
            rest={k: v for k, v in value.items() if k not in used},
        )
    ]  # fmt: skip


def damage(text: str, place: Place, state: State) -> Record:
    """The line as it is written."""
    return Record(
        agent=AGENT, session=place.session, source_id=place.source_id, block=0, kind="damage",
        ts_ns=place.ts_ns, text=text, mac=place.mac, boundary="", at=place.at,
    )  # fmt: skip


def spilled(value: dict[str, Any], records: list[Record], place: Place) -> list[Record]:
    """None: everything is in the line."""
    return []
