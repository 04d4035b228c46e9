"""What a SWE-agent trajectory (`*.traj`) means: the history the model was given, and the steps taken.

Both tell the same run: a step's texts are records of their own only where no entry of the history since
the step before holds them. Nothing in a trajectory has an id or a time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from memlog.capture import quick_json
from memlog.capture.agents import Place, State
from memlog.capture.identity import short_name
from memlog.capture.leaves import Lifter, render, strings
from memlog.capture.readers.blocks import add
from memlog.capture.readers.plain import SPILL_MARK as SPILL_MARK
from memlog.capture.readers.plain import frame_of as frame_of
from memlog.capture.readers.plain import spilled as spilled
from memlog.record import Record

AGENT = "swe-agent"
HEAD = "history"

_ENDINGS = (".traj", ".traj.gz")
_STEP = 4  # block of what a step holds beside its four texts
_OF_ENTRY = frozenset(("content", "thought", "action", "tool_calls", "thinking_blocks"))
_TEXTS = (
    ("response", "message"),
    ("thought", "thinking"),
    ("action", "tool_use"),
    ("observation", "tool_result"),
)
_LIKE = {
    kind: (kind, "message", "thinking") if kind in ("message", "thinking") else (kind,) for _, kind in _TEXTS
}
_OF_CALL = frozenset(("arguments", "name"))
_DRY = frozenset(
    ("exit_status", "swe_agent_hash", "swe_agent_version", "swe_rex_version", "swe_rex_hash", "sha256")
)


def default_paths(home: str, environ: Mapping[str, str]) -> list[str]:
    """Where SWE-agent is told to write; by itself it does so below the folder it is run in."""
    told = environ.get("SWE_AGENT_TRAJECTORY_DIR")
    return [told] if told else []


def find(path: str) -> Iterator[str]:
    """The trajectories under a file or a folder. Raises: NotFoundError."""
    from memlog.capture import files

    return files.under(path, endings=_ENDINGS)


def unfold(document: dict[str, Any], whole: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """Its environment; history and steps as they happened; then one by one what is said of the run."""
    history, steps = _list(document.get("history")), _list(document.get("trajectory"))
    head = {"environment": document.get("environment")}
    folder = next(filter(None, map(_folder, steps)), None)
    yield 0, {**head, "working_dir": folder} if folder else head
    number = taken = 0
    acted = False
    for entry in history:
        is_action = isinstance(entry, dict) and entry.get("role") == "assistant" and not entry.get("is_demo")
        if is_action and acted and taken < len(steps):
            number += 1
            yield number, {"step": steps[taken]}
            taken += 1
        acted = acted or is_action
        number += 1
        yield number, {"entry": _plain(entry)}
    # Of a torn history nobody knows yet what it tells of these.
    for step in steps[taken:] if whole else ():
        number += 1
        yield number, {"step": step}
    for key, value in document.items():
        if key == "info" and isinstance(value, dict):
            # Counts of a run that is not over change with every step.
            over = bool(value.get("exit_status"))
            yield from ((0, {"info": {k: v}}) for k, v in value.items() if over or k != "model_stats")
        elif key not in ("history", "trajectory", "environment"):
            yield 0, {key: value}


def is_unfinished(value: dict[str, Any]) -> bool:
    """Never: a trajectory is written after a step, with all of it."""
    return False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _plain(entry: Any) -> Any:
    """The entry without what marks it for a model's cache: the mark moves on with every step."""
    if not isinstance(entry, dict):
        return entry
    kept = {k: v for k, v in entry.items() if k != "cache_control"}
    content = kept.get("content")
    if isinstance(content, list):
        content = [
            {k: v for k, v in p.items() if k != "cache_control"} if isinstance(p, dict) else p
            for p in content
        ]
        only = content[0] if len(content) == 1 else None
        is_text = isinstance(only, dict) and set(only) == {"type", "text"}
        kept["content"] = only["text"] if is_text and only is not None else content
    return kept


def _folder(step: Any) -> str | None:
    """The working directory a step says; its state is an object, or one as text."""
    state = step.get("state") if isinstance(step, dict) else None
    if isinstance(state, str):
        try:
            state = quick_json.loads(state)
        except (ValueError, RecursionError):
            return None
    found = state.get("working_dir") if isinstance(state, dict) else None
    return found if isinstance(found, str) and found else None


def is_ours(value: dict[str, Any]) -> bool:
    """True for a document with a history or with steps."""
    return isinstance(value.get("history"), list) or isinstance(value.get("trajectory"), list)


def session_of(value: dict[str, Any]) -> str | None:
    """None: the file's name is the name of the run."""
    return None


def stamp_of(value: dict[str, Any]) -> int | None:
    """None: the file's own time is all there is."""
    return None


def source_of(value: dict[str, Any]) -> str | None:
    """None: nothing has an id."""
    return None


def damage(text: str, place: Place, state: State) -> Record:
    """The text as it is written."""
    return _base(place, state)._replace(kind="damage", text=text)


def records(value: dict[str, Any], place: Place, state: State) -> list[Record]:
    """What an entry of the history says and does; what a step holds beyond it; else one."""
    folder = value.get("working_dir")
    if "project" not in state and isinstance(folder, str):
        state["project"] = short_name(folder)
    base = _base(place, state)
    entry, step = value.get("entry"), value.get("step")
    if isinstance(entry, dict):
        return _entry(entry, base, state)
    if isinstance(step, dict):
        return _step(step, base, state)
    lifter = Lifter()
    line = lifter.lift(value)
    return [base._replace(text="\n".join(strings(line, _DRY)), rest={"line": line}, omitted=lifter.omitted())]


