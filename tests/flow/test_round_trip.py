"""The path of a record, whole: a hook writes, the agent is killed, a witness is started, and all is found."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Run
from memlog.archive.store import Archive
from memlog.archive.tree import session_dir
from memlog.contracts import CLAUDE_CODE
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import control, lock
from memlog.witness.drain import Drain
from shared_data import files, unzipped
from witness import ask, identities, one, records, running, until, uuids

COMPACTED = Path(__file__).parents[1] / "data/sessions/compacted.jsonl"
# An agent: it writes its transcript, calls the hook, and is then killed in the middle of a line.
AGENT = """
import json, subprocess, sys, time
path, before, told = sys.argv[1], open(sys.argv[2], "rb").read(), json.loads(sys.argv[3])
out = open(path, "wb")
out.write(before); out.flush()
hook = [sys.executable, "-m", "memlog.capture.hook", "PreCompact"]
subprocess.run(hook, input=json.dumps(told).encode(), check=True)
out.write(b'{"type": "assistant", "mess'); out.flush()
print("hook returned", flush=True)
time.sleep(60)
"""


def boundary(path: Path) -> int:
    """Offset of the line of a transcript's first compaction."""
    at = 0
    for line in path.read_bytes().splitlines(keepends=True):
        if b'"compact_boundary"' in line and json.loads(line).get("subtype") == "compact_boundary":
            return at
        at += len(line)
    raise AssertionError(f"{path} holds no compaction")


def session_of(path: Path) -> str:
    lines = map(json.loads, path.read_bytes().splitlines())
    return next(str(line["sessionId"]) for line in lines if line.get("sessionId"))


