"""What reaches a terminal: colour where it is wanted, a pager where it is long, nothing it obeys."""

import json
import re
from pathlib import Path

import pytest

from archives import fill, record
from conftest import Run
from memlog.cli import terminal
from memlog.paths import Home
from terminals import on_a_terminal

OURS = re.compile(r"\x1b\[(?:0|1|2|1;31|33|36)m")
HOSTILE = (
    "red \x1b[31m title \x1b]0;owned\x07 bell \x07 back \x08\x08 form \x0c cr \r nul \x00 del \x7f "
    "c1 \x9b31m \x85 bidi \u202e\u2066 zero \u200b\u200d \ufeff mark \u061c line \u2028 tag \U000e0041 end needle"
)
NAME = "ses\x1b[2Jsion\u202e-x"


@pytest.fixture
def hostile(home: Home) -> Home:
    fill(
        home,
        [
            record(HOSTILE, n=1, session=NAME, project=f"/home/{NAME}", tool="T\x1b[0mool", role="ro\x07le"),
            record(HOSTILE, n=2, session=NAME, kind="tool_use", tool="T\x9bool", rest={"k\x1b": HOSTILE}),
        ],
    )
    return home


COMMANDS = [
    ["search", "needle"],
    ["search", "needle", "--context", "1"],
    ["search", "needle", "--json"],
    ["search", "needle", "--nl"],
    ["search", "needle", "--table"],
    ["search", "needle", "--csv"],
    ["search", "needle", "--fmt", "github"],
    ["search", "since:\x1b[31m needle"],
    ["search", "x", "--session", "ses\x1b[2J\u202e"],
    ["search", "--raw", "\x1b[31m AND"],
    ["sessions"],
    ["sessions", "--tsv"],
    ["session", "last"],
    ["session", "last", "--json"],
    ["session", "\x1b]0;x\x07"],
    ["record", f"{NAME}-1"],
    ["record", "nothing\x1b[31m"],
    ["timeline"],
    ["epochs"],
    ["sql", "select text, session from v_record"],
    ["sql", "select '\x1b[31m' as \"a\x1b[31m\""],
    ["sql", "selec \x1b[31m"],
]


@pytest.mark.parametrize(
    "words", COMMANDS, ids=lambda words: " ".join(words[:3]).encode("ascii", "replace").decode()
)
def test_nothing_a_terminal_obeys_reaches_it(hostile: Home, words: list[str]) -> None:
    for env in ({"NO_COLOR": "1"}, {}):
        sent = on_a_terminal("query", *words, **env)
        assert sent
        plain = sent if env else OURS.sub("", sent)
        assert not [c for c in plain if terminal.obeyed(c) and c not in "\n\t"], plain


def test_without_the_escapes_the_terminal_would_be_sent_all_of_it(
    hostile: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The twin: the same command with safe_text switched off."""
    (tmp_path / "sitecustomize.py").write_text(
        "from memlog.cli import terminal\nterminal.obeyed = lambda c: False\nterminal.safe_text = terminal.safe_line = str\n"
    )
    sent = on_a_terminal("query", "search", "needle", NO_COLOR="1", PYTHONPATH=str(tmp_path))
    assert "\x1b]0;owned\x07" in sent and "\u202e" in sent


def test_raw_bytes_are_refused_on_a_terminal(hostile: Home) -> None:
    assert "raw bytes are not for a terminal" in on_a_terminal("query", "record", f"{NAME}-1", "--raw")


def test_colour_is_for_terminals_and_not_for_those_who_said_no(home: Home) -> None:
    fill(home, [record("the ring is full")])
    assert "the \x1b[1;31mring\x1b[0m is full" in on_a_terminal("query", "search", "ring")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        sent = on_a_terminal("query", "search", "ring", **env)
        assert "\x1b" not in sent and "the «ring» is full" in sent


def test_a_terminal_gets_a_table_as_wide_as_it_is(home: Home) -> None:
    fill(home, [record("word " * 200, n=n, project="/a/very/long/path/" + "x" * 200) for n in range(3)])
    for columns in (60, 100, 200):
        sent = on_a_terminal("query", "sessions", columns=columns, NO_COLOR="1", COLUMNS="")
        assert max(map(len, sent.splitlines())) <= columns
        assert sent.startswith("ses") and "title" in sent
    bare = on_a_terminal("query", "sessions", "--no-headers", NO_COLOR="1")
    assert len(bare.splitlines()) == 1


def test_a_table_in_a_style_is_no_wider_than_the_terminal_either(home: Home) -> None:
    fill(home, [record("word " * 200, n=n, project="/a/very/long/path/" + "x" * 200) for n in range(3)])
    for style, *words in (("github", "search", "word"), ("grid", "sessions")):
        sent = on_a_terminal("query", *words, "--fmt", style, columns=80, NO_COLOR="1", COLUMNS="")
        assert max(map(len, sent.splitlines())) <= 80 and "…" in sent and sent[0] in "|+"


def test_rows_for_a_full_disk_are_refused_in_one_sentence(home: Home, run_memlog: Run) -> None:
    fill(home, [record("word")])
    done = run_memlog("query", "sessions", "--csv", "-o", "/dev/full", check=5)
    assert done.stderr.startswith("memlog: ") and "No space left" in done.stderr
    assert len(done.stderr.splitlines()) == 2 and "Traceback" not in done.stderr


def test_a_long_page_goes_through_the_pager_and_a_short_one_does_not(home: Home, tmp_path: Path) -> None:
    fill(home, [record(f"ring {n}", n=n) for n in range(60)])
    seen = tmp_path / "seen"
    pager = f"tee {seen} | head -1"
    for words in (
        ["search", "ring", "--limit", "60"],
        ["session", "last"],
        ["sql", "select text from v_record"],
    ):
        seen.unlink(missing_ok=True)
        sent = on_a_terminal("query", *words, lines=20, PAGER=pager, NO_COLOR="1")
        assert len(seen.read_text().splitlines()) >= 60
        assert len(sent.splitlines()) <= 2
    seen.unlink()
    assert "ring «7»" in on_a_terminal("query", "search", "7", lines=20, PAGER=pager, NO_COLOR="1")
    assert not seen.exists()
    missing = on_a_terminal("query", "session", "last", lines=20, PAGER="no-such-pager", NO_COLOR="1")
    assert "ring 59" in missing


def test_json_on_a_terminal_is_still_json(hostile: Home) -> None:
    rows = json.loads(on_a_terminal("query", "search", "needle", "--json"))
    assert {row["text"] for row in rows} == {HOSTILE}
