"""A batch is there whole or not at all, whenever its process is killed; and what may pass is told from damage."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from archives import NOW_NS, frames, reading, record, ring_frames
from children import kill_at, signal_of
from memlog.archive import chain, ingest
from memlog.archive.connection import sqlite3
from memlog.archive.store import Archive
from memlog.archive.transaction import translate
from memlog.errors import ArchiveError, InputError, UnavailableError
from memlog.paths import Home
from memlog.ring.protocol import RingInfo
from memlog.wire import Frame

INFO = RingInfo("shm", "/r", b"R" * 16, 1000, "boot", False, 1, 1, 0, 0, 1, 0)
SAID = [record(f"words {n}", n=n, session=f"s{n % 2}") for n in range(24)]
FRAMES = list(ring_frames(SAID))


def drain(home: Home, kill: int = 0, cursor_first: bool = False) -> None:
    """What a witness does with a ring of 24 records: three batches, from the archived cursor on."""
    with Archive.open(home, now_ns=NOW_NS) as archive:
        ring = archive.ring_row(INFO, now_ns=NOW_NS)
        if kill:
            kill_at(archive.con, kill)
        while (done := archive.cursor(ring)) < len(FRAMES):
            batch = FRAMES[done : done + 8]
            if cursor_first:
                archive.con.execute(ingest.CURSOR_SQL, {"ring": ring, "cursor": done + 8, "now_ns": 1})
            archive.ingest(batch, ring=ring, source="r", now_ns=NOW_NS)


def state(home: Home) -> tuple[int, int]:
    """(records, cursor) after checking that rows, index and chains agree."""
    with reading(home) as con:
        (count,) = con.execute("SELECT count(*) FROM v_record").fetchone()
        found = con.execute("SELECT count(*) FROM record_fts WHERE record_fts MATCH 'words'").fetchone()[0]
        (cursor,) = con.execute("SELECT coalesce(max(cursor), 0) FROM ring").fetchone()
        assert found == count
        assert list(chain.verify_all(con)) == []
        assert con.execute("SELECT coalesce(sum(records), 0) FROM v_session").fetchone() == (count,)
        assert con.execute("SELECT coalesce(sum(records), 0) FROM v_epoch").fetchone() == (count,)
    return count, cursor


@pytest.mark.slow
def test_a_witness_killed_at_any_statement_leaves_whole_batches_and_resumes(tmp_path: Path) -> None:
    killed, states, step = 0, set(), 0
    while True:
        step += 1 if step < 12 else 3
        home = Home(str(tmp_path / str(step)))
        Archive.open(home, now_ns=NOW_NS).close()
        ended = signal_of(lambda home=home, step=step: drain(home, kill=step))
        count, cursor = state(home)
        assert count == cursor and count % 8 == 0
        states.add(count)
        if not ended:
            break
        assert ended == signal.SIGKILL
        killed += 1
        drain(home)
        assert state(home) == (24, 24)
    assert killed > 40 and states == {0, 8, 16, 24}


def test_a_cursor_outside_the_transaction_would_lose_records(tmp_path: Path) -> None:
    """The known-bad twin: a cursor that moves by itself points past what was never stored."""
    lost = killed = 0
    for step in range(2, 40, 3):
        home = Home(str(tmp_path / str(step)))
        Archive.open(home, now_ns=NOW_NS).close()
        killed += signal_of(lambda home=home, step=step: drain(home, kill=step, cursor_first=True)) > 0
        drain(home)
        lost += 24 - state(home)[0]
    assert killed > 5 and lost > 0


def test_what_was_decoded_beforehand_is_archived_the_same(home: Home) -> None:
    with Archive.open(home, now_ns=NOW_NS) as archive:
        ring = archive.ring_row(INFO, now_ns=1)
        read = archive.read(FRAMES, ring=ring, source="r", now_ns=NOW_NS)
        assert archive.ingest(read, ring=ring, source="r", now_ns=NOW_NS).records == 24
        assert archive.cursor(ring) == 24
    assert state(home) == (24, 24)


def test_an_image_has_no_row_among_the_rings(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive, pytest.raises(InputError):
        archive.ring_row(INFO._replace(ring_id=b""), now_ns=1)


def test_what_another_connection_wrote_is_read_again(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        archive.ingest(list(frames(SAID[:4])), ring=None, source="t", now_ns=1)
        other = sqlite3.connect(home.archive)
        other.execute("UPDATE session SET records = records + 100")
        other.commit()
        other.close()
        archive.ingest(list(frames(SAID[4:6])), ring=None, source="t", now_ns=1)
        assert archive.con.execute("SELECT records FROM session ORDER BY id").fetchall() == [(103,), (103,)]


def test_checkpoints_empty_the_wal_and_say_when_a_reader_holds_it(home: Home) -> None:
    wal = Path(home.archive + "-wal")
    with Archive.open(home, now_ns=1) as archive:
        archive.ingest(list(frames(SAID[:8])), ring=None, source="t", now_ns=1)
        with reading(home) as con:
            con.execute("BEGIN")
            con.execute("SELECT count(*) FROM v_record").fetchone()
            archive.ingest(list(frames(SAID[8:])), ring=None, source="t", now_ns=1)
            assert wal.stat().st_size > 0
            assert archive.checkpoint() > 0
        assert archive.checkpoint(truncate=True) == 0
        assert wal.stat().st_size == 0


def test_merging_the_index_comes_to_an_end_and_finds_the_same(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        for n in range(24):
            archive.ingest(list(frames(SAID[n : n + 1])), ring=None, source="t", now_ns=1)
        steps = 0
        while archive.merge(pages=4):
            steps += 1
            assert steps < 1_000
        archive.optimize()
        found = "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'words'"
        assert archive.con.execute(found).fetchone() == (24,)


@pytest.mark.parametrize("whole", [True, False])
def test_after_an_import_the_index_becomes_one_piece_in_bounded_steps(home: Home, whole: bool) -> None:
    pieces = "SELECT count(DISTINCT id >> 37) FROM record_fts_data WHERE id > 10"  # 1 and 10: sums, structure
    # three pieces are too few for a merge that is not asked for all of them
    with Archive.open(home, now_ns=1) as archive:
        for n in range(3):
            archive.ingest(list(frames(SAID[n : n + 1])), ring=None, source="t", now_ns=1)
        steps, more = 0, archive.merge(pages=2, whole=whole)
        while more:
            more = archive.merge(pages=2)
            steps += 1
            assert steps < 1_000
        assert (archive.con.execute(pieces).fetchone()[0] == 1) is whole
        found = "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'words'"
        assert archive.con.execute(found).fetchone() == (3,)


def test_a_full_disk_is_told_from_a_damaged_file(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        archive.con.execute("PRAGMA max_page_count = 60")
        with pytest.raises(UnavailableError, match="full"):
            archive.ingest(
                [Frame(None, b"\xff" + os.urandom(60_000)) for _ in range(20)],
                ring=None,
                source="t",
                now_ns=1,
            )
        assert not archive.con.in_transaction
        archive.con.execute("PRAGMA max_page_count = 100000")
        assert archive.ingest(list(frames(SAID)), ring=None, source="t", now_ns=1).records == 24
    assert isinstance(translate(sqlite3.DatabaseError("database disk image is malformed"), "x"), ArchiveError)


def test_a_locked_archive_is_unavailable_and_not_damaged(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        archive.con.execute("PRAGMA busy_timeout = 10")
        other: Any = sqlite3.connect(home.archive, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="locked"):
            archive.ingest(list(frames(SAID)), ring=None, source="t", now_ns=1)
        other.execute("ROLLBACK")
        other.close()
        assert archive.ingest(list(frames(SAID)), ring=None, source="t", now_ns=1).records == 24
