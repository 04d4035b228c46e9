"""One epoch as a file: a JSON array with one portable record a line, in order of time."""

import re
from collections.abc import Iterator

from memlog import portable
from memlog.archive import body
from memlog.archive.connection import Connection

SNAP = re.compile(r"snap-([0-9]{5,})\.json")
_CHUNK = 1 << 18

# index: record_epoch; only ids and times are sorted, never bodies
EPOCH_IDS_SQL = "SELECT id FROM record WHERE epoch_id = :epoch ORDER BY ts_ns, id"
# index: the record's primary key
ROW_SQL = """
SELECT r.id, s.session, s.agent, s.project, e.number AS epoch,
  strftime('%Y-%m-%dT%H:%M:%S', r.ts_ns / 1000000000, 'unixepoch')
    || printf('.%03dZ', r.ts_ns / 1000000 % 1000) AS ts,
  r.kind, r.role, r.tool, r.ts_ns, r.source_id, r.block, r.part, r.parts, r.parent_id,
  g.ring_id, r.seq, r.uid, r.pid, g.attested, r.written_ns, r.archived_ns, r.bytes, r.digest, r.salt, r.link,
  nullif(r.timed, 0) AS timed, r.mac = x'' AS is_foreign, r.redacted AS redactions,
  r.decode_error, r.packing, r.body
FROM record r JOIN session s ON s.id = r.session_id JOIN epoch e ON e.id = r.epoch_id
LEFT JOIN ring g ON g.id = r.ring WHERE r.id = :id
"""


def snap_name(epoch: int) -> str:
    return f"snap-{epoch:05d}.json"


def snapshot(con: Connection, epoch: int) -> Iterator[bytes]:
    """The bytes of an epoch's snapshot, piece by piece."""
    piece, separator = bytearray(b"["), b"\n"
    cursor = con.cursor()
    cursor.execute(ROW_SQL, {"id": -1})
    names = [column[0] for column in cursor.description]
    for (record_id,) in con.execute(EPOCH_IDS_SQL, {"epoch": epoch}):
        row = dict(zip(names, cursor.execute(ROW_SQL, {"id": record_id}).fetchone(), strict=True))
        blob = body.unpack(row.pop("body"), row.pop("packing"))
        if row.pop("is_foreign"):
            row["text"] = body.text_of_blob(blob)
        else:
            del row["redactions"]  # the record says itself which
        piece += separator + portable.dump_line(portable.to_line(row, blob)).encode()
        separator = b",\n"
        if len(piece) >= _CHUNK:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b"\n]\n"
