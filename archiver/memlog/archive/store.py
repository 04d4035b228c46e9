"""The archive as the witness holds it: one writer, one transaction a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hmac import digest
from types import TracebackType
from typing import Any, Protocol, Self

from memlog.archive import arrival, epochs, gaps, holes, ingest, place, reprepare, sessions
from memlog.archive.connection import Connection, open_writer, sqlite3
from memlog.archive.migrate import migrate
from memlog.archive.sessions import Session
from memlog.archive.tombstones import Tombstones
from memlog.archive.transaction import Transaction
from memlog.errors import ArchiveError, InputError
from memlog.paths import Home, keep_key, load_key, make_dir
from memlog.record import Event
from memlog.settings import Settings
from memlog.wire import Damage, Frame, Gap, Header

# index: ring (ring_id, uid)
RING_SQL = """
INSERT INTO ring (ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns)
VALUES (:ring_id, :uid, :boot_id, :kind, :path, :attested, 0, :now_ns)
ON CONFLICT (ring_id, uid) DO UPDATE SET path = excluded.path, attested = excluded.attested,
  kind = coalesce(nullif(excluded.kind, ''), kind), boot_id = coalesce(nullif(excluded.boot_id, ''), boot_id)
RETURNING id
"""
CURSOR_SQL = "SELECT cursor FROM ring WHERE id = :ring"
RING_FACTS_SQL = "SELECT ring_id, boot_id FROM ring WHERE id = :ring"
ARCHIVE_SQL = "SELECT archive_id FROM archive"
MERGE_SQL = "INSERT INTO record_fts (record_fts, rank) VALUES ('merge', :pages)"
OPTIMIZE_SQL = "INSERT INTO record_fts (record_fts) VALUES ('optimize')"


class RingFacts(Protocol):
    """What the archive keeps of a ring; a ring's info() has it."""

    @property
    def ring_id(self) -> bytes: ...
    @property
    def uid(self) -> int: ...
    @property
    def boot_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def attested(self) -> bool: ...


