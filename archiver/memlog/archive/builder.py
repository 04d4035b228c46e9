"""A new archive while folders of a tree go into it: each row with the id, times, ring key and salt it had."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from memlog.archive import chain, epochs, session_file, sessions, survey
from memlog.archive.arrival import Arrival
from memlog.archive.carried import as_bytes
from memlog.archive.folder import Folder
from memlog.archive.ids import day_of
from memlog.archive.relink import relink
from memlog.archive.salvage import Salvage
from memlog.archive.store import Archive, Outcome
from memlog.archive.survey import Found, Line
from memlog.contracts import DAY_BITS, UNKNOWN_AGENT
from memlog.errors import ArchiveError
from memlog.wire import Damage, Foreign

Cursors = Mapping[tuple[bytes, int], int]  # by ring id and uid: the seq up to which a ring is drained

BATCH = 1_000
BATCH_BYTES = 4_000_000

DAYS_SQL = f"""
INSERT INTO day (day, n, last_ns, lag_ns)
SELECT day, max(n) + 1, max(ts_ns), max(newest - ts_ns) FROM (
  SELECT id >> {DAY_BITS} AS day, id & {(1 << DAY_BITS) - 1} AS n, ts_ns,
    max(ts_ns) OVER (PARTITION BY id >> {DAY_BITS} ORDER BY id) AS newest
  FROM record) WHERE true GROUP BY day
ON CONFLICT (day) DO UPDATE SET n = excluded.n, last_ns = excluded.last_ns, lag_ns = excluded.lag_ns
"""  # noqa: S608 - constants of the schema
RINGS_SQL = "SELECT id, ring_id, uid FROM ring"
# index: record_ring
CURSOR_SQL = """
UPDATE ring SET cursor = coalesce(:cursor, (SELECT max(seq) FROM record WHERE ring = :ring), 0)
WHERE id = :ring
"""
SNAPPED_SQL = """
UPDATE epoch SET dirty = 0, snapped_ns = :now_ns, snap_digest = :digest
WHERE session_id = (SELECT id FROM session WHERE agent = :agent AND session = :session)
  AND boundary = :boundary AND number = :number
"""


class Builder:
    """The new archive while folders go into it."""

    def __init__(self, archive: Archive, root: str, now_ns: int) -> None:
        self.archive = archive
        self.con = archive.con
        self.root = root
        self.now_ns = now_ns
        self.total = Outcome()
        self.salvage = Salvage(archive, now_ns)
        self.altered = 0  # lines whose digest is not that of their bytes
        self._later: list[Line] = []

    def folder(self, found: Found, kept: bool) -> Generator[int, None, None]:
        """Every record of one folder; yields how many lines each batch had."""
        with Folder.open(self.root, found.name) as folder:
            self.begin(found.notes, session_file.events(folder))
        before, self.total.sessions = self.total.archived, set()
        waiting: dict[int | None, list[Line]] = {}
        renamed: list[Line] = []
        count = size = 0
        for file, line in survey.lines(self.root, found):
            count += 1
            if isinstance(line, Damage):
                source = f"{found.name}/{file}"
                self._add(self.archive.ingest([line], ring=None, source=source, now_ns=self.now_ns))
                continue
            if "~" in str(line.facts.get("source_id"))[1:] and line.facts.get("agent") != UNKNOWN_AGENT:
                renamed.append(line)  # it gets its name by meeting the line it replaced
                continue
            waiting.setdefault(self._ring_of(line), []).append(line)
            size += len(line.frame.blob)
            if count >= BATCH or size >= BATCH_BYTES:
                self._flush(waiting, kept)
                yield count
                count = size = 0
        self._flush(waiting, kept)
        for line in renamed:
            self._store([line], self._ring_of(line), kept)
        self.close(found.notes)
        if kept:
            with self.archive.transaction():
                for session in self.total.sessions:
                    relink(self.con, self.archive.archive_id, session)
                if self.total.archived - before == sum(snap.lines for snap in found.snaps):
                    self._settle(found)
            self.archive.forget_cached()
        yield count

    def last(self) -> None:
        """Lines that could not keep their id, as new rows."""
        for line in self._later:
            self._store([line], self._ring_of(line), False)

    def count_on(self, cursors: Cursors) -> None:
        """Where ids go on, and from where each ring is drained: what it still holds comes again."""
        with self.archive.transaction():
            self.con.execute(DAYS_SQL)
            for ring, ring_id, uid in self.con.execute(RINGS_SQL).fetchall():
                self.con.execute(CURSOR_SQL, {"ring": ring, "cursor": cursors.get((ring_id, uid))})

    def begin(self, notes: Mapping[str, Any], events: Iterable[Mapping[str, Any]] = ()) -> None:
        """The session's row with the epochs its notes tell of, and these events."""
        agent, name = notes.get("agent"), notes.get("session")
        if not isinstance(agent, str) or not isinstance(name, str):
            return
        with self.archive.transaction():
            for ring in session_file.listed(notes, "rings"):
                self.salvage.ring(ring)
            for event in events:
                self.salvage.event({**event, "agent": agent, "session": name})
            session = sessions.load(self.con, agent, name)
            session = session or sessions.add(self.con, self.archive.archive_id, agent, name)
            _remember(session.epochs, session_file.listed(notes, "epochs"))
            session.epochs.settle(self.con)
            session.epochs.save(self.con)
            if isinstance(notes.get("closed_ns"), int):
                session.closed_ns = notes["closed_ns"]
            self.con.execute(sessions.SAVE_SQL, session.row())
        self.archive.forget_cached()

    def close(self, notes: Mapping[str, Any]) -> None:
        """Close the last epoch if it was: silence closes one too, and no record or event says so."""
        last = max(session_file.listed(notes, "epochs"), key=_number_of, default={})
        agent, name, closed_ns = notes.get("agent"), notes.get("session"), last.get("closed_ns")
        if isinstance(agent, str) and isinstance(name, str) and isinstance(closed_ns, int):
            with self.archive.transaction():
                session = sessions.load(self.con, agent, name)
                if session is not None:
                    session.epochs.close(session.ended_ns, closed_ns)
                    session.epochs.save(self.con)
            self.archive.forget_cached()

    def add(self, lines: list[Line]) -> None:
        """Records that keep their ids, of whatever sessions; those that were rewritten come last."""
        waiting: dict[int | None, list[Line]] = {}
        for line in lines:
            waiting.setdefault(self._ring_of(line), []).append(line)
        self._flush(waiting, True)

    def _flush(self, waiting: dict[int | None, list[Line]], kept: bool) -> None:
        for ring, lines in waiting.items():
            self._store(lines, ring, kept)
        waiting.clear()

    def _store(self, lines: list[Line], ring: int | None, kept: bool) -> None:
        read = self.archive.read([line.frame for line in lines], ring=ring, source="tree", now_ns=self.now_ns)
        if len(read.arrivals) != len(lines):  # somebody put an event among the records
            if len(lines) > 1:
                for line in lines:
                    self._store([line], ring, kept)
            return
        arrivals = []
        for arrival, line in zip(read.arrivals, lines, strict=True):
            arrival = _as_it_was(arrival, line)
            numbers = _numbers(arrival, line) if kept else None
            if kept and numbers is None:
                self._later.append(line)
                continue
            self.altered += arrival.digest != as_bytes(line.facts.get("digest"))
            arrivals.append(arrival._replace(kept=numbers))
        read = read._replace(arrivals=arrivals, arriving={})
        try:
            outcome = self.archive.ingest(read, ring=ring, source="tree", cursor=0, now_ns=self.now_ns)
        except ArchiveError:
            if not kept:
                raise
            # A damaged line that parses may claim a number another one has.
            if len(lines) == 1:
                self._later += lines
            else:
                for line in lines:
                    self._store([line], ring, kept)
            return
        self._add(outcome)

    def _settle(self, found: Found) -> None:
        """Files that hold just what the archive holds now need not be written again."""
        trimmed = {t.get("boundary"): t for t in found.trimmed}
        noted = {snap.name for snap in found.snaps if snap.state == "as noted"}
        for epoch in session_file.listed(found.notes, "epochs"):
            told = trimmed.get(epoch.get("boundary"))
            if told is not None or epoch.get("file") in noted:
                row = {
                    "agent": found.notes.get("agent"), "session": found.notes.get("session"),
                    "boundary": epoch.get("boundary"), "number": epoch.get("epoch"),
                    "digest": None if told is not None else as_bytes(epoch.get("sha256")),
                    "now_ns": self.now_ns if told is None else told.get("trimmed_ns", self.now_ns),
                }  # fmt: skip
                self.con.execute(SNAPPED_SQL, row)

    def _ring_of(self, line: Line) -> int | None:
        header = line.frame.header
        return None if header is None else self.salvage.ring({**line.facts, "uid": header.uid})

    def _add(self, outcome: Outcome) -> None:
        self.total.archived += outcome.archived
        self.total.tombstoned += outcome.tombstoned
        self.total.damage += outcome.damage
        self.total.records += outcome.records
        self.total.sightings += outcome.sightings
        self.total.sessions |= outcome.sessions


