"""A record as one JSON line, and its blob back, byte for byte: snapshots, jsonl export, import.

A line reads like a row of v_record. Most blobs are what `record.encode` makes of the
line's own fields; the others are carried whole in `blob_b64`. A line with a `line` in it is a
note: what an archive holds besides records.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import cbor2

from memlog.contracts import UNKNOWN_AGENT
from memlog.errors import DecodeError, MemlogError
from memlog.record import Record, decode, encode
from memlog.wire import NO_SESSION, Carried, Foreign, Frame, Header, Note, pack_session

VERSION = 1

# What the archive knows of a record beside its blob, in the order a line shows it.
_BEFORE = ("id", "session", "agent", "project", "epoch", "ts", "kind", "role", "tool")
_AFTER = (
    "ts_ns", "source_id", "block", "part", "parts", "parent_id",
    "ring_id", "seq", "uid", "pid", "attested", "written_ns", "archived_ns", "bytes", "digest", "salt",
    "link", "timed", "redactions", "decode_error",
)  # fmt: skip
# What `encode` needs of a line; text and rest apart.
_OWN = ("agent", "session", "source_id", "block", "kind", "ts_ns")
_OPTIONAL = ("role", "tool", "project", "parent_id", "boundary", "at")

# Kinds of notes, and what each must say.
_NAMED: dict[str, type] = {"agent": str, "session": str}
_OF_RING: dict[str, type] = {"ring_id": str, "uid": int}
NOTES: dict[str, dict[str, type]] = {
    "ring": _OF_RING,
    "event": {**_NAMED, "event": str, "ts_ns": int, "digest": str},
    "gap": {**_OF_RING, "after_seq": int, "before_seq": int, "reason": str, "noticed_ns": int},
    "hole": {**_NAMED, "path": str, "start": int, "stop": int, "noticed_ns": int},
    "damage": {"source": str, "place": int, "reason": str, "noticed_ns": int, "data_b64": str},
    "session": {**_NAMED, "epochs": list},
}

# What a terminal obeys or a reader of lines splits at, apart from C0, as the inside of a character class.
OBEYED = (
    "\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_ESCAPED = re.compile(f"[{OBEYED}]")
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def to_line(fields: Mapping[str, Any], blob: bytes) -> dict[str, Any]:
    """One JSON-safe object from which `from_line` gives the same blob.

    fields: columns of v_record, and optionally salt and link; bytes become hex, None is left out.
    The record's own words (project, text, rest, boundary ...) come from the blob where it is ours.
    """
    try:
        record = decode(blob)
    except DecodeError:
        record = None
    line: dict[str, Any] = {"memlog": VERSION}
    if not isinstance(record, Record):
        _copy(line, fields, _BEFORE)
        line["text"] = _plain_text(fields.get("text"))
        _copy(line, fields, _AFTER)
        line["blob_b64"] = b64encode(blob).decode()
        return line
    _copy(line, {**fields, "project": record.project}, _BEFORE)
    line["text"] = record.text
    _copy(line, fields, _AFTER)
    _copy(line, record._asdict(), ("boundary", "at"))
    if fields.get("follows") not in (None, record.boundary):
        line["follows"] = fields["follows"]  # learnt after it was captured
    line["mac"] = record.mac.hex()
    if record.error:
        line["error"] = True
    if record.omitted:
        line["omitted"] = list(record.omitted)
    if record.redacted:
        line["redacted"] = dict(record.redacted)
    if isinstance(record.rest, bytes):
        line["rest_b64"] = b64encode(record.rest).decode()
    elif record.rest:
        line["rest"] = dict(record.rest)
    if not _gives_back(line, blob):
        for name in ("rest", "rest_b64", "redacted", "omitted"):
            line.pop(name, None)
        line["blob_b64"] = b64encode(blob).decode()
    return line


def _copy(line: dict[str, Any], fields: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        value = fields.get(name)
        if value is not None:
            line[name] = value.hex() if isinstance(value, bytes) else value


def _plain_text(text: object) -> str:
    return text if isinstance(text, str) else ""


def _gives_back(line: dict[str, Any], blob: bytes) -> bool:
    """True when the line, once through JSON, re-encodes to the blob.

    The rest goes through JSON for it: keys that are numbers, bytes, NaN and what else
    JSON has no word for come out different, or not at all.
    """
    try:
        if "rest" in line or "redacted" in line:
            through = {name: line[name] for name in ("rest", "redacted") if name in line}
            line = {**line, **json.loads(_to_json(through))}
        return _blob_of(line) == blob
    except (TypeError, ValueError, RecursionError, MemlogError):
        return False


def from_line(line: Mapping[str, Any]) -> tuple[Header | None, bytes]:
    """Header (None where no ring carried it) and blob of a line.

    Raises: DecodeError, whatever the line holds.
    """
    if line.get("memlog") != VERSION:
        raise DecodeError(f"a line of version {line.get('memlog')!r}; this version knows {VERSION}")
    packed = line.get("blob_b64")
    try:
        if packed is not None:
            blob = b64decode(packed, validate=True)
        else:
            _check(line)
            blob = _blob_of(line)
        return _header_of(line, len(blob)), blob
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, cbor2.CBOREncodeError) as exc:
        raise DecodeError(f"a portable line breaks at {exc}"[:300]) from exc


def frame_of(line: Mapping[str, Any]) -> Frame:
    """What an archive takes in of a line: its header and blob, and the names of a blob that has none itself.

    Raises: DecodeError, whatever the line holds.
    """
    header, blob = from_line(line)
    if line.get("agent") != UNKNOWN_AGENT or "mac" in line:
        return Frame(header, blob)
    session, source_id, ts_ns = (line.get(name) for name in ("session", "source_id", "ts_ns"))
    if not is_text(session) or not is_text(source_id):
        raise DecodeError("a portable line without a session or source_id")
    if type(ts_ns) is not int or not 0 <= ts_ns < 1 << 63:
        raise DecodeError("a portable line without a time")
    found = Foreign(header, blob)
    found.session, found.source_id, found.ts_ns = str(session), str(source_id), ts_ns
    return found


def taken(line: Mapping[str, Any]) -> Carried | Note:
    """What an import takes in of a line: the record with all that is said of it, or a note.

    Raises: DecodeError, whatever the line holds.
    """
    if "line" not in line:
        frame = frame_of(line)
        carried = Carried(*frame)
        carried.facts, carried.names = line, frame if isinstance(frame, Foreign) else None
        return carried
    wanted = NOTES.get(str(line["line"]))
    if line.get("memlog") != VERSION or wanted is None:
        raise DecodeError(f"a note {line['line']!r} of version {line.get('memlog')!r}"[:300])
    for name, value in line.items():
        kind = wanted.get(name)
        fits = kind is None or type(value) is kind
        if not fits or (type(value) is int and not 0 <= value < 1 << 63):
            raise DecodeError(f"a note whose {name} cannot be")
        if isinstance(value, str) and not is_text(value):
            raise DecodeError(f"a note whose {name} is no text")
    if not wanted.keys() <= line.keys():
        raise DecodeError(f"a note without {', '.join(sorted(wanted.keys() - line.keys()))}")
    note = Note(None, dump_line(line).encode())
    note.facts = line
    return note


def note(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """One JSON-safe object for what is no record; bytes become hex, None is left out."""
    line: dict[str, Any] = {"memlog": VERSION, "line": kind}
    _copy(line, facts, tuple(facts))
    return line


def is_text(value: object) -> bool:
    """True for a text SQLite and UTF-8 can hold."""
    return isinstance(value, str) and not any(0xD800 <= ord(c) < 0xE000 for c in value)


def _check(line: Mapping[str, Any]) -> None:
    """TypeError, or every field a blob is made of has its type."""
    for name in (*_OWN, *_OPTIONAL, "text", "mac"):
        value = line.get(name)
        if name in ("block", "ts_ns", "at"):
            fits = (type(value) is int and 0 <= value < 1 << 63) or (value is None and name == "at")
        else:
            fits = isinstance(value, str) or (value is None and name in _OPTIONAL)
        if not fits:
            raise TypeError(name)
    if not isinstance(line.get("rest", {}), dict):
        raise TypeError("rest")
    part, parts = line.get("part", 0), line.get("parts", 1)
    if type(part) is not int or type(parts) is not int or not 0 <= part < parts < 1 << 31:
        raise TypeError("part")


def _blob_of(line: Mapping[str, Any]) -> bytes:
    get = line.get
    packed = get("rest_b64")
    record = Record(
        line["agent"], line["session"], line["source_id"], line["block"], line["kind"], line["ts_ns"],
        line["text"], bytes.fromhex(line["mac"]), get("role"), get("tool"), get("project"), get("parent_id"),
        get("boundary"), get("at"), get("error") is True, tuple(get("omitted", ())),
        dict(get("redacted", {})),
        get("rest", {}) if packed is None else b64decode(packed, validate=True),
        get("part", 0), get("parts", 1),
    )  # fmt: skip
    blobs = encode(record)
    if len(blobs) != 1:
        raise ValueError("its size: more than one blob")
    return blobs[0]


def _header_of(line: Mapping[str, Any], length: int) -> Header | None:
    if line.get("written_ns") is None:
        return None
    seq = line.get("seq", 0)  # without one: its ring had given the number twice
    for value, bits in ((line["written_ns"], 64), (seq, 64), (line["uid"], 32), (line["pid"], 32)):
        if type(value) is not int or not 0 <= value < 1 << bits:
            raise ValueError("its header")
    session = line["session"]
    # The archive made this name up for a record without a session.
    unnamed = line.get("agent") == UNKNOWN_AGENT and session.startswith("none-")
    raw = NO_SESSION if unnamed else pack_session(session)
    return Header(length, line["written_ns"], seq, line["uid"], line["pid"], raw)


def dump_line(line: Mapping[str, Any], indent: int | None = None) -> str:
    """The line as JSON without a newline in it; lossless, and no terminal obeys it."""
    if indent is None:
        text = _to_json(line)
    else:
        text = json.dumps(line, ensure_ascii=False, allow_nan=False, indent=indent)
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return _ESCAPED.sub(lambda found: json.dumps(found[0])[1:-1], text)


def parse_line(raw: bytes | str) -> dict[str, Any]:
    """The object of one line of a snapshot or an export; a comma after it belongs to the array around.

    Raises: DecodeError.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value = json.loads(text.strip().removesuffix(","))
    except (ValueError, RecursionError) as exc:
        raise DecodeError(f"not a line of JSON: {exc}"[:300]) from exc
    if not is_line(value):
        raise DecodeError("a JSON line, and not a record of memlog")
    return value  # type: ignore[no-any-return]


def is_line(value: object) -> bool:
    """True for an object that says it is a portable line, of whatever version."""
    return isinstance(value, dict) and type(value.get("memlog")) is int
