"""What JSON can hold becomes what a blob can hold, and every record fits its blobs."""

import hmac
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlog.capture import quick_json, stamps
from memlog.capture.agents import Place
from memlog.capture.identity import LONGEST_NAME, Hmac, short_name
from memlog.capture.leaves import DEEPEST, Lifter, fit, payload, render, strings
from memlog.capture.readers import claude_code
from memlog.contracts import MAX_BLOB
from memlog.record import Record, decode, encode, load_cbor

names = st.text(max_size=40) | st.text(alphabet="é/", min_size=300, max_size=900)
scalars = (
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(max_size=200)
    | st.text(alphabet=st.characters(categories=["Cs", "Lu"]), max_size=10)
)  # fmt: skip
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=30,
)  # fmt: skip
blocks = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "tool_result", "image", "document", "server_tool_use", "odd"])},
    optional={
        "text": values, "thinking": values, "id": names, "name": names, "input": values, "tool_use_id": names,
        "content": values, "is_error": values, "source": values, "line": values, "signature": st.just("QUJD" * 400),
    },
)  # fmt: skip
lines = st.fixed_dictionaries(
    {"type": st.sampled_from(["user", "assistant", "system", "progress", "attachment", "summary", "x"]) | values},
    optional={
        "uuid": names, "sessionId": names, "cwd": names, "parentUuid": names, "timestamp": values, "subtype": st.just("compact_boundary") | values,
        "message": values | st.fixed_dictionaries({"role": names, "content": st.lists(blocks, max_size=4) | st.text()}),
        "compactMetadata": values, "toolUseResult": values, "data": values, "snapshot": values, "isCompactSummary": st.booleans(),
    },
)  # fmt: skip


def place(value: dict[str, Any]) -> Place:
    session = claude_code.session_of(value) or "s"
    return Place(
        short_name(session), short_name(claude_code.source_of(value) or "~0.1"), claude_code.stamp_of(value) or 7,
        b"8 bytes.", 3, "/p/s.jsonl", Hmac(b"key"),
    )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(lines, st.integers(0, 3))
def test_any_object_becomes_records_whose_blobs_are_ours_and_fit(value: dict[str, Any], large: int) -> None:
    value = fit(json.loads(json.dumps(value)))
    if large and isinstance(value.get("message"), dict):
        value["message"]["content"] = [
            {"type": "text", "text": "é\n" * 40_000 * large},
            {"type": "tool_use", "input": json.loads(json.dumps(value))},
        ]
    records = claude_code.records(value, place(value), {})
    assert records and len({r.block for r in records}) == len(records)
    for record in records:
        blobs = encode(record)
        found = [decode(blob) for blob in blobs]
        assert all(len(blob) <= MAX_BLOB for blob in blobs)
        assert all(isinstance(f, Record) and f.parts == len(blobs) for f in found)
        assert "".join(f.text for f in found if isinstance(f, Record)) == record.text
        if len(blobs) > 1:
            rest = b"".join(f.rest for f in found if isinstance(f, Record) and isinstance(f.rest, bytes))
            assert rest == b"" or load_cbor(rest) == record.rest


def test_without_fitting_half_a_surrogate_a_big_number_and_a_deep_nest_break_a_blob() -> None:
    nest: Any = "bottom"
    for _ in range(70):
        nest = [nest]
    for bad in ("half \ud83d", 1 << 70, nest):
        record = Record("a", "s", "id", 0, "meta", 1, "", b"12345678", rest={"v": bad})
        with pytest.raises(Exception):  # noqa: B017  # whatever of encoding and decoding refuses it
            decode(encode(record)[0])
        found = decode(encode(record._replace(rest=fit({"v": bad})))[0])
        assert isinstance(found, Record)
    assert fit("half \ud83d") == "half \\ud83d"
    assert fit(1 << 70) == str(1 << 70) and fit(-(1 << 63)) == -(1 << 63) and fit(True) is True
    assert "bottom" in str(fit(nest)) and len(str(fit(nest)).split('"')[0]) >= DEEPEST


def test_integers_of_any_length_are_parsed() -> None:
    assert quick_json.loads('[1, -9223372036854775808, 9223372036854775807, 9223372036854775808]') == [
        1, -(1 << 63), (1 << 63) - 1, "9223372036854775808"
    ]  # fmt: skip
    assert quick_json.loads("9" * 5_000) == "9" * 5_000


