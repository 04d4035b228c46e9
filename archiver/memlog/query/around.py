"""A record with what was said before and after it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

# index: record_session, both ways from the record
AROUND_SQL = """
SELECT v.* FROM v_record v WHERE v.id IN (
  SELECT id FROM (SELECT r.id FROM record r JOIN session s ON s.id = r.session_id
    WHERE s.session = :session AND s.agent = :agent AND (r.ts_ns, r.id) <= (:ts_ns, :id) AND r.kind <> 'meta'
    ORDER BY r.ts_ns DESC, r.id DESC LIMIT :records + 1)
  UNION ALL
  SELECT id FROM (SELECT r.id FROM record r JOIN session s ON s.id = r.session_id
    WHERE s.session = :session AND s.agent = :agent AND (r.ts_ns, r.id) > (:ts_ns, :id) AND r.kind <> 'meta'
    ORDER BY r.ts_ns, r.id LIMIT :records)
) ORDER BY v.ts_ns, v.id
"""


def neighbours(
    con: "Connection", session: str, agent: str, ts_ns: int, id_: int | str, records: int
) -> list[dict[str, Any]]:
    """A record and those around it in its session, as rows of v_record, in order of time."""
    values = {"session": session, "agent": agent, "ts_ns": ts_ns, "id": id_, "records": records}
    cursor = con.execute(AROUND_SQL, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
