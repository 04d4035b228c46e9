"""`memlog query lost|facts|diff` and the timeline's flags as a person and a program call them."""

import json
from dataclasses import replace

import pytest

from archives import fill, reading, record
from conftest import Run
from memlog.cli import differences, losses, terminal
from memlog.paths import Home
from memlog.query import lost
from memlog.query.diff import diff
from memlog.query.selection import Selection
from memlog.query.trend import trend
from memlog.record import Record


def _call(n: int, path: str, boundary: str = "") -> Record:
    return record(f"file_path: {path}", n=n, kind="tool_use", role="assistant", tool="Read", boundary=boundary,
                  rest={"id": f"t{n}", "input": {"file_path": path}})  # fmt: skip


@pytest.fixture
def told(home: Home) -> Home:
    """A session with one compaction, which kept one of two files."""
    fill(home, [
        record("always use tabs", n=1), _call(2, "/w/kept.py"), _call(3, "/w/gone.py"),
        record("Conversation compacted", n=4, kind="compaction", role="system", boundary="session-a-4"),
        record("We read kept.py.", n=5, kind="summary", boundary="session-a-4"),
        _call(6, "/w/gone.py", "session-a-4"),
    ])  # fmt: skip
    return home


def test_the_machine_form_of_lost_has_its_keys(told: Home, run_memlog: Run) -> None:
    done = run_memlog("query", "lost", "session-a", "--epoch", "0", "--limit", "20", "--json", check=0)
    rows = json.loads(done.stdout)
    assert {"kind", "value", "record", "kept", "weight"} <= rows[0].keys()
    assert {row["value"]: row["kept"] for row in rows} == {
        "/w/kept.py": "name", "/w/gone.py": None, "always use tabs": None,
    }  # fmt: skip
    assert [row["weight"] for row in rows] == sorted((row["weight"] for row in rows), reverse=True)
    missing = run_memlog("query", "lost", "session-a", "--missing", "--fact", "file", "--limit", "1", check=0)
    assert [row["value"] for row in json.loads(missing.stdout)] == ["/w/gone.py"]


def test_an_epoch_or_an_agent_a_session_has_not_is_said_once(told: Home, run_memlog: Run) -> None:
    for flags, what in ((("--epoch", "9"), "has no epoch 9 (0–1)"), (("--agent", "codex"), "is of agent")):
        done = run_memlog("query", "lost", "session-a", *flags, check=3)
        assert [line for line in done.stderr.splitlines() if "next:" not in line] == done.stderr.splitlines()[
            :1
        ]
        assert what in done.stderr and "no session has" not in done.stderr
    trend = run_memlog("query", "lost", "--agent", "codex", check=0)
    assert "no session has the agent 'codex'" in trend.stderr


def test_ratios_and_the_trend_count_the_same_facts(told: Home, run_memlog: Run) -> None:
    ratios = json.loads(run_memlog("query", "lost", "session-a", "--ratios", check=0).stdout)
    (row,) = json.loads(run_memlog("query", "lost", "--since", "3000d", check=0).stdout)
    assert sum(kind["facts"] for kind in ratios) == row["facts"] == row["kept"] + row["lost"] == 3
    none = run_memlog("query", "lost", "--until", "2001-01-01", check=0)
    assert json.loads(none.stdout) == [] and "no compaction is among what was asked for" in none.stderr


