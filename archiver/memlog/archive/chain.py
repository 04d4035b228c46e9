"""Hash chains in the order of commit: one per session, one of the archive's own.

digest_i = SHA-256("memlog/rec/1" salt_i blob_i)
head_i   = SHA-256("memlog/chain/1" head_{i-1} CBOR(header_i) digest_i)
The header is the array of a record's stored columns, in the order of HEADER_SQL: what may move later
(its epoch) is not in it. The salt lets a forgotten text leave without the chain breaking, and keeps
a short one from being guessed from its digest.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import cbor2

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.errors import MemlogError

RECORD_DOMAIN = b"memlog/rec/1"
CHAIN_DOMAIN = b"memlog/chain/1"
SALT_BYTES = 16

# rowid order; a session's links are sorted here, in memory, as no index holds them
LINKS_SQL = """
SELECT link, id FROM record WHERE session_id = :session
UNION ALL SELECT link, NULL FROM tombstone
WHERE agent = :agent AND session = :name AND link IS NOT NULL ORDER BY 1
"""
HEADER_SQL = """
SELECT r.id, s.agent, s.session, r.source_id, r.block, r.part, r.parts, r.ts_ns, r.written_ns, r.archived_ns,
  g.ring_id, r.seq, r.uid, r.pid, r.kind, r.role, r.tool, r.parent_id, r.error, r.omitted, r.redacted,
  r.bytes, r.text_bytes, r.decode_error, r.mac, r.link, r.salt, r.digest, r.packing, r.body
FROM record r JOIN session s ON s.id = r.session_id LEFT JOIN ring g ON g.id = r.ring WHERE r.id = :id
"""
HEADER_COLUMNS = 26  # of HEADER_SQL: up to link
REWRITTEN = "its head here is not the anchored one: something up to it was rewritten"
CUT = "it was cut:"  # so a truncation begins that only an anchor shows
# index: tombstone_identity
FORGOTTEN_SQL = """
SELECT chain_header, digest FROM tombstone WHERE agent = :agent AND session = :name AND link = :link
"""
SESSIONS_SQL = "SELECT id, links FROM session ORDER BY id"
SESSION_SQL = "SELECT agent, session, head, links FROM session WHERE id = :id"
ARCHIVE_SQL = "SELECT archive_id, head, links FROM archive"
ARCHIVE_LINKS_SQL = "SELECT n, type, body, head FROM archive_link ORDER BY n"
ADD_LINK_SQL = "INSERT INTO archive_link (n, type, body, head) VALUES (:n, :type, :body, :head)"
MOVE_HEAD_SQL = "UPDATE archive SET head = :head, links = :n"


class Problem(NamedTuple):
    """What a chain does not agree with. link: 0 for the chain as a whole."""

    chain: str
    link: int
    what: str


def genesis(archive_id: bytes, agent: str, session: str) -> bytes:
    """Head of a session's chain before its first link."""
    return sha256(CHAIN_DOMAIN + archive_id + cbor2.dumps([agent, session])).digest()


def digest_of(salt: bytes, blob: bytes) -> bytes:
    """What a link commits to instead of the blob itself."""
    return sha256(RECORD_DOMAIN + salt + blob).digest()


def next_head(head: bytes, header: bytes, digest: bytes) -> bytes:
    """Head after one more link; header as `pack_header` gives it."""
    return sha256(CHAIN_DOMAIN + head + header + digest).digest()


def pack_header(columns: tuple[Any, ...]) -> bytes:
    """The canonical bytes of a header: a CBOR array in shortest form."""
    packed: bytes = cbor2.dumps(columns)
    return packed


def link_archive(con: Connection, kind: str, facts: Mapping[str, Any]) -> None:
    """One link of the archive's own chain, inside the caller's transaction."""
    link_text(con, kind, body.to_json(dict(facts)))


