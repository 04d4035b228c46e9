"""Whether the search index holds what the rows say: each record once, and found by its own words."""

from collections.abc import Iterator

from memlog.archive import body
from memlog.archive.connection import Connection, Error
from memlog.archive.prepare import prepare, searchable
from memlog.errors import ArchiveError

# index: none; record_fts_docsize has a row for each row of the index
COUNTS_SQL = "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM record_fts_docsize)"
MISSING_SQL = "SELECT id FROM record EXCEPT SELECT id FROM record_fts_docsize LIMIT :most"
STRAY_SQL = "SELECT id FROM record_fts_docsize EXCEPT SELECT id FROM record LIMIT :most"
ENDS_SQL = "SELECT min(id), max(id) FROM record"
# index: the record's primary key
NEXT_SQL = """
SELECT id, session_id, body, packing, text_bytes FROM record WHERE id >= :id ORDER BY id LIMIT 1
"""
FOUND_SQL = "SELECT 1 FROM record_fts WHERE record_fts MATCH :match AND rowid = :id"

SAMPLE = 200
_MOST = 20  # named; a hundred more say no more
_WORDS = 6


def check(con: Connection, *, quick: bool = False, sample: int = SAMPLE) -> Iterator[str]:
    """What is wrong, a sentence each.

    quick: compares numbers only. sample: records whose words are looked up, evenly spread.
    """
    records, indexed = con.execute(COUNTS_SQL).fetchone()
    if records != indexed:
        yield f"it holds {indexed:,} rows, the archive {records:,}"
    if quick:
        return
    for sql, what in ((MISSING_SQL, "is not in it"), (STRAY_SQL, "is in it, but not in the archive")):
        for (id_,) in con.execute(sql, {"most": _MOST}):
            yield f"record {id_} {what}"
    first, last = con.execute(ENDS_SQL).fetchone()
    if first is None:
        return
    seen: set[int] = set()
    for n in range(sample):
        at = first + (last - first) * n // max(sample - 1, 1)
        id_, session, packed, packing, text_bytes = con.execute(NEXT_SQL, {"id": at}).fetchone()
        if id_ not in seen and not _is_found(con, id_, session, packed, packing, text_bytes):
            yield f"record {id_} is not found by its own words"
        seen.add(id_)


def _is_found(
    con: Connection, id_: int, session: int, packed: bytes, packing: int, text_bytes: int | None
) -> bool:
    try:
        text = prepare(body.text_of(packed, packing, text_bytes))
    except ArchiveError:
        return True  # damaged bytes are the hash chain's news
    words = text.split()
    parts = [words[:_WORDS], words[len(words) // 2 :][:_WORDS], words[-_WORDS:]]
    phrases = [" ".join(part).replace('"', '""') for part in parts if any(map(searchable, part))]
    match = "".join(f' AND {{text}} : "{phrase}"' for phrase in dict.fromkeys(phrases))
    try:
        return (
            con.execute(FOUND_SQL, {"match": f'{{tags}} : "s{session}"{match}', "id": id_}).fetchone()
            is not None
        )
    except Error:
        return False
