"""backup and restore: a whole copy made under writing, that proves itself and brings nothing forgotten back."""

import json
import os
import random
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

import archives
import whole
import witness
from archives import NOW_NS, record
from children import signal_of
from conftest import Run
from forgetting import needles, rare, traces
from memlog.archive import anchor, backup, manifest, place, restore, scrub, tree
from memlog.archive.connection import open_reader
from memlog.archive.forget import Choice, Forgotten, forget
from memlog.archive.store import Archive
from memlog.archive.unfinished import finished
from memlog.archive.verify import Look, verify
from memlog.errors import ArchiveError, NotFoundError, RefusedError, WitnessRunningError
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import lock


def back_up(home: Home, folder: Path, **named: Any) -> manifest.Manifest:
    return backup.backup(home, str(folder), made="2026-03-05T14:30:00Z", **named)


def put_back(home: Home, folder: Path, **named: Any) -> dict[str, Any]:
    settings = Settings(home=home.root, ring="shm", start_witness=False)
    return restore.restore(home, str(folder), now_ns=NOW_NS, settings=settings, **named)


def problems(home: Home) -> list[Any]:
    con = open_reader(home.archive)
    try:
        return list(verify(Look(con, home)))
    finally:
        con.close()


def add(home: Home, n: int) -> None:
    with Archive.open(home, now_ns=NOW_NS + n) as archive:
        found = list(archives.frames([record(f"later {n}", n=n, session="session-1")]))
        archive.ingest(found, ring=None, source="x", now_ns=NOW_NS + n)
        tree.write_dirty(archive, open_too=True)


def forget_one(home: Home, source_id: str) -> None:
    with Archive.open(home, now_ns=NOW_NS) as archive:
        ((found,),) = archive.con.execute(
            "SELECT id FROM record WHERE source_id = ?", (source_id,)
        ).fetchall()
        for _ in forget(archive, Choice(records=(found,)), Forgotten(), now_ns=NOW_NS):
            pass
        finished(home)
        tree.write_dirty(archive, open_too=True)


# -- backup ---------------------------------------------------------------------------------------------


