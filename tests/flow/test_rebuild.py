"""rebuild: the tree is enough to make the archive again, as it was."""

import errno
import json
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

import archives
from archives import NOW_NS, event, record
from flow.rebuilt import RING, busy, compaction, complete, everything, forget_archive, run
from memlog.archive import chain, rebuild, session_file, survey, tree, workshop
from memlog.archive.folder import LONGEST_LINE, Folder
from memlog.archive.store import Archive
from memlog.archive.tombstones import Tombstone
from memlog.errors import UnavailableError
from memlog.paths import Home
from memlog.record import encode
from memlog.settings import Settings
from memlog.wire import Frame
from shared_data import DATA


@pytest.fixture
def full(home: Home) -> Home:
    busy(home)
    return home


def test_a_rebuilt_archive_is_the_archive(full: Home) -> None:
    before = everything(full)
    assert {r["attested"] for r in before["v_record"]} == {None, 1}
    assert any(r["agent"] == "unknown" for r in before["v_record"])
    assert any("~" in r["source_id"][1:] for r in before["v_record"])
    result = run(full)
    after = everything(full)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert result["rows"] == len(before["v_record"])
    assert (result["damaged"], result["tombstoned"], result["altered"], result["trimmed"]) == (0, 0, 0, [])
    with archives.reading(full) as con:
        assert list(chain.verify_all(con)) == []
        assert con.execute("SELECT count(*) FROM archive_link WHERE type = 'rebuild'").fetchone() == (1,)
        assert con.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert Path(result["old"]).exists() and not os.path.exists(workshop.workshop(full).root)


def test_the_tree_alone_is_enough_for_every_record(full: Home) -> None:
    complete(full)
    before = everything(full)
    forget_archive(full)
    result = run(full)
    after = everything(full)
    for name in ("v_record", "v_session", "v_epoch", "heads", "hits", "identity"):
        assert after[name] == before[name], name
    told = [r for r in before["v_event"] if r["event"] != "PostToolUse"]
    assert after["v_event"] == told and any("no transcript has" in r["data"] for r in told)
    assert (result["carried_over"], result["old"]) == (False, None)
    with archives.reading(full) as con:
        assert list(chain.verify_all(con)) == []


def test_a_rebuilt_archive_goes_on_where_the_old_one_was(full: Home) -> None:
    run(full, cursors={(RING, 1000): 15})
    with Archive.open(full, now_ns=NOW_NS) as archive:
        assert archive.con.execute("SELECT cursor FROM ring").fetchone() == (15,)
        assert tree.write_dirty(archive) == tree.Written(), "the tree is as the archive is"
        # The same lines again are sightings, new ones get new ids and links.
        outcome = archive.ingest(
            list(archives.frames([record("words of import 1", n=1), record("new words", n=60)])),
            ring=None, source="x", now_ns=NOW_NS + 50,
        )  # fmt: skip
        assert (outcome.archived, outcome.sightings) == (1, 1)
        assert list(chain.verify_all(archive.con)) == []


def test_what_was_forgotten_stays_forgotten(full: Home) -> None:
    complete(full)
    with Archive.open(full, now_ns=NOW_NS) as archive, archive.transaction():
        gone = Tombstone("claude-code", "session-a", "session-a-2", 0, 0, forgotten_ns=1)
        archive.tombstones.add(archive.con, [gone, Tombstone("codex", "../hostile", forgotten_ns=1)])
    forget_archive(full)
    result = run(full)
    texts = {r["text"] for r in everything(full)["v_record"]}
    assert result["tombstoned"] == 4
    assert "words of import 1" in texts and "words of import 2" not in texts and "w 1" not in texts
    with Archive.open(full, now_ns=NOW_NS) as archive:
        assert tree.write_dirty(archive).files > 0, "a file that still holds it is written again"
    held = "".join(p.read_text() for p in Path(full.root).glob("*/snap-*.json"))
    assert "words of import 2" not in held


def test_a_damaged_line_is_kept_as_damage_and_the_others_are_records(full: Home) -> None:
    complete(full)
    place = Path(full.root, "session-a", "snap-00000.json")
    lines = place.read_bytes().split(b"\n")
    lines[2] = b'{"memlog": 1, "torn'
    place.write_bytes(b"\n".join(lines)[:-40])  # and cut off at the end
    before = everything(full)["v_record"]
    forget_archive(full)
    found = survey.survey(full.root).as_dict()
    assert found["changed"] == ["session-a/snap-00000.json"]
    result = run(full)
    after = everything(full)
    assert result["damaged"] == 2
    assert {r["source"] for r in after["v_damage"]} >= {"session-a/snap-00000.json"}
    assert bytes.fromhex(after["v_damage"][0]["data"]).startswith(b'{"memlog": 1, "torn')
    kept = {r["id"] for r in after["v_record"]}
    assert len([r for r in before if r["id"] not in kept]) == 2
    with archives.reading(full) as con:
        assert list(chain.verify_all(con)) == []


