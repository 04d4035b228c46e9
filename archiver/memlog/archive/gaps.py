"""What rings lost: gaps in their numbers, how they heal, and bytes that are no record."""

from collections.abc import Iterable
from hmac import digest as hmac_digest
from typing import NamedTuple

from memlog.archive import chain
from memlog.archive.connection import Connection
from memlog.wire import Damage, Gap

ADD_GAP_SQL = """
INSERT INTO gap (ring, after_seq, before_seq, lost, reason, noticed_ns)
VALUES (:ring, :after, :before, :lost, :reason, :now_ns) ON CONFLICT (ring, after_seq) DO NOTHING
"""
KNOWN_GAP_SQL = """
UPDATE gap SET recovered = :recovered, healed_ns = :healed_ns WHERE ring = :ring AND after_seq = :after
"""
RING_SQL = "SELECT ring_id, uid FROM ring WHERE id = :ring"
RECOVERED_SQL = "UPDATE gap SET recovered = recovered + :n WHERE id = :id"
ROOM_SQL = "SELECT lost - recovered FROM gap WHERE id = :id AND healed_ns IS NULL"
HEAL_GAP_SQL = """
UPDATE gap SET healed_ns = :now_ns
WHERE id = :id AND healed_ns IS NULL AND 2 * recovered >= lost AND NOT EXISTS (
  SELECT 1 FROM hole WHERE healed_ns IS NULL AND noticed_ns <= :now_ns)
"""
OPEN_GAPS_SQL = """
SELECT id, ring, after_seq, before_seq, lost, recovered, noticed_ns FROM gap
WHERE healed_ns IS NULL ORDER BY id
"""

ADD_DAMAGE_SQL = """
INSERT INTO damage (source, place, bytes, data, reason, noticed_ns, digest)
VALUES (:source, :place, :bytes, :data, :reason, :now_ns, :digest) ON CONFLICT (digest) DO NOTHING
"""
_MOST = (1 << 63) - 1


class OpenGap(NamedTuple):
    """A gap that is not healed."""

    id: int
    ring: int
    after: int
    before: int
    lost: int
    recovered: int
    noticed_ns: int


def add_gap(con: Connection, ring: int, gap: Gap, *, now_ns: int, reason: str = "evicted") -> bool:
    """Whether this loss is new; it is then a row and a link of the archive's chain."""
    row = {"ring": ring, "after": gap.after, "before": min(gap.before, _MOST), "lost": min(gap.lost, _MOST)}
    if not con.execute(ADD_GAP_SQL, {**row, "reason": reason, "now_ns": now_ns}).rowcount:
        return False
    ring_id, uid = con.execute(RING_SQL, {"ring": ring}).fetchone()
    facts = {"ring_id": ring_id.hex(), "uid": uid, "after_seq": gap.after, "before_seq": gap.before}
    chain.link_archive(con, "gap", {**facts, "lost": gap.lost, "reason": reason, "noticed_ns": now_ns})
    return True


def add_known(
    con: Connection, ring: int, gap: Gap, *, reason: str, noticed_ns: int, healed_ns: int | None,
    recovered: int,
) -> None:  # fmt: skip
    """A loss another archive noticed, as far as it was healed there; unless it is known here."""
    if add_gap(con, ring, gap, now_ns=noticed_ns, reason=reason):
        row = {"recovered": recovered, "healed_ns": healed_ns}
        con.execute(KNOWN_GAP_SQL, {**row, "ring": ring, "after": gap.after})


def open_gaps(con: Connection) -> list[OpenGap]:
    """Every gap that is not healed, oldest first."""
    return [OpenGap(*row) for row in con.execute(OPEN_GAPS_SQL)]


def recover(con: Connection, gap_ids: Iterable[int], n: int) -> None:
    """Share out n records that were read again among these gaps, in their order.

    In the transaction that stores them: whoever is killed after it must not find a loss that is none.
    """
    for gap_id in gap_ids:
        row = con.execute(ROOM_SQL, {"id": gap_id}).fetchone()
        share = min(n, row[0]) if row else 0
        if share > 0:
            con.execute(RECOVERED_SQL, {"id": gap_id, "n": share})
            n -= share


def mark_recovered(con: Connection, gap_id: int, n: int, *, complete: bool, now_ns: int) -> bool:
    """Note n records got back after a gap; True when the gap is healed by it.

    complete: the transcripts of every session that could have written into the gap were read again
    since it was noticed. Healed means that, with no hole left open, and that half of what was lost or
    more came back: events, a few for each hook call, stand in no transcript. Where most of it did not,
    other programs wrote there, and their records are lost for good.
    """
    con.execute(RECOVERED_SQL, {"id": gap_id, "n": n})
    if not complete:
        return False
    return con.execute(HEAL_GAP_SQL, {"id": gap_id, "now_ns": now_ns}).rowcount > 0


def add_damage(con: Connection, key: bytes, source: str, found: Damage, *, now_ns: int) -> bool:
    """Whether these bytes are new; they are kept as they were."""
    source = source.encode("utf-8", "replace").decode("utf-8")
    digest = hmac_digest(key, source.encode() + b"\0" + found.data, "sha256")[:16]
    row = {"source": source, "place": min(found.offset, _MOST), "bytes": len(found.data), "data": found.data}
    facts = {**row, "reason": found.reason, "now_ns": now_ns, "digest": digest}
    return con.execute(ADD_DAMAGE_SQL, facts).rowcount > 0
