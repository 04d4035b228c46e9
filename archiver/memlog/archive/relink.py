"""The heads of chains, made again of the records that are there."""

from memlog.archive import chain
from memlog.archive.connection import Connection

# rowid order, sorted by link: no index holds it
LINKS_SQL = """
SELECT link, id, NULL FROM record WHERE session_id = :session
UNION ALL SELECT link, NULL, id FROM tombstone
WHERE agent = :agent AND session = :name AND link IS NOT NULL ORDER BY 1, 2, 3
"""
STONE_SQL = "SELECT chain_header, digest FROM tombstone WHERE id = :id"
RELINK_SQL = "UPDATE record SET link = ? WHERE id = ?"
RELINK_STONE_SQL = "UPDATE tombstone SET link = ? WHERE id = ?"
NAME_SQL = "SELECT agent, session FROM session WHERE id = :session"
HEAD_SQL = "UPDATE session SET head = :head, links = :links WHERE id = :session"


def relink(con: Connection, archive_id: bytes, session: int) -> bool:
    """Make the session's head from its records and from what is kept of forgotten ones.

    False where links were missing and are numbered anew.
    """
    agent, name = con.execute(NAME_SQL, {"session": session}).fetchone()
    names = {"session": session, "agent": agent, "name": name}
    rows = con.execute(LINKS_SQL, names).fetchall()
    whole = [link for link, *_ in rows] == list(range(1, len(rows) + 1))
    if not whole:
        con.executemany(RELINK_SQL, ((n, id_) for n, (_, id_, _) in enumerate(rows, 1) if id_ is not None))
        con.executemany(RELINK_STONE_SQL, ((n, s) for n, (_, _, s) in enumerate(rows, 1) if s is not None))
    head = chain.genesis(archive_id, agent, name)
    for _, record_id, stone in rows:
        if record_id is None:
            header, digest = con.execute(STONE_SQL, {"id": stone}).fetchone()
        else:
            row = con.execute(chain.HEADER_SQL, {"id": record_id}).fetchone()
            header, digest = chain.pack_header(row[: chain.HEADER_COLUMNS]), row[chain.HEADER_COLUMNS + 1]
        head = chain.next_head(head, header, digest)
    con.execute(HEAD_SQL, {"head": head, "links": len(rows), "session": session})
    return whole
