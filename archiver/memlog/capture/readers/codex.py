"""What the lines of a Codex CLI rollout mean.

Codex writes most of what is said twice: as a `response_item`, which the model sees, and as an
`event_msg`, which the screen sees. Whichever line comes first is the record; of the other, where it
says the same, only that it was there is kept. docs/records.md lists what becomes what.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from memlog.capture import stamps
from memlog.capture.agents import Place, State
from memlog.capture.identity import short_name
from memlog.capture.leaves import Lifter, render, strings
from memlog.capture.readers import codex_items as items
from memlog.capture.readers.echo import EVENT, SHORTEST, Echo
from memlog.capture.readers.plain import SPILL_MARK as SPILL_MARK
from memlog.capture.readers.plain import frame_of as frame_of
from memlog.capture.readers.plain import spilled as spilled
from memlog.contracts import CODEX
from memlog.record import Record

AGENT = CODEX

_UUID_CHARS = 36
# Items of rollouts that were not wrapped into `payload` yet.
_BARE = frozenset((
    "message", "reasoning", "function_call", "function_call_output", "local_shell_call", "custom_tool_call",
    "custom_tool_call_output", "web_search_call",
))  # fmt: skip
# event_msg that repeat an item: the field that holds the words, what they are, who says them.
_SAID = {
    "user_message": ("message", "message", "user"),
    "agent_message": ("message", "message", "assistant"),
    "agent_reasoning": ("text", "thinking", "assistant"),
    "agent_reasoning_raw_content": ("text", "thinking", "assistant"),
}


def default_paths(home: str, environ: Mapping[str, str]) -> list[str]:
    """Where Codex keeps the rollouts of this user."""
    folder = environ.get("CODEX_HOME") or os.path.join(home, ".codex")
    return [os.path.join(folder, "sessions"), os.path.join(folder, "archived_sessions")]


def find(path: str) -> Iterator[str]:
    """The rollouts under a file, a folder of them, or Codex's own folder.

    Raises: NotFoundError.
    """
    from memlog.capture import files  # a hook is told its file

    path = os.path.abspath(os.path.expanduser(path))
    if os.path.isdir(os.path.join(path, "sessions")):
        for name in ("archived_sessions", "sessions"):
            if os.path.isdir(os.path.join(path, name)):
                yield from files.under(os.path.join(path, name))
    else:
        yield from files.under(path)


def is_ours(value: dict[str, Any]) -> bool:
    """True for a line with a payload, a bare item, and the two other lines of rollouts without payloads."""
    if isinstance(value.get("payload"), dict):
        return isinstance(value.get("type"), str)
    bare = value.get("type") in _BARE and "uuid" not in value and "sessionId" not in value
    return bare or value.get("record_type") == "state" or session_of(value) is not None


def session_of(value: dict[str, Any]) -> str | None:
    """id of a session_meta line; a fork's file holds its parent's too, see _session."""
    if "payload" not in value and "type" not in value and "instructions" in value:
        found = value.get("id")  # the first line of rollouts as they were before October 2025
        return found if isinstance(found, str) and found else None
    if value.get("type") != "session_meta":
        return None
    payload = value.get("payload")
    found = payload.get("id") or payload.get("session_id") if isinstance(payload, dict) else None
    return found if isinstance(found, str) and found else None


def stamp_of(value: dict[str, Any]) -> int | None:
    """timestamp."""
    return stamps.parse(value.get("timestamp"))


def source_of(value: dict[str, Any]) -> str | None:
    """id of an item, where the model's host gave one."""
    payload = value.get("payload")
    if value.get("type") != "response_item" or not isinstance(payload, dict):
        return None
    found = payload.get("id")
    return found if isinstance(found, str) and found and not found.startswith("~") else None


def damage(text: str, place: Place, state: State) -> Record:
    """The line as it is written."""
    return _base(place, state)._replace(kind="damage", text=text)


def records(value: dict[str, Any], place: Place, state: State) -> list[Record]:
    """One record per content block of a message; one for any other line but a compaction."""
    payload = value.get("payload")
    line = {k: v for k, v in value.items() if k != "timestamp" or not stamps.canonical(v)}
    kind = value.get("type")
    if "payload" not in value and isinstance(kind, str) and kind in _BARE:
        line, payload, kind = {}, value, "response_item"
    if not isinstance(payload, dict):
        return [items.meta(line, _base(place, state), Lifter())]
    if "project" not in state and isinstance(payload.get("cwd"), str) and payload["cwd"]:
        state["project"] = short_name(payload["cwd"])
    base = _base(place, state)
    echo = Echo(place.hmac, state)
    if kind == "response_item":
        state["compacted"] = ""
        return items.records(line, payload, base, state, echo)
    if kind == "compacted":
        return _compacted(line, payload, base, state, echo)
    if kind == "event_msg":
        return [_event(line, payload, base, state, echo)]
    lifter = Lifter(echo)
    record = items.meta(line, base, lifter)
    if kind == "turn_context":
        for text in strings(payload):
            echo.remember(text)
    return [record]


