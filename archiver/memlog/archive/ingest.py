"""One batch into the archive: everything between BEGIN IMMEDIATE and COMMIT.

FTS5's indexing is six sevenths of the cost; what is done here per record must stay small beside it.
No triggers and no statement per record: identities are looked up by the hundred, rows inserted with
executemany, sorted by id (unsorted costs 2.3 times as much).
"""

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from memlog.archive import body, epochs, events, evidence, gaps, holes, notes, sessions
from memlog.archive.arrival import MOST, Arrival, Read, Told
from memlog.archive.carried import Places
from memlog.archive.known import Known, look_up
from memlog.archive.rows import Rows
from memlog.archive.sessions import Session
from memlog.archive.tombstones import event_name
from memlog.contracts import CAPTURE_PENDING, CAPTURED, UNKNOWN_AGENT
from memlog.record import Record

if TYPE_CHECKING:
    from memlog.archive.store import Archive, Outcome

# index: session (agent, session)
NAMELESS_SQL = "SELECT session FROM session WHERE agent = :agent AND session GLOB :pattern"
# index: record_ring
SEQS_SQL = "SELECT seq FROM record WHERE ring = :ring AND seq BETWEEN :first AND :last"
SIGHTING_SQL = "INSERT OR IGNORE INTO record_sighting (ring, seq, record_id) VALUES (?, ?, ?)"
CURSOR_SQL = "UPDATE ring SET cursor = max(cursor, :cursor), drained_ns = :now_ns WHERE id = :ring"
LEAVES_SQL = """
SELECT DISTINCT source_id FROM record WHERE session_id = ? AND source_id IN (SELECT value FROM json_each(?))
"""

_CLOSING = ("SessionEnd", "PostCompact", "SessionStart", "PreCompact")


class _New(NamedTuple):
    arrival: Arrival
    session: Session
    source_id: str
    row: list[Any]


