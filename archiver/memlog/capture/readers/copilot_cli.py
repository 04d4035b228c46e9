"""What the lines of a GitHub Copilot CLI session (`events.jsonl`) mean."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from memlog.capture import stamps
from memlog.capture.agents import Place, State
from memlog.capture.identity import short_name
from memlog.capture.leaves import Lifter, render, strings
from memlog.capture.readers.echo import EVENT, ITEM, Echo
from memlog.capture.readers.plain import SPILL_MARK as SPILL_MARK
from memlog.capture.readers.plain import frame_of as frame_of
from memlog.capture.readers.plain import spilled as spilled
from memlog.contracts import COPILOT_CLI
from memlog.record import Record

AGENT = COPILOT_CLI

_MOST_TOOLS = 64  # calls still without their answer: they travel in the watermark
_SAME = {"same": True}
_IDS = frozenset(("type", "id", "sha256"))
# Payloads nobody reads, under names that do not say so.
_OPAQUE = ("reasoningOpaque", "encryptedContent", "reasoningEncrypted")
# What bookkeeping holds beside something to read: ids, models, and what every line repeats.
_DRY = frozenset((
    "id", "parentId", "timestamp", "sessionId", "interactionId", "messageId", "turnId", "toolCallId",
    "requestId", "serviceRequestId", "apiCallId", "hookInvocationId", "parentAgentTaskId", "producer",
    "copilotVersion", "startTime", "cwd", "gitRoot", "branch", "headCommit", "repository", "hostType",
    "repositoryHost", "model", "newModel", "previousModel", "selectedModel", "currentModel",
    "reasoningEffort", "previousReasoningEffort", "input", "output", "kind", "identifier", "shellId",
    "promptRequest", "transcriptPath", "checkpointPath", "commands", "commandIdentifiers", "type",
    "sha256",
))  # fmt: skip


def default_paths(home: str, environ: Mapping[str, str]) -> list[str]:
    """Where Copilot CLI keeps the sessions of this user; the second place is that of older versions."""
    state = environ.get("XDG_STATE_HOME")
    folders = [environ.get("COPILOT_HOME") or os.path.join(home, ".copilot")]
    if state:
        folders.append(os.path.join(state, ".copilot"))
    return [os.path.join(f, name) for f in folders for name in ("session-state", "history-session-state")]


def find(path: str) -> Iterator[str]:
    """The sessions under a file, a folder of them, or Copilot's own folder.

    Raises: NotFoundError.
    """
    from memlog.capture import files  # as in the other readers

    path = os.path.abspath(os.path.expanduser(path))
    state = os.path.join(path, "session-state")
    return files.under(state if os.path.isdir(state) else path, frozenset(("files", "checkpoints")))


def is_ours(value: dict[str, Any]) -> bool:
    """True for an event: its type, its id, its data; Claude Code's have a uuid."""
    named = isinstance(value.get("type"), str) and isinstance(value.get("id"), str)
    return named and isinstance(value.get("data"), dict) and "uuid" not in value


def session_of(value: dict[str, Any]) -> str | None:
    """sessionId of the line that starts or resumes a session."""
    if value.get("type") not in ("session.start", "session.resume"):
        return None
    data = value.get("data")
    found = data.get("sessionId") if isinstance(data, dict) else None
    return found if isinstance(found, str) and found else None


def stamp_of(value: dict[str, Any]) -> int | None:
    """timestamp."""
    return stamps.parse(value.get("timestamp"))


def source_of(value: dict[str, Any]) -> str | None:
    """id; not one that begins like a name of ours."""
    found = value.get("id")
    return found if isinstance(found, str) and found and not found.startswith("~") else None


def damage(text: str, place: Place, state: State) -> Record:
    """The line as it is written."""
    return _base({}, place, state)._replace(kind="damage", text=text)


def records(value: dict[str, Any], place: Place, state: State) -> list[Record]:
    """Reasoning, text and each tool of an assistant's message; a user's text and attachments; else one."""
    data = value.get("data")
    kind = value.get("type")
    data = data if isinstance(data, dict) else {}
    context = data.get("context")
    cwd = context.get("cwd") if isinstance(context, dict) else None
    if "project" not in state and isinstance(cwd, str) and cwd:
        state["project"] = short_name(cwd)
    base = _base(value, place, state)
    line = _envelope(value, base)
    echo = Echo(place.hmac, state)
    if kind in ("user.message", "system.message"):
        return _said(line, data, base)
    if kind == "assistant.message":
        return _answered(line, data, base, state, echo)
    if kind == "assistant.reasoning" and isinstance(data.get("content"), str):
        return [_thought(line, data, base, echo)]
    if kind == "tool.execution_start":
        return [_started(line, data, base, state, echo)]
    if kind == "tool.execution_complete":
        return [_completed(line, data, base, state)]
    if kind == "session.compaction_complete" and data.get("success") is not False:
        return _compacted(line, data, base, state)
    return [_meta(line, base, echo, kind)]


