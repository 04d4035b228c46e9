"""tree: what the archive holds lies in files too, whole ones, and nowhere but in the home."""

import ctypes
import errno
import hashlib
import json
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import MINUTE, NOW_NS, event, record
from memlog.archive import folder, tree
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import Record
from memlog.settings import Settings


def compacted(session: str = "session-a", epochs: int = 3, each: int = 4) -> list[Record]:
    """Records of a session with so many epochs."""
    found, boundary = [], ""
    for n in range(epochs * each):
        if n and n % each == 0:
            boundary = f"boundary-{n // each}"
            rest = {"compactMetadata": {"trigger": "auto", "preTokens": 1000 + n}}
            found.append(
                record("compacted", n=1000 + n, session=session, kind="compaction", source_id=boundary, boundary=boundary,
                       at=n * 1_000 - 1, ts_ns=NOW_NS - archives.DAY + n * MINUTE - 1, rest=rest)
            )  # fmt: skip
        found.append(record(f"words number {n}", n=n, session=session, boundary=boundary))
    return found


def snaps(home: Home, name: str = "session-a") -> dict[str, list[dict[str, Any]]]:
    """Every snapshot of a session, parsed as any program would."""
    found = sorted(Path(home.root, name).glob("snap-*.json"))
    return {p.name: json.loads(p.read_text()) for p in found}


def notes(home: Home, name: str = "session-a") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(home.root, name, "session.json").read_text())
    return found


def ingest(archive: Archive, *items: Any, now_ns: int = NOW_NS) -> None:
    archive.ingest(list(archives.frames(items)), ring=None, source="test", now_ns=now_ns)


@pytest.fixture
def archive(home: Home) -> Iterator[Archive]:
    with Archive.open(home, now_ns=NOW_NS) as found:
        yield found


