"""What a document of `opencode export` means: a session's info, and messages of an info and parts.

A message changes until it is finished: parts are added, a tool's state fills, its counts come last. So
a record's mac covers its own part of the message, and its block is a lane and a place in it.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from memlog.capture import stamps
from memlog.capture.agents import Place, State
from memlog.capture.identity import short_name
from memlog.capture.leaves import Lifter, render, strings
from memlog.capture.readers.blocks import add
from memlog.capture.readers.plain import SPILL_MARK as SPILL_MARK
from memlog.capture.readers.plain import frame_of as frame_of
from memlog.capture.readers.plain import spilled as spilled
from memlog.record import Record

AGENT = "opencode"
HEAD = "messages"

# Blocks: part n is 2n and, of a tool, its result 2n + 1; what came of the message; what was made of it.
ASIDE, DIGEST = 30_000, 30_001
_ENDINGS = (".json", ".json.gz")
_SNIFF_BYTES = 512
_UNTITLED = ("New session - ", "Child session - ")

_OF_HEAD = ("id", "slug", "projectID", "directory", "path", "parentID", "version")
_RUNNING = frozenset(("cost", "tokens"))  # totals that every message changes; the messages hold the terms
_RUNNING_TIMES = frozenset(("created", "updated", "compacting"))
_RUNNING_SUMMARY = frozenset(("additions", "deletions", "files"))
_OF_INFO = frozenset((
    "id", "sessionID", "role", "parentID", "modelID", "providerID", "model", "mode", "agent", "path",
    "variant", "system", "tools", "format",
))  # fmt: skip
_META = frozenset(("step-start", "step-finish", "snapshot", "patch", "agent", "retry"))
_DRY = frozenset((
    "id", "sessionID", "messageID", "callID", "parentID", "type", "snapshot", "hash", "role", "slug",
    "projectID", "version", "finish", "reason", "mode", "modelID", "providerID", "variant", "sha256",
))  # fmt: skip
_IDS = frozenset(("id", "sessionID", "messageID", "type", "sha256"))


def default_paths(home: str, environ: Mapping[str, str]) -> list[str]:
    """None: OpenCode keeps sessions in a database of its own, `opencode export SESSION > FILE` writes one."""
    return []


def find(path: str) -> Iterator[str]:
    """The exports under a file or a folder: JSON files that begin with a session's info.

    Raises: NotFoundError.
    """
    from memlog.capture import files  # a hook is told its file

    path = os.path.abspath(os.path.expanduser(path))
    for found in files.under(path, endings=_ENDINGS):
        if found == path or _is_export(found):
            yield found


def _is_export(path: str) -> bool:
    import gzip

    try:
        with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
            head = file.read(_SNIFF_BYTES)
    except (OSError, EOFError, ValueError):
        return True  # who reads it says what is wrong with it
    return b'"info":' in b"".join(head.split()) and b'"ses_' in head


def unfold(document: dict[str, Any], whole: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """What names the session; its messages; then one by one what is said of it beside."""
    info = document.get("info")
    info = info if isinstance(info, dict) else {}
    head: dict[str, Any] = {key: info[key] for key in _OF_HEAD if key in info}
    times = info.get("time")
    times = times if isinstance(times, dict) else {}
    if "created" in times:
        head["time"] = {"created": times["created"]}
    yield 0, {"session": head}
    messages = document.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else [], 1):
        yield number, message if isinstance(message, dict) else {"message": message}
    named = {"session": {key: head[key] for key in ("id", "time") if key in head}}
    for key, value in _beside(document, info, times):
        yield 0, {**named, key: value}


def _beside(
    document: dict[str, Any], info: dict[str, Any], times: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    for key, value in info.items():
        if key == "time":
            value = {k: v for k, v in times.items() if k not in _RUNNING_TIMES}
        elif key == "summary" and isinstance(value, dict):
            value = {k: v for k, v in value.items() if k not in _RUNNING_SUMMARY}
        elif key in _OF_HEAD or key in _RUNNING or _is_untitled(key, value):
            continue
        if value not in ({}, None):
            yield key, value
    for key, value in document.items():
        if key not in ("info", "messages") or (key == "messages" and not isinstance(value, list)):
            yield key, value
    if "info" in document and not isinstance(document["info"], dict):
        yield "info", document["info"]


def _is_untitled(key: str, value: Any) -> bool:
    """True for the title a session has until it has one."""
    return key == "title" and isinstance(value, str) and value.startswith(_UNTITLED)


def is_unfinished(value: dict[str, Any]) -> bool:
    """True for an answer without its end."""
    info = _info(value)
    return info.get("role") == "assistant" and not _is_finished(info)


def _is_finished(info: dict[str, Any]) -> bool:
    times = info.get("time")
    return bool(info.get("error")) or (isinstance(times, dict) and bool(times.get("completed")))


def _info(value: dict[str, Any]) -> dict[str, Any]:
    """Of a message or of the session; {} where a line has none."""
    found = value.get("info") if "parts" in value else value.get("session", value.get("info"))
    return found if isinstance(found, dict) else {}


def is_ours(value: dict[str, Any]) -> bool:
    """True for a document of a session's info and messages."""
    info = value.get("info")
    if not isinstance(info, dict):
        return False
    return isinstance(value.get("messages"), list) or str(info.get("id")).startswith("ses_")