def _base(value: dict[str, Any], place: Place, state: State) -> Record:
    session = place.session
    if session == "events":  # the file's name, where no line names the session: its folder does
        session = os.path.basename(os.path.dirname(place.path)) or session
    parent = value.get("parentId")
    return Record(
        agent=AGENT, session=session, source_id=place.source_id, block=0, kind="meta", ts_ns=place.ts_ns,
        text="", mac=place.mac, project=state.get("project"),
        parent_id=short_name(parent) if isinstance(parent, str) and parent else None,
        boundary=state.get("boundary", ""), at=place.at,
    )  # fmt: skip


def _envelope(value: dict[str, Any], base: Record) -> dict[str, Any]:
    """The line without what the record's own columns give back."""
    columns = {"id": base.source_id, "parentId": base.parent_id}
    line = {k: v for k, v in value.items() if k not in columns or columns[k] != v}
    if stamps.canonical(line.get("timestamp")):
        del line["timestamp"]
    return line


def _without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k not in names}


def _lifted(data: dict[str, Any], lifter: Lifter) -> dict[str, Any]:
    return {k: lifter.lift(v, "encrypted_content" if k in _OPAQUE else k) for k, v in data.items()}


def _meta(line: dict[str, Any], base: Record, echo: Echo, kind: object) -> Record:
    """A bookkeeping line: its strings, without ids, models, a hook's input, and what stands above."""
    lifter = Lifter(echo)
    line = lifter.lift(line)
    body = line.get("data", line)
    system = isinstance(kind, str) and kind.startswith("system.")
    return base._replace(
        text="\n".join(strings(body, _DRY)), rest={"line": line}, omitted=lifter.omitted(),
        role="system" if system else None, error=kind == "session.error",
    )  # fmt: skip


# -- messages -----------------------------------------------------------------------------------


def _said(line: dict[str, Any], data: dict[str, Any], base: Record) -> list[Record]:
    """What a user or the system said, and what was attached to it."""
    content = data.get("content")
    role = data.get("role") if isinstance(data.get("role"), str) else None
    is_text = isinstance(content, str)
    attached = data.get("attachments")
    lifter = Lifter({content} if is_text and content else ())
    line["data"] = _lifted(_without(data, "attachments", *(("content",) if is_text else ())), lifter)
    base = base._replace(
        kind="message", role=short_name(role) if role else str(line["type"]).partition(".")[0]
    )  # fmt: skip
    text = content if isinstance(content, str) else render(content)
    found = [base._replace(text=text, rest={"line": line}, omitted=lifter.omitted())]
    for n, each in enumerate(attached if isinstance(attached, list) else []):
        lifter = Lifter()
        kept = lifter.lift(each)
        found.append(base._replace(
            block=n + 1, kind="attachment", text=render(kept, _IDS), rest={"block": kept},
            omitted=lifter.omitted(),
        ))  # fmt: skip
    return found


def _answered(
    line: dict[str, Any], data: dict[str, Any], base: Record, state: State, echo: Echo
) -> list[Record]:  # fmt: skip
    base = base._replace(kind="message", role="assistant")
    found: list[Record] = []
    taken = []
    thought = data.get("reasoningText")
    if isinstance(thought, str) and thought:
        taken.append("reasoningText")
        if not echo.heard("assistant", "thinking", thought, ITEM):
            found.append(base._replace(kind="thinking", text=thought))
        else:
            data = {**data, "reasoningText": _SAME}
            taken.remove("reasoningText")
    content = data.get("content")
    if isinstance(content, str):
        taken.append("content")
        if content:
            echo.remember(content)
            found.append(base._replace(block=len(found), text=content))
    requests = data.get("toolRequests")
    if isinstance(requests, list):
        taken.append("toolRequests")
        for request in requests:
            found.append(_request(request, base._replace(block=len(found)), state, echo))
    found = found or [base]
    lifter = Lifter()
    line["data"] = _lifted(_without(data, *taken), lifter)
    omitted = ("same",) if data.get("reasoningText") is _SAME else ()
    first = found[0]
    kept = first.rest if isinstance(first.rest, dict) else {}
    found[0] = first._replace(rest={**kept, "line": line}, omitted=(*lifter.omitted(), *omitted))
    return found


