"""Blobs taken apart: what a batch holds, decoded, packed and digested before the database is touched."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hmac import digest as hmac_digest
from os import path as os_path
from os import urandom
from typing import Any, NamedTuple

from memlog.archive import body, chain
from memlog.archive.carried import Origin, row_was, seal_of
from memlog.archive.prepare import prepare
from memlog.archive.redaction import redact_blob_bytes
from memlog.contracts import CAPTURED, CLAUDE_CODE, UNKNOWN_AGENT
from memlog.errors import DecodeError
from memlog.portable import is_text
from memlog.record import Event, Record, decode
from memlog.wire import Carried, Damage, Foreign, Frame, Gap, Header, Note, is_forgotten, unpack_session

MOST = (1 << 63) - 1  # what an SQLite integer holds; a header's numbers are unsigned


class Arrival(NamedTuple):
    """A blob on its way to become a row. nameless: no record of ours, and without a session.

    origin: the row it was in another archive.
    """

    header: Header | None
    record: Record
    size: int  # of the blob
    text_bytes: int | None
    packing: int
    packed: bytes
    salt: bytes
    digest: bytes
    indexed: str  # the text as the index takes it
    redacted: int
    decode_error: str | None = None
    nameless: bool = False
    kept: tuple[int, int, int] | None = None  # id, archived_ns and link of a row a rebuild makes again
    origin: Origin | None = None


class Told(NamedTuple):
    """An event, and how many records its process wrote before it in this batch."""

    header: Header | None
    blob: bytes
    event: Event
    arrived: int


class Read(NamedTuple):
    """A batch taken apart; nothing of it has touched the database."""

    arrivals: list[Arrival]
    told: list[Told]
    gaps: list[Gap]
    damage: list[Damage]
    arriving: dict[int, int]  # records by pid whose pass goes on in the next batch
    last_seq: int
    notes: list[Note]
    carried: bool  # some arrivals come from another archive
    forgotten: int = 0  # frames of a ring that were emptied


def take_apart(
    items: Sequence[Frame | Gap | Damage], *, key: bytes, origin: str, now_ns: int, redact: bool = True
) -> Read:
    """Decode, pack and digest a batch. origin: what blobs without a session are filed under.

    Touches no database: may run in a thread while the batch before it is being committed.
    """
    arrivals: list[Arrival] = []
    told: list[Told] = []
    lost: list[Gap] = []
    damage: list[Damage] = []
    notes: list[Note] = []
    arriving: defaultdict[int, int] = defaultdict(int)
    last_seq, carried, forgotten = 0, False, 0
    for item in items:
        if not isinstance(item, Frame):
            if isinstance(item, Gap):
                lost.append(item)
                last_seq = max(last_seq, item.before - 1)
            else:
                damage.append(item)
            continue
        header, blob = item
        if type(item) is Note:
            notes.append(item)
            continue
        if header is not None and is_forgotten(blob):
            last_seq = max(last_seq, header.seq)
            forgotten += 1
            continue
        blob, value, error = _understood(blob, redact and header is not None)
        pid = 0
        if header is not None:
            pid = header.pid
            if header.seq > last_seq:
                last_seq = header.seq
        if isinstance(value, Record):
            arrivals.append(_arrive(header, blob, value))
            if header is not None and type(item) is not Carried:
                arriving[pid] += 1
        elif isinstance(value, Event):
            count = arriving.pop(pid, 0) if value.event == CAPTURED else 0
            told.append(Told(header, blob, value, count))
        else:
            found = _foreign(header, blob, error, key, origin, now_ns, redact)
            names = item.names if type(item) is Carried else item
            arrivals.append(_renamed(found, names) if isinstance(names, Foreign) else found)
        if type(item) is Carried and not isinstance(value, Event):
            arrivals[-1] = _as_it_was(arrivals[-1], item.facts)
            carried = True
    return Read(arrivals, told, lost, damage, arriving, min(last_seq, MOST), notes, carried, forgotten)


def _understood(blob: bytes, redact: bool) -> tuple[bytes, Record | Event | None, str | None]:
    """The blob as it is to be archived, what it says, and why it says nothing."""
    value, error = _decode(blob)
    if redact and value is not None and value.agent != CLAUDE_CODE:
        # Our own capture has redacted what it wrote; others write records of this shape too.
        cleaned, counts = redact_blob_bytes(blob)
        if counts:
            return cleaned, *_decode(cleaned)
    return blob, value, error


def _decode(blob: bytes) -> tuple[Record | Event | None, str | None]:
    try:
        return decode(blob), None
    except DecodeError as exc:
        return None, str(exc)


def _arrive(
    header: Header | None, blob: bytes, record: Record, error: str | None = None, nameless: bool = False
) -> Arrival:
    raw = record.text.encode("utf-8", "replace")
    # Another writer's map may hold its keys in another order: its text is then read from the CBOR.
    tail = len(raw) if blob.endswith(raw) else None
    redacted = 0
    if record.redacted:
        redacted = sum(n for n in record.redacted.values() if isinstance(n, int) and 0 <= n < 1 << 31)
    salt = urandom(chain.SALT_BYTES)
    packing, packed = body.pack(blob)
    digest, indexed = chain.digest_of(salt, blob), prepare(record.text)
    return Arrival(
        header, record, len(blob), tail, packing, packed, salt, digest, indexed, redacted, error, nameless
    )


def _foreign(
    header: Header | None, blob: bytes, error: str | None, key: bytes, origin: str, now_ns: int, redact: bool
) -> Arrival:
    """A blob of a program memlog does not know, identified by header and blob as they were written."""
    packed = header.pack() if header else b""
    source_id = "~" + hmac_digest(key, packed + blob, "sha256")[:16].hex()
    uid = header.uid if header else 0
    name = unpack_session(header.session) if header else None
    redacted: dict[str, int] = {}
    if redact:
        blob, redacted = redact_blob_bytes(blob)
    text = body.text_of_blob(blob)
    record = Record(
        agent=UNKNOWN_AGENT,
        session=name or f"none-{uid}-{origin}",
        source_id=source_id,
        block=0,
        kind="blob",
        ts_ns=min(header.ts_ns, MOST) if header else now_ns,
        text=text,
        mac=b"",
        redacted=redacted,
    )
    return _arrive(header, blob, record, error, not name)


def _renamed(arrival: Arrival, item: Foreign) -> Arrival:
    """The same under the names it had in the archive it comes from."""
    record = arrival.record._replace(session=item.session, source_id=item.source_id, ts_ns=item.ts_ns)
    return arrival._replace(record=record, nameless=False)


def _as_it_was(arrival: Arrival, facts: Mapping[str, Any]) -> Arrival:
    """The same with what its line says of the row it was."""
    origin = row_was(facts, arrival.header, arrival.record.boundary)
    salt, digest = seal_of(facts, arrival.packing, arrival.packed) or (arrival.salt, arrival.digest)
    arrival = arrival._replace(origin=origin, salt=salt, digest=digest)
    if not arrival.record.mac:  # its blob does not say what was taken out of it, nor what was wrong before
        told, error = facts.get("redactions"), facts.get("decode_error")
        redacted = arrival.redacted + (told if type(told) is int and 0 <= told < 1 << 31 else 0)
        error = error if is_text(error) else arrival.decode_error
        arrival = arrival._replace(redacted=redacted, decode_error=error)
    return arrival


def origin_of(source: str, boot_id: str) -> str:
    """What sessions of blobs without one are named after."""
    if boot_id:
        return boot_id
    name = os_path.splitext(os_path.basename(source))[0] or "image"
    return name.encode("utf-8", "replace").decode("utf-8")