def session_of(value: dict[str, Any]) -> str | None:
    """sessionID of a message, id of the session."""
    info = _info(value)
    found = info.get("id") if "session" in value else info.get("sessionID")
    return found if isinstance(found, str) and found else None


def stamp_of(value: dict[str, Any]) -> int | None:
    """When the message, or the session, was created."""
    times = _info(value).get("time")
    return stamps.parse(times.get("created")) if isinstance(times, dict) else None


def source_of(value: dict[str, Any]) -> str | None:
    """id of a message; not one that begins like a name of ours."""
    found = None if "session" in value else _info(value).get("id")
    return found if isinstance(found, str) and found and not found.startswith("~") else None


def damage(text: str, place: Place, state: State) -> Record:
    """The text as it is written."""
    return _base({}, place, state)._replace(kind="damage", text=text)


def records(value: dict[str, Any], place: Place, state: State) -> list[Record]:
    """A record a part, two of a tool that has answered, and what came of the message."""
    info = _info(value)
    if "project" not in state:
        path = info.get("path")
        cwd = path.get("cwd") if isinstance(path, dict) else info.get("directory")
        if isinstance(cwd, str) and cwd:
            state["project"] = short_name(cwd)
    if not isinstance(info.get("role"), str):
        return [_about(value, _base(info, place, state))]
    parts = value.get("parts")
    parts = parts if isinstance(parts, list) else [] if parts is None else [parts]
    compacts = any(isinstance(part, dict) and part.get("type") == "compaction" for part in parts)
    is_summary = info.get("summary") is True and info["role"] == "assistant"
    # Before OpenCode wrote a part for it, the summary alone told of a compaction.
    untold = is_summary and info.get("parentID") != state.get("boundary") and not info.get("error")
    if compacts or untold:
        state["boundary"] = place.source_id
    base = _base(info, place, state)
    said = base._replace(kind="summary" if is_summary else "message")
    found = [record for n, part in enumerate(parts) for record in _part(part, said, place, 2 * n)]
    found = found or ([said._replace(mac=place.mac_of(""))] if not is_unfinished(value) else [])
    if found:
        line = {k: v for k, v in info.items() if k in _OF_INFO and v != _column(k, base)}
        found[0] = add(found[0], line=line)
    aside = _aside(info, base, place)
    if untold and aside:
        aside[0] = add(aside[0]._replace(kind="compaction"), compaction={})
    extra = {k: v for k, v in value.items() if k not in ("info", "parts")}
    if extra:
        aside.append(_meta(extra, base, place, DIGEST + 1))
    return found + aside


def _column(key: str, base: Record) -> Any:
    columns = {"id": base.source_id, "sessionID": base.session, "role": base.role, "parentID": base.parent_id}
    return columns.get(key, columns)  # a dict equals no value of a key that is no column


def _base(info: dict[str, Any], place: Place, state: State) -> Record:
    parent, role = info.get("parentID"), info.get("role")
    return Record(
        agent=AGENT, session=place.session, source_id=place.source_id, block=0, kind="meta",
        ts_ns=place.ts_ns, text="", mac=place.mac, project=state.get("project"),
        role=short_name(role) if isinstance(role, str) and role else None,
        parent_id=short_name(parent) if role and isinstance(parent, str) and parent else None,
        boundary=state.get("boundary", ""), at=place.at,
    )  # fmt: skip


def _about(value: dict[str, Any], base: Record) -> Record:
    """The session's head, or what is said of it all."""
    line: dict[str, Any] = {}
    for key, found in value.items():
        is_head = key == "session" and isinstance(found, dict)
        line[key] = {k: v for k, v in found.items() if k != "id" or v != base.session} if is_head else found
    if isinstance(line.get("title"), str):
        line = {"type": "ai-title", **line}
    lifter = Lifter()
    line = lifter.lift(line)
    return base._replace(
        text="\n".join(strings(line, _DRY)), rest={"line": line}, omitted=lifter.omitted(),
        boundary="" if "session" in value else base.boundary,
    )  # fmt: skip


