"""portable: every blob survives JSON, whatever it holds."""

import json
import math
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlog import portable
from memlog.cli.output import safe_text
from memlog.contracts import KINDS, MAX_BLOB
from memlog.errors import DecodeError
from memlog.record import Record, encode
from memlog.wire import NO_SESSION, Header, pack_session, unpack_session

words = st.text(st.characters(codec="utf-8"), max_size=40)  # NUL, controls and bidi included
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 64) - 1), words, st.binary(max_size=20),
    st.floats(), st.sampled_from([2**53 + 1, -(2**53) - 1, math.nan, math.inf, -0.0]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(words, st.integers(0, 9)), inner, max_size=4)
    ),
    max_leaves=12,
)
maybe = st.one_of(st.none(), words)
records = st.builds(
    Record,
    agent=words, session=words, source_id=words, block=st.integers(0, 9), kind=st.sampled_from(KINDS),
    ts_ns=st.integers(0, (1 << 63) - 1), text=words, mac=st.binary(min_size=8, max_size=8),
    role=maybe, tool=maybe, project=maybe, parent_id=maybe, boundary=maybe,
    at=st.one_of(st.none(), st.integers(0, 1 << 60)), error=st.booleans(),
    omitted=st.sampled_from([(), ("base64",), ("same", "base64")]),
    redacted=st.dictionaries(words, st.integers(1, 9), max_size=2),
    rest=st.dictionaries(words, values, max_size=4), part=st.just(0), parts=st.just(1),
)  # fmt: skip


def fields_of(record: Record, **more: Any) -> dict[str, Any]:
    """What the archive's row says of a record."""
    return {**record._asdict(), "id": 1, "epoch": 0, "digest": b"\x01" * 32, "archived_ns": 5, **more}


def through_json(line: dict[str, Any]) -> dict[str, Any]:
    text = portable.dump_line(line)
    assert safe_text(text) == text and len(text.splitlines()) == 1
    assert json.loads(text) == json.loads(json.dumps(line)), "printable, and lossless"
    return portable.parse_line(text.encode() + b",\n")


@settings(max_examples=150, deadline=None)
@given(records)
def test_a_record_of_any_content_comes_back_byte_for_byte(record: Record) -> None:
    for blob in encode(record):
        header, back = portable.from_line(through_json(portable.to_line(fields_of(record), blob)))
        assert back == blob
        assert header is None


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), values.map(cbor2.dumps)))
def test_bytes_of_any_other_program_come_back_byte_for_byte(blob: bytes) -> None:
    fields = {"agent": "unknown", "session": "none-0-b", "source_id": "~x", "text": None}
    assert portable.from_line(through_json(portable.to_line(fields, blob)))[1] == blob


def test_an_ordinary_record_is_readable_and_carries_no_second_copy() -> None:
    record = Record(
        "claude-code", "s", "u1", 0, "message", 1_700_000_000_000_000_001, "naïve\x00 \x1b[31m\u202e", b"12345678",
        role="user", rest={"n": 2**63, "f": 1.5, "deep": [{"a": None}]},
    )  # fmt: skip
    line = portable.to_line(fields_of(record, epoch=3), encode(record)[0])
    assert "blob_b64" not in line
    assert (line["text"], line["rest"]["n"], line["epoch"]) == (record.text, 2**63, 3)
    assert line["ts_ns"] == record.ts_ns and line["digest"] == "01" * 32
    assert "project" not in line, "what is not known takes no room"


def test_parts_of_a_large_record_come_back_each() -> None:
    record = Record(
        "claude-code",
        "s",
        "u1",
        0,
        "tool_result",
        1,
        "line\n" * 60_000,
        b"12345678",
        rest={"k": "v" * 90_000},
    )
    blobs = encode(record)
    assert len(blobs) > 4
    for n, blob in enumerate(blobs):
        fields = fields_of(record, part=n, parts=len(blobs))
        line = portable.to_line(fields, blob)
        assert "blob_b64" not in line
        assert portable.from_line(through_json(line)) == (None, blob)


