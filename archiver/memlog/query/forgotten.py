"""Whose records went: what tombstones tell, a row a session."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

# index: none, tombstones are read once; its name tells what a tombstone is about
LIST_SQL = """
WITH stone AS (
  SELECT agent, session, source_id AS name, block, part, max(forgotten_ns) AS at_ns FROM tombstone
  GROUP BY agent, session, source_id, block, part)
SELECT t.session, t.agent, s.project, max(t.name IS NULL) AS whole,
  sum(t.block IS NOT NULL AND t.name NOT LIKE '%~redacted.%' AND t.name NOT LIKE '%~link.%'
    AND t.name NOT LIKE '~until.%') AS forgotten,
  sum(coalesce(t.name LIKE '%~redacted.%', 0)) AS redacted,
  sum(coalesce(t.name LIKE '%~link.%', 0)) AS let_go,
  strftime('%Y-%m-%dT%H:%M:%SZ', max(t.at_ns) / 1000000000, 'unixepoch') AS last
FROM stone t LEFT JOIN session s ON s.agent = t.agent AND s.session = t.session
GROUP BY t.agent, t.session ORDER BY max(t.at_ns) DESC, t.session
"""


def forgotten(con: "Connection") -> list[dict[str, Any]]:
    """Sessions something went from, newest first.

    whole: 1 where also its future lines stay away; forgotten, redacted, let_go: rows and events; last: when.
    """
    cursor = con.execute(LIST_SQL)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
