"""Which of Datasette's databases are archives of ours."""

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from datasette.utils.asgi import NotFound

from datasette_memlog import seam
from memlog.contracts import APPLICATION_ID, ARCHIVE_VERSION

TABLES_SQL = "SELECT name FROM sqlite_master WHERE type = 'table'"
VIEW_SQL = "SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = 'v_record'"


class Found(NamedTuple):
    """An archive: the tables to hide, and the schema it has."""

    tables: list[str]
    version: int


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
    conn = db.connect()
    try:
        if not is_archive(conn):
            return None
        version = conn.execute("PRAGMA user_version").fetchone()[0]
        return Found([row[0] for row in conn.execute(TABLES_SQL)], version)
    except conn.OperationalError:  # cannot be opened here: Datasette says so where it is asked for
        return None
    finally:
        seam.closed(db, conn)
