"""What a host tells a hook on stdin, as an event."""

import os
import select
import time
from typing import Any

from memlog.capture import quick_json
from memlog.capture.identity import short_name
from memlog.capture.leaves import fit, fit_text
from memlog.contracts import CLAUDE_CODE, DAMAGED_INPUT
from memlog.record import Event
from memlog.redact import Counts, Hits, redact_text, redact_value

LONGEST_INPUT = 8 << 20
IDLE_S = 1.0  # a host that never closes stdin has said all it will
_WHOLE_IDLE_S = 0.02  # the same, once what it said is one JSON object
_SLOWEST_S = 3.0
_KEPT_DAMAGE = 4_096

# The transcript holds these whole; a hook's copy is worth its beginning.
_LARGE = frozenset(("tool_input", "tool_response", "tool_output"))
_KEPT_LARGE = 2_000
_OTHERWISE = {"session_id": "sessionId", "transcript_path": "transcriptPath"}  # as Copilot CLI spells them


class Told:
    """One hook call. data: the host's object, {} where it was none. raw: what stood on stdin."""

    __slots__ = ("agent", "data", "event", "raw")

    def __init__(self, event: str, data: dict[str, Any], raw: bytes, agent: str) -> None:
        self.agent = agent
        self.event = event
        self.data = data
        self.raw = raw

    def text(self, name: str) -> str:
        """A field that is a text, else ""."""
        found = self.data.get(name)
        if found is None and name in _OTHERWISE:
            found = self.data.get(_OTHERWISE[name])
        return found if isinstance(found, str) else ""

    @property
    def session(self) -> str:
        return short_name(self.text("session_id"))


def read_input(fd: int) -> bytes:
    """What stands on the descriptor, up to LONGEST_INPUT; ends at EOF, or when nothing more comes."""
    pieces: list[bytes] = []
    size = 0
    deadline = time.monotonic() + _SLOWEST_S
    while size < LONGEST_INPUT:
        whole = bool(pieces) and pieces[-1].rstrip()[-1:] == b"}" and _object(b"".join(pieces)) is not None
        left = min(_WHOLE_IDLE_S if whole else IDLE_S, deadline - time.monotonic())
        try:
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                break
            piece = os.read(fd, min(1 << 20, LONGEST_INPUT - size))
        except (OSError, ValueError):  # closed, or no descriptor at all
            break
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def understand(event: str, raw: bytes, agent: str = "") -> Told:
    """The call; its event is the command line's, else what the host says. agent: "" is Claude Code."""
    data = _object(raw)
    event = fit_text(event)  # the command line may hold any byte
    agent = short_name(fit_text(agent)) or CLAUDE_CODE
    if data is None:
        return Told(event or "unknown", {}, raw, agent)
    name = event or data.get("hook_event_name")
    return Told(name if isinstance(name, str) and name else "unknown", data, raw, agent)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        data = quick_json.loads(raw.decode("utf-8").removeprefix("\ufeff"))
        return fit(data) if isinstance(data, dict) else None
    except (ValueError, RecursionError):
        return None


def event_of(told: Told, *, now_ns: int, redact: bool) -> Event:
    """The event to record: the host's fields, or that they were no JSON object."""
    counts: Counts = {}
    if not told.data and _object(told.raw) is None:
        text = told.raw[: 16 * _KEPT_DAMAGE].decode("utf-8", "backslashreplace")
        if redact:
            text, counts = redact_text(text)
        data: dict[str, Any] = {
            "event": told.event[:64], "bytes": len(told.raw), "input": text[:_KEPT_DAMAGE]
        }  # fmt: skip
        return Event(DAMAGED_INPUT, told.agent, "", now_ns, data, redacted=counts)
    data = {key: _beginning(value) if key in _LARGE else value for key, value in told.data.items()}
    if redact:
        data = redact_value(data, Hits(told.raw).before(len(told.raw)), counts)
    project = told.text("cwd")
    return Event(
        told.event[:64], told.agent, told.session, now_ns, data,
        project=short_name(project) if project else None, redacted=counts,
    )  # fmt: skip


def _beginning(value: Any) -> Any:
    text = value if isinstance(value, str) else quick_json.dumps(value)
    if len(text) <= _KEPT_LARGE:
        return value
    return f"{text[:_KEPT_LARGE]}[{len(text) - _KEPT_LARGE} characters more in the transcript]"
