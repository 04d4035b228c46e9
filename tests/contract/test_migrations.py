"""Released migrations never change; each is applied whole or not at all."""

import signal
from pathlib import Path

import pytest

from children import kill_at, signal_of
from memlog.archive import chain, migrate
from memlog.archive.connection import open_writer, sqlite3
from memlog.archive.migrate import Migration, migrations
from memlog.contracts import APPLICATION_ID, ARCHIVE_VERSION
from memlog.errors import ArchiveError
from memlog.paths import Home

# SHA-256 of every released file; a new migration is added here with the release that brings it.
RELEASED = {
    "0001_create_archive.sql": "09cd4c2f01725d8aa67e4d51db041755ce74d8522f837386ba844700b5342d66",
    "0002_add_event_text.sql": "931861502f8be8929e6cc68c0427fd395168627614395cb2160c8400a067e52c",
    "0003_add_project_columns.sql": "848355f2a6dc1e187d7e614d0ea872980d10f31f67bcdf587aafd65478fa0c94",
    "0004_add_turns.sql": "8594abcc14f477dab11c96607254e8405753518b4501ce0ad56d0913ed1e6896",
    "0005_add_terms.sql": "1758d4a34fdb84fcf9bb0bf111e66188180c1944b53a2c110103094774343a91",
    "0006_hide_emptied_sessions.sql": "f670efafb61fc5f92a8bc2c9754f6b9933d4a7c5b5599b846a77db93722edab6",
    "0007_add_prepared.sql": "f891e26821f8449a53a53e240efcda555d09b238c71d0908d905b773b6d7e874",
}

NEXT = Migration(
    ARCHIVE_VERSION + 1,
    f"{ARCHIVE_VERSION + 1:04}_add_pin.sql",
    "CREATE TABLE pin (record_id INTEGER PRIMARY KEY) STRICT;\n"
    "INSERT INTO pin VALUES (1); INSERT INTO pin VALUES (2); -- a comment; with a semicolon\n"
    "CREATE VIEW v_pin AS SELECT 'a;b' AS text, record_id FROM pin;\n"
    f"PRAGMA user_version = {ARCHIVE_VERSION + 1};\n",
)

PROMISED = {
    "v_record": "id session project agent epoch ring_id seq ts ts_ns written_ns archived_ns uid pid attested kind role"
    " tool source_id parent_id block part parts bytes text decode_error digest",
    "v_session": "session agent project title started ended records epochs compactions tools errors gaps bytes",
    "v_epoch": "session epoch opened closed trigger tokens_before tokens_after records",
    "v_gap": "ring_id uid after_seq before_seq lost healed noticed",
}


def test_released_migrations_are_what_they_were() -> None:
    assert {m.name: m.digest for m in migrations()} == RELEASED


def test_migrations_are_numbered_without_a_hole_and_named_after_what_they_do() -> None:
    found = migrations()
    assert [m.number for m in found] == list(range(1, ARCHIVE_VERSION + 1))
    for migration in found:
        number, verb, *noun = migration.name.removesuffix(".sql").split("_")
        assert len(number) == 4 and verb and noun
        assert migration.sql.startswith(f"-- {migration.name}  Why: ")
        assert f"PRAGMA user_version = {migration.number};" in migration.sql
        assert not any(
            line.strip().upper().startswith(("BEGIN;", "COMMIT;")) for line in migration.sql.splitlines()
        )


def test_a_new_archive_has_its_identity_its_first_links_and_the_promised_columns(home: Home) -> None:
    Path(home.root).mkdir()
    con = open_writer(home.archive)
    assert migrate.migrate(con, now_ns=7) == [m.name for m in migrations()]
    assert migrate.migrate(con, now_ns=8) == []
    assert con.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert con.execute("SELECT length(archive_id), created_ns, links FROM archive").fetchone() == (
        16,
        7,
        ARCHIVE_VERSION + 1,
    )
    assert chain.verify_archive_chain(con) == []
    for view, columns in PROMISED.items():
        found = [d[0] for d in con.execute(f"SELECT * FROM {view}").description]
        assert set(columns.split()) <= set(found), view
    con.close()


