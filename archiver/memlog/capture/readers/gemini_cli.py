"""What a Gemini CLI session means: `session-*.json`, one document, or the same messages as `.jsonl` lines.

A message changes after it was written: tool calls are added to it, results to those, its tokens last.
So a record's mac covers its own part of the message, and its block is a lane and a place in it.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from memlog.capture import stamps
from memlog.capture.agents import Place, State
from memlog.capture.identity import hex_digest, short_name
from memlog.capture.leaves import Lifter, render, strings
from memlog.capture.readers.blocks import add
from memlog.capture.readers.plain import SPILL_MARK as SPILL_MARK
from memlog.capture.readers.plain import frame_of as frame_of
from memlog.capture.readers.plain import spilled as spilled
from memlog.record import Record

AGENT = "gemini-cli"
HEAD = "messages"

# Blocks: parts of the content from 0; thoughts; a call and its result, two by two; the rest of a message.
THOUGHTS, CALLS, ASIDE = 10_000, 20_000, 30_000
_ENDINGS = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
_SPEAKERS = ("user", "gemini", "info", "warning", "error")
_FINAL = ("success", "error", "cancelled")
_COMPRESSED = "(compressed from: "
_SNAPSHOT = "<state_snapshot>"
_LONGEST_ROOT = 4_096

_OF_HEAD = ("sessionId", "projectHash", "startTime", "kind")
_RUNNING = ("lastUpdated", "messages")  # a stamp of the last write, which every write changes
_OF_CALL = frozenset(("name", "args", "result", "resultDisplay", "status", "timestamp"))
_OF_MESSAGE = frozenset(("id", "timestamp", "type", "model", "content", "thoughts", "toolCalls"))
_IDS = frozenset(("id", "sha256"))
_DRY = frozenset(
    ("id", "type", "model", "sessionId", "projectHash", "startTime", "lastUpdated", "kind", "sha256")
)


def default_paths(home: str, environ: Mapping[str, str]) -> list[str]:
    """Where Gemini CLI keeps the sessions of this user."""
    return [os.path.join(environ.get("GEMINI_CLI_HOME") or home, ".gemini", "tmp")]


def find(path: str) -> Iterator[str]:
    """The sessions under a file, a folder of them, or Gemini's own folder.

    Raises: NotFoundError.
    """
    from memlog.capture import files  # a hook is told its file

    path = os.path.abspath(os.path.expanduser(path))
    for found in files.under(path, endings=_ENDINGS):
        folder, name = os.path.split(found)
        # A subagent's: chats/<session>/<id>.jsonl
        is_inner = os.path.basename(os.path.dirname(folder)) == "chats"
        if found == path or name.startswith("session-") or is_inner:
            yield found


def unfold(document: dict[str, Any], whole: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """What names the session; its messages; then one by one what is said of it beside."""
    head = {key: document[key] for key in _OF_HEAD if key in document}
    yield 0, head
    messages = document.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else [], 1):
        yield number, message if isinstance(message, dict) else {"message": message}
    for key, value in document.items():
        if key not in head and key not in _RUNNING:
            yield 0, {**head, key: value}
    if messages is not None and not isinstance(messages, list):
        yield 0, {**head, "messages": messages}


def is_unfinished(value: dict[str, Any]) -> bool:
    """True for an answer whose tokens are not counted yet: they come last."""
    return value.get("type") == "gemini" and not value.get("tokens")


def is_ours(value: dict[str, Any]) -> bool:
    """True for the head of a session, a document of messages, and a message."""
    if "projectHash" in value or (isinstance(value.get("messages"), list) and "sessionId" in value):
        return True
    is_message = isinstance(value.get("id"), str) and value.get("type") in _SPEAKERS
    return is_message and "content" in value and "uuid" not in value


def session_of(value: dict[str, Any]) -> str | None:
    """sessionId: of the head, and of the lines about the session."""
    found = value.get("sessionId")
    return found if isinstance(found, str) and found else None


def stamp_of(value: dict[str, Any]) -> int | None:
    """timestamp of a message, startTime of the head."""
    return stamps.parse(value.get("timestamp", value.get("startTime")))


def source_of(value: dict[str, Any]) -> str | None:
    """id; not one that begins like a name of ours."""
    found = value.get("id")
    return found if isinstance(found, str) and found and not found.startswith("~") else None


def damage(text: str, place: Place, state: State) -> Record:
    """The text as it is written."""
    return _base(place, state)._replace(kind="damage", text=text)


def records(value: dict[str, Any], place: Place, state: State) -> list[Record]:
    """Thoughts, parts of the content, each tool call and its result, and what else a message holds."""
    if "projectHash" in value and "project" not in state:
        state["project"] = _project(value["projectHash"], place.path)
    base = _base(place, state)
    kind = value.get("type")
    if not isinstance(value.get("id"), str) or not isinstance(kind, str):
        return [_about(value, base)]
    if kind in ("user", "gemini"):
        return _turn(value, base, place)
    return [_notice(value, base, place, state)]


def _base(place: Place, state: State) -> Record:
    return Record(
        agent=AGENT, session=place.session, source_id=place.source_id, block=0, kind="meta",
        ts_ns=place.ts_ns, text="", mac=place.mac, project=state.get("project"),
        boundary=state.get("boundary", ""), at=place.at,
    )  # fmt: skip


def _project(digest: Any, path: str) -> str | None:
    """The folder whose hash the session names: newer versions write it beside the sessions."""
    folder = os.path.dirname(path)
    for _ in range(3):  # a subagent's session lies one deeper
        try:
            with open(os.path.join(folder, ".project_root"), "rb") as file:
                root = file.read(_LONGEST_ROOT).decode().strip()
        except (OSError, ValueError):
            folder = os.path.dirname(folder)
            continue
        return short_name(root) if hex_digest(root.encode()) == digest else None
    return None


def _about(value: dict[str, Any], base: Record) -> Record:
    """The session's head, or what is said of it all."""
    inner = value.get("$set")
    summary = value.get("summary") or (inner.get("summary") if isinstance(inner, dict) else None)
    line = {k: v for k, v in value.items() if k != "sessionId" or v != base.session}
    if stamps.canonical(line.get("startTime")):
        del line["startTime"]
    if isinstance(summary, str):  # the host's own title of the session
        line = {"type": "ai-title", "title": summary, "line": line}
    if "startTime" in value:
        base = base._replace(boundary="")
    lifter = Lifter()
    line = lifter.lift(line)
    found = dict.fromkeys(strings(line, _DRY))
    return base._replace(text="\n".join(found), rest={"line": line}, omitted=lifter.omitted())


