"""What differs between Datasette 0.65 and the 1.0 line, and nothing else."""

from collections.abc import Iterator, Sequence
from typing import Any

from datasette import Forbidden

# What 0.65 has under a table in its metadata, and 1.0 in its configuration.
_CONFIGURED = ("hidden", "sort_desc", "fts_table", "fts_pk")


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


async def may_read(datasette: Any, actor: Any, database: str | None = None, table: str | None = None) -> bool:
    """Datasette lets this reader see its pages, and this database, and this table."""
    asked = [("view-table", (database, table))] if table else []
    asked += [("view-database", database)] if database else []  # type: ignore[list-item]
    if hasattr(datasette, "ensure_permissions"):
        visible, _ = await datasette.check_visibility(actor, permissions=[*asked, "view-instance"])
        return bool(visible)
    from datasette.resources import DatabaseResource, TableResource

    for action, place in asked:
        resource = DatabaseResource(place) if isinstance(place, str) else TableResource(*place)
        if not await datasette.allowed(action=action, resource=resource, actor=actor):
            return False
    return bool(await datasette.allowed(action="view-instance", actor=actor))


async def ensure(datasette: Any, actor: Any, database: str | None = None, table: str | None = None) -> None:
    """Raises: Forbidden."""
    if not await may_read(datasette, actor, database, table):
        raise Forbidden("You do not have permission to see this")


async def describe(datasette: Any, name: str, told: dict[str, Any], questions: dict[str, Any]) -> None:
    """What 0.65 asks its hooks for with every page, 1.0 is told once. Its owner goes before it."""
    if not hasattr(datasette, "add_query"):
        return
    datasette.config = datasette.config or {}
    configured = datasette.config.setdefault("databases", {}).setdefault(name, {}).setdefault("tables", {})
    for table, facts in told["tables"].items():
        ours = {key: facts[key] for key in _CONFIGURED if key in facts}
        configured[table] = ours | configured.get(table, {})
        said = await datasette.get_resource_metadata(name, table)
        for key in ("title", "description", "description_html"):
            if key in facts and key not in said:
                await datasette.set_resource_metadata(name, table, key, facts[key])
        for column, text in facts.get("columns", {}).items():
            await datasette.set_column_metadata(name, table, column, "description", text)
    if "title" not in await datasette.get_database_metadata(name):
        await datasette.set_database_metadata(name, "title", told["title"])
    for query, facts in questions.items():
        if await datasette.get_query(name, query) is None:
            await datasette.add_query(
                name, query, facts["sql"], title=facts.get("title"), description=facts.get("description"),
                parameters=facts.get("params"), is_trusted=True,
            )  # fmt: skip