def apply_next(home: Home, monkeypatch: pytest.MonkeyPatch, migration: Migration = NEXT) -> None:
    monkeypatch.setattr(migrate, "migrations", lambda: [*migrations(), migration])
    con = open_writer(home.archive)
    try:
        migrate.migrate(con, now_ns=9)
    finally:
        con.close()


def schema(home: Home) -> tuple[int, int, list[str]]:
    """(user_version, links of the archive's chain, names in the schema) by a connection of its own."""
    con = sqlite3.connect(home.archive)
    try:
        names = [n for (n,) in con.execute("SELECT name FROM sqlite_master ORDER BY name")]
        version = con.execute("PRAGMA user_version").fetchone()[0]
        assert con.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return version, con.execute("SELECT links FROM archive").fetchone()[0] if names else 0, names
    finally:
        con.close()


def test_a_migration_that_fails_leaves_the_archive_as_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(home.root).mkdir()
    con = open_writer(home.archive)
    migrate.migrate(con, now_ns=1)
    con.close()
    before = schema(home)
    for bad in (
        NEXT.sql + "SELECT nonsense FROM nowhere;",
        NEXT.sql.replace(f"user_version = {NEXT.number}", f"user_version = {NEXT.number + 1}"),
    ):
        with pytest.raises(ArchiveError, match="_add_pin"):
            apply_next(home, monkeypatch, NEXT._replace(sql=bad))
        assert schema(home) == before
    apply_next(home, monkeypatch)
    assert schema(home)[0] == NEXT.number and "pin" in schema(home)[2]


def test_the_bindings_own_executescript_would_leave_half_of_it(home: Home) -> None:
    """The known-bad twin: it commits what is open, so the first tables stay after a failure."""
    Path(home.root).mkdir()
    con = open_writer(home.archive)
    con.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.Error):
        con.executescript(NEXT.sql + "SELECT nonsense FROM nowhere;")
    con.close()
    con = sqlite3.connect(home.archive)
    assert con.execute("SELECT count(*) FROM sqlite_master WHERE name = 'pin'").fetchone() == (1,)
    con.close()


def migrate_and_die(home: Home, statement: int) -> bool:
    """True when a child was killed as it began its n-th statement of the migrations."""

    def work() -> None:
        con = open_writer(home.archive)
        kill_at(con, statement)
        migrate.migrate(con, now_ns=1)

    return signal_of(work) == signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("since", [0, 1], ids=["new", "older"])
def test_migrations_killed_after_every_statement_leave_old_or_new(
    home: Home, monkeypatch: pytest.MonkeyPatch, since: int
) -> None:
    import sqlite_utils  # noqa: F401 - loaded once, not by every child

    found = migrations()
    Path(home.root).mkdir()
    older = b""
    if since:
        monkeypatch.setattr(migrate, "migrations", lambda: found[:since])
        con = open_writer(home.archive)
        migrate.migrate(con, now_ns=1)
        con.close()
        older = Path(home.archive).read_bytes()
    monkeypatch.setattr(migrate, "migrations", lambda: [*found, NEXT])
    versions: list[int] = []
    statement = 0
    while True:
        statement += 1 if since else 5  # a new archive is one transaction
        for path in Path(home.root).iterdir():
            path.unlink()
        if since:
            Path(home.archive).write_bytes(older)
        killed = migrate_and_die(home, statement)
        version, links, names = schema(home)
        versions.append(version)
        assert links == (version + 1 if version else 0)
        assert ("pin" in names, "record" in names) == (version == NEXT.number, version >= 1)
        if not killed:
            break
        con = open_writer(home.archive)
        migrate.migrate(con, now_ns=2)
        assert chain.verify_archive_chain(con) == []
        con.close()
        assert schema(home)[0] == NEXT.number
    assert statement > 10 and versions == sorted(versions)
    assert set(versions) == (set(range(1, NEXT.number + 1)) if since else {0, NEXT.number})
