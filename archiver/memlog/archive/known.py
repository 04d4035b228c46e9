"""Rows that are there already, by identity: what comes again is a sighting of one."""

from typing import Any

from memlog.archive.connection import Connection
from memlog.archive.sessions import Session
from memlog.record import PART_MAC_BYTES, Record

# index: record_identity
LOOKUP_SQL = """
SELECT source_id, block, part, mac, id, epoch_id, timed, ring, seq, part = 0 FROM record
WHERE session_id = ? AND source_id IN (%s)
"""
LOOKUPS = {n: LOOKUP_SQL % ",".join("?" * n) for n in (8, 64, 512)}


class Known:
    """The rows of one source_id in one session, by (block, part). mac: of its line; macs: by block."""

    __slots__ = ("mac", "macs", "rows")

    def __init__(self, mac: bytes) -> None:
        self.mac = mac
        self.macs: dict[int, bytes] = {}
        self.rows: dict[tuple[int, int], list[Any]] = {}  # [id, epoch id, timed, ring, seq, counts]

    def is_other(self, record: Record) -> bool:
        """True for another version of the line, or of this part of it where that has its own mac."""
        if len(record.mac) == PART_MAC_BYTES:
            return self.macs.get(record.block, record.mac) != record.mac
        return self.mac != record.mac


def look_up(con: Connection, session: Session, source_ids: list[str]) -> None:
    """Add to what is known of a session the rows that have these source_ids."""
    known = session.known
    while source_ids:
        size = 8 if len(source_ids) <= 8 else 64 if len(source_ids) <= 64 else 512
        chunk, source_ids = source_ids[:size], source_ids[size:]
        padded = [session.id, *chunk, *[None] * (size - len(chunk))]
        for source_id, block, part, mac, *row in con.execute(LOOKUPS[size], padded):
            found = known.get(source_id)
            if found is None:
                found = known[source_id] = Known(mac)
            found.macs[block] = mac
            found.rows[block, part] = row
