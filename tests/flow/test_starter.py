"""A hook starts a witness when none lives: once, detached, and without keeping the host."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from children import signal_of
from memlog.capture import starter
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import lock

HOOK = [sys.executable, "-m", "memlog.capture.hook", "Stop"]


@pytest.fixture
def starting(settings: Settings) -> Settings:
    return settings._replace(start_witness=True)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that would have been run."""
    found: list[list[str]] = []
    monkeypatch.setattr(starter, "_start", lambda home, words: found.append(words))
    return found


def wait_for(what: Any, seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


def stop(home: Home) -> None:
    found = lock.holder(home)
    if found is not None and found.pid:
        os.kill(found.pid, 15)
        wait_for(lambda: lock.holder(home) is None)


def test_the_host_reads_the_end_of_stdout_while_the_witness_lives(home: Home) -> None:
    process = subprocess.Popen(
        HOOK, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "MEMLOG_START_WITNESS": "1"}
    )  # fmt: skip
    try:
        said, _ = process.communicate(b'{"session_id":"s"}', timeout=20)
        assert (process.returncode, said) == (0, b"")
        holder = wait_for(lambda: lock.holder(home))
        assert holder.pid not in (0, process.pid)
        assert os.getsid(holder.pid) not in (os.getsid(0), process.pid)
        if os.path.isdir(f"/proc/{holder.pid}"):
            assert os.readlink(f"/proc/{holder.pid}/cwd") == "/"
            files = {n: os.readlink(f"/proc/{holder.pid}/fd/{n}") for n in ("0", "1", "2")}
            log = str(Path(home.log) / "witness.log")
            assert files == {"0": os.devnull, "1": log, "2": log}
            assert not any("pipe" in os.readlink(f"/proc/{holder.pid}/fd/{n}") for n in files)
        # It is a witness of this home: it archives what the hook wrote.
        wait_for(lambda: os.path.exists(home.archive))
    finally:
        stop(home)


def test_no_descriptor_of_the_hook_survives_in_what_it_starts(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "fds"
    program = f"import os,time; open({str(out)!r},'w').write(' '.join(sorted(os.listdir('/proc/self/fd'))) + ' ' + os.getcwd()); time.sleep(30)"
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no /proc")
    kept = os.open(tmp_path / "kept", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(kept, True)
    os.dup2(kept, 60, inheritable=True)
    try:
        starter._start(home, [sys.executable, "-I", "-S", "-c", program])
        words = wait_for(lambda: out.exists() and out.read_text().split())
        assert set(words) <= {"0", "1", "2", "3", "4", "/"}  # 3, 4: its own file and listing
        twin = subprocess.run(
            [sys.executable, "-c", "import os; print(os.listdir('/proc/self/fd'))"],
            capture_output=True,
            text=True,
            close_fds=False,
        )
        assert "'60'" in twin.stdout  # it would have been inherited
    finally:
        os.close(60)
        os.close(kept)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if str(out).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(int(pid), 9)
            except OSError:
                continue


def test_a_witness_is_started_at_most_once_a_minute(
    home: Home, starting: Settings, started: list[list[str]]
) -> None:
    assert [
        starter.start_if_needed(home, starting, now_s=now)
        for now in (1e9, 1e9 + 1, 1e9 + 59, 1e9 + 61, 1e9 + 62)
    ] == [True, False, False, True, False]
    assert started == [[sys.executable, "-m", "memlog.cli.start", "--home", home.root, "witness", "run"]] * 2
    assert starter.start_if_needed(home, starting, now_s=1e9 - 3_600)  # a clock set back does not stop it


def test_not_while_one_lives(home: Home, starting: Settings, started: list[list[str]]) -> None:
    with lock.take(home, now_ns=1):
        assert not starter.start_if_needed(home, starting)
    assert starter.start_if_needed(home, starting)  # its lock file is still there


def test_not_after_it_was_stopped_and_not_against_the_setting(
    home: Home, starting: Settings, started: list[list[str]]
) -> None:
    assert not starter.start_if_needed(home, starting._replace(start_witness=False))
    Path(home.root).mkdir(mode=0o700)
    Path(home.witness_stopped).touch()
    assert not starter.start_if_needed(home, starting)
    os.unlink(home.witness_stopped)
    assert starter.start_if_needed(home, starting) and len(started) == 1


def test_looking_for_a_witness_does_not_keep_one_from_starting(
    home: Home, starting: Settings, started: list[list[str]]
) -> None:
    starter.start_if_needed(home, starting)
    lock.take(home, now_ns=1).close()
    assert starter.lives(home) is False
    with lock.take(home, now_ns=2):
        assert starter.lives(home) is True


def test_a_witness_that_cannot_be_run_is_no_concern_of_the_hook(home: Home) -> None:
    def work() -> None:  # in a process that has no other children
        starter._start(home, ["/nonexistent/python", "x"])
        with pytest.raises(ChildProcessError):  # and no zombie is left
            os.waitpid(-1, os.WNOHANG)

    assert signal_of(work) == 0
