"""Migrations: every file of schema/migrations above the archive's user_version, each whole or not at all."""

import os
from hashlib import sha256
from typing import NamedTuple

from memlog.archive import before, chain, events, usage
from memlog.archive.connection import Connection, sqlite3
from memlog.archive.prepare import TEXT_VERSION
from memlog.contracts import schema_dir
from memlog.errors import ArchiveError

VERSION_SQL = "PRAGMA user_version"
ARCHIVE_SQL = "SELECT count(*) FROM archive"
CREATE_SQL = """
INSERT INTO archive (one, archive_id, created_ns, text_version, head, links)
VALUES (1, :archive_id, :now_ns, :text_version, :head, 0)
"""


# What a migration cannot say in SQL, by its number; in the same transaction.
FILL = {2: events.index_all, 4: usage.fill}


class Migration(NamedTuple):
    """One file of schema/migrations."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Every migration this version brings, in order."""
    folder = os.path.join(schema_dir(), "migrations")
    found = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".sql"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found.append(Migration(int(name[:4]), name, file.read()))
    return found


def migrate(
    con: Connection, *, now_ns: int, archive_id: bytes | None = None, copied: before.Told | None = None
) -> list[str]:
    """Names of the migrations that were applied, each in a transaction of its own; of a new archive in one.

    An archive that was there before is copied first (before.py).
    archive_id: 16 bytes for a new archive; random where none is given. copied: see before.keep.
    Raises: ArchiveError; the archive is then as it was before the migration that failed.
    UnavailableError where the copy cannot be made.
    """
    version: int = con.execute(VERSION_SQL).fetchone()[0]
    pending = [m for m in migrations() if m.number > version]
    if not pending:
        return []
    if version:
        before.keep(con, pending[-1].number, copied)
    from sqlite_utils import Database  # 160 ms: only where something is to be migrated

    # executescript of the binding would commit what is open; sqlite-utils' runs inside our transaction.
    db = Database(con, recursive_triggers=False, execute_plugins=False)
    for migration in pending:
        try:
            if not con.in_transaction:
                con.execute("BEGIN IMMEDIATE")
            db.executescript(migration.sql)
            if migration.number in FILL:
                FILL[migration.number](con)
            _record(con, migration, now_ns, archive_id)
            if version or migration is pending[-1]:  # nobody meets a new archive of an older schema
                con.execute("COMMIT")
        except sqlite3.Error as exc:
            if con.in_transaction:
                con.execute("ROLLBACK")
            raise ArchiveError(f"migration {migration.name} failed: {exc}") from exc
        except BaseException:
            if con.in_transaction:
                con.execute("ROLLBACK")
            raise
    return [m.name for m in pending]


def _record(con: Connection, migration: Migration, now_ns: int, archive_id: bytes | None) -> None:
    if con.execute(VERSION_SQL).fetchone()[0] != migration.number:
        raise ArchiveError(f"migration {migration.name} does not set user_version to {migration.number}")
    if con.execute(ARCHIVE_SQL).fetchone()[0] == 0:
        archive_id = archive_id or os.urandom(16)
        con.execute(
            CREATE_SQL,
            {
                "archive_id": archive_id,
                "now_ns": now_ns,
                "text_version": TEXT_VERSION,
                "head": chain.archive_genesis(archive_id),
            },
        )
        chain.link_archive(con, "archive", {"archive_id": archive_id.hex(), "created_ns": now_ns})
    facts = {"file": migration.name, "sha256": migration.digest, "applied_ns": now_ns}
    chain.link_archive(con, "migration", facts)
