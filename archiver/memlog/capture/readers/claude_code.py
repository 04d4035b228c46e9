"""What the lines of a Claude Code transcript mean.

The format has no published schema: every field may be missing or of another type, and an
unknown line or block is kept like a known one. docs/records.md lists what becomes what.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from memlog.capture import stamps
from memlog.capture.agents import Place, State
from memlog.capture.identity import short_name
from memlog.capture.leaves import Lifter, render, strings
from memlog.capture.readers import blocks
from memlog.contracts import CLAUDE_CODE
from memlog.record import Record
from memlog.wire import Frame

AGENT = CLAUDE_CODE
SPILL_MARK = b"tool-results"

# Folders below projects/ that hold no transcripts of a session.
_NOT_TRANSCRIPTS = frozenset(("tool-results", "memory", "file-history"))
_NAMES = ("uuid", "sessionId", "session_id", "leafUuid", "messageId")
_MOST_SESSIONS = 64  # of one file: they travel in the watermark

# What meta lines hold beside something to read: ids, and what every line repeats.
_DRY = frozenset((
    "uuid", "parentUuid", "logicalParentUuid", "sessionId", "session_id", "timestamp", "cwd", "version",
    "gitBranch", "userType", "slug", "type", "subtype", "level", "messageId", "leafUuid", "requestId",
    "agentId", "toolUseID", "parentToolUseID", "tool_use_id", "toolUseId", "id", "entrypoint", "isSidechain",
    "promptId", "fullOutput", "normalizedMessages", "signature", "model", "usage", "role", "stop_reason",
    "sourceToolAssistantUUID", "sourceToolUseID", "permissionMode", "backupFileName", "sha256", "media_type",
))  # fmt: skip


def default_paths(home: str, environ: Mapping[str, str]) -> list[str]:
    """Where Claude Code keeps the transcripts of this user."""
    return [os.path.join(environ.get("CLAUDE_CONFIG_DIR") or os.path.join(home, ".claude"), "projects")]


def find(path: str) -> Iterator[str]:
    """The transcripts under a file, a project's folder, projects/, or Claude's own folder.

    Raises: NotFoundError.
    """
    from memlog.capture import files  # a hook is told its file

    path = os.path.abspath(os.path.expanduser(path))
    projects = os.path.join(path, "projects")
    return files.under(projects if os.path.isdir(projects) else path, _NOT_TRANSCRIPTS)


def is_sidechain(path: str) -> bool:
    """True for a subagent's file: its lines have no place among the session's compactions."""
    return os.path.basename(path).startswith("agent-")


def is_ours(value: dict[str, Any]) -> bool:
    """True for a line with a type that names itself, its session, or the line it is about."""
    if not isinstance(value.get("type"), str) or "projectHash" in value:
        return False
    return any(isinstance(value.get(key), str) for key in _NAMES)


def session_of(value: dict[str, Any]) -> str | None:
    """sessionId, or session_id of newer lines."""
    for key in ("sessionId", "session_id"):
        found = value.get(key)
        if isinstance(found, str) and found:
            return found
    return None


def stamp_of(value: dict[str, Any]) -> int | None:
    """timestamp; of a file snapshot when it was taken, of an update of one the line before tells."""
    stamp = value.get("timestamp")
    if stamp is None and not value.get("isSnapshotUpdate") and isinstance(value.get("snapshot"), dict):
        stamp = value["snapshot"].get("timestamp")
    return stamps.parse(stamp)


def source_of(value: dict[str, Any]) -> str | None:
    """uuid; not one that begins like a name of ours."""
    found = value.get("uuid")
    return found if isinstance(found, str) and found and not found.startswith("~") else None


def frame_of(value: dict[str, Any]) -> Frame | None:
    """Never one: the host writes no records of ours."""
    return None


def records(value: dict[str, Any], place: Place, state: State) -> list[Record]:
    """One record per content block of a turn; one for any other line."""
    kept = _of_session(value, place, state)
    line = _envelope(value, place, kept[0])
    base = _base(value, place, kept)
    kind = value.get("type")
    if kind in ("user", "assistant"):
        return _turn(value, base, line, state)
    if kind == "system" and value.get("subtype") == "compact_boundary":
        return [_compaction(value, base, line, kept)]
    lifter = Lifter()
    line = lifter.lift(line)
    kind = "attachment" if kind == "attachment" else "meta"
    return [
        base._replace(
            kind=kind, text=_meta_text(line), rest={"line": line}, omitted=lifter.omitted(),
            role="system" if value.get("type") == "system" else None,
            error=value.get("level") == "error" or value.get("subtype") == "api_error",
        )
    ]  # fmt: skip


def damage(text: str, place: Place, state: State) -> Record:
    """The line as it is written."""
    kept = _of_session({}, place, state)
    return _base({}, place, kept)._replace(kind="damage", text=text)


def spilled(value: dict[str, Any], records: list[Record], place: Place) -> list[Record]:
    """Tool results the host wrote to files of the session because they are large."""
    from memlog.capture.readers import spill

    return spill.records(value, records, place)


def _of_session(value: dict[str, Any], place: Place, state: State) -> list[str | None]:
    """[project, boundary] of the line's session in this file, which the line may begin."""
    sessions = state.setdefault("sessions", {})
    kept: list[str | None] | None = sessions.get(place.session)
    if kept is None:
        if len(sessions) >= _MOST_SESSIONS:
            del sessions[next(iter(sessions))]
        kept = [None, ""]
    cwd = value.get("cwd")
    if kept[0] is None and isinstance(cwd, str) and cwd:
        kept = [short_name(cwd), kept[1]]
    if value.get("type") == "system" and value.get("subtype") == "compact_boundary":
        kept = [kept[0], place.source_id]
    sessions[place.session] = kept  # a new list: the state of earlier watermarks must not change
    return kept


