"""Chains made again: of the records of a session that are there, of what is whole of the archive's own."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
DROP_LINKS_SQL = "DELETE FROM archive_link"
BEGIN_CHAIN_SQL = "UPDATE archive SET head = :head, links = 0, created_ns = :created_ns"
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


def whole_links(archive_id: bytes, links: Mapping[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the archive's own chain, by number, up to the first that is missing or not what it was."""
    head, kept = chain.archive_genesis(archive_id), []
    for n in range(1, len(links) + 1):
        row = links.get(n)
        head = chain.next_archive_head(head, n, row["type"], row["body"]) if row else b""
        if row is None or head != row["head"]:
            break
        kept.append(row)
    return kept


def begin_with(con: Connection, archive_id: bytes, kept: Sequence[Mapping[str, Any]], now_ns: int) -> None:
    """Have a new archive's own chain begin with these; of its own links, migrations they do not note stay."""
    new = con.execute(chain.ARCHIVE_LINKS_SQL).fetchall()
    con.execute(DROP_LINKS_SQL)
    start = {"head": chain.archive_genesis(archive_id), "created_ns": _made(kept[0]["body"], now_ns)}
    con.execute(BEGIN_CHAIN_SQL, start)
    for row in kept:
        chain.link_text(con, row["type"], row["body"])
    for _, kind, text, _ in new:
        if kind == "migration" and not any(_same_file(text, row["body"]) for row in kept):
            chain.link_text(con, kind, text)


def _made(text: str, now_ns: int) -> int:
    """When an archive was made, as the first link of its chain says."""
    try:
        found = json.loads(text)["created_ns"]
    except (ValueError, TypeError, LookupError):
        return now_ns
    return found if isinstance(found, int) else now_ns


def _same_file(text: str, other: str) -> bool:
    """Whether two links note the same migration."""
    return text.split('"sha256"')[0] == other.split('"sha256"')[0]
