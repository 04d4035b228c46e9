"""Every test has a home of its own, no way to the user's, and a minute to finish."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from memlog.paths import Home
from memlog.settings import Settings
from shared_data import DATA
from users import shared  # noqa: F401 - a fixture for all
from warm import Warm, split_once

SECONDS, SECONDS_SLOW = 60, 900
HOSTS = ("CLAUDE_", "CODEX_", "COPILOT_", "GEMINI_", "OPENCODE_", "SWE_AGENT_", "XDG_")
TASTE = ("NO_COLOR", "FORCE_COLOR", "PAGER", "NO_PAGER", "COLUMNS", "LINES")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure() -> None:
    # A suite started in the background of a shell ignores Ctrl-C, and so would every command it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="no real transcripts beside the checkout")
    for item in items:
        if item.get_closest_marker("data") and not DATA.is_dir():
            item.add_marker(missing)


@pytest.fixture(autouse=True)
def _finishes(request: pytest.FixtureRequest) -> Iterator[None]:
    slow, kernel = (request.node.get_closest_marker(name) for name in ("slow", "kernel"))
    # A guest without KVM runs a command a tenth as fast, and on a busy machine slower still.
    seconds = (SECONDS_SLOW if slow else SECONDS) * (10 if kernel and not slow else 2 if kernel else 1)

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", autouse=True)
def _migrations_are_split_once() -> None:
    split_once()


def environ_of(folder: Path) -> dict[str, str]:
    """The environment of commands whose home lies in this folder: empty homes, and nothing of the user's."""
    user = folder / "user"
    user.mkdir()
    # A command that compiles its modules anew each time takes twice as long.
    theirs = {*TASTE, "PYTHONDONTWRITEBYTECODE"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in theirs and not name.startswith(("MEMLOG_", *HOSTS))
    }
    ours = {"HOME": str(user), "MEMLOG_HOME": str(folder / "home"), "MEMLOG_START_WITNESS": "0"}
    return kept | ours | {"MEMLOG_RING": "shm"}


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def tmp_path(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, numbers: Iterator[int]
) -> Path:
    """An empty folder, numbered by the session: pytest's own looks through all folders before it for a number."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    path = tmp_path_factory.getbasetemp() / f"{name}-{next(numbers)}"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home; $HOME and Claude's folder are empty ones too."""
    wanted = environ_of(tmp_path)
    for name in set(os.environ) - set(wanted):
        monkeypatch.delenv(name)
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    return Home(str(tmp_path / "home"))


@pytest.fixture
def settings(home: Home) -> Settings:
    """The defaults for that home: the shared-memory ring, no witness started by a hook."""
    return Settings(home=home.root, ring="shm", start_witness=False)


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """An interpreter that has loaded memlog; its forks are the commands of the two fixtures below."""
    found = Warm()
    yield found
    found.end()


@pytest.fixture
def run_memlog(home: Home, warm: Warm) -> Run:
    """`memlog WORDS…` in a process of its own; keywords: input, env, timeout, and check (an exit code)."""

    def run(*words: str, check: int | None = None, **named: Any) -> "subprocess.CompletedProcess[str]":
        return _run(warm, ["memlog.cli.start", *words], check, **named)

    return run


@pytest.fixture
def run_hook(home: Home, warm: Warm) -> Run:
    """`memlog-hook EVENT` with this JSON (or these bytes) on stdin; it must exit 0 and say nothing."""

    def run(
        event: str, payload: Mapping[str, Any] | str, agent: str = "", **named: Any
    ) -> "subprocess.CompletedProcess[str]":
        given = payload if isinstance(payload, str) else json.dumps(payload)
        words = [*(["--agent", agent] if agent else []), event]
        return _run(warm, ["memlog.capture.hook", *words], 0, input=given, **named)

    return run


def _run(
    warm: Warm, command: list[str], check: int | None, *, input: str = "", env: Mapping[str, str] | None = None,
    timeout: float = 50, cwd: str | os.PathLike[str] | None = None,
) -> "subprocess.CompletedProcess[str]":  # fmt: skip
    environ, given = {**os.environ, **(env or {})}, input.encode("utf-8", "surrogateescape")
    if cwd is None and warm.takes(environ, given):
        code, *outputs = warm.run(command[0], command[1:], environ, given, timeout)
    else:
        anew = subprocess.run(
            [sys.executable, "-m", *command], input=given, capture_output=True, timeout=timeout, cwd=cwd, env=environ
        )  # fmt: skip
        code, outputs = anew.returncode, [anew.stdout, anew.stderr]
    said = [re.sub("\r\n?", "\n", output.decode("utf-8", "surrogateescape")) for output in outputs]
    done = subprocess.CompletedProcess(command, code, *said)
    if check is not None:
        assert done.returncode == check, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