def _notice(value: dict[str, Any], base: Record, place: Place, state: State) -> Record:
    """What the host itself says: that it compressed the chat, or anything else."""
    text = render(value.get("content"))
    line = {k: v for k, v in value.items() if k not in ("id", "content")}
    if stamps.canonical(line.get("timestamp")):
        del line["timestamp"]
    lifter = Lifter()
    rest: dict[str, Any] = {"line": lifter.lift(line)}
    base = base._replace(
        role="system", text=text, omitted=lifter.omitted(), error=value["type"] == "error",
        mac=place.mac_of([value.get("content"), line]),
    )  # fmt: skip
    if _COMPRESSED not in text:
        return base._replace(rest=rest)
    state["boundary"] = place.source_id
    before, _, after = text.rpartition(_COMPRESSED)[2].partition(" to ")
    counts = {"preTokens": before, "postTokens": after.partition(" ")[0]}
    facts = {name: int(n) for name, n in counts.items() if n.isdigit() and n.isascii() and len(n) < 19}
    rest["compaction"] = {"trigger": "auto", **facts}
    return base._replace(kind="compaction", boundary=place.source_id, rest=rest)


def _turn(value: dict[str, Any], base: Record, place: Place) -> list[Record]:
    base = base._replace(kind="message", role="user" if value["type"] == "user" else "assistant")
    found = [
        *(_thought(each, base, place, n) for n, each in enumerate(_list(value.get("thoughts")))),
        *(_part(each, base, place, n) for n, each in enumerate(_list(value.get("content")))),
    ]
    for n, call in enumerate(_list(value.get("toolCalls"))):
        found += _call(call, base, place, CALLS + 2 * n)
    aside = {k: v for k, v in value.items() if k not in _OF_MESSAGE and v is not None}
    if not stamps.canonical(value.get("timestamp")) and value.get("timestamp") is not None:
        aside["timestamp"] = value["timestamp"]
    if aside:
        lifter = Lifter({record.text for record in found if record.text})
        kept = lifter.lift(aside)
        found.append(
            base._replace(
                kind="meta", role=None, block=ASIDE, mac=place.mac_of(aside), rest={"line": kept},
                text="\n".join(strings(kept, _DRY)), omitted=lifter.omitted(),
            )
        )  # fmt: skip
    if not found and not is_unfinished(value):
        found = [base._replace(mac=place.mac_of(""))]
    if found and found[0].block != ASIDE:
        line = {key: value[key] for key in ("type", "model") if key in value}
        found[0] = add(found[0], line=line)
    return found