class Batch:
    """One batch's way into the tables. Every method runs inside the caller's transaction."""

    def __init__(self, archive: "Archive", read: Read, ring: int | None, source: str, now_ns: int) -> None:
        self.archive = archive
        self.con = archive.con
        self.read = read
        self.ring = ring
        self.source = source
        self.now_ns = now_ns
        self.touched: dict[tuple[str, str], Session] = {}
        self.new: list[_New] = []
        self.sightings: list[tuple[int, list[Any]]] = []
        self.moves: list[tuple[Session, list[Any], str, int]] = []
        self.evidence: set[tuple[str, str]] = set()
        self.closings: dict[tuple[str, str], int] = {}  # when another archive closed a session's last epoch

    def run(self, outcome: "Outcome") -> None:
        """Store the batch and fill in what came of it."""
        outcome.tombstoned += self.read.forgotten
        self._losses(outcome)
        self._events(outcome)
        if self.read.notes:
            notes.take_in(self, self.read.notes)
        self._identities(outcome)
        self._epochs()
        self._rows(outcome)
        self._move()
        self._finish(outcome)

    def session(self, agent: str, name: str) -> Session:
        """The session of a name; made where there is none."""
        key = (agent, name)
        found = self.touched.get(key)
        if found is None:
            cache = self.archive.sessions
            found = cache.get(key) or sessions.load(self.con, agent, name)
            if found is None:
                found = sessions.add(self.con, self.archive.archive_id, agent, name)
            self.touched[key] = cache[key] = found
        return found

    # losses and events

    def _losses(self, outcome: "Outcome") -> None:
        if self.ring is not None:
            for gap in self.read.gaps:
                if gaps.add_gap(self.con, self.ring, gap, now_ns=self.now_ns):
                    outcome.gaps.append(gap)
        for found in self.read.damage:
            outcome.damage += gaps.add_damage(
                self.con, self.archive.key, self.source, found, now_ns=self.now_ns
            )

    def _events(self, outcome: "Outcome") -> None:
        tombstones, buried = self.archive.tombstones, len(self.archive.tombstones)
        for told in self.read.told:
            header, event = told.header, told.event
            digest = self.archive.event_digest(header, told.blob)
            if buried and (
                tombstones.covers(event.agent, event.session, event_name(digest), 0, 0)
                or tombstones.was_let_go(event.agent, event.session, event.ts_ns)
            ):
                outcome.tombstoned += 1
                continue
            row = {
                "ring": self.ring if header else None, "agent": event.agent, "session": event.session,
                "seq": min(header.seq, MOST) if header else None, "uid": header.uid if header else None,
                "pid": header.pid if header else None, "event": event.event, "ts_ns": event.ts_ns,
                "written_ns": min(header.ts_ns, MOST) if header else None, "archived_ns": self.now_ns,
                "data": body.to_json(event.data), "digest": digest,
            }  # fmt: skip
            added = events.add(self.con, row)
            if added:
                outcome.events.append((added, event))
                self._heed(told, outcome)
        events.index(self.con, [added for added, _ in outcome.events])
        holes.count_arrived(self.con, self.ring, self.read.arriving, now_ns=self.now_ns)

    def _heed(self, told: Told, outcome: "Outcome") -> None:
        event, pid = told.event, told.header.pid if told.header else 0
        if event.event == CAPTURED:
            session = self.session(event.agent, event.session)
            moved = holes.captured(
                self.con, session.id, event.data, self.ring, pid, told.arrived, self.now_ns
            )  # fmt: skip
            if moved:
                outcome.watermarks.append(moved)
        elif event.event == CAPTURE_PENDING:
            holes.pending(self.con, self.session(event.agent, event.session).id, event.data, self.now_ns)
        else:
            self.hear(event.event, event.agent, event.session)

    def hear(self, event: str, agent: str, name: str) -> None:
        """Take an event for evidence of where its session's epochs begin and end."""
        if event in _CLOSING:
            key = (agent, name)
            found = self.touched.get(key) or self.archive.sessions.get(key)
            found = found or sessions.load(self.con, *key)
            if found is not None:
                self.touched[key] = self.archive.sessions[key] = found
                self.evidence.add(key)
                if event == "PreCompact":
                    found.epochs.last.dirty = True

    # identities

    def _identities(self, outcome: "Outcome") -> None:
        asked: defaultdict[int, set[str]] = defaultdict(set)
        placed: list[tuple[Arrival, Session]] = []
        filed = self._filed_before()
        tombstones, buried = self.archive.tombstones, len(self.archive.tombstones)
        for arrival in self.read.arrivals:
            record = arrival.record
            if buried and (
                tombstones.covers(*_identity(record, record.source_id))
                or tombstones.was_let_go(record.agent, record.session, record.ts_ns)
            ):
                outcome.tombstoned += 1
                continue
            session = filed.get(record.source_id) if arrival.nameless else None
            if session is None:
                session = self.session(record.agent, record.session)
            asked[session.id].add(record.source_id)
            placed.append((arrival, session))
        for session in self.touched.values():
            if session.id in asked and not session.is_new:
                look_up(self.con, session, list(asked[session.id]))
        for arrival, session in placed:
            self._place(arrival, session, outcome)

    def _filed_before(self) -> dict[str, Session]:
        """Sessions of blobs that name none, by source_id: an image of a ring files them elsewhere."""
        found: dict[str, Session] = {}
        by_uid: defaultdict[int, list[str]] = defaultdict(list)
        for arrival in self.read.arrivals:
            if arrival.nameless:
                by_uid[arrival.header.uid if arrival.header else 0].append(arrival.record.source_id)
        for uid, source_ids in by_uid.items():
            pattern = {"agent": UNKNOWN_AGENT, "pattern": f"none-{uid}-*"}
            for (name,) in self.con.execute(NAMELESS_SQL, pattern).fetchall():
                session = self.session(UNKNOWN_AGENT, name)
                look_up(self.con, session, source_ids)
                found.update((i, session) for i in source_ids if i in session.known)
        return found

    def _place(self, arrival: Arrival, session: Session, outcome: "Outcome") -> None:
        """A row to come, or a sighting of one that is there."""
        record, origin = arrival.record, arrival.origin
        source_id = record.source_id
        known = session.known.get(source_id)
        if origin is not None and known is None and origin.source_id == f"{source_id}~{record.mac.hex()}":
            source_id = origin.source_id  # a rewritten line that comes before the one it replaced
            if not session.is_new:
                look_up(self.con, session, [source_id])
            known = session.known.get(source_id)
        if known is not None and known.is_other(record):
            # The host rewrote the line: all of the new one goes under a name of its own.
            source_id = f"{source_id}~{record.mac.hex()}"
            if source_id not in session.known and not session.is_new:
                look_up(self.con, session, [source_id])
            known = session.known.get(source_id)
            if self.archive.tombstones.covers(*_identity(record, source_id)):
                outcome.tombstoned += 1
                return
        if known is None:
            known = session.known[source_id] = Known(record.mac)
        row = known.rows.get((record.block, record.part))
        if row is None:
            known.macs[record.block] = record.mac
            row = known.rows[record.block, record.part] = [0, 0, 0, None, None, record.part == 0]
            self.new.append(_New(arrival, session, source_id, row))
            return
        outcome.sightings += 1
        outcome.met += record.part == 0
        header = arrival.header
        if header is not None and self.ring is not None and (self.ring, header.seq) != (row[3], row[4]):
            self.sightings.append((header.seq, row))
        boundary = record.boundary if origin is None else origin.boundary
        if boundary and not boundary.startswith(epochs.PROVISIONAL):
            self.moves.append((session, row, boundary, record.ts_ns))

    # epochs

    def _epochs(self) -> None:
        """Apply the batch's evidence of boundaries, so that every record finds its epoch."""
        for arrival, session, _, _ in self.new:
            record = arrival.record
            boundary = record.boundary if arrival.origin is None else arrival.origin.boundary
            if boundary is None or boundary.startswith(epochs.PROVISIONAL):
                continue
            # A subagent's own compaction knows no boundary: it ends no epoch of the session.
            if record.kind == "compaction" and not record.source_id.startswith(epochs.PROVISIONAL):
                place = min(max(record.at or 0, 0), MOST)
                session.epochs.bound(record.source_id, place, record.ts_ns, epochs.cause_of(record.rest))
            held = session.epochs.by_boundary.get(boundary)
            if held is None or (held.place is None and boundary):
                session.epochs.meet(boundary, record.ts_ns)
        for session, _, boundary, ts_ns in self.moves:
            session.epochs.meet(boundary, ts_ns)
        for key, session in self.touched.items():
            ranked = session.epochs
            if ranked.told is None or key in self.evidence:
                self._hear_events(session)
            if ranked.told:
                self._suppose(session, ranked.told)
            ranked.settle(self.con)

    def _hear_events(self, session: Session) -> None:
        names = {"session": session.name, "agent": session.agent}
        told = self.con.execute(evidence.TOLD_SQL, names).fetchall()
        session.epochs.told = evidence.compactions(told)
        for event, ts_ns, _ in told:
            if event == "SessionEnd":
                session.closed_ns = max(session.closed_ns or 0, ts_ns)

    def _suppose(self, session: Session, told: list[evidence.Compaction]) -> None:
        """Provisional epochs for the compactions no boundary line accounts for."""
        newest_ns = session.ended_ns or 0
        for new in self.new:
            if new.session is session and new.arrival.record.ts_ns > newest_ns:
                newest_ns = new.arrival.record.ts_ns
        session.epochs.suppose(evidence.unseen(told, session.epochs.seen, newest_ns))

    def _move(self) -> None:
        """Records met again below a boundary that was not known when they were stored go where it says."""
        rows = []
        for session, row, boundary, _ in self.moves:
            ranked = session.epochs
            held = next((e for e in ranked.ranked if e.id == row[1]), None)
            wanted = ranked.by_boundary[boundary]
            if held is wanted or (held is not None and not row[2] and held.number > wanted.number):
                continue
            rows.append((wanted.id, row[0]))
            if row[5]:
                wanted.records += 1
                if held is not None:
                    held.records -= 1
            wanted.dirty = True
            if held is not None:
                held.dirty = True
        self.con.executemany(epochs.MOVE_SQL, rows)

    def _rows(self, outcome: "Outcome") -> None:
        if self.new:
            rows = Rows(self.archive, self.ring, self.now_ns, self._taken_seqs(), self._places())
            for arrival, session, source_id, placed in self.new:
                placed[:3] = rows.add(arrival, session, source_id, outcome)
            rows.write()

    def _places(self) -> Places | None:
        if not self.read.carried:
            return None
        found = [(new.arrival.origin, new.arrival.header) for new in self.new if new.arrival.origin]
        return Places(self.con, found, now_ns=self.now_ns)

    def _taken_seqs(self) -> set[int]:
        """Seqs of this batch that already name a record; none where all are above the cursor."""
        seqs = [new.arrival.header.seq for new in self.new if new.arrival.header is not None]
        if self.ring is None or not seqs or min(seqs) > self.archive.cursor(self.ring):
            return set()
        span = {"ring": self.ring, "first": min(*seqs, MOST), "last": min(max(seqs), MOST)}
        return {seq for (seq,) in self.con.execute(SEQS_SQL, span)}

    def _finish(self, outcome: "Outcome") -> None:
        """Sightings, titles, and the rows of sessions and epochs."""
        con = self.con
        con.executemany(SIGHTING_SQL, ((self.ring, min(seq, MOST), row[0]) for seq, row in self.sightings))
        for key, session in self.touched.items():
            if session.leaves:
                asked = con.execute(LEAVES_SQL, (session.id, body.to_json(list(session.leaves))))
                session.leaves_among([leaf for (leaf,) in asked])
            ranked = session.epochs
            if session.started_ns is not None and ranked.ranked[0].opened_ns != session.started_ns:
                ranked.ranked[0].opened_ns, ranked.ranked[0].dirty = session.started_ns, True
            ranked.close(session.ended_ns, session.closed_ns)
            if key in self.closings:
                ranked.close(session.ended_ns, self.closings[key])
            ranked.save(con)
            session.known.clear()
            session.is_new = False
        con.executemany(sessions.SAVE_SQL, [session.row() for session in self.touched.values()])
        outcome.sessions.update(session.id for session in self.touched.values())


def _identity(record: Record, source_id: str) -> tuple[str, str, str, int, int]:
    return record.agent, record.session, source_id, record.block, record.part
