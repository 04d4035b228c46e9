"""Lines of anybody, and our own exports read back."""

import json
from typing import Any

import pytest

from memlog import portable
from memlog.capture.agents import Place, State
from memlog.capture.identity import Hmac
from memlog.capture.readers import jsonl
from memlog.record import Record, encode
from memlog.wire import Header


def read(value: dict[str, Any]) -> Record:
    place = Place(
        jsonl.session_of(value) or "stem", jsonl.source_of(value) or "~1.1", jsonl.stamp_of(value) or 7, b"8 bytes.", 0, "/x.jsonl", Hmac(b"k")
    )  # fmt: skip
    state: State = {}
    [record] = jsonl.records(value, place, state)
    return record


def test_a_line_of_anybody_is_a_message_and_what_else_it_holds_is_kept() -> None:
    record = read(
        {
            "id": 5,
            "session": "talk",
            "ts": "2026-01-08T14:41:01Z",
            "speaker": "Ann",
            "text": "Hi.",
            "mood": ["good", 3],
        }
    )
    assert record == Record(
        "jsonl", "talk", "5", 0, "message", 1_767_883_261_000_000_000, "Hi.", b"8 bytes.", role="Ann", boundary="", at=0,
        rest={"id": 5, "ts": "2026-01-08T14:41:01Z", "mood": ["good", 3]},
    )  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"text": None},
        {"id": True, "session": 1.5, "ts": "x", "role": 3, "text": {"a": "b"}},
        {"role": "", "speaker": "S"},
    ],
)
def test_fields_of_another_shape_lose_nothing(value: dict[str, Any]) -> None:
    record = read(value)
    assert record.kind == "message"
    missing = {k: v for k, v in value.items() if k not in record.rest}
    assert set(missing) <= {"role", "speaker"} and all(v == record.role for v in missing.values())


def test_role_goes_before_speaker_and_both_are_kept() -> None:
    record = read({"role": "user", "speaker": "Ann", "text": "x"})
    assert (record.role, record.rest) == ("user", {"speaker": "Ann"})


def test_a_line_we_exported_gives_its_blob_back_with_its_ring_header() -> None:
    [blob] = encode(
        Record("claude-code", "s", "u", 0, "message", 5, "hello", b"12345678", rest={"line": {"a": 1}})
    )
    fields = {
        "session": "s",
        "agent": "claude-code",
        "kind": "message",
        "source_id": "u",
        "block": 0,
        "ts_ns": 5,
        "seq": 9,
        "uid": 1_000,
        "pid": 7,
        "written_ns": 11,
        "ring_id": bytes(16),
        "text": "hello",
    }
    line = json.loads(portable.dump_line(portable.to_line(fields, blob)))
    frame = jsonl.frame_of(line)
    assert frame is not None and frame.blob == blob
    assert isinstance(frame.header, Header) and (frame.header.seq, frame.header.uid, frame.header.ts_ns) == (
        9,
        1_000,
        11,
    )


@pytest.mark.parametrize(
    "value",
    [
        {"memlog": 99},
        {"memlog": 1},
        {"memlog": "1", "text": "a log line of mine"},
        {"memlog": 1, "blob_b64": "!"},
    ],
)
def test_a_line_that_only_says_it_is_ours_is_a_message(value: dict[str, Any]) -> None:
    assert jsonl.frame_of(value) is None
    assert read(value).rest["memlog"] == value["memlog"]  # type: ignore[index]
