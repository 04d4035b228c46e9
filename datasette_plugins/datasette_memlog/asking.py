"""What every page of an archive does: may this reader see it, ask its question, render the answer."""

from collections.abc import Callable
from typing import Any

from datasette import Response
from datasette.utils import sqlite_timelimit

from datasette_memlog import archives, columns, prose

OLDER = "memlog_older.html"


async def visible(datasette: Any, request: Any) -> Any:
    """The archive of the route, once Datasette's permissions allow this reader its records."""
    db = archives.archive_of(datasette, request)
    await datasette.ensure_permissions(
        request.actor, [("view-table", (db.name, "v_record")), ("view-database", db.name), "view-instance"]
    )
    return db


async def read(datasette: Any, db: Any, question: Callable[[Any], Any]) -> Any:
    """The answer of a function of memlog.query, under Datasette's time limit."""

    def ask(conn: Any) -> Any:
        rows, conn.row_factory = conn.row_factory, None
        try:
            with sqlite_timelimit(conn, datasette.sql_time_limit_ms):
                return question(conn)
        finally:
            conn.row_factory = rows

    return await db.execute_fn(ask)


async def page(
    datasette: Any, request: Any, db: Any, template: str, status: int = 200, **context: Any
) -> Response:
    """A page of this archive. Templates have `show`, the words for times, sizes and texts."""
    html = await datasette.render_template(template, {**frame(datasette, db), **context}, request)
    return Response.html(html, status=status)


def frame(datasette: Any, db: Any) -> dict[str, Any]:
    """What the frame of a page needs: the archive's name and its places."""
    place = datasette.urls.database(db.name)
    return {
        "database": db.name, "place": place, "show": prose, "plain": columns.plain,
        "static": lambda name: datasette.urls.static_plugins("memlog_recorder", name),
    }  # fmt: skip


async def older(datasette: Any, request: Any, db: Any) -> Response | None:
    """The page that says how to bring an archive of another version up to date; None for one of ours."""
    if archives.is_current(datasette, db.name):
        return None
    return await page(datasette, request, db, OLDER, status=503)