@given(values)
def test_the_quick_parser_reads_and_writes_what_json_does(value: Any) -> None:
    text = json.dumps(value)
    found = quick_json.loads(f" \n{text}\t")
    assert found == json.loads(text, parse_int=quick_json.parse_int)
    assert json.loads(quick_json.dumps(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        '{"a":1',
        '{"a":1} x',
        "nul",
        "[1,]",
        "\x00",
        '"\x01"',
        "{'a':1}",
        '{"a":1}{"b":2}',
        "\ufeff{}",
    ],
)
def test_the_quick_parser_refuses_what_json_refuses(text: str) -> None:
    with pytest.raises(ValueError):
        json.loads(text)
    with pytest.raises(ValueError):
        quick_json.loads(text)


def test_constants_that_are_no_json_are_read_all_the_same() -> None:
    assert math.isnan(quick_json.loads("NaN")) and quick_json.loads("-Infinity") == -math.inf


@given(st.binary(max_size=200), st.lists(st.binary(max_size=300), max_size=4))
def test_our_hmac_is_the_standard_one(key: bytes, pieces: list[bytes]) -> None:
    wanted = hmac.digest(key, b"".join(pieces), "sha256")
    assert Hmac(key).digest(*pieces) == wanted
    stream = Hmac(key).stream()
    for piece in pieces:
        stream.update(piece)
    assert stream.digest() == wanted


@given(st.text(max_size=2_000))
def test_a_long_name_is_shortened_to_one_of_its_own(text: str) -> None:
    short = short_name(text)
    assert len(short.encode()) <= LONGEST_NAME
    assert short == text or (short != short_name(text + "x") and short.startswith(text[:10]))


@given(st.datetimes(datetime(1970, 1, 1), datetime(2261, 1, 1), timezones=st.just(UTC)))
def test_a_stamp_is_read_as_the_library_reads_it(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
    wanted = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1_000
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert stamps.parse(text) == wanted
    assert stamps.canonical(text)
    assert stamps.parse(moment.isoformat()) == stamps.parse(f"{moment:%Y-%m-%dT%H:%M:%S.%f}") == wanted


@pytest.mark.parametrize("value", [None, True, "", "today", "2026-02-30T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "0000-00-00T00:00:00.000Z",
    "2026-01-01T25:00:00.000Z", "2026-01-01T00:00:60.000Z", "２０２６-01-01T00:00:00.000Z", "1900-01-01T00:00:00.000Z", -1, math.nan, math.inf, 1e30, [], {}])  # fmt: skip
def test_what_is_no_time_of_ours_is_none(value: object) -> None:
    assert stamps.parse(value) is None
    assert not stamps.canonical(value)


def test_numbers_are_seconds_milli_micro_or_nanoseconds() -> None:
    wanted = 1_767_225_600_000_000_000
    assert [stamps.parse(n) for n in (1_767_225_600, 1_767_225_600_000, wanted // 1_000, wanted)] == [
        wanted
    ] * 4
    assert stamps.parse(1_767_225_600.5) == wanted + 500_000_000
    assert (
        stamps.parse("2026-02-29T00:00:00.000Z") is None
        and stamps.parse("2028-02-29T00:00:00.000Z") is not None
    )


def test_every_string_of_an_input_is_in_its_text_verbatim() -> None:
    value = {
        "command": "ls\n  -la",
        "edits": [{"old": "a\tb", "n": 3}, "plain"],
        "flags": ["x", "y"],
        "on": True,
        "no": None,
    }
    assert render(value) == "command: ls\n  -la\nedits:\nold: a\tb\nn: 3\nplain\nflags: x\nflags: y\non: true"
    assert strings(value, {"command"}) == ["a\tb", "plain", "x", "y"]


def test_payloads_leave_digest_and_size_and_texts_stay() -> None:
    image = "iVBORw0KGgo" + "AbC1" * 100 + "A"
    lifter = Lifter({"the answer"})
    value = {
        "source": {"type": "base64", "media_type": "image/png", "data": image}, "stdout": "the answer", "stderr": "",
        "url": "data:image/gif;base64," + "R0lG" * 20, "row": "a" * 8_000, "log": "AbC1" * 2_000, "data": "plain words",
    }  # fmt: skip
    found = lifter.lift(value)
    assert found["source"]["data"] == payload(image, "data") and found["source"]["data"]["bytes"] == 309
    assert found["stdout"] == {"same": True} and found["stderr"] == ""
    assert found["url"]["media_type"] == "image/gif" and found["url"]["bytes"] == 60
    assert found["row"] == value["row"] and found["data"] == "plain words"
    assert set(found["log"]) == {"sha256", "bytes"}
    assert lifter.omitted() == ("base64", "same")
