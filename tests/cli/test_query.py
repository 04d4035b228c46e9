"""`memlog query …`: rows in every format, text for people, and exit codes."""

import csv
import io
import json
import subprocess
from collections.abc import Callable

import pytest

from archives import HOUR, MINUTE, NOW_NS, conversation, event, fill, reading, record
from memlog.paths import Home
from memlog.record import encode

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def told(home: Home) -> Home:
    long = "\n".join(f"row {n}" for n in range(60))
    fill(
        home,
        conversation(["please list the files", "I will"], ts_ns=NOW_NS - HOUR),
        [
            record("command: ls", n=5, kind="tool_use", role="assistant", tool="Bash", rest={"id": "c"}, ts_ns=NOW_NS - 9 * MINUTE),
            record(long, n=6, kind="tool_result", role="tool", tool="Bash", rest={"tool_use_id": "c"}, ts_ns=NOW_NS - 8 * MINUTE),
            record("bookkeeping", n=7, kind="meta", role=None, ts_ns=NOW_NS - 8 * MINUTE),
            record("Conversation compacted", n=8, kind="compaction", role="system", boundary="session-a-8", ts_ns=NOW_NS - 7 * MINUTE,
                   rest={"line": {"compactMetadata": {"trigger": "manual", "preTokens": 9_000}}}),
            record("after it", n=9, boundary="session-a-8", ts_ns=NOW_NS - 6 * MINUTE),
        ],
        [event("PreCompact", ts_ns=NOW_NS - 7 * MINUTE - 1, trigger="manual")],
    )  # fmt: skip
    return home


VIEWS = {"sessions": "v_session", "epochs": "v_epoch", "gaps": "v_gap"}


@pytest.mark.parametrize("command", VIEWS)
def test_rows_have_the_names_of_the_view(told: Home, run_memlog: Run, command: str) -> None:
    with reading(told) as con:
        con.execute("BEGIN")
        columns = [c[0] for c in con.execute(f"SELECT * FROM {VIEWS[command]} LIMIT 0").description]
        count = con.execute(f"SELECT count(*) FROM {VIEWS[command]}").fetchone()[0]
    rows = json.loads(run_memlog("query", command, check=0).stdout)
    assert len(rows) == count
    assert all(list(row) == columns for row in rows)


def test_a_sessions_records_have_the_names_of_the_view(told: Home, run_memlog: Run) -> None:
    with reading(told) as con:
        columns = [c[0] for c in con.execute("SELECT * FROM v_record LIMIT 0").description]
        rows = con.execute("SELECT id, text, kind FROM v_record ORDER BY epoch, ts_ns, id").fetchall()
    found = json.loads(run_memlog("query", "session", "session-a", "--json", check=0).stdout)
    assert set(columns) <= set(found[0])
    assert [(row["id"], row["text"], row["kind"]) for row in found] == rows
    narrowed = run_memlog(
        "query", "session", "last", "--kind", "tool_use", "--kind", "tool_result", "--nl", check=0
    )
    assert [json.loads(line)["kind"] for line in narrowed.stdout.splitlines()] == ["tool_use", "tool_result"]


def test_the_end_of_a_session_is_read_without_the_rest(told: Home, run_memlog: Run) -> None:
    rows = json.loads(run_memlog("query", "session", "last", "--limit", "2", "--json", check=0).stdout)
    assert [row["text"] for row in rows] == ["Conversation compacted", "after it"]
    text = run_memlog("query", "session", "last", "--limit", "3", check=0).stdout
    assert "after it" in text and "row 0" in text and "command: ls" not in text and "bookkeeping" not in text


@pytest.mark.slow
def test_bytes_that_are_not_utf_8_are_said_and_end_nothing(told: Home, run_memlog: Run) -> None:
    odd = "\udcff\udcfe"  # what argv makes of the bytes ff fe
    for words in (
        ["query", "search", odd], ["query", "search", "files", "--agent", odd], ["query", "search", "files", "--project", odd],
        ["query", "search", "--since", odd, "x"], ["query", "session", odd], ["query", "sessions", "--project", odd],
        ["query", "sessions", "--agent", odd], ["query", "timeline", "--agent", odd], ["query", "record", odd],
        ["query", "gaps", odd], ["query", "sql", f"select '{odd}'"], ["query", "sql", "select :x", "-p", "x", odd],
        ["install", "claude-code", "--plugin", f"{told.root}/{odd}"], ["export", "jsonl", "--session", odd], [odd],
    ):  # fmt: skip
        done = run_memlog(*words)
        assert done.returncode in (0, 2, 3) and "internal error" not in done.stderr, (words, done.stderr)


