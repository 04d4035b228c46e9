"""Which of Datasette's databases are archives of ours."""

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from datasette.utils import sqlite3
from datasette.utils.asgi import NotFound

from datasette_memlog import connection
from memlog.contracts import APPLICATION_ID, ARCHIVE_VERSION

TABLES_SQL = "SELECT name FROM sqlite_master WHERE type = 'table'"
VIEW_SQL = "SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = 'v_record'"


class Found(NamedTuple):
    """An archive: the tables to hide, the schema it has, whether its log holds records that are not read."""

    tables: list[str]
    version: int
    behind: bool


# What a database is does not change while it is served: asked once, by name.
_known: WeakKeyDictionary[Any, dict[str, Found | None]] = WeakKeyDictionary()


def is_archive(conn: Any) -> bool:
    """Ours by its application_id, and made: it has v_record."""
    if conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        return False
    return conn.execute(VIEW_SQL).fetchone() is not None


def names(datasette: Any) -> list[str]:
    """Names of the databases that are archives, in Datasette's order."""
    known = _known.setdefault(datasette, {})
    for name, db in datasette.databases.items():
        if name not in known:
            known[name] = _found(db)
    return [name for name in datasette.databases if known[name] is not None]


def tables(datasette: Any, name: str) -> list[str]:
    """Its tables: what v_* views are made of and readers need not see."""
    names(datasette)
    found = _known[datasette][name]
    return found.tables if found else []


def is_current(datasette: Any, name: str) -> bool:
    """False for the archive of another version: its views may lack columns of ours."""
    found = _known[datasette][name]
    return found is not None and found.version == ARCHIVE_VERSION


def is_behind(datasette: Any, name: str) -> bool:
    """True where its newest records lie in a log that cannot be read there."""
    found = _known[datasette][name]
    return found is not None and found.behind


def archive_of(datasette: Any, request: Any) -> Any:
    """The archive a request's route names.

    Raises: NotFound.
    """
    route = request.url_vars["database"]
    for name in names(datasette):
        if datasette.databases[name].route == route:
            return datasette.databases[name]
    raise NotFound("No such archive")


def _found(db: Any) -> Found | None:
    if not db.path:
        return None
    try:
        conn = connection.opened(db)
    except sqlite3.OperationalError:  # cannot be opened here: Datasette says so where it is asked for
        return None
    try:
        if not is_archive(conn):
            return None
        version = conn.execute("PRAGMA user_version").fetchone()[0]
        return Found([row[0] for row in conn.execute(TABLES_SQL)], version, connection.left(db))
    except sqlite3.OperationalError:
        return None
    finally:
        conn.close()