def _list(value: Any) -> list[Any]:
    """Content may be a text, a part, or a list of them; nothing where it is empty."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def _thought(thought: Any, base: Record, place: Place, n: int) -> Record:
    base = base._replace(kind="thinking", block=THOUGHTS + n, mac=place.mac_of(thought))
    if not isinstance(thought, dict):
        return base._replace(text=render(thought))
    words = [thought.get(key) for key in ("subject", "description")]
    stamp = thought.get("timestamp")
    rest = {k: v for k, v in thought.items() if k not in ("subject", "description", "timestamp")}
    if stamp is not None and not stamps.canonical(stamp):
        rest["timestamp"] = stamp
    ts_ns = stamps.parse(stamp)
    return base._replace(
        text="\n".join(render(word) for word in words if word), rest=rest,
        ts_ns=base.ts_ns if ts_ns is None else ts_ns,
    )  # fmt: skip


def _part(part: Any, base: Record, place: Place, n: int) -> Record:
    """A part of the content: a text, a file, a call in the model's own form."""
    base = base._replace(block=n, mac=place.mac_of(part))
    if not isinstance(part, dict):
        return base._replace(text=render(part), kind=_kind_of(part))
    text = part.get("text")
    if isinstance(text, str):
        rest = {k: v for k, v in part.items() if k != "text"}
        return base._replace(
            text=text, rest=rest, kind="thinking" if part.get("thought") is True else _kind_of(text)
        )
    lifter = Lifter()
    rest = lifter.lift(part)
    base = base._replace(rest=rest, omitted=lifter.omitted(), text=render(rest, _IDS))
    for key, kind in (("functionCall", "tool_use"), ("functionResponse", "tool_result")):
        call = part.get(key)
        if isinstance(call, dict):
            words = call.get("args") if kind == "tool_use" else lifter.lift(call.get("response"))
            rest = {**rest, key: {k: v for k, v in rest[key].items() if k not in ("args", "response")}}
            role = base.role if kind == "tool_use" else "tool"
            return base._replace(kind=kind, tool=_name(call), text=render(words, _IDS), rest=rest, role=role)
    return base._replace(kind="attachment" if "inlineData" in part or "fileData" in part else "message")


def _kind_of(text: Any) -> str:
    return "summary" if isinstance(text, str) and text.lstrip().startswith(_SNAPSHOT) else "message"


def _call(call: Any, base: Record, place: Place, block: int) -> list[Record]:
    """The call; its result once there is one."""
    if not isinstance(call, dict):
        return [base._replace(block=block, mac=place.mac_of(call), text=render(call), kind="tool_use")]
    tool, args = _name(call), call.get("args")
    rest = {k: v for k, v in call.items() if k not in _OF_CALL}
    made = base._replace(
        kind="tool_use", block=block, tool=tool, text=render(args), rest=rest,
        mac=place.mac_of([call.get("id"), call.get("name"), args]),
    )  # fmt: skip
    result, shown, status = call.get("result"), call.get("resultDisplay"), call.get("status")
    if result is None and status not in _FINAL:
        return [made]
    lifter = Lifter()
    texts = [_answer(part, lifter) for part in _list(result)]
    text = "\n".join(filter(None, texts)) or render(lifter.lift(shown), _IDS)
    same = Lifter({*filter(None, texts), text, *strings(args)})
    kept = {"id": call.get("id"), "status": status, "result": result, "resultDisplay": shown}
    stamp = call.get("timestamp")
    if stamp is not None and not stamps.canonical(stamp):
        kept["timestamp"] = stamp
    ts_ns = stamps.parse(stamp)
    answer = base._replace(
        kind="tool_result", role="tool", block=block + 1, tool=tool, text=text,
        rest={k: same.lift(v) for k, v in kept.items() if v is not None},
        omitted=tuple(dict.fromkeys(lifter.omitted() + same.omitted())),
        ts_ns=base.ts_ns if ts_ns is None else ts_ns, error=status in ("error", "cancelled"),
        mac=place.mac_of([result, shown, status]),
    )  # fmt: skip
    return [made, answer]


def _answer(part: Any, lifter: Lifter) -> str:
    """What a part of a result says: its output or error alone where there is nothing else."""
    response = part.get("functionResponse") if isinstance(part, dict) else None
    words = response.get("response") if isinstance(response, dict) else part
    if isinstance(words, dict) and len(words) == 1:
        only = next(iter(words.values()))
        if isinstance(only, str):
            return only
    return render(words if isinstance(words, str) else lifter.lift(words), _IDS)


def _name(call: dict[str, Any]) -> str | None:
    name = call.get("name")
    return short_name(name) if isinstance(name, str) and name else None
