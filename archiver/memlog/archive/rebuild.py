"""The archive, made again from its snapshot tree: ids, times, ring keys, salts and chains as they were."""

from collections.abc import Callable, Generator, Mapping
from typing import Any

from memlog.archive import chain, epochs, session_file, sessions, survey
from memlog.archive.arrival import Arrival
from memlog.archive.carried import as_bytes
from memlog.archive.connection import Connection
from memlog.archive.ids import day_of
from memlog.archive.salvage import Salvage
from memlog.archive.store import Archive, Outcome
from memlog.archive.survey import Found, Line
from memlog.archive.workshop import complete_tree, prepare, swap
from memlog.contracts import DAY_BITS, UNKNOWN_AGENT
from memlog.errors import ArchiveError
from memlog.paths import Home
from memlog.settings import Settings
from memlog.wire import Damage, Foreign

Steps = Generator[tuple[int, int, str], None, dict[str, Any]]
Cursors = Mapping[tuple[bytes, int], int]

BATCH = 1_000
BATCH_BYTES = 4_000_000

# rowid order, sorted by link: no index holds it
LINKS_SQL = """
SELECT link, id, NULL FROM record WHERE session_id = :session
UNION ALL SELECT link, NULL, id FROM tombstone
WHERE agent = :agent AND session = :name AND link IS NOT NULL ORDER BY 1, 2, 3
"""
STONE_SQL = "SELECT chain_header, digest FROM tombstone WHERE id = :id"
RELINK_SQL = "UPDATE record SET link = ? WHERE id = ?"
RELINK_STONE_SQL = "UPDATE tombstone SET link = ? WHERE id = ?"
NAME_SQL = "SELECT agent, session FROM session WHERE id = :session"
HEAD_SQL = "UPDATE session SET head = :head, links = :links WHERE id = :session"
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


def rebuild(
    home: Home, *, now_ns: int, settings: Settings, cursors: Cursors | None = None,
    told: Callable[[str], None] = lambda note: None,
) -> Steps:  # fmt: skip
    """A new archive in place of the home's; the old one is kept beside it. The caller holds the lock.

    What only the archive holds is written to the tree first, if the archive is whole.
    told: what it is at before the first record. Returns what `rebuild_from_tree` returns, and `before` and
    `old`: how the old one was, and where it is.
    """
    yield 0, 0, "the tree, brought up to date"
    before = complete_tree(home, now_ns=now_ns, settings=settings, told=told)
    result = yield from rebuild_from_tree(home, now_ns=now_ns, settings=settings, cursors=cursors, told=told)
    return result | {"before": before, "old": swap(home, now_ns=now_ns)}


def rebuild_from_tree(
    home: Home, *, now_ns: int, settings: Settings, cursors: Cursors | None = None,
    told: Callable[[str], None] = lambda note: None,
) -> Steps:  # fmt: skip
    """Make the new archive in the workshop. Yields (done, total, what it is at).

    cursors: of the rings that still hold records, by ring id and uid: the seq after which they are
    drained again. Returns what the tree held and what came of it.
    Raises: MemlogError; the archive in place is untouched.
    """
    found = survey.survey(home.root, told)
    main, total = found.archive, found.lines
    place = prepare(home, main, now_ns=now_ns)
    # What was redacted stays redacted; redacting again would change bytes the chain covers.
    with Archive.open(place, now_ns=now_ns, settings=settings._replace(redact=False)) as archive:
        archive.con.execute("PRAGMA synchronous = OFF")  # nobody's file until it is swapped in
        work = Builder(archive, home.root, now_ns)
        done = 0
        for kept in (True, False):  # ids are one archive's: what another one wrote comes after, with new ones
            for folder in found.folders:
                if (main is not None and folder.archive == main) is kept:
                    for lines in work.folder(folder, kept):
                        done += lines
                        yield done, total, folder.name
            if kept:
                work.count_on(cursors or {})
        work.last()
        yield total, total, "gaps and events"
        carried = work.salvage.carry_over(home.archive)
        result = found.as_dict() | {
            "records": work.total.records, "rows": work.total.archived, "damaged": work.total.damage,
            "tombstoned": work.total.tombstoned, "met_twice": work.total.sightings, "altered": work.altered,
            "carried_over": carried,
        }  # fmt: skip
        with archive.transaction():
            facts = {name: value for name, value in result.items() if isinstance(value, int)}
            chain.link_archive(archive.con, "rebuild", {**facts, "rebuilt_ns": now_ns})
        yield total, total, "index"
        archive.optimize()
        archive.con.execute("PRAGMA synchronous = FULL")
        archive.checkpoint(truncate=True)
    return result


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
        self.begin(found.notes)
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

    def begin(self, notes: Mapping[str, Any]) -> None:
        """The session's row with the epochs and events its notes tell of."""
        agent, name = notes.get("agent"), notes.get("session")
        if not isinstance(agent, str) or not isinstance(name, str):
            return
        with self.archive.transaction():
            for ring in session_file.listed(notes, "rings"):
                self.salvage.ring(ring)
            for event in session_file.listed(notes, "events"):
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


def relink(con: Connection, archive_id: bytes, session: int) -> bool:
    """Make the session's head from its records and from what is kept of forgotten ones.

    False where links were missing and are numbered anew.
    """
    agent, name = con.execute(NAME_SQL, {"session": session}).fetchone()
    names = {"session": session, "agent": agent, "name": name}
    rows = con.execute(LINKS_SQL, names).fetchall()
    whole = [link for link, *_ in rows] == list(range(1, len(rows) + 1))
    if not whole:
        con.executemany(RELINK_SQL, ((n, id_) for n, (_, id_, _) in enumerate(rows, 1) if id_ is not None))
        con.executemany(RELINK_STONE_SQL, ((n, s) for n, (_, _, s) in enumerate(rows, 1) if s is not None))
    head = chain.genesis(archive_id, agent, name)
    for _, record_id, stone in rows:
        if record_id is None:
            header, digest = con.execute(STONE_SQL, {"id": stone}).fetchone()
        else:
            row = con.execute(chain.HEADER_SQL, {"id": record_id}).fetchone()
            header, digest = chain.pack_header(row[: chain.HEADER_COLUMNS]), row[chain.HEADER_COLUMNS + 1]
        head = chain.next_head(head, header, digest)
    con.execute(HEAD_SQL, {"head": head, "links": len(rows), "session": session})
    return whole


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
