"""One answer to a search, in the words of the machine contract, and what stands around it."""

from memlog.archive.body import text_of
from memlog.errors import MemlogError
from memlog.query import dates
from memlog.query.snippet import marked, snippet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memlog.archive.connection import Connection
    from memlog.query.snippet import Pieces

    Row = tuple[Any, ...]

DAMAGED = "(its bytes are damaged: memlog admin verify)"

# index: record_session
BEFORE_SQL = """
SELECT id, ts_ns, kind, role, tool, source_id, block, body, packing, text_bytes FROM record
WHERE session_id = :session AND (ts_ns, id) < (:ts_ns, :id) AND part = 0 AND kind <> 'meta'
  AND NOT (source_id = :source_id AND block = :block)
ORDER BY ts_ns DESC, id DESC LIMIT :context
"""
# index: record_session
AFTER_SQL = """
SELECT id, ts_ns, kind, role, tool, source_id, block, body, packing, text_bytes FROM record
WHERE session_id = :session AND (ts_ns, id) > (:ts_ns, :id) AND part = 0 AND kind <> 'meta'
  AND NOT (source_id = :source_id AND block = :block)
ORDER BY ts_ns, id LIMIT :context
"""


class Hit:
    """One record that answers, in the words of the machine contract.

    score: bm25, higher is better; None where hits are in order of time. matched: `all` of the terms,
    `most` (all that say something by themselves) or `any` of those. text: of the part that matched, of
    `parts`; unpacked when asked for. title: of its session. same: the records this row stands for; here:
    how many of them say something else near it in its session.
    """

    __slots__ = (
        "_packed", "_pieces", "_text", "agent", "block", "context", "digest", "epoch", "error", "here", "id",
        "kind", "matched", "needles", "part", "parts", "parts_of_score", "project", "role", "same", "score",
        "seq", "session", "session_id", "source_id", "title", "tool", "ts_ns",
    )  # fmt: skip

    def __init__(self, row: "Row", score: float | None) -> None:
        (self.id, self.session, self.epoch, self.seq, self.ts_ns, self.agent, self.project, self.kind,
         self.role, self.tool, self.source_id, self.block, self.part, self.parts, self.digest, self.error,
         self.session_id) = row[:17]  # fmt: skip
        self._packed: tuple[bytes, int, int | None] = row[17:]
        self._text: str | None = None
        self._pieces: Pieces | None = None
        self.score = None if score is None else -score
        self.matched = "all"
        self.title: str | None = None
        self.needles: list[str] = []
        self.context: list[dict[str, Any]] = []
        self.same: list[int] = []
        self.here = 0
        self.parts_of_score: dict[str, float] = {}

    @property
    def identity(self) -> tuple[int, str, int]:
        """The same for all parts of a record."""
        return self.session_id, self.source_id, self.block

    @property
    def count(self) -> int:
        """How many records the row stands for: this one and those folded into it."""
        return 1 + len(self.same)

    @property
    def ts(self) -> str:
        return dates.iso(self.ts_ns)

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = text_or_damaged(*self._packed)
        return self._text

    @property
    def pieces(self) -> "Pieces":
        """The snippet before it is marked."""
        if self._pieces is None:
            self._pieces = snippet(self.text, self.needles)
        return self._pieces

    @property
    def snippet(self) -> str:
        """The part of the text that answers, matches between « and »."""
        return marked(self.pieces)

    def as_dict(self) -> "dict[str, Any]":
        """What `--json` prints."""
        row = {name: getattr(self, name) for name in COLUMNS}
        if self.context:
            row["context"] = self.context
        if self.parts_of_score:
            row["explain"] = self.parts_of_score
        return row

    def __repr__(self) -> str:
        return f"Hit({self.id}, {self.snippet!r})"


COLUMNS = (
    "id", "session", "epoch", "seq", "ts", "ts_ns", "agent", "project", "kind", "role", "tool", "source_id",
    "block", "part", "parts", "title", "snippet", "text", "score", "matched", "count", "same", "here",
    "digest", "error",
)  # fmt: skip


class Hits(list[Hit]):
    """Hits in order, and how they were found.

    relaxed: some answer to fewer of the terms, because none or few answer to all. said: then the words
    that were looked for; have: how many records have all of the terms, and how many all that was looked
    for, in some form; have_more: of the latter not all were counted.
    capped: common words; ranked among the newest CANDIDATES hits. more: some of what answers was not read.
    notes: what a person should know.
    ended: if more follow, what was shown before and whether by time. near: words that no record has, and
    what they may mean.
    """

    relaxed = False
    capped = False
    more = False
    have = 0, 0
    have_more = False

    def __init__(self) -> None:
        super().__init__()
        self.ended: tuple[frozenset[int | str], bool] | None = None
        self.notes: list[str] = []
        self.said: list[str] = []
        self.near: list[tuple[str, list[str]]] = []

    @property
    def after(self) -> str | None:
        """Where this page ends, if more follow."""
        if self.ended is None or not self:
            return None
        from memlog.query import page  # few ask for it

        return page.end(self, *self.ended)


def text_or_damaged(body: bytes, packing: int, text_bytes: int | None) -> str:
    """Text of a body, or a sentence that says why there is none."""
    try:
        return text_of(body, packing, text_bytes)
    except MemlogError:
        return DAMAGED  # verify's business; the others are still to be shown


def context_of(con: "Connection", hit: Hit, records: int) -> "list[dict[str, Any]]":
    """Records around a hit in its session, in order of time, the hit left out."""
    values = {
        "session": hit.session_id, "ts_ns": hit.ts_ns, "id": hit.id, "source_id": hit.source_id,
        "block": hit.block, "context": records,
    }  # fmt: skip
    before = con.execute(BEFORE_SQL, values).fetchall()
    after = con.execute(AFTER_SQL, values).fetchall()
    return [
        {
            "id": row[0], "ts": dates.iso(row[1]), "kind": row[2], "role": row[3], "tool": row[4],
            "source_id": row[5], "block": row[6], "text": text_or_damaged(*row[7:]),
            "place": "before" if n < len(before) else "after",
        }
        for n, row in enumerate(before[::-1] + after)
    ]  # fmt: skip
