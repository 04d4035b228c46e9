"""What becomes of the lines of a Copilot CLI session, as docs/records.md says."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from memlog.capture import agents
from memlog.capture.transcript import read
from memlog.capture.watermark import Watermark
from memlog.record import Record

COPILOT = agents.reader("copilot-cli")
FIXTURE = next((Path(__file__).parents[1] / "data/agents/copilot-cli").rglob("*.jsonl"))
SESSION = FIXTURE.parent.name
KEY = b"k" * 32


def records(path: Path, **options: Any) -> list[Record]:
    return [r for piece in read(str(path), COPILOT, key=KEY, **options) for r in piece.records]


def test_the_fixture_gives_every_text_once_and_the_summary_its_own_record() -> None:
    found = records(FIXTURE)
    assert [(r.block, r.kind, r.role, r.tool, r.text.split("\n")[0]) for r in found if r.kind != "meta"] == [
        (0, "message", "system", None, "You are a terminal assistant for people with boats."),
        (0, "message", "user", None, "Which of the three anchors drags in the storm test?"),
        (1, "attachment", "user", None, "path: /home/mira/anchors/storm.toml"),
        (0, "thinking", "assistant", None, "The storm test knows; the third anchor is the lightest."),
        (1, "tool_use", "assistant", "bash", "command: make storm ANCHOR=3"),
        (0, "tool_result", "tool", "bash", "anchor 3: dragged 4.2 m"),
        (0, "message", "assistant", None, "The third: it drags 4.2 m. I check the chain."),
        (1, "tool_use", "assistant", "view", "path: /home/mira/anchors/chain.txt"),
        (0, "tool_result", "tool", "view", "message: chain.txt does not exist"),
        (0, "compaction", "system", None, "success: true"),
        (1, "summary", "user", None, "Anchor 3 drags 4.2 m in the storm test; chain.txt is missing."),
        (0, "message", "user", None, "Then order a heavier one."),
        (0, "message", "assistant", None, "A 16 kg anchor is in the basket."),
    ]
    assert {(r.agent, r.session) for r in found} == {("copilot-cli", SESSION)}
    assert [r.tool for r in found if r.error] == ["view"]
    [boundary] = [r for r in found if r.kind == "compaction"]
    assert boundary.rest["compaction"] == {"preTokens": 91_000, "postTokens": 7_000}  # type: ignore[call-overload]
    after = found.index(boundary)
    assert {r.boundary for r in found[:after]} == {""} and {r.boundary for r in found[after:]} == {
        boundary.source_id
    }
    lines = [json.loads(line) for line in FIXTURE.read_text().splitlines()]
    assert [r.source_id for r in found if r.block == 0] == [line["id"] for line in lines]
    assert [r.parent_id for r in found if r.block == 0] == [line["parentId"] for line in lines]


def test_a_tool_no_message_asked_for_is_a_call_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    data = {"toolCallId": "t-9", "toolName": "bash", "arguments": {"command": "ls"}}
    path.write_text(json.dumps({"type": "tool.execution_start", "data": data, "id": "a"}) + "\n")
    [found] = records(path)
    assert (found.kind, found.tool, found.text, found.session) == (
        "tool_use",
        "bash",
        "command: ls",
        tmp_path.name,
    )


def test_read_in_pieces_it_gives_what_it_gives_as_a_whole(tmp_path: Path) -> None:
    raw = FIXTURE.read_bytes()
    ends = [0] + [n + 1 for n, byte in enumerate(raw) if byte == 10]
    copy, found = tmp_path / "events.jsonl", []
    mark: Watermark | None = None
    for _, end in pairwise(ends):
        copy.write_bytes(raw[:end])
        for piece in read(str(copy), COPILOT, key=KEY, start=mark, settled=False):
            found += piece.records
            mark = Watermark.from_json(json.loads(json.dumps(piece.watermark.to_json())))
    assert found == records(FIXTURE)


def test_lines_of_any_shape_are_records_of_it(tmp_path: Path) -> None:
    odd: list[Any] = [None, 5, "x", [], {}, [1, {"a": "deep words"}], {"content": 5}]
    kinds = ("session.start", "user.message", "system.message", "assistant.message", "assistant.reasoning",
             "tool.execution_start", "tool.execution_complete", "session.compaction_complete", "hook.start", 7, None)  # fmt: skip
    names = (
        "content",
        "attachments",
        "toolRequests",
        "reasoningText",
        "arguments",
        "result",
        "error",
        "context",
        "toolCallId",
    )
    lines = [{"type": k, "data": v} for k in kinds for v in odd]
    lines += [{"type": k, "data": {n: v}} for k in kinds for n in names for v in odd]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(lines) <= len(records(path))
