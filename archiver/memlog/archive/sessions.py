"""Session rows: what is counted and remembered of a session while its records are stored.

Every rule here gives the same row in whatever order and pieces the records come.
"""

import json
from collections.abc import Iterable
from typing import Any

from memlog.archive import chain, usage
from memlog.archive.connection import Connection
from memlog.archive.epochs import Epochs
from memlog.archive.tree import session_dir
from memlog.record import Record

# index: session (agent, session)
LOAD_SQL = """
SELECT id, project, project_ns, title, title_rank, title_ns, title_at, leaves, first_id, last_id, started_ns,
  ended_ns, closed_ns, records, metas, tools, errors, bytes, head, links, turns, tokens
FROM session WHERE agent = :agent AND session = :session
"""
ADD_SQL = "INSERT INTO session (agent, session, dir, head) VALUES (:agent, :session, :dir, :head)"
SAVE_SQL = """
UPDATE session SET project = ?, project_ns = ?, title = ?, title_rank = ?, title_ns = ?, title_at = ?,
  leaves = ?, first_id = ?, last_id = ?, started_ns = ?, ended_ns = ?, closed_ns = ?, records = ?, metas = ?,
  tools = ?, errors = ?, bytes = ?, head = ?, links = ?, turns = ?, tokens = ? WHERE id = ?
"""

# Ranks of a title: the host's own, a summary of this session, the first thing a user said in the main
# transcript, and the same where it is not known to be the main one.
_HOSTS, _SUMMARY, _FIRST, _FIRST_ANYWHERE = 4, 3, 2, 1
_TITLE_KEYS = ("customTitle", "aiTitle", "title")
_TITLE_CHARS = 120
_NOT_SAID = ("<", "Caveat", "# AGENTS.md instructions")  # what a host puts into a user's mouth
_FRAMED = "[["  # a heading some hosts put above what the user said
_MOST_LEAVES = 200


