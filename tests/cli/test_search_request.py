"""The words and options of `memlog query search`: read alike on both ways in, and refused where one would be left out."""

import json
import os
import random
import sys
from typing import Any

import click
import pytest

from archives import conversation, fill, record
from conftest import Run
from memlog.cli import query, root, search, start
from memlog.errors import InputError
from memlog.paths import Home

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


@pytest.mark.parametrize("name", ["session", "project", "agent", "kind", "role", "tool", "path"])
def test_an_empty_value_is_refused(home: Home, run_memlog: Run, name: str) -> None:
    done = run_memlog("query", "search", "token", f"--{name}", "", check=2)
    assert f"option '--{name}' has an empty value" in done.stderr