@pytest.mark.parametrize(
    "rest",
    [
        {"raw": b"\x00\xff"}, {"nan": math.nan}, {"inf": [-math.inf]}, {"keys": {1: "a"}}, {"keys": {b"k": 0}},
        {"time": cbor2.CBORTag(1, 1)}, {"none": cbor2.undefined},
    ],
)  # fmt: skip
def test_what_json_has_no_word_for_is_carried_whole(rest: dict[str, Any]) -> None:
    record = Record("claude-code", "s", "u1", 0, "message", 1, "readable", b"12345678", rest=rest)
    blob = encode(record)[0]
    line = portable.to_line(fields_of(record, text="readable"), blob)
    assert line["text"] == "readable" and "blob_b64" in line
    assert portable.from_line(through_json(line))[1] == blob
    # The twin: without the check, the fields alone give other bytes, or none at all.
    naive = {**line, "rest": rest, "mac": record.mac.hex()}
    del naive["blob_b64"]
    try:
        twin = portable.from_line(json.loads(json.dumps(naive, allow_nan=False)))[1]
    except (TypeError, ValueError, DecodeError):
        twin = b""
    assert twin != blob


def test_another_writers_encoding_of_the_same_record_is_kept() -> None:
    record = Record("claude-code", "s", "u1", 0, "message", 1, "text", b"12345678")
    body = cbor2.loads(encode(record)[0])
    reordered = cbor2.dumps(dict(reversed(body.items())))
    line = portable.to_line(fields_of(record), reordered)
    assert line["text"] == "text"
    assert portable.from_line(through_json(line))[1] == reordered != encode(record)[0]


def test_a_rings_stamp_comes_back_as_the_header() -> None:
    session = "0b5c1d9e-0000-4000-8000-00000000abcd"
    record = Record("claude-code", session, "u1", 0, "message", 1, "text", b"12345678")
    blob = encode(record)[0]
    stamp = {"ring_id": "ab" * 16, "seq": 7, "uid": 1000, "pid": 42, "attested": 1, "written_ns": 99}
    header, _ = portable.from_line(through_json(portable.to_line(fields_of(record, **stamp), blob)))
    assert header == Header(len(blob), 99, 7, 1000, 42, pack_session(session))
    assert unpack_session(header.session) == session


@pytest.mark.parametrize("session", ["none-0-x", "none-1000-6f3e5f54-0000-4000-8000-000000000000"])
def test_a_session_the_archive_made_up_is_no_session_in_the_header(session: str) -> None:
    fields = {"agent": "unknown", "session": session, "seq": 0, "uid": 0, "pid": 1, "written_ns": 2}
    header, _ = portable.from_line(portable.to_line(fields, b"{}"))
    assert header is not None and header.session == NO_SESSION


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["agent", "session", "source_id", "block", "kind", "ts_ns", "text", "mac", "rest", "rest_b64", "part",
             "parts", "omitted", "redacted", "blob_b64", "written_ns", "seq", "uid", "pid", "at", "role"]
        ),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
            max_leaves=5,
        ),
    )
)  # fmt: skip
def test_a_hostile_line_is_a_decode_error_or_a_blob(line: dict[str, Any]) -> None:
    try:
        _, blob = portable.from_line({"memlog": 1, **line})
        assert isinstance(blob, bytes)
    except DecodeError:
        pass


@pytest.mark.parametrize(
    "raw",
    [b"", b"[", b"]", b"{", b"null", b'{"id": 1}', b'{"memlog": "1"}', b'{"memlog": true}', b"\xff", b'"\xed\xa0\x80"',
     b"[" * 100_000, b'{"memlog": 1,}'],
)  # fmt: skip
def test_what_is_no_line_is_a_decode_error(raw: bytes) -> None:
    with pytest.raises(DecodeError):
        portable.parse_line(raw)
    with pytest.raises(DecodeError):
        portable.from_line({"memlog": 2})


def test_a_line_bigger_than_a_blob_is_refused() -> None:
    record = Record("claude-code", "s", "u1", 0, "message", 1, "t" * 10, b"12345678")
    line = portable.to_line(fields_of(record), encode(record)[0])
    with pytest.raises(DecodeError):
        portable.from_line({**line, "text": "t" * (MAX_BLOB + 1)})