def _aside(info: dict[str, Any], base: Record, place: Place) -> list[Record]:
    """What came of the message, once it is finished; titles and diffs made of it later."""
    late = {k: v for k, v in info.items() if k not in _OF_INFO and k != "summary" and v not in ({}, None)}
    times = late.pop("time", None)
    if isinstance(times, dict) and len(times) > ("created" in times):
        late["time"] = {k: v for k, v in times.items() if k != "created"}
    found = []
    if late and not (base.role == "assistant" and not _is_finished(info)):
        found.append(_meta(late, base, place, ASIDE)._replace(error=bool(info.get("error"))))
    summary = info.get("summary")
    if isinstance(summary, dict):
        summary = {k: v for k, v in summary.items() if v not in ([], {}, None)}
    if summary not in (None, {}, True, False):
        found.append(_meta({"summary": summary}, base, place, DIGEST))
    return found


def _meta(line: dict[str, Any], base: Record, place: Place, block: int) -> Record:
    lifter = Lifter()
    kept = lifter.lift(line)
    return base._replace(
        kind="meta", role=None, block=block, mac=place.mac_of(line), text="\n".join(strings(kept, _DRY)),
        rest={"line": kept}, omitted=lifter.omitted(),
    )  # fmt: skip


def _part(part: Any, base: Record, place: Place, block: int) -> list[Record]:
    base = base._replace(block=block)
    if not isinstance(part, dict):
        return [base._replace(text=render(part), mac=place.mac_of(part))]
    kind, text = part.get("type"), part.get("text")
    if kind == "tool":
        return _tool(part, base, place)
    base = base._replace(ts_ns=_time(part, "start", base.ts_ns))
    if kind in ("text", "reasoning") and isinstance(text, str):
        rest, omitted = _rest(part, base, "type", "text")
        kind = base.kind if kind == "text" else "thinking"
        return [base._replace(kind=kind, text=text, rest=rest, omitted=omitted, mac=place.mac_of(text))]
    rest, omitted = _rest(part, base)
    base = base._replace(rest=rest, omitted=omitted, mac=place.mac_of(part))
    if kind == "compaction":
        trigger = "auto" if part.get("auto") is True else "manual"
        return [
            base._replace(
                kind="compaction", role="system", text=f"trigger: {trigger}",
                mac=place.mac_of([kind, trigger]), rest={**rest, "compaction": {"trigger": trigger}},
            )
        ]  # fmt: skip
    if isinstance(kind, str) and kind in _META:
        said = "\n".join(strings(rest, _DRY))
        return [base._replace(kind="meta", role=None, text=said, error=kind == "retry")]
    return [base._replace(kind="attachment" if kind == "file" else base.kind, text=render(rest, _IDS))]


def _tool(part: dict[str, Any], base: Record, place: Place) -> list[Record]:
    """The call, as soon as its input is there; its result, once it has ended."""
    state = part.get("state")
    state = state if isinstance(state, dict) else {}
    name, given = part.get("tool"), state.get("input")
    tool = short_name(name) if isinstance(name, str) and name else None
    status = state.get("status")
    has_ended = status in ("completed", "error") or "output" in state
    rest, omitted = _rest(part, base, "type", "state", "tool")
    if "raw" in state:
        rest["raw"] = state["raw"]
    begun = base._replace(ts_ns=_time(state, "start", base.ts_ns))
    made = begun._replace(
        kind="tool_use", tool=tool, text=render(given), rest=rest, omitted=omitted,
        mac=place.mac_of([part.get("callID"), name, given]),
    )  # fmt: skip
    found = [made] if given or rest.get("raw") or status != "pending" else []
    if not has_ended:
        return found
    output = state.get("output", state.get("error"))
    lifter = Lifter()
    text = render(output if isinstance(output, str) else lifter.lift(output), _IDS)
    same = Lifter({text, *strings(given)} - {""})
    kept = {k: same.lift(v, k) for k, v in state.items() if k not in ("input", "raw", "output")}
    if output is not None and not isinstance(output, str):
        kept["output"] = same.lift(output)
    answer = begun._replace(
        kind="tool_result", role="tool", tool=tool, block=base.block + 1, text=text,
        rest={"callID": part.get("callID"), "state": kept}, ts_ns=_time(state, "end", begun.ts_ns),
        omitted=tuple(dict.fromkeys(lifter.omitted() + same.omitted())), error=status == "error",
        mac=place.mac_of([status, output, state.get("attachments")]),  # not when it was pruned later
    )  # fmt: skip
    return [*found, answer]


def _rest(part: dict[str, Any], base: Record, *said: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The part without what it says and the ids the record has; reasons for what is left out."""
    columns = {"messageID": base.source_id, "sessionID": base.session}
    lifter = Lifter()
    kept = {k: v for k, v in part.items() if k not in said and columns.get(k) != v}
    return lifter.lift(kept), lifter.omitted()


def _time(value: dict[str, Any], name: str, otherwise: int) -> int:
    times = value.get("time")
    found = stamps.parse(times.get(name)) if isinstance(times, dict) else None
    return otherwise if found is None else found
