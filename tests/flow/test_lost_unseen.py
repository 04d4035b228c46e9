"""What nobody can know of a compaction is said: a summary not captured, a beginning not seen, damaged lines."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from archives import HOUR, MINUTE, NOW_NS, archive_of, event, fill, record
from conftest import Run
from flow.compacted import only, story
from memlog.export import post_mortem
from memlog.paths import Home
from memlog.query import slice
from memlog.query.lost import losses, shortened
from memlog.query.selection import Selection
from memlog.query.trend import by_kind, trend
from memlog.query.verdict import verdict


def test_a_summary_only_a_hook_was_told_is_the_summary(home: Home) -> None:
    said = story()[:7]
    stamp = said[-1].ts_ns + MINUTE
    told = event("PostCompact", ts_ns=stamp, trigger="auto", compact_summary="We read by_name.py.")
    with archive_of(home, said, [told], [record("go on", n=20)]) as con:
        one = only(losses(con, "session-a"))
    assert one.source == "PostCompact" and any("no boundary line" in sentence for sentence in one.unseen)
    assert {row.value: row.kept for row in one.rows}["/w/by_name.py"] == "name"


def test_where_no_summary_was_captured_it_is_unknown_what_it_kept(home: Home) -> None:
    other = [r._replace(session="session-b", ts_ns=r.ts_ns - HOUR) for r in story()]
    with archive_of(home, story()[:8], other) as con:
        one = only(losses(con, "session-a"))
        rows = trend(con, Selection())
        missing = shortened(one, missing=True).rows
    assert {row.kept for row in one.rows} == {"unseen"} and len(missing) == len(one.rows)
    assert all((k.lost, k.unknown, k.ratio) == (0, k.facts, None) for k in one.kinds)
    assert one.source == "none" and "what it kept is unknown" in one.unseen[0]
    assert "unknown" in verdict(k.count for k in one.kinds)
    assert [(r.session, r.kept, r.lost, r.unknown, r.ratio) for r in rows] == [
        ("session-b", 3, 2, 0, 0.6), ("session-a", 0, 0, 5, None),
    ]  # fmt: skip


def test_what_could_not_be_seen_of_an_epoch_is_said(home: Home) -> None:
    """Its beginning, by the line before it or by the tokens, and damaged lines; of one seen whole, nothing."""
    cut = story()
    cut[0] = cut[0]._replace(parent_id="never-archived")
    whole = [r._replace(session="session-b") for r in story()]
    whole[1] = whole[1]._replace(parent_id=whole[0].source_id)
    spoilt = [record('{"torn', n=50 + n, kind="damage", role=None, session="session-c") for n in (1, 2)]
    full = [r._replace(session="session-c") for r in story()]
    full[7] = full[7]._replace(
        rest={"line": {"compactMetadata": {"preTokens": 167_094}}, "compaction": {"preTokens": 167_094}}
    )
    with archive_of(home, cut, whole, [*spoilt, *full]) as con:
        said = {name: only(losses(con, name)) for name in ("session-a", "session-b", "session-c")}
    assert [sentence[:30] for sentence in said["session-a"].unseen] == ["the beginning was not seen: th"]
    assert said["session-b"].unseen == () and {row.unseen for row in said["session-b"].rows} == {None}
    assert "2 lines of this epoch are damaged" in said["session-c"].unseen[0]
    assert "the context held 167,094 tokens" in said["session-c"].unseen[1]
    assert {row.unseen for row in said["session-c"].rows} == {"; ".join(said["session-c"].unseen)}


def test_a_report_tells_what_is_unknown_and_what_is_damaged_from_what_was_lost(
    home: Home, tmp_path: Path
) -> None:
    spoilt = [record('{"torn', n=50 + n, kind="damage", role=None) for n in (1, 2)]
    whole = [r._replace(session="session-b") for r in story()]
    said = {}
    with archive_of(home, [*spoilt, *story()[:8]], whole) as con:
        for name in ("session-a", "session-b"):
            part = slice.cut(con, Selection(), [name], now_ns=NOW_NS)
            post_mortem.write(con, part, str(tmp_path / name), now_ns=NOW_NS)
            said[name] = (tmp_path / name / "report.md").read_text()
    assert "Unknown what the summary kept of 5 facts, among them 1 instruction" in said["session-a"]
    assert "2 lines of this epoch are damaged" in said["session-a"] and "2 damaged lines" in said["session-a"]
    assert "Lost: 0 of 1 instruction, 1 of 3 files, 1 of 1 command" in said["session-b"]
    assert "Not seen" not in said["session-b"] and "Unknown what" not in said["session-b"]


def test_codex_keeps_what_its_user_said_and_no_summary(home: Home) -> None:
    same = {"role": "user", "content": [{"type": "input_text", "text": {"same": True}}]}
    history = {"replacement_history": [same, {"type": "compaction", "encrypted_content": "x"}]}
    found = [
        record("never push to main", n=1, agent="codex"), record("please fix the parser", n=2, agent="codex"),
        record("cmd: make", n=3, kind="tool_use", role="assistant", tool="exec_command", agent="codex",
               rest={"line": {"payload": {"arguments": '{"cmd":"make"}', "call_id": "c"}}}),
        record("", n=4, kind="compaction", role="system", boundary="session-a-4", agent="codex",
               rest={"line": {"payload": history}}),
    ]  # fmt: skip
    with archive_of(home, found) as con:
        one, row = only(losses(con, "session-a")), only(trend(con, Selection()))
    assert (row.facts, row.kept, row.lost, row.ratio) == (3, 1, 2, None), "what it kept nobody can say"
    assert all(kind.ratio is None for kind in by_kind(one))
    assert {r.value: (r.kept, r.where) for r in one.rows} == {
        "please fix the parser": ("verbatim", "context"), "never push to main": (None, None), "make": (None, None),
    }  # fmt: skip
    assert one.source == "context" and "no summary in words" in one.unseen[0]


@pytest.mark.parametrize(
    ("said", "kept", "unseen"),
    [
        ({"preservedSegment": {"headUuid": "session-a-5", "tailUuid": "session-a-6"}}, {"/w/gone.py", "make check"}, 0),
        ({"preservedMessages": {"allUuids": ["session-a-6"], "uuids": []}}, {"make check"}, 0),
        ({"preservedSegment": {"headUuid": "elsewhere", "tailUuid": "session-a-6"}}, set(), 1),
        ({"preservedMessages": "odd", "preservedSegment": [1]}, set(), 1),
        ({}, set(), 0),
    ],
)  # fmt: skip
def test_what_the_host_says_it_preserved_is_kept(
    home: Home, said: dict[str, Any], kept: set[str], unseen: int
) -> None:
    told = story()
    told[7] = told[7]._replace(rest={"line": {"compactMetadata": {"trigger": "auto", **said}}})
    with archive_of(home, told) as con:
        one = only(losses(con, "session-a"))
    assert {row.value for row in one.rows if row.where == "context" and row.kept == "verbatim"} == kept
    assert sum("preserved" in sentence for sentence in one.unseen) == unseen


def test_facts_a_limit_left_out_and_a_capture_that_is_not_whole_are_said(home: Home, run_memlog: Run) -> None:
    later = [
        record("Conversation compacted", n=12, kind="compaction", role="system", boundary="session-a-12")
    ]
    fill(home, story(), later)
    done = run_memlog("query", "lost", "session-a", "--epoch", "0", "--limit", "1", "--json", check=0)
    assert len(json.loads(done.stdout)) == 1 and re.search(
        r"epoch 0: 1 of [2-9] facts; --limit N", done.stderr
    )
    done = run_memlog("query", "lost", "--table", check=0)
    assert "unseen" in done.stdout and "not seen whole" in done.stderr
