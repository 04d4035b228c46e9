"""One record whole: its parts joined, its blob as it was written."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.errors import MemlogError, NotFoundError
from memlog.query import event
from memlog.query.where import Where
from memlog.record import Record, decode, load_cbor

# index: the record's primary key
BY_ID_SQL = "SELECT session_id, source_id, block FROM record WHERE id = :id"
# index: record_identity, read through: a source_id is looked up by people, not in loops
BY_SOURCE_SQL = """
SELECT DISTINCT session_id, source_id, block FROM record WHERE source_id = :source_id
ORDER BY session_id, block
"""
# index: record_identity
PARTS_SQL = """
SELECT v.id, v.session, v.project, v.agent, v.epoch, v.ring_id, v.seq, v.ts, v.ts_ns, v.written_ns,
  v.archived_ns, v.uid, v.pid, v.attested, v.kind, v.role, v.tool, v.source_id, v.parent_id, v.block, v.part,
  v.parts, v.bytes, v.decode_error, v.digest, v.error, v.omitted, v.redacted,
  r.text_bytes, memlog_blob(r.body, r.packing)
FROM record r JOIN v_record v ON v.id = r.id
WHERE r.session_id = :session AND r.source_id = :source_id AND r.block = :block ORDER BY r.part
"""
BLOBS_SQL = """
SELECT memlog_blob(body, packing) FROM record
WHERE session_id = :session AND source_id = :source_id AND block = :block ORDER BY part
"""
# index: the record's primary key, then record_identity
PARTS_OF_SQL = """
SELECT memlog_blob(p.body, p.packing) FROM record r
JOIN record p ON p.session_id = r.session_id AND p.source_id = r.source_id AND p.block = r.block
WHERE r.id = :id ORDER BY p.part
"""
# index: the record's primary key
IDENTITIES_SQL = "SELECT id, source_id, block FROM record WHERE id IN (SELECT value FROM json_each(:ids))"
SELECTED_SQL = (
    "SELECT r.session_id, r.source_id, r.block FROM record r JOIN epoch e ON e.id = r.epoch_id WHERE ",
    " AND r.part = 0 ORDER BY r.session_id, e.number, r.ts_ns, r.id",
)
# index: the event's primary key
EVENT_SQL = """
SELECT v.session, coalesce(s.project, t.cwd) AS project, v.agent, coalesce((SELECT max(x.number) FROM epoch x
    WHERE x.session_id = s.id AND x.opened_ns <= v.ts_ns), 0) AS epoch,
  v.ring_id, v.seq, v.ts, v.ts_ns, v.written_ns, v.archived_ns, v.uid, v.pid, g.attested, v.event AS tool,
  coalesce(t.text, '') AS text, lower(hex(e.digest)) AS digest, v.data
FROM v_event v JOIN event e ON e.id = v.id JOIN v_event_text t ON t.id = v.id
  LEFT JOIN ring g ON g.id = e.ring LEFT JOIN session s ON s.agent = v.agent AND s.session = v.session
