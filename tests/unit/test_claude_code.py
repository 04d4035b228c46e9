"""What becomes of each type of line, as docs/records.md says."""

import json
from typing import Any

import pytest

from memlog.capture.agents import Place, State
from memlog.capture.identity import Hmac, hex_digest
from memlog.capture.readers import claude_code
from memlog.contracts import KINDS
from memlog.record import Record

SESSION = "6a1ff4a2-7a52-4b8e-9f2d-2f2a30f1b9aa"
PNG = "iVBORw0KGgo" + "AbC1" * 100 + "A"


def line(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "parentUuid": "p-1", "isSidechain": False, "cwd": "/w", "sessionId": SESSION, "version": "2.1.1", "gitBranch": "main",
        "type": kind, "uuid": "u-1", "timestamp": "2026-01-08T14:41:01.267Z", **fields,
    }  # fmt: skip


def records(value: dict[str, Any], state: State | None = None, path: str = "/p/s.jsonl") -> list[Record]:
    place = Place(
        claude_code.session_of(value) or "s", claude_code.source_of(value) or "~0.1", claude_code.stamp_of(value) or 7, b"8 bytes.", 42, path,
        Hmac(b"key"),
    )  # fmt: skip
    return claude_code.records(json.loads(json.dumps(value)), place, {} if state is None else state)


def turn(role: str, content: Any, **fields: Any) -> dict[str, Any]:
    return line(
        role,
        message={"role": role, "content": content, "id": "msg_1", "usage": {"input_tokens": 3}},
        **fields,
    )


def test_a_string_is_one_record_and_the_line_is_kept_beside_it() -> None:
    [record] = records(turn("user", "Please look.", permissionMode="default", isMeta=True))
    assert record == Record(
        "claude-code", SESSION, "u-1", 0, "message", 1_767_883_261_267_000_000, "Please look.", b"8 bytes.", role="user",
        project="/w", parent_id="p-1", boundary="", at=42,
        rest={"line": {
            "isSidechain": False, "version": "2.1.1", "gitBranch": "main", "type": "user", "permissionMode": "default", "isMeta": True,
            "message": {"role": "user", "id": "msg_1", "usage": {"input_tokens": 3}},
        }},
    )  # fmt: skip


def test_each_block_is_a_record_and_the_answer_knows_its_tool() -> None:
    state: State = {}
    said, thought, used = records(turn("assistant", [
        {"type": "text", "text": "I look.", "citations": [1]}, {"type": "thinking", "thinking": "Hm.", "signature": "QUJD" * 200},
        {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls\n-la", "timeout": 5}, "caller": {"type": "direct"}},
    ]), state)  # fmt: skip
    assert [(r.block, r.kind, r.role, r.tool) for r in (said, thought, used)] == [
        (0, "message", "assistant", None), (1, "thinking", "assistant", None), (2, "tool_use", "assistant", "Bash"),
    ]  # fmt: skip
    assert (said.text, thought.text, used.text) == ("I look.", "Hm.", "command: ls\n-la\ntimeout: 5")
    assert said.rest["citations"] == [1] and "line" in said.rest and "line" not in used.rest  # type: ignore[index,operator]
    assert thought.omitted == ("base64",)
    assert thought.rest == {"signature": {"sha256": hex_digest(b"ABC" * 200), "bytes": 600}}
    assert used.rest == {
        "id": "toolu_1",
        "input": {"command": "ls\n-la", "timeout": 5},
        "caller": {"type": "direct"},
    }
    [answer] = records(
        turn(
            "user", [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a\nb", "is_error": True}]
        ),
        state,
    )
    assert (answer.kind, answer.role, answer.tool, answer.text, answer.error) == (
        "tool_result",
        "tool",
        "Bash",
        "a\nb",
        True,
    )
    [stranger] = records(
        turn("user", [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "again"}]), state
    )
    assert stranger.tool is None  # it was answered


def test_a_result_of_several_parts_is_their_texts_and_images_leave_their_digest() -> None:
    [record] = records(turn("user", [{"type": "tool_result", "tool_use_id": "t", "content": [
        {"type": "text", "text": "one\ntwo"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}, {"type": "text", "text": "three"},
    ]}]))  # fmt: skip
    assert record.text.startswith("one\ntwo\n") and record.text.endswith("\nthree")
    assert record.omitted == ("base64",)
    assert record.rest["content"][1]["source"]["data"]["bytes"] == 309  # type: ignore[index]
    assert PNG not in json.dumps(record.rest)


def test_the_hosts_second_copy_of_a_result_is_stored_once() -> None:
    content = "total 4\n-rw-r--r-- 1 a"
    for second, kept in (
        (content, {"same": True}),
        (
            {"stdout": content, "stderr": "", "interrupted": False},
            {"stdout": {"same": True}, "stderr": "", "interrupted": False},
        ),
    ):
        [record] = records(
            turn(
                "user",
                [{"type": "tool_result", "tool_use_id": "t", "content": content}],
                toolUseResult=second,
            )
        )
        assert record.rest["line"]["toolUseResult"] == kept  # type: ignore[index]
        assert record.omitted == ("same",)
    other = {"file": {"filePath": "/w/a.png", "base64": PNG}, "oldString": "x" * 300}
    [record] = records(
        turn("user", [{"type": "tool_result", "tool_use_id": "t", "content": content}], toolUseResult=other)
    )
    kept = record.rest["line"]["toolUseResult"]  # type: ignore[index]
    assert kept["oldString"] == "x" * 300 and kept["file"]["base64"]["bytes"] == 309
    assert record.omitted == ("base64",)


def test_an_image_leaves_its_size_and_a_document_its_words() -> None:
    image, document = records(turn("user", [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "document", "title": "Plan", "source": {"type": "text", "media_type": "text/plain", "data": "Step one."}},
    ]))  # fmt: skip
    assert (image.kind, image.omitted) == ("attachment", ("base64",))
    assert "image/png" in image.text and "309" in image.text and PNG not in repr(image)
    assert (
        document.kind == "attachment"
        and "Plan" in document.text
        and "Step one." in document.text
        and document.omitted == ()
    )


