"""`memlog up`: one command from nothing to pages, and everything it started ends with it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest

from conftest import Run, environ_of
from memlog.archive.connection import open_reader
from memlog.cli import sample
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import lock

pytestmark = pytest.mark.slow  # each starts a witness and a server

SESSIONS = Path(__file__).parents[1] / "data" / "sessions"


def counted(home: Home, sql: str) -> int:
    con = open_reader(home.archive)
    try:
        return int(con.execute(sql).fetchone()[0])
    finally:
        con.close()


@contextmanager
def running(*words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`memlog up` and the address of its pages."""
    command = [sys.executable, "-m", "memlog.cli.start", "up", *words]
    up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert up.stdout is not None
        said = ""
        while "install claude-code" not in said:
            line = up.stdout.readline()
            assert line, said
            said += line
        yield up, said
    finally:
        with up:  # closes its pipe and waits
            if up.poll() is None:
                up.kill()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home in which `memlog up --once` ran, and what it said."""
    folder = tmp_path_factory.mktemp("first")
    command = [sys.executable, "-m", "memlog.cli.start", "up", "--once", "--port", "0"]
    done = subprocess.run(command, env=environ_of(folder), stdout=subprocess.PIPE, text=True, check=True)
    return folder / "home", done.stdout


@pytest.fixture
def played(first: tuple[Path, str], home: Home) -> str:
    """The home is a copy of that one; what was said."""
    copytree(first[0], home.root, ignore=ignore_patterns("doorbell"))
    return first[1]


def test_without_transcripts_the_sample_session_is_recorded_and_found(
    home: Home, played: str, run_memlog: Run
) -> None:
    assert counted(home, "SELECT count(*) FROM v_record") == len(sample._lines())
    assert counted(home, "SELECT count(*) FROM v_record WHERE ring_id IS NULL") == 0, "not through the ring"
    assert counted(home, "SELECT compactions FROM v_session WHERE records > 0") == 1
    assert counted(home, "SELECT count(*) FROM v_event WHERE event = 'PreCompact'") == 1
    assert (
        counted(home, "SELECT count(*) FROM v_gap") == counted(home, "SELECT sum(gaps) FROM v_session") == 0
    )
    words = re.search(r"query search (\S+) +# (\d+) record", played)
    assert words and int(words[2]) > 1
    found = run_memlog("query", "search", words[1], "--json", check=0)
    assert words[1] in found.stdout.lower()
    assert lock.holder(home) is None


def test_the_decision_the_summary_dropped_is_found(played: str, run_memlog: Run) -> None:
    found = run_memlog("query", "search", '"4 tries" epoch:0', "--json", check=0).stdout
    assert "0.5 s apart" in found
    assert "4 tries" not in run_memlog("query", "search", "kind:summary", "--json", check=0).stdout


def test_a_second_run_adds_nothing(home: Home, played: str, run_memlog: Run) -> None:
    before = counted(home, "SELECT count(*) FROM v_record"), counted(home, "SELECT count(*) FROM v_event")
    run_memlog("up", "--once", "--no-serve", check=0)
    assert before == (
        counted(home, "SELECT count(*) FROM v_record"),
        counted(home, "SELECT count(*) FROM v_event"),
    )


def test_a_sample_that_was_interrupted_is_finished(home: Home, run_memlog: Run, settings: Settings) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "_after", stop_at("PostCompact"))
        with pytest.raises(Stopped):
            sample.play(home, settings)
    run_memlog("witness", "drain", check=0)
    part = counted(home, "SELECT count(*) FROM v_record")
    run_memlog("up", "--once", "--no-serve", check=0)
    assert 0 < part < counted(home, "SELECT count(*) FROM v_record") == len(sample._lines())


class Stopped(Exception):
    pass


def stop_at(last: str) -> Callable[[dict[str, Any]], Iterator[tuple[str, dict[str, Any]]]]:
    """sample._after that ends the play at this event."""
    real = sample._after

    def after(line: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for event, told in real(line):
            if event == last:
                raise Stopped
            yield event, told

    return after


@pytest.mark.parametrize("moved", [False, True])
def test_transcripts_are_imported(
    home: Home, run_memlog: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    config = tmp_path / "elsewhere" if moved else tmp_path / "user" / ".claude"
    copytree(SESSIONS / "subagents", config / "projects" / "-home-ines-code-tidewatch")
    if moved:
        monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(config))
    run_memlog("up", "--once", "--no-serve", check=0)
    assert counted(home, "SELECT count(*) FROM v_session") == 1
    assert counted(home, "SELECT count(*) FROM v_record WHERE text LIKE '%next_alarm%'") > 0
    assert not os.path.exists(os.path.join(home.root, "sample.session"))


def test_transcripts_without_a_record_still_leave_something_to_find(
    home: Home, run_memlog: Run, tmp_path: Path
) -> None:
    project = tmp_path / "user" / ".claude" / "projects" / "-x"
    project.mkdir(parents=True)
    (project / "empty.jsonl").write_text("\n\n")
    run_memlog("up", "--once", "--no-serve", check=0)
    assert counted(home, "SELECT count(*) FROM v_record") == len(sample._lines())


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_the_end_of_up_is_the_end_of_what_it_started(home: Home, played: str, by: signal.Signals) -> None:
    with running("--port", "0") as (up, said):
        address = re.search(r"http://127\.0\.0\.1:\d+/archive", said)
        assert address and lock.holder(home) is not None
        with urllib.request.urlopen(address[0], timeout=20) as page:
            assert page.status == 200
        up.send_signal(by)
        assert up.wait(30) == 0
    assert lock.holder(home) is None


def test_a_witness_that_was_running_stays(home: Home, played: str) -> None:
    command = [sys.executable, "-m", "memlog.cli.start", "witness", "run"]
    witness = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while lock.holder(home) is None:
            time.sleep(0.02)
        with running("--port", "0") as (up, said):
            assert f"pid {witness.pid}, was running" in said
            up.send_signal(signal.SIGINT)
            assert up.wait(30) == 0
        holder = lock.holder(home)
        assert holder is not None and holder.pid == witness.pid
    finally:
        witness.terminate()
        witness.wait(30)


def test_a_taken_port_is_replaced_by_a_free_one(played: str, run_memlog: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_memlog("up", "--once", "--port", str(port), check=0)
    assert f"port {port} is in use" in done.stderr and f":{port}/" not in done.stdout


def test_once_fails_with_the_reason_when_a_page_does_not_answer(
    home: Home, played: str, run_memlog: Run, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import sys\n"
        "class Broken:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'datasette_memlog':\n"
        "            import datasette.views.base as base\n"
        "            async def fail(*a, **k): raise RuntimeError('broken on purpose')\n"
        "            base.BaseView.dispatch_request = fail\n"
        "sys.meta_path.insert(0, Broken())\n"
    )
    done = run_memlog("up", "--once", "--port", "0", check=5, env={"PYTHONPATH": str(broken)})
    assert "/archive answered 500" in done.stderr
    assert lock.holder(home) is None


def test_a_witness_that_cannot_start_is_an_error_with_its_words(home: Home, run_memlog: Run) -> None:
    Path(home.root).mkdir(0o700)
    Path(home.archive).write_bytes(b"no archive, but long enough to be asked about" * 100)
    done = run_memlog("up", "--once", "--no-serve")
    assert done.returncode in (5, 6) and "archive.db" in done.stderr
    assert lock.holder(home) is None