class Session:
    """One row of session, held while the archive is open and written once a batch."""

    __slots__ = (
        "agent", "closed_ns", "ended_ns", "epochs", "errors", "first_id", "head", "id", "is_new",
        "known", "last_id", "leaves", "links", "metas", "name", "project", "project_ns", "records", "size",
        "started_ns", "title", "title_at", "title_ns", "title_rank", "tokens", "tools", "turns",
    )  # fmt: skip

    id: int
    epochs: Epochs
    project: str | None
    project_ns: int | None
    title: str | None
    title_rank: int
    title_ns: int | None
    title_at: int | None
    first_id: int | None
    last_id: int | None
    started_ns: int | None
    ended_ns: int | None
    closed_ns: int | None
    records: int
    metas: int
    tools: int
    errors: int
    size: int
    head: bytes
    links: int
    turns: int
    tokens: int | None

    def __init__(self, agent: str, name: str) -> None:
        self.agent = agent
        self.name = name
        self.leaves: dict[str, list[Any]] = {}
        self.known: dict[str, Any] = {}  # ingest's: identities of the running batch
        self.is_new = False

    def count(self, record: Record, record_id: int, size: int) -> None:
        """Take a new row into the session's counts, its range of ids and its times."""
        ts_ns = record.ts_ns
        if record.part == 0:
            self.records += 1
            self.metas += record.kind == "meta"
            self.tools += record.kind == "tool_use"
            self.errors += record.error
            self.turns += record.kind == "message" and record.role == "user"
            told = usage.tokens(record)
            if told is not None and (self.tokens is None or told > self.tokens):
                self.tokens = told
        self.size += size
        if self.first_id is None or record_id < self.first_id:
            self.first_id = record_id
        if self.last_id is None or record_id > self.last_id:
            self.last_id = record_id
        if self.started_ns is None or ts_ns < self.started_ns:
            self.started_ns = ts_ns
        if self.ended_ns is None or ts_ns > self.ended_ns:
            self.ended_ns = ts_ns
        self.hear(record)

    def hear(self, record: Record) -> None:
        """Take what a new record says about its session: project and title."""
        if record.project is not None and (
            self.project_ns is None or (record.ts_ns, record.project) < (self.project_ns, self.project or "")
        ):
            self.project, self.project_ns = record.project, record.ts_ns
        if record.kind == "message":
            if record.role == "user" and record.part == 0 and self.title_rank <= _FIRST:
                self._first_words(record)
        elif record.kind == "meta" and record.part == 0:
            self._named(record)

    def leaves_among(self, source_ids: Iterable[str]) -> None:
        """Take titles that waited for one of these records."""
        for leaf in [leaf for leaf in source_ids if leaf in self.leaves]:
            title, ts_ns, at = self.leaves.pop(leaf)
            self._offer(_SUMMARY, title, ts_ns, at)

    def _first_words(self, record: Record) -> None:
        rank = _FIRST if record.boundary is not None else _FIRST_ANYWHERE
        if rank >= self.title_rank:
            title = first_line(record.text)
            if title and not title.startswith(_NOT_SAID):
                self._offer(rank, title, record.ts_ns, record.at or 0)

    def _named(self, record: Record) -> None:
        line = record.rest.get("line", record.rest) if isinstance(record.rest, dict) else None
        if not isinstance(line, dict):
            return
        kind = line.get("type")
        if kind in ("custom-title", "ai-title"):
            words = next((line[k] for k in _TITLE_KEYS if isinstance(line.get(k), str)), record.text)
            if first_line(words):
                self._offer(_HOSTS, first_line(words), record.ts_ns, record.at or 0)
        elif kind == "summary":
            words = line.get("summary")
            title, leaf = first_line(words if isinstance(words, str) else record.text), line.get("leafUuid")
            # A host writes summaries of other sessions too: only one that names a record of ours counts.
            if title and isinstance(leaf, str) and len(self.leaves) < _MOST_LEAVES:
                found = [title, record.ts_ns, record.at or 0]
                if leaf not in self.leaves or self.leaves[leaf][1:] <= found[1:]:
                    self.leaves[leaf] = found

    def _offer(self, rank: int, title: str, ts_ns: int, at: int) -> None:
        held = (self.title_ns or 0, self.title_at or 0)
        better = (ts_ns, at) < held if rank <= _FIRST else (ts_ns, at) >= held
        if rank > self.title_rank or (rank == self.title_rank and better):
            self.title, self.title_rank, self.title_ns, self.title_at = title, rank, ts_ns, at

    def row(self) -> tuple[Any, ...]:
        """Parameters of SAVE_SQL."""
        return (
            self.project, self.project_ns, self.title, self.title_rank, self.title_ns, self.title_at,
            json.dumps(self.leaves, ensure_ascii=False) if self.leaves else None,
            self.first_id, self.last_id, self.started_ns, self.ended_ns, self.closed_ns, self.records,
            self.metas, self.tools, self.errors, self.size, self.head, self.links, self.turns, self.tokens,
            self.id,
        )  # fmt: skip


def load(con: Connection, agent: str, name: str) -> Session | None:
    """The session's row and epochs; None where it has none yet."""
    row = con.execute(LOAD_SQL, {"agent": agent, "session": name}).fetchone()
    if row is None:
        return None
    found = Session(agent, name)
    (
        found.id, found.project, found.project_ns, found.title, found.title_rank, found.title_ns,
        found.title_at, leaves, found.first_id, found.last_id, found.started_ns, found.ended_ns,
        found.closed_ns, found.records, found.metas, found.tools, found.errors, found.size,
        found.head, found.links, found.turns, found.tokens,
    ) = row  # fmt: skip
    if leaves:
        found.leaves = json.loads(leaves)
    found.epochs = Epochs.load(con, found.id)
    return found


def add(con: Connection, archive_id: bytes, agent: str, name: str) -> Session:
    """A new session with its first epoch."""
    head = chain.genesis(archive_id, agent, name)
    con.execute(ADD_SQL, {"agent": agent, "session": name, "dir": session_dir(agent, name), "head": head})
    found = load(con, agent, name)
    assert found is not None
    found.is_new = True
    found.epochs.begin()
    return found


def first_line(text: object) -> str:
    """The first line with words in it, at most 120 characters; "" for none.

    A line that only announces ("Implement the following plan:") is joined by the one it announces.
    """
    if not isinstance(text, str):
        return ""
    title = ""
    for line in text[:4_000].split("\n"):
        words = " ".join(line.split())
        if title:
            words = words.lstrip("#").strip()
        if words and not words.startswith(_FRAMED):
            title = f"{title} {words}" if title else words
            if not title.endswith(":"):
                break
    return title if len(title) <= _TITLE_CHARS else title[: _TITLE_CHARS - 1] + "…"
