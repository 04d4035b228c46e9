"""A session's records in order without what they say: where prompts, failures and compactions stand.

What a page shows is a stretch of it, so a page of a session of 40,000 records reads a few hundred.
"""

import json
import os.path
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from memlog.archive.connection import Connection
from memlog.errors import NotFoundError
from memlog.query import record
from memlog.query.gaps import HoleRow, holes
from memlog.query.record import Identity
from memlog.query.sessions import SessionRow

# index: session (dir)
BY_DIR_SQL = "SELECT id, agent, session FROM session WHERE dir = :dir"
# index: session (agent, session)
ROW_SQL = "SELECT id FROM session WHERE agent = :agent AND session = :session"
# What changes when a page of it would. index: session (agent, session); epoch and hole by session
VERSION_SQL = """
SELECT s.links, (SELECT count(*) || '.' || count(closed_ns) FROM epoch WHERE session_id = s.id),
  (SELECT count(*) FROM hole WHERE session_id = s.id AND healed_ns IS NULL)
FROM session s WHERE s.agent = :agent AND s.session = :session
"""
# index: record_session, in its order: no sort. Only what stands in a user's name is unpacked.
MARKS_SQL = """
SELECT id, ts_ns, epoch_id, kind, tool, error, timed, bytes,
  CASE WHEN kind = 'message' AND role = 'user'
    THEN substr(CAST(memlog_text(body, packing, text_bytes) AS TEXT), 1, 200) END
FROM record WHERE session_id = :session AND part = 0 AND (kind <> 'meta' OR error = 1 OR :all)
ORDER BY ts_ns, id
"""
# index: epoch (session_id, boundary)
NUMBERS_SQL = "SELECT id, number FROM epoch WHERE session_id = :session"
# index: the record's primary key
IDENTITIES_SQL = "SELECT id, source_id, block FROM record WHERE id IN (SELECT value FROM json_each(:ids))"
# A gap stands before the first record its ring gave after it, or after the last before it.
# index: record_ring
GAPS_SQL = """
SELECT g.lost, g.reason, g.after_seq, g.before_seq, g.noticed_ns,
  (SELECT r.id FROM record r WHERE r.ring = g.ring AND r.seq >= g.before_seq ORDER BY r.seq LIMIT 1),
  (SELECT r.id FROM record r WHERE r.ring = g.ring AND r.seq <= g.after_seq ORDER BY r.seq DESC LIMIT 1)
FROM gap g WHERE g.healed_ns IS NULL ORDER BY g.noticed_ns LIMIT 1000
"""
PAGE = 120  # records of a page, about
_SLACK = 80  # how much longer it may get, so that a call and its answer stay together
# What hosts put into a user's mouth.
_NOT_SAID = (
    "<",
    "Caveat:",
    "# AGENTS.md instructions",
    "[Request interrupted",
    "This session is being continued",
)


class Mark(NamedTuple):
    """One record. said: how a user's message begins; aside: not of the main transcript, as far as known."""

    id: int
    ts_ns: int
    epoch: int
    kind: str
    tool: str | None
    error: int
    aside: int
    bytes: int
    said: str | None

    @property
    def is_prompt(self) -> bool:
        return self.said is not None and not self.aside and is_said(self.said)


class Loss(NamedTuple):
    """Something that is missing before the mark with this number. hole: in the transcript; gap: of a ring."""

    at: int
    what: str
    lost: int
    place: str
    reason: str


class Outline:
    """A session's marks in order, and what is found by going through them."""

    __slots__ = ("landmarks", "losses", "marks", "pages", "row", "session", "version", "where")

    def __init__(
        self, session: SessionRow, row: int, version: str, marks: list[Mark], losses: list[Loss]
    ) -> None:
        self.session = session
        self.row = row
        self.version = version
        self.marks = marks
        self.losses = losses
        self.where = {mark.id: n for n, mark in enumerate(marks)}
        self.pages = list(_pages(marks))
        self.landmarks = {
            "prompt": [n for n, m in enumerate(marks) if m[8] is not None and not m[6] and is_said(m[8])],
            "error": [n for n, m in enumerate(marks) if m[5]],
            "compaction": [n for n, m in enumerate(marks) if m[3] == "compaction"],
        }

    def page_of(self, n: int) -> int:
        """Number of the page the n-th mark stands on."""
        return max(bisect_right(self.pages, n) - 1, 0)

    def stretch(self, page: int) -> tuple[int, int]:
        """First mark of a page, and the first after it."""
        last = self.pages[page + 1] if page + 1 < len(self.pages) else len(self.marks)
        return (self.pages[page], last) if self.pages else (0, 0)

    def near(self, record_id: int) -> int:
        """Number of the record's mark; of one that has none the mark at its time."""
        if record_id in self.where:
            return self.where[record_id]
        before = (n for n, mark in enumerate(self.marks) if mark.id > record_id)
        return next(before, max(len(self.marks) - 1, 0))

    def beyond(self, first: int, last: int) -> dict[str, tuple[int | None, int | None]]:
        """The nearest prompt, error and compaction before and after a stretch, by id."""
        found: dict[str, tuple[int | None, int | None]] = {}
        for name, places in self.landmarks.items():
            before, after = bisect_left(places, first), bisect_left(places, last)
            found[name] = (
                self.marks[places[before - 1]].id if before else None,
                self.marks[places[after]].id if after < len(places) else None,
            )
        return found