@pytest.mark.parametrize("content", [[], None, 5, {"a": "b"}, "absent"])
def test_a_turn_without_blocks_is_one_record(content: Any) -> None:
    value = line("user") if content == "absent" else turn("user", content)
    [record] = records(value)
    assert (record.block, record.kind) == (0, "message")
    assert record.text == ("a: b" if isinstance(content, dict) else "5" if content == 5 else "")


def test_unknown_blocks_and_blocks_that_are_none_are_kept_with_their_words() -> None:
    found = records(
        turn(
            "assistant",
            [
                "bare",
                7,
                {"type": "novelty", "id": "x", "says": "new", "line": "its own"},
                {"type": "text", "text": {"odd": "shape"}},
            ],
        )
    )
    assert [r.kind for r in found] == ["message"] * 4
    assert [r.text for r in found] == ["bare", "7", "says: new\nline: its own", "text:\nodd: shape"]
    [record] = records(turn("assistant", [{"type": "novelty", "line": "its own"}]))
    assert record.rest["block"]["line"] == "its own" and record.rest["line"]["type"] == "assistant"  # type: ignore[index]


def test_server_tools_are_tools() -> None:
    used, answered = records(turn("assistant", [
        {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "tides"}},
        {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"type": "web_search_result", "title": "Tide", "url": "https://t.example", "encrypted_content": "QUJD" * 300}]},
    ]))  # fmt: skip
    assert (used.kind, used.tool, used.text) == ("tool_use", "web_search", "query: tides")
    assert (answered.kind, answered.tool, answered.role) == ("tool_result", "web_search", "tool")
    assert (
        "Tide" in answered.text and "https://t.example" in answered.text and answered.omitted == ("base64",)
    )
    assert used.rest["type"] == "server_tool_use"  # type: ignore[index]


def test_a_boundary_begins_an_epoch_of_its_session_and_a_microcompaction_does_not() -> None:
    state: State = {}
    assert records(turn("user", "before"), state)[0].boundary == ""
    [boundary] = records(line(
        "system", subtype="compact_boundary", content="Conversation compacted", uuid="b-1", parentUuid=None, logicalParentUuid="u-0",
        compactMetadata={"trigger": "auto", "preTokens": 155_301},
    ), state)  # fmt: skip
    assert (boundary.kind, boundary.boundary, boundary.parent_id, boundary.role) == (
        "compaction",
        "b-1",
        "u-0",
        "system",
    )
    assert boundary.text == "Conversation compacted\ntrigger: auto\npreTokens: 155301"
    assert boundary.rest["line"]["compactMetadata"] == {"trigger": "auto", "preTokens": 155_301}  # type: ignore[index]
    [summary] = records(turn("user", "We did this.", isCompactSummary=True, uuid="u-2"), state)
    assert (summary.kind, summary.boundary) == ("summary", "b-1")
    [micro] = records(
        line("system", subtype="microcompact_boundary", content="Context microcompacted", uuid="m-1"), state
    )
    assert (micro.kind, micro.boundary) == ("meta", "b-1")
    [other] = records(turn("user", "elsewhere", sessionId="another"), state)
    assert other.boundary == ""
    assert records(turn("user", "after"), state)[0].boundary == "b-1"


def test_a_subagents_lines_leave_their_epoch_to_time() -> None:
    for path in ("/p/s/subagents/agent-a1.jsonl", "/p/agent-a1.jsonl"):
        assert records(turn("user", "x", isSidechain=True), path=path)[0].boundary is None
    assert records(turn("user", "x"), path="/p/agency.jsonl")[0].boundary == ""