def _base(value: dict[str, Any], place: Place, kept: list[str | None]) -> Record:
    parent = value.get("parentUuid")
    return Record(
        agent=AGENT, session=place.session, source_id=place.source_id, block=0, kind="meta",
        ts_ns=place.ts_ns, text="", mac=place.mac, project=kept[0],
        parent_id=short_name(parent) if isinstance(parent, str) and parent else None,
        boundary=None if is_sidechain(place.path) else kept[1], at=place.at,
    )  # fmt: skip


def _envelope(value: dict[str, Any], place: Place, project: str | None) -> dict[str, Any]:
    """The line without its content, and without what the record's own columns give back."""
    columns = {"uuid": place.source_id, "sessionId": place.session, "cwd": project}
    line = {k: v for k, v in value.items() if k not in columns or columns[k] != v}
    parent = line.get("parentUuid")
    if isinstance(parent, str) and parent and short_name(parent) == parent:
        del line["parentUuid"]
    if stamps.canonical(line.get("timestamp")):
        del line["timestamp"]
    return line


def _turn(value: dict[str, Any], base: Record, line: dict[str, Any], state: State) -> list[Record]:
    message = value.get("message")
    content = None
    if isinstance(message, dict):
        content = message.get("content")
        if isinstance(content, (str, list)):
            line["message"] = {k: v for k, v in message.items() if k != "content"}
    role = message.get("role") if isinstance(message, dict) else None
    base = base._replace(
        role=short_name(role) if isinstance(role, str) and role else str(value["type"]),
        kind="summary" if value.get("isCompactSummary") is True else "message",
        error=value.get("isApiErrorMessage") is True,
    )
    if isinstance(content, list):
        found = [blocks.record(block, base._replace(block=n), state) for n, block in enumerate(content)]
    else:
        found = [base._replace(text=render(content))]
    found = found or [base]
    first = found[0]
    lifter = Lifter({record.text for record in found if record.text})
    if "toolUseResult" in line:
        line["toolUseResult"] = lifter.lift(line["toolUseResult"])
    omitted = tuple(dict.fromkeys(first.omitted + lifter.omitted()))
    kept_rest = first.rest if isinstance(first.rest, dict) else {}
    rest = {"block": kept_rest} if "line" in kept_rest else kept_rest
    found[0] = first._replace(rest={**rest, "line": line}, omitted=omitted)
    return found


def _compaction(value: dict[str, Any], base: Record, line: dict[str, Any], kept: list[str | None]) -> Record:
    facts = value.get("compactMetadata")
    logical = value.get("logicalParentUuid")
    content = value.get("content")
    words = [content if isinstance(content, str) else render(content)]
    if isinstance(facts, dict):
        words.append(render({k: v for k, v in facts.items() if not isinstance(v, (dict, list))}))
    if base.parent_id is None and isinstance(logical, str) and logical:
        base = base._replace(parent_id=short_name(logical))
    return base._replace(
        kind="compaction", role="system", text="\n".join(filter(None, words)), rest={"line": line}
    )


def _meta_text(line: dict[str, Any]) -> str:
    """What a person would read of a bookkeeping line; its name and numbers where it has no words."""
    kind = line.get("type")
    body: Any = line
    if kind == "progress":
        body = line.get("data")
        if isinstance(body, dict) and isinstance(body.get("message"), dict):
            body = {k: v for k, v in body.items() if k != "prompt"}  # its first message says it already
    elif kind == "file-history-snapshot":
        snapshot = line.get("snapshot")
        tracked = snapshot.get("trackedFileBackups") if isinstance(snapshot, dict) else None
        return "\n".join(tracked) if isinstance(tracked, dict) else ""
    found = strings(body, _DRY)
    if found:
        return "\n".join(found)
    numbers = {k: v for k, v in line.items() if type(v) in (int, float)}
    return render({"": line.get("subtype") or kind, **numbers}) if line.get("subtype") else ""