def _session(place: Place, state: State) -> str:
    """The file's own session: a fork begins with its own meta line and goes on with its parent's."""
    first: str | None = state.get("first")
    if first is None:
        first = place.session
        if first.startswith("rollout-") and first[-_UUID_CHARS:].count("-") == 4:
            first = first[-_UUID_CHARS:]
        state["first"] = first
    state["session"] = first
    return first


def _base(place: Place, state: State) -> Record:
    return Record(
        agent=AGENT, session=_session(place, state), source_id=place.source_id, block=0, kind="meta",
        ts_ns=place.ts_ns, text="", mac=place.mac, project=state.get("project"),
        boundary=state.get("boundary", ""), at=place.at,
    )  # fmt: skip


# -- what the screen is told --------------------------------------------------------------------


def _event(
    line: dict[str, Any], payload: dict[str, Any], base: Record, state: State, echo: Echo
) -> Record:  # fmt: skip
    name = payload.get("type")
    said = _SAID.get(name) if isinstance(name, str) else None
    if said is not None and isinstance(payload.get(said[0]), str):
        field, kind, role = said
        text = payload[field]
        lifter = Lifter()
        if echo.heard(role, kind, text, EVENT):
            return items.echoed(line, {**payload, field: items.SAME}, base)
        line["payload"] = lifter.lift(items.without(payload, field))
        return base._replace(
            kind=kind, role=role, text=text, rest={"line": line}, omitted=lifter.omitted()
        )  # fmt: skip
    if name == "web_search_end" and isinstance(payload.get("action"), dict):
        text = render(payload["action"], items.IDS)
        if echo.heard("assistant", "tool_use", text, EVENT):
            return items.echoed(line, {**payload, "action": items.SAME}, base)
        return base._replace(
            kind="tool_use", role="assistant", tool="web_search", text=text, rest={"line": line}
        )  # fmt: skip
    if name == "token_count":
        state["tokens"] = _tokens(payload)
    if name == "context_compacted":
        paired = state.get("compacted") == "item"
        state["compacted"] = "" if paired else "event"
        if not paired:
            return _boundary(base, state)._replace(text=str(name), rest={"line": line, **_spent(state)})
    lifter = Lifter(echo)
    return items.meta(line, base, lifter)._replace(error=name in ("error", "stream_error"))


# -- compactions --------------------------------------------------------------------------------


def _boundary(base: Record, state: State) -> Record:
    state["boundary"] = base.source_id
    return base._replace(kind="compaction", role="system", boundary=base.source_id)


def _compacted(
    line: dict[str, Any], payload: dict[str, Any], base: Record, state: State, echo: Echo
) -> list[Record]:  # fmt: skip
    """The boundary, and a summary for each text of the new context that no line before it holds."""
    told = state.get("compacted") == "event"  # context_compacted stood before it, and is the boundary
    state["compacted"] = "" if told else "item"
    first = base if told else _boundary(base, state)
    base = base._replace(kind="summary", boundary=first.boundary)
    facts = {k: v for k, v in payload.items() if not isinstance(v, (dict, list)) and k != "message"}
    found = [first._replace(text=render(facts))]
    message = payload.get("message")
    if isinstance(message, str) and message:
        found.append(base._replace(block=1, role="user", text=message))
        echo.remember(message)
    line["payload"] = items.without(payload, "message") if found[1:] else dict(payload)
    history = payload.get("replacement_history")
    lifter = Lifter()
    if isinstance(history, list):
        kept = line["payload"]["replacement_history"] = []
        for item in history:
            role = item.get("role") if isinstance(item, dict) else None
            base = base._replace(role=short_name(role) if isinstance(role, str) and role else None)
            kept.append(_replaced(item, base, found, lifter, echo))
    found[0] = first._replace(
        text=found[0].text, rest={"line": line, **({} if told else _spent(state))}, omitted=lifter.omitted()
    )  # fmt: skip
    return found


def _tokens(payload: dict[str, Any]) -> int | None:
    """How much of the context the last call took."""
    info = payload.get("info")
    usage = info.get("last_token_usage") if isinstance(info, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if type(total) is int else None


def _spent(state: State) -> dict[str, Any]:
    """What a compaction's own line does not say: the tokens before it."""
    tokens = state.get("tokens")
    return {} if tokens is None else {"compaction": {"preTokens": tokens}}


def _replaced(item: Any, base: Record, found: list[Record], lifter: Lifter, echo: Echo) -> Any:
    """An item of the new context without its texts: they stand above it, or become records here."""
    content = item.get("content") if isinstance(item, dict) else None
    if not isinstance(content, list):
        return lifter.lift(item)
    blocks = []
    for block in content:
        if not items.is_text(block) or len(block["text"]) < SHORTEST:
            blocks.append(lifter.lift(block))
            continue
        if block["text"] in echo:
            lifter.same += 1
            blocks.append({**block, "text": items.SAME})
        else:
            number = len(found)
            found.append(base._replace(block=number, text=block["text"]))
            blocks.append({**items.without(block, "text"), "block": number})
            echo.remember(block["text"])
    return {**item, "content": blocks}
