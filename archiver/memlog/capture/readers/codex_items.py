"""What the model is told and says in a Codex rollout: messages, reasoning, tools, and bookkeeping."""

from collections.abc import Mapping
from typing import Any

from memlog.capture import quick_json
from memlog.capture.agents import State
from memlog.capture.identity import short_name
from memlog.capture.leaves import Lifter, render, strings
from memlog.capture.readers.echo import ITEM, Echo
from memlog.record import Record

IDS = frozenset(("type", "id", "call_id", "sha256"))
SAME = {"same": True}

_MOST_TOOLS = 64  # calls still without their answer: they travel in the watermark
_ENDED = ("Process exited with code ", "Exit code: ")
_HEAD = 400  # characters: what stands above the output is a few short lines
_TEXTS = frozenset(("input_text", "output_text", "text", "summary_text", "reasoning_text"))
# What bookkeeping holds beside something to read: ids, modes, and what every line repeats.
_DRY = frozenset((
    "type", "id", "session_id", "turn_id", "call_id", "timestamp", "cwd", "originator", "cli_version",
    "source", "thread_source", "model_provider", "commit_hash", "branch", "repository_url", "model",
    "comp_hash", "effort", "summary", "personality", "timezone", "current_date", "approval_policy",
    "sandbox_policy", "multi_agent_version", "permission_profile", "mode", "reasoning_effort",
    "collaboration_mode_kind", "workspace_roots", "limit_id", "plan_type", "status", "window_id",
    "first_window_id", "previous_window_id", "phase", "kind", "sha256",
))  # fmt: skip


def records(
    line: dict[str, Any], payload: dict[str, Any], base: Record, state: State, echo: Echo
) -> list[Record]:  # fmt: skip
    """One record per content block of a message, one for any other item."""
    kind = payload.get("type")
    name = kind if isinstance(kind, str) else ""
    if name == "message":
        return _message(line, payload, base, echo)
    if name == "reasoning":
        return [_reasoning(line, payload, base, echo)]
    if name.endswith("_call"):
        return [_call(line, payload, base, state, echo)]
    if name.endswith("_output"):
        return [_answer(line, payload, base, state)]
    return [meta(line, base, Lifter(echo))]


def _message(line: dict[str, Any], payload: dict[str, Any], base: Record, echo: Echo) -> list[Record]:
    role = payload.get("role")
    role = short_name(role) if isinstance(role, str) and role else None
    content = payload.get("content")
    line["payload"] = without(payload, "content") if isinstance(content, (str, list)) else payload
    base = base._replace(kind="message", role=role)
    found = []
    for n, block in enumerate(content if isinstance(content, list) else [content]):
        record = _block(block, base._replace(block=n))
        if record.kind == "message" and record.text:
            if role in ("user", "assistant") and echo.heard(role, "message", record.text, ITEM):
                record = record._replace(
                    kind="meta", role=None, text="", rest={**_rest(record), **SAME}, omitted=("same",)
                )
            else:
                echo.remember(record.text)
        found.append(record)
    found = found or [base]
    found[0] = found[0]._replace(rest={**_rest(found[0]), "line": line})
    return found


def _rest(record: Record) -> dict[str, Any]:
    return dict(record.rest) if isinstance(record.rest, Mapping) else {}


def _kept(block: dict[str, Any]) -> dict[str, Any]:
    """What a block holds besides its text, beside `line` in rest."""
    return {"block": block} if "line" in block else block


def _block(block: Any, base: Record) -> Record:
    if not isinstance(block, dict):
        return base._replace(text=render(block))
    kind = block.get("type")
    if kind in _TEXTS and isinstance(block.get("text"), str):
        return base._replace(text=block["text"], rest=_kept(without(block, "text")))
    lifter = Lifter()
    rest = lifter.lift(block)
    is_media = isinstance(kind, str) and kind.endswith(("_image", "_file", "_audio"))
    return base._replace(
        kind="attachment" if is_media else base.kind, text=render(rest, IDS), rest=_kept(rest),
        omitted=lifter.omitted(),
    )  # fmt: skip


def _reasoning(line: dict[str, Any], payload: dict[str, Any], base: Record, echo: Echo) -> Record:
    """The thinking in one record: `chars` says how long each part is."""
    texts: list[str] = []
    lifter = Lifter()
    line["payload"] = lifter.lift(without(payload, "summary", "content"))
    for name in ("summary", "content"):
        parts = payload.get(name)
        for part in parts if isinstance(parts, list) else ():
            texts += [part["text"]] if is_text(part) else []
        if name in payload:
            line["payload"][name] = [_measured(p) for p in parts] if isinstance(parts, list) else parts
    told = [echo.heard("assistant", "thinking", text, ITEM) for text in texts]
    record = base._replace(rest={"line": line}, omitted=lifter.omitted())
    if told and all(told):
        return record._replace(omitted=(*record.omitted, "same"))
    return record._replace(kind="thinking", role="assistant", text="\n".join(texts))


