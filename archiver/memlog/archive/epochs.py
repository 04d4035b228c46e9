"""Epochs of a session: its boundaries in file order, and which of them each record follows.

An epoch's identity is the boundary it begins with; its number is its rank, derived. Whatever order
evidence comes in, the same set of evidence gives the same epochs: boundaries are ranked by place,
records without a known boundary go by time, and a compaction only events have told of opens a
provisional epoch until a boundary accounts for it (archive/evidence.py says when one does).
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from memlog.archive.connection import Connection
from memlog.archive.evidence import NEAR_NS, Compaction

# index: epoch (session_id, boundary)
LOAD_SQL = """
SELECT id, number, boundary, place, opened_ns, closed_ns, cause, cause_before, cause_after, trigger,
  tokens_before, tokens_after, records, dirty FROM epoch WHERE session_id = :session ORDER BY number
"""
ADD_SQL = """
INSERT INTO epoch (session_id, number, boundary, place, opened_ns, closed_ns,
  cause, cause_before, cause_after, trigger, tokens_before, tokens_after, records, dirty)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SAVE_SQL = """
UPDATE epoch SET number = ?, boundary = ?, place = ?, opened_ns = ?, closed_ns = ?,
  cause = ?, cause_before = ?, cause_after = ?, trigger = ?, tokens_before = ?, tokens_after = ?,
  records = ?, dirty = max(dirty, ?) WHERE id = ?
"""
DROP_SQL = "DELETE FROM epoch WHERE id = :id"
# index: record_timed
ANY_TIMED_SQL = "SELECT 1 FROM record WHERE session_id = :session AND timed = 1 LIMIT 1"
LEAVING_SQL = """
SELECT epoch_id, sum(part = 0) FROM record WHERE session_id = :session AND timed = 1
  AND ts_ns >= :since AND ts_ns < :until AND epoch_id <> :epoch GROUP BY epoch_id
"""
RETIME_SQL = """
UPDATE record SET epoch_id = :epoch WHERE session_id = :session AND timed = 1
  AND ts_ns >= :since AND ts_ns < :until AND epoch_id <> :epoch
"""
MOVE_SQL = "UPDATE record SET epoch_id = ?, timed = 0 WHERE id = ?"
# index: epoch_open
SILENT_SQL = """
SELECT s.agent, s.session FROM epoch e JOIN session s ON s.id = e.session_id
WHERE e.closed_ns IS NULL AND s.ended_ns < :before
"""

PROVISIONAL = "~event."
_ENDLESS = (1 << 63) - 1


class Epoch:
    """One row of epoch. cause, trigger: (trigger, tokens before, tokens after) of a compaction."""

    __slots__ = (
        "boundary", "cause", "closed_ns", "dirty", "id", "number", "opened_ns", "place", "records", "trigger",
    )  # fmt: skip

    def __init__(self, boundary: str, opened_ns: int, place: int | None = None) -> None:
        self.id = 0
        self.number = 0
        self.boundary = boundary
        self.place = place
        self.opened_ns = opened_ns
        self.closed_ns: int | None = None
        self.cause: tuple[Any, ...] = (None, None, None)
        self.trigger: tuple[Any, ...] = (None, None, None)
        self.records = 0
        self.dirty = False

    @property
    def provisional(self) -> bool:
        return self.boundary.startswith(PROVISIONAL)