def _base(place: Place, state: State) -> Record:
    return Record(
        agent=AGENT, session=place.session, source_id=place.source_id, block=0, kind="meta",
        ts_ns=place.ts_ns, text="", mac=place.mac, project=state.get("project"), boundary="", at=place.at,
    )  # fmt: skip


def _entry(entry: dict[str, Any], base: Record, state: State) -> list[Record]:
    role = entry.get("role")
    role = short_name(role) if isinstance(role, str) and role else None
    if role == "user" and entry.get("is_demo"):
        role = "system"  # no user of this run said it
    lifter = Lifter()
    content = entry.get("content")
    parts = content if isinstance(content, list) else [content]
    texts = [
        part["text"]
        if isinstance(part, dict) and isinstance(part.get("text"), str)
        else render(lifter.lift(part))
        for part in parts
    ]
    said = base._replace(kind="message", role=role, text="\n".join(texts))
    answers = role == "tool" or (role == "user" and "tool" in state and not entry.get("is_demo"))
    if answers and entry.get("message_type", "observation") == "observation":
        said = said._replace(kind="tool_result", role="tool", tool=state.get("tool"))
    found = [said] if said.text or role != "assistant" else []
    if role == "assistant":
        found += _thoughts(entry, said) + _calls(entry, said, state)
        found = [record._replace(block=n) for n, record in enumerate(found or [said])]
    line = {k: v for k, v in entry.items() if k not in _OF_ENTRY and (k != "role" or v != role)}
    if isinstance(content, list):
        known = Lifter(set(texts))
        line["content"] = known.lift(content)
    same = [key for key in ("thought", "action") if isinstance(entry.get(key), str)]
    line |= {key: {"same": True} for key in same}
    omitted = lifter.omitted() + (("same",) if same else ())
    found[0] = add(found[0], line=line)._replace(omitted=omitted)
    state.setdefault("told", []).extend((record.kind, record.text) for record in found)
    state.setdefault("texts", set()).update(filter(None, (record.text for record in found)), texts)
    return found


def _thoughts(entry: dict[str, Any], said: Record) -> list[Record]:
    found = []
    for block in _list(entry.get("thinking_blocks")):
        text = block.get("thinking") if isinstance(block, dict) else block
        lifter = Lifter()
        rest = (
            lifter.lift({k: v for k, v in block.items() if k != "thinking"})
            if isinstance(block, dict)
            else {}
        )
        found.append(said._replace(kind="thinking", text=render(text), rest=rest, omitted=lifter.omitted()))
    thought = entry.get("thought")
    if isinstance(thought, str) and thought not in said.text:
        found.append(said._replace(kind="thinking", text=thought))
    return found


def _calls(entry: dict[str, Any], said: Record, state: State) -> list[Record]:
    """One record a call of a tool, the first with the action as SWE-agent ran it; else the action alone."""
    action = entry.get("action")
    action = action if isinstance(action, str) else render(action)
    found: list[Record] = []
    for call in _list(entry.get("tool_calls")):
        function = call.get("function") if isinstance(call, dict) else None
        function = function if isinstance(function, dict) else {}
        words = _arguments(function.get("arguments")) if function else render(call)
        if not found and action and action not in words:
            words = f"{action}\n{words}" if words else action
        name = function.get("name")
        rest = {k: v for k, v in call.items() if k != "function"} if isinstance(call, dict) else {}
        rest |= {k: v for k, v in function.items() if k not in _OF_CALL}
        tool = short_name(name) if isinstance(name, str) and name else None
        found.append(said._replace(kind="tool_use", text=words, tool=tool, rest=rest))
    if not found and action:
        found = [said._replace(kind="tool_use", text=action, tool=short_name(action.split(None, 1)[0]))]
    if found and not entry.get("is_demo"):
        state["tool"] = found[-1].tool
    return found


def _arguments(value: Any) -> str:
    """What a call is given; an object written as text is read."""
    if isinstance(value, str):
        try:
            read = quick_json.loads(value)
        except (ValueError, RecursionError):
            return value
        value = read if isinstance(read, dict) else value
    return render(value)


def _step(step: dict[str, Any], base: Record, state: State) -> list[Record]:
    """What no entry since the last step holds, and the rest of the step."""
    told, texts = state.get("told", []), state.setdefault("texts", set())
    state["told"] = []
    found: list[Record] = []
    for block, (key, kind) in enumerate(_TEXTS):
        text = step.get(key)
        if not isinstance(text, str) or not text or any(text in said for k, said in told if k in _LIKE[kind]):
            continue
        is_answer = kind == "tool_result"
        tool = state.get("tool") if is_answer or kind == "tool_use" else None
        role = "tool" if is_answer else "assistant"
        found.append(base._replace(kind=kind, role=role, block=block, text=text, tool=tool))
        told = [*told, (kind, text)]
    texts.update(text for key, _ in _TEXTS if isinstance(text := step.get(key), str) and text)
    lifter = Lifter(texts)
    line = {key: _known(value, texts) if key == "query" else value for key, value in step.items()}
    line = lifter.lift(line)
    state_words = "\n".join(strings({k: v for k, v in line.items() if k != "query"}, _DRY))
    found.append(base._replace(block=_STEP, text=state_words, rest={"line": line}, omitted=lifter.omitted()))
    return found


def _known(query: Any, texts: set[str]) -> Any:
    """How many entries the model was given, where the history holds them all: it is given them every step."""
    entries = [_plain(entry) for entry in _list(query)]
    contents = [entry.get("content") if isinstance(entry, dict) else None for entry in entries]
    told = all(isinstance(content, str) and content in texts for content in contents)
    return {"same": len(entries)} if told else query
