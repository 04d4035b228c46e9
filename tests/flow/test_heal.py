"""After a loss the transcripts are read again, and only what really came back counts as healed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bench import corpus

from conftest import Run
from memlog.archive.store import Archive
from memlog.capture import spool
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import heal, lock, spooled
from memlog.witness.drain import Drain
from witness import ask, identities, one, running, until, uuids

SESSION = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    path = tmp_path / f"{SESSION}.jsonl"
    corpus.transcript(path, 60_000, SESSION)
    return path


def drained(home: Home, settings: Settings) -> dict[str, int]:
    with Archive.open(home, now_ns=1, settings=settings) as archive, Drain(archive, settings) as drain:
        drain.run()
        drain.settle()
        return drain.totals.as_dict()


def imported(home: Home, tmp_path: Path, run_memlog: Run, *paths: Path) -> list[tuple[object, ...]]:
    """What a home with the same key holds that only imported them."""
    other = Home(str(tmp_path / "other"))
    os.mkdir(other.root, 0o700)
    shutil.copy(home.key, other.key)
    run_memlog("--home", other.root, "import", "claude-code", *map(str, paths), check=0)
    return identities(other)


def call(run_hook: Run, event: str, path: Path, **more: object) -> None:
    run_hook(event, {"session_id": path.stem, "transcript_path": str(path), "cwd": "/w", **more})


def lose(settings: Settings) -> int:
    with open_ring(settings) as ring:
        return ring.clear(force=True)


def test_what_a_ring_lost_is_read_again_from_the_transcript_and_the_gap_is_healed(
    home: Home, settings: Settings, transcript: Path, run_hook: Run, run_memlog: Run, tmp_path: Path
) -> None:
    call(run_hook, "Stop", transcript)
    assert lose(settings) > 10
    totals = drained(home, settings)
    assert totals["lost"] > 10 and totals["archived"] > 10
    assert identities(home) == imported(home, tmp_path, run_memlog, transcript)
    assert ask(home, "SELECT healed, recovered > 10 FROM v_gap") == [(1, 1)]
    assert one(home, "SELECT sum(gaps) FROM v_session") == 0


def test_a_healing_that_was_cut_short_counts_what_it_had_brought_back(
    home: Home, settings: Settings, transcript: Path, run_hook: Run
) -> None:
    call(run_hook, "Stop", transcript)
    lose(settings)
    few = settings._replace(batch_records=5)
    with Archive.open(home, now_ns=1, settings=few) as archive, Drain(archive, few) as drain:
        drain.run()
        steps = heal.heal(archive, few, drain.heed)
        next(steps)
        next(steps)  # two batches are archived, then it is gone
    assert ask(home, "SELECT healed, recovered FROM v_gap") == [(0, 10)]
    drained(home, settings)
    assert ask(home, "SELECT healed, recovered > 10 FROM v_gap") == [(1, 1)]


def test_without_healing_the_same_loss_stays(
    home: Home, settings: Settings, transcript: Path, run_hook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(run_hook, "Stop", transcript)
    lose(settings)
    monkeypatch.setattr(heal, "is_needed", lambda archive: False)
    drained(home, settings)
    assert identities(home) == []
    assert ask(home, "SELECT healed FROM v_gap") == [(0,)]


def test_a_pass_lost_in_the_middle_is_a_hole_that_heals(
    home: Home, settings: Settings, transcript: Path, run_hook: Run, run_memlog: Run, tmp_path: Path
) -> None:
    whole = transcript.read_bytes()
    cuts = [whole.rfind(b"\n", 0, len(whole) * n // 3) + 1 for n in (1, 2)] + [len(whole)]
    for n, cut in enumerate(cuts):
        transcript.write_bytes(whole[:cut])
        call(run_hook, "Stop", transcript)
        if n == 0:
            drained(home, settings)
        if n == 1:
            lose(settings)
    with pytest.MonkeyPatch.context() as patch:  # the same drain without healing shows the hole
        patch.setattr(heal, "is_needed", lambda archive: False)
        drained(home, settings)
    assert one(home, "SELECT gaps FROM v_session") == 1
    drained(home, settings)
    assert one(home, "SELECT gaps FROM v_session") == 0
    assert identities(home) == imported(home, tmp_path, run_memlog, transcript)
    assert ask(home, "SELECT DISTINCT healed FROM v_gap") == [(1,)]


def test_a_transcript_that_is_gone_heals_nothing(
    home: Home, settings: Settings, transcript: Path, run_hook: Run
) -> None:
    call(run_hook, "Stop", transcript)
    lose(settings)
    os.unlink(transcript)
    drained(home, settings)
    assert ask(home, "SELECT healed, recovered FROM v_gap") == [(0, 0)]


def test_a_loss_no_transcript_held_is_never_called_healed(
    home: Home, settings: Settings, transcript: Path, run_hook: Run
) -> None:
    call(run_hook, "Stop", transcript)
    drained(home, settings)
    with open_ring(settings) as ring:
        for n in range(5):
            ring.write(b"another program's %d" % n)
        ring.clear(force=True)
    drained(home, settings)
    drained(home, settings)
    assert ask(home, "SELECT lost, healed, recovered FROM v_gap") == [(5, 0, 0)]


def test_what_was_handed_over_comes_from_the_spool_though_the_host_deleted_the_file(
    home: Home, settings: Settings, transcript: Path, run_hook: Run, run_memlog: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "kept" / transcript.name
    copy.parent.mkdir()
    shutil.copy(transcript, copy)
    run_hook(
        "PreCompact", {"session_id": SESSION, "transcript_path": str(transcript), "trigger": "auto"},
        env={"MEMLOG_HAND_OVER_BYTES": "1000"},
    )  # fmt: skip
    assert len(spool.pending(home)) == 1
    os.unlink(transcript)
    drained(home, settings)
    assert spool.pending(home) == []
    assert identities(home) == imported(home, tmp_path, run_memlog, copy)
    assert one(home, "SELECT sum(gaps) FROM v_session") == 0
    assert os.listdir(home.spool) == []


def test_a_hook_goes_on_after_what_was_handed_over(
    home: Home, settings: Settings, transcript: Path, run_hook: Run, run_memlog: Run, tmp_path: Path
) -> None:
    whole = transcript.read_bytes()
    cut = whole.rfind(b"\n", 0, len(whole) // 2) + 1
    transcript.write_bytes(whole[:cut])
    call(run_hook, "Stop", transcript)
    run_hook(
        "Stop", {"session_id": SESSION, "transcript_path": str(transcript)},
        env={"MEMLOG_HAND_OVER_BYTES": "1000"},
    )  # fmt: skip
    drained(home, settings)
    with transcript.open("ab") as file:
        file.write(whole[cut:])
    call(run_hook, "Stop", transcript)
    totals = drained(home, settings)
    assert totals["sightings"] == 0 and totals["archived"] > 0
    assert identities(home) == imported(home, tmp_path, run_memlog, transcript)


@pytest.mark.parametrize("has_note", [True, False])
def test_a_file_of_the_spool_that_no_event_told_of_is_brought_in_too(
    home: Home, settings: Settings, transcript: Path, run_hook: Run, monkeypatch: pytest.MonkeyPatch,
    has_note: bool,
) -> None:  # fmt: skip
    run_hook(
        "Stop", {"session_id": SESSION, "transcript_path": str(transcript)},
        env={"MEMLOG_HAND_OVER_BYTES": "1000"},
    )  # fmt: skip
    lose(settings)
    drained(home, settings)  # a moment ago: its event may still come
    assert len(spool.pending(home)) == 1
    monkeypatch.setitem(spooled.waiting.__kwdefaults__, "orphan_s", -1.0)
    if not has_note:
        os.unlink(os.path.join(home.spool, spool.pending(home)[0].name.replace(spool.TRANSCRIPT, spool.NOTE)))
    drained(home, settings)
    assert spool.pending(home) == []
    assert {row[2] for row in identities(home)} >= uuids(transcript)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "ring_bytes"), [(2_000_000, 1 << 20), pytest.param(20_000_000, 4 << 20, marks=pytest.mark.slow)]
)
def test_three_large_first_captures_at_once_lose_nothing(
    home: Home,
    settings: Settings,
    tmp_path: Path,
    size: int,
    ring_bytes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEMLOG_RING_BYTES", str(ring_bytes))
    paths = []
    for n in range(3):
        path = tmp_path / f"{n}1111111-2222-4333-8444-555555555555.jsonl"
        corpus.transcript(path, size, path.stem, seed=n)
        paths.append(path)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda path: _hook(home, path), paths))
    with open_ring(settings) as ring:
        assert ring.info().capacity == ring_bytes and ring.info().evicted == 0
    assert len(spool.pending(home)) >= 2, "the ring took it all"
    with running(home):
        until(lambda: spool.pending(home) == [] and not _open_holes(home), timeout_s=size / 200_000)
    for path in paths:
        found = {
            row[0] for row in ask(home, "SELECT source_id FROM v_record WHERE session = :s", s=path.stem)
        }
        assert uuids(path) <= found
    assert ask(home, "SELECT count(*) FROM v_gap WHERE healed = 0") == [(0,)]
    assert one(home, "SELECT sum(gaps) FROM v_session") == 0


def _hook(home: Home, path: Path) -> None:
    told = {"session_id": path.stem, "transcript_path": str(path), "cwd": "/w", "trigger": "auto"}
    subprocess.run(
        [sys.executable, "-m", "memlog.capture.hook", "PreCompact"], input=json.dumps(told).encode(),
        check=True, timeout=50,
    )  # fmt: skip


def _open_holes(home: Home) -> int:
    if not os.path.exists(home.archive):
        return 1
    return int(one(home, "SELECT count(*) FROM hole WHERE healed_ns IS NULL"))


@pytest.fixture(autouse=True)
def _no_witness_left(home: Home) -> Iterator[None]:
    yield
    assert lock.holder(home) is None
