"""`memlog query search`: its answers keep the contract, and what is less than asked for is said."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from archives import NOW_NS, ROW_KEYS, conversation, fill, record
from conftest import Run
from memlog.cli import sample, search, terminal
from memlog.paths import Home


def test_a_search_is_json_in_a_pipe(home: Home, run_memlog: Run) -> None:
    fill(home, conversation(["the ring is full", "then drain the ring", "it drains"]))
    rows = json.loads(run_memlog("query", "search", "ring", check=0).stdout)
    assert {row["text"] for row in rows} == {"the ring is full", "then drain the ring"}
    assert set(rows[0]) >= ROW_KEYS
    lines = run_memlog("query", "search", "--nl", "--limit", "1", "ring", check=0).stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows[:1]
    table = run_memlog("query", "search", "ring", "--table", check=0).stdout
    assert "snippet" in table and "«ring»" in table
    bare = run_memlog("query", "search", "ring", "--tsv", "--no-headers", check=0).stdout.splitlines()
    assert len(bare) == 2 and "\t" in bare[0]
    github = run_memlog("query", "search", "ring", "--fmt", "github", check=0).stdout
    assert github.startswith("|") and "the «ring» is full" in github


def test_exit_codes_say_what_went_wrong(home: Home, run_memlog: Run) -> None:
    missing = run_memlog("query", "search", "x", check=3)
    assert "there is no archive yet" in missing.stderr and "next: memlog up" in missing.stderr
    fill(home, conversation(["the ring is full"]))
    assert run_memlog("query", "search", "nowhere", check=0).stdout == "[]\n"
    assert "say what to look for" in run_memlog("query", "search", check=2).stderr
    assert "understood: 2026-03-05" in run_memlog("query", "search", "x", "--since", "soon", check=2).stderr
    assert "column 1" in run_memlog("query", "search", "--raw", "AND", check=2).stderr
    nearest = run_memlog("query", "search", "ring", "--session", "sessionn-a", check=3)
    assert "nearest: session-a" in nearest.stderr and nearest.stdout == ""
    with open(home.archive, "r+b") as file:  # noqa: PTH123
        file.write(b"not a database at all")
    assert run_memlog("query", "search", "ring", check=6).stdout == ""


def test_what_is_less_than_asked_for_is_said_on_stderr(home: Home, run_memlog: Run) -> None:
    fill(home, conversation(["the ring is full", "drain it"]))
    relaxed = run_memlog("query", "search", "why is the ring full of drain?", check=0)
    assert [row["matched"] for row in json.loads(relaxed.stdout)] == ["any", "any"]
    assert relaxed.stderr == "no record has all of these words; these have any of ring, full, drain\n"
    relaxed = run_memlog("query", "search", "where is the ring, please, and what of pipes?", check=0)
    assert relaxed.stderr == ("no record has all of these words; these have any of ring, pipes\n")
    relaxed = run_memlog("query", "search", "is the ring full or what", check=0)
    assert [row["matched"] for row in json.loads(relaxed.stdout)] == ["most"]
    assert relaxed.stderr == "no record has all of these words; one record has ring and full in some form\n"
    noted = run_memlog("query", "search", "ring kind:snapshot", check=0)
    assert "kind:snapshot is searched for as words" in noted.stderr


@pytest.mark.parametrize("words", [["--open", "1"], ["ring"], ["ring", "--count"], ["ring", "--by-session"]])
def test_a_damaged_archive_is_said_to_be_one(
    home: Home, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(home, conversation(["the ring is full"]))
    with sqlite3.connect(home.archive) as con:
        con.execute("PRAGMA writable_schema = ON")
        con.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE session (' WHERE name = 'session'")
    con.close()
    assert search.main(words, home.root) == 6
    assert "malformed" in capsys.readouterr().err


def test_a_directory_in_the_place_of_the_archive_is_named(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(home.archive).mkdir(parents=True)
    assert search.main(["ring"], home.root) == 6
    said = capsys.readouterr().err
    assert "is a directory, not an archive" in said and "rebuild" not in said


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("a AND", "something is missing at column 6 of 'a AND'\nnext: without --raw"), ("\udcff", "column 1 is no UTF-8"),
        ("(" * 2000 + "a" + ")" * 2000, "parser stack overflow at column 4002\n"),
    ],
)  # fmt: skip
def test_a_raw_expression_that_is_wrong_is_said_in_our_words(
    home: Home, expression: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(home, conversation(["x"]))
    assert search.main(["--raw", expression], home.root) == 2
    assert said in capsys.readouterr().err


def test_remarks_and_tables_are_short(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, conversation(["x of a worktree " * 9], project="/srv/cli/.worktrees/1"))
    assert search.main(["x", "since:garbage"], home.root) == 0
    assert "'garbage' is no time\n" in capsys.readouterr().err
    assert search.main(["x", "--fmt", "gitub"], home.root) == 2
    said = capsys.readouterr().err
    assert "some are github, grid" in said and len(said) < 120
    monkeypatch.setattr(terminal, "is_terminal", lambda stream=None: True)
    monkeypatch.setenv("NO_PAGER", "1")
    assert search.main(["worktree", "--table"], home.root) == 0
    assert "x of a «worktree» x of a" in capsys.readouterr().out
    assert search.main(["worktree"], home.root) == 0
    assert "cli/.worktrees/1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--role", "nope", "x"], "no record has the role 'nope'"), (["--tool", "nope"], "no record has the tool 'nope'"),
        (["tool:nope", "x"], "no record has the tool 'nope'; query search --facet tool"), (["--epoch", "99", "x"], "no session has an epoch 99"),
        (["--since", "1d", "--until", "2d", "x"], "the first is the later one"), (["zzzqqq"], "nothing found; fewer words"),
        (["--regex", "x", "--tool", "nope"], "no record has the tool 'nope'"),
        (["tool:nope", "x", "--count"], "no record has the tool 'nope'"), (["x", "-rf", "--count"], "without rf"),
        (["tool: x"], "tool: is searched for as a word"), (["-since:2026-01-01 x"], "-since:2026-01-01 is a word"),
    ],
)  # fmt: skip
def test_what_nothing_has_is_said(
    home: Home, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(home, conversation(["x"]))
    assert search.main(words, home.root) == 0
    assert said in capsys.readouterr().err
    assert search.main(["x", "--role", "user"], home.root) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("se", "'se': it takes the first 4 characters of an id, or more; nearest: session-a"),
        ("@99", "'@99'; there are 1"), ("sesion-a", "'sesion-a'; nearest: session-a"), ("q", "'q'\n"),
    ],
)  # fmt: skip
def test_a_session_that_is_not_there_says_what_may_have_been_meant(
    home: Home, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(home, conversation(["x"]))
    assert search.main(["x", "--session", name], home.root) == 3
    assert f"no session is called {said}" in capsys.readouterr().err


def test_how_many_records_have_the_words_depends_on_no_limit(home: Home, run_memlog: Run) -> None:
    fill(home, conversation([f"the hook {n} failed on {n}" for n in range(9)] + ["a hook", "failing"]))
    asked = ["query", "search", "why was the hook failing?"]
    said = [run_memlog(*asked, "--limit", limit).stderr for limit in ("1", "4", "20")]
    assert all("9 records have hook and failing in some form" in each for each in said), said
    counted = run_memlog(*asked, "--count")
    assert counted.stdout == "0\n" and "without --count those that have some are shown" in counted.stderr


def test_a_minus_inside_what_stands_as_typed_is_said(home: Home, run_memlog: Run) -> None:
    fill(home, conversation(["rm -rf build", "rm the rf build", "rm build", "ls -l build"]))
    both = run_memlog("query", "search", "rm -rf")
    texts = [row["text"] for row in json.loads(both.stdout)]
    assert texts == ["rm -rf build", "rm build"]
    assert both.stderr == 'first as it was typed, then without rf; to look for it: "-rf"\n'
    assert run_memlog("query", "search", "ls -rf").stderr == 'without rf; to look for it: "-rf"\n'


def test_a_question_about_the_sample_session_begins_with_what_it_is_about(
    home: Home, run_memlog: Run
) -> None:
    run_memlog("import", "claude-code", sample.PATH, check=0)
    found = run_memlog("query", "search", "what did we decide about the overflow file and wingman?", check=0)
    rows = json.loads(found.stdout)
    assert rows and all(row["matched"] == "any" for row in rows)
    assert "decide" in rows[0]["text"].lower(), "one record has it, and several have the others"
    assert any("overflow" in row["text"].lower() for row in rows[:3])
    assert "no record has all of these words; these have any of decide" in found.stderr
    agreed = run_memlog("query", "search", "wie oft wird es versucht, ist es 4 tries oder was?", check=0)
    assert "4 tries" in json.loads(agreed.stdout)[0]["text"]


def test_a_reader_that_closes_early_is_no_error(home: Home) -> None:
    fill(home, [record("ring " + "x" * 50_000, n=n) for n in range(40)])
    command = [sys.executable, "-m", "memlog.cli.start", "query", "search", "ring", "--limit", "40"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


LOADED = """
import sys
sys.argv = ["memlog", "query", "search", "--json", "ring", "since:2020", "-absent"]
before = set(sys.modules)
from memlog.cli.start import main
assert main() == 0
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""


