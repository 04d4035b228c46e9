"""A session that begins is told, once a day, that nothing is archived; every other call says nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memlog.capture import alarm
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import lock, start

NOW_S = 1_790_000_000.0
DAY_S = 86_400


@pytest.fixture
def spoken(home: Home, tmp_path: Path) -> "object":
    """What tell() says at a time, "" where it says nothing."""

    def speak(settings: Settings, now_s: float) -> str:
        path = tmp_path / "stdout"
        with path.open("wb") as out:
            told = alarm.tell(out.fileno(), home, settings, now_s=now_s)
        text = path.read_text()
        assert told == bool(text)
        return str(json.loads(text)["systemMessage"]) if text else ""

    return speak


def call(event: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "memlog.capture.hook", event], input=b'{"session_id":"s","source":"startup"}',
        capture_output=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_the_agents_user_is_told_once_at_session_start_and_never_elsewhere(home: Home) -> None:
    assert call("SessionStart") == ""  # a new home is no trouble
    start.note(home, start.FAILED, reason="archive.db: file is not a database")
    assert call("Stop") == ""
    said = json.loads(call("SessionStart"))
    assert list(said) == ["systemMessage"]
    assert "file is not a database" in said["systemMessage"] and "memlog status" in said["systemMessage"]
    assert call("SessionStart") == ""  # for a day


def test_where_nothing_can_be_recorded_each_session_that_begins_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEMLOG_HOME", "/proc/memlog")  # no folder can be made there, by root neither
    for _ in range(2):
        said = json.loads(call("SessionStart"))["systemMessage"]
        assert said.startswith("memlog cannot record this session: /proc/memlog: ")
        assert said.endswith("Look with: memlog doctor")
    assert call("Stop") == call("UserPromptSubmit") == ""


def test_it_is_told_again_after_a_day_while_it_lasts(home: Home, settings: Settings, spoken: object) -> None:
    assert callable(spoken)
    start.note(home, start.FAILED, reason="no")
    times = (0, 1, DAY_S - 1, DAY_S + 1, DAY_S + 2)
    assert [bool(spoken(settings, NOW_S + t)) for t in times] == [True, False, False, True, False]
    start.note(home, start.RUNNING)
    with lock.take(home, now_ns=1):
        assert spoken(settings, NOW_S + 3 * DAY_S) == ""


def test_trouble_is_told_from_what_a_person_wants(home: Home, settings: Settings) -> None:
    def why(**named: bool) -> str:
        return alarm.trouble(
            home, settings._replace(**named), now_s=os.stat(home.witness_start).st_mtime + 61
        )

    start.note(home, start.RUNNING)
    assert why(start_witness=True) == ""  # killed: this very hook starts another
    assert "killed" in why(start_witness=False)
    start.note(home, start.STOPPED)
    assert why() == ""
    start.note(home, start.DEGRADED, reason="disk full")
    with lock.take(home, now_ns=1):
        assert "disk full" in why()
    Path(home.witness_start).write_bytes(b"")  # a hook emptied it, and no witness came
    assert "does not start" in why()
    assert alarm.trouble(home, settings, now_s=os.stat(home.witness_start).st_mtime + 5) == ""
    Path(home.witness_stopped).touch()
    assert why() == ""


def test_a_note_nobody_can_read_says_nothing_and_ends_nothing(
    home: Home, settings: Settings, spoken: object
) -> None:
    assert callable(spoken)
    os.mkdir(home.root, 0o700)
    for raw in (b"{", b"[]", b"\xff", b"null"):
        Path(home.witness_start).write_bytes(raw)
        assert spoken(settings, NOW_S) == ""