def _measured(part: Any) -> Any:
    return {**without(part, "text"), "chars": len(part["text"])} if is_text(part) else part


def _call(
    line: dict[str, Any], payload: dict[str, Any], base: Record, state: State, echo: Echo
) -> Record:  # fmt: skip
    kind: str = payload["type"]
    name, call = payload.get("name"), payload.get("call_id") or payload.get("id")
    tool = short_name(name if isinstance(name, str) and name else kind.removesuffix("_call"))
    if isinstance(call, str) and len(call) <= 128:
        tools = state.setdefault("tools", {})
        while len(tools) >= _MOST_TOOLS:
            del tools[next(iter(tools))]
        tools[call] = tool
    given: Any = next((payload[k] for k in ("arguments", "input", "action") if k in payload), None)
    text = render(_unpacked(given), IDS if isinstance(given, dict) else ())
    if kind == "web_search_call" and echo.heard("assistant", "tool_use", text, ITEM):
        return echoed(line, {**payload, "action": SAME}, base)
    lifter = Lifter()
    line["payload"] = {k: v if k in ("arguments", "input") else lifter.lift(v, k) for k, v in payload.items()}
    if given is None:
        text = render(line["payload"], IDS)
    if text == given:
        line["payload"] = without(line["payload"], "arguments", "input")
    return base._replace(
        kind="tool_use", role="assistant", tool=tool, text=text, rest={"line": line}, omitted=lifter.omitted()
    )


def _unpacked(given: Any) -> Any:
    """The arguments a text of JSON stands for; anything else as it is."""
    if not isinstance(given, str) or not given.startswith(("{", "[")):
        return given
    try:
        found = quick_json.loads(given)
    except (ValueError, RecursionError):
        return given
    return found if isinstance(found, (dict, list)) and found else given


def _answer(line: dict[str, Any], payload: dict[str, Any], base: Record, state: State) -> Record:
    call = payload.get("call_id")
    tool = state.get("tools", {}).pop(call, None) if isinstance(call, str) else None
    output = payload.get("output", payload.get("tools"))
    if tool is None:
        tool = payload["type"].removesuffix("_output") if "output" not in payload else None
    lifter = Lifter()
    kept: Any
    if isinstance(output, str):
        inner: Any = _unpacked(output) if output.startswith('{"output"') else None
        is_wrapped = isinstance(inner, dict) and isinstance(inner.get("output"), str)
        text = inner["output"] if is_wrapped else output
        kept = without(inner, "output") if is_wrapped else None
    elif isinstance(output, list):
        kept = [_measured(part) if is_text(part) else lifter.lift(part) for part in output]
        pairs = zip(output, kept, strict=True)
        texts = [part["text"] if is_text(part) else render(rest, IDS) for part, rest in pairs]
        text = "\n".join(filter(None, texts))
    else:
        kept = lifter.lift(output)
        text = render(kept, IDS)
    line["payload"] = without(payload, "output", "tools")
    rest = {"line": line} if kept is None else {"line": line, "output": kept}
    return base._replace(
        kind="tool_result",
        role="tool",
        tool=tool,
        text=text,
        rest=rest,
        omitted=lifter.omitted(),
        error=_has_failed(output, kept, text),
    )


def _has_failed(output: Any, kept: Any, text: str) -> bool:
    """What the answer says of its end: by a flag, an exit code, or in the lines above its output."""
    if isinstance(output, dict):
        return output.get("success") is False
    told = kept.get("metadata") if isinstance(kept, dict) else None
    if isinstance(told, dict) and isinstance(told.get("exit_code"), int):
        return bool(told["exit_code"])
    for line in text[:_HEAD].split("\n"):
        if line == "Output:":
            break
        if line.startswith(_ENDED):
            return line.rsplit(" ", 1)[1] != "0"
    return False


def is_text(part: Any) -> bool:
    """True for a block that is words alone."""
    return isinstance(part, dict) and part.get("type") in _TEXTS and isinstance(part.get("text"), str)


def meta(line: dict[str, Any], base: Record, lifter: Lifter) -> Record:
    """A bookkeeping line: its strings, without ids, modes and what another line says."""
    line = lifter.lift(line)
    body = line.get("payload", line)
    return base._replace(text="\n".join(strings(body, _DRY)), rest={"line": line}, omitted=lifter.omitted())


def without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    """The map without some keys."""
    return {k: v for k, v in payload.items() if k not in names}


def echoed(line: dict[str, Any], payload: dict[str, Any], base: Record) -> Record:
    """A line whose words another line has said: that it was there."""
    lifter = Lifter()
    line["payload"] = lifter.lift(payload)
    omitted = tuple(dict.fromkeys(("same", *lifter.omitted())))
    return base._replace(rest={"line": line}, omitted=omitted)
