import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from archives import archive_of, fill, record, rows
from memlog.archive import connection
from memlog.archive.connection import open_reader, open_writer, sqlite3, wal_is_safe
from memlog.archive.store import Archive
from memlog.errors import ArchiveError, NotFoundError, SqliteTooOldError, UnsafePathError
from memlog.paths import Home

WRITES = [
    "INSERT INTO record_sighting VALUES (1, 1, 1)", "UPDATE session SET title = 'x'", "DELETE FROM record",
    "DROP TABLE record", "CREATE TABLE t (x)", "CREATE TEMP TABLE t (x)", "CREATE VIEW v AS SELECT 1",
    "CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, record_fts, row)", "ALTER TABLE record RENAME TO r",
    "REINDEX", "ANALYZE", "VACUUM", "PRAGMA user_version = 9", "PRAGMA journal_mode = DELETE",
    "PRAGMA query_only = 0", "PRAGMA writable_schema = 1", "PRAGMA wal_checkpoint", "PRAGMA wal_autocheckpoint = 1",
    "PRAGMA temp_store_directory = '/tmp'", "PRAGMA mmap_size = 99", "PRAGMA trusted_schema = 0",
    "INSERT INTO record_fts (record_fts) VALUES ('optimize')", "SELECT load_extension('x')",
]  # fmt: skip
FILES = ["ATTACH '{}' AS other", "VACUUM INTO '{}'", "ATTACH DATABASE 'file:{}?mode=rwc' AS other"]


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 44, 7), True), ((3, 45, 0), False),
        ((3, 50, 4), False), ((3, 50, 7), True), ((3, 51, 1), False), ((3, 51, 2), False), ((3, 51, 3), True),
        ((3, 53, 4), True), ((4, 0, 0), True),
    ],
)  # fmt: skip
def test_the_range_of_the_wal_reset_bug_is_known(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_an_sqlite_without_contentless_delete_is_refused_with_the_remedy(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, [record("x")])
    monkeypatch.setattr(connection, "SQLITE_VERSION", (3, 40, 1))
    for opener in (open_reader, open_writer):
        with pytest.raises(SqliteTooOldError) as caught:
            opener(home.archive)
        assert "3.40.1" in str(caught.value) and "pysqlite3" in caught.value.hint


def test_an_sqlite_with_the_bug_makes_an_archive_without_a_wal(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SQLITE_VERSION", (3, 50, 4))
    with archive_of(home, [record("found words")]) as con:
        assert con.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert len(rows(con, "SELECT id FROM v_record")) == 1
    assert not Path(home.archive + "-wal").exists()


def test_an_sqlite_with_the_bug_reads_a_wal_archive_and_does_not_write_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, [record("x")])
    monkeypatch.setattr(connection, "SQLITE_VERSION", (3, 51, 2))
    with pytest.raises(SqliteTooOldError, match=r"3\.51\.2"):
        open_writer(home.archive)
    con = open_reader(home.archive)
    assert con.execute("SELECT count(*) FROM v_record").fetchone() == (1,)
    con.close()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_archive_and_what_lies_beside_it_are_private_under_any_umask(home: Home, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Archive.open(home, now_ns=1) as archive:
            archive.ingest([], ring=None, source="x", now_ns=1)
            found = {p.name: stat.S_IMODE(p.stat().st_mode) for p in Path(home.root).iterdir()}
    finally:
        os.umask(before)
    assert {"archive.db", "archive.db-wal", "archive.db-shm", "key"} <= found.keys()
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE(Path(home.root).stat().st_mode) == 0o700


def test_an_archive_is_not_opened_through_a_link(home: Home, tmp_path: Path) -> None:
    Path(home.root).mkdir()
    (tmp_path / "elsewhere").touch()
    os.symlink(tmp_path / "elsewhere", home.archive)
    with pytest.raises(UnsafePathError):
        open_writer(home.archive)


def test_the_writer_has_the_pragmas_a_promise_stands_on(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        asked = {
            name: archive.con.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "secure_delete", "foreign_keys")
        }
    assert asked == {
        "journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 0, "secure_delete": 1, "foreign_keys": 1,
    }  # fmt: skip


def test_a_reader_reads_every_view_and_can_write_nothing(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "made.db"
    fill(home, [record("hello")])
    before = Path(home.archive).read_bytes()
    con = open_reader(home.archive)
    for view in ("v_record", "v_session", "v_epoch", "v_gap", "v_event", "v_damage"):
        con.execute(f"SELECT * FROM {view}").fetchall()
    assert con.execute("SELECT count(*) FROM record_fts WHERE record_fts MATCH 'hello'").fetchone() == (1,)
    assert con.execute("PRAGMA table_info(record)").fetchall()
    for statement in WRITES + [f.format(target) for f in FILES]:
        with pytest.raises(sqlite3.DatabaseError):
            con.execute(statement)
    con.close()
    assert not target.exists()
    assert Path(home.archive).read_bytes() == before


def test_a_plain_readonly_connection_would_make_files(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "made.db"
    fill(home, [record("hello")])
    con = sqlite3.connect(f"file:{home.archive}?mode=ro", uri=True)
    con.execute(FILES[1].format(target))
    con.close()
    assert target.exists()


def test_no_archive_is_told_from_no_archive_of_ours_and_from_a_newer_one(home: Home, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_reader(home.archive)
    assert caught.value.hint == "memlog up"
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(NotFoundError):
        open_reader(str(empty))
    other = tmp_path / "other.db"
    con = sqlite3.connect(other)
    con.execute("CREATE TABLE t (x)")
    con.close()
    text = tmp_path / "text.db"
    text.write_text("not a database " * 100)
    for path in (other, text):
        for opener in (open_reader, open_writer):
            with pytest.raises(ArchiveError):
                opener(str(path))
    fill(home, [record("x")])
    con = sqlite3.connect(home.archive)
    con.execute("PRAGMA user_version = 99")
    con.close()
    for opener in (open_reader, open_writer):
        with pytest.raises(ArchiveError, match="newer memlog"):
            opener(home.archive)


def test_a_path_with_odd_characters_is_opened_as_it_is(tmp_path: Path) -> None:
    for name in ("with space", "quest?ion", "ha#sh", "per%41cent", "ünï", "a&mode=rwc"):
        home = Home(str(tmp_path / name))
        fill(home, [record(name)])
        con = open_reader(home.archive)
        assert con.execute("SELECT text FROM v_record").fetchone() == (name,)
        con.close()


def test_a_search_loads_the_connection_without_what_is_slow_to_load() -> None:
    heavy = (
        "{'re', 'json', 'cbor2', 'typing', 'dataclasses', 'logging', 'click', 'sqlite_utils', 'zstandard'}"
    )
    code = (
        "import sys; before = set(sys.modules)\n"
        "from memlog.archive import body, connection, prepare\n"
        "packed = body.pack(b'some blob that is packed ' * 9); body.text_of(packed[1], packed[0], 20)\n"
        f"prepare.match_terms('plain'); print(sorted((set(sys.modules) - before) & {heavy}))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{code}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"