WHERE v.id = :id
"""
COLUMNS = (  # of PARTS_SQL, before the text's size and the blob
    "id", "session", "project", "agent", "epoch", "ring_id", "seq", "ts", "ts_ns", "written_ns",
    "archived_ns", "uid", "pid", "attested", "kind", "role", "tool", "source_id", "parent_id", "block",
    "part", "parts", "bytes", "decode_error", "digest", "error", "omitted", "redacted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whole:
    """A record with the columns of v_record, parts joined: bytes are added up, id is its first part's.

    extra: what its line held besides the text. ids: of all its parts. at: byte offset of its line in
    the session's own transcript; None where it stood in another file, or in none. Of an event: tool is
    its name, id and extra are text and what the host said.
    """

    id: int | str
    session: str
    project: str | None
    agent: str
    epoch: int
    ring_id: str | None
    seq: int | None
    ts: str
    ts_ns: int
    written_ns: int | None
    archived_ns: int
    uid: int | None
    pid: int | None
    attested: int | None
    kind: str
    role: str | None
    tool: str | None
    source_id: str
    parent_id: str | None
    block: int
    part: int
    parts: int
    bytes: int
    text: str
    decode_error: str | None
    digest: str
    error: int
    omitted: str | None
    redacted: int
    extra: Any
    ids: tuple[int, ...]
    at: int | None = None


Identity = tuple[int, str, int]


def find(con: Connection, ref: str) -> list[Whole]:
    """The record with this id; else every block of the line with this source_id, or the event `e<number>`.

    Raises: NotFoundError.
    """
    number = event.number_of(con, ref.strip().removeprefix("#"))
    if number is None:
        return [whole(con, identity) for identity in _identities(con, ref)]
    try:
        found = [whole(con, identity) for identity in _identities(con, ref)]
    except NotFoundError:
        found = []  # a line may have the name of an event: then both are meant
    return [*found, _event(con, number)]


def blobs(con: Connection, ref: str) -> list[bytes]:
    """The blobs of find(ref), as they were archived; of an event the JSON that is kept of it.

    Raises: NotFoundError, also when their bytes are damaged.
    """
    number = event.number_of(con, ref.strip().removeprefix("#"))
    if number is not None:
        return [body.to_json(_event(con, number).extra).encode()]
    found = []
    for identity in _identities(con, ref):
        for (blob,) in con.execute(BLOBS_SQL, _named(identity)):
            if blob is None:
                raise NotFoundError(f"the bytes of record {ref} are damaged", hint="memlog admin verify")
            found.append(blob)
    return found


def selected(con: Connection, chosen: Where, *, last: int | None = None) -> Iterator[Whole]:
    """Every record of a selection: sessions one after the other, epochs in order, by time.

    last: only so many from the end of that order.
    """
    sql = SELECTED_SQL[0] + chosen.sql + SELECTED_SQL[1]
    found = con.execute(sql, chosen.values).fetchall()
    for identity in found if last is None else found[max(len(found) - last, 0) :]:
        yield whole(con, identity)


def whole(con: Connection, identity: Identity) -> Whole:
    """The record of (session's row, source_id, block)."""
    rows = con.execute(PARTS_SQL, _named(identity)).fetchall()
    if not rows:
        raise NotFoundError(f"there is no record {identity[1]!r} any more")
    decoded = [_decoded(row[-1]) for row in rows]
    texts = [
        part.text if part is not None else _text(blob, text_bytes)
        for part, (*_, text_bytes, blob) in zip(decoded, rows, strict=True)
    ]
    columns: dict[str, Any] = dict(zip(COLUMNS, rows[0], strict=False))
    extra = _extra([part.rest for part in decoded if part])
    columns["bytes"] = sum(row[COLUMNS.index("bytes")] for row in rows)
    return Whole(
        **columns, text="".join(texts), extra=None if extra is None else json.loads(extra),
        ids=tuple(row[0] for row in rows), at=_at(decoded[0]),
    )  # fmt: skip


def identities(con: Connection, session: int, ids: list[int]) -> dict[int, Identity]:
    """What whole() asks for, by id, of records of a session's row; one that was forgotten is not there."""
    rows = con.execute(IDENTITIES_SQL, {"ids": json.dumps(ids)})
    return {id: (session, source_id, block) for id, source_id, block in rows}


def extra_of(con: Connection, record_id: int) -> str | None:
    """JSON of what the line of a record held besides its text, slices of its parts joined; None for nothing.

    Limits: in memory are the slices of one record, not its texts.
    """
    parts = (_decoded(blob) for (blob,) in con.execute(PARTS_OF_SQL, {"id": record_id}))
    return _extra([part.rest for part in parts if part])


def _event(con: Connection, number: int) -> Whole:
    cursor = con.execute(EVENT_SQL, {"id": number})
    (row,) = cursor.fetchall()
    columns: dict[str, Any] = dict(zip((c[0] for c in cursor.description), row, strict=True))
    data = columns.pop("data")
    return Whole(
        **columns, id=f"e{number}", kind=event.EVENT, role=None, source_id=f"~{columns['digest']}",
        parent_id=None, block=0, part=0, parts=1, bytes=len(data.encode()), decode_error=None, error=0,
        omitted=None, redacted=0, extra=json.loads(data), ids=(),
    )  # fmt: skip


def _identities(con: Connection, ref: str) -> list[Identity]:
    rows: list[Identity] = []
    ref = ref.strip().removeprefix("#")
    if ref.isascii() and ref.isdigit() and len(ref) < 19:
        rows = con.execute(BY_ID_SQL, {"id": int(ref)}).fetchall()
    if not rows:
        known = ref.encode("utf-8", "replace").decode("utf-8")
        rows = con.execute(BY_SOURCE_SQL, {"source_id": known}).fetchall()
    if not rows:
        raise NotFoundError(f"no record has the id or source_id {ref!r}", hint="memlog query search WORDS")
    return rows


def _named(identity: Identity) -> dict[str, int | str]:
    return {"session": identity[0], "source_id": identity[1], "block": identity[2]}


def _decoded(blob: bytes | None) -> Record | None:
    try:
        found = decode(blob) if blob is not None else None
    except MemlogError:
        return None
    return found if isinstance(found, Record) else None


def _at(record: Record | None) -> int | None:
    return None if record is None or record.boundary is None else record.at


def _text(blob: bytes | None, text_bytes: int | None) -> str:
    if blob is None:
        return ""
    return body.text_of(blob, body.PLAIN, text_bytes)


def _extra(rests: list[Any]) -> str | None:
    """JSON of what the line held besides its text; slices of it are joined first."""
    rest = rests[0] if rests else None
    if len(rests) > 1 and all(isinstance(slice_, bytes) for slice_ in rests if slice_):
        rest = b"".join(slice_ for slice_ in rests if slice_)
        try:
            rest = load_cbor(rest) if rest else None
        except MemlogError:
            pass  # a part is missing: the bytes that are there, as hex
    return body.to_json(rest) if rest else None
