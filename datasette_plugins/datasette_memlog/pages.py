"""Pages beside Datasette's own. Each asks one question and renders it; templates escape everything."""

import asyncio
import os
import time
from typing import Any

from datasette import Response
from datasette.database import QueryInterrupted

from datasette_memlog import archives, describe, queries, seam
from memlog.paths import Home
from memlog.query import health, metrics


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
    behind = db.path if archives.is_behind(datasette, database) else None
    return {"memlog": {"views": views, "behind": behind}}


async def metrics_page(datasette: Any, request: Any) -> Response:
    """What `memlog status --metrics` says of each archive that lies in its home, for Prometheus."""
    await seam.ensure(datasette, request.actor)
    homes = {}
    for name in archives.names(datasette):
        path = os.path.abspath(datasette.databases[name].path)
        home = Home(os.path.dirname(path))
        allowed = await seam.may_read(datasette, request.actor, name)
        if allowed and path == home.archive:
            homes[name] = home
    now_ns = time.time_ns()
    facts = {name: await asyncio.to_thread(health.look, home, now_ns=now_ns) for name, home in homes.items()}
    return Response(metrics.exposition(facts), content_type="text/plain; version=0.0.4; charset=utf-8")
