"""What of an epoch could not be seen: bytes that did not arrive, damaged lines, its beginning."""

from collections.abc import Iterator

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.errors import MemlogError
from memlog.query.epochs import EpochRow
from memlog.query.facts.stream import SIDECHAIN
from memlog.query.gaps import holes
from memlog.record import Record, decode

# index: record_epoch
SEEN_SQL = """
SELECT coalesce(sum(r.kind = 'damage' AND r.part = 0), 0),
  coalesce(sum(CASE WHEN r.kind NOT IN ('meta', 'damage') THEN coalesce(r.text_bytes, r.bytes) END), 0)
FROM record r WHERE r.epoch_id = (SELECT id FROM epoch WHERE session_id = :session AND number = :epoch)
"""
# index: record_session
FIRST_SQL = """
SELECT body, packing FROM record WHERE session_id = :session AND part = 0 AND kind <> 'damage'
ORDER BY ts_ns, id LIMIT :limit
"""
# index: record_identity
HERE_SQL = "SELECT 1 FROM record WHERE session_id = :session AND source_id = :name LIMIT 1"

_FIRST = 20  # records until one names the line before it
# Of 30 real compactions those seen whole had 1.5 to 4 bytes of text a token; a host's own prompt and tools
# take up to this many tokens of which no transcript has a word.
_HOSTS_TOKENS = 50_000
_BYTES_A_TOKEN = 0.5


def unseen(con: Connection, session_id: int, ended: EpochRow) -> Iterator[str]:
    """A sentence for each; nothing where all of it was captured, as far as can be told."""
    found = [hole for hole in holes(con, ended.session, healed=False) if hole.agent == ended.agent]
    if found:  # a hole has a place in a file, not in an epoch
        size = sum(hole.stop - hole.start for hole in found)
        yield f"{size:,} bytes of its transcripts did not arrive (memlog query gaps {ended.session})"
    values = {"session": session_id, "epoch": ended.epoch}
    damaged, seen = con.execute(SEEN_SQL, values).fetchone()
    if damaged:
        lines = "1 line of this epoch is" if damaged == 1 else f"{damaged:,} lines of this epoch are"
        yield f"{lines} damaged: what stood there was not seen"
    if ended.epoch == 0 and _continues(con, session_id):
        yield "the beginning was not seen: the first record continues one that is not archived"
    elif (ended.tokens_before or 0) - _HOSTS_TOKENS > seen / _BYTES_A_TOKEN:
        part = "the beginning" if ended.epoch == 0 else "a part of this epoch"
        held = f"the context held {ended.tokens_before:,} tokens, the records {seen:,} bytes of text"
        yield f"{part} was not seen: {held}"


def _continues(con: Connection, session_id: int) -> bool:
    """Whether the first record that names the line before it names one of which nothing came."""
    for packed, packing in con.execute(FIRST_SQL, {"session": session_id, "limit": _FIRST}).fetchall():
        try:
            blob = body.unpack(packed, packing)
            record = decode(blob)
        except MemlogError:
            continue
        if isinstance(record, Record) and record.parent_id and SIDECHAIN not in blob:
            values = {"session": session_id, "name": record.parent_id}
            return con.execute(HERE_SQL, values).fetchone() is None
    return False