HEAVY = {
    "re", "json", "cbor2", "typing", "dataclasses", "click", "pathlib", "enum", "functools", "inspect", "logging",
    "subprocess", "shutil", "contextlib", "zstandard", "sqlite_utils", "memlog.settings", "memlog.record",
    "memlog.wire", "memlog.cli.root", "memlog.cli.output", "unicodedata", "difflib",
}  # fmt: skip


def test_a_search_loads_nothing_heavy(home: Home) -> None:
    fill(home, conversation(["the ring is full", "Größe"], ts_ns=NOW_NS))
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)) == 1
    loaded = set(done.stderr.split())
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith("memlog")}
    assert ours == {
        "memlog", "memlog.archive", "memlog.archive.body", "memlog.archive.connection", "memlog.archive.extension",
        "memlog.archive.identifiers", "memlog.archive.prepare", "memlog.archive.spelling",
        "memlog.cli", "memlog.cli.encode", "memlog.cli.interrupt", "memlog.cli.search", "memlog.cli.start", "memlog.cli.terminal",
        "memlog.contracts", "memlog.errors", "memlog.paths", "memlog.query", "memlog.query.answer", "memlog.query.dates",
        "memlog.query.expression", "memlog.query.filters", "memlog.query.fold", "memlog.query.grammar", "memlog.query.hit", "memlog.query.passage", "memlog.query.rank",
        "memlog.query.reader",         "memlog.query.search", "memlog.query.selection", "memlog.query.snippet", "memlog.query.where", "memlog.query.whole", "memlog.query.words",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"), [("", b""), ("import atexit; atexit.register(print, 'bye'); ", b"bye\n")]
)
def test_a_search_ends_at_once_unless_somebody_asked_to_be_called(
    home: Home, asked: str, said: bytes
) -> None:
    fill(home, [record("ring " + "x" * 60_000, n=n) for n in range(3)])
    late = "import sys; sys.modules['late'] = type('T', (), {'__del__': lambda _: print('apart')})(); "
    code = f"{asked}{late}sys.argv = ['memlog', 'query', 'search', 'ring']; import memlog.cli.start as s; s.run()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    rows, _, rest = done.stdout.partition(b"]\n")
    assert [len(row["text"]) for row in json.loads(rows + b"]")] == [60_005], "all of it was written"
    assert rest == (said + b"apart\n" if said else b"")


def test_why_there_is_nothing_is_said_as_it_is(home: Home, run_memlog: Run) -> None:
    fill(home, conversation(["one token", "another word"]))

    def said(*words: str) -> str:
        done = run_memlog("query", "search", *words, check=0)
        assert done.stdout.strip() in ("[]", "0"), done.stdout
        return str(done.stderr)

    first = json.loads(run_memlog("query", "search", "token", "--newest", check=0).stdout)[0]["id"]
    assert said("token", "--newest", "--after", str(first)) == "no more: the page before was the last\n"
    assert said("token", "--limit", "0") == "no row was asked for: --limit 0\n"
    assert "those that have some are shown" in said("token", "word", "--count")
    assert "those that have some" not in said("token", "word", "kind:summary", "--count")
    assert "neither letter nor digit" in said("--count", "--", "=>")
    assert said("nowhere").startswith("nothing found; fewer words")


def test_bytes_that_are_no_text_are_shown_as_what_they_are_not() -> None:
    assert search.parse(["\udcff"]).text == "\ufffd" and search.parse(["é"]).text == "é"
