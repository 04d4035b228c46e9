"""The part of each session's hash chain an incident stands in, with what the chain was made of.

A line a session, then a line a link from the first record of the bundle on, to the session's head. A link of
a record that is here has its salt and the bytes of its blob before the text, so that with the text in
incident.db they give the link's digest again; of any other it has the digest alone.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import cbor2

from memlog.archive import anchor, body, chain
from memlog.errors import MemlogError

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.share import Share
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice

# index: session_name
SESSION_SQL = "SELECT id, links, head FROM session WHERE session = :session AND agent = :agent"
FIRST_SQL = ("SELECT min(r.link) FROM record r WHERE ", " AND r.session_id = :of")
HERE_SQL = ("SELECT r.id FROM record r WHERE ", " AND r.session_id = :of AND r.id = :id")
VERSION = 1


def chunks(
    con: "Connection",
    part: "Slice",
    sessions: Iterable[tuple[str, str]],
    *,
    shared: "Share | None",
    on_rows: "OnRows",
) -> Iterator[bytes]:
    """The lines, each in bytes. sessions: with their agents; shared: no salt and no text goes out."""
    archive_id = con.execute(chain.ARCHIVE_SQL).fetchone()[0]
    for name, agent in sessions:
        row = con.execute(SESSION_SQL, {"session": name, "agent": agent}).fetchone()
        if row is not None:
            for line in _of_session(
                con, part, archive_id, (row[0], name, agent, row[1], row[2]), shared, on_rows
            ):
                yield json.dumps(line, ensure_ascii=True).encode() + b"\n"


def _of_session(
    con: "Connection",
    part: "Slice",
    archive_id: bytes,
    session: tuple[int, str, str, int, bytes],
    shared: "Share | None",
    on_rows: "OnRows",
) -> Iterator[dict[str, Any]]:
    id_, name, agent, links, head = session
    (first,) = con.execute(part.condition.join(FIRST_SQL), {**part.values, "of": id_}).fetchone()
    if first is None:
        return
    before = genesis = chain.genesis(archive_id, agent, name)
    said = [text if shared is None else shared.text(text) for text in (name, agent)]
    opened = None
    values = {"session": id_, "agent": agent, "name": name}
    for link, record_id in con.execute(chain.LINKS_SQL, values):
        if opened is None and link >= first:
            opened = {
                "memlog_chain": VERSION,
                "session": said[0],
                "agent": said[1],
                "archive": archive_id.hex(),
                "anchored_as": anchor.name_of(archive_id, agent, name),
                "genesis": genesis.hex(),
                "first": link,
                "before": before.hex(),
                "links": links,
                "head": head.hex(),
            }
            yield opened
        header, digest, line = _link(
            con, part, {**values, "link": link}, record_id, opened is not None, shared
        )
        before = chain.next_head(before, header, digest)
        if opened is not None:
            if "header" not in line:
                line["head"] = before.hex()
            yield line
            on_rows(1)


def _link(
    con: "Connection",
    part: "Slice",
    values: dict[str, Any],
    record_id: int | None,
    shown: bool,
    shared: "Share | None",
) -> tuple[bytes, bytes, dict[str, Any]]:
    """Header and digest of a link, and the line that tells it."""
    line: dict[str, Any] = {"link": values["link"]}
    if record_id is None:
        header, digest = con.execute(chain.FORGOTTEN_SQL, values).fetchone()
        line["forgotten"] = True
        columns: tuple[Any, ...] = tuple(cbor2.loads(header))
    else:
        row = con.execute(chain.HEADER_SQL, {"id": record_id}).fetchone()
        columns = row[: chain.HEADER_COLUMNS]
        header, digest = chain.pack_header(columns), row[chain.HEADER_COLUMNS + 1]
        if shown and _is_here(con, part, values["session"], record_id):
            line["id"] = record_id
            if shared is None:
                line.update(_proof(row))
    if shown and (shared is None or not _names(shared, columns)):
        line["header"] = b64encode(header).decode()
    line["digest"] = digest.hex()
    return header, digest, line


def _is_here(con: "Connection", part: "Slice", session_id: int, record_id: int) -> bool:
    values = {**part.values, "of": session_id, "id": record_id}
    return part.whole or con.execute(part.condition.join(HERE_SQL), values).fetchone() is not None


def _proof(row: tuple[Any, ...]) -> dict[str, str]:
    """What makes the digest of a record's text again: its salt, and its blob without the text at its end."""
    salt, _, packing, packed = row[chain.HEADER_COLUMNS :]
    size = row[chain.HEADER_COLUMNS - 4]
    try:
        blob = body.unpack(packed, packing)
    except MemlogError:
        return {"damaged": "its bytes cannot be read"}
    if size is None:  # another program's: its text is made of it
        return {"salt": salt.hex(), "blob": b64encode(blob).decode()}
    return {"salt": salt.hex(), "prefix": b64encode(blob[: len(blob) - size]).decode()}


def _names(shared: "Share", columns: tuple[Any, ...]) -> bool:
    """Whether a header says anything the profile would hide."""
    before = dict(shared.counts)
    found = any(isinstance(value, str) and shared.text(value) != value for value in columns)
    shared.counts.clear()
    shared.counts.update(before)  # what was only looked at is no placeholder put in
    return found


def blob_of(line: dict[str, Any], text: str) -> bytes:
    """The blob of a record, of its link's line and its text.

    Raises: ValueError, KeyError where the line is odd.
    """
    if "blob" in line:
        return b64decode(line["blob"], validate=True)
    return b64decode(line["prefix"], validate=True) + text.encode()