def named(con: Connection, place: str) -> tuple[str, str] | None:
    """(agent, session) of the session with this folder name."""
    row = con.execute(BY_DIR_SQL, {"dir": place}).fetchone()
    return (row[1], row[2]) if row else None


def version(con: Connection, session: SessionRow) -> str:
    """What is another text once a page of the session would be another."""
    row = con.execute(VERSION_SQL, {"agent": session.agent, "session": session.session}).fetchone()
    return "-".join(map(str, row)) if row else ""


def outline(con: Connection, session: SessionRow, *, every: bool = False) -> Outline:
    """The whole session. every: with the host's bookkeeping lines.

    Raises: NotFoundError where it was forgotten meanwhile.
    """
    now = version(con, session)
    row = con.execute(ROW_SQL, {"agent": session.agent, "session": session.session}).fetchone()
    if row is None:
        raise NotFoundError(f"no session is called {session.session!r}")
    values = {"session": row[0], "all": every}
    numbers = dict(con.execute(NUMBERS_SQL, values).fetchall())
    # By epoch; within one they stand by time. One tuple a record: a session may have 40,000.
    new = tuple.__new__  # half of what Mark() costs
    marks = [
        new(Mark, (a, b, numbers[c], d, e, f, g, h, i))
        for a, b, c, d, e, f, g, h, i in con.execute(MARKS_SQL, values)
    ]
    if len(numbers) > 1:
        marks.sort(key=itemgetter(2))
    found = Outline(session, row[0], now, marks, [])
    found.losses += sorted([*_holes(con, found), *_gaps(con, found)])
    return found


def is_said(text: str) -> bool:
    """True for what a person typed, as far as its beginning tells."""
    return not text.lstrip().startswith(_NOT_SAID)


def identities(con: Connection, found: Outline, marks: Iterable[Mark]) -> dict[int, Identity]:
    """What record.whole() asks for, by id; a record that was forgotten meanwhile is not there."""
    rows = con.execute(IDENTITIES_SQL, {"ids": json.dumps([mark.id for mark in marks])})
    return {row[0]: (found.row, row[1], row[2]) for row in rows}


def _pages(marks: list[Mark]) -> Iterator[int]:
    """Where pages begin: not between a call and its answer, if that can be helped."""
    start = 0
    while start < len(marks):
        yield start
        end = start + PAGE
        most = min(end + _SLACK, len(marks))
        while end < most and (marks[end].kind in ("tool_result", "tool_use", "summary") or marks[end].aside):
            end += 1
        start = end


def _holes(con: Connection, found: Outline) -> Iterator[Loss]:
    for hole in holes(con, found.session.session, agent=found.session.agent, healed=False):
        at = _first_after(con, found, hole)
        yield Loss(at, "hole", hole.stop - hole.start, f"{hole.path}, byte {hole.start}", "")


def _first_after(con: Connection, found: Outline, hole: HoleRow) -> int:
    """The mark a hole stands before: offsets grow along the transcript, so a few records tell."""
    own = os.path.basename(hole.path).startswith(hole.session)
    low, high = 0, len(found.marks)
    while low < high:
        n = (low + high) // 2
        if not own:
            low, high = (low, n) if found.marks[n].ts_ns > hole.noticed_ns else (n + 1, high)
            continue
        middle = n
        while n < high and (at := _offset(con, found, n)) is None:  # of another file
            n += 1
        if n == high or (at is not None and at >= hole.start):
            high = middle
        else:
            low = n + 1
    return low


def _offset(con: Connection, found: Outline, n: int) -> int | None:
    known = identities(con, found, [found.marks[n]])
    return next((record.whole(con, identity).at for identity in known.values()), None)


def _gaps(con: Connection, found: Outline) -> Iterator[Loss]:
    for lost, reason, after, before, _, next_id, last_id in con.execute(GAPS_SQL):
        if next_id in found.where:
            at = found.where[next_id]
        elif last_id in found.where:
            at = found.where[last_id] + 1
        else:
            continue
        yield Loss(at, "gap", lost, f"{after + 1} to {before - 1}", reason)
