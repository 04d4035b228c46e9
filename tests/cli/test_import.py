"""`memlog import`: a sentence for a person, an object for a program, an exit code for a script."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from bench import corpus

from conftest import Run
from memlog.paths import Home
from witness import one, records, running

SESSIONS = Path(__file__).parents[1] / "data/sessions"


def test_it_says_what_it_did(run_memlog: Run, home: Home) -> None:
    done = run_memlog("import", "claude-code", str(SESSIONS), check=0)
    assert done.stdout == ""
    assert done.stderr.startswith("imported ") and "new sessions" in done.stderr
    assert "kept as damage" in done.stderr and "redacted" in done.stderr
    assert records(home) > 20
    again = run_memlog("import", "claude-code", str(SESSIONS), "--json", check=0)
    result = json.loads(again.stdout)
    assert (result["records"], result["files"]) == (0, 0) and result["unchanged"] > 5


def test_a_file_that_is_no_transcript_is_named_and_nothing_of_it_is_archived(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    for name, said in (
        ("shadow", b"root:$y$j9T$:1:0\n"),
        ("week.db", b"SQLite format 3\0"),
        ("a.csv", b"a,b\n"),
    ):
        (tmp_path / name).write_bytes(said)
    (tmp_path / "torn.jsonl").write_bytes(b"{nothing whole\n")
    named = [str(tmp_path / name) for name in ("shadow", "week.db", "a.csv", "torn.jsonl")]
    done = run_memlog("import", "claude-code", *named, check=1)
    assert all(f"{path} is no transcript" in done.stderr for path in named[:3])
    assert one(home, "SELECT group_concat(kind) FROM v_record") == "damage"  # of torn.jsonl, named as one


@pytest.mark.slow
def test_without_a_path_it_looks_where_claude_code_writes(run_memlog: Run, home: Home) -> None:
    folder = Path(os.environ["HOME"], ".claude/projects/-w")
    missing = run_memlog("import", "claude-code", check=2)
    assert str(folder.parent) in missing.stderr
    folder.mkdir(parents=True)
    corpus.transcript(folder / "a.jsonl", 10_000)
    run_memlog("import", "claude-code", check=0)
    assert records(home) > 0
    other = Path(os.environ["HOME"], "elsewhere")
    (other / "projects/-w").mkdir(parents=True)
    corpus.transcript(other / "projects/-w/b.jsonl", 10_000, seed=2)
    run_memlog("import", "claude-code", check=0, env={"CLAUDE_CONFIG_DIR": str(other)})
    assert one(home, "SELECT count(*) FROM v_session") == 2


def test_lines_of_one_file_that_share_a_uuid_are_all_kept(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    """Every block and every line that is no object is a record; only the same line again is none."""

    def line(*texts: str) -> str:
        blocks = [{"type": "text", "text": text} for text in texts]
        return json.dumps(
            {
                "type": "user", "uuid": "twice", "sessionId": "shared", "timestamp": "2026-03-05T14:30:00Z",
                "message": {"role": "user", "content": blocks},
            }
        )  # fmt: skip

    lines = [
        line("first"),
        line("second", "third"),
        "42",
        line("first"),
        line("second", "third"),
        line("first!"),
    ]
    path = tmp_path / "shared.jsonl"
    path.write_text("\n".join(lines))
    run_memlog("import", "claude-code", str(path), check=0)
    asked = ("query", "sql", "select source_id, block, text from v_record order by text", "--json")
    rows = json.loads(run_memlog(*asked, check=0).stdout)
    assert [row["text"] for row in rows] == ["42", "first", "first!", "second", "third"]
    assert {row["source_id"].partition("~")[0] for row in rows[1:]} == {"twice"}
    assert len({(row["source_id"], row["block"]) for row in rows}) == 5


@pytest.mark.parametrize(
    "words", [("nobody", "/tmp"), (), ("claude-code", "/nowhere/at/all"), ("jsonl",), ("jsonl", "--what")]
)
def test_what_it_cannot_understand_is_2_and_archives_nothing(
    run_memlog: Run, home: Home, words: tuple[str, ...]
) -> None:
    run_memlog("import", *words, check=2)
    assert not os.path.exists(home.archive)


def test_something_unreadable_is_named_and_exits_1(run_memlog: Run, home: Home, tmp_path: Path) -> None:
    corpus.transcript(tmp_path / "a.jsonl", 10_000)
    (tmp_path / "broken.jsonl.gz").write_bytes(b"no gzip")
    done = run_memlog("import", "claude-code", str(tmp_path), check=1)
    assert "not read:" in done.stderr and "broken.jsonl.gz" in done.stderr
    assert records(home) > 0


def test_relative_paths_are_the_callers_though_the_witness_lives_elsewhere(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    corpus.transcript(tmp_path / "a.jsonl", 10_000)
    with running(home):
        run_memlog("import", "claude-code", "a.jsonl", check=0, cwd=tmp_path)
    assert records(home) > 0


@pytest.mark.slow
def test_a_terminal_sees_how_far_it_is_and_a_pipe_does_not(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "name\x1b[31m.jsonl"
    corpus.transcript(path, 2_000_000)
    command = [sys.executable, "-m", "memlog.cli.start", "import", "claude-code", str(path)]
    ours, theirs = pty.openpty()
    at_once = "import memlog.cli.progress as p; p._QUIET_S = p._EVERY_S = 0"
    (tmp_path / "sitecustomize.py").write_text(at_once)
    env = {**os.environ, "MEMLOG_BATCH_RECORDS": "50", "COLUMNS": "70", "PYTHONPATH": str(tmp_path)}
    child = subprocess.Popen(command, stderr=theirs, env=env)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4_096):
            said += piece
    except OSError:
        pass  # the other end was closed
    os.close(ours)
    assert child.wait() == 0
    lines = said.decode().split("\r\x1b[K")
    assert sum(" of 2." in line for line in lines) >= 2
    assert all(len(line.splitlines()[0]) < 80 for line in lines[1:-1] if line)
    assert "\x1b[31m" not in said.decode()  # a file's name is not obeyed
    piped = subprocess.run([*command, "--again"], capture_output=True, text=True, env=env)
    assert "\r" not in piped.stderr and piped.returncode == 0