@pytest.mark.parametrize(("value", "text"), [
    (line("summary", summary="Tides and alarms", leafUuid="l-1"), "Tides and alarms"),
    (line("system", subtype="turn_duration", durationMs=4_200), "turn_duration\ndurationMs: 4200"),
    (line("system", subtype="local_command", content="<command-name>/clear</command-name>", level="info"), "<command-name>/clear</command-name>"),
    (line("progress", data={"type": "bash_progress", "output": "50 %", "fullOutput": "0 %\n50 %", "elapsedTimeSeconds": 2}), "50 %"),
    (line("progress", data={"type": "agent_progress", "prompt": "Find it.", "agentId": "a1", "message": {"type": "user", "message": {"role": "user", "content": [{"type": "text", "text": "Find it."}]}}}), "Find it."),
    (line("progress", data={"type": "hook_progress", "hookName": "Stop", "command": "make"}), "Stop\nmake"),
    (line("file-history-snapshot", messageId="m", snapshot={"trackedFileBackups": {"src/a.py": {"backupFileName": "x@v1"}, "b.py": {}}}), "src/a.py\nb.py"),
    (line("queue-operation", operation="enqueue", content="and then this"), "enqueue\nand then this"),
    (line("pr-link", prNumber=7, prUrl="https://git.example/pr/7", prRepository="a/b"), "https://git.example/pr/7\na/b"),
    (line("ai-title", aiTitle="Tide alarms"), "Tide alarms"),
    ({"silly": "this"}, "this"),
    ({"type": 5, "n": 1}, ""),
], ids=lambda v: str(v.get("type")) if isinstance(v, dict) else "")  # fmt: skip
def test_bookkeeping_is_meta_with_the_words_a_person_would_read(value: dict[str, Any], text: str) -> None:
    [record] = records(value)
    assert (record.kind, record.text) == ("meta", text)
    kept = record.rest["line"]  # type: ignore[index]
    gone = value.keys() - kept.keys()
    assert gone <= {"uuid", "sessionId", "timestamp", "cwd", "parentUuid"}
    assert all(kept[key] == value[key] for key in kept)


def test_an_attachment_line_is_an_attachment() -> None:
    [record] = records(
        line(
            "attachment", attachment={"type": "nested_memory", "path": "/w/CLAUDE.md", "content": "Use tabs."}
        )
    )
    assert (record.kind, record.text) == ("attachment", "/w/CLAUDE.md\nUse tabs.")


def test_failures_the_host_marks_are_errors() -> None:
    assert records(turn("assistant", [{"type": "text", "text": "API Error: 500"}], isApiErrorMessage=True))[
        0
    ].error
    assert records(line("system", subtype="api_error", error={}))[0].error
    assert not records(turn("assistant", [{"type": "text", "text": "fine"}]))[0].error


def test_columns_a_line_cannot_fill_stay_in_its_rest() -> None:
    [record] = records(
        turn("user", "x", uuid="~mine", timestamp="yesterday", cwd=5, parentUuid=7, sessionId="")
    )
    kept = record.rest["line"]  # type: ignore[index]
    assert (kept["uuid"], kept["timestamp"], kept["cwd"], kept["parentUuid"], kept["sessionId"]) == (
        "~mine",
        "yesterday",
        5,
        7,
        "",
    )
    assert (record.source_id, record.project, record.parent_id) == ("~0.1", None, None)
    long = "é" * 400
    [record] = records(turn("user", "x", uuid=long, cwd=long, parentUuid=long))
    assert record.rest["line"]["parentUuid"] == long  # type: ignore[index]
    assert record.project is not None and len(record.project.encode()) <= 512


def test_the_project_is_the_first_directory_of_the_session() -> None:
    state: State = {}
    assert records({"type": "summary", "sessionId": SESSION}, state)[0].project is None
    assert records(turn("user", "x"), state)[0].project == "/w"
    [moved] = records(turn("user", "x", cwd="/w/sub"), state)
    assert moved.project == "/w" and moved.rest["line"]["cwd"] == "/w/sub"  # type: ignore[index]


def test_the_state_stays_small_however_long_the_session_is() -> None:
    state: State = {}
    for n in range(500):
        records(
            turn(
                "assistant",
                [{"type": "tool_use", "id": f"toolu_{n}", "name": "Bash", "input": {}}],
                sessionId=f"s-{n}",
            ),
            state,
        )
    assert len(json.dumps(state)) < 8_000
    [answer] = records(
        turn("user", [{"type": "tool_result", "tool_use_id": "toolu_499", "content": ""}]), state
    )
    assert answer.tool == "Bash"


def test_every_kind_is_one_of_the_contract() -> None:
    kinds = {r.kind for value in (turn("user", "x"), line("x")) for r in records(value)}
    assert kinds <= set(KINDS)