def _request(request: Any, base: Record, state: State, echo: Echo) -> Record:
    if not isinstance(request, dict):
        return base._replace(kind="tool_use", text=render(request), rest={"block": request})
    text = _arguments(request)
    echo.heard("assistant", "tool_use", f"{request.get('toolCallId')}\0{text}", ITEM)
    for leaf in strings(request.get("arguments")):
        echo.remember(leaf)
    tool = _tool(request.get("name"), request.get("toolCallId"), state)
    return base._replace(kind="tool_use", tool=tool, text=text, rest={"block": request})


def _arguments(given: dict[str, Any]) -> str:
    return render(given.get("arguments"))


def _tool(name: Any, call: Any, state: State) -> str | None:
    tool = short_name(name) if isinstance(name, str) and name else None
    if tool and isinstance(call, str) and len(call) <= 128:
        tools = state.setdefault("tools", {})
        tools.pop(call, None)
        while len(tools) >= _MOST_TOOLS:
            del tools[next(iter(tools))]
        tools[call] = tool
    return tool


def _thought(line: dict[str, Any], data: dict[str, Any], base: Record, echo: Echo) -> Record:
    text: str = data["content"]
    if echo.heard("assistant", "thinking", text, EVENT):
        line["data"] = {**data, "content": _SAME}
        return base._replace(rest={"line": line}, omitted=("same",))
    line["data"] = _without(data, "content")
    return base._replace(kind="thinking", role="assistant", text=text, rest={"line": line})


# -- tools --------------------------------------------------------------------------------------


def _started(line: dict[str, Any], data: dict[str, Any], base: Record, state: State, echo: Echo) -> Record:
    """A request carried out: bookkeeping, unless no message asked for it."""
    text = _arguments(data)
    tool = _tool(data.get("toolName"), data.get("toolCallId"), state)
    if echo.heard("assistant", "tool_use", f"{data.get('toolCallId')}\0{text}", EVENT):
        line["data"] = {**data, "arguments": _SAME}
        return base._replace(tool=tool, rest={"line": line}, omitted=("same",))
    return base._replace(kind="tool_use", role="assistant", tool=tool, text=text, rest={"line": line})


def _completed(line: dict[str, Any], data: dict[str, Any], base: Record, state: State) -> Record:
    call = data.get("toolCallId")
    tool = state.get("tools", {}).pop(call, None) if isinstance(call, str) else None
    result, error = data.get("result"), data.get("error")
    content = result.get("content") if isinstance(result, dict) else None
    text = content if isinstance(content, str) else ""
    if not text:
        text = render(error if error is not None else result, frozenset(("detailedContent",)))
    lifter = Lifter({text} if text else ())
    line["data"] = _lifted(data, lifter)
    if text == content:
        line["data"]["result"] = _without(line["data"]["result"], "content")
        lifter.same -= 1
    return base._replace(
        kind="tool_result", role="tool", tool=tool, text=text, rest={"line": line}, omitted=lifter.omitted(),
        error=data.get("success") is False,
    )  # fmt: skip


# -- compactions --------------------------------------------------------------------------------


def _compacted(line: dict[str, Any], data: dict[str, Any], base: Record, state: State) -> list[Record]:
    """The boundary, and the summary where the line holds it."""
    state["boundary"] = base.source_id
    summary = data.get("summaryContent")
    is_text = isinstance(summary, str) and bool(summary)
    facts = {k: v for k, v in data.items() if isinstance(v, (int, float, str)) and k not in _DRY}
    facts.pop("summaryContent", None)
    line["data"] = _without(data, "summaryContent") if is_text else data
    tokens = {"preTokens": data.get("preCompactionTokens"), "postTokens": data.get("postCompactionTokens")}
    tokens = {k: v for k, v in tokens.items() if type(v) is int}
    first = base._replace(
        kind="compaction", role="system", boundary=base.source_id, text=render(facts),
        rest={"line": line, "compaction": tokens},
    )  # fmt: skip
    if not is_text:
        return [first]
    return [
        first,
        base._replace(block=1, kind="summary", role="user", text=str(summary), boundary=base.source_id),
    ]
