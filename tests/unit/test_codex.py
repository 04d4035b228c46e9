"""What becomes of the lines of a Codex rollout, as docs/records.md says."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from memlog.capture import agents
from memlog.capture.identity import hex_digest
from memlog.capture.transcript import read
from memlog.capture.watermark import Watermark
from memlog.record import Record

CODEX = agents.reader("codex")
FIXTURE = next((Path(__file__).parents[1] / "data/agents/codex").rglob("*.jsonl"))
SESSION = FIXTURE.stem[-36:]
KEY = b"k" * 32


def records(path: Path, **options: Any) -> list[Record]:
    return [r for piece in read(str(path), CODEX, key=KEY, **options) for r in piece.records]


def written(path: Path, *lines: dict[str, Any]) -> list[Record]:
    stamp = {"timestamp": "2026-03-14T09:00:00.000Z"}
    path.write_text("".join(json.dumps({**stamp, **line}) + "\n" for line in lines))
    return records(path)


def item(kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": "response_item", "payload": {"type": kind, **payload}}


def event(kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": "event_msg", "payload": {"type": kind, **payload}}


def test_the_fixture_gives_every_text_once_and_one_boundary() -> None:
    found = records(FIXTURE)
    said = [
        (r.kind, r.role, r.tool, r.text.split("\n")[0]) for r in found if r.kind not in ("meta", "compaction")
    ]
    assert said == [
        ("message", "developer", None, "<permissions instructions>"),
        ("message", "user", None, "# AGENTS.md instructions for /home/mira/tideclock"),
        ("message", "user", None, "<environment_context>"),
        ("message", "user", None, "Why does the tide clock show high water an hour late in summer?"),
        ("thinking", "assistant", None, "**Looking at the table**"),
        ("tool_use", "assistant", "exec_command", "cmd: grep -n zone tide.py"),
        ("tool_result", "tool", "exec_command", "12:    return at + zone"),
        ("message", "assistant", None,
         "The table is in UTC and the clock adds the zone twice: once in parse_table(), once in the template."),
        ("message", "user", None, "Mend it in tide.py then, and leave the template alone."),
        ("tool_use", "assistant", "apply_patch", "*** Begin Patch"),
        ("tool_result", "tool", "apply_patch", "Success. Updated tide.py"),
        ("message", "assistant", None,
         "tide.py returns the time of the table as it is now; the template adds the zone once."),
        ("message", "user", None, "And the harbour of Büsum is missing from the list, please add it."),
        ("tool_use", "assistant", "web_search", "query: Büsum tide station"),
        ("tool_use", "assistant", "exec_command", "echo Büsum >> harbours"),
        ("tool_result", "tool", "exec_command", "ok"),
        ("message", "assistant", None, "Büsum is on the list."),
    ]  # fmt: skip
    assert {(r.agent, r.session, r.project) for r in found} == {("codex", SESSION, "/home/mira/tideclock")}
    [boundary] = [r for r in found if r.kind == "compaction"]
    assert boundary.boundary == boundary.source_id
    after = found.index(boundary)
    assert {r.boundary for r in found[:after]} == {""}
    assert {r.boundary for r in found[after:]} == {boundary.source_id}


def test_an_item_is_named_by_the_hosts_id_and_any_other_line_by_its_digest() -> None:
    by_text = {r.text: r.source_id for r in records(FIXTURE)}
    assert by_text["cmd: grep -n zone tide.py\nworkdir: /home/mira/tideclock"] == "fc_0001"
    assert by_text["echo Büsum >> harbours"].startswith("~")


def test_what_the_other_channel_repeats_is_bookkeeping_and_what_differs_is_kept(tmp_path: Path) -> None:
    content = [{"type": "output_text", "text": "Done."}]
    found = written(
        tmp_path / "r.jsonl", event("agent_message", message="Done."), item("message", role="assistant", content=content),
        event("agent_message", message="Done."), event("agent_message", message="Done!"),
        item("message", role="assistant", content=[{"type": "output_text", "text": "Done?"}]),
    )  # fmt: skip
    assert [(r.kind, r.text) for r in found] == [
        ("message", "Done."), ("meta", ""), ("message", "Done."), ("message", "Done!"), ("message", "Done?"),
    ]  # fmt: skip
    assert found[1].omitted == ("same",) and found[1].rest["same"] is True  # type: ignore[call-overload]


def test_a_compaction_without_an_item_is_a_boundary_and_of_a_pair_the_first_is(tmp_path: Path) -> None:
    alone = written(
        tmp_path / "a.jsonl", event("context_compacted"), item("message", role="user", content="x")
    )
    assert [r.kind for r in alone] == ["compaction", "message"]
    compacted = {
        "type": "compacted",
        "payload": {"message": "What was said: little.", "replacement_history": None},
    }
    other = written(
        tmp_path / "b.jsonl", event("context_compacted"), compacted, compacted, event("context_compacted")
    )
    assert [(r.kind, r.text) for r in other] == [
        ("compaction", "context_compacted"), ("meta", ""), ("summary", "What was said: little."),
        ("compaction", ""), ("summary", "What was said: little."), ("meta", ""),
    ]  # fmt: skip
    assert [r.boundary == r.source_id for r in other if r.kind == "compaction"] == [True, True]


def test_a_text_only_the_new_context_holds_is_a_summary(tmp_path: Path) -> None:
    old, new = "A question the session began with.", "Another model has been here; this is what it left you."
    messages = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": t}]}
        for t in (old, new)
    ]
    found = written(
        tmp_path / "r.jsonl", item("message", role="user", content=[{"type": "input_text", "text": old}]),
        {"type": "compacted", "payload": {"message": "", "replacement_history": messages}},
    )  # fmt: skip
    assert [(r.kind, r.block, r.text) for r in found if r.text] == [("message", 0, old), ("summary", 1, new)]


def test_a_fork_keeps_its_own_session_below_its_parents_lines(tmp_path: Path) -> None:
    own, parent = (
        {"type": "session_meta", "payload": {"id": name, "cwd": "/w"}} for name in ("own", "parent")
    )
    found = written(tmp_path / "r.jsonl", own, parent, item("message", role="user", content="go on"))
    assert [r.session for r in found] == ["own"] * 3
    [nameless] = written(tmp_path / f"rollout-2026-01-01T00-00-00-{SESSION}.jsonl", event("task_started"))
    assert nameless.session == SESSION


def test_read_in_pieces_it_gives_what_it_gives_as_a_whole(tmp_path: Path) -> None:
    raw = FIXTURE.read_bytes()
    ends = [0] + [n + 1 for n, byte in enumerate(raw) if byte == 10]
    copy, found = tmp_path / FIXTURE.name, []
    mark: Watermark | None = None
    for _, end in pairwise(ends):
        copy.write_bytes(raw[:end])
        for piece in read(str(copy), CODEX, key=KEY, start=mark, settled=False):
            found += piece.records
            mark = Watermark.from_json(json.loads(json.dumps(piece.watermark.to_json())))
    assert found == records(FIXTURE)


def test_lines_of_any_shape_are_records_of_it(tmp_path: Path) -> None:
    odd: list[Any] = [None, 5, "x", [], {}, [1, {"a": "deep words"}], {"type": 5}]
    lines = [
        {"type": t, "payload": p}
        for t in ("response_item", "event_msg", "compacted", "turn_context", 7)
        for p in odd
    ]
    kinds = ("message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "web_search_call",
             "tool_search_output", "user_message", "agent_message", "context_compacted", "web_search_end")  # fmt: skip
    names = (
        "content",
        "text",
        "message",
        "arguments",
        "output",
        "summary",
        "call_id",
        "name",
        "role",
        "action",
        "id",
    )
    lines += [item(k, **{n: v}) for k in kinds for n in names for v in odd]
    lines += [event(k, **{n: v}) for k in kinds for n in names for v in odd]
    found = written(tmp_path / "r.jsonl", *lines)
    assert len({r.source_id for r in found}) <= len(lines) <= len(found)


def test_a_boundary_knows_the_tokens_counted_before_it(tmp_path: Path) -> None:
    usage = {"last_token_usage": {"total_tokens": 91_000}, "total_token_usage": {"total_tokens": 400_000}}
    compacted = {"type": "compacted", "payload": {"message": ""}}
    found = written(
        tmp_path / "r.jsonl", event("token_count", info=usage), compacted, event("context_compacted")
    )
    assert [r.rest.get("compaction") for r in found] == [None, {"preTokens": 91_000}, None]  # type: ignore[union-attr]


def test_items_that_stand_in_no_payload_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "rollout-old.jsonl"
    lines: list[dict[str, Any]] = [
        {"id": "5973b6c0", "timestamp": "2025-08-01T10:00:00.000Z", "instructions": "Be brief."},
        {"type": "message", "id": None, "role": "user", "content": [{"type": "input_text", "text": "Hello?"}]},
        {"record_type": "state"},
        {"type": "function_call", "name": "shell", "arguments": '{"command":["ls"]}', "call_id": "c"},
        {"type": "function_call_output", "call_id": "c", "output": '{"output":"a.txt\\n","metadata":{"exit_code":0}}'},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = records(path)
    assert [(r.kind, r.role, r.tool, r.text) for r in found] == [
        ("meta", None, None, "Be brief."), ("message", "user", None, "Hello?"), ("meta", None, None, "state"),
        ("tool_use", "assistant", "shell", "command: ls"), ("tool_result", "tool", "shell", "a.txt\n"),
    ]  # fmt: skip
    assert {(r.session, r.ts_ns) for r in found} == {("5973b6c0", 1_754_042_400_000_000_000)}


def test_payloads_leave_digest_and_size(tmp_path: Path) -> None:
    [sealed] = [r for r in records(FIXTURE) if r.source_id == "rs_0001"]
    assert sealed.kind == "meta" and sealed.omitted == ("base64", "same")
    raw = bytes(range(96))
    kept = sealed.rest["line"]["payload"]["encrypted_content"]  # type: ignore[call-overload]
    assert kept == {"sha256": hex_digest(raw), "bytes": 96}


def test_a_command_that_failed_is_an_error_whatever_its_output_says(tmp_path: Path) -> None:
    def answered(output: Any) -> bool:
        [record] = written(tmp_path / "r.jsonl", item("function_call_output", call_id="c", output=output))
        return record.error

    head = "Chunk ID: a1\nWall time: 0.1 seconds\nProcess exited with code {}\nOutput:\n{}"
    assert answered(head.format(1, "no such file")) and answered(head.format(127, ""))
    assert not answered(head.format(0, "Process exited with code 1"))
    assert answered("Exit code: 2\nWall time: 1 seconds\nOutput:\nusage")
    wrapped = {"output": "made", "metadata": {"exit_code": 1, "duration_seconds": 0.1}}
    assert answered(json.dumps(wrapped)) and not answered(
        json.dumps({**wrapped, "metadata": {"exit_code": 0}})
    )
    assert answered({"success": False, "content": "no"}) and not answered({"success": True, "content": "yes"})
