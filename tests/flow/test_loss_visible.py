"""A ring overrun ten times with no witness: what is lost is counted to the record, said everywhere, and mended."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from bench import corpus

from archives import rows
from conftest import Run
from memlog.archive import gaps
from memlog.archive.connection import open_reader
from memlog.archive.store import Archive
from memlog.cli import server
from memlog.contracts import RING_MIN
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import spooled
from memlog.witness.drain import Drain
from witness import ask, identities, one

SESSION = "11111111-2222-4333-8444-555555555555"
TAKEN_SQL = """
SELECT (SELECT count(*) FROM record WHERE ring IS NOT NULL) + (SELECT count(*) FROM record_sighting)
     + (SELECT count(*) FROM event WHERE ring IS NOT NULL)
"""


@pytest.fixture
def small(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MEMLOG_RING_BYTES", str(RING_MIN))
    # What told of the file in the spool is lost with the ring.
    monkeypatch.setitem(spooled.waiting.__kwdefaults__, "orphan_s", -1.0)
    return settings._replace(ring_bytes=RING_MIN)


def overrun(small: Settings, tmp_path: Path, run_hook: Run) -> tuple[int, Path]:
    """A captured transcript, then ten times the ring of another program's records: how many there were, and it."""
    path = tmp_path / f"{SESSION}.jsonl"
    corpus.transcript(path, 4_000, SESSION)
    run_hook("Stop", {"session_id": SESSION, "transcript_path": str(path), "cwd": "/w"})
    with open_ring(small) as ring:
        assert ring.info().next_seq > 5
        for n in range(10 * RING_MIN // 1_000):
            ring.write(b"%06d " % n + b"x" * 993)
        info = ring.info()
        assert info.evicted > 9 * RING_MIN // 1_100, "nothing was overrun"
        return info.next_seq - 1, path


def drain(home: Home, small: Settings) -> None:
    with Archive.open(home, now_ns=1, settings=small) as archive, Drain(archive, small) as drained:
        drained.run()
        drained.settle()


def missing(home: Home) -> int:
    """Records in gaps that nothing brought back."""
    left: int = one(home, "SELECT sum(lost - recovered) FROM gap WHERE healed_ns IS NULL")
    return left


def accounted(home: Home) -> tuple[int, int]:
    """Seqs of the ring that became something, and those in gaps."""
    return one(home, TAKEN_SQL), one(home, "SELECT coalesce(sum(lost), 0) FROM v_gap")


@pytest.mark.slow
def test_rows_and_gaps_are_what_was_written_and_every_face_says_so(
    home: Home, small: Settings, run_memlog: Run, run_hook: Run, tmp_path: Path
) -> None:
    written, path = overrun(small, tmp_path, run_hook)
    drain(home, small)
    taken, lost = accounted(home)
    assert taken + lost == written and lost > 500

    # What a transcript still holds came back from it; of the other program's records nothing does.
    other = Home(str(tmp_path / "other"))
    os.mkdir(other.root, 0o700)
    shutil.copy(home.key, other.key)
    run_memlog("--home", other.root, "import", "claude-code", str(path), check=0)
    there, wanted = [row for row in identities(home) if SESSION in row], identities(other)
    assert there == wanted != []
    assert ask(home, "SELECT healed, recovered > 3 FROM v_gap") == [(0, 1)]

    said = run_memlog("status", check=1).stdout
    left = missing(home)
    assert 500 < left < lost and f"{left} ring records lost in 1 gap" in said
    facts = json.loads(run_memlog("status", "--json", check=1).stdout)
    metrics = run_memlog("status", "--metrics").stdout
    assert not facts["ok"] and any(
        line.startswith("memlog_lost_records") and line.endswith(f" {left}") for line in metrics.splitlines()
    )
    assert [gap["lost"] for gap in json.loads(run_memlog("query", "gaps", "--json", check=0).stdout)] == [
        lost
    ]


@pytest.mark.slow
async def test_the_front_page_says_so_too(home: Home, small: Settings, run_hook: Run, tmp_path: Path) -> None:
    overrun(small, tmp_path, run_hook)
    drain(home, small)
    front: Any = await server.application(home.archive, small).client.get("/")
    assert "Something is missing" in front.text and f"{missing(home)} records" in front.text


def test_without_gap_rows_the_count_does_not_come_out(
    home: Home,
    small: Settings,
    run_hook: Run,
    run_memlog: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin."""
    monkeypatch.setattr(gaps, "add_gap", lambda *args, **named: False)
    written, _ = overrun(small, tmp_path, run_hook)
    drain(home, small)
    taken, lost = accounted(home)
    assert taken + lost < written - 500 and "lost in" not in run_memlog("status").stdout


def test_a_loss_of_nothing_but_a_transcript_is_healed_and_no_longer_bad_news(
    home: Home, small: Settings, run_hook: Run, run_memlog: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    corpus.transcript(path, 4_000, SESSION)
    run_hook("Stop", {"session_id": SESSION, "transcript_path": str(path), "cwd": "/w"})
    with open_ring(small) as ring:
        written = ring.clear(force=True)
    drain(home, small)
    assert sum(accounted(home)) >= written and ask(home, "SELECT DISTINCT healed FROM v_gap") == [(1,)]
    con = open_reader(home.archive)
    assert rows(con, "SELECT gaps FROM v_session") == [{"gaps": 0}]
    con.close()
    assert "1 gap, healed" in run_memlog("status").stdout