def test_every_ended_epoch_is_a_file_of_its_records_in_order(archive: Archive, home: Home) -> None:
    ingest(archive, *compacted(), event("SessionEnd", ts_ns=NOW_NS))
    written = tree.write_dirty(archive)
    found = snaps(home)
    assert list(found) == ["snap-00000.json", "snap-00001.json", "snap-00002.json"]
    assert [[line["text"] for line in lines] for lines in found.values()] == [
        [f"words number {n}" for n in range(4)],
        ["compacted", *(f"words number {n}" for n in range(4, 8))],
        ["compacted", *(f"words number {n}" for n in range(8, 12))],
    ]
    told = notes(home)
    assert (told["agent"], told["session"], told["project"]) == (
        "claude-code",
        "session-a",
        "/home/ann/memlog",
    )
    assert [e["closed"] for e in told["epochs"]] == [True, True, True]
    assert [e.get("trigger") for e in told["epochs"]] == ["auto", "auto", None]
    for epoch in told["epochs"]:
        data = Path(home.root, "session-a", epoch["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == epoch["sha256"]
        assert len(data.splitlines()) == epoch["records"] + 2, "one record a line between the brackets"
    assert written.files == 3 and written.refused == ()
    assert tree.write_dirty(archive) == tree.Written(), "nothing is written twice"


def test_an_open_epoch_is_written_when_the_host_is_about_to_compact_and_not_each_time(
    archive: Archive, home: Home
) -> None:
    ingest(archive, *compacted(epochs=1))
    assert tree.write_dirty(archive).files == 0
    ingest(archive, event("PreCompact"), now_ns=NOW_NS + 1)
    assert tree.write_dirty(archive).files == 1
    assert notes(home)["epochs"][0]["closed"] is False
    ingest(archive, record("said after it", n=50), now_ns=NOW_NS + 2)
    assert tree.write_dirty(archive).files == 0
    ingest(archive, event("SessionEnd", ts_ns=NOW_NS), now_ns=NOW_NS + 3)
    tree.write_dirty(archive)
    assert [line["text"] for line in snaps(home)["snap-00000.json"]][-1] == "said after it"
    assert notes(home)["epochs"][0]["closed"] is True


def test_a_late_record_writes_its_ended_epoch_again(archive: Archive, home: Home) -> None:
    ingest(archive, *compacted())
    tree.write_dirty(archive)
    ingest(archive, record("late", n=2, source_id="late", boundary=""))
    assert tree.write_dirty(archive).files == 1
    assert "late" in [line["text"] for line in snaps(home)["snap-00000.json"]]


def test_an_earlier_boundary_moves_every_file_to_its_new_number(archive: Archive, home: Home) -> None:
    lines = compacted()
    early = [r for r in lines if r.boundary != "boundary-1"]
    ingest(archive, *early, event("PreCompact"))
    tree.write_dirty(archive)
    before = snaps(home)
    assert [lines[0]["text"] for lines in before.values()] == ["words number 0", "compacted"]
    ingest(archive, *[r for r in lines if r.boundary == "boundary-1"])
    tree.write_dirty(archive)
    after = snaps(home)
    assert list(after) == ["snap-00000.json", "snap-00001.json", "snap-00002.json"]
    texts = [[line["text"] for line in lines][-1] for lines in after.values()]
    assert texts == ["words number 3", "words number 7", "words number 11"]
    assert all(line["epoch"] == n for n, lines in enumerate(after.values()) for line in lines)
    assert [e["file"] for e in notes(home)["epochs"]] == list(after), "the open one moved too"


def test_a_snapshot_whose_number_no_epoch_has_any_more_is_removed(archive: Archive, home: Home) -> None:
    ts = NOW_NS - archives.DAY + 30 * MINUTE
    ingest(archive, *compacted(epochs=1, each=60), event("PostCompact", ts_ns=ts), event("PreCompact"))
    tree.write_dirty(archive)
    assert len(snaps(home)) == 2, "a compaction only an event told of"
    ingest(
        archive,
        record("compacted", n=2000, kind="compaction", source_id="b1", boundary="b1", ts_ns=ts + 1, at=1),
    )
    ingest(archive, event("SessionEnd", ts_ns=NOW_NS))
    tree.write_dirty(archive)
    assert {e["file"] for e in notes(home)["epochs"]} == set(snaps(home))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_folders_are_0700_and_files_0600_under_any_umask(home: Home, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Archive.open(home, now_ns=NOW_NS) as archive:
            ingest(archive, *compacted())
            tree.write_dirty(archive)
    finally:
        os.umask(before)
    place = Path(home.root, "session-a")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in place.iterdir()} == {0o600}


def test_a_link_in_place_of_a_folder_is_refused_and_the_others_are_written(
    archive: Archive, home: Home, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    Path(home.root, "session-a").symlink_to(outside)
    ingest(archive, *compacted(), *compacted("session-b"))
    written = tree.write_dirty(archive)
    assert list(outside.iterdir()) == []
    assert [name for name, _ in written.refused] == ["session-a"] and "link" in written.refused[0][1]
    assert len(snaps(home, "session-b")) == 2
    # The twin: a path that is only joined goes through the link.
    Path(home.root, "session-a", "snap-00000.json").write_text("[]")
    assert list(outside.iterdir())
    Path(home.root, "session-a").unlink()
    assert tree.write_dirty(archive).files == 2, "as soon as the link is gone"


def test_a_link_in_place_of_a_file_is_refused_and_its_target_stays(
    archive: Archive, home: Home, tmp_path: Path
) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    Path(home.root, "session-a").mkdir()
    Path(home.root, "session-a", "snap-00000.json").symlink_to(target)
    ingest(archive, *compacted())
    written = tree.write_dirty(archive)
    assert written.files == 0 and len(written.refused) == 1
    assert target.read_text() == "precious"


def exchange(one: str, other: str) -> bool:
    """Swap two names in one step, so that there is always something under each."""
    call = getattr(ctypes.CDLL(None), "renameat2", None)
    return call is not None and call(-100, one.encode(), -100, other.encode(), 2) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux swaps two names in one step")
def test_a_folder_swapped_for_a_link_while_it_is_written_leads_nowhere(
    archive: Archive, home: Home, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place, link = os.path.join(home.root, "session-a"), os.path.join(home.root, "link")
    os.symlink(outside, link)
    swaps, done = [0], threading.Event()

    def swap() -> None:
        while not done.is_set():
            assert exchange(place, link)
            swaps[0] += 1

    ingest(archive, *compacted(epochs=2, each=2), event("SessionEnd", ts_ns=NOW_NS))
    tree.write_dirty(archive)
    thread = threading.Thread(target=swap)
    thread.start()
    refused = written = 0
    try:
        for _ in range(100):
            archive.con.execute("UPDATE epoch SET dirty = 1")
            found = tree.write_dirty(archive)
            refused, written = refused + len(found.refused), written + found.files
    finally:
        done.set()
        thread.join()
    assert swaps[0] > 1_000 and refused > 0 and written > 0
    assert list(outside.iterdir()) == []


def test_a_file_that_is_also_linked_elsewhere_is_replaced_and_not_written_through(
    archive: Archive, home: Home, tmp_path: Path
) -> None:
    ingest(archive, *compacted())
    tree.write_dirty(archive)
    elsewhere = tmp_path / "elsewhere"
    os.link(Path(home.root, "session-a", "snap-00000.json"), elsewhere)
    before = elsewhere.read_bytes()
    ingest(archive, record("late", n=2, source_id="late", boundary=""))
    tree.write_dirty(archive)
    assert elsewhere.read_bytes() == before != Path(home.root, "session-a", "snap-00000.json").read_bytes()


def test_a_full_disk_leaves_the_old_snapshot_and_a_later_pass_writes_the_new_one(
    archive: Archive, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(archive, *compacted())
    tree.write_dirty(archive)
    before = snaps(home)
    ingest(archive, record("late", n=2, source_id="late", boundary=""))
    fired = []

    def full(chunks: Any, file: Any) -> Any:
        file.write(next(iter(chunks))[:20])
        file.flush()
        fired.append(os.listdir(Path(home.root, "session-a")))
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(folder, "_pour", full)
        with pytest.raises(OSError, match="no space"):
            tree.write_dirty(archive)
    assert len(fired) == 1 and any(name.endswith(".tmp") for name in fired[0])
    assert snaps(home) == before
    assert not list(Path(home.root, "session-a").glob("*.tmp"))
    assert tree.write_dirty(archive).files == 1
    assert snaps(home) != before


class Killed(BaseException):
    """What stands for SIGKILL: no handler of ours runs anything after it."""


def test_a_writer_killed_at_any_step_leaves_whole_files_and_the_next_pass_ends_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(home: Home, step: Callable[[str], None] | None) -> dict[str, bytes]:
        with Archive.open(home, now_ns=NOW_NS) as archive:
            archive.archive_id = bytes(16)
            ingest(archive, *compacted())
            monkeypatch.setattr(folder.os, "urandom", lambda n: bytes(n))
            tree.write_dirty(archive)
            ingest(archive, record("late", n=2, source_id="late", boundary=""))
            if step is not None:
                with monkeypatch.context() as patch:
                    for name in ("open", "fsync", "rename", "unlink", "mkdir"):
                        real = getattr(os, name)

                        def stepped(*args: Any, _real: Any = real, _name: str = name, **more: Any) -> Any:
                            step(_name)
                            return _real(*args, **more)

                        patch.setattr(folder.os, name, stepped)
                    with pytest.raises(Killed):
                        tree.write_dirty(archive)
                for lines in snaps(home).values():
                    assert lines
            tree.write_dirty(archive)
        place = Path(home.root, "session-a")
        return {p.name: p.read_bytes() for p in place.iterdir()}

    monkeypatch.setattr("memlog.archive.arrival.urandom", lambda n: bytes(n))
    expected = run(Home(str(tmp_path / "never")), None)
    assert len(expected) == 3
    seen: list[str] = []
    for k in range(1, 100):
        count = 0

        def step(name: str, k: int = k) -> None:
            nonlocal count
            count += 1
            if count >= k:  # and whatever a handler would do after it
                seen.append(name)
                raise Killed

        try:
            found = run(Home(str(tmp_path / str(k))), step)
        except pytest.fail.Exception:
            break  # the pass has fewer steps than k
        assert found == expected
    assert k > 10 and {"open", "fsync", "rename"} <= set(seen)


def test_what_a_dead_writer_left_half_written_is_swept_and_counted(archive: Archive, home: Home) -> None:
    Path(home.root, "session-a").mkdir(mode=0o700)
    Path(home.root, "session-a", "snap-00000.json.77.abcd.tmp").write_text('[{"half')
    ingest(archive, *compacted())
    assert tree.write_dirty(archive).swept == 1
    assert not list(Path(home.root, "session-a").glob("*.tmp"))


def test_the_quota_trims_the_oldest_first_and_never_the_newest(home: Home) -> None:
    with Archive.open(home, now_ns=NOW_NS, settings=Settings(session_quota_bytes=9_000)) as archive:
        ingest(archive, *compacted(epochs=5, each=8))
        written = tree.write_dirty(archive)
        left = list(snaps(home))
        told = notes(home)
        assert written.trimmed == 4 - len(left) > 0
        assert left == [f"snap-{n:05d}.json" for n in range(4 - len(left), 4)], "the newest ended ones"
        assert [t["epoch"] for t in told["trimmed"]] == list(range(4 - len(left)))
        assert all(t["records"] in (8, 9) and t["bytes"] > 1_000 for t in told["trimmed"])
        assert [e.get("file") for e in told["epochs"]][-2] == left[-1]
        # Trimmed is said of the file, not of the records; and it is still said after the next pass.
        assert archive.con.execute("SELECT count(*) FROM record").fetchone()[0] == 44
        ingest(archive, event("SessionEnd", ts_ns=NOW_NS), now_ns=NOW_NS + 1)
        tree.write_dirty(archive)
        assert notes(home)["trimmed"][: len(told["trimmed"])] == told["trimmed"]
    with Archive.open(home, now_ns=NOW_NS, settings=Settings(session_quota_bytes=1)) as archive:
        ingest(archive, record("late", n=2, source_id="late", boundary=""))
        tree.write_dirty(archive)
    assert len(snaps(home)) == 1, "one is always kept"


def test_after_99999_the_oldest_is_still_the_oldest(home: Home) -> None:
    with Archive.open(home, now_ns=NOW_NS, settings=Settings(session_quota_bytes=1)) as archive:
        ingest(archive, *compacted(epochs=2), event("SessionEnd", ts_ns=NOW_NS))
        archive.con.execute("UPDATE epoch SET number = number + 99999")
        tree.write_dirty(archive)
    assert list(snaps(home)) == ["snap-100000.json"]
    # The twin: as names, the newest comes first and would be trimmed.
    assert sorted(["snap-99999.json", "snap-100000.json"])[0] == "snap-100000.json"


def test_the_folder_of_another_archive_is_set_aside_and_not_overwritten(home: Home) -> None:
    with Archive.open(home, now_ns=NOW_NS) as archive:
        ingest(archive, *compacted())
        tree.write_dirty(archive)
    before = snaps(home)
    for name in os.listdir(home.root):
        if name.startswith("archive.db"):
            os.unlink(os.path.join(home.root, name))
    with Archive.open(home, now_ns=NOW_NS) as archive:
        ingest(archive, *compacted(epochs=2, each=2))
        tree.write_dirty(archive)
    (aside,) = [name for name in os.listdir(home.root) if name.startswith("session-a.of-")]
    assert snaps(home, aside) == before
    assert len(snaps(home)) == 1
