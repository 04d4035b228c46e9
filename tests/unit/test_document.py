"""What of a document is whole, however it is cut; and what each reader makes of one."""

import json
from pathlib import Path
from typing import Any

import pytest

from memlog.capture import agents
from memlog.capture.agents import Place, State
from memlog.capture.document import parse
from memlog.capture.identity import Hmac
from memlog.record import Record

DOCUMENTS = Path(__file__).parents[1] / "data/documents"
LAST = {
    agent: sorted((DOCUMENTS / agent).glob("[0-9]/*"))[-1]
    for agent in ("gemini-cli", "opencode", "swe-agent")
}


@pytest.mark.parametrize("indent", [None, 2])
def test_of_a_document_cut_anywhere_the_whole_elements_are_read(indent: int | None) -> None:
    document = {
        "id": "a\u00e9",
        "n": 12,
        "messages": [{"t": "x]}"}, {"t": [1, 2]}, {"t": "\U0001f30a"}],
        "end": "z",
    }
    data = json.dumps(document, indent=indent, ensure_ascii=False).encode()
    counts = []
    for cut in range(len(data)):
        found, taken = parse(data[:cut], "id")
        if found is None:
            assert taken == 0 and cut < data.index(b"12")
            continue
        assert taken <= cut
        assert all(found[key] == document[key] for key in found if key != "messages")
        messages = found.get("messages", [])
        assert messages == document["messages"][: len(messages)]  # type: ignore[index]
        counts.append(len(messages))
    assert counts == sorted(counts) and set(counts) == {0, 1, 2, 3}
    assert parse(data, "id") == (document, len(data))


def test_a_torn_document_is_nothing_before_it_says_whose_it_is() -> None:
    data = b'{"messages": [{"a": 1}, {"a": 2}], "sessionId": "s'
    assert parse(data, "sessionId") == (None, 0)
    assert parse(data, "") == ({"messages": [{"a": 1}, {"a": 2}]}, data.index(b"]") + 1)


@pytest.mark.parametrize(
    "data", [b"", b"  ", b"[1]", b"null", b"no", b"{", b'{"a"', b'{"a": 12', b"\xff\xfe"]
)
def test_what_holds_no_member_is_no_document(data: bytes) -> None:
    assert parse(data, "") == (None, 0)


def test_bytes_that_are_no_utf_8_and_a_mark_before_it_are_read() -> None:
    found, taken = parse(b'\xef\xbb\xbf{"a": "x\xffy"}', "")
    assert found == {"a": "x\udcffy"} and taken == 15


def understood(agent: str, document: dict[str, Any], path: str = "/none/x.json") -> list[Record]:
    reader: Any = agents.reader(agent)
    state: State = {}
    found: list[Record] = []
    for number, value in reader.unfold(document, True):
        source = reader.source_of(value) or f"~{number}"
        place = Place("s", source, reader.stamp_of(value) or 7, b"8 bytes.", number, path, Hmac(b"key"))
        found += reader.records(json.loads(json.dumps(value)), place, state)
    return found


@pytest.mark.parametrize("agent", LAST)
def test_values_of_any_type_in_any_place_become_records(agent: str) -> None:
    """No field may be missing or of a type that ends the reading."""
    whole = json.loads(LAST[agent].read_bytes())
    for step in whole.get("trajectory", ()):
        del step["query"][1:]
    odd = (None, 0, 1.5, True, "", "x", [], [None], {}, {"a": 1}, [[]], [{"type": "text"}])
    paths = paths_of(whole)
    for n, path in enumerate(paths):
        document = json.loads(json.dumps(whole))
        put(document, path, odd[n * 5 % 12])  # over the document each meets each sort of place
        assert all(type(r.text) is str and type(r.rest) is dict for r in understood(agent, document))
    assert len(paths) > 100


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        found += paths_of(child, (*path, key))
    return found


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


def of(records: list[Record], source: str) -> list[tuple[Any, ...]]:
    return [(r.block, r.kind, r.role, r.tool, r.text) for r in records if r.source_id == source]


