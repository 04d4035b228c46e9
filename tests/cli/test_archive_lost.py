"""An archive that is gone, empty or damaged beside its tree: said in one look, with the way back."""

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archives import NOW_NS, record
from conftest import Run
from memlog.archive import tree
from memlog.archive.store import Archive
from memlog.capture import transcript
from memlog.cli.jobs import JOBS
from memlog.paths import Home
from memlog.query import checks, glance
from memlog.record import encode
from memlog.settings import Settings
from memlog.wire import Frame
from memlog.witness import client
from witness import one

REBUILD = "memlog admin rebuild archive --from-tree"
PAGE = 4_096


def fill(home: Home, count: int = 600) -> None:
    draw = random.Random(5)
    words = ["".join(draw.choices("abcdefghij", k=7)) for _ in range(500)]
    found = [
        Frame(None, blob)
        for n in range(count)
        for blob in encode(record(" ".join(draw.choices(words, k=40)), n=n, session=f"s-{n % 3}"))
    ]
    with Archive.open(home, now_ns=NOW_NS) as archive:
        archive.ingest(found, ring=None, source="test", now_ns=NOW_NS)
        tree.write_dirty(archive, open_too=True)


def removed(path: str) -> None:
    os.unlink(path)


def emptied(path: str) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("harm", [removed, emptied])
def test_an_archive_that_is_gone_beside_a_full_tree_is_bad_news_with_the_way_back(
    harm: Callable[[str], None], run_memlog: Run, home: Home
) -> None:
    fill(home, 30)
    harm(home.archive)
    for words in (("status",), ("doctor",), ("query", "sessions")):
        done = run_memlog(*words)
        assert done.returncode in (1, 6), words
        assert "the snapshot tree beside it holds sessions" in done.stdout + done.stderr, words
        assert REBUILD in done.stdout + done.stderr, words
    run_memlog("admin", "rebuild", "archive", "--from-tree", "--apply", check=0)
    assert one(home, "SELECT count(*) FROM v_record") == 30
    assert checks.archive(home).state == checks.OK


def test_an_archive_made_anew_beside_a_fuller_tree_is_bad_news_too(run_memlog: Run, home: Home) -> None:
    fill(home, 30)
    for name in (home.archive, home.archive + "-wal", home.archive + "-shm"):
        Path(name).unlink(missing_ok=True)
    with Archive.open(home, now_ns=NOW_NS) as archive:  # as a witness does that a hook has started
        later = encode(record("after the loss", n=1, session="new"))
        archive.ingest([Frame(None, blob) for blob in later], ring=None, source="test", now_ns=NOW_NS)
    done = run_memlog("status", check=1)
    assert "the snapshot tree has 3 sessions more" in done.stdout and REBUILD in done.stderr
    run_memlog("admin", "rebuild", "archive", "--from-tree", "--apply", check=0)
    assert one(home, "SELECT count(*) FROM v_record") == 31
    assert checks.archive(home).state == checks.OK


def test_a_new_home_still_has_no_archive_yet(home: Home) -> None:
    Path(home.root).mkdir(0o700)
    found = checks.archive(home)
    assert (found.state, found.detail) == (checks.WARN, "nothing is archived yet")


def test_random_pages_in_the_archive_are_found_by_a_look(home: Home) -> None:
    fill(home)
    whole = Path(home.archive).read_bytes()
    assert checks.archive(home).state == checks.OK
    found = 0
    for seed in range(12):
        draw = random.Random(seed)
        spoilt = bytearray(whole)
        for _ in range(5):
            at = draw.randrange(1, len(whole) // PAGE) * PAGE
            spoilt[at : at + PAGE] = draw.randbytes(PAGE)
        Path(home.archive).write_bytes(spoilt)
        check = checks.archive(home)
        found += check.state == checks.BAD and REBUILD in check.remedy
    assert found == 12


def test_a_look_at_a_large_archive_takes_a_moment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(home, 50)
    monkeypatch.setattr(glance, "_MOMENT_S", -1.0)
    monkeypatch.setattr(glance, "_STEPS", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: 0.0)
        assert checks.archive(home).state == checks.OK, "what a moment does not reach is no news"


def test_the_parts_of_one_giant_line_are_one_line_of_damage(
    run_memlog: Run, home: Home, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "LONGEST_LINE", 1_500_000)
    path = tmp_path / "s.jsonl"
    line = {"type": "user", "uuid": "u-1", "sessionId": "s-1", "timestamp": "2026-01-08T14:41:01Z"}
    giant = '{"type": "x", "v": "' + "word, " * 600_000 + '"}'
    text = "".join(words + "\n" for words in (json.dumps(line), giant, "no JSON", json.dumps(line)))
    path.write_text(text)
    args = {"agent": "claude-code", "paths": [str(path)]}
    result = client.run(home, settings, "import", args, JOBS)
    assert one(home, "SELECT count(*) FROM v_record WHERE kind = 'damage'") > 4
    said = run_memlog("status", check=0).stdout
    assert "kept as they were: 2 lines that are no JSON" in said
    assert result["damage"] == 2
