"""The agents memlog reads, and what a reader of one offers."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from memlog.capture import quick_json
from memlog.capture.identity import Hmac
from memlog.errors import InputError
from memlog.record import PART_MAC_BYTES, Record
from memlog.wire import Frame

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


class Reader(Protocol):
    """What one agent's lines mean."""

    AGENT: str
    SPILL_MARK: bytes  # stands in a line that may name a file beside the transcript; b"": there are none

    def default_paths(self, home: str, environ: Mapping[str, str]) -> list[str]:
        """Where the host keeps its transcripts by itself, for a home directory and an environment."""
        ...

    def find(self, path: str) -> Iterator[str]:
        """The transcript files under a path. Raises: NotFoundError."""
        ...

    def session_of(self, value: dict[str, Any]) -> str | None:
        """The session a line says it belongs to."""
        ...

    def stamp_of(self, value: dict[str, Any]) -> int | None:
        """The time a line says, ns since 1970 UTC."""
        ...

    def source_of(self, value: dict[str, Any]) -> str | None:
        """The id the host gave a line."""
        ...

    def records(self, value: dict[str, Any], place: Place, state: State) -> list[Record]:
        """The records of a line; state is read and carried on."""
        ...

    def damage(self, text: str, place: Place, state: State) -> Record:
        """The record of a line that is no JSON object."""
        ...

    def spilled(self, value: dict[str, Any], records: list[Record], place: Place) -> list[Record]:
        """Records of what the host put into files beside the transcript for this line."""
        ...

    def frame_of(self, value: dict[str, Any]) -> Frame | None:
        """The frame of a line that is a record of ours already."""
        ...


class DocumentReader(Reader, Protocol):
    """What one agent's documents mean: `unfold` makes lines of one, the rest is a Reader's."""

    HEAD: str  # a torn document is nothing before it: a key that hosts write after all that lines stand on

    def unfold(self, document: dict[str, Any], whole: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        """Its lines in a fixed order, numbered by their place: 0 the head, messages from 1, last what is
        said about it all, 0 again. A later stage of a document begins with the same lines.

        whole: False where it is torn after some element.
        """
        ...

    def is_unfinished(self, value: dict[str, Any]) -> bool:
        """True for a message its host is still writing."""
        ...


def reader(agent: str) -> Reader:
    """The reader of an agent's transcripts.

    Raises: InputError for an agent memlog does not know.
    """
    module = READERS.get(agent)
    if module is None:
        raise InputError(f"no agent is called {agent!r}; known: {', '.join(READERS)}")
    # Not importlib: __import__ of a dotted name with a fromlist gives the module itself.
    found: Reader = __import__(module, fromlist=["AGENT"])
    return found
