"""What ends a command from outside: closed and full streams, homes that cannot be, files anything wrote to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import memlog
from archives import fill, record
from conftest import Run
from memlog.errors import InputError
from memlog.paths import Home

START = [sys.executable, "-m", "memlog.cli.start"]


def shell(line: str, home: Home) -> "subprocess.CompletedProcess[str]":
    """A line of sh in which $M is the command."""
    made = {**os.environ, "M": " ".join(START)}
    return subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, env=made, timeout=50, check=False
    )


@pytest.mark.parametrize("command", ["query search needle", "query sessions", "export jsonl", "version"])
def test_an_output_that_takes_no_more_is_one_line_and_exit_5(home: Home, command: str) -> None:
    fill(home, [record("needle")])
    done = shell(f"$M {command} >/dev/full", home)
    assert done.returncode == 5
    assert done.stderr.startswith("memlog: nothing more could be written: No space left on device\nnext: ")
    assert done.stderr.count("\n") == 2


def test_a_closed_stream_is_an_empty_one_and_its_number_is_no_file_of_ours(home: Home) -> None:
    fill(home, [record("needle")])
    for command in ("query search needle", "query sessions"):
        done = shell(f"$M {command} >&-", home)
        assert (done.returncode, done.stderr) == (0, "")
    done = shell("$M write <&-", home)
    assert done.returncode == 2 and "nothing came on standard input" in done.stderr
    assert shell("$M query search needle --nl <&- 2>&-", home).stdout.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["query", "session", "last", "--epoch"], ["query", "sessions", "--limit"], ["query", "timeline", "--limit"],
        ["query", "epochs", "--limit"], ["export", "jsonl", "--epoch"], ["witness", "status", "--limit"],
    ],
)  # fmt: skip
def test_a_number_no_column_holds_is_no_number_of_ours(
    home: Home, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from memlog.cli import root

    fill(home, [record("needle")])
    assert root.main([*words, "9" * 20]) == 2
    assert "is larger than 999,999,999" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/x", "/proc", "/proc/x", "a-file"])
@pytest.mark.parametrize(
    "words", [["status"], ["query", "search", "x"], ["import", "jsonl", "x.jsonl"], ["witness", "drain"]]
)
def test_a_home_that_cannot_be_is_named(
    home: Home, tmp_path: Path, place: str, words: list[str], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from memlog.cli import root, search

    (tmp_path / "a-file").touch()
    (tmp_path / "x.jsonl").touch()
    monkeypatch.chdir(tmp_path)
    where = os.path.abspath(place)
    code = search.main(words[2:], where) if words[1:2] == ["search"] else root.main(["--home", where, *words])
    said = capsys.readouterr()
    assert "internal error" not in said.err
    if words != ["status"] or not place.startswith("/proc"):  # there a status can be said: nothing is there
        assert code in (3, 5, 7) and where in said.err


def test_a_spool_that_is_a_file_and_a_start_that_says_nonsense_are_shown(home: Home, run_memlog: Run) -> None:
    fill(home, [record("needle")])
    Path(home.spool).touch()
    Path(home.witness_start).write_text('{"state": 5, "at_ns": "x", "reason": [1]}\n')
    done = run_memlog("status", check=1)
    assert f"BAD: {home.spool} is not a directory" in done.stdout and f"next: mv {home.spool} " in done.stderr
    rows = json.loads(run_memlog("doctor", check=1).stdout)
    assert [row["state"] for row in rows if row["check"] == "spool"] == ["bad"]
    assert f"{home.spool}: Not a directory" in run_memlog("witness", "drain", check=5).stderr


@pytest.mark.parametrize(
    "wrong", [{"rest": [1]}, {"role": 3}, {"tool": 4.5}, {"session": b"x"}, {"rest": "x"}]
)
def test_an_argument_of_another_type_makes_no_record(home: Home, wrong: dict[str, object]) -> None:
    with memlog.open_ring() as ring, pytest.raises(InputError):
        ring.write("x", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [object(), {1, 2}, Path("x")])
def test_what_is_no_text_and_no_json_makes_no_record(home: Home, text: object) -> None:
    with memlog.open_ring() as ring, pytest.raises(InputError, match="no text"):
        ring.write(text)


def test_doctor_runs_with_a_wrong_setting_and_shows_it(home: Home, run_memlog: Run) -> None:
    fill(home, [record("needle")])
    Path(home.config).write_text("port = 9001\nprot = 2\n")
    fault = f"{home.config}, line 2: no setting is called 'prot'; did you mean 'port'?"
    found = json.loads(run_memlog("doctor", check=1).stdout)
    assert (found[0]["check"], found[0]["state"], found[0]["detail"]) == ("settings", "bad", fault)
    assert {"ring", "archive", "disk"} <= {row["check"] for row in found}
    done = run_memlog("doctor", "--settings", check=1)
    assert {row["name"]: row["value"] for row in json.loads(done.stdout)}["port"] == 9001
    assert fault in done.stderr
    assert fault in run_memlog("status", check=2).stderr


def test_a_variable_with_a_wrong_name_is_said_by_commands_and_not_by_hooks(
    home: Home, run_memlog: Run, run_hook: Run
) -> None:
    odd = {"MEMLOG_NOPE": "1"}
    assert "MEMLOG_NOPE sets nothing" in run_memlog("version", check=0, env=odd).stderr
    assert run_hook("Stop", {"session_id": "a"}, env=odd).stderr == ""


@pytest.mark.parametrize("path", ["/dev/full", "/dev/zero"])
def test_settings_that_are_no_regular_file_are_refused(
    home: Home, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from memlog.cli import root

    assert root.main(["install", "claude-code", "--settings", path]) == 2
    assert f"{path} cannot be read: it is not a regular file" in capsys.readouterr().err


STRUCK = """
import os, signal, sys
from memlog.archive import connection
from memlog.cli import start
struck = []
def strike():
    if not struck:
        struck.append(1)
        print("struck", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGINT)