class Epochs:
    """The epochs of one session, ranked; changes are written by `save`."""

    __slots__ = ("by_boundary", "changed", "dropped", "marks", "ranked", "session_id", "tail", "told")

    def __init__(self, session_id: int) -> None:
        self.session_id = session_id
        self.ranked: list[Epoch] = []
        self.by_boundary: dict[str, Epoch] = {}
        self.marks: list[int] = []  # marks[k]: from this time on, k is the latest epoch that has begun
        self.dropped: list[Epoch] = []
        self.tail: Epoch | None = None  # the last one when this was settled
        self.told: list[Compaction] | None = None  # by events; None until they were asked
        self.changed = False

    @classmethod
    def load(cls, con: Connection, session_id: int) -> "Epochs":
        """The epochs a session has in the archive."""
        found = cls(session_id)
        for row in con.execute(LOAD_SQL, {"session": session_id}):
            epoch = Epoch(row[2], row[4], row[3])
            epoch.id, epoch.number, epoch.closed_ns, epoch.records = row[0], row[1], row[5], row[12]
            epoch.cause, epoch.trigger = row[6:9], row[9:12]
            found.ranked.append(epoch)
            found.by_boundary[epoch.boundary] = found.tail = epoch
        found._mark()
        return found

    def begin(self) -> None:
        """Epoch 0 of a new session."""
        self._add(Epoch("", 0))

    @property
    def last(self) -> Epoch:
        return self.ranked[-1]

    def meet(self, boundary: str, ts_ns: int) -> None:
        """A record says this boundary precedes it; the epoch exists from now on."""
        epoch = self.by_boundary.get(boundary)
        if epoch is None:
            self._add(Epoch(boundary, ts_ns))
        elif epoch.place is None and ts_ns < epoch.opened_ns and boundary:
            epoch.opened_ns = ts_ns  # its line has not come yet: the earliest record after it stands in
            epoch.dirty = self.changed = True

    def bound(self, boundary: str, place: int, ts_ns: int, cause: tuple[Any, ...]) -> None:
        """The compaction line itself: opens, completes, or takes over an epoch."""
        epoch = self.by_boundary.get(boundary) or self._provisional_near(ts_ns)
        if epoch is None:
            self._add(Epoch(boundary, ts_ns, place))
            epoch = self.by_boundary[boundary]
        elif epoch.boundary != boundary:
            del self.by_boundary[epoch.boundary]
            epoch.boundary = boundary
            self.by_boundary[boundary] = epoch
        if (epoch.place, epoch.opened_ns, epoch.cause) != (place, ts_ns, cause):
            epoch.place, epoch.opened_ns, epoch.cause = place, ts_ns, cause
            epoch.dirty = self.changed = True

    @property
    def seen(self) -> list[int]:
        """Times of the boundaries records have told of."""
        return [e.opened_ns for e in self.ranked if e.boundary and not e.provisional]

    def suppose(self, times: Iterable[int]) -> None:
        """Provisional epochs from these times on, and no others."""
        names = {f"{PROVISIONAL}{ts_ns}": ts_ns for ts_ns in times}
        for epoch in [e for e in self.ranked if e.provisional and e.boundary not in names]:
            self.ranked.remove(epoch)
            del self.by_boundary[epoch.boundary]
            self.dropped.append(epoch)
            self.changed = True
        for name, ts_ns in names.items():
            if name not in self.by_boundary:
                self._add(Epoch(name, ts_ns))

    def at_time(self, ts_ns: int) -> Epoch:
        """The epoch of a record that knows no boundary."""
        return self.ranked[max(bisect_right(self.marks, ts_ns) - 1, 0)]

    def settle(self, con: Connection) -> None:
        """Rank, number and write what changed; records that go by time follow. Call before `at_time`."""
        if not self.changed:
            return
        self.changed = False
        self._rank()
        for n, epoch in enumerate(self.ranked):
            before = (epoch.number, epoch.closed_ns, epoch.trigger)
            epoch.number = n
            if epoch is not self.ranked[-1]:
                following = self.ranked[n + 1]
                epoch.closed_ns, epoch.trigger = following.opened_ns, following.cause
            else:
                epoch.trigger = (None, None, None)
                epoch.closed_ns = epoch.closed_ns if epoch is self.tail else None
            if before != (epoch.number, epoch.closed_ns, epoch.trigger):
                epoch.dirty = True
        self.tail = self.ranked[-1]
        for epoch in self.ranked:
            if not epoch.id:
                epoch.id = con.execute(ADD_SQL, (self.session_id, *_columns(epoch))).lastrowid or 0
        self._retime(con)
        for epoch in self.dropped:
            con.execute(DROP_SQL, {"id": epoch.id})
        self.dropped.clear()

    def close(self, ended_ns: int | None, closed_ns: int | None) -> None:
        """Close or reopen the last epoch: closed while no record is later than what closed it."""
        last, ended = self.ranked[-1], ended_ns or 0
        ends = [ns for ns in (last.closed_ns, closed_ns) if ns is not None and ns >= ended]
        found = max(ends) if ends else None
        if found != last.closed_ns:
            last.closed_ns, last.dirty = found, True

    def save(self, con: Connection) -> None:
        """Write every epoch that is dirty; the flag in the archive falls only to the tree's writer."""
        rows = [(*_columns(e), e.id) for e in self.ranked if e.dirty]
        con.executemany(SAVE_SQL, rows)
        for epoch in self.ranked:
            epoch.dirty = False

    def _add(self, epoch: Epoch) -> None:
        epoch.dirty = self.changed = True
        self.by_boundary[epoch.boundary] = epoch
        self.ranked.append(epoch)

    def _provisional_near(self, ts_ns: int) -> Epoch | None:
        near = [e for e in self.ranked if e.provisional and abs(e.opened_ns - ts_ns) <= NEAR_NS]
        return min(near, key=lambda e: (abs(e.opened_ns - ts_ns), e.opened_ns), default=None)

    def _rank(self) -> None:
        first = [e for e in self.ranked if not e.boundary]
        placed = [e for e in self.ranked if e.boundary and e.place is not None]
        placed.sort(key=lambda e: (e.place, e.opened_ns, e.boundary))
        unplaced = [e for e in self.ranked if e.boundary and e.place is None]
        unplaced.sort(key=lambda e: (e.opened_ns, e.boundary), reverse=True)
        for epoch in placed:
            while unplaced and unplaced[-1].opened_ns < epoch.opened_ns:
                first.append(unplaced.pop())
            first.append(epoch)
        self.ranked = first + unplaced[::-1]
        self._mark()

    def _mark(self) -> None:
        latest, self.marks = -1, []
        for n, epoch in enumerate(self.ranked):
            latest = max(latest, epoch.opened_ns) if n else -1
            self.marks.append(latest)

    def _retime(self, con: Connection) -> None:
        session = {"session": self.session_id}
        if con.execute(ANY_TIMED_SQL, session).fetchone() is None:
            return
        by_id = {e.id: e for e in self.ranked + self.dropped}
        for n, epoch in enumerate(self.ranked):
            until = self.marks[n + 1] if n + 1 < len(self.marks) else _ENDLESS
            span = {**session, "epoch": epoch.id, "since": self.marks[n], "until": until}
            leaving = con.execute(LEAVING_SQL, span).fetchall()
            if not leaving:
                continue
            con.execute(RETIME_SQL, span)
            for epoch_id, records in leaving:
                by_id[epoch_id].records -= records
                by_id[epoch_id].dirty = True
                epoch.records += records
            epoch.dirty = True


def _columns(epoch: Epoch) -> tuple[Any, ...]:
    return (
        epoch.number, epoch.boundary, epoch.place, epoch.opened_ns, epoch.closed_ns, *epoch.cause,
        *epoch.trigger, epoch.records, int(epoch.dirty),
    )  # fmt: skip


def cause_of(rest: object) -> tuple[Any, ...]:
    """(trigger, tokens before, tokens after) a compaction's line tells, or what its reader made of it."""
    line = rest.get("line", rest) if isinstance(rest, dict) else {}
    facts = line.get("compactMetadata") if isinstance(line, dict) else None
    if facts is None and isinstance(rest, dict):
        facts = rest.get("compaction")
    if not isinstance(facts, dict):
        return (None, None, None)
    trigger = facts.get("trigger")
    tokens = [facts.get(name) for name in ("preTokens", "postTokens")]
    return (
        trigger if isinstance(trigger, str) else None,
        *(n if isinstance(n, int) and -(1 << 63) <= n < 1 << 63 else None for n in tokens),
    )
