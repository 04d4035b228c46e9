"""Whether the archive's tables, indexes and views are those its migrations make, to the letter."""

from collections.abc import Iterator

from memlog.archive import connection
from memlog.archive.connection import Connection
from memlog.archive.migrate import migrations

VERSION_SQL = "PRAGMA user_version"
SCHEMA_SQL = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema"

Problem = tuple[str, str]


def check(con: Connection) -> Iterator[Problem]:
    """Where and what is wrong."""
    (version,) = con.execute(VERSION_SQL).fetchone()
    wanted, found = _made(version), set(con.execute(SCHEMA_SQL))
    told = set()
    for kind, name, *_ in sorted(wanted ^ found, key=str):
        if (kind, name) not in told:
            told.add((kind, name))
            yield f"{kind} {name}", "it is not what the migrations make"


def _made(version: int) -> set[tuple[str, str, str, str | None]]:
    """The schema of an empty archive of this version."""
    con = connection.sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.register_functions(con)
        for migration in migrations():
            if migration.number <= version:
                con.executescript(migration.sql)
        return set(con.execute(SCHEMA_SQL))
    finally:
        con.close()
