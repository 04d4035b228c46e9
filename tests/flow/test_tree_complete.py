"""README's promise: every record is also in the tree, once an import, a drain or the witness is done."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archives import NOW_NS, record
from memlog.archive import rebuild
from memlog.cli.jobs import JOBS
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import client, daemon, idle
from memlog.witness.drain import Drain
from memlog.witness.snapshots import Snapshots
from shared_data import DATA
from witness import ask, until

SESSIONS = Path(__file__).parents[1] / "data/sessions"
VIEWS = ("v_record", "v_session", "v_epoch")


@contextmanager
def witness(settings: Settings) -> Iterator[Callable[[], None]]:
    """A witness in a thread; what it gives stops it."""
    stop, ready = threading.Event(), threading.Event()
    kwargs = {"jobs": JOBS, "stop": stop, "ready": ready.set}
    thread = threading.Thread(target=daemon.run, args=(settings,), kwargs=kwargs)
    thread.start()
    assert ready.wait(10)

    def end() -> None:
        if thread.is_alive():
            client.ask(Home(settings.home), {"verb": "stop"})
            thread.join(10)
        assert not thread.is_alive()

    try:
        yield end
    finally:
        end()


def say(settings: Settings, text: str, **more: Any) -> None:
    with open_ring(settings) as ring:
        for blob in encode(record(text, session="session-a", **more)):
            ring.write(blob)


def in_tree(home: Home, text: str) -> bool:
    try:
        return text in Path(home.root, "session-a", "snap-00000.json").read_text()
    except FileNotFoundError:
        return False


def everything(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    return {view: ask(home, f"SELECT * FROM {view} ORDER BY 1, 2, 3") for view in VIEWS}


def rebuilt(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """What the archive holds that is made of the tree alone."""
    for name in os.listdir(home.root):
        if name.startswith("archive.db"):
            os.unlink(os.path.join(home.root, name))
    for _ in rebuild.rebuild(home, now_ns=NOW_NS, settings=Settings(home=home.root)):
        pass
    return everything(home)


def transcripts(folder: Path) -> Path:
    """Sessions long silent, and one that goes on."""
    shutil.copytree(SESSIONS, folder)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    line = f'{{"type": "user", "uuid": "u-now", "sessionId": "of-today", "timestamp": "{stamp}", '
    (folder / "live.jsonl").write_text(line + '"message": {"role": "user", "content": "still at it"}}\n')
    return folder


def args(folder: Path) -> dict[str, Any]:
    return {"agent": "claude-code", "paths": [str(folder)]}


def test_after_an_import_the_tree_alone_gives_every_record(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    client.run(home, settings, "import", args(transcripts(tmp_path / "t")), JOBS)
    before = everything(home)
    assert len(before["v_record"]) > 50 and len(before["v_epoch"]) > len(before["v_session"]) > 3
    assert rebuilt(home) == before


def test_an_import_by_the_witness_ends_silent_sessions_and_writes_them(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    with witness(settings) as end:
        client.run(home, settings, "import", args(transcripts(tmp_path / "t")), JOBS)
        open_ = ask(home, "SELECT session FROM v_epoch WHERE closed IS NULL")
        assert open_ == [("of-today",)]
        for folder, epochs in ask(home, "SELECT dir, epochs FROM v_session WHERE session <> 'of-today'"):
            names = [n for n in os.listdir(os.path.join(home.root, folder)) if n.startswith("snap-")]
            assert len(names) == epochs, folder
        end()
    before = everything(home)
    assert rebuilt(home) == before, "what goes on was written when the witness stopped"


def test_a_drain_writes_what_goes_on(home: Home, settings: Settings) -> None:
    say(settings, "words of the moment", ts_ns=time.time_ns())
    client.drain(home, settings)
    assert in_tree(home, "words of the moment")
    with witness(settings):
        say(settings, "words to the witness", n=2, ts_ns=time.time_ns())
        client.drain(home, settings)
        assert in_tree(home, "words to the witness")


def test_a_witness_that_stops_leaves_nothing_out_of_the_tree(home: Home, settings: Settings) -> None:
    with witness(settings) as end:
        say(settings, "last words", ts_ns=time.time_ns())
        until(lambda: ask(home, "SELECT 1 FROM v_record WHERE text = 'last words'"))
        assert not in_tree(home, "last words"), "an open epoch is not written after each record"
        end()
    assert in_tree(home, "last words")


def test_an_epoch_that_goes_on_is_written_once_nothing_came_for_a_while(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    monkeypatch.setattr(idle, "_OPEN_S", 0.3)
    monkeypatch.setattr(daemon, "_LOOK_S", 0.05)
    before = Snapshots.write

    def counted(self: Snapshots, drain: Drain, **named: Any) -> int:
        files = before(self, drain, **named)
        written.append(files)
        return files

    monkeypatch.setattr(Snapshots, "write", counted)
    with witness(settings):
        say(settings, "a thought", ts_ns=time.time_ns())
        until(lambda: in_tree(home, "a thought"))
        time.sleep(0.4)
        assert sum(written) == 1, "once a change"
        say(settings, "another", n=2, ts_ns=time.time_ns())
        until(lambda: in_tree(home, "another"))


def test_a_session_closed_by_silence_is_written_by_idle_work(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "_SILENT_S", 0.2)
    monkeypatch.setattr(daemon, "_LOOK_S", 0.05)
    with witness(settings):
        say(settings, "of long ago", ts_ns=time.time_ns() - 2 * 86_400 * 10**9)
        until(lambda: in_tree(home, "of long ago"))
        assert ask(home, "SELECT count(*) FROM v_epoch WHERE closed IS NULL") == [(0,)]


@pytest.mark.data
def test_real_transcripts_come_back_from_the_tree_alone(home: Home, settings: Settings) -> None:
    small = sorted((DATA / "claude-code").glob("*.gz"), key=os.path.getsize)[:12]
    client.run(home, settings, "import", {"agent": "claude-code", "paths": [str(p) for p in small]}, JOBS)
    before = everything(home)
    assert len(before["v_record"]) > 200
    assert rebuilt(home) == before