def test_counts_are_of_the_kinds_asked_for_and_nothing_said_is_passed_over(
    told: Home, run_memlog: Run
) -> None:
    def asked(*flags: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(run_memlog("query", "lost", *flags, check=0).stdout)
        return found

    (row,) = asked("--fact", "file")
    assert (row["facts"], row["kept"], row["lost"], row["ratio"]) == (2, 1, 1, 0.5)
    assert asked("--ratios") == asked("session-a", "--ratios") and len(asked("--ratios")) == 2
    assert asked("--ratios", "--fact", "file") == asked("session-a", "--ratios", "--fact", "file")
    assert [row["kind"] for row in asked("--ratios", "--fact", "file")] == ["file"]
    for flags in (("--missing",), ("--back",), ("--limit", "3"), ("session-a", "--ratios", "--missing")):
        assert "chooses among facts" in run_memlog("query", "lost", *flags, check=2).stderr


def test_an_epoch_without_a_session_or_without_a_compaction_is_refused(told: Home, run_memlog: Run) -> None:
    assert "an epoch is of a session" in run_memlog("query", "lost", "--epoch", "0", check=2).stderr
    assert "memlog query epochs" in run_memlog("query", "lost", "session-a", "--epoch", "1", check=3).stderr


def test_facts_are_cited_and_diff_takes_epochs(told: Home, run_memlog: Run) -> None:
    rows = json.loads(run_memlog("query", "facts", "session-a", "--fact", "file", check=0).stdout)
    assert [(row["value"], row["detail"], row["start"], row["end"]) for row in rows[:1]] == [
        ("/w/kept.py", "read", 11, 21)
    ]
    found = json.loads(run_memlog("query", "diff", "session-a@0", "session-a@1", check=0).stdout)
    assert {(row["side"], row["value"]) for row in found} == {("a", "/w/kept.py"), ("a", "always use tabs")}


def test_two_sessions_fit_a_narrow_terminal(told: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "size", lambda: (60, 24))
    with reading(told) as con:
        rows = diff(con, "session-a@0", "session-a@1", same=True)
    page = differences.page(rows, "session-a@0", "session-a@1")
    assert "A is session-a@0, B is session-a@1" in page and max(map(len, page.splitlines())) <= 60
    assert "instruction: 1 in A alone\n" in page and "files: 1 in A alone, 1 in both\n" in page
    assert [line.split()[:4] for line in page.splitlines() if "gone.py" in line] == [
        ["both", "1,", "1", "read"]
    ]


def test_what_was_lost_is_told_in_whole_words_on_a_narrow_terminal(
    told: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "size", lambda: (30, 24))
    with reading(told) as con:
        page = losses.page(lost.losses(con, "session-a"))
    at = page.index("lost: ")
    assert page[at:].startswith("lost: 1 of 1 instruction, 1 of\n2 files\n")


def test_the_trend_fits_a_narrow_terminal_and_names_what_can_be_asked_for(
    told: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "size", lambda: (80, 24))
    with reading(told) as con:
        (row,) = trend(con, Selection())
    page = losses.trend([row, *(replace(row, source=source, ratio=None) for source in ("context", "none"))])
    lines = page.splitlines()
    assert max(map(len, lines)) <= 80 and "…" not in page
    assert [line.split()[2:] for line in lines[2:]] == [
        ["session-a@0", "3", "2", "33%", "1"], ["session-a@0", "3", "2", "1", "no", "words"],
        ["session-a@0", "3", "1", "no", "summary"],
    ]  # fmt: skip


def test_before_and_after_need_a_place(told: Home, run_memlog: Run) -> None:
    assert "--around" in run_memlog("query", "timeline", "--before", "3", check=2).stderr
    rows = json.loads(run_memlog("query", "timeline", "session-a", "--brief", check=0).stdout)
    assert [row["text"] for row in rows if row["what"] == "tool"] == ["2 × kept.py, gone.py", "/w/gone.py"]


def test_a_place_in_another_session_is_said_to_be_one(told: Home, run_memlog: Run) -> None:
    fill(told, [record("elsewhere", n=1, session="session-b")])
    found = json.loads(run_memlog("query", "timeline", "session-b", check=0).stdout)
    place = ("--around", str(found[0]["id"]))
    other = run_memlog("query", "timeline", "session-a", *place, check=0)
    assert "is of session session-b" in other.stderr and json.loads(other.stdout)
    for own in (("session-b",), ()):
        assert "is of session" not in run_memlog("query", "timeline", *own, *place, check=0).stderr


def test_what_was_missed_says_what_was_done_with_it_then(told: Home, run_memlog: Run) -> None:
    (row,) = json.loads(run_memlog("query", "lost", "session-a", "--missing", "--back", check=0).stdout)
    assert (row["value"], row["came_back"], row["then"]) == ("/w/gone.py", 1, "read")


def test_facts_can_be_told_once_each_and_those_that_never_went_well_alone(
    home: Home, run_memlog: Run
) -> None:
    def ran(n: int, command: str, said: str, error: bool) -> list[Record]:
        rest = {"id": f"t{n}", "input": {"command": command}}
        return [
            record(f"command: {command}", n=n, kind="tool_use", role="assistant", tool="Bash", rest=rest),
            record(said, n=n, block=1, kind="tool_result", role="tool", tool="Bash", error=error, rest={"tool_use_id": f"t{n}"}),
        ]  # fmt: skip

    runs = [
        ran(1, "make", "Exit code 2", True),
        ran(2, "make", "done", False),
        ran(3, "make push", "Exit code 1", True),
    ]
    fill(home, [one for run in [*runs, ran(4, "make push", "Exit code 1", True)] for one in run])
    ask = ("query", "facts", "session-a", "--fact", "command", "--json")
    once = json.loads(run_memlog(*ask, "--once", check=0).stdout)
    assert [(row["value"], row["times"], row["details"]) for row in once] == [
        ("make push", 2, ["exit 1"]), ("make", 2, ["exit 2", "ok"]),
    ]  # fmt: skip
    assert [row["value"] for row in json.loads(run_memlog(*ask, "--failed", check=0).stdout)] == ["make push"]