def test_a_backup_is_what_the_archive_was_and_only_its_owner_reads_it(full: Home, tmp_path: Path) -> None:
    os.umask(0)
    listed = back_up(full, tmp_path / "b")
    assert sorted(os.listdir(tmp_path / "b")) == sorted(
        ["archive.db", "key", "manifest.json", "tombstones.jsonl"]
    )
    assert stat.S_IMODE(os.stat(tmp_path / "b").st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b").iterdir()} == {0o600}
    with archives.reading(full) as con:
        assert listed.anchor == anchor.take(con, made=listed.made) and listed.cursors == manifest.cursors(con)
    assert manifest.read(str(tmp_path / "b")) == listed
    assert list(manifest.check(str(tmp_path / "b"), listed)) == []
    assert not os.path.exists(f"{tmp_path / 'b'}.partial")


def test_a_stock_sqlite_reads_a_backup_on_read_only_media(full: Home, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b")
    path = tmp_path / "b/archive.db"
    assert path.read_bytes()[18:20] == b"\x01\x01", "no log is looked for"
    os.chmod(path, 0o400)
    os.chmod(tmp_path / "b", 0o500)
    sql = "SELECT session, records FROM v_session ORDER BY session; PRAGMA integrity_check;"
    code = f"import sqlite3; print(sqlite3.connect('file:{path}?mode=ro', uri=True).execute({sql.split(';')[0]!r}).fetchall())"
    done = subprocess.run(["/usr/bin/env", "python3", "-c", code], capture_output=True, text=True)
    os.chmod(tmp_path / "b", 0o700)
    assert "('session-1', 26)" in done.stdout, done.stderr
    assert sorted(os.listdir(tmp_path / "b")) == ["archive.db", "key", "manifest.json", "tombstones.jsonl"]


def test_a_backup_overwrites_nothing_and_lies_in_no_home(full: Home, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/mine").write_text("kept")
    (tmp_path / "c.partial").mkdir()
    (tmp_path / "c.partial/mine").write_text("kept")
    for folder in (tmp_path / "b", tmp_path / "c", Path(full.root, "backup")):
        with pytest.raises(RefusedError):
            back_up(full, folder)
    assert (tmp_path / "b/mine").read_text() == (tmp_path / "c.partial/mine").read_text() == "kept"
    (tmp_path / "empty").mkdir()
    back_up(full, tmp_path / "empty")


def test_a_backup_that_was_killed_is_made_anew(full: Home, tmp_path: Path) -> None:
    killed = 0
    for step in (0, 1):

        def die(done: int, total: int, note: str, at: int = step, seen: list[int] = [-1]) -> None:  # noqa: B006
            seen[0] += 1
            if seen[0] >= at:
                os.kill(os.getpid(), signal.SIGKILL)

        killed += signal_of(lambda: back_up(full, tmp_path / "b", told=die)) == signal.SIGKILL
        assert not (tmp_path / "b").exists(), "it has its name when it is whole"
    assert killed == 2
    listed = back_up(full, tmp_path / "b")
    assert list(manifest.check(str(tmp_path / "b"), listed)) == [] and os.listdir(tmp_path / "b")


# -- restore ---------------------------------------------------------------------------------------------


def test_a_restored_archive_is_the_archive_of_then_and_what_was_there_is_aside(
    full: Home, tmp_path: Path
) -> None:
    then, heads = whole.rows(full), whole.heads(full)
    back_up(full, tmp_path / "b")
    add(full, 400)
    later = whole.rows(full)
    Path(full.config).write_text("ring = 'shm'\n")
    result = put_back(full, tmp_path / "b")
    assert whole.rows(full) == then and whole.heads(full) == heads
    assert problems(full) == [], "with its tree"
    aside = Home(result["aside"])
    assert whole.rows(aside) == later, "moved aside, not overwritten"
    assert "later 400" in Path(aside.root, "session-1", "snap-00000.json").read_text() + "".join(
        path.read_text() for path in Path(aside.root, "session-1").glob("snap-*.json")
    )
    assert Path(full.config).read_text() == "ring = 'shm'\n" and not os.path.exists(place.workshop(full).root)
    add(full, 401)
    assert problems(full) == []


def test_a_new_home_gets_key_settings_and_tombstones(full: Home, tmp_path: Path) -> None:
    Path(full.config).write_text("ring = 'shm'\n")
    back_up(full, tmp_path / "b")
    new = Home(str(tmp_path / "new"))
    result = put_back(new, tmp_path / "b")
    assert result["aside"] is None and whole.rows(new) == whole.rows(full)
    for name in ("key", "archive.key", "config.toml", "tombstones.jsonl"):
        assert stat.S_IMODE(os.stat(Path(new.root, name)).st_mode) == 0o600
    assert Path(new.key).read_bytes() == Path(full.key).read_bytes()
    assert problems(new) == []


def test_what_was_forgotten_after_the_backup_stays_forgotten(full: Home, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b")
    assert b"needle 5 in session-1" in all_bytes(full)
    forget_one(full, "session-1-5")
    for number, home in enumerate((full, Home(str(tmp_path / "new")))):
        result = put_back(home, tmp_path / "b", mirrors=[full.tombstones])
        assert result["forgotten"] == 1
        names = {row["source_id"] for row in whole.rows(home)}
        assert "session-1-5" not in names and "session-1-4" in names
        assert problems(home) == []
        with archives.reading(home) as con:
            asked = "SELECT count(*) FROM record_fts WHERE record_fts MATCH '\"needle 5 in session 1\"'"
            assert con.execute(asked).fetchone() == (0,)
        if number:
            assert b"needle 5 in session-1" not in all_bytes(home)
    twin = Home(str(tmp_path / "twin"))
    put_back(twin, tmp_path / "b")
    assert "session-1-5" in {row["source_id"] for row in whole.rows(twin)}, "the twin honours no mirror"


@pytest.mark.slow
@pytest.mark.parametrize("twin", [False, True])
def test_a_restore_leaves_no_byte_of_what_was_forgotten_since_in_a_page(
    home: Home, tmp_path: Path, twin: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of many sizes, archived out of order: pages that SQLite rebuilt keep copies of their cells."""
    rng = random.Random(0)  # noqa: S311 - a drill, not a key
    terms = [rare(rng) for _ in range(600)]
    said = [
        record(" ".join([term, *(rare(rng) for _ in range(rng.randrange(1, 60)))]), n=n,
               session=("gone", "kept", "kept")[n % 3], ts_ns=NOW_NS - archives.DAY * rng.randrange(1, 4))
        for n, term in enumerate(terms)
    ]  # fmt: skip
    rng.shuffle(said)
    archives.fill(home, *[said[at : at + 7] for at in range(0, len(said), 7)])
    with archives.reading(home) as con:
        asked = "SELECT body, packing, text_bytes FROM record WHERE source_id LIKE 'gone-%'"
        gone = needles(con.execute(asked).fetchall(), terms[::3])
    back_up(home, tmp_path / "b")
    mirror = tmp_path / "tombstones.jsonl"
    mirror.write_text('{"agent": "claude-code", "session": "gone", "forgotten_ns": 1}\n')
    if twin:
        monkeypatch.setattr(scrub, "free", lambda archive: 0)
    new = Home(str(tmp_path / "new"))
    assert put_back(new, tmp_path / "b", mirrors=[str(mirror)])["forgotten"] == 200
    assert bool(traces(new, gone)) is twin


def all_bytes(home: Home) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(home.root).rglob("*")) if path.is_file())


def test_a_backup_that_is_not_what_was_backed_up_is_refused(full: Home, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b")
    before = whole.rows(full)
    good = (tmp_path / "b/archive.db").read_bytes()
    listed = json.loads((tmp_path / "b/manifest.json").read_text())
    (tmp_path / "b/archive.db").write_bytes(good[:5_000] + bytes([good[5_000] ^ 1]) + good[5_001:])
    with pytest.raises(ArchiveError, match="not what was written"):
        put_back(full, tmp_path / "b")
    # Other bytes under a digest made to fit: the heads tell.
    other = Home(str(tmp_path / "other"))
    shutil.copytree(full.root, other.root)
    add(other, 500)
    back_up(other, tmp_path / "o")
    forged = json.loads((tmp_path / "o/manifest.json").read_text())
    forged["anchor"] = listed["anchor"]
    (tmp_path / "o/manifest.json").write_text(json.dumps(forged))
    with pytest.raises(ArchiveError, match="heads"):
        put_back(full, tmp_path / "o")
    os.unlink(tmp_path / "b/key")
    (tmp_path / "b/archive.db").write_bytes(good)
    with pytest.raises(ArchiveError, match="key: it is missing"):
        put_back(full, tmp_path / "b")
    with pytest.raises(NotFoundError):
        put_back(full, tmp_path)
    assert whole.rows(full) == before


@pytest.mark.slow
def test_a_restore_killed_while_it_takes_its_place_is_finished_by_whoever_comes_next(
    home: Home, tmp_path: Path
) -> None:
    full = whole.make(home, sessions=2, each=3)
    then = whole.rows(full)
    back_up(full, tmp_path / "b")
    add(full, 400)
    later = whole.rows(full)
    start = tmp_path / "start"
    shutil.copytree(full.root, start)
    seen = {"old": 0, "new": 0}
    real = os.rename
    for at in range(1, 60):
        shutil.rmtree(full.root)
        shutil.copytree(start, full.root)
        moves = 0

        def rename(source: Any, target: Any, at: int = at, **named: Any) -> None:
            nonlocal moves
            if place.is_begun(full) is not None:
                moves += 1
                if moves == at:
                    os.kill(os.getpid(), signal.SIGKILL)
            real(source, target, **named)

        def work(rename: Any = rename) -> None:
            os.rename = rename
            put_back(full, tmp_path / "b")

        if signal_of(work) != signal.SIGKILL:
            break
        assert os.path.exists(full.archive), "at every step there is an archive under its name"
        if at % 2:
            Archive.open(full, now_ns=NOW_NS).close()
        else:
            put_back(full, tmp_path / "b")
        found = whole.rows(full)
        seen["new" if found == then else "old"] += found in (then, later)
        assert found == then and problems(full) == []
        asides = [path for path in Path(full.root).iterdir() if path.name.startswith("before-restore-")]
        assert len(asides) == 1 and whole.rows(Home(str(asides[0]))) == later
    assert at > 6 and seen == {"old": 0, "new": at - 1}


@pytest.mark.slow
def test_a_restore_is_dry_without_apply_and_refused_while_a_witness_runs(
    full: Home, tmp_path: Path, run_memlog: Run
) -> None:
    folder = str(tmp_path / "b")
    assert "rows of 5 sessions" in run_memlog("admin", "backup", folder, check=0).stderr
    told = json.loads(run_memlog("admin", "restore", folder, "--json", check=0).stdout)
    assert told["ok"] and told["replaces"]
    with lock.take(full, now_ns=NOW_NS):
        run_memlog("admin", "restore", folder, "--apply", check=WitnessRunningError.exit_code)
    done = run_memlog("admin", "restore", folder, "--apply", check=0)
    assert "what was there: " in done.stderr and "memlog import" in done.stderr
    run_memlog("admin", "verify", folder, check=0)
    with open(Path(folder, "archive.db"), "r+b") as file:
        file.seek(9_000)
        file.write(b"\xff" * 64)
    assert "archive.db: its bytes are not" in run_memlog("admin", "verify", folder, check=1).stdout
    run_memlog("admin", "restore", folder, check=1)


# -- under load -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_twenty_backups_under_load_restore_with_equal_heads(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    """The witness writes all the while; each backup holds one moment of it, and comes back as that moment."""
    sizes = []
    with witness.running(home), open_ring(settings) as ring:
        written = 0
        for cycle in range(20):
            for _ in range(150):
                written += 1
                said = record(f"words {written} of many", n=written, session=f"session-{written % 7}")
                for blob in encode(said):
                    ring.write(blob)
            listed = back_up(home, tmp_path / f"b{cycle}", told=lambda *told: _write(ring, told))
            new = Home(str(tmp_path / f"r{cycle}"))
            put_back(new, tmp_path / f"b{cycle}")
            con = open_reader(new.archive)
            restored = anchor.take(con, made=listed.made)
            con.close()
            assert restored.sessions == listed.anchor.sessions
            con = open_reader(home.archive)  # the source has grown since, from just these heads on
            assert list(verify(Look(con, home, anchor=listed.anchor))) == []
            con.close()
            sizes.append(listed.anchor.records)
            shutil.rmtree(new.root)
    assert sizes == sorted(sizes) and len(set(sizes)) > 10, "it was under load"


_told = [10_000_000]


def _write(ring: Any, told: tuple[int, int, str]) -> None:
    _told[0] += 1
    for blob in encode(record(f"meanwhile {told[2]}", n=_told[0], session="meanwhile")):
        ring.write(blob)
