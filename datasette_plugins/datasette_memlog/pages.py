"""Pages beside Datasette's own. Each asks one question and renders it; templates escape everything."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from datasette import Response
from datasette.database import QueryInterrupted
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import NotFound

from datasette_memlog import archives, columns, describe, queries
from memlog.errors import MemlogError, NotFoundError
from memlog.paths import Home
from memlog.query import health, record, search

HITS = 50


async def front(datasette: Any, database: str) -> dict[str, Any]:
    """For database.html: what the archive holds, views first."""
    db = datasette.databases[database]
    try:
        counts = dict((await db.execute(queries.COUNTS_SQL)).first())
    except QueryInterrupted:
        counts = {}
    views = [
        {"name": name, "title": title, "description": description, "count": counts.get(name)}
        for name, (title, description, _) in describe.VIEWS.items()
    ]
    return {"memlog": {"views": views}}


async def search_page(datasette: Any, request: Any) -> Response:
    """What `memlog query search` finds, the first fifty."""
    db = await _visible(datasette, request)
    text = request.args.get("q") or ""
    newest = request.args.get("newest") == "1"
    hits, error = search.Hits(), ""
    if text.strip():
        try:
            hits = await _read(
                datasette,
                db,
                lambda con: search.find(con, text, now_ns=time.time_ns(), limit=HITS, newest=newest),
            )
        except MemlogError as exc:
            error = str(exc)
    context = {
        "database": db.name, "q": text, "newest": newest, "hits": hits, "error": error,
        "plain": columns.plain,
    }  # fmt: skip
    html = await datasette.render_template("memlog_search.html", context, request, "memlog_search")
    return Response.html(html, status=400 if error else 200)


async def record_page(datasette: Any, request: Any) -> Response:
    """One record whole, with the ones before and after it in its session."""
    db = await _visible(datasette, request)
    try:
        found = (await _read(datasette, db, lambda con: record.find(con, request.url_vars["id"])))[0]
    except NotFoundError as exc:
        raise NotFound("No such record") from exc
    fields = asdict(found)
    place = {"session": found.session, "agent": found.agent, "ts_ns": found.ts_ns, "id": found.id}
    text, extra, _ = fields.pop("text"), fields.pop("extra"), fields.pop("ids")
    context = {
        "database": db.name,
        "record": found,
        "text": columns.plain(text),
        "extra": "" if extra is None else columns.plain(json.dumps(extra, ensure_ascii=False, indent=1)),
        "before": (await db.execute(queries.BEFORE_SQL, place)).first(),
        "after": (await db.execute(queries.AFTER_SQL, place)).first(),
        "fields": [
            (name, columns.cell(datasette, db.name, None, fields, name, value) or value)
            for name, value in fields.items()
            if value is not None
        ],
    }
    html = await datasette.render_template("memlog_record.html", context, request, "memlog_record")
    return Response.html(html)


async def metrics_page(datasette: Any, request: Any) -> Response:
    """What `memlog status --metrics` says of each archive that lies in its home, for Prometheus."""
    await datasette.ensure_permissions(request.actor, ["view-instance"])
    homes = {}
    for name in archives.names(datasette):
        path = os.path.abspath(datasette.databases[name].path)
        home = Home(os.path.dirname(path))
        allowed, _ = await datasette.check_visibility(
            request.actor, permissions=[("view-database", name), "view-instance"]
        )
        if allowed and path == home.archive:
            homes[name] = home
    now_ns = time.time_ns()
    facts = {name: await asyncio.to_thread(health.look, home, now_ns=now_ns) for name, home in homes.items()}
    return Response(health.metrics(facts), content_type="text/plain; version=0.0.4; charset=utf-8")


async def _visible(datasette: Any, request: Any) -> Any:
    """The archive of the route, once Datasette's permissions allow this reader its records."""
    db = archives.archive_of(datasette, request)
    await datasette.ensure_permissions(
        request.actor, [("view-table", (db.name, "v_record")), ("view-database", db.name), "view-instance"]
    )
    return db


async def _read(datasette: Any, db: Any, question: Callable[[Any], Any]) -> Any:
    """The answer of a function of memlog.query, under Datasette's time limit."""

    def ask(conn: Any) -> Any:
        rows, conn.row_factory = conn.row_factory, None
        try:
            with sqlite_timelimit(conn, datasette.sql_time_limit_ms):
                return question(conn)
        finally:
            conn.row_factory = rows

    return await db.execute_fn(ask)