@dataclass(slots=True)
class Outcome:
    """What one batch became. archived, sightings: rows, parts included; records, met: parts not counted.

    events, gaps: only those met for the first time. watermarks: transcripts whose archived offset moved.
    """

    archived: int = 0
    records: int = 0
    sightings: int = 0
    met: int = 0
    events: list[tuple[int, Event]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    damage: int = 0
    redacted: int = 0
    tombstoned: int = 0
    undecodable: int = 0
    bytes: int = 0
    sessions: set[int] = field(default_factory=set)
    watermarks: list[dict[str, Any]] = field(default_factory=list)


class Archive:
    """An open archive. The caller holds the witness's lock as long as it is open."""

    def __init__(self, home: Home, con: Connection, key: bytes, settings: Settings) -> None:
        self.home = home
        self.con = con
        self.key = key
        self.settings = settings
        self.archive_id: bytes = con.execute(ARCHIVE_SQL).fetchone()[0]
        self.sessions: dict[tuple[str, str], Session] = {}
        self.tombstones = Tombstones(home.tombstones)
        self._rings: dict[int, tuple[bytes, str]] = {}
        self.data_version = -1  # of the file, as the last transaction found it
        self._prepared = False  # whether the index is known to be this version's

    @classmethod
    def open(cls, home: Home, *, now_ns: int, settings: Settings | None = None) -> Self:
        """The archive of a home, made or migrated where needed; a restore that was killed is finished first.

        Raises: ArchiveError, SqliteTooOldError, UnsafePathError.
        """
        make_dir(home.root)
        if place.is_begun(home) is not None:
            place.finish(home)
        key = load_key(home)
        con = open_writer(home.archive)
        try:
            migrate(con, now_ns=now_ns)
            keep_key(home, key)
            archive = cls(home, con, key, settings or Settings(home=home.root))
            with archive.transaction():
                archive.tombstones.load(con)
        except sqlite3.Error as exc:
            con.close()
            raise ArchiveError(f"{home.archive}: {exc}") from exc
        except BaseException:
            con.close()
            raise
        return archive

    def close(self) -> None:
        """Close the connection; nothing is lost by not calling it."""
        self.con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def transaction(self) -> Transaction:
        """BEGIN IMMEDIATE … COMMIT; ROLLBACK when anything is raised.

        Raises: UnavailableError (disk full, locked, I/O error), ArchiveError (damaged).
        """
        return Transaction(self)

    def ring_row(self, info: RingFacts, *, now_ns: int) -> int:
        """The row of a ring, made at first sight.

        Raises: InputError for an image, which has no identity.
        """
        if not info.ring_id:
            raise InputError(f"{info.path} is an image: it has no ring id and no cursor")
        row = {
            "ring_id": info.ring_id, "uid": info.uid, "boot_id": info.boot_id, "kind": info.kind,
            "path": info.path, "attested": int(info.attested), "now_ns": now_ns,
        }  # fmt: skip
        with self.transaction():
            found: int = self.con.execute(RING_SQL, row).fetchone()[0]
        return found

    def cursor(self, ring: int) -> int:
        """The newest seq of this ring that is archived; 0 before the first."""
        found: int = self.con.execute(CURSOR_SQL, {"ring": ring}).fetchone()[0]
        return found

    def ring_id(self, ring: int) -> bytes:
        """The identity of a ring's row."""
        return self._ring(ring)[0]

    def read(
        self, items: Sequence[Frame | Gap | Damage], *, ring: int | None, source: str, now_ns: int
    ) -> arrival.Read:
        """A batch taken apart, without touching the database: may run beside the batch before it."""
        boot_id = self._ring(ring)[1] if ring is not None else ""
        return arrival.take_apart(
            items,
            key=self.key,
            origin=arrival.origin_of(source, boot_id),
            now_ns=now_ns,
            redact=self.settings.redact,
        )

    def ingest(
        self,
        items: Sequence[Frame | Gap | Damage] | arrival.Read,
        *,
        ring: int | None,
        source: str,
        cursor: int | None = None,
        now_ns: int,
        transcripts: Sequence[dict[str, Any]] = (),
        heals: Sequence[int] = (),
    ) -> Outcome:
        """Archive one batch in one transaction; what was archived before becomes sightings.

        ring: row of the ring the frames come from; None for images, spool files and imports.
        source: path for damage and sessions of images. cursor: newest seq covered; None: of the items.
        transcripts: watermarks before which everything of their transcripts was given by now.
        heals: ids of the gaps whose records these are, read again.
        Raises: UnavailableError, ArchiveError; nothing of the batch is then stored.
        """
        batch = (
            items
            if isinstance(items, arrival.Read)
            else self.read(items, ring=ring, source=source, now_ns=now_ns)
        )
        outcome = Outcome()
        with self.transaction():
            step = ingest.Batch(self, batch, ring, source, now_ns)
            step.run(outcome)
            if outcome.archived:
                gaps.recover(self.con, heals, outcome.archived)
            for watermark in transcripts:
                moved = holes.imported(self.con, watermark, None, now_ns)
                if moved:
                    outcome.watermarks.append(moved)
            if ring is not None:
                newest = batch.last_seq if cursor is None else cursor
                self.con.execute(ingest.CURSOR_SQL, {"ring": ring, "cursor": newest, "now_ns": now_ns})
        return outcome

    def event_digest(self, header: Header | None, blob: bytes) -> bytes:
        """What an event is known by: keyed, over header and blob."""
        return digest(self.key, (header.pack() if header else b"") + blob, "sha256")[:16]

    def close_silent(self, *, now_ns: int) -> int:
        """Close the last epochs of sessions that have been silent for long; how many were closed."""
        before = now_ns - self.settings.epoch_silence_s * 1_000_000_000
        with self.transaction():
            holes.forget_stale(self.con, now_ns=now_ns)
            found = self.con.execute(epochs.SILENT_SQL, {"before": before}).fetchall()
            for agent, name in found:
                session = self.sessions.get((agent, name)) or sessions.load(self.con, agent, name)
                assert session is not None
                session.epochs.close(session.ended_ns, session.ended_ns)
                session.epochs.save(self.con)
        return len(found)

    def checkpoint(self, *, truncate: bool = False) -> int:
        """Copy the WAL into the file when idle; pages of it not copied yet, because somebody reads."""
        mode = "PRAGMA wal_checkpoint(TRUNCATE)" if truncate else "PRAGMA wal_checkpoint(PASSIVE)"
        _, written, copied = self.con.execute(mode).fetchone()
        return max(int(written) - int(copied), 0)

    def merge(self, *, pages: int = 500, whole: bool = False) -> bool:
        """One bounded step of tidying the index when idle; False when there is nothing left to do.

        whole: the first step of making it one piece, as optimize() does at once.
        """
        if whole:
            pages = -pages  # FTS5's way to say so; the steps after it go on with what it began
        before = self.con.total_changes
        with self.transaction():
            self.con.execute(MERGE_SQL, {"pages": pages})
        return self.con.total_changes - before >= 2

    def reprepare(self) -> bool:
        """One bounded step of bringing an older memlog's index up to date; False when it is."""
        if self._prepared:
            return False
        with self.transaction() as con:
            self._prepared = not reprepare.step(con)
        return not self._prepared

    def optimize(self) -> None:
        """The index as one piece: after an import, or nightly."""
        with self.transaction():
            self.con.execute(OPTIMIZE_SQL)

    def reopen(self, between: Callable[[], object]) -> None:
        """Do something to the archive's file while no connection of ours is open to it."""
        self.con.close()
        try:
            between()
        finally:
            self.con = open_writer(self.home.archive)
            self.sessions.clear()
            self.data_version = -1

    def forget_cached(self) -> None:
        """Read sessions again: for a job that changes their rows by itself."""
        self.sessions.clear()

    def _ring(self, ring: int) -> tuple[bytes, str]:
        found = self._rings.get(ring)
        if found is None:
            found = self._rings[ring] = self.con.execute(RING_FACTS_SQL, {"ring": ring}).fetchone()
        return found