@pytest.mark.parametrize("words", [["→"], ["…"], ["-→"], ["!!!", "→"], ["\udcff"]])
def test_words_that_hold_nothing_to_search_are_named(told: Home, run_memlog: Run, words: list[str]) -> None:
    done = run_memlog("query", "search", *words, check=0)
    assert done.stdout == "[]\n"
    assert "can be searched for: it has neither letter nor digit" in done.stderr


def test_a_filter_beside_such_words_still_counts_and_they_are_named(told: Home, run_memlog: Run) -> None:
    done = run_memlog("query", "search", "→", "kind:tool_use", check=0)
    assert [row["kind"] for row in json.loads(done.stdout)] == ["tool_use"]
    assert "nothing in '→' can be searched for" in done.stderr


def test_a_session_is_text_for_a_person(told: Home, run_memlog: Run) -> None:
    text = run_memlog("query", "session", "sess", check=0).stdout
    assert text.startswith(
        "please list the files\nclaude-code  session-a  memlog\n2026-03-05 13:30Z to 14:24Z (54 m)"
    )
    assert "epoch 0" in text and "epoch 1" in text and "compacted (manual, 9,000 tokens before)" in text
    assert "row 11\n" in text and "row 40" not in text and "48 lines more" in text
    assert "bookkeeping" not in text
    assert "row 59" in run_memlog("query", "session", "last", "--full", check=0).stdout
    assert "bookkeeping" in run_memlog("query", "session", "last", "--meta", check=0).stdout
    only = run_memlog("query", "session", "last", "--epoch", "1", check=0).stdout
    assert "after it" in only and "please list" not in only.split("\n", 3)[3]


def test_a_record_comes_whole_or_as_its_bytes(told: Home, run_memlog: Run) -> None:
    [row] = json.loads(run_memlog("query", "record", "session-a-5", check=0).stdout)
    assert row["text"] == "command: ls" and row["extra"] == {"id": "c"} and row["tool"] == "Bash"
    [same] = json.loads(run_memlog("query", "record", str(row["id"]), check=0).stdout)
    assert same == row
    raw = run_memlog("query", "record", str(row["id"]), "--raw", check=0).stdout
    whole = record(
        "command: ls",
        n=5,
        kind="tool_use",
        role="assistant",
        tool="Bash",
        rest={"id": "c"},
        ts_ns=NOW_NS - 9 * MINUTE,
    )
    assert raw.encode("utf-8", "surrogateescape") == encode(whole)[0]
    assert "no record has" in run_memlog("query", "record", "nothing", check=3).stderr


def test_a_timeline_is_a_line_each(told: Home, run_memlog: Run) -> None:
    rows = json.loads(run_memlog("query", "timeline", "session-a", check=0).stdout)
    assert [(row["what"], row["outcome"]) for row in rows] == [
        ("prompt", None), ("reply", None), ("tool", "ok"), ("hook", None), ("compaction", None), ("prompt", None),
    ]  # fmt: skip
    around = json.loads(
        run_memlog("query", "timeline", "--around", str(rows[-1]["id"]), "--limit", "2", check=0).stdout
    )
    assert [row["what"] for row in around] == ["compaction", "prompt"]


@pytest.mark.slow
def test_every_command_with_rows_speaks_every_format(told: Home, run_memlog: Run) -> None:
    for words in (
        ["sessions"],
        ["epochs"],
        ["timeline"],
        ["search", "files"],
        ["sql", "select kind, id from v_record"],
    ):
        rows = json.loads(run_memlog("query", *words, "--json", check=0).stdout)
        lines = run_memlog("query", *words, "--nl", check=0).stdout.splitlines()
        assert [json.loads(line) for line in lines] == rows
        parsed = list(csv.reader(io.StringIO(run_memlog("query", *words, "--csv", check=0).stdout)))
        assert parsed[0] == list(rows[0]) and len(parsed) == len(rows) + 1
        tabs = run_memlog("query", *words, "--tsv", "--no-headers", check=0).stdout
        assert len(list(csv.reader(io.StringIO(tabs), delimiter="\t"))) == len(rows)
        assert "─" not in run_memlog("query", *words, "--table", check=0).stdout
        assert run_memlog("query", *words, "--fmt", "github", check=0).stdout.startswith("|")


def test_sql_takes_values_and_says_what_it_left_out(told: Home, run_memlog: Run) -> None:
    line = [
        "query",
        "sql",
        "select source_id from v_record where kind = :k and parts = :n",
        "-p",
        "k",
        "tool_use",
        "-p",
        "n",
        "1",
    ]
    assert json.loads(run_memlog(*line, check=0).stdout) == [{"source_id": "session-a-5"}]
    cut = run_memlog("query", "sql", "select id from v_record", check=0, env={"MEMLOG_SQL_ROWS": "3"})
    assert len(json.loads(cut.stdout)) == 3 and "only the first 3 rows" in cut.stderr
    piped = run_memlog("query", "sql", "-", check=0, input="select 1 as one")
    assert json.loads(piped.stdout) == [{"one": 1}]
    for statement in (
        "pragma journal_mode = delete",
        "attach 'x' as y",
        "delete from record",
        "select 1; select 2",
        "selec",
    ):
        assert run_memlog("query", "sql", statement, check=2).stdout == ""