def test_a_gemini_message_is_its_thoughts_content_calls_and_counts() -> None:
    found = understood("gemini-cli", json.loads(LAST["gemini-cli"].read_bytes()))
    assert of(found, "m-2") == [
        (10_000, "thinking", "assistant", None, "Where to look\nThe constant may be in feet."),
        (0, "message", "assistant", None, "I will read the gauge."),
        (20_000, "tool_use", "assistant", "read_file", "file_path: gauge.py"),
        (20_001, "tool_result", "tool", "read_file", "HIGH = 3.2  # metres\n"),
        (30_000, "meta", None, None, ""),
    ]
    assert [r.ts_ns // 10**9 % 60 for r in found if r.source_id == "m-2"] == [3, 4, 4, 6, 4]
    assert [r[:2] for r in of(found, "m-4")] == [(0, "message"), (1, "attachment")]
    [image] = [r for r in found if r.kind == "attachment"]
    assert image.omitted == ("base64",) and "image/png" in image.text
    [failed] = [r for r in found if r.kind == "tool_result" and r.error]
    assert failed.text == "Output: 1 failed"
    assert [(r.kind, r.error) for r in found if r.source_id == "m-7"] == [("meta", True)]


def test_a_gemini_compression_ends_an_epoch_and_says_its_counts() -> None:
    found = understood("gemini-cli", json.loads(LAST["gemini-cli"].read_bytes()))
    [compaction] = [r for r in found if r.kind == "compaction"]
    assert isinstance(compaction.rest, dict)
    assert compaction.rest["compaction"] == {"trigger": "auto", "preTokens": 190_000, "postTokens": 12_345}
    assert compaction.boundary == compaction.source_id == "m-5"
    assert {r.boundary for r in found if r.source_id in ("m-6", "m-7")} == {"m-5"}
    assert {r.boundary for r in found if r.source_id in ("m-1", "m-2", "m-3", "m-4", "~0")} == {""}


def test_gemini_names_the_project_where_its_hash_proves_it(tmp_path: Path) -> None:
    document = json.loads(LAST["gemini-cli"].read_bytes())
    path = str(tmp_path / "chats" / "session-1.json")
    (tmp_path / ".project_root").write_text("/home/ines/code/tidewatch")
    assert {r.project for r in understood("gemini-cli", document, path)} == {"/home/ines/code/tidewatch"}
    (tmp_path / ".project_root").write_text("/somewhere/else")
    assert {r.project for r in understood("gemini-cli", document, path)} == {None}


def test_an_opencode_message_is_a_record_a_part_and_two_of_a_tool() -> None:
    found = understood("opencode", json.loads(LAST["opencode"].read_bytes()))
    assert of(found, "msg_2") == [
        (0, "meta", None, None, ""),
        (2, "thinking", "assistant", None, "The constant is in feet."),
        (4, "tool_use", "assistant", "bash", "command: ls\ndescription: List it"),
        (5, "tool_result", "tool", "bash", "tide.py\ngauge.py\n"),
        (6, "tool_use", "assistant", "read", "filePath: /none"),
        (7, "tool_result", "tool", "read", "File not found: /none"),
        (8, "message", "assistant", None, "It is in feet; I convert it."),
        (10, "meta", None, None, "tide.py"),
        (12, "meta", None, None, ""),
        (30_000, "meta", None, None, ""),
    ]
    assert [r.error for r in found if r.kind == "tool_result"] == [False, True]
    assert {r.project for r in found} == {"/home/ines/code/tidewatch"}
    assert {r.parent_id for r in found if r.source_id == "msg_2"} == {"msg_1"}


def test_an_opencode_compaction_part_ends_an_epoch_and_a_summary_follows() -> None:
    document = json.loads(LAST["opencode"].read_bytes())
    found = understood("opencode", document)
    assert [(r.source_id, r.kind) for r in found if r.kind in ("compaction", "summary")] == [
        ("msg_3", "compaction"), ("msg_4", "summary"),
    ]  # fmt: skip
    assert {r.boundary for r in found if r.source_id in ("msg_3", "msg_4", "msg_5")} == {"msg_3"}
    document["messages"][2]["parts"] = []  # as OpenCode wrote it at first: only the summary tells
    found = understood("opencode", document)
    assert [(r.source_id, r.kind) for r in found if r.kind == "compaction"] == [("msg_4", "compaction")]
    assert {r.boundary for r in found if r.source_id in ("msg_4", "msg_5")} == {"msg_4"}


def test_a_trajectory_tells_each_text_once_in_the_order_it_happened() -> None:
    found = understood("swe-agent", json.loads(LAST["swe-agent"].read_bytes()))
    told = [(r.kind, r.role, r.tool) for r in found if r.kind != "meta"]
    turn = [
        ("message", "assistant", None),
        ("tool_use", "assistant", "bash"),
        ("tool_result", "tool", "bash"),
    ]
    assert told[:6] == [
        ("message", "system", None),
        ("message", "system", None),
        ("message", "user", None),
        *turn,
    ]
    assert [r.text for r in found if r.kind == "tool_result"][-1] == "diff --git a/tide.py b/tide.py"
    steps = [r for r in found if isinstance(r.rest, dict) and "execution_time" in r.rest.get("line", ())]
    assert [(r.kind, r.block) for r in steps] == [("meta", 4)] * 4
    assert all(r.rest["line"]["query"] == {"same": n} for r, n in zip(steps, (3, 5, 7, 9), strict=True))  # type: ignore[index, call-overload]
    assert {r.project for r in found} == {"/testbed"}


def test_a_step_the_history_does_not_tell_of_is_told_by_itself() -> None:
    document = json.loads(LAST["swe-agent"].read_bytes())
    document["history"] = document["history"][:3]
    found = understood("swe-agent", document)
    assert [r.kind for r in found].count("tool_use") == [r.kind for r in found].count("tool_result") == 4
    assert "edit 1:1\nHIGH = 0.975\nend_of_edit" in [r.text for r in found]


def cut(agent: str, whole: dict[str, Any], number: int) -> dict[str, Any]:
    """The document as it was after so many messages, or steps."""
    if agent != "swe-agent":
        return {**whole, "messages": whole["messages"][:number]}
    history = whole["history"][: 3 + 2 * number]
    return {**whole, "trajectory": whole["trajectory"][:number], "history": history}


@pytest.mark.parametrize("agent", LAST)
def test_what_a_document_holds_after_any_message_it_holds_at_the_end(agent: str) -> None:
    whole = json.loads(LAST[agent].read_bytes())
    rows = [
        (r.source_id, r.block, r.mac) for r in understood(agent, whole) if not r.source_id.startswith("~")
    ]
    texts = [(r.kind, r.text, r.at) for r in understood(agent, whole)]
    last = len(whole["trajectory" if agent == "swe-agent" else "messages"])
    for number in range(1, last):
        found = understood(agent, cut(agent, whole, number))
        named = [(r.source_id, r.block, r.mac) for r in found if not r.source_id.startswith("~")]
        assert named == rows[: len(named)]
        assert {(r.kind, r.text, r.at) for r in found} <= set(texts)
