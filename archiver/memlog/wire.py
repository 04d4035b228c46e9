"""Ring frames: header and blob back to back, as the device reads and an image holds them.

Source: schema/memlog.h. NamedTuples, not dataclasses: the hook imports this, and
`dataclasses` alone costs it as much as starting the interpreter.
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Any, NamedTuple

from memlog.contracts import HEADER_BYTES, MAGIC, MAX_BLOB, SCHEMA_VERSION, SESSION_BYTES
from memlog.errors import BadMagicError, ContractError, TruncatedRecordError, UnsupportedSchemaError

HEADER = Struct("<IIIIQQII16s")
MAGIC_BYTES = MAGIC.to_bytes(4, "little")
NO_SESSION = bytes(SESSION_BYTES)
_packed = ("", NO_SESSION)  # the last one: a transcript's records come in a row
FORGOTTEN = b"\0forgot\0"  # and zeros: the blob of a record whose text was taken out of a ring


class Header(NamedTuple):
    """What the ring stamps on a record. ts_ns: realtime at the write; session: 16 raw bytes."""

    length: int
    ts_ns: int
    seq: int
    uid: int
    pid: int
    session: bytes

    def pack(self) -> bytes:
        """The 56 bytes on the wire."""
        return HEADER.pack(
            MAGIC, SCHEMA_VERSION, self.length, 0, self.ts_ns, self.seq, self.uid, self.pid, self.session
        )


class Frame(NamedTuple):
    """One record as a ring gives it. header is None for what an import reads from a file."""

    header: Header | None
    blob: bytes


class Foreign(Frame):
    """A blob of another program with the names it was archived under: what memlog wrote brings them along."""

    session: str
    source_id: str
    ts_ns: int


class Carried(Frame):
    """A record out of another archive. facts: its portable line; names: where its blob has none."""

    facts: Mapping[str, Any]
    names: Foreign | None


class Note(Frame):
    """What another archive held besides records. facts: its portable line; the blob is that line as JSON."""

    facts: Mapping[str, Any]


class Gap(NamedTuple):
    """Records the ring no longer had when they were asked for: after < lost seqs < before."""

    after: int
    before: int

    @property
    def lost(self) -> int:
        return self.before - self.after - 1


class Damage(NamedTuple):
    """Bytes of a ring or image that are no record. offset: where they lie in the image, else the seq."""

    offset: int
    data: bytes
    reason: str


def is_forgotten(blob: bytes) -> bool:
    """True for what is left of a record in a ring once it was forgotten."""
    return blob.startswith(FORGOTTEN) and blob.count(0) == len(blob) - len(FORGOTTEN) + 2


def unpack_header(frame: bytes | memoryview, offset: int = 0) -> Header:
    """Header at `offset` of a ring frame.

    Shape:  56 bytes, little-endian; the blob follows.
    Limits: length <= 65536; reserved word must be 0.
    Raises: TruncatedRecordError, BadMagicError, UnsupportedSchemaError, ContractError.
    Source: schema/memlog.h, struct memlog_record_header.
    """
    if len(frame) - offset < HEADER_BYTES:
        raise TruncatedRecordError
    magic, version, length, reserved, ts_ns, seq, uid, pid, session = HEADER.unpack_from(frame, offset)
    if magic != MAGIC:
        raise BadMagicError
    if version != SCHEMA_VERSION:
        raise UnsupportedSchemaError(f"record of schema {version}; this version knows {SCHEMA_VERSION}")
    if reserved or not 0 < length <= MAX_BLOB:
        raise ContractError(f"header with length {length}, reserved {reserved}")
    return Header(length, ts_ns, seq, uid, pid, session)


def unpack_frame(frame: bytes) -> Frame:
    """Header and blob of one whole frame.

    Raises: what unpack_header raises; TruncatedRecordError when the blob is shorter or longer than it says.
    """
    header = unpack_header(frame)
    if len(frame) != HEADER_BYTES + header.length:
        raise TruncatedRecordError(f"{len(frame)} bytes where the header says {HEADER_BYTES + header.length}")
    return Frame(header, bytes(frame[HEADER_BYTES:]))


def scan_image(data: bytes) -> Iterator[Frame | Damage]:
    """Every record of an image, in file order, and every byte that belongs to none.

    After bytes that are no record it goes on at the next whole record: a header that
    parses and is followed by another record or by the end.
    """
    offset, end, bad = 0, len(data), -1
    while offset < end:
        try:
            header = unpack_header(data, offset)
            stop = offset + HEADER_BYTES + header.length
            if stop > end:
                raise TruncatedRecordError
            if bad >= 0 and stop < end and data[stop : stop + 4] != MAGIC_BYTES:
                raise BadMagicError  # inside damage, a lone magic may be blob text
        except ContractError as exc:
            if bad < 0:
                bad, reason = offset, str(exc)
            found = data.find(MAGIC_BYTES, offset + 1)
            offset = end if found < 0 else found
            continue
        if bad >= 0:
            yield Damage(bad, data[bad:offset], reason)
            bad = -1
        yield Frame(header, data[offset + HEADER_BYTES : stop])
        offset = stop
    if bad >= 0:
        yield Damage(bad, data[bad:end], reason)


def pack_session(session: str | None) -> bytes:
    """The 16 header bytes of a session id.

    A UUID becomes its bytes, a text of at most 16 printable bytes itself; anything
    else does not fit and becomes zeros (the blob has the whole id).
    """
    global _packed
    if not session:
        return NO_SESSION
    last, raw = _packed
    if session != last:
        raw = _pack(session)
        _packed = session, raw
    return raw


def _pack(session: str) -> bytes:
    if len(session) == 36 and session.count("-") == 4:
        try:
            raw = bytes.fromhex(session.replace("-", ""))
        except ValueError:
            raw = b""
        if len(raw) == SESSION_BYTES and session == unpack_session(raw):
            return raw
    text = session.encode("utf-8", "surrogateescape")
    if len(text) <= SESSION_BYTES and session.isprintable() and _is_uuid_shaped(text) is False:
        return text.ljust(SESSION_BYTES, b"\0")
    return NO_SESSION


def _is_uuid_shaped(text: bytes) -> bool:
    return len(text) == SESSION_BYTES and unpack_session(text) != text.decode("utf-8", "replace")


def unpack_session(raw: bytes) -> str | None:
    """Session id in a header: None, printable text up to the NULs, or a UUID."""
    if raw == NO_SESSION:
        return None
    text = raw.rstrip(b"\0")
    try:
        words = text.decode("utf-8")
        if words.isprintable():
            return words
    except UnicodeDecodeError:
        pass
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
