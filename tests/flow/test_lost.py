"""What a compaction took: what was kept in which words, what is missed, in which order."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archives import MINUTE, NOW_NS, archive_of, record
from flow.compacted import back, bash, call, only, story, tidy
from memlog.errors import NotFoundError
from memlog.export import post_mortem
from memlog.paths import Home
from memlog.query import slice
from memlog.query.diff import diff
from memlog.query.facts import extract
from memlog.query.facts.fact import Fact, Said
from memlog.query.lost import losses, shortened
from memlog.query.selection import Selection
from memlog.query.trend import trend
from memlog.query.verdict import verdict
from memlog.record import Record


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


def test_a_trend_is_in_the_order_in_which_compactions_came(home: Home) -> None:
    """A session that went on for longest after its compaction is not the one compacted last."""
    late = [r._replace(session="session-b", ts_ns=r.ts_ns + MINUTE) for r in story()]
    early = [*story(), back(11, file_path="/w/gone.py")._replace(ts_ns=NOW_NS)]
    with archive_of(home, early, late) as con:
        rows = trend(con, Selection())
    assert [row.session for row in rows] == ["session-a", "session-b"]
    assert [row.ended for row in rows] == sorted(str(row.ended) for row in rows)


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


def test_the_sessions_own_folder_is_no_file_to_be_missed_first(home: Home) -> None:
    own, other = "/home/ann/memlog", "/home/ann/other"
    searches = [
        call(n, "Grep", pattern="x", path=path) for n, path in enumerate([own, own, own + "/", other], 2)
    ]
    with archive_of(home, tidy(*searches, call(8, "Read", file_path=f"{own}/a.py"))) as con:
        rows = only(losses(con, "session-a")).rows
    assert [row.value.rstrip("/") for row in rows] == [f"{own}/a.py", other, own]


def test_each_record_is_read_once_whatever_is_asked_of_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [record("Conversation compacted", n=12, kind="compaction", role="system", boundary="session-a-12"),
             call(13, "Read", boundary="session-a-12", file_path="/w/gone.py")]  # fmt: skip
    read: Counter[int] = Counter()
    step = extract.step

    def spied(said: Said, waiting: dict[str, Fact], *rest: Any) -> Iterator[Fact]:
        read[said.id] += 1
        return step(said, waiting, *rest)

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


def test_constraints_lost_begin_with_what_holds_from_now_on_in_any_language(
    home: Home, tmp_path: Path
) -> None:
    said = [
        record("Ne pousse jamais sur main sans mon accord.", n=1), record("Führe nach jeder Änderung die Tests aus.", n=2),
        record("每次修改后请运行测试。", n=3), *(record(f"please rename module{n} to part{n}", n=n) for n in range(40, 46)),
    ]  # fmt: skip
    with archive_of(home, tidy(*said, summary="Nothing was settled.")) as con:
        part = slice.cut(con, Selection(), ["session-a"], now_ns=NOW_NS)
        post_mortem.write(con, part, str(tmp_path / "bundle"), now_ns=NOW_NS)
    made = sqlite3.connect(tmp_path / "bundle/incident.db")
    (sql,) = made.execute("SELECT sql FROM query WHERE name = 'constraints lost'").fetchone()
    texts = [row[3] for row in made.execute(sql)]
    made.close()
    assert len(texts) == 9 and set(texts[:3]) == {one.text for one in said[:3]}


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


def test_commands_that_only_begin_alike_are_none_the_agent_came_back_for(home: Home) -> None:
    folder = "cd /home/somebody/projects/somewhere/deep/inside/of/a/tree && "
    first, other = folder + "sed -n '1,260p' one.py", folder + "sed -n '1,240p' two.py"
    after = (
        bash(82, other + " | head", boundary="session-a-80"), bash(83, other, boundary="session-a-80"),
    )  # fmt: skip
    said = tidy(bash(1, first), bash(2, other), bash(3, other), after=after)
    with archive_of(home, said) as con:
        rows = {row.value: row for row in only(losses(con, "session-a")).rows if row.kind == "command"}
        sides = {row.value: row.side for row in diff(con, "session-a@0", "session-a@1", kinds=["command"])}
    assert {value: (row.uses, row.came_back) for value, row in rows.items()} == {first: (1, 0), other: (2, 2)}
    assert sides == {first: "a"}