def test_a_line_without_end_is_damage_in_pieces_and_never_whole_in_memory(full: Home) -> None:
    complete(full)
    place = Path(full.root, "session-a", "snap-00000.json")
    endless = b"".join(
        b"[%d" % n for n in range(500_000)
    )  # no two pieces alike: the same damage is kept once
    place.write_bytes(place.read_bytes() + endless)
    before = everything(full)["v_record"]
    forget_archive(full)
    with Folder.open(full.root, "session-a") as folder:
        assert max(map(len, folder.lines(place.name))) == LONGEST_LINE
    run(full)
    after = everything(full)
    assert [r["id"] for r in after["v_record"]] == [r["id"] for r in before]
    kept = [bytes.fromhex(r["data"]) for r in after["v_damage"] if r["source"].endswith(place.name)]
    assert len(kept) == 4 and b"".join(kept) == endless


def test_a_session_file_without_end_is_no_word_of_a_session_and_its_records_come_back(
    full: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(full)
    place = Path(full.root, "session-a", "session.json")
    told = place.read_bytes().rstrip().removesuffix(b"}")
    monkeypatch.setattr(session_file, "_LARGEST", len(told))
    before = sorted(r["source_id"] for r in everything(full)["v_record"])
    forget_archive(full)
    with Folder.open(full.root, "session-a") as folder:
        assert session_file.read(folder)["session"] == "session-a" and list(session_file.events(folder))
        place.write_bytes(told + b',"junk": [' + b"1," * len(told) + b"1]}")
        assert session_file.read(folder) == {}  # more than is kept of one, whatever it says
        place.write_bytes(told + b',"junk": "' + b"x" * 10_000_000)
        assert session_file.read(folder) == {}  # a value longer than any of ours
    run(full)
    assert sorted(r["source_id"] for r in everything(full)["v_record"]) == before


def test_numbers_that_cannot_be_are_not_believed(full: Home) -> None:
    place = Path(full.root, "session-a", "snap-00000.json")
    lines = [json.loads(raw.rstrip(",")) for raw in place.read_text().splitlines()[1:-1]]
    lines[1]["id"] = lines[0]["id"]  # another's
    lines[2]["id"] = 5  # of another day
    del lines[3]["link"]
    assert "blob_b64" not in lines[-1]
    lines[-1]["text"] = "words nobody said"
    place.write_text("[\n" + ",\n".join(map(json.dumps, lines)) + "\n]\n")
    before = everything(full)["v_record"]
    result = run(full)
    after = everything(full)["v_record"]
    assert len(after) == len(before) and len({r["id"] for r in after}) == len(after)
    changed = next(r["text"] for r in before if r["id"] == lines[-1]["id"])
    assert {r["text"] for r in before} - {r["text"] for r in after} == {changed}
    assert result["altered"] == 1, "its digest says that these are not the bytes that were archived"
    with archives.reading(full) as con:
        assert list(chain.verify_all(con)) == []


def test_trimmed_epochs_are_listed_and_the_others_keep_their_numbers(home: Home) -> None:
    lines = [record(f"words {n}", n=n, boundary="") for n in range(5)]
    for k in (1, 2, 3):
        lines.append(compaction(k * 100, source_id=f"b{k}", boundary=f"b{k}"))
        lines += [record(f"words {k} {n}", n=k * 100 + n, boundary=f"b{k}") for n in range(1, 6)]
    with Archive.open(home, now_ns=NOW_NS, settings=Settings(session_quota_bytes=4_000)) as archive:
        archive.ingest(list(archives.frames([*lines, event("SessionEnd", ts_ns=NOW_NS)])), ring=None, source="x",
                       now_ns=NOW_NS)  # fmt: skip
        assert tree.write_dirty(archive).trimmed > 0
    before = everything(home)
    forget_archive(home)
    result = run(home)
    after = everything(home)
    left = {r["epoch"] for r in after["v_record"]}
    trimmed = {t["epoch"] for t in result["trimmed"]}
    assert trimmed and left and left | trimmed == {0, 1, 2, 3} and not left & trimmed
    assert after["v_record"] == [r for r in before["v_record"] if r["epoch"] in left]
    assert [e["boundary"] for e in after["v_epoch"]] == ["", "b1", "b2", "b3"]
    with Archive.open(home, now_ns=NOW_NS) as archive:
        tree.write_dirty(archive)
    notes = json.loads(Path(home.root, "session-a", "session.json").read_text())
    assert {t["epoch"] for t in notes["trimmed"]} == trimmed, "and are still named afterwards"


def test_the_folder_another_archive_wrote_is_taken_too_with_ids_of_its_own(
    full: Home, tmp_path: Path
) -> None:
    other = Home(str(tmp_path / "other"))
    with Archive.open(other, now_ns=NOW_NS) as archive:
        archive.ingest(list(archives.frames([record("words of old", n=n, session="old") for n in range(3)])), ring=None,
                       source="x", now_ns=NOW_NS)  # fmt: skip
        tree.write_dirty(archive, open_too=True)
    os.rename(Path(other.root, "old"), Path(full.root, "old.of-12345678"))
    before = everything(full)["v_record"]
    result = run(full)
    after = everything(full)["v_record"]
    assert [r for r in after if r["session"] != "old"] == before
    assert len([r for r in after if r["session"] == "old"]) == 3 and result["sessions"] == 6
    with archives.reading(full) as con:
        assert list(chain.verify_all(con)) == []


def test_a_rebuild_that_dies_leaves_the_archive_and_the_next_one_works(full: Home) -> None:
    before = everything(full)
    steps = rebuild.rebuild(full, now_ns=NOW_NS, settings=Settings(home=full.root))
    for _ in range(4):
        next(steps)
    steps.close()
    assert os.path.exists(workshop.workshop(full).archive), "it was at work"
    assert everything(full) == before
    run(full)
    assert everything(full)["v_record"] == before["v_record"]


class Killed(BaseException):
    """What stands for SIGKILL: no handler of ours runs anything after it."""


def test_a_swap_killed_at_any_step_leaves_a_whole_archive(
    full: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(full)
    before = everything(full)["v_record"]
    seen: list[str] = []
    for k in range(1, 50):
        count = 0

        def step(name: str, k: int = k) -> None:
            nonlocal count
            count += 1
            if count >= k:
                seen.append(name)
                raise Killed

        steps = rebuild.rebuild_from_tree(full, now_ns=NOW_NS, settings=Settings(home=full.root))
        for _ in steps:
            pass
        with monkeypatch.context() as patch:
            for name in ("link", "rename", "unlink", "rmdir"):
                real = getattr(os, name)

                def stepped(*args: Any, _real: Any = real, _name: str = name, **more: Any) -> Any:
                    step(_name)
                    return _real(*args, **more)

                patch.setattr(workshop.os, name, stepped)
            try:
                workshop.swap(full, now_ns=NOW_NS)
                break
            except Killed:
                pass
        with archives.reading(full) as con:
            assert con.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert list(chain.verify_all(con)) == []
        assert everything(full)["v_record"] == before
    assert {"link", "rename", "unlink"} <= set(seen)


def test_a_damaged_archive_is_not_written_over_the_tree(full: Home) -> None:
    held = {p: p.read_bytes() for p in Path(full.root).glob("*/snap-*.json")}
    with Archive.open(full, now_ns=NOW_NS) as archive:
        archive.con.execute("UPDATE epoch SET dirty = 1")
        archive.checkpoint(truncate=True)
    with open(full.archive, "r+b") as file:
        file.seek(0, os.SEEK_END)
        size = file.tell()
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096 * 12)
    result = run(full)
    assert "damaged" in result["before"] or "cannot be read" in result["before"]
    assert {p: p.read_bytes() for p in held} == held
    assert result["rows"] == sum(data.count(b"\n") - 2 for data in held.values())


def test_a_disk_that_takes_no_snapshot_ends_a_rebuild_before_it_leaves_anything_out(
    full: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(full)["v_record"]

    def refused(archive: Archive, **named: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tree, "write_dirty", refused)
        with pytest.raises(UnavailableError, match="nothing was changed"):
            run(full)
    assert everything(full)["v_record"] == before
    assert not [name for name in os.listdir(full.root) if "before-rebuild" in name]


def test_links_in_the_tree_are_not_followed(full: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "session.json").write_text("{}")
    (outside / "snap-00000.json").write_text("[\n]\n")
    os.symlink(outside, Path(full.root, "linked"))
    found = survey.survey(full.root)
    assert "linked" not in [f.name for f in found.folders]
    assert [name for name, _ in found.refused] == ["linked"]


@pytest.mark.data
def test_real_sessions_come_back_as_they_were(home: Home) -> None:
    from memlog.capture import transcript
    from memlog.capture.agents import reader

    claude = reader("claude-code")
    with Archive.open(home, now_ns=NOW_NS) as archive:
        for path in sorted((DATA / "claude-code").glob("*.gz"), key=os.path.getsize)[12:20]:
            found = [
                Frame(None, blob)
                for piece in transcript.read(str(path), claude, key=archive.key, start=None)
                for one in piece.records for blob in encode(one)
            ]  # fmt: skip
            archive.ingest(found, ring=None, source=str(path), now_ns=NOW_NS)
        tree.write_dirty(archive, open_too=True)
    before = everything(home)
    assert len(before["v_record"]) > 1_000 and len(before["v_epoch"]) > len(before["v_session"])
    forget_archive(home)
    run(home)
    after = everything(home)
    for name in ("v_record", "v_session", "v_epoch", "heads"):
        assert after[name] == before[name], name
