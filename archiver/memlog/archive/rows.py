"""Rows of new records: numbered, linked, counted, and inserted with their text.

The hot path of every batch: plain tuples, one executemany a table, no statement per record.
"""

from typing import TYPE_CHECKING, Any

from memlog.archive import chain, epochs
from memlog.archive.arrival import MOST, Arrival
from memlog.archive.ids import Ids, day_of
from memlog.archive.prepare import tags
from memlog.archive.sessions import Session
from memlog.wire import Header

if TYPE_CHECKING:
    from memlog.archive.carried import Origin, Places
    from memlog.archive.store import Archive, Outcome

RECORD_SQL = """
INSERT INTO record (id, session_id, epoch_id, source_id, block, part, parts, ts_ns, written_ns,
  archived_ns, ring, seq, uid, pid, kind, role, tool, parent_id, error, omitted, redacted, bytes,
  text_bytes, packing, body, decode_error, link, salt, digest, mac, timed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
FTS_SQL = "INSERT INTO record_fts (rowid, text, tags) VALUES (?, ?, ?)"

_Ring = tuple[int | None, bytes | None, int | None, int | None, int | None, int | None]


class Rows:
    """The rows of one batch, in the order they are linked.

    taken: seqs of this ring that name a record already. places: for records out of another archive.
    """

    def __init__(
        self, archive: "Archive", ring: int | None, now_ns: int, taken: set[int], places: "Places | None"
    ) -> None:
        self._con = archive.con
        self._ids = Ids(archive.con)
        self._ring = ring
        self._ring_id = archive.ring_id(ring) if ring is not None else None
        self._now_ns = now_ns
        self._taken = taken
        self._places = places
        self._records: list[tuple[Any, ...]] = []
        self._texts: list[tuple[int, str, str]] = []

    def add(
        self, arrival: Arrival, session: Session, source_id: str, outcome: "Outcome"
    ) -> tuple[int, int, bool]:
        """(id, epoch's id, whether only time told the epoch) of a record that is a row from now on."""
        (
            header, record, size, text_bytes, packing, packed, salt, digest, indexed, redacted,
            decode_error, _, kept, origin,
        ) = arrival  # fmt: skip
        kind, ts_ns, part = record.kind, record.ts_ns, record.part
        day = day_of(ts_ns)
        boundary = record.boundary
        archived_ns, link = self._now_ns, session.links + 1
        if kept is not None:
            record_id, archived_ns, link = kept
        elif origin is not None and self._places is not None:
            record_id, boundary = self._places.id(self._ids, origin, day, ts_ns), origin.boundary
        else:
            record_id = self._ids.take(day, ts_ns)
        timed = boundary is None or boundary.startswith(epochs.PROVISIONAL)
        if timed or boundary is None:
            epoch = session.epochs.at_time(ts_ns)
        else:
            epoch = session.epochs.by_boundary[boundary]
        ring, ring_id, seq, uid, pid, written = self._key(header, origin)
        omitted = ",".join(record.omitted) or None
        error = 1 if record.error else 0
        columns = (
            record_id, session.agent, session.name, source_id, record.block, part, record.parts, ts_ns,
            written, archived_ns, ring_id, seq, uid, pid, kind, record.role, record.tool, record.parent_id,
            error, omitted, redacted, size, text_bytes, decode_error, record.mac, link,
        )  # fmt: skip
        session.links = max(session.links, link)
        session.head = chain.next_head(session.head, chain.pack_header(columns), digest)
        self._records.append(
            (
                record_id, session.id, epoch.id, source_id, record.block, part, record.parts, ts_ns,
                written, archived_ns, ring, seq, uid, pid, kind, record.role, record.tool,
                record.parent_id, error, omitted, redacted, size, text_bytes, packing, packed,
                decode_error, link, salt, digest, record.mac, 1 if timed else 0,
            )
        )  # fmt: skip
        self._texts.append((record_id, indexed, tags(session.id, day, kind, record.role, record.tool, error)))
        session.count(record, record_id, size)
        epoch.dirty = True
        if part == 0:
            epoch.records += 1
            outcome.records += 1
        outcome.archived += 1
        outcome.bytes += size
        outcome.redacted += redacted
        outcome.undecodable += decode_error is not None
        return record_id, epoch.id, timed

    def write(self) -> None:
        """Insert what was added, in the order of ids."""
        # The index reads a row id that goes backwards as a reason to write out what it holds.
        self._records.sort()
        self._texts.sort()
        self._con.executemany(RECORD_SQL, self._records)
        self._con.executemany(FTS_SQL, self._texts)
        self._ids.save()

    def _key(self, header: Header | None, origin: "Origin | None") -> _Ring:
        """ring, ring_id, seq, uid, pid and written_ns of a row."""
        if header is None:
            return None, None, None, None, None, None
        _, written, seq, uid, pid, _ = header
        written, seq = min(written, MOST), min(seq, MOST)
        if origin is not None and self._places is not None:
            ring = self._places.ring(origin, seq)
            if ring is None or origin.ring is None:
                return None, None, None, uid, pid, written
            return ring, origin.ring[0], seq, uid, pid, written
        if self._ring is not None:
            if seq in self._taken:  # a ring that counted twice: the record is kept, the number is not
                return None, None, None, uid, pid, written
            self._taken.add(seq)
        return self._ring, self._ring_id, seq, uid, pid, written
