"""What a compaction took, from records to the report: captured live, imported, told by a hook, or kept by Codex."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archives import HOUR, MINUTE, NOW_NS, archive_of, event, fill, reading, record
from conftest import Run
from memlog.archive.connection import open_reader
from memlog.errors import NotFoundError
from memlog.export import post_mortem
from memlog.paths import Home
from memlog.query import slice
from memlog.query.diff import diff
from memlog.query.facts import extract
from memlog.query.facts.fact import Fact, Said
from memlog.query.lost import Loss, losses, shortened
from memlog.query.runs import brief, stretch
from memlog.query.selection import Selection
from memlog.query.timeline import timeline
from memlog.query.trend import trend
from memlog.query.verdict import verdict
from memlog.record import Record
from memlog.settings import Settings
from memlog.witness import client
from shared_data import SHARED, files, unzipped

SESSION = "6a1ff4a2-7a52-4b8e-9f2d-2f2a30f1b9aa"
START = NOW_NS - 5 * HOUR


def call(n: int, tool: str, *, boundary: str = "", aside: bool = False, **given: Any) -> Record:
    rest = {"id": f"t{n}", "input": given, "line": {"isSidechain": aside}}
    text = "\n".join(f"{k}: {v}" for k, v in given.items())
    return record(text, n=n, kind="tool_use", role="assistant", tool=tool, boundary=boundary, rest=rest)


def story(*after: Record) -> list[Record]:
    """Six files and a command before a compaction, the boundary and its summary, and what came then."""
    return [
        record("always run the linter before you commit", n=1),
        call(2, "Read", file_path="/w/kept_whole.py"), call(3, "Read", file_path="/w/by_name.py"),
        call(4, "Edit", file_path="/w/gone.py", old_string="a"), call(5, "Edit", file_path="/w/gone.py", old_string="b"),
        call(6, "Bash", command="make check"), call(7, "Read", file_path="/w/aside.py", aside=True),
        record("Conversation compacted", n=8, kind="compaction", role="system", boundary="session-a-8"),
        record("We read /w/kept_whole.py and by_name.py. The linter runs before each commit, always.", n=9,
               kind="summary", boundary="session-a-8"),
        *after,
    ]  # fmt: skip


def back(n: int, **given: Any) -> Record:
    return call(n, "Read", boundary="session-a-8", **given)


def only(found: Any) -> Loss:
    (one,) = found
    return one  # type: ignore[no-any-return]


def test_each_fact_is_kept_in_some_way_or_lost_and_known_to_be_missed(home: Home) -> None:
    with archive_of(home, story(back(10, file_path="/w/gone.py"), back(11, file_path="/w/new.py"))) as con:
        one = only(losses(con, "session-a"))
    kept = {row.value: (row.kept, row.came_back) for row in one.rows}
    assert kept == {
        "/w/kept_whole.py": ("verbatim", 0), "/w/by_name.py": ("name", 0), "/w/gone.py": (None, 1),
        "make check": (None, 0), "always run the linter before you commit": ("paraphrased", 0),
    }  # fmt: skip
    by_kind = {k.kind: (k.facts, k.lost, k.came_back, k.ratio) for k in one.kinds}
    assert by_kind == {"instruction": (1, 0, 0, 1.0), "file": (3, 1, 1, 0.667), "command": (1, 1, 0, 0.0)}
    assert (one.epoch, one.source, one.unseen) == (0, "transcript", ())


def test_a_weight_knows_nothing_of_what_came_after(home: Home, tmp_path: Path) -> None:
    other = Home(str(tmp_path / "other"))
    with archive_of(home, story(back(10, file_path="/w/gone.py"))) as con:
        first = only(losses(con, "session-a"))
    with archive_of(other, story(back(10, file_path="/w/by_name.py"))) as con:
        second = only(losses(con, "session-a"))
    assert [(r.value, r.weight) for r in first.rows] == [(r.value, r.weight) for r in second.rows]
    assert [r.came_back for r in first.rows] != [r.came_back for r in second.rows]


def test_where_nothing_followed_nobody_knows_what_was_missed(home: Home) -> None:
    with archive_of(home, story()) as con:
        assert {row.came_back for row in only(losses(con, "session-a")).rows} == {None}


def test_a_citation_names_record_bytes_and_digest(home: Home) -> None:
    with archive_of(home, story()) as con:
        for row in only(losses(con, "session-a")).rows:
            text, digest = con.execute(
                "SELECT text, digest FROM v_record WHERE id = ?", (row.record,)
            ).fetchone()
            assert text.encode()[row.start : row.end].decode() == row.value and digest == row.digest


def test_an_epoch_no_compaction_ended_is_an_error_that_says_so(home: Home) -> None:
    with archive_of(home, story()) as con:
        with pytest.raises(NotFoundError, match="no compaction has ended epoch 1"):
            list(losses(con, "session-a", epoch=1))
        with pytest.raises(NotFoundError, match=r"has no epoch 7 \(0–1\)"):
            list(losses(con, "session-a", epoch=7))


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


def test_a_trend_is_in_the_order_in_which_compactions_came(home: Home) -> None:
    """A session that went on for longest after its compaction is not the one compacted last."""
    late = [r._replace(session="session-b", ts_ns=r.ts_ns + MINUTE) for r in story()]
    early = [*story(), back(11, file_path="/w/gone.py")._replace(ts_ns=NOW_NS)]
    with archive_of(home, early, late) as con:
        rows = trend(con, Selection())
    assert [row.session for row in rows] == ["session-a", "session-b"]
    assert [row.ended for row in rows] == sorted(str(row.ended) for row in rows)


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


def test_a_run_of_damaged_lines_is_one_line_of_a_timeline(home: Home) -> None:
    torn = [record('{"torn', n=n, kind="damage", role=None) for n in (2, 3, 4)]
    with archive_of(
        home, [record("go", n=1), *torn, record("on", n=5), record("{", n=6, kind="damage")]
    ) as con:
        steps = timeline(con, Selection(session="session-a"), now_ns=NOW_NS)
    told = [("prompt", "go"), ("damage", "3 damaged lines"), ("prompt", "on"), ("damage", "a damaged line")]
    assert [(s.what, s.text) for s in steps] == told
    assert [s.text for s in brief([steps[1], steps[3]])] == ["4 damaged lines"]


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


def test_what_a_tool_prints_again_is_not_come_back_for(home: Home) -> None:
    def ran(n: int, boundary: str = "") -> list[Record]:
        printed = record(
            "--- FAIL: TestDrain (0.01s)\nerror: no such ring", n=n, block=1, kind="tool_result", role="tool",
            tool="Bash", boundary=boundary, rest={"tool_use_id": f"t{n}"},
        )  # fmt: skip
        return [call(n, "Bash", boundary=boundary, command="make drain"), printed]

    said = story(*ran(10, "session-a-8"))
    with archive_of(home, [*said[:6], *ran(7), *said[7:]]) as con:
        one = only(losses(con, "session-a"))
    back_for = {
        row.kind: row.came_back for row in one.rows if row.value in ("make drain",) or row.by == "tool"
    }
    assert back_for == {"command": 1, "test": None, "error": None}
    assert verdict(k.count for k in one.kinds).startswith(
        "lost: 0 of 1 instruction, 1 of 3 files, 2 of 2 commands; and "
    )


def test_a_folder_a_shell_searched_is_ranked_below_files(home: Home) -> None:
    def ran(n: int, command: str) -> Record:
        rest = {"line": {"payload": {"arguments": json.dumps({"cmd": command}), "call_id": f"c{n}"}}}
        return record(f"cmd: {command}", n=n, kind="tool_use", role="assistant", tool="exec_command",
                      agent="codex", rest=rest)  # fmt: skip

    said = [ran(1, "cat a.py"), *(ran(n, f"rg -n word{n} docs apps .") for n in range(2, 10))]
    cut = record("", n=10, kind="compaction", role="system", boundary="session-a-10", agent="codex")
    with archive_of(home, [*said, cut]) as con:
        files = [row.value for row in only(losses(con, "session-a")).rows if row.kind == "file"]
    assert files[0] == "a.py" and set(files[1:]) == {"docs", "apps", "."}


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
        one = only(losses(con, "session-a"))
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


def live_session(path: Path, run_hook: Run, drain: Callable[[], object], last: str) -> None:
    """A host writes its transcript and calls the hooks; two compactions, whose hooks come in another order each.

    last: a line that is written only when all hooks of the second compaction are over.
    """
    count = 0

    def grow(*lines: dict[str, Any]) -> None:
        nonlocal count
        with path.open("a") as file:
            for line in lines:
                count += 1
                stamp = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
                whole = {
                    "sessionId": SESSION,
                    "cwd": "/w",
                    "uuid": f"u{count}",
                    "timestamp": stamp.replace("+00:00", "Z"),
                }
                file.write(json.dumps({**whole, **line}) + "\n")
                time.sleep(0.002)

    def hook(name: str, **more: Any) -> None:
        run_hook(
            name,
            {
                "session_id": SESSION,
                "transcript_path": str(path),
                "cwd": "/w",
                "hook_event_name": name,
                **more,
            },
        )

    def tool(name: str, **given: Any) -> dict[str, Any]:
        block = {"type": "tool_use", "id": f"toolu_{count + 1}", "name": name, "input": given}
        return {"type": "assistant", "message": {"role": "assistant", "content": [block]}}

    def boundary(tokens: int) -> dict[str, Any]:
        return {"type": "system", "subtype": "compact_boundary", "content": "Conversation compacted",
                "compactMetadata": {"trigger": "auto", "preTokens": tokens}}  # fmt: skip

    def summary(text: str) -> dict[str, Any]:
        return {"type": "user", "isCompactSummary": True, "message": {"role": "user", "content": text}}

    grow(tool("Edit", file_path="/w/left.py", old_string="a"), tool("Bash", command="make"))
    hook("PreCompact", trigger="auto", custom_instructions="")
    drain()
    grow(boundary(15_500), summary("We ran make."))
    hook("SessionStart", source="compact")
    hook("PostCompact", trigger="auto", compact_summary="We ran make.")
    drain()
    grow(tool("Read", file_path="/w/left.py"))
    hook("Stop")
    hook("PreCompact", trigger="auto", custom_instructions="")
    hook("PostCompact", trigger="auto", compact_summary="We read left.py.")
    hook("SessionStart", source="compact")
    drain()
    if last:
        grow(boundary(9_000), summary("We read left.py."), tool("Bash", command=last))
    hook("Stop")
    drain()


@pytest.mark.slow
@pytest.mark.parametrize("last", ["make test", ""])
def test_a_session_captured_live_has_as_many_compactions_as_its_file_or_its_hooks_say(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path, last: str
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    live_session(path, run_hook, lambda: client.drain(home, settings), last)
    in_file = sum(
        json.loads(line).get("subtype") == "compact_boundary" for line in path.read_text().splitlines()
    )
    assert in_file == (2 if last else 1), "counted without memlog"
    with reading(home) as con:
        told = con.execute("SELECT event, count(*) FROM v_event WHERE event LIKE '%Compact' OR data LIKE '%compact\"%'"
                           " GROUP BY 1 ORDER BY 1").fetchall()  # fmt: skip
        first, second = losses(con, SESSION)
        assert [row.epoch for row in trend(con, Selection())] == [0, 1]
        assert con.execute("SELECT compactions FROM v_session").fetchall() == [(2,)]
    assert told == [("PostCompact", 2), ("PreCompact", 2), ("SessionStart", 2)], "every hook was heard"
    assert {row.value: (row.kept, row.came_back) for row in first.rows} == {
        "/w/left.py": (None, 1), "make": ("verbatim", 0),
    }  # fmt: skip
    assert (first.trigger, first.tokens_before, first.source, first.unseen) == (
        "auto",
        15_500,
        "transcript",
        (),
    )
    assert {row.value: (row.kept, row.came_back) for row in second.rows} == {
        "/w/left.py": ("name", 0 if last else None)
    }
    if last:
        assert (second.tokens_before, second.source, second.unseen) == (9_000, "transcript", ())
    else:
        assert second.source == "PostCompact" and "no boundary line" in second.unseen[0]


def test_each_record_is_read_once_whatever_is_asked_of_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [record("Conversation compacted", n=12, kind="compaction", role="system", boundary="session-a-12"),
             call(13, "Read", boundary="session-a-12", file_path="/w/gone.py")]  # fmt: skip
    read: Counter[int] = Counter()
    step = extract.step

    def spied(said: Said, waiting: dict[str, Fact]) -> Iterator[Fact]:
        read[said.id] += 1
        return step(said, waiting)

    with archive_of(home, story(back(10, file_path="/w/gone.py")), later) as con:
        apart = [only(losses(con, "session-a", epoch=epoch)) for epoch in (0, 1)]
        monkeypatch.setattr(extract, "step", spied)
        assert list(losses(con, "session-a")) == apart, "together they say what each says by itself"
        assert set(read.values()) == {1} and len(read) == 11, "all but the subagent's"
        read.clear()
        part = slice.cut(con, Selection(), ["session-a"], now_ns=NOW_NS)
        post_mortem.write(con, part, str(tmp_path / "bundle"), now_ns=NOW_NS)
    assert set(read.values()) == {1} and len(read) == 12
    with sqlite3.connect(tmp_path / "bundle/incident.db") as made:
        kept = made.execute("SELECT epoch, kind, value, kept, came_back FROM kept").fetchall()
        aside = made.execute("SELECT value FROM fact WHERE aside = 1").fetchall()
    assert kept == [(one.epoch, r.kind, r.value, r.kept, r.came_back) for one in apart for r in one.rows]
    assert aside == [("/w/aside.py",)]


def test_two_epochs_differ_by_their_facts(home: Home) -> None:
    with archive_of(home, story(back(10, file_path="/w/gone.py"), back(11, file_path="/w/new.py"))) as con:
        found = {
            (row.value, row.side)
            for row in diff(con, "session-a@0", "session-a@1", kinds=["file"], same=True)
        }
        assert found == {
            ("/w/kept_whole.py", "a"), ("/w/by_name.py", "a"), ("/w/gone.py", "both"), ("/w/new.py", "b"),
        }  # fmt: skip
        with pytest.raises(NotFoundError, match="has no epoch 9"):
            diff(con, "session-a@9", "session-a")


def bash(n: int, command: str, *, boundary: str = "", **line: Any) -> Record:
    rest = {"id": f"t{n}", "input": {"command": command}, "line": {"isSidechain": False, **line}}
    return record(f"command: {command}", n=n, kind="tool_use", role="assistant", tool="Bash", boundary=boundary,
                  rest=rest, project="/w")  # fmt: skip


def test_a_file_is_one_fact_however_its_name_was_written_where_the_folder_is_certain(home: Home) -> None:
    def read(n: int, path: str, boundary: str = "") -> Record:
        return call(n, "Read", boundary=boundary, file_path=path)._replace(project="/w")

    said = [
        read(1, "/w/src/one.py"), bash(2, "cat src/one.py ./src/one.py"), bash(3, "cd src && cat one.py"),
        bash(4, "cat ../src/one.py", cwd="/w/docs"), read(5, "/w/src/two.py"),
        bash(6, "make build; cd src; ls; cat two.py"), bash(7, "pushd lib; cat src/two.py"),
        bash(8, "cat src/two.py", cwd=None), bash(9, "cat $HERE/two.py"),
        record("Conversation compacted", n=10, kind="compaction", role="system", boundary="session-a-10"),
        record("We read src/one.py.", n=11, kind="summary", boundary="session-a-10"),
        bash(12, "cat src/one.py", boundary="session-a-10"),
    ]  # fmt: skip
    with archive_of(home, said) as con:
        files = {
            r.value: (r.uses, r.kept, r.came_back)
            for r in only(losses(con, "session-a")).rows
            if r.kind == "file"
        }
        sides = {r.value: r.side for r in diff(con, "session-a@0", "session-a@1", kinds=["file"], same=True)}
    assert files.pop("/w/src/one.py") == (5, "verbatim", 1)
    assert files.pop("/w/src/two.py") == (1, None, 0)
    assert {value: found[0] for value, found in files.items()} == {
        "two.py": 1, "src/two.py": 2, "$HERE/two.py": 1,
    }, "a shell that went elsewhere, a folder not told, a variable: these may be others"  # fmt: skip
    assert sides["../src/one.py"] == "both" and "src/one.py" not in sides


def test_sessions_of_two_checkouts_are_compared_by_the_paths_within(home: Home) -> None:
    there = bash(1, "cat src/one.py ../out.py")._replace(
        session="session-b", source_id="b-1", project="/other"
    )
    here = [bash(1, "cat /w/src/one.py /out.py /w/src/mine.py")]
    with archive_of(home, here, [there]) as con:
        sides = {r.value: r.side for r in diff(con, "session-a", "session-b", kinds=["file"], same=True)}
    assert sides == {"/w/src/one.py": "both", "/w/src/mine.py": "a", "/out.py": "both"}


def test_a_brief_timeline_joins_calls_alike_and_keeps_failures_and_compactions(home: Home) -> None:
    reads = [call(n, "Read", file_path=f"/w/{n}.py") for n in (2, 3, 4)]
    failed = record(
        "boom", n=6, kind="tool_result", role="tool", tool="Bash", error=True, rest={"tool_use_id": "t5"}
    )
    said = [
        record("go", n=1),
        *reads,
        call(5, "Bash", command="make"),
        failed,
        record("done", n=7, role="assistant"),
    ]
    with archive_of(home, [*said, *story()[7:]]) as con:
        steps = brief(timeline(con, Selection(session="session-a"), now_ns=NOW_NS))
        near = timeline(con, Selection(), now_ns=NOW_NS, around=str(steps[2].id), before=1, after=2)
    assert [(s.what, s.text) for s in steps[:4]] == [
        ("prompt", "go"), ("tool", "3 × 2.py, 3.py, 4.py"), ("tool", "make"), ("reply", "done"),
    ]  # fmt: skip
    assert steps[2].outcome == "failed: boom" and "compaction" in {s.what for s in steps}
    assert len(near) == 2  # the read before; the call and its answer


def test_a_brief_timeline_around_a_record_has_as_many_lines_on_each_side_as_were_asked_for(
    home: Home,
) -> None:
    """Two hundred greps are one line: what mattered before and after them is found behind."""

    def answer(n: int, text: str, error: bool = False) -> Record:
        rest = {"tool_use_id": f"t{n}"}
        return record(
            text, n=n, block=1, kind="tool_result", role="tool", tool="Grep", error=error, rest=rest
        )

    greps = {n: [call(n, "Grep", pattern=f"p{n}"), answer(n, "no", error=n == 250)] for n in range(200, 330)}
    said = [
        record("fix the drain", n=1),
        call(2, "Edit", file_path="/w/drain.py"),
        record("push it", n=500),
        call(501, "Bash", command="git push"),
    ]
    with archive_of(home, said, [one for pair in greps.values() for one in pair]) as con:
        ids = {row[0]: row[1] for row in con.execute("SELECT source_id, min(id) FROM record GROUP BY 1")}
        (answered,) = con.execute("SELECT max(id) FROM record WHERE source_id = 'session-a-300'").fetchone()
        near = {"now_ns": NOW_NS, "before": 3, "after": 3}
        failed = stretch(con, Selection(), around=str(ids["session-a-250"]), **near)
        within = stretch(con, Selection(), around=str(answered), **near)
        at_time = stretch(con, Selection(session="session-a"), around=failed[3].ts, **near)
        latest = stretch(con, Selection(session="session-a"), now_ns=NOW_NS, limit=3)
    texts = [step.text for step in failed]
    assert texts[:2] == ["fix the drain", "/w/drain.py"] and texts[2].startswith("50 × p200")
    assert texts[3] == "p250" and failed[3].outcome == "failed: no"
    assert texts[4].startswith("79 × p251") and texts[5:] == ["push it", "git push"]
    assert [step.text[:10] for step in within] == [
        "50 × p200,", "p250", "49 × p251,", "p300", "29 × p301,", "push it", "git push",
    ], "an answer has the line of its call"  # fmt: skip
    assert [step.text for step in at_time] == texts[:-1], "from a time on are three lines, its own among them"
    assert [step.text[:10] for step in latest] == ["79 × p251,", "push it", "git push"]


def test_a_timeline_says_of_a_plan_how_far_it_is(home: Home) -> None:
    items = [("read it", "completed"), ("mend it", "in_progress"), ("test it", "pending")]
    text = "todos:\n" + "\n".join(f"content: {item}\nstatus: {state}\nactiveForm: -" for item, state in items)
    with archive_of(home, [record(text, n=1, kind="tool_use", role="assistant", tool="TodoWrite")]) as con:
        assert [step.text for step in timeline(con, Selection(), now_ns=NOW_NS)] == ["1 of 3 done: mend it"]


def test_calls_of_every_agent_carry_their_outcome_in_a_timeline(home: Home) -> None:
    ways = {
        "codex": {"line": {"payload": {"call_id": "c"}}}, "swe-agent": {"line": {"tool_call_ids": ["c"]}},
        "copilot-cli": {"line": {"data": {"toolCallId": "c"}}}, "claude-code": {"tool_use_id": "c"},
    }  # fmt: skip
    said = [
        record(text, n=n, kind=kind, role=role, tool="sh", agent=agent, session=agent, rest=rest)
        for agent, rest in ways.items()
        for n, (kind, role, text) in enumerate(
            [("tool_use", "assistant", "command: ls"), ("tool_result", "tool", "x")]
        )
    ]
    with archive_of(home, said) as con:
        steps = timeline(con, Selection(), now_ns=NOW_NS)
    assert {step.agent: (step.text, step.outcome) for step in steps} == dict.fromkeys(ways, ("ls", "ok"))
    assert len(steps) == len(ways)


def tidy(*said: Record, summary: str = "We did some work.", after: tuple[Record, ...] = ()) -> list[Record]:
    """These records, a compaction, its summary, and what came then."""
    told = [
        record("Conversation compacted", n=80, kind="compaction", role="system", boundary="session-a-80"),
        record(summary, n=81, kind="summary", boundary="session-a-80"),
    ]
    return [*said, *told, *after]


def test_a_rule_the_summary_dropped_comes_before_requests_and_decisions(home: Home) -> None:
    said = [
        record("Never push to main without my approval.", n=1), record("Use ruff, not black.", n=2),
        record("Run the tests after every change.", n=3), record("rename the module drain to empty", n=40),
        record("I'll keep it synchronous because the lock is not reentrant.", n=41, role="assistant"),
        *(record(text, n=n) for n, text in enumerate(["go on", "go on", "fix it", "continue", "yes"], 50)),
    ]  # fmt: skip
    with archive_of(home, tidy(*said, summary="We use ruff, not black.")) as con:
        rows = only(losses(con, "session-a")).rows
    texts = [row.value for row in rows]
    assert texts[:2] == ["Run the tests after every change.", "Never push to main without my approval."]
    assert texts[2:4] == ["Use ruff, not black.", "rename the module drain to empty"], (
        "a rule that was kept, too"
    )
    assert not {"go on", "fix it", "continue", "yes"} & set(texts)
    assert [row.weight for row in rows] == sorted((row.weight for row in rows), reverse=True)


def test_an_item_that_was_finished_is_no_loss(home: Home) -> None:
    items = [("write the parser", "completed"), ("write the tests", "completed"), ("publish it", "pending")]
    given = [{"content": item, "status": state} for item, state in items]
    text = "todos:\n" + "\n".join(f"content: {item}\nstatus: {state}" for item, state in items)
    plan = record(
        text, n=1, kind="tool_use", role="assistant", tool="TodoWrite",
        rest={"id": "t1", "input": {"todos": given}},
    )  # fmt: skip
    with archive_of(home, tidy(plan)) as con:
        one = only(losses(con, "session-a"))
    assert [(row.value, row.kept) for row in one.rows] == [
        ("publish it", None), ("write the parser", "done"), ("write the tests", "done"),
    ]  # fmt: skip
    assert verdict(kind.count for kind in one.kinds) == "lost: 1 of 1 plan item"
    assert [row.value for row in shortened(one, missing=True).rows] == ["publish it"]


def test_a_command_is_come_back_for_whatever_filters_it_and_whatever_runs_beside_it(home: Home) -> None:
    at = {"boundary": "session-a-80"}
    later = (
        bash(90, "mise run lint 2>&1 | head -50", **at),
        bash(91, "cd /w/sub && mise run lint && mise run test", **at),
        bash(92, "mise run lint:css", **at),
    )
    had = (bash(1, "mise run lint 2>&1"), bash(2, "cat > a.txt <<'E'\none\nE"), bash(3, "mise run test 2>&1"))
    with archive_of(home, tidy(*had, after=(*later, bash(93, "cat > a.txt <<'E'\ntwo\nE", **at)))) as con:
        back = {row.value: row.came_back for row in only(losses(con, "session-a")).rows}
        both = {row.value for row in diff(con, "session-a@0", "session-a@1", kinds=["command"], same=True)
                if row.side == "both"}  # fmt: skip
    assert back == {
        "mise run lint 2>&1": 2, "mise run test 2>&1": 1, "a.txt": 1, "cat > a.txt <<'E'\none\nE": 0,
    }  # fmt: skip
    assert both == {"mise run lint 2>&1"}


def test_a_brief_timeline_joins_commands_only_where_they_do_the_same(home: Home) -> None:
    """A push hides behind no test: in another call, on another line of a script, behind `&&`, beyond the cut."""
    tests = [bash(n, f"pytest tests/test_{n}.py -q") for n in (1, 2)]
    alone = [
        "git push origin main", "git status", "pytest tests -q && git push", "pytest tests/a.py -q\ngit push",
        "pytest " + "tests/a.py " * 20 + "; git push", "sudo pytest -q | xargs git push",
        "bash -c 'git push'", "python a.py", "python b.py", "cat a.txt", "cat > a.txt",
    ]  # fmt: skip
    said = [*tests, *(bash(n, command) for n, command in enumerate(alone, 10))]
    with archive_of(home, said) as con:
        texts = [step.text for step in brief(timeline(con, Selection(), now_ns=NOW_NS))]
    assert texts[0] == "2 × pytest tests/test_1.py -q, pytest tests/test_2.py -q"
    assert texts[1:4] == alone[:3] and texts[4] == "pytest tests/a.py -q ⏎ git push"
    assert len(texts) == 1 + len(alone), "each by itself"


def test_a_brief_timeline_leaves_out_hooks_that_say_what_a_record_says(home: Home) -> None:
    said = [
        record("mend the drain", n=1), call(2, "Read", file_path="/w/a.py"), record("done", n=3, role="assistant")
    ]  # fmt: skip
    told = [
        event("UserPromptSubmit", ts_ns=said[0].ts_ns + 9, prompt="mend the drain"),
        event("Stop", ts_ns=said[2].ts_ns + 9, stop_hook_active=False),
        event("UserPromptSubmit", ts_ns=said[2].ts_ns + 20, prompt="a prompt no record holds"),
        event("PreCompact", ts_ns=said[2].ts_ns + 30, trigger="auto"),
    ]
    with archive_of(home, said, told) as con:
        whole = timeline(con, Selection(), now_ns=NOW_NS)
    assert [step.text for step in brief(whole) if step.what == "hook"] == [
        "UserPromptSubmit a prompt no record holds", "PreCompact auto",
    ]  # fmt: skip
    assert sum(step.what == "hook" for step in whole) == len(told)


@pytest.mark.data
@pytest.mark.slow
def test_every_compaction_of_real_sessions_has_its_report(home: Home, run_memlog: Run) -> None:
    transcripts = files("claude-code", "*.gz") + files("codex", "*.gz")
    run_memlog("import", "claude-code", str(transcripts[0].parent), check=0, timeout=250)
    run_memlog("import", "codex", str(files("codex", "*.gz")[0].parent), check=0, timeout=250)
    boundaries = 0
    for path in transcripts:
        for line in unzipped(path).splitlines():
            body = json.loads(line) if b"compact" in line else {}
            boundaries += body.get("subtype") == "compact_boundary" or body.get("type") == "compacted"
    con = open_reader(home.archive)
    found = list(trend(con, Selection()))
    con.close()
    assert len(found) == boundaries == 30
    assert all(row.facts and row.kept + row.lost == row.facts for row in found)


@pytest.mark.data
@pytest.mark.slow
def test_what_agents_come_back_for_is_ranked_before_what_they_used_most(home: Home, run_memlog: Run) -> None:
    transcripts = files("claude-code", "*.gz")
    run_memlog("import", "claude-code", str(transcripts[0].parent), check=0, timeout=250)
    memlog = Path(sys.executable).with_name("memlog")
    command = f"{memlog} --home {home.root} query lost {{session}} --epoch {{epoch}} --limit 200 --json"
    script = [sys.executable, str(SHARED / "tools/comeback_eval.py"), *map(str, transcripts)]

    def share(*options: str) -> dict[str, float]:
        told = subprocess.run([*script, *options], capture_output=True, text=True, check=True).stdout
        return {line.split()[0]: float(line.split()[3]) for line in told.splitlines() if " all " in line}

    for k, reach in (("5", 0.60), ("10", 0.80)):
        ours = share("-k", k, "--cmd", command)["memlog"]
        assert ours >= reach and ours > share("-k", k)["frequent"] + 0.08


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
