"""What makes a command pleasant: short ways to name a session, lists one screen wide, files, shells, the manual."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest

from archives import DAY, HOUR, MINUTE, NOW_NS, conversation, fill, reading, record
from conftest import Run
from memlog.cli import brief, completion, man, root, terminal, width
from memlog.cli.transcript import render
from memlog.paths import Home
from memlog.query.gaps import HoleRow
from memlog.query.session import Chapter, Transcript, transcript
from terminals import on_a_terminal

IDS = [
    "11111111-aaaa-4000-8000-000000000001",
    "11111111-bbbb-4000-8000-000000000002",
    "22222222-cccc-4000-8000-000000000003",
]


@pytest.fixture
def three(home: Home) -> Home:
    """Three sessions, the last one the newest; the first two begin alike."""
    for n, name in enumerate(IDS):
        texts = [f"prompt of {n}: 潮汐警報 " + "long words of a title " * 8, "an answer"]
        start = NOW_NS - (3 - n) * DAY
        fill(home, conversation(texts, session=name, ts_ns=start, project=f"/home/ann/{'x' * 30}-{n}"))
    fill(home, [
        record("Conversation compacted", n=8, session=IDS[2], kind="compaction", role="system", boundary=f"{IDS[2]}-8",
               ts_ns=NOW_NS - DAY + HOUR, rest={"line": {"compactMetadata": {"trigger": "auto", "preTokens": 150_000}}}),
        record("after it", n=9, session=IDS[2], boundary=f"{IDS[2]}-8", ts_ns=NOW_NS - DAY + HOUR + MINUTE),
    ])  # fmt: skip
    return home


@pytest.mark.parametrize("columns", [80, 120])
def test_sessions_fit_the_screen_and_are_named_by_as_much_of_their_id_as_it_takes(
    three: Home, columns: int
) -> None:
    lines = on_a_terminal("query", "sessions", columns=columns, NO_COLOR="1").splitlines()
    assert len(lines) == 5 and all(width.columns(line) <= columns for line in lines)
    assert lines[0].split() == ["session", "active", "records", "compact", "project", "title"]
    named = [line.split()[0] for line in lines[2:]]
    assert named == [IDS[2][:10], IDS[1][:10], IDS[0][:10]]


def test_a_long_name_of_a_session_leaves_the_title_room_and_still_names_it(
    home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    names = [f"replay_of_{n}_marshmallow-code__{'x' * 40}" for n in ("ann", "annabel")]
    for name in [*names, "ses_fe0515d27ffe9rCVKAHcb6Q4WN", IDS[0]]:
        fill(home, conversation(["a title of many words, read in a list"], session=name))
    text = on_a_terminal("query", "sessions", columns=80, NO_COLOR="1")
    assert "a title of many" in text
    named = {line.split()[0] for line in text.splitlines()[2:]}
    assert named == {names[0][:14], names[1][:14], "ses_fe0515d27", IDS[0][:8]}
    for said in named:
        assert root.main(("query", "epochs", said)) == 0
    capfd.readouterr()


def test_rows_too_wide_for_any_table_stand_upright(home: Home) -> None:
    fill(home, conversation(["said", "answered"], session=IDS[0]))
    text = on_a_terminal("query", "sql", "select * from v_record", columns=80, NO_COLOR="1")
    assert all(width.columns(line) <= 80 for line in text.splitlines())
    assert re.search(rf"^session +{IDS[0]}$", text, re.M) and len(re.findall(r"^id +\d+$", text, re.M)) == 2
    few = on_a_terminal("query", "sql", "select session, kind, text from v_record", columns=80, NO_COLOR="1")
    assert few.startswith("session") and "----" in few


def test_what_doctor_says_to_do_is_never_cut(home: Home) -> None:
    fill(home, conversation(["said"], session=IDS[0]))
    text = on_a_terminal("doctor", columns=60, NO_COLOR="1")
    lines = text.splitlines()
    assert "…" not in text and "next: memlog install claude-code" in text
    assert all(width.columns(line) <= 60 for line in lines if "next: " not in line)
    assert any(re.match(r"hooks +WARN +missing", line) for line in lines)


def test_a_session_is_named_by_its_place_from_the_end_everywhere(
    three: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    def said_by(*words: str, code: int = 0) -> tuple[str, str]:
        assert root.main(words) == code
        return capfd.readouterr()

    def of(*words: str) -> set[str]:
        return {row["session"] for row in json.loads(said_by(*words)[0])}

    for said, meant in (
        ("last", IDS[2]),
        ("@1", IDS[2]),
        ("@2", IDS[1]),
        ("@3", IDS[0]),
        (IDS[1][:10], IDS[1]),
        (IDS[0][:10], IDS[0]),
    ):
        assert of("query", "search", "answer", "--session", said) == {meant}
        assert of("query", "session", said, "--json") == {meant}
        assert of("query", "epochs", said) == of("query", "timeline", said) == {meant}
        assert meant in said_by("witness", "drain", "--session", said)[0]
        assert said_by("export", "jsonl", said)[0].count(meant) >= 2
    for nobody in ("@4", "@0", "@", "@x"):
        assert "no session is called" in said_by("query", "epochs", nobody, code=3)[1]
    ambiguous = said_by("query", "session", "1111", code=2)[1]
    assert IDS[0] in ambiguous and IDS[1] in ambiguous and "next: " in ambiguous


def test_a_time_is_as_near_as_it_is() -> None:
    for back, said in (
        (0, "now"),
        (5 * MINUTE, "5m ago"),
        (3 * HOUR, "3h ago"),
        (6 * DAY, "6d ago"),
        (8 * DAY, "2026-02-25"),
    ):
        assert brief.ago(NOW_NS - back, NOW_NS) == said
    assert brief.ago(NOW_NS + DAY, NOW_NS) == "2026-03-06" and brief.ago(None, NOW_NS) == ""


def test_a_hole_stands_in_a_transcript_where_its_bytes_are_missing(three: Home) -> None:
    with reading(three) as con:
        read = transcript(con, "last")
    [first, second] = read.chapters
    known = {
        "session": IDS[2],
        "agent": "claude-code",
        "path": "/x\x1b[31m.jsonl",
        "start": 500,
        "stop": 1_200,
    }
    hole = HoleRow(**{field.name: known.get(field.name) for field in fields(HoleRow)})  # type: ignore[arg-type]
    read = Transcript(
        read.session, [Chapter(first.epoch, [first.entries[0], hole, *first.entries[1:]]), second]
    )
    text = render(read, full=False)
    assert [line for line in text.splitlines() if line.startswith(("══", "!!", "──"))] == [
        "══ epoch 0, from 2026-03-04 14:30Z, 2 records ".ljust(100, "═"),
        "!! lost: 700 bytes of the transcript did not arrive ".ljust(100, "!"),
        "── compacted (auto, 150,000 tokens before) ".ljust(100, "─"),
        "══ epoch 1, from 2026-03-04 15:30Z, 2 records ".ljust(100, "═"),
    ]
    assert text.index("prompt of 2") < text.index("!! lost") < text.index("an answer")
    assert "\x1b" not in text


def test_lines_break_between_words_and_no_line_is_wider_than_the_screen() -> None:
    for text in (
        "word " * 99,
        "漢字" * 99,
        "    indented " * 30,
        "a\tb\t" * 60,
        "x" * 300,
        f"{width.ON}match{width.OFF} " * 40,
    ):
        lines = list(width.wrapped(text, 40, "  "))
        assert all(width.columns(line) <= 40 for line in lines) and len(lines) > 3
        assert "".join("".join(lines).split()) == "".join(text.split())
    assert list(width.wrapped("one two\n\nthree", 9)) == ["one two", "", "three"]
    assert list(width.wrapped("x" * 300, None)) == ["x" * 300]


def test_rows_go_into_a_new_file_in_the_form_its_name_says(
    three: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def said_by(*words: str, code: int = 0) -> tuple[str, str]:
        assert root.main(words) == code
        return capfd.readouterr()

    begins = {"a.json": "[{", "a.jsonl": "{", "a.csv": "session,", "a.tsv": "session\t", "a": "[{"}
    for name, begin in begins.items():
        assert said_by("query", "sessions", "-o", str(tmp_path / name))[0] == ""
        assert (tmp_path / name).read_text().startswith(begin)
    assert said_by("query", "search", "answer", "-o", str(tmp_path / "s.csv"), code=0)[0] == ""
    assert (tmp_path / "s.csv").read_text().startswith("id,")
    assert said_by("query", "session", "last", "-o", str(tmp_path / "s.txt"), code=0)[0] == ""
    assert "after it" in (tmp_path / "s.txt").read_text()
    refused = said_by("query", "sessions", "-o", str(tmp_path / "a.csv"), code=7)[1]
    assert "exists" in refused and "next: " in refused
    assert oct((tmp_path / "a.csv").stat().st_mode)[-3:] == "600"
    said_by("query", "session", "nobody", "-o", str(tmp_path / "no.csv"), code=3)
    said_by("query", "sql", "selec", "-o", str(tmp_path / "no.csv"), code=2)
    assert not (tmp_path / "no.csv").exists() and not list(tmp_path.glob("*.tmp"))


def test_colour_is_forced_refused_and_otherwise_for_terminals(
    three: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for env, coloured in (
        ({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ):  # fmt: skip
        with monkeypatch.context() as patched:
            for name, value in env.items():
                patched.setenv(name, value)
            assert root.main(["query", "session", "last"]) == 0
        assert ("\x1b[36m" in capfd.readouterr().out) == coloured


def test_the_pager_stays_away_where_it_is_not_wanted(three: Home, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    said = {"lines": 6, "PAGER": f"cat > {seen}", "NO_COLOR": "1"}
    on_a_terminal("query", "session", "last", **said)  # type: ignore[arg-type]
    assert "after it" in seen.read_text()
    seen.unlink()
    for words, env in (
        (["--no-pager"], {}),
        ([], {"NO_PAGER": "1"}),
        ([], {"PAGER": ""}),
        ([], {"MEMLOG_PAGER": "cat"}),
    ):
        sent = on_a_terminal(*words, "query", "session", "last", **{**said, **env})  # type: ignore[arg-type]
        assert "after it" in sent and not seen.exists()
    on_a_terminal("--no-pager", "query", "search", "answer", **said)  # type: ignore[arg-type]
    assert not seen.exists()


def completed(words: str, home: Home | None = None) -> list[str]:
    """What bash is offered for the last word, in this process."""
    parts = words.split(" ")
    made = completion.get_completion_class("bash")
    assert made is not None
    found = made(root.memlog, {}, "memlog", completion.VARIABLE).get_completions(parts[1:-1], parts[-1])
    return [item.value for item in found]


def test_a_shell_is_offered_what_the_archive_holds(three: Home) -> None:
    assert completed("memlog query session ") == ["last", *reversed(IDS)]
    assert completed("memlog query search --session 22") == [IDS[2]]
    assert completed("memlog export jsonl 1111") == [IDS[1], IDS[0]]
    assert completed("memlog query sessions --agent ") == ["claude-code"]
    assert completed("memlog query sessions --project xx") == [f"{'x' * 30}-{n}" for n in (2, 1, 0)]
    assert completed("memlog query sessions --project /home") == [
        f"/home/ann/{'x' * 30}-{n}" for n in (2, 1, 0)
    ]
    assert completed("memlog query search --kind tool") == ["tool_use", "tool_result"]
    assert completed("memlog query sessions --fmt git") == ["github"]
    assert completed(f"memlog --home {three.root} query session 22") == [IDS[2]]
    assert "query" in completed("memlog ") and completed("memlog q") == ["query"]


def test_a_shell_is_offered_nothing_and_told_nothing_where_there_is_no_archive(
    home: Home, run_memlog: Run
) -> None:
    assert completed("memlog query session ") == []
    Path(home.root).mkdir()
    Path(home.archive).write_bytes(b"no archive" * 900)
    env = {completion.VARIABLE: "bash_complete", "COMP_WORDS": "memlog query session ", "COMP_CWORD": "3"}
    done = run_memlog(check=0, env=env)
    assert done.stdout.strip() == done.stderr == ""


def test_a_name_that_would_break_the_answer_is_not_offered(home: Home) -> None:
    fill(
        home,
        conversation(["x"], session="two\nlines", project="/p\x1b[31m"),
        conversation(["y"], session="plain"),
    )
    assert completed("memlog query session ") == ["last", "plain"]
    assert completed("memlog query sessions --project ") == ["memlog"]


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_the_script_for_a_shell_is_one_the_shell_reads(run_memlog: Run, shell: str) -> None:
    script = run_memlog("completion", shell, check=0).stdout
    assert completion.VARIABLE in script and "memlog" in script
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    checked = subprocess.run(
        [shell, "-n", "/dev/stdin"], input=script, capture_output=True, text=True, timeout=20
    )
    assert checked.returncode == 0 and checked.stderr == ""


def test_the_manual_has_every_command_and_roff_finds_nothing_wrong(run_memlog: Run) -> None:
    page = man.page()
    paths = [context.command_path for context in man._contexts(man._find(()))]
    assert len(paths) > 30
    assert [path for path in paths[1:] if f".SS {man._plain(path)}\n" not in page] == []
    assert run_memlog("man", "query", "search", check=0).stdout.startswith("Usage: memlog query search")
    assert "no command is called 'memlog nope'" in run_memlog("man", "nope", check=2).stderr
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    made = subprocess.run(
        ["groff", "-man", "-ww", "-Kutf8", "-Tutf8"], input=page, capture_output=True, text=True, timeout=50
    )
    assert made.stderr == ""
    shown = re.sub(r"\x1b\[[0-9;]*m", "", made.stdout)
    assert "memlog query search 'why did the deploy fail' --since friday --context 2" in shown


@pytest.mark.parametrize(
    "line",
    ["quary", "query serch", "query session", "query sessions --limti 3", "query sessions --limit x", "export sqlite", "import nobody",
     "query session last --limit 0", "man nope", "resize abc", "query sessions --since soon", "query search", "--nope"],
)  # fmt: skip
def test_what_cannot_be_understood_names_the_next_command(
    home: Home, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert root.main(line.split()) == 2
    said = capsys.readouterr().err
    assert re.fullmatch(r"memlog: .+\nnext: memlog\b.*\n", said), said
    assert "quary" not in line or "Did you mean 'query'?" in said


def test_every_command_says_what_it_does_in_one_line_of_a_narrow_screen() -> None:
    for context in man._contexts(man._find(())):
        if isinstance(context.command, click.Group):
            for name in context.command.list_commands(context):
                command = context.command.get_command(context, name)
                assert command is not None
                room = 80 - 6 - max(map(len, context.command.list_commands(context)))
                assert not command.get_short_help_str(room).endswith("..."), f"{context.command_path} {name}"


def test_a_page_with_long_lines_counts_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "size", lambda: (80, 24))
    assert not terminal._long("line\n" * 23) and terminal._long("line\n" * 24)
    assert terminal._long("x" * 80 * 24) and not terminal._long("x" * 80 * 22)


def test_a_sentence_of_an_error_breaks_between_words_and_the_next_command_does_not(home: Home) -> None:
    sent = on_a_terminal("query", "search", "x", "--since", "the day the harbour froze", columns=60)
    *told, following = sent.splitlines()
    assert len(told) > 3 and all(len(line) <= 60 for line in told)
    assert " ".join(told).startswith("memlog: 'the day the harbour froze' is no time; understood: 2026-03-05")
    assert following == "next: memlog query search --help"


def test_help_waits_for_no_web_server() -> None:
    script = "import sys; from memlog.cli import root; root.main(['--help']); print({'datasette', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n") and "completion" in done.stdout
