"""Content blocks of the Messages API: one block, one record."""

from typing import Any

from memlog.capture.agents import State
from memlog.capture.identity import short_name
from memlog.capture.leaves import Lifter, render
from memlog.record import Record

_MOST_TOOLS = 64  # calls still without their answer: they travel in the watermark
_IDS = frozenset(("type", "id", "tool_use_id", "sha256", "cache_control"))


def record(block: Any, base: Record, state: State) -> Record:
    """The record of a block. base: what its line gives. state: names of tools called and not answered."""
    if not isinstance(block, dict):
        return base._replace(text=render(block))
    kind = block.get("type")
    if kind == "text" and isinstance(block.get("text"), str):
        return base._replace(text=block["text"], rest=_without(block, "type", "text"))
    if kind in ("thinking", "redacted_thinking"):
        return _thinking(block, base)
    if kind in ("image", "document"):
        return _media(block, base)
    if isinstance(kind, str) and kind.endswith("tool_use"):
        return _tool_use(block, base, state)
    if isinstance(kind, str) and kind.endswith("tool_result"):
        return _tool_result(block, base, state)
    lifter = Lifter()
    rest = lifter.lift(block)
    return base._replace(text=render(rest, _IDS), rest=rest, omitted=lifter.omitted())


def add(record: Record, **more: Any) -> Record:
    """The record with more in its rest."""
    rest = record.rest if isinstance(record.rest, dict) else {}
    return record._replace(rest={**rest, **more})


def _without(block: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in block.items() if k not in names}


def _thinking(block: dict[str, Any], base: Record) -> Record:
    text = block.get("thinking")
    lifter = Lifter()
    keep = ("type", "thinking") if isinstance(text, str) and block["type"] == "thinking" else ()
    rest = lifter.lift(_without(block, *keep))
    return base._replace(
        kind="thinking", text=text if isinstance(text, str) else "", rest=rest, omitted=lifter.omitted()
    )


def _media(block: dict[str, Any], base: Record) -> Record:
    """An image or a document: its words, or what it is and how large."""
    source = block.get("source")
    plain = source.get("type") == "text" if isinstance(source, dict) else False
    lifter = Lifter()
    rest = block if plain else lifter.lift(block)
    return base._replace(kind="attachment", text=render(rest, _IDS), rest=rest, omitted=lifter.omitted())


def _tool_use(block: dict[str, Any], base: Record, state: State) -> Record:
    name = block.get("name")
    tool = short_name(name) if isinstance(name, str) and name else None
    call = block.get("id")
    if tool and isinstance(call, str) and len(call) <= 128:
        tools = state.setdefault("tools", {})
        while len(tools) >= _MOST_TOOLS:
            del tools[next(iter(tools))]
        tools[call] = tool
    known = ("name",) if tool == name else ()
    kept = ("type",) if block["type"] == "tool_use" else ()
    return base._replace(
        kind="tool_use", tool=tool, text=render(block.get("input")), rest=_without(block, *known, *kept)
    )


def _tool_result(block: dict[str, Any], base: Record, state: State) -> Record:
    call = block.get("tool_use_id")
    tools = state.get("tools", {})
    tool = tools.pop(call, None) if isinstance(call, str) else None
    text, content, lifter = _answer(block.get("content"))
    kept = ("type",) if block["type"] == "tool_result" else ()
    rest = _without(block, "content", *kept)
    if content is not None:
        rest["content"] = content
    return base._replace(
        kind="tool_result", role="tool", tool=tool, text=text, rest=rest, omitted=lifter.omitted(),
        error=base.error or block.get("is_error") is True,
    )  # fmt: skip


def _answer(content: Any) -> tuple[str, Any, Lifter]:
    """Text of a result, what of its content is not that text, and what was left out.

    Texts of a list are joined by a newline; `chars` says where each ends.
    """
    lifter = Lifter()
    if content is None or isinstance(content, str):
        return content or "", None, lifter
    if not isinstance(content, list):
        rest = lifter.lift(content)
        return render(rest, _IDS), rest, lifter
    texts: list[str] = []
    kept: list[Any] = []
    for part in content:
        if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
            text = part["text"]
            kept.append({**_without(part, "text"), "chars": len(text)})
        else:
            rest = part if isinstance(part, str) else lifter.lift(part)
            text = render(rest, _IDS)
            kept.append({"chars": len(text)} if isinstance(part, str) else rest)
        texts.append(text)
    return "\n".join(filter(None, texts)), kept, lifter