def killed_agent(path: Path, whole: Path, tmp_path: Path) -> None:
    """An agent that reaches its first compaction and is killed there; the witness is down."""
    before = tmp_path / "before"
    before.write_bytes(whole.read_bytes()[: boundary(whole)])
    told = {"session_id": session_of(whole), "transcript_path": str(path), "cwd": "/w", "trigger": "auto",
            "custom_instructions": None}  # fmt: skip
    agent = subprocess.Popen(
        [sys.executable, "-c", AGENT, str(path), str(before), json.dumps(told)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert agent.stdout is not None and agent.stdout.readline() == "hook returned\n"
    agent.send_signal(signal.SIGKILL)
    agent.wait()
    agent.stdout.close()


def round_trip(home: Home, settings: Settings, whole: Path, path: Path, tmp_path: Path) -> None:
    killed_agent(path, whole, tmp_path)
    assert lock.holder(home) is None and not os.path.exists(home.archive)
    os.unlink(path)  # what the agent knew is now in the ring alone
    expected = uuids(tmp_path / "before")
    session = session_of(whole)
    snapshot = Path(home.root, session_dir(CLAUDE_CODE, session), "snap-00000.json")
    with running(home):
        until(snapshot.exists)
        with open_ring(settings) as ring:
            until(lambda: ring.info().drained_seq == ring.info().next_seq - 1)
    found = ask(home, "SELECT source_id, epoch, text FROM v_record WHERE session = :s", s=session)
    assert expected <= {source for source, _, _ in found}
    assert {epoch for _, epoch, _ in found} == {0}
    said = next(text for _, _, text in found if len(text) > 40)
    word = max((w for w in said.split() if w.isalpha() and w.isascii()), key=len)
    hits = ask(
        home, "SELECT DISTINCT v.session FROM v_record v JOIN record_fts f ON f.rowid = v.id "
        "WHERE record_fts MATCH :w", w=f'"{word}"',
    )  # fmt: skip
    assert hits == [(session,)]
    in_tree = snapshot.read_text()
    assert [source for source in expected if source not in in_tree] == []
    assert one(home, "SELECT count(*) FROM v_event WHERE event = 'PreCompact'") == 1


def test_an_epoch_survives_the_agent_that_is_killed_while_it_compacts(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    round_trip(home, settings, COMPACTED, tmp_path / "live.jsonl", tmp_path)


@pytest.mark.data
def test_an_epoch_of_a_real_session_survives_it_too(home: Home, settings: Settings, tmp_path: Path) -> None:
    for packed in files("claude-code", "*.jsonl.gz"):
        whole = tmp_path / "whole.jsonl"
        whole.write_bytes(unzipped(packed))
        if b'"compact_boundary"' in whole.read_bytes() and boundary(whole) < 2_900_000:
            break
    round_trip(home, settings, whole, tmp_path / f"{session_of(whole)}.jsonl", tmp_path)


@pytest.mark.slow
def test_captured_by_hooks_and_then_imported_a_session_is_the_same_rows(
    home: Home, settings: Settings, run_hook: Run, run_memlog: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{session_of(COMPACTED)}.jsonl"
    told = {"session_id": session_of(COMPACTED), "transcript_path": str(path), "cwd": "/w"}
    lines = COMPACTED.read_bytes().splitlines(keepends=True)
    step = max(len(lines) // 6, 1)
    with running(home):
        for n in range(0, len(lines), step):
            with path.open("ab") as file:
                file.writelines(lines[n : n + step])
            run_hook("Stop", told)
        run_hook("SessionEnd", {**told, "reason": "other"})
        until(lambda: _ended(home))
        captured = identities(home)
        result = json.loads(run_memlog("import", "claude-code", str(path), "--json", check=0).stdout)
    assert captured and result["records"] == 0
    assert identities(home) == captured
    other = Home(str(tmp_path / "other"))
    os.mkdir(other.root, 0o700)
    shutil.copy(home.key, other.key)
    run_memlog("--home", other.root, "import", "claude-code", str(path), check=0)
    assert identities(other) == captured
    epochs = "SELECT epoch, boundary, trigger, tokens_before, records FROM v_epoch ORDER BY epoch"
    assert ask(other, epochs) == ask(home, epochs)
    assert len(ask(home, epochs)) == 2


def test_the_hooks_stdout_ends_at_once_though_the_witness_it_started_lives(
    home: Home, tmp_path: Path
) -> None:
    told = {"session_id": "s", "transcript_path": str(COMPACTED), "cwd": "/w"}
    env = {**os.environ, "MEMLOG_START_WITNESS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "memlog.capture.hook", "Stop"], input=json.dumps(told).encode(),
        capture_output=True, env=env, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    try:
        until(lambda: records(home) > 0)
        assert lock.holder(home) is not None
    finally:
        until(lambda: _stopped(home))


@pytest.mark.parametrize("order", ["hooks first", "import first"])
def test_in_whatever_order_hooks_and_import_come_the_archive_is_the_same(
    home: Home, settings: Settings, run_hook: Run, run_memlog: Run, tmp_path: Path, order: str
) -> None:
    path = tmp_path / f"{session_of(COMPACTED)}.jsonl"
    whole = COMPACTED.read_bytes()
    cut = boundary(COMPACTED)
    told = {"session_id": path.stem, "transcript_path": str(path), "cwd": "/w", "trigger": "auto"}

    def hooks() -> None:
        run_hook("PreCompact", told)
        with Archive.open(home, now_ns=1, settings=settings) as archive, Drain(archive, settings) as drain:
            drain.run()
            drain.settle()

    def imports() -> None:
        run_memlog("import", "claude-code", str(path), check=0)

    steps: tuple[Callable[[], Any], Callable[[], Any]] = (hooks, imports)
    for n, step in enumerate(steps if order == "hooks first" else steps[::-1]):
        path.write_bytes(whole[:cut] if n == 0 else whole)
        step()
    assert uuids(path) <= {source for source, *_ in ask(home, "SELECT source_id FROM v_record")}
    assert one(home, "SELECT count(*) FROM v_record") == one(
        home, "SELECT count(*) FROM (SELECT DISTINCT session, source_id, block, part FROM v_record)"
    )
    assert one(home, "SELECT compactions FROM v_session") == 1


def _ended(home: Home) -> bool:
    return os.path.exists(home.archive) and bool(
        ask(home, "SELECT 1 FROM v_event WHERE event = 'SessionEnd'")
    )


def _stopped(home: Home) -> bool:
    return control.stop(home) is not None
