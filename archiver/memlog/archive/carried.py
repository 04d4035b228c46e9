"""Records out of another archive: what they keep of the row they were.

They keep their id, ring key and digest where this archive has them free; when they were archived
and their place in the chain are this archive's own.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from memlog.archive import body, chain
from memlog.archive.connection import Connection
from memlog.archive.ids import Ids
from memlog.contracts import RING_ID_BYTES
from memlog.wire import Header

_AHEAD = 1 << 20  # a number further ahead of its day's counter would use the day up: it is not believed
_MOST = (1 << 63) - 1

# A live ring of that identity says what it is itself.
RING_SQL = """
INSERT INTO ring (ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns)
VALUES (:ring_id, :uid, '', '', '', :attested, 0, :now_ns) ON CONFLICT (ring_id, uid) DO NOTHING
"""
# index: the one of its UNIQUE (ring_id, uid)
RING_ROW_SQL = "SELECT id FROM ring WHERE ring_id = :ring_id AND uid = :uid"
# index: the record's primary key
IDS_SQL = "SELECT id FROM record WHERE id IN (SELECT value FROM json_each(:ids))"
# index: record_ring
SEQS_SQL = "SELECT seq FROM record WHERE ring = :ring AND seq IN (SELECT value FROM json_each(:seqs))"


class Origin(NamedTuple):
    """The row a record was. ring: (ring_id, uid, attested), if one; boundary: of the epoch it was in."""

    id: int | None
    ring: tuple[bytes, int, bool] | None
    source_id: str
    boundary: str | None


def row_was(facts: Mapping[str, Any], header: Header | None, boundary: str | None) -> Origin:
    """What a portable line says of the row; whatever it holds, nothing is raised."""
    number, follows = facts.get("id"), facts.get("follows")
    ring_id, source_id = as_bytes(facts.get("ring_id")), facts.get("source_id")
    ring = None
    if header is not None and len(ring_id) == RING_ID_BYTES and type(facts.get("seq")) is int:
        ring = ring_id, header.uid, facts.get("attested") in (1, True)
    return Origin(
        number if type(number) is int and 0 <= number <= _MOST else None,
        ring,
        source_id if isinstance(source_id, str) else "",
        follows if isinstance(follows, str) else boundary,
    )


def seal_of(facts: Mapping[str, Any], packing: int, packed: bytes) -> tuple[bytes, bytes] | None:
    """The salt a line carries, and the digest it gives with the body; None for none."""
    salt = as_bytes(facts.get("salt"))
    if len(salt) != chain.SALT_BYTES:
        return None
    return salt, chain.digest_of(salt, body.unpack(packed, packing))


class Places:
    """Ids and ring keys of one batch of carried records, as far as they are free here."""

    def __init__(
        self, con: Connection, found: Sequence[tuple[Origin, Header | None]], *, now_ns: int
    ) -> None:
        wanted = [origin.id for origin, _ in found if origin.id is not None]
        taken = {id_ for (id_,) in con.execute(IDS_SQL, {"ids": json.dumps(wanted)})}
        self._free = set(wanted) - taken
        self._rings: dict[tuple[bytes, int, bool], int] = {}
        self._taken: set[tuple[int, int]] = set()
        seqs: dict[int, list[int]] = {}
        for origin, header in found:
            if origin.ring is not None and header is not None:
                ring = self._rings.get(origin.ring)
                if ring is None:
                    ring_id, uid, attested = origin.ring
                    ring = self._rings[origin.ring] = ring_row(con, ring_id, uid, attested, now_ns=now_ns)
                seqs.setdefault(ring, []).append(min(header.seq, _MOST))
        for ring, of_ring in seqs.items():
            values = {"ring": ring, "seqs": json.dumps(of_ring)}
            self._taken.update((ring, seq) for (seq,) in con.execute(SEQS_SQL, values))

    def id(self, ids: Ids, origin: Origin, day: int, ts_ns: int) -> int:
        """Its id, or the next one of its day."""
        found = origin.id
        if found in self._free and found is not None and ids.keep(day, found, ts_ns, _AHEAD):
            self._free.remove(found)
            return found
        found = ids.take(day, ts_ns)
        self._free.discard(found)
        return found

    def ring(self, origin: Origin, seq: int) -> int | None:
        """The row of the ring that gave it this number; None where another record has the number."""
        ring = None if origin.ring is None else self._rings[origin.ring]
        if ring is None or (ring, seq) in self._taken:
            return None
        self._taken.add((ring, seq))
        return ring


def ring_row(con: Connection, ring_id: bytes, uid: int, attested: bool, *, now_ns: int) -> int:
    """The row of a ring another archive named; made where there is none."""
    row = {"ring_id": ring_id, "uid": uid, "attested": int(attested), "now_ns": now_ns}
    con.execute(RING_SQL, row)
    found: int = con.execute(RING_ROW_SQL, row).fetchone()[0]
    return found


def as_bytes(value: object) -> bytes:
    """What a hexadecimal text stands for; b"" for anything else."""
    if isinstance(value, bytes):
        return value
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