def link_text(con: Connection, kind: str, text: str) -> None:
    """The same for facts that are JSON already."""
    _, head, links = con.execute(ARCHIVE_SQL).fetchone()
    head, n = next_archive_head(head, links + 1, kind, text), links + 1
    con.execute(ADD_LINK_SQL, {"n": n, "type": kind, "body": text, "head": head})
    con.execute(MOVE_HEAD_SQL, {"head": head, "n": n})


def archive_genesis(archive_id: bytes) -> bytes:
    """Head of the archive's own chain before its first link."""
    return sha256(CHAIN_DOMAIN + archive_id).digest()


def verify_session(
    con: Connection, session_id: int, anchored: tuple[int, bytes] | None = None
) -> list[Problem]:
    """What is wrong with one session's chain; [] when every byte it covers is as it was archived.

    It proves nothing about links cut from its end unless the head was exported before.
    anchored: a link and the head there, as they were exported.
    """
    row = con.execute(SESSION_SQL, {"id": session_id}).fetchone()
    if row is None:
        return [Problem(str(session_id), 0, "no such session")]
    agent, name, expected, links = row
    archive_id = con.execute(ARCHIVE_SQL).fetchone()[0]
    head, found = genesis(archive_id, agent, name), []
    names = {"session": session_id, "agent": agent, "name": name}
    last = 0
    for link, record_id in con.execute(LINKS_SQL, names).fetchall():
        if link != last + 1:
            found.append(Problem(name, link, f"link {last + 1} is missing" if link > last else "met twice"))
        last = link
        if record_id is None:
            header, digest = con.execute(FORGOTTEN_SQL, {**names, "link": link}).fetchone()
        else:
            header, digest, fault = _record_link(con, record_id)
            if fault:
                found.append(Problem(name, link, f"record {record_id}: {fault}"))
        head = next_head(head, header, digest)
        if anchored is not None and link == anchored[0] and head != anchored[1]:
            found.append(Problem(name, link, REWRITTEN))
    if anchored is not None and last < anchored[0]:
        found.append(Problem(name, last, f"{CUT} {anchored[0]} links were anchored"))
    if last != links:
        found.append(Problem(name, last, f"{links} links were written"))
    if head != expected:
        found.append(Problem(name, 0, "its records do not give its head"))
    return found


def _record_link(con: Connection, record_id: int) -> tuple[bytes, bytes, str | None]:
    row = con.execute(HEADER_SQL, {"id": record_id}).fetchone()
    salt, digest, packing, packed = row[HEADER_COLUMNS:]
    fault = None
    try:
        if digest_of(salt, body.unpack(packed, packing)) != digest:
            fault = "its body is not what was archived"
    except MemlogError as exc:
        fault = str(exc)
    return pack_header(row[:HEADER_COLUMNS]), digest, fault


def verify_archive_chain(con: Connection) -> list[Problem]:
    """What is wrong with the archive's own chain: migrations, gaps, session heads."""
    archive_id, expected, links = con.execute(ARCHIVE_SQL).fetchone()
    head, found, last = archive_genesis(archive_id), [], 0
    for n, kind, text, stored in con.execute(ARCHIVE_LINKS_SQL):
        last += 1
        head = next_archive_head(head, n, kind, text)
        if n != last or head != stored:
            found.append(Problem("archive", n, f"its {kind} link is not what was archived"))
            head = stored
    if last != links or head != expected:
        found.append(Problem("archive", 0, "its links do not give its head"))
    return found


def verify_all(
    con: Connection, told: Callable[[int, int], object] = lambda done, total: None
) -> Iterator[Problem]:
    """Every problem of every chain, session by session. told: links checked, of how many."""
    yield from verify_archive_chain(con)
    sessions = con.execute(SESSIONS_SQL).fetchall()
    done, total = 0, sum(links for _, links in sessions)
    for session_id, links in sessions:
        yield from verify_session(con, session_id)
        done += links
        told(done, total)


def next_archive_head(head: bytes, n: int, kind: str, text: str) -> bytes:
    """Head of the archive's own chain after one more link."""
    return sha256(CHAIN_DOMAIN + head + cbor2.dumps([n, kind, text])).digest()
