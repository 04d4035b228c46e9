"""admin: dry until told otherwise, exit codes that say how it is, and nothing that is not built."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import NOW_NS, event, record
from conftest import Run
from memlog.archive import tree
from memlog.archive.connection import open_writer
from memlog.archive.store import Archive
from memlog.paths import Home


@pytest.fixture
def full(home: Home) -> Home:
    with Archive.open(home, now_ns=NOW_NS) as archive:
        items = [*(record(f"words {n}", n=n) for n in range(5)), event("SessionEnd", ts_ns=NOW_NS)]
        archive.ingest(list(archives.frames(items)), ring=None, source="x", now_ns=NOW_NS)
        tree.write_dirty(archive)
        archive.ingest(
            list(archives.frames([record("open", n=9, session="open")])), ring=None, source="x", now_ns=NOW_NS
        )
    return home


def rows(home: Home) -> list[dict[str, Any]]:
    with archives.reading(home) as con:
        return archives.rows(con, "SELECT * FROM v_record ORDER BY id")


def test_rebuild_is_dry_without_apply_and_then_loses_nothing(full: Home, run_memlog: Run) -> None:
    before, inode = rows(full), os.stat(full.archive).st_ino
    dry = run_memlog("admin", "rebuild", "archive", "--from-tree", check=0)
    assert "would make an archive of 5 rows of 1 session in 1 file" in dry.stdout
    assert os.stat(full.archive).st_ino == inode and "--apply" in dry.stderr
    done = run_memlog("admin", "rebuild", "archive", "--from-tree", "--apply", "--json", check=0)
    told = json.loads(done.stdout)
    assert (told["records"], told["sessions"]) == (6, 2), "what only the archive held was written first"
    assert rows(full) == before and os.stat(full.archive).st_ino != inode
    assert Path(told["old"]).exists()
    assert run_memlog("admin", "rebuild", "archive", check=2).stderr.count("--from-tree")


def test_verify_compares_the_search_index_with_the_records(full: Home, run_memlog: Run) -> None:
    run_memlog("admin", "verify", "--quick", check=0)
    con = open_writer(full.archive)
    con.execute("DELETE FROM record_fts WHERE rowid = (SELECT max(id) FROM record)")
    con.close()
    for flags in ([], ["--quick"]):
        assert (
            "search index: it holds 5 rows, the archive 6"
            in run_memlog("admin", "verify", *flags, check=1).stdout
        )


def test_what_is_neither_a_backup_nor_a_bundle_is_named_as_neither(tmp_path: Path, run_memlog: Run) -> None:
    said = run_memlog("admin", "verify", str(tmp_path), check=3).stderr
    assert "is no backup and no bundle" in said and "admin backup DEST, or export post-mortem" in said


def test_verify_says_what_is_wrong_and_exits_1(full: Home, run_memlog: Run) -> None:
    assert "as it was archived" in run_memlog("admin", "verify", check=0).stderr
    place = Path(full.root, "session-a", "snap-00000.json")
    good = place.read_bytes()
    for n in range(0, len(good), 97):  # any byte of a snapshot
        place.write_bytes(good[:n] + bytes([good[n] ^ 1]) + good[n + 1 :])
        if n in (0, 97):
            assert "snap-00000.json" in run_memlog("admin", "verify", check=1).stdout
    place.unlink()
    found = json.loads(run_memlog("admin", "verify", "--json", check=1).stdout)
    assert not found["ok"] and found["problems"][0]["what"] == "it is missing"
    run_memlog("admin", "rebuild", "tree", check=0)
    assert place.read_bytes() == good, "the same bytes again"
    with Archive.open(full, now_ns=NOW_NS) as archive:
        archive.con.execute("UPDATE record SET role = 'assistant' WHERE id = (SELECT min(id) FROM record)")
    assert "session-a" in run_memlog("admin", "verify", check=1).stdout


def test_every_changed_byte_of_a_snapshot_is_noticed(full: Home) -> None:
    from memlog.archive.tree_check import check

    place = Path(full.root, "session-a", "snap-00000.json")
    good = place.read_bytes()
    with archives.reading(full) as con:
        assert [fault for fault in check(con, full.root) if fault] == []
        for n in range(0, len(good), 7):
            place.write_bytes(good[:n] + bytes([good[n] ^ 1]) + good[n + 1 :])
            assert len([fault for fault in check(con, full.root) if fault]) == 1, n


def test_migrate_has_nothing_to_do_on_a_current_archive(full: Home, run_memlog: Run) -> None:
    assert "nothing to migrate" in run_memlog("admin", "migrate", check=0).stderr


def test_without_an_archive_the_exit_code_is_3(home: Home, run_memlog: Run) -> None:
    for words in (("verify",), ("migrate",)):
        assert "memlog up" in run_memlog("admin", *words, check=3).stderr
    assert not os.path.exists(home.archive)


def test_the_help_names_only_what_there_is(run_memlog: Run) -> None:
    shown = run_memlog("admin", "--help", check=0).stdout
    assert all(word in shown for word in ("verify", "anchor", "rebuild", "migrate"))
    for word in ("vacuum", "repair", "prune"):
        assert word not in shown
        run_memlog("admin", word, check=2)


def test_a_ring_is_drained_again_after_a_rebuild_without_gaps_or_doubles(home: Home, run_memlog: Run) -> None:
    for n in range(3):
        run_memlog("write", input=f"note {n}", check=0)
    run_memlog("witness", "drain", check=0)
    before = rows(home)
    assert len(before) == 3 and {row["agent"] for row in before} == {"unknown"}
    run_memlog("admin", "rebuild", "archive", "--from-tree", "--apply", check=0)
    run_memlog("write", input="note 3", check=0)
    run_memlog("witness", "drain", check=0)
    after = rows(home)
    assert after[:3] == before and len(after) == 4
    with archives.reading(home) as con:
        assert con.execute("SELECT count(*) FROM v_gap").fetchone() == (0,)


def test_a_running_witness_makes_way_for_a_rebuild_and_runs_again(full: Home, run_memlog: Run) -> None:
    from memlog.witness import control, lock

    control.start(full)
    try:
        _until(lambda: lock.holder(full) is not None)
        first = lock.holder(full)
        run_memlog("admin", "rebuild", "archive", "--from-tree", "--apply", check=0)
        _until(lambda: lock.holder(full) is not None)
        assert first and lock.holder(full) and lock.holder(full) != first
        assert len(rows(full)) == 6
    finally:
        control.forbid(full)
        control.stop(full)


def _until(met: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_verify_names_five_faults_of_a_damaged_file_and_the_way_out(home: Home, run_memlog: Run) -> None:
    archives.fill(home, [record("needle", n=n, session=f"session-{n}" * 9) for n in range(400)])
    raw = bytearray(Path(home.archive).read_bytes())
    page = int.from_bytes(raw[16:18], "big")
    leaves = [at for at in range(page, len(raw), page) if raw[at] == 0x0A]  # of indexes
    for at in leaves[-12:]:
        raw[at + 3 : at + 5] = b"\xff\xff"  # how many cells it has
    Path(home.archive).write_bytes(raw)
    found = json.loads(run_memlog("admin", "verify", "--json", check=1).stdout)["problems"]
    pages = [problem for problem in found if problem["where"] == "archive.db"]
    assert len(pages) > 5, "the damage shows on many pages"
    done = run_memlog("admin", "verify", check=1)
    assert done.stdout.count("archive.db: ") == 5
    assert f"archive.db: {len(pages) - 5} more faults" in done.stderr
    assert f"{len(found)} problems\nnext: memlog admin rebuild archive --from-tree" in done.stderr
