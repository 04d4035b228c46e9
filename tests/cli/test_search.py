"""`memlog query search`: its words are read alike on both ways in, and its answers keep the contract."""

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from archives import NOW_NS, ROW_KEYS, conversation, fill, record
from memlog.cli import query, root, sample, search, start, terminal
from memlog.errors import InputError
from memlog.paths import Home

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PIECES = [
    "deadlock", "ring full", '"a phrase"', "-x", "-rf", "--no-verify", "-", "--", "kind:summary", "http://x", "",
    "--session", "--session=abcd", "--project", "--kind", "--kind=meta", "--role", "user", "--tool=Bash", "--epoch",
    "3", "--epoch=0", "--since", "2h", "--since=", "--until", "-3d", "--limit", "--limit=5", "7", "--context=2",
    "--newest", "--raw", "--exhaustive", "--json", "--nl", "--csv", "--tsv", "--table", "--fmt", "github",
    "--no-headers", "--newest=1", "--limit=x", "--lim", "---", "-limit", "--Limit", "漢字", "-n5", "--json=",
]  # fmt: skip


def vectors() -> list[list[str]]:
    draw = random.Random(11)
    found = [[piece] for piece in PIECES] + [
        ["--limit", "5", *pair] for pair in zip(PIECES, PIECES[1:], strict=False)
    ]
    found += [["x", "-o", "rows.csv"], ["--output=a b", "x"], ["x", "-o"], ["x", "--", "-o", "y"]]
    while len(found) < 304:
        found.append(draw.choices(PIECES, k=draw.randint(2, 7)))
    return found


def by_click(arguments: list[str]) -> Any:
    """What click makes of the same declaration: the independent reading."""
    params: list[click.Parameter] = [click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)]
    for name, kind, _, _ in search.OPTIONS:
        if kind == search.ROWS:
            params.append(click.Option([f"--{name}", "rows"], flag_value=name))
        elif kind == search.FLAG:
            params.append(click.Option([f"--{name}", name.replace("-", "_")], is_flag=True))
        else:
            number = click.IntRange(0) if kind == search.NUMBER else None
            flags = [short for short, long in search.SHORT.items() if long == f"--{name}"]
            params.append(
                click.Option([*flags, f"--{name}", name], type=number, multiple=kind == search.MANY)
            )
    settings = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
    command = click.Command("search", params=params, context_settings=settings)
    try:
        found = command.make_context("search", list(arguments)).params
    except click.UsageError:
        return "refused"
    words = list(found.pop("words"))
    rows = found.pop("rows")
    flags = {
        n.replace("_", "-"): value
        for n, value in found.items()
        if value is not None and value is not False and value != ()
    }
    return words, flags, rows


def by_us(arguments: list[str]) -> Any:
    try:
        request = search.parse(arguments)
    except InputError:
        return "refused"
    return request.words, request.flags, request.rows


@pytest.mark.parametrize("seed", range(6))
def test_three_hundred_command_lines_are_read_as_click_reads_them(seed: int) -> None:
    differ = [(v, by_us(v), by_click(v)) for v in vectors()[seed::6] if by_us(v) != by_click(v)]
    assert not differ, differ[0]


def test_both_ways_in_read_the_same_request(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, ...]] = []

    def note(request: search.Request, home: str | None) -> int:
        seen.append((request.words, request.flags, request.rows, home))
        return 0

    monkeypatch.setattr(search, "run", note)
    compared = 0
    for vector in vectors():
        seen.clear()
        fast = search.main(vector, "/h")
        slow = root.main(["--home", "/h", "query", "search", *vector])
        assert fast == slow, vector
        assert len(seen) in (0, 2) and (not seen or seen[0] == seen[1]), vector
        compared += len(seen) == 2
    assert compared > 150


def test_help_shows_every_option_in_both_places(run_memlog: Run) -> None:
    helped = run_memlog("query", "search", "--help", check=0).stdout
    for name, *_ in search.OPTIONS:
        assert f"--{name}" in helped
    assert "Example: memlog query search" in helped
    assert run_memlog("query", "search", "-h", check=0).stdout == helped
    assert "search" in run_memlog("query", "--help", check=0).stdout


def test_an_option_a_search_has_is_written_alike_in_every_command() -> None:
    """`-t` would be a table in one command and "without the word t" in the other."""
    ours = {f"--{name}": {short for short, long in search.SHORT.items() if long == f"--{name}"}
            for name, *_ in search.OPTIONS}  # fmt: skip
    compared = 0
    for command in query.query.commands.values():
        for option in command.params:
            for name in ours.keys() & set(option.opts):
                assert {o for o in option.opts if not o.startswith("--")} == ours[name], command.name
                compared += 1
    assert compared > 60
    assert search.parse(["table", "-t"]).words == ["table", "-t"]


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


def test_the_home_can_be_named_and_options_can_stand_anywhere(
    home: Home, run_memlog: Run, tmp_path: Any
) -> None:
    other = Home(str(tmp_path / "elsewhere"))
    fill(other, conversation(["needle"]))
    for line in (
        ["--home", other.root, "query", "search", "--json", "--limit", "5", "--", "needle"],
        [f"--home={other.root}", "query", "search", "needle", "--limit=5"],
    ):
        assert len(json.loads(run_memlog(*line, check=0).stdout)) == 1
    env = {"MEMLOG_HOME": other.root}
    assert len(json.loads(run_memlog("query", "search", "needle", check=0, env=env).stdout)) == 1