def _remember(known: epochs.Epochs, told: list[dict[str, Any]]) -> None:
    """Epochs as the notes have them: also those whose records are trimmed keep their number."""
    provisional = []
    for epoch in told:
        boundary, place, opened = (epoch.get(name) for name in ("boundary", "place", "opened_ns"))
        if not isinstance(boundary, str) or not boundary or not isinstance(opened, int):
            continue
        if boundary.startswith(epochs.PROVISIONAL):
            provisional.append(opened)
        elif isinstance(place, int):
            cause = tuple(epoch.get(name) for name in ("cause", "cause_before", "cause_after"))
            known.bound(boundary, place, opened, cause)
        else:
            known.meet(boundary, opened)
    known.suppose(provisional)


def _as_it_was(arrival: Arrival, line: Line) -> Arrival:
    """What is to become the row, with the salt and the place it had."""
    facts, record = line.facts, arrival.record
    count = facts.get("redactions")
    if isinstance(line.frame, Foreign):
        arrival = arrival._replace(redacted=count if isinstance(count, int) else 0)
    elif record.boundary is None and "timed" not in facts and line.boundary is not None:
        record = record._replace(boundary=line.boundary)  # learnt after it was captured
    salt = as_bytes(facts.get("salt"))
    if len(salt) == chain.SALT_BYTES:
        arrival = arrival._replace(salt=salt, digest=chain.digest_of(salt, line.frame.blob))
    return arrival._replace(record=record)


def _number_of(epoch: Mapping[str, Any]) -> int:
    found = epoch.get("epoch")
    return found if isinstance(found, int) else -1


def _numbers(arrival: Arrival, line: Line) -> tuple[int, int, int] | None:
    """The id, time and link the row had; None where the line does not say, or says what cannot be."""
    found = tuple(line.facts.get(name) for name in ("id", "archived_ns", "link"))
    record_id, archived_ns, link = found
    if type(record_id) is not int or type(archived_ns) is not int or type(link) is not int:
        return None
    if min(record_id, archived_ns, link) < 0 or max(record_id, archived_ns, link) >= 1 << 63:
        return None
    if record_id >> DAY_BITS != day_of(arrival.record.ts_ns):
        return None
    return record_id, archived_ns, link