class Loading:
    def find_spec(self, name, path=None, target=None):
        if name == "memlog.cli.root":
            strike()
inner = connection.memlog_text
def outer(*given):
    strike()
    return inner(*given)
if sys.argv[1] == "function":
    connection.memlog_text = outer
elif sys.argv[1] == "module":
    sys.meta_path.insert(0, Loading())
else:
    import memlog.cli.edge, memlog.cli.interrupt as interrupt
    connection.memlog_text = outer
    interrupt.remember = lambda: None
del sys.argv[1]
start.run()
"""


def struck(home: Home, where: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command that is sent SIGINT once: inside a function SQLite calls, or while its modules are loaded."""
    fill(home, [record("needle")])
    done = subprocess.run(
        [sys.executable, "-c", STRUCK, where, *words], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stderr.startswith("struck\n"), done.stderr
    return done


@pytest.mark.parametrize("where", ["function", "module"])
def test_ctrl_c_is_one_line_and_exit_130_wherever_it_strikes_and_leaves_no_file(
    home: Home, where: str, tmp_path: Path
) -> None:
    done = struck(home, where, "export", "sqlite", "-o", str(tmp_path / "out.db"))
    assert (done.returncode, done.stderr) == (130, "struck\nmemlog: interrupted\n")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("out")]


def test_without_a_memory_of_it_sqlite_makes_another_error_of_ctrl_c(home: Home, tmp_path: Path) -> None:
    done = struck(home, "twin", "export", "sqlite", "-o", str(tmp_path / "out.db"))
    assert done.returncode not in (0, 130)


def test_the_next_step_is_one_of_the_command_that_was_called(
    home: Home, run_memlog: Run, tmp_path: Path
) -> None:
    fill(home, [record("needle")])
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/file").touch()
    taken, folder = str(tmp_path / "taken"), str(tmp_path)
    for words, code, said, then in (
        (["query", "sql", "select :k", "-p", "k"], 2, "'-p' requires 2", "memlog query sql --help"),
        (["query", "sql", "select :k"], 2, "-p NAME VALUE gives one", "memlog query sql --help"),
        (
            ["admin", "recover", "--to", taken],
            7,
            "is there already",
            "memlog admin recover --to with another",
        ),
        (["admin", "backup", taken], 7, "is there already", "memlog admin backup with another folder"),
        (["install", "codex", "--settings", folder], 2, "Is a directory", "the same with --settings FILE"),
        (["import", "gemini-cli", taken], 0, f"no transcript of gemini-cli in {taken}", "memlog import with"),
    ):
        done = run_memlog(*words, check=code)
        told = done.stderr.splitlines()
        assert said in told[-2] and told[-1].startswith(f"next: {then}")