def test_exit_codes_and_hints(home: Home, run_memlog: Run) -> None:
    for words in (
        ["sessions"],
        ["session", "x"],
        ["timeline"],
        ["sql", "select 1"],
        ["gaps"],
        ["epochs"],
        ["record", "1"],
    ):
        done = run_memlog("query", *words, check=3)
        assert "next: memlog up" in done.stderr and done.stdout == ""
    fill(home, conversation(["hello"]))
    assert run_memlog("query", "gaps", check=0).stdout == "[]\n"
    assert run_memlog("query", "sessions", "--project", "nowhere", check=0).stdout == "[]\n"
    for words in (
        ["session", "nowhere"],
        ["epochs", "nowhere"],
        ["timeline", "nowhere"],
        ["gaps", "nowhere"],
    ):
        assert "no session is called 'nowhere'" in run_memlog("query", *words, check=3).stderr
    assert "understood" in run_memlog("query", "sessions", "--since", "soon", check=2).stderr
    assert "no table style" in run_memlog("query", "sessions", "--fmt", "nice", check=2).stderr


def test_what_does_not_fit_is_said_beside_the_empty_answer(told: Home, run_memlog: Run) -> None:
    said = run_memlog("query", "session", "session-a", "--agent", "nope", check=3).stderr
    assert "session session-a is of agent claude-code, not of 'nope'" in said
    assert "not empty" in run_memlog("query", "session", "", check=2).stderr
    for words in (["sessions"], ["epochs"], ["timeline"], ["gaps"], ["search", "files"]):
        done = run_memlog("query", *words, "--agent", "nope", check=0)
        assert json.loads(done.stdout) == [] and "no session has the agent 'nope'" in done.stderr
    assert "no session has the project '/x'" in run_memlog("export", "csv", "--project", "/x", check=0).stderr
    for form in ([], ["--json"]):
        done = run_memlog("query", "session", "last", "--epoch", "99", *form, check=0)
        assert done.stderr == "session session-a has no epoch 99 (0–1)\n"
        done = run_memlog(
            "query", "session", "last", "--since", "2001-02-03", "--until", "2001-02-03", *form, check=0
        )
        assert done.stderr.startswith("nothing of session session-a in that time: it runs from 2026-03-0")
    assert run_memlog("query", "session", "last", "--epoch", "1", check=0).stderr == ""


def test_a_time_that_is_none_names_the_help_of_the_command_it_was_said_to(
    told: Home, run_memlog: Run
) -> None:
    for words in (
        ["show", "--since", "nan"],
        ["query", "timeline", "--around", "xx"],
        ["query", "sessions", "--since", "xx"],
    ):
        said = run_memlog(*words, check=2).stderr
        named = " ".join(word for word in words[:-2])
        assert "is no time; understood: 2026-03-05" in said and said.endswith(
            f"\nnext: memlog {named} --help\n"
        )


def test_an_ending_that_says_no_format_is_refused_unless_a_flag_says_it(told: Home, run_memlog: Run) -> None:
    for words in (["query", "sessions"], ["query", "search", "files"], ["query", "session", "last"]):
        done = run_memlog(*words, "-o", f"{told.root}/x.pdf", check=2)
        assert "the ending .pdf says no format\nnext: -o FILE with .json, " in done.stderr
    run_memlog("query", "sessions", "--csv", "-o", f"{told.root}/x.pdf", check=0)


def test_an_infinite_number_is_its_name_in_json(told: Home, run_memlog: Run) -> None:
    done = run_memlog("query", "sql", "select 1e999 as a, -1e999 as b, 0.5 as c", check=0)
    assert json.loads(done.stdout) == [{"a": "Infinity", "b": "-Infinity", "c": 0.5}]


def test_rows_that_were_left_out_come_with_the_way_to_them(told: Home, run_memlog: Run) -> None:
    many = "with recursive n(i) as (select 1 union all select i + 1 from n limit 1001) select i from n"
    done = run_memlog("query", "sql", many, check=0)
    assert len(json.loads(done.stdout)) == 1_000
    assert done.stderr.startswith(
        "only the first 1,000 rows are shown\nnext: MEMLOG_SQL_ROWS=100000 memlog query sql"
    )
    more = run_memlog("query", "sql", many, check=0, env={"MEMLOG_SQL_ROWS": "100000"})
    assert len(json.loads(more.stdout)) == 1_001 and more.stderr == ""
