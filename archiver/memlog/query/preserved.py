"""Records a compaction left in the context as they were, because the host says so."""

import json
from collections.abc import Mapping
from typing import Any

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.record import Record, decode

# index: the record's primary key
BOUNDARY_SQL = "SELECT body, packing FROM record WHERE id = :id"
# index: record_identity
NAMED_SQL = """
SELECT r.id FROM json_each(:names) n JOIN record r ON r.session_id = :session AND r.source_id = n.value
"""
ENDS_SQL = """
SELECT min(ts_ns), max(ts_ns) FROM record WHERE session_id = :session AND source_id = :name
"""
# index: record_session
BETWEEN_SQL = """
SELECT id FROM record WHERE session_id = :session AND ts_ns BETWEEN :first AND :last AND id <> :boundary
"""
NOT_HERE = "the host says it preserved messages, and they are not in the archive"


def preserved(con: Connection, session_id: int, boundary: int) -> tuple[list[int], str | None]:
    """Ids of the records a boundary's line names as preserved; what of them could not be seen.

    boundary: id of the compaction's record. A host names each message, or the first and the last.
    """
    named = _said(con, boundary)
    many, ends = named.get("preservedMessages"), named.get("preservedSegment")
    found: list[int] = []
    if isinstance(many, Mapping):
        uuids = many.get("allUuids") or many.get("uuids")
        names = [name for name in uuids if isinstance(name, str)] if isinstance(uuids, list) else []
        values = {"session": session_id, "names": json.dumps(names)}
        found = [id_ for (id_,) in con.execute(NAMED_SQL, values)]
    if not found and isinstance(ends, Mapping):
        found = _between(con, session_id, boundary, ends.get("headUuid"), ends.get("tailUuid"))
    return found, NOT_HERE if (many or ends) and not found else None


def _between(con: Connection, session_id: int, boundary: int, head: Any, tail: Any) -> list[int]:
    first, last = (
        con.execute(
            ENDS_SQL, {"session": session_id, "name": name if isinstance(name, str) else ""}
        ).fetchone()
        for name in (head, tail)
    )
    if first[0] is None or last[1] is None:
        return []
    values = {"session": session_id, "first": first[0], "last": last[1], "boundary": boundary}
    return [id_ for (id_,) in con.execute(BETWEEN_SQL, values)]


def _said(con: Connection, boundary: int) -> Mapping[str, Any]:
    """compactMetadata of a boundary's line; nothing where it has none."""
    packed, packing = con.execute(BOUNDARY_SQL, {"id": boundary}).fetchone()
    found = decode(body.unpack(packed, packing))
    rest = found.rest if isinstance(found, Record) else None
    line = rest.get("line") if isinstance(rest, Mapping) else None
    said = line.get("compactMetadata") if isinstance(line, Mapping) else None
    return said if isinstance(said, Mapping) else {}
