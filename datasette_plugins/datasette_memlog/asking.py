"""What every page of an archive does: may this reader see it, ask its question, render the answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from datasette import Response
from datasette.utils import sqlite3
from datasette.views.base import DatasetteError

from datasette_memlog import archives, assets, columns, marks, prose, seam
from memlog.query.facts.calls import SHELLS

OLDER = "memlog_older.html"
COMPILED = (
    "memlog_base.html", "memlog_overview.html", "memlog_sessions.html", "memlog_session.html",
    "memlog_live.html", "memlog_compaction.html", "memlog_record.html", "memlog_search.html",
    "memlog_facts.html", "_memlog_session.html", "_memlog_entry.html", "_memlog_glance.html",
    "_memlog_overview.html", "_memlog_lost.html",
)  # fmt: skip
READ = ("GET", "HEAD")
STEPS = 2_000  # of SQLite between two looks at the time limit
WAITED = 4  # times the limit: what a page may take where other programs have the processor
A_TURN = 0.004  # seconds a page is written at a stretch, about
LATE = "The page took longer than the {} ms of sql_time_ms. MEMLOG_SQL_TIME_MS={} memlog serve gives it more."


def prepare(datasette: Any) -> None:
    """Compile the templates and Markdown's rules, so that the first reader does not wait for it."""
    for name in COMPILED:
        seam.templates(datasette).get_template(name)
    prose.markdown("ready")


def read_only(view: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """The same page for who reads it; 405 for any other method."""

    @wraps(view)
    async def answered(datasette: Any, request: Any) -> Response:
        if request.method not in READ:
            return Response.text("Method not allowed.\n", status=405, headers={"Allow": ", ".join(READ)})
        return await view(datasette, request)

    return answered


def whole(said: str | None) -> int | None:
    """A whole number as an address says it; None for what is none, or longer than any we have."""
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 10 else None


async def visible(datasette: Any, request: Any) -> Any:
    """The archive of the route, once Datasette's permissions allow this reader its records."""
    db = archives.archive_of(datasette, request)
    await seam.ensure(datasette, request.actor, db.name, "v_record")
    return db


async def read(datasette: Any, db: Any, question: Callable[[Any], Any]) -> Any:
    """The answer of a function of memlog.query, under Datasette's time limit.

    Limits: of the processor's time. A busy machine makes a page late, it does not take it away.
    """
    limit = datasette.sql_time_limit_ms

    def ask(conn: Any) -> Any:
        rows, conn.row_factory = conn.row_factory, None
        done = time.thread_time() + limit / 1000
        end = time.perf_counter() + WAITED * limit / 1000
        # The connection's own looks every few steps, for anybody's SQL; a question of ours pays for each.
        sqlite3.Connection.set_progress_handler(
            conn, lambda: time.thread_time() > done or time.perf_counter() > end, STEPS
        )
        try:
            return question(conn)
        except sqlite3.OperationalError as exc:
            if "interrupted" in str(exc):
                late = LATE.format(limit, WAITED * limit)
                raise DatasetteError(late, title="It takes too long", status=503) from exc
            raise
        finally:
            conn.set_progress_handler(None, STEPS)
            conn.row_factory = rows

    return await db.execute_fn(ask)


async def page(
    datasette: Any, request: Any, db: Any, template: str, status: int = 200, **context: Any
) -> Response:
    """A page of this archive. Templates have `show`, the words for times, sizes and texts."""
    html = await datasette.render_template(template, {**frame(datasette, db), **context}, request)
    return Response.html(html, status=status)


class Turn:
    """Awaited between the parts of a long page: whoever else asked is answered meanwhile. Writes nothing."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def __call__(self) -> str:
        if time.perf_counter() - self._since > A_TURN:
            await asyncio.sleep(0)
            self._since = time.perf_counter()
        return ""


def frame(datasette: Any, db: Any) -> dict[str, Any]:
    """What the frame of a page needs: the archive's name and its places."""
    place = datasette.urls.database(db.name)
    return {
        "database": db.name, "place": place, "show": prose, "plain": columns.plain,
        "said": marks.Said(), "shells": SHELLS, "turn": Turn(),
        "static": lambda name: assets.address(datasette, name),
        "behind": db.path if archives.is_behind(datasette, db.name) else None,
    }  # fmt: skip


async def older(datasette: Any, request: Any, db: Any) -> Response | None:
    """The page that says how to bring an archive of another version up to date; None for one of ours."""
    if archives.is_current(datasette, db.name):
        return None
    return await page(datasette, request, db, OLDER, status=503)
