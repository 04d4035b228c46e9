"""Whether the archive has what it says it has read: cursors of rings, watermarks of transcripts."""

from collections.abc import Callable, Iterator, Mapping

from memlog.archive.connection import Connection

# index: record_ring, and the primary key of record_sighting
RINGS_SQL = """
SELECT r.id, r.ring_id, r.uid, r.cursor, r.kind,
  max(coalesce((SELECT max(seq) FROM record WHERE ring = r.id), 0),
    coalesce((SELECT max(seq) FROM record_sighting WHERE ring = r.id), 0),
    coalesce((SELECT max(before_seq) - 1 FROM gap WHERE ring = r.id), 0))
FROM ring r ORDER BY r.id
"""
EVENTS_SQL = "SELECT ring, max(seq) FROM event WHERE ring IS NOT NULL GROUP BY ring"
# What was read and left no row: forgotten before it came, or no record.
WITHOUT_ROW_SQL = "SELECT (SELECT count(*) FROM tombstone) + (SELECT count(*) FROM damage)"
TRANSCRIPTS_SQL = "SELECT path, archived, seen FROM transcript WHERE archived > seen OR archived < 0"
HOLES_SQL = """
SELECT h.path, h.start, t.archived FROM hole h JOIN transcript t ON t.path = h.path
WHERE h.healed_ns IS NULL AND h.start < t.archived
"""

# (ring id, uid) → the oldest seq it holds, and the next one it gives
Rings = Mapping[tuple[bytes, int], tuple[int, int]]
Problem = tuple[str, str]


def check(con: Connection, rings: Callable[[], Rings] = dict) -> Iterator[Problem]:
    """Where and what is wrong. rings: asked after the cursors were read; those that are there."""
    rows = con.execute(RINGS_SQL).fetchall()
    told = dict(con.execute(EVENTS_SQL).fetchall())
    (without,) = con.execute(WITHOUT_ROW_SQL).fetchone()
    live = rings()
    for id_, ring_id, uid, cursor, kind, most in rows:
        where = f"ring {ring_id.hex()} of uid {uid}"
        most = max(most, told.get(id_) or 0)
        _, following = live.get((ring_id, uid), (0, cursor + 1))
        if cursor < 0:
            yield where, f"its cursor is {cursor}"
        if cursor >= following:
            yield where, f"its cursor is {cursor}, and the ring's next record is {following}"
        if kind and cursor > most and not without:
            yield where, f"its cursor is {cursor}, and nothing after {most} is in the archive"
    for path, archived, seen in con.execute(TRANSCRIPTS_SQL):
        yield path, f"archived up to {archived}, and read up to {seen}"
    for path, start, archived in con.execute(HOLES_SQL):
        yield path, f"archived up to {archived}, and a hole begins at {start}"
