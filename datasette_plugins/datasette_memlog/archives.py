"""Which of Datasette's databases are archives of ours."""

from typing import Any
from weakref import WeakKeyDictionary

from datasette.utils.asgi import NotFound

from memlog.contracts import APPLICATION_ID

TABLES_SQL = "SELECT name FROM sqlite_master WHERE type = 'table'"
VIEW_SQL = "SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = 'v_record'"

# What a database is does not change while it is served: asked once, by name, with the tables to hide.
_known: WeakKeyDictionary[Any, dict[str, list[str] | None]] = WeakKeyDictionary()


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
            known[name] = _tables(db)
    return [name for name in datasette.databases if known[name] is not None]


def tables(datasette: Any, name: str) -> list[str]:
    """Its tables: what v_* views are made of and readers need not see."""
    names(datasette)
    return _known[datasette][name] or []


def archive_of(datasette: Any, request: Any) -> Any:
    """The archive a request's route names.

    Raises: NotFound.
    """
    route = request.url_vars["database"]
    for name in names(datasette):
        if datasette.databases[name].route == route:
            return datasette.databases[name]
    raise NotFound("No such archive")


def _tables(db: Any) -> list[str] | None:
    if not db.path:
        return None
    conn = db.connect()
    try:
        return [row[0] for row in conn.execute(TABLES_SQL)] if is_archive(conn) else None
    except conn.OperationalError:  # cannot be opened here: Datasette says so where it is asked for
        return None
    finally:
        conn.close()
        db._all_file_connections.remove(conn)
