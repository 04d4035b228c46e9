"""Pages beside Datasette's own. Each asks one question and renders it; templates escape everything."""

import asyncio
import os
import time
from typing import Any

from datasette import Response
from datasette.database import QueryInterrupted

from datasette_memlog import archives, describe, queries
from datasette_memlog.asking import page, read, visible
from memlog.errors import MemlogError
from memlog.paths import Home
from memlog.query import health, search

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
    db = await visible(datasette, request)
    text = request.args.get("q") or ""
    newest = request.args.get("newest") == "1"
    hits, error = search.Hits(), ""
    if text.strip():
        try:
            hits = await read(
                datasette,
                db,
                lambda con: search.find(con, text, now_ns=time.time_ns(), limit=HITS, newest=newest),
            )
        except MemlogError as exc:
            error = str(exc)
    return await page(
        datasette, request, db, "memlog_search.html", status=400 if error else 200, q=text, newest=newest,
        hits=hits, error=error,
    )  # fmt: skip


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
