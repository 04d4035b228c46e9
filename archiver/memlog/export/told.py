"""Records as a person reads them, one after the other, with the sessions they begin."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memlog.query import slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.slice import Slice


@dataclass(frozen=True, slots=True)
class Told:
    """One record, or a part of one. begins: it is of another session than the one before."""

    id: int
    session: str
    agent: str
    project: str | None
    epoch: int
    ts: str
    ts_ns: int
    kind: str
    role: str | None
    tool: str | None
    part: int
    parts: int
    error: bool
    text: str
    extra: str | None
    begins: bool

    @property
    def who(self) -> str:
        """Who or what says it: a tool by its name."""
        if self.kind == "tool_result":
            return f"{self.tool or 'tool'} {'failed' if self.error else 'answers'}"
        if self.kind == "tool_use":
            return self.tool or "tool"
        return self.role or self.kind


def told(con: "Connection", part: "Slice", *, meta: bool = False) -> Iterator[Told]:
    """Records of a slice in order of time; meta: also the host's bookkeeping."""
    names = slice.columns(con)
    at = {name: names.index(name) for name in names}
    last = ("", "")
    for row in slice.records(con, part):
        if row[at["kind"]] == "meta" and not meta:
            continue
        of = (row[at["session"]], row[at["agent"]])
        yield Told(
            row[at["id"]], *of, row[at["project"]], row[at["epoch"]], row[at["ts"]], row[at["ts_ns"]],
            row[at["kind"]], row[at["role"]], row[at["tool"]], row[at["part"]], row[at["parts"]],
            bool(row[at["error"]]), row[at["text"]] or "", row[at["extra"]], of != last,
        )  # fmt: skip
        last = of
