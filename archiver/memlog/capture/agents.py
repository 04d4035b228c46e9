"""The agents memlog reads."""

from typing import TYPE_CHECKING, Any

from memlog.capture import quick_json
from memlog.capture.identity import Hmac
from memlog.errors import InputError
from memlog.record import PART_MAC_BYTES

if TYPE_CHECKING:  # classes a hook would make for nothing
    from memlog.capture.reader import Reader

# Kept between lines and in the watermark: it must survive JSON.
State = dict[str, Any]

READERS = {
    "claude-code": "memlog.capture.readers.claude_code",
    "codex": "memlog.capture.readers.codex",
    "copilot-cli": "memlog.capture.readers.copilot_cli",
    "gemini-cli": "memlog.capture.readers.gemini_cli",
    "jsonl": "memlog.capture.readers.jsonl",
    "opencode": "memlog.capture.readers.opencode",
    "swe-agent": "memlog.capture.readers.swe_agent",
}


class Place:
    """Where a line stands and what identifies it, as far as that does not depend on the agent.

    path: the transcript's own, also where a spooled copy is read. at: byte offset of the line, or its
    number in a document.
    """

    # Not a NamedTuple: making one class of those takes a hook 0.1 ms.
    __slots__ = ("at", "hmac", "mac", "path", "session", "source_id", "ts_ns")

    def __init__(
        self, session: str, source_id: str, ts_ns: int, mac: bytes, at: int, path: str, hmac: Hmac
    ) -> None:
        self.session = session
        self.source_id = source_id
        self.ts_ns = ts_ns
        self.mac = mac
        self.at = at
        self.path = path
        self.hmac = hmac

    def mac_of(self, value: Any) -> bytes:
        """The mac of a record of this part of the line alone, for hosts that rewrite lines."""
        return self.hmac.digest(quick_json.dumps(value).encode())[:PART_MAC_BYTES]


def reader(agent: str) -> "Reader":
    """The reader of an agent's transcripts.

    Raises: InputError for an agent memlog does not know.
    """
    module = READERS.get(agent)
    if module is None:
        raise InputError(f"no agent is called {agent!r}; known: {', '.join(READERS)}")
    # Not importlib: __import__ of a dotted name with a fromlist gives the module itself.
    found: Reader = __import__(module, fromlist=["AGENT"])
    return found
