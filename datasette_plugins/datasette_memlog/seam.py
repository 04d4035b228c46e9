"""What differs between Datasette 0.65 and the 1.0 line, and nothing else."""

from collections.abc import Iterator, Sequence
from typing import Any


def rows(found: Any, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of an output renderer by column: 1.0 hands over dicts, 0.65 SQLite's rows."""
    for row in found:
        yield row if isinstance(row, dict) else dict(zip(columns, tuple(row), strict=False))


def opened(db: Any) -> list[Any]:
    """The connections Datasette closes with a database; 1.0 keeps no list that is ours to touch."""
    found: list[Any] = getattr(db, "_all_file_connections", [])
    return found


def closed(db: Any, conn: Any) -> None:
    """Close a connection of ours."""
    conn.close()
    if conn in opened(db):
        opened(db).remove(conn)


def templates(datasette: Any) -> Any:
    """Jinja's environment; 1.0 calls it by another name."""
    return datasette.jinja_env if hasattr(datasette, "jinja_env") else datasette._jinja_env
