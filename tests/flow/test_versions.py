"""What another version of memlog wrote or runs: migrated with a way back, or refused with what to do."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import cbor2
import pytest

import archives
from archives import fill, reading, record
from conftest import Run
from memlog.archive import before, connection, migrate
from memlog.archive.connection import open_reader, open_writer, sqlite3
from memlog.archive.migrate import Migration, migrations
from memlog.archive.store import Archive
from memlog.cli import root
from memlog.contracts import ARCHIVE_VERSION
from memlog.errors import ArchiveError, OtherVersionError, RingUnavailableError, UnavailableError
from memlog.paths import Home
from memlog.record import encode
from memlog.ring import layout
from memlog.ring.open import open_ring, retired_rings
from memlog.settings import Settings
from memlog.witness import client, control
from witness import ask, one, running, until

NEXT = ARCHIVE_VERSION + 1
OLD_WITNESS = [
    sys.executable, "-c",
    "import memlog, sys; memlog.__version__ = '0.0.9'; from memlog.cli import root; "
    "sys.exit(root.main(['witness', 'run']))",
]  # fmt: skip

Upgrade = Callable[[int], None]


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upgrade]:
    """memlog, in this process, as a version that brings more migrations."""
    here = migrations()

    def to(version: int) -> None:
        more = [
            Migration(n, f"{n:04}_add_t{n}.sql", f"CREATE TABLE t{n} (x);\nPRAGMA user_version = {n};\n")
            for n in range(NEXT, version + 1)
        ]
        monkeypatch.setattr(migrate, "migrations", lambda: [*here, *more])
        monkeypatch.setattr(connection, "ARCHIVE_VERSION", version)

    yield to


def version_of(path: str) -> int:
    con = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(con.execute("PRAGMA user_version").fetchone()[0])
    finally:
        con.close()


def beside(home: Home) -> list[str]:
    return sorted(name for name in os.listdir(home.root) if name.startswith("archive.db."))


# -- the archive: a migration and the way back ---------------------------------------------------


def test_a_migration_leaves_a_whole_private_copy_that_the_version_before_goes_on_with(
    home: Home, upgrade: Upgrade
) -> None:
    writing = Archive.open(home, now_ns=archives.NOW_NS)  # so that there is a write-ahead log
    fill(home, [record(f"before {n}", n=n) for n in range(300)])
    copy = f"{home.archive}.before-{NEXT}"
    Path(copy + ".tmp").write_bytes(b"of a copy that was killed" * 1_000)
    upgrade(NEXT)
    old = os.umask(0)
    try:
        fill(home, [record("after", n=999)])
    finally:
        os.umask(old)
        writing.close()
    assert version_of(home.archive) == NEXT and beside(home) == [os.path.basename(copy)]
    assert os.stat(copy).st_mode & 0o777 == 0o600
    with reading(home) as con:
        assert con.execute("SELECT count(*) FROM v_record").fetchone() == (301,)
    con = sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)
    assert con.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert con.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    con.close()


def test_the_way_back_is_the_copy_in_the_archives_place(home: Home, upgrade: Upgrade) -> None:
    fill(home, [record("one", n=1)])
    upgrade(NEXT)
    fill(home, [record("two", n=2)])
    upgrade(ARCHIVE_VERSION)
    with pytest.raises(ArchiveError, match="newer memlog"):
        fill(home, [record("three", n=3)])
    os.rename(f"{home.archive}.before-{NEXT}", home.archive)
    fill(home, [record("two", n=2), record("three", n=3)])  # transcripts give again what came meanwhile
    with reading(home) as con:
        found = [row[0] for row in con.execute("SELECT text FROM v_record ORDER BY id")]
    assert found == ["one", "two", "three"]


def test_a_copy_is_kept_until_the_next_migration(home: Home, upgrade: Upgrade) -> None:
    fill(home, [record("x")])
    mine = f"{home.archive}.before-rebuild-17"
    Path(mine).touch()
    upgrade(NEXT)
    fill(home, [])
    fill(home, [])  # nothing to migrate: nothing is copied, nothing removed
    assert before.copies(home.archive) == [f"{home.archive}.before-{NEXT}"]
    upgrade(NEXT + 2)
    fill(home, [])
    assert beside(home) == [f"archive.db.before-{NEXT + 2}", "archive.db.before-rebuild-17"]
    assert version_of(f"{home.archive}.before-{NEXT + 2}") == NEXT


def test_a_migration_cut_short_and_run_again_keeps_the_copy_of_what_was_before(
    home: Home, upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, [record("x")])
    upgrade(NEXT + 1)
    whole = migrate.migrations()
    broken = whole[-1]._replace(sql="CREATE TABLE t (x); SELECT 1 FROM nothing;")
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda: [*whole[:-1], broken])
        with pytest.raises(ArchiveError):
            fill(home, [])
    assert version_of(home.archive) == NEXT  # one of two steps
    fill(home, [])
    assert version_of(home.archive) == NEXT + 1
    assert version_of(f"{home.archive}.before-{NEXT + 1}") == ARCHIVE_VERSION


def test_a_new_archive_is_not_copied(home: Home) -> None:
    fill(home, [record("x")])
    assert beside(home) == []


def test_without_room_for_the_copy_nothing_is_migrated(
    home: Home, upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, [record("x" * 500, n=n) for n in range(2_000)])
    upgrade(NEXT)
    with monkeypatch.context() as full:
        here = os.statvfs(home.root)
        small = os.statvfs_result((here.f_bsize, here.f_frsize, 9, 9, 9, 9, 9, 9, 0, 255))
        full.setattr(os, "statvfs", lambda path: small)
        with pytest.raises(UnavailableError, match="MB are needed, 0 MB are free") as refused:
            fill(home, [])
    assert "memlog admin migrate" in refused.value.hint
    assert (version_of(home.archive), beside(home)) == (ARCHIVE_VERSION, [])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # room enough, it said; and then it was not
    try:
        with pytest.raises(UnavailableError, match="the archive is as it was"):
            fill(home, [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (version_of(home.archive), beside(home)) == (ARCHIVE_VERSION, [])
    fill(home, [])
    assert version_of(home.archive) == NEXT


def test_a_damaged_archive_is_not_migrated(home: Home, upgrade: Upgrade) -> None:
    fill(home, [record("x" * 500, n=n) for n in range(2_000)])
    open_writer(home.archive).close()
    with open(home.archive, "r+b") as file:
        file.seek(os.path.getsize(home.archive) // 2 & ~4_095)
        file.write(b"\xa5" * 40_960)
    upgrade(NEXT)
    with pytest.raises(ArchiveError, match="damaged, and is not migrated") as refused:
        fill(home, [])
    assert refused.value.hint == "memlog admin verify"
    assert (version_of(home.archive), beside(home)) == (ARCHIVE_VERSION, [])


def test_a_reader_of_an_older_archive_says_what_brings_it_up_to_date_and_that_does(
    home: Home, upgrade: Upgrade, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(home, [record("hello")])
    upgrade(NEXT)
    for words in (["query", "sessions"], ["export", "jsonl"], ["serve", "--port", "0"]):
        assert root.main(words) == 6
        said = capfd.readouterr().err
        assert f"its schema is {ARCHIVE_VERSION}, this version reads {NEXT}" in said
        assert "next: memlog admin migrate" in said
    assert root.main(["admin", "migrate"]) == 0
    said = capfd.readouterr().err
    assert "1 migrations applied" in said and f"archive.db.before-{NEXT}" in said
    assert root.main(["query", "sessions"]) == 0
    open_reader(f"{home.archive}.before-{NEXT}", older=True).close()


def test_an_older_memlog_neither_reads_nor_writes_what_a_newer_one_migrated(
    home: Home, upgrade: Upgrade, run_memlog: Run
) -> None:
    upgrade(NEXT)
    fill(home, [record("hello")])
    was = Path(home.archive).read_bytes()
    for words in (["query", "search", "hello"], ["witness", "run"], ["import", "jsonl", os.devnull]):
        done = run_memlog(*words, check=6)
        assert f"its schema is {NEXT}, this version knows {ARCHIVE_VERSION}" in done.stderr
        assert "next: pip install --upgrade memlog-recorder" in done.stderr
    assert Path(home.archive).read_bytes() == was


# -- the witness and its clients -----------------------------------------------------------------


@pytest.mark.slow
def test_a_command_is_not_done_by_a_witness_of_another_version_and_restart_replaces_it(
    home: Home, run_memlog: Run, tmp_path: Path
) -> None:
    lines = tmp_path / "notes.jsonl"
    lines.write_text(
        '{"id": "1", "session": "s", "ts": "2026-01-02T03:04:05Z", "role": "user", "text": "hi"}\n'
    )
    old = subprocess.Popen(OLD_WITNESS, stderr=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists(home.socket))
        done = run_memlog("import", "jsonl", str(lines), check=7)
        assert f"pid {old.pid}, is memlog 0.0.9" in done.stderr
        assert "next: memlog witness restart" in done.stderr
        assert run_memlog("witness", "status").returncode == 0
        assert "memlog 0.0.9" in run_memlog("witness", "restart", check=0).stderr
        assert old.wait(10) == 0
        run_memlog("import", "jsonl", str(lines), check=0)
    finally:
        control.stop(home)
        old.kill()
        old.wait()
    assert one(home, "SELECT text FROM v_record") == "hi"


@pytest.mark.slow
def test_a_witness_refuses_the_work_of_a_client_of_another_version_and_still_stops_for_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(home) as child:
        assert "records" in client.ask(home, {"verb": "drain"})
        monkeypatch.setattr(client, "__version__", "9.0")
        for request in ({"verb": "drain"}, {"job": "import", "args": {}}):
            with pytest.raises(OtherVersionError, match=r"the command 9\.0") as refused:
                client.ask(home, request)
            assert refused.value.hint == "memlog witness restart"
        assert client.ask(home, {"verb": "status"})["pid"] == child.pid
        with socket.socket(socket.AF_UNIX) as sock:  # a script that says no version is taken at its word
            sock.connect(home.socket)
            sock.sendall(b'{"verb": "drain"}\n')
            assert sock.makefile().readline().startswith('{"result"')
        assert client.ask(home, {"verb": "stop"})["pid"] == child.pid
        child.wait(10)


# -- rings and blobs -----------------------------------------------------------------------------


def make_other(path: str, version: int) -> bytes:
    """The ring file as another layout would begin: version and checksum in their places."""
    with open(path, "r+b") as file:
        for at in (*layout._STATIC_AT, os.path.getsize(path) - layout.PAGE):
            file.seek(at)
            raw = bytearray(file.read(layout._STATIC.size))
            raw[8:12] = version.to_bytes(4, "little")
            file.seek(at)
            file.write(bytes(raw) + layout._STATIC_CRC.pack(crc32(raw)))
    return Path(path).read_bytes()


def test_a_ring_of_another_layout_is_left_alone_named_and_the_hook_spools(
    home: Home, settings: Settings, run_hook: Run, run_memlog: Run
) -> None:
    with open_ring(settings) as ring:
        ring.write(b"of the other version")
    path = os.path.join(home.ring, "ring")
    was = make_other(path, layout.LAYOUT_VERSION + 1)
    run_hook("Stop", {"session_id": "s1"})
    assert os.listdir(home.ring) == ["ring"] or sorted(os.listdir(home.ring)) == ["doorbell", "ring"]
    done = run_memlog("stats", check=5)
    assert f"a ring file of layout {layout.LAYOUT_VERSION + 1}" in done.stderr
    assert "next: pip install --upgrade memlog-recorder" in done.stderr
    assert "a ring file of layout" in run_memlog("witness", "drain", check=0).stderr
    assert Path(path).read_bytes() == was  # no byte of it was touched, and it was not put aside
    assert ask(home, "SELECT event FROM v_event") == [("Stop",)]  # what the hook had to say came by the spool


def test_a_retired_ring_of_another_layout_does_not_keep_the_others_from_being_drained(
    home: Home, settings: Settings
) -> None:
    open_ring(settings).close()
    path = Path(home.ring, "ring")
    make_other(str(path), layout.LAYOUT_VERSION + 1)
    path.rename(path.with_name("retired-a-0"))
    with open_ring(settings) as ring:
        ring.write(b"mine")
    path.rename(path.with_name("retired-b-0"))
    (found,) = retired_rings(settings)
    assert found.path.endswith("retired-b-0")
    found.discard()
    with pytest.raises(RingUnavailableError, match="layout"):
        retired_rings(settings)


def test_a_blob_of_another_version_is_kept_whole_and_says_so(home: Home) -> None:
    (blob,) = encode(record("written by a newer one"))
    body = cbor2.loads(blob)
    later = cbor2.dumps({**body, "v": body["v"] + 1, "new": [1, 2]})
    fill(home, [later, cbor2.dumps({"v": 7, "colour": "red"})])
    said = dict(ask(home, "SELECT memlog_blob(body, packing), decode_error FROM record"))
    assert said.pop(later).startswith(f"a blob of version {body['v'] + 1}, written by another version")
    assert list(said.values()) == [None]  # another program's CBOR has a `v` of its own
    assert ask(home, "SELECT count(*) FROM v_record WHERE text LIKE '%written by a newer one%'") == [(1,)]
