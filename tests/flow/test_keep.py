"""Keeping the archive small: sessions let go by limits, the file compacted, and where its bytes are."""

import json
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from archives import DAY, NOW_NS, event, fill, frames, reading, record
from conftest import Run
from memlog.archive import compact, retention, tree
from memlog.archive.forget import Forgotten
from memlog.archive.rebuild import rebuild
from memlog.archive.retention import Limits
from memlog.archive.store import Archive
from memlog.archive.verify import Look, verify
from memlog.cli.jobs import JOBS
from memlog.errors import UnavailableError
from memlog.paths import Home
from memlog.query import size
from memlog.record import Record
from memlog.settings import Settings
from memlog.witness import client, keep

LOW = 50


def session(name: str, days: int, *, project: str = "/a/tide", size: int = 4_000) -> list[Record]:
    """Four records of this many bytes together, the last so many days ago."""
    text = (f"{name} says " * size)[: size // 4 - 250]
    return [
        record(text, n=n, session=name, project=project, ts_ns=NOW_NS - days * DAY - n * 10**9)
        for n in range(4)
    ]  # fmt: skip


SESSIONS = {
    "old": (400, "/a/tide"), "older": (500, "/a/reef"), "new": (3, "/a/tide"), "newer": (2, "/a/reef"),
    "live": (0, "/a/tide"),
}  # fmt: skip


@pytest.fixture
def kept(home: Home) -> Home:
    fill(home, *(session(name, days, project=project) for name, (days, project) in SESSIONS.items()))
    fill(home, [event("Stop", session="old", ts_ns=NOW_NS - 400 * DAY, message="the old one said so")])
    with Archive.open(home, now_ns=NOW_NS) as archive:
        tree.write_dirty(archive, open_too=True)
    return home


def names(home: Home) -> set[str]:
    with reading(home) as con:
        return {name for (name,) in con.execute("SELECT DISTINCT session FROM v_record")}


def chosen(home: Home, project: str | None = None, **limits: int) -> dict[str, str]:
    with reading(home) as con:
        found = retention.overdue(con, Limits(low_percent=LOW, **limits), now_ns=NOW_NS, project=project)
    return {row.session: row.why for row in found}


def let_go(home: Home, **limits: int) -> Forgotten:
    total = Forgotten()
    with Archive.open(home, now_ns=NOW_NS) as archive:
        found = retention.overdue(archive.con, Limits(low_percent=LOW, **limits), now_ns=NOW_NS)
        for _ in retention.apply(archive, found, total, now_ns=NOW_NS):
            pass
    return total


def is_sound(home: Home) -> bool:
    with reading(home) as con:
        return [*verify(Look(con, home))] == []


def test_what_is_too_old_goes_and_what_is_over_a_quota_goes_oldest_first(kept: Home) -> None:
    with reading(kept) as con:
        (one,) = con.execute("SELECT bytes FROM session WHERE session = 'new'").fetchone()
    assert chosen(kept) == {}
    assert chosen(kept, keep_days=450) == {"older": retention.AGE}
    assert chosen(kept, quota_bytes=6 * one) == {}
    assert chosen(kept, quota_bytes=int(4.2 * one)) == dict.fromkeys(("older", "old", "new"), retention.TOTAL)
    assert chosen(kept, project_quota_bytes=int(2.5 * one)) == dict.fromkeys(
        ("old", "new"), retention.PROJECT
    )
    assert chosen(kept, quota_bytes=1) == dict.fromkeys(("older", "old", "new", "newer"), retention.TOTAL)
    assert chosen(kept, project="reef", keep_days=1) == dict.fromkeys(("older", "newer"), retention.AGE)


def test_a_session_that_was_let_go_stays_away_but_what_it_writes_later_comes_in(
    kept: Home, settings: Settings
) -> None:
    total = let_go(kept, keep_days=300)
    assert (total.sessions, total.rows) == (2, 8) and total.bytes > 6_000
    assert names(kept) == {"new", "newer", "live"} and is_sound(kept)
    assert not Path(kept.root, "old").exists() and Path(kept.root, "new").exists()
    with reading(kept) as con:
        assert con.execute("SELECT count(*) FROM event").fetchone() == (0,)
    with Archive.open(kept, now_ns=NOW_NS) as archive:  # the same transcript again, which has grown
        again = [*session("old", 400), record("later", n=9, session="old", ts_ns=NOW_NS)]
        outcome = archive.ingest(list(frames(again)), ring=None, source="again", now_ns=NOW_NS)
        assert (outcome.tombstoned, outcome.archived) == (4, 1)
        tree.write_dirty(archive, open_too=True)
    assert is_sound(kept)
    for _ in rebuild(kept, now_ns=NOW_NS, settings=settings):
        pass
    fill(kept, session("older", 500))
    assert names(kept) == {"new", "newer", "live", "old"} and is_sound(kept)
    with reading(kept) as con:
        assert con.execute("SELECT count(*) FROM v_record WHERE session = 'old'").fetchone() == (1,)


def test_without_its_tombstone_an_import_would_bring_it_back(kept: Home) -> None:
    let_go(kept, keep_days=300)
    with Archive.open(kept, now_ns=NOW_NS) as archive:
        archive.con.execute("DELETE FROM tombstone WHERE source_id LIKE '~until.%'")
    Path(kept.tombstones).unlink()
    fill(kept, session("old", 400))
    assert "old" in names(kept)


def test_a_witness_lets_go_only_where_the_setting_says_so(kept: Home, settings: Settings) -> None:
    limits = settings._replace(keep_days=300)
    with Archive.open(kept, now_ns=NOW_NS) as archive:
        assert [*keep.by_itself(archive, limits)] == []
        assert "old" in names(kept)
        assert [*keep.by_itself(archive, limits._replace(retention=True))] != []
    assert not {"old", "older"} & names(kept)


def test_compacting_gives_room_back_and_changes_nothing_else(kept: Home, settings: Settings) -> None:
    fill(kept, session("large", 300, size=400_000))
    let_go(kept, keep_days=200)
    with reading(kept) as con:
        before = con.execute("SELECT id, digest FROM record ORDER BY id").fetchall()
    Path(f"{kept.archive}.compact.tmp").write_bytes(b"of one that was killed")
    with reading(kept) as con:
        result = client.run(kept, settings, "compact", {}, JOBS)
        assert con.execute("SELECT id, digest FROM record ORDER BY id").fetchall() == before
        assert con.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert 0 < result["after"] < result["before"] == result["before"] and is_sound(kept)
    assert os.stat(kept.archive).st_size == result["after"]
    assert stat.S_IMODE(os.stat(kept.archive).st_mode) == 0o600
    assert not Path(f"{kept.archive}.compact.tmp").exists()
    fill(kept, session("next", 1))
    assert "next" in names(kept) and is_sound(kept)


def test_compacting_without_room_says_so_before_it_begins(
    kept: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = os.statvfs(kept.root)
    full = os.statvfs_result((*found[:4], 1, *found[5:]))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    with pytest.raises(UnavailableError, match="no room to compact"):
        client.run(kept, settings, "compact", {}, JOBS)


def test_a_compact_that_was_killed_leaves_the_archive_as_it_was(
    kept: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(kept)

    def killed(archive: Any, target: str) -> None:
        assert sqlite3.connect(target).execute("SELECT count(*) FROM record").fetchone() == (20,)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(compact, "_pour", killed)
        with pytest.raises(KeyboardInterrupt):
            client.run(kept, settings, "compact", {}, JOBS)
    assert names(kept) == before and is_sound(kept)
    client.run(kept, settings, "compact", {}, JOBS)
    assert names(kept) == before and is_sound(kept)


def test_the_size_report_says_where_every_byte_of_the_file_is(kept: Home) -> None:
    with Archive.open(kept, now_ns=NOW_NS) as archive:
        archive.checkpoint(truncate=True)
    with reading(kept) as con:
        places = size.places(con, kept, kept.ring)
        shares = {by: size.shares(con, by) for by in size.BY}
        packed = con.execute("SELECT sum(length(body)) FROM record").fetchone()[0]
    file = os.stat(kept.archive).st_size
    assert sum(place.bytes for place in places if place.where == "archive.db") == file
    tree_bytes = sum(p.stat().st_size for name in SESSIONS for p in Path(kept.root, name).iterdir())
    (tree_place,) = [place for place in places if place.what == "snapshot tree"]
    assert (tree_place.items, tree_place.bytes) == (10, tree_bytes)
    for rows in shares.values():
        assert sum(row.packed for row in rows) == packed and sum(row.records for row in rows) == 20
    assert {row.name for row in shares["session"]} == set(SESSIONS)


def test_the_commands_show_first_and_say_what_came_of_it(kept: Home, run_memlog: Run) -> None:
    words = ("admin", "retention", "--keep-days", "1")
    assert "no limit is set" in run_memlog(*words[:2], check=2).stderr
    shown = run_memlog(*words, check=0)
    assert "would let go: 5 sessions" in shown.stdout and "nothing was changed" in shown.stderr
    assert len(names(kept)) == 5
    done = json.loads(run_memlog(*words, "--apply", "--json", check=0).stdout)
    assert done["let_go"]["sessions"] == 5 and names(kept) == set()
    assert json.loads(run_memlog("query", "sessions", "--json", check=0).stdout) == []
    compacted = json.loads(run_memlog("admin", "compact", "--json", check=0).stdout)
    assert compacted["after"] <= compacted["before"]
    shown = json.loads(run_memlog("admin", "size", "--by", "session", "--json", check=0).stdout)
    assert shown == []
