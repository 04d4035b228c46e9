"""A fact and its citation, and a record as the extractor reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# As a report shows them: what was wanted and settled, what was done, what came of it, what was named.
KINDS = (
    "instruction", "correction", "decision", "todo", "file", "command", "commit", "branch", "error", "test",
    "url", "identifier",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A record whole, decoded once.

    given: the arguments of a call as they were; call: the id that pairs a call with its answer.
    cwd: the folder a call was made in, where that is known.
    aside: not in the agent's own context (a subagent's). injected: of the host, though a user's or a tool's.
    opening: nobody but the user spoke before it.
    """

    id: int
    session: str
    agent: str
    epoch: int
    ts_ns: int
    kind: str
    role: str | None
    tool: str | None
    text: str
    error: bool
    digest: str
    given: Mapping[str, Any] | None = None
    call: str | None = None
    aside: bool = False
    injected: bool = False
    repeated: int = 0  # of a compaction: messages of the user that its new context repeats
    cwd: str | None = None
    opening: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a record says: what, who said it, and where it stands.

    start, end: bytes of the record's text in UTF-8. digest: the record's, as in v_record.
    detail: what was done with a file, how a command ended, why a decision was made.
    place: the absolute path of a file, where that is certain.
    """

    kind: str
    value: str
    detail: str | None
    by: str
    record: int
    start: int
    end: int
    digest: str
    session: str
    agent: str
    epoch: int
    ts_ns: int
    aside: bool = False
    place: str | None = None

    @property
    def key(self) -> str:
        """What makes it the same fact when it is met again."""
        return self.place or key_of(self.kind, self.value)


def key_of(kind: str, value: str) -> str:
    """The value without what does not tell two facts apart: white space, and the case of prose."""
    if kind == "file":
        return value
    folded = " ".join(value.split())
    return folded.lower() if kind in ("instruction", "correction", "decision", "todo") else folded
