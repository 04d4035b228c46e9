"""What differs between Datasette 0.65 and the 1.0 line, and nothing else."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import datasette as package
from datasette import Forbidden
from jinja2.ext import Extension

# Of the connection alone, and of one that writes: 1.0 asks sqlite-utils about a table, which sets it.
PRAGMAS = ("recursive_triggers",)
# The one handler 1.0 writes into an attribute; a policy names it by its digest.
HANDLERS = ("openColumnChooser()",)
# Error pages are given no variables of a plugin's, so it is not one of these.
_nonce: ContextVar[str] = ContextVar("memlog_nonce", default="")
_TEMPLATES = Path(package.__file__).parent / "templates"
# What 0.65 has under a table in its metadata, and 1.0 in its configuration.
_CONFIGURED = ("hidden", "allow", "sort_desc", "fts_table", "fts_pk")


def rows(found: Any, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of an output renderer by column: 1.0 hands over dicts, 0.65 SQLite's rows."""
    for row in found:
        yield row if isinstance(row, dict) else dict(zip(columns, tuple(row), strict=False))


def opened(db: Any) -> list[Any]:
    """The connections Datasette closes with a database."""
    found: list[Any] = db._all_connections if hasattr(db, "_all_connections") else db._all_file_connections
    return found


def closed(db: Any, conn: Any) -> None:
    """Close a connection of ours."""
    conn.close()
    if conn in opened(db):
        opened(db).remove(conn)


def templates(datasette: Any) -> Any:
    """Jinja's environment; 1.0 calls it by another name."""
    return datasette.jinja_env if hasattr(datasette, "jinja_env") else datasette._jinja_env


def is_one(datasette: Any) -> bool:
    """Of the 1.0 line."""
    return hasattr(datasette, "add_query")


def is_own(template: str | None) -> bool:
    """The file is one of Datasette's own templates."""
    return template is not None and Path(template).parent == _TEMPLATES


class Nonced(Extension):
    """Inline scripts of Datasette's own templates carry the nonce of the request that is answered.

    1.0 writes what differs from page to page into them: no digest known beforehand allows those.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if not is_own(filename):
            return source
        return source.replace("<script>", '<script nonce="{{ memlog_nonce() }}">')


def allow_scripts(datasette: Any, environment: Any) -> None:
    """Let 1.0's own inline scripts be told from any other."""
    if is_one(datasette):
        environment.add_extension(Nonced)
        environment.globals["memlog_nonce"] = _nonce.get


@contextmanager
def nonced(datasette: Any) -> Iterator[str]:
    """A nonce for the inline scripts of the page that is made meanwhile; "" for 0.65, which needs none."""
    if not is_one(datasette):
        yield ""
        return
    before = _nonce.set(secrets.token_urlsafe(16))
    try:
        yield _nonce.get()
    finally:
        _nonce.reset(before)


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
    if not is_one(datasette):
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