def test_words_that_look_like_options_are_words(home: Home, run_memlog: Run) -> None:
    fill(
        home, [record("git commit --no-verify", n=1), record("git commit -a", n=2), record("see --help", n=3)]
    )
    found = json.loads(run_memlog("query", "search", "git", "--no-verify", check=0).stdout)
    assert [row["source_id"] for row in found] == ["session-a-1"]
    found = json.loads(run_memlog("query", "search", "git", "-verify", check=0).stdout)
    assert [row["source_id"] for row in found] == ["session-a-2"]
    found = json.loads(run_memlog("query", "search", "--", "--help", check=0).stdout)
    assert [row["source_id"] for row in found] == ["session-a-3"]


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
    ("words", "said"),
    [
        (["--facet", "tool", "--count", "x"], "--count and --facet do not go together"),
        (["x", "--count", "--by-session"], "--count and --by-session"), (["x", "--by-session", "--follow"], "--by-session and --follow"),
        (["x", "--by-session", "--after", "1"], "--by-session and --after"), (["x", "--json", "--csv"], "--json and --csv are two formats"),
        (["x", "--json", "--fmt", "github"], "--json and --fmt"), (["x", "--facet", ""], "--facet names no key"),
        (["x", "--context", "9" * 20], "is more than 999999999"),
    ],
)  # fmt: skip
def test_flags_of_which_one_would_be_left_out_are_refused(
    home: Home, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(home, conversation(["x"]))
    assert search.main(words, home.root) == 2
    assert said in capsys.readouterr().err


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
        (["tool:nope", "x"], "no record has the tool 'nope'"), (["--epoch", "99", "x"], "no session has an epoch 99"),
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
        "memlog.query.search", "memlog.query.selection", "memlog.query.snippet", "memlog.query.whole", "memlog.query.words",
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


def test_the_dispatcher_takes_the_short_way_only_for_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setenv("NO_PAGER", "")
    monkeypatch.setattr(search, "main", lambda arguments, home: taken.append("short") or 0)
    monkeypatch.setattr(root, "main", lambda arguments: taken.append("long") or 0)
    for line, way in (
        ("query search x", "short"), ("--home h query search x", "short"), ("--home=h query search x", "short"),
        ("--no-pager --home h query search x", "short"), ("--home query search x", "long"),
        ("query search --help", "long"), ("query sessions", "long"), ("search x", "long"), ("", "long"),
    ):  # fmt: skip
        taken.clear()
        monkeypatch.setattr(sys, "argv", ["memlog", *line.split()])
        assert start.main() == 0
        assert taken == [way], line
    assert os.environ["NO_PAGER"] == "1"


def test_the_group_lists_the_search_beside_the_others() -> None:
    assert set(query.query.commands) >= {
        "search", "sessions", "session", "record", "epochs", "gaps", "timeline", "sql",
    }  # fmt: skip


def test_a_shell_can_complete_the_options(run_memlog: Run) -> None:
    env = {"_MEMLOG_COMPLETE": "bash_complete", "COMP_WORDS": "memlog query search --se", "COMP_CWORD": "3"}
    assert "--session" in run_memlog(check=0, env=env).stdout


def test_a_word_after_two_hyphens_is_one(home: Home, run_memlog: Run) -> None:
    fill(home, [record("git commit -m done", n=1), record("git push", n=2)])
    for words, found in ((["git", "--", "-m"], "1"), (["git", "-m"], "1"), (["--", "git -m"], "1")):
        done = run_memlog("query", "search", "--count", *words, check=0)
        assert done.stdout.strip() == found and ("without m" in done.stderr) == (words != ["git", "--", "-m"])
    [row] = json.loads(run_memlog("query", "search", "git", "--", "-m", check=0).stdout)
    assert row["source_id"] == "session-a-1"
    [row] = json.loads(run_memlog("query", "search", "--", "--help", "-m", check=0).stdout)
    assert row["matched"] == "any"


def test_a_flag_given_again_is_either(home: Home, run_memlog: Run) -> None:
    fill(
        home, conversation(["one token"]), conversation(["two token"], session="session-b", project="/srv/b"),
        conversation(["three token"], session="session-c", agent="codex", project="/srv/c"),
    )  # fmt: skip

    def count(*words: str) -> int:
        return int(run_memlog("query", "search", "token", "--count", *words, check=0).stdout)

    assert count("--session", "session-a", "--session", "session-b") == 2
    assert count("--session", "session-a", "--session", "session-a") == 1
    assert count("--project", "b", "--project", "c", "--agent", "codex", "--agent", "claude-code") == 2
    assert count("--epoch", "0", "--epoch", "4") == 3 and count("--epoch", "3", "--epoch", "4") == 0
    run_memlog("query", "search", "token", "--session", "session-a", "--session", "nobody", check=3)


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


@pytest.mark.parametrize("name", ["session", "project", "agent", "kind", "role", "tool", "path"])
def test_an_empty_value_is_refused(home: Home, run_memlog: Run, name: str) -> None:
    done = run_memlog("query", "search", "token", f"--{name}", "", check=2)
    assert f"option '--{name}' has an empty value" in done.stderr


def test_bytes_that_are_no_text_are_shown_as_what_they_are_not() -> None:
    assert search.parse(["\udcff"]).text == "\ufffd" and search.parse(["é"]).text == "é"
