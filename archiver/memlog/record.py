"""A record and the blobs that carry it.

Source: schema/record.cddl. One record becomes one blob, or several parts when it
is larger than a blob may be; nothing is ever cut off.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple, TypeVar

import cbor2

from memlog.contracts import BLOB_VERSION, KINDS, MAX_BLOB
from memlog.errors import DecodeError

T = TypeVar("T")

PART_MAC_BYTES = 12  # of a part of a line; a whole line has eight

# Room a part's own keys take at most: ids, project and counts; texts longer than this go into rest.
_ENVELOPE = 6_000
_PIECE = MAX_BLOB - _ENVELOPE
_MAX_NODES = 10_000
_MAX_DEPTH = 64


def _refuse(*_: object) -> object:
    raise DecodeError("a tag outside the strict profile")


# Tags that cost more than they say: bignums, decimals, shared and string references, regexes, e-mail, sets.
_REFUSED_TAGS = dict.fromkeys((2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 256, 258, 260, 261), _refuse)


class Record(NamedTuple):
    """One content block of a line, or a line without blocks.

    ts_ns: time of the event, ns since 1970 UTC. boundary: source_id of the compaction
    above it in its file, "" for none, None where only time can tell. at: byte offset of its line.
    mac: 8 bytes, HMAC of the line as the host wrote it; 12 where it is of this part of the line alone,
    because the host rewrites lines. rest: everything but the text.
    """

    agent: str
    session: str
    source_id: str
    block: int
    kind: str
    ts_ns: int
    text: str
    mac: bytes
    role: str | None = None
    tool: str | None = None
    project: str | None = None
    parent_id: str | None = None
    boundary: str | None = None
    at: int | None = None
    error: bool = False
    omitted: tuple[str, ...] = ()
    redacted: Mapping[str, int] = {}
    rest: Mapping[str, Any] | bytes = {}
    part: int = 0
    parts: int = 1


class Event(NamedTuple):
    """What a host told a hook, or what capture tells the witness."""

    event: str
    agent: str
    session: str
    ts_ns: int
    data: Mapping[str, Any]
    project: str | None = None
    redacted: Mapping[str, int] = {}


def encode_event(event: Event) -> bytes:
    """The blob of an event; at most MAX_BLOB bytes, else its long texts are shortened and say so."""
    body: dict[str, Any] = {
        "v": BLOB_VERSION, "event": event.event, "agent": event.agent, "session": event.session,
        "ts_ns": event.ts_ns,
    }  # fmt: skip
    if event.project is not None:
        body["project"] = event.project
    if event.redacted:
        body["redacted"] = dict(event.redacted)
    body["data"] = dict(event.data)
    limit = 16_384
    while True:
        blob: bytes = cbor2.dumps(body)
        if len(blob) <= MAX_BLOB:
            return blob
        body["data"] = _shorten(body["data"], limit)
        limit //= 4


def _shorten(value: Any, limit: int) -> Any:
    if isinstance(value, str) and len(value) > limit:
        return f"{value[:limit]}[{len(value) - limit} characters more]"
    if isinstance(value, dict):
        return {str(k)[:limit]: _shorten(v, limit) for k, v in list(value.items())[: limit * 4]}
    if isinstance(value, list):
        return [_shorten(v, limit) for v in value[:limit]]
    return value


def encode(record: Record) -> list[bytes]:
    """The blobs of a record, in order of part; joined texts and rests give the record back.

    Limits: every blob <= MAX_BLOB. Text is split between characters.
    """
    whole = _dump(record, record.text, record.rest, record.part, record.parts)
    if len(whole) <= MAX_BLOB:
        return [whole]
    pieces = split_text(record.text, _PIECE)
    packed: bytes = (
        record.rest if isinstance(record.rest, bytes) else cbor2.dumps(record.rest) if record.rest else b""
    )
    slices: list[bytes] = []
    room = _PIECE - len(pieces[-1].encode())
    if packed and room > 0:
        slices = [b""] * (len(pieces) - 1) + [packed[:room]]
        packed = packed[room:]
    while packed:
        slices.append(packed[:_PIECE])
        packed = packed[_PIECE:]
    parts = max(len(pieces), len(slices))
    pieces += [""] * (parts - len(pieces))
    slices += [b""] * (parts - len(slices))
    return [
        _dump(record, text, raw, n, parts) for n, (text, raw) in enumerate(zip(pieces, slices, strict=True))
    ]


def split_text(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` UTF-8 bytes, cut between characters, at a line's end where one is near."""
    raw = text.encode("utf-8")
    pieces, start = [], 0
    while len(raw) - start > limit:
        stop = start + limit
        line = raw.rfind(b"\n", stop - limit // 8, stop)
        if line > 0:
            stop = line + 1
        else:
            while raw[stop] & 0xC0 == 0x80:
                stop -= 1
        pieces.append(raw[start:stop].decode("utf-8"))
        start = stop
    pieces.append(raw[start:].decode("utf-8"))
    return pieces


def _dump(record: Record, text: str, rest: Mapping[str, Any] | bytes, part: int, parts: int) -> bytes:
    body: dict[str, Any] = {
        "v": BLOB_VERSION, "agent": record.agent, "session": record.session,
        "source_id": record.source_id, "block": record.block,
    }  # fmt: skip
    if parts > 1:
        body["part"], body["parts"] = part, parts
    body["kind"] = record.kind
    for name in ("role", "tool"):
        if getattr(record, name) is not None:
            body[name] = getattr(record, name)
    body["ts_ns"] = record.ts_ns
    for name in ("project", "parent_id", "boundary", "at"):
        if getattr(record, name) is not None:
            body[name] = getattr(record, name)
    body["mac"] = record.mac
    if record.error:
        body["error"] = True
    if record.omitted:
        body["omitted"] = list(record.omitted)
    if record.redacted:
        body["redacted"] = dict(record.redacted)
    if rest:
        body["rest"] = dict(rest) if isinstance(rest, Mapping) else rest
    body["text"] = text
    blob: bytes = cbor2.dumps(body)
    return blob


def dump_cbor(value: Any) -> bytes:
    """One CBOR item, for people who asked for one."""
    return cbor2.dumps(value)


def load_cbor(blob: bytes) -> Any:
    """The value of a blob under the strict profile.

    Limits: depth 64, text or byte keys without duplicates, no tag that amplifies, all bytes used.
    Raises: DecodeError, whatever the bytes are.
    """
    # One decoder per blob: a reused one leaked shared values (CVE-2025-68131).
    stream = BytesIO(blob)
    try:
        value = cbor2.CBORDecoder(
            stream,
            max_depth=_MAX_DEPTH,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
            semantic_decoders=_REFUSED_TAGS,
        ).decode()
    except Exception as exc:  # whatever the decoder raises over hostile bytes, the blob is kept raw
        raise DecodeError(f"not CBOR of the strict profile: {type(exc).__name__}: {exc}"[:300]) from exc
    if stream.tell() != len(blob):
        raise DecodeError(f"{len(blob) - stream.tell()} bytes after the CBOR value")
    return value


def decode(blob: bytes) -> Record | Event | None:
    """The record or event of a blob; None when it is CBOR of somebody else's shape.

    Raises: DecodeError when it is not CBOR of the strict profile, or says it is ours and is not.
    """
    body = load_cbor(blob)
    if not isinstance(body, dict):
        return None
    if body.get("v") != BLOB_VERSION:
        if isinstance(body.get("v"), int) and "agent" in body and ("event" in body or "source_id" in body):
            raise DecodeError(
                f"a blob of version {body['v']}, written by another version of memlog; this one knows "
                f"{BLOB_VERSION}"
            )
        return None
    if "event" in body:
        return _event(body)
    return _record(body) if "source_id" in body else None


def _event(body: dict[str, Any]) -> Event:
    try:
        return Event(
            event=_typed(body, "event", str), agent=_typed(body, "agent", str),
            session=_typed(body, "session", str), ts_ns=_time(body),
            data=_typed(body, "data", dict), project=_maybe(body, "project", str),
            redacted=_maybe(body, "redacted", dict) or {},
        )  # fmt: skip
    except (KeyError, TypeError) as exc:
        raise DecodeError(f"an event breaks record.cddl at {exc}") from exc


def _record(body: dict[str, Any]) -> Record:
    try:
        rest = body.get("rest", {})
        if not isinstance(rest, (dict, bytes)):
            raise TypeError("rest")
        kind = _typed(body, "kind", str)
        if kind not in KINDS:
            raise TypeError("kind")
        return Record(
            agent=_typed(body, "agent", str), session=_typed(body, "session", str),
            source_id=_typed(body, "source_id", str), block=_small(body, "block", None),
            kind=kind, ts_ns=_time(body), text=_typed(body, "text", str), mac=_typed(body, "mac", bytes),
            role=_maybe(body, "role", str), tool=_maybe(body, "tool", str),
            project=_maybe(body, "project", str), parent_id=_maybe(body, "parent_id", str),
            boundary=_maybe(body, "boundary", str), at=_maybe(body, "at", int),
            error=body.get("error") is True, omitted=tuple(map(str, _maybe(body, "omitted", list) or ())),
            redacted=_maybe(body, "redacted", dict) or {}, rest=rest,
            part=_small(body, "part", 0), parts=_small(body, "parts", 1),
        )  # fmt: skip
    except (KeyError, TypeError) as exc:
        raise DecodeError(f"a record breaks record.cddl at {exc}") from exc


def _typed(body: dict[str, Any], name: str, kind: type[T]) -> T:
    value = body[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(name)
    return value


def _maybe(body: dict[str, Any], name: str, kind: type[T]) -> T | None:
    return None if name not in body else _typed(body, name, kind)


def _time(body: dict[str, Any]) -> int:
    value = _typed(body, "ts_ns", int)
    if not 0 <= value < 1 << 63:
        raise TypeError("ts_ns")
    return value


def _small(body: dict[str, Any], name: str, default: int | None) -> int:
    value = default if default is not None and name not in body else _typed(body, name, int)
    if value is None or not 0 <= value < 1 << 31:
        raise TypeError(name)
    return value


def project_text(value: Any) -> str:
    """Readable text of somebody else's CBOR value: its strings and numbers, `key: value` a line.

    Limits: 10,000 nodes and MAX_BLOB * 4 characters; never recursive, so no value can end the process.
    """
    lines: list[str] = []
    stack: list[tuple[str, Any]] = [("", value)]
    nodes = size = 0
    while stack and nodes < _MAX_NODES and size < 4 * MAX_BLOB:
        key, item = stack.pop()
        nodes += 1
        if isinstance(item, Mapping):
            stack.extend((str(k), v) for k, v in reversed(list(item.items())[:_MAX_NODES]))
        elif isinstance(item, (list, tuple)):
            stack.extend((key, v) for v in reversed(item[:_MAX_NODES]))
        elif isinstance(item, cbor2.CBORTag):
            stack.append((key, item.value))
        elif isinstance(item, (str, bytes, int, float, bool)):
            word = item if isinstance(item, str) else item.hex() if isinstance(item, bytes) else repr(item)
            line = f"{key}: {word}" if key else word
            lines.append(line)
            size += len(line)
    return "\n".join(lines)
