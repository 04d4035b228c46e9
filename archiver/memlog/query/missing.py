"""What did not arrive of a session, and between which of its records it is missing."""

import os.path
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from memlog.archive.connection import Connection
from memlog.query import record
from memlog.query.gaps import HoleRow, holes

if TYPE_CHECKING:
    from memlog.query.outline import Outline

# index: the record's primary key
TIME_SQL = "SELECT ts_ns FROM record WHERE id = :id"
# A gap stands before the first record its ring gave after it, or after the last before it.
# index: record_ring
GAPS_SQL = """
SELECT g.lost, g.reason, g.after_seq, g.before_seq, g.noticed_ns,
  (SELECT r.id FROM record r WHERE r.ring = g.ring AND r.seq >= g.before_seq ORDER BY r.seq LIMIT 1),
  (SELECT r.id FROM record r WHERE r.ring = g.ring AND r.seq <= g.after_seq ORDER BY r.seq DESC LIMIT 1)
FROM gap g WHERE g.healed_ns IS NULL ORDER BY g.noticed_ns LIMIT 1000
"""


class Loss(NamedTuple):
    """Something that is missing before record number `at`. hole: in the transcript; gap: of a ring."""

    at: int
    what: str
    lost: int
    place: str
    reason: str


def losses(con: Connection, found: "Outline") -> list[Loss]:
    """What is missing, in the order of the records it stands before."""
    return sorted([*_holes(con, found), *_gaps(con, found)])


def _holes(con: Connection, found: "Outline") -> Iterator[Loss]:
    for hole in holes(con, found.session.session, agent=found.session.agent, healed=False):
        at = _first_after(con, found, hole)
        yield Loss(at, "hole", hole.stop - hole.start, f"{hole.path}, byte {hole.start}", "")


def _first_after(con: Connection, found: "Outline", hole: HoleRow) -> int:
    """The record a hole stands before: offsets grow along the transcript, so a few records tell."""
    own = os.path.basename(hole.path).startswith(hole.session)
    low, high = 0, len(found)
    while low < high:
        n = (low + high) // 2
        if not own:
            low, high = (low, n) if _time(con, found, n) > hole.noticed_ns else (n + 1, high)
            continue
        middle = n
        while n < high and (at := _offset(con, found, n)) is None:  # of another file
            n += 1
        if n == high or (at is not None and at >= hole.start):
            high = middle
        else:
            low = n + 1
    return low


def _time(con: Connection, found: "Outline", n: int) -> int:
    row = con.execute(TIME_SQL, {"id": found.ids[n]}).fetchone()
    return int(row[0]) if row else 0


def _offset(con: Connection, found: "Outline", n: int) -> int | None:
    known = record.identities(con, found.row, [found.ids[n]])
    return next((record.whole(con, identity).at for identity in known.values()), None)


def _gaps(con: Connection, found: "Outline") -> Iterator[Loss]:
    for lost, reason, after, before, _, next_id, last_id in con.execute(GAPS_SQL):
        if next_id in found.where:
            at = found.where[next_id]
        elif last_id in found.where:
            at = found.where[last_id] + 1
        else:
            continue
        yield Loss(at, "gap", lost, f"{after + 1} to {before - 1}", reason)
