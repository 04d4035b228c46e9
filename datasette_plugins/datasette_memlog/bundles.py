"""A post-mortem from the page: a session, an epoch or a range of it, as one zip that proves itself."""

import asyncio
import os
import tempfile
import time
from typing import Any
from urllib.parse import unquote

from datasette import Response
from datasette.utils.asgi import NotFound
from datasette.views.base import DatasetteError

from datasette_memlog import connection, outlines, seam
from datasette_memlog.asking import visible
from memlog.errors import InputError, MemlogError, NotFoundError
from memlog.export import post_mortem
from memlog.export.share import Share
from memlog.query import slice
from memlog.query.selection import Selection
from memlog.query.sessions import SessionRow

MOST = 20_000  # records of a bundle a page waits for
# index: the record's primary key
TIME_SQL = "SELECT ts_ns FROM v_record WHERE id = :id AND session = :session AND agent = :agent"

_one_at_a_time = asyncio.Semaphore(1)


async def bundle_file(datasette: Any, request: Any) -> Response:
    """The zip of `part`: `all`, the number of an epoch, or `range` with the records `from` and `to`."""
    db = await visible(datasette, request)
    name = unquote(request.url_vars["name"])
    asked = {key: request.args.get(key) or "" for key in ("part", "from", "to")}
    shared = Share() if request.args.get("redact") == "1" else None
    async with _one_at_a_time:
        try:
            session, body = await asyncio.to_thread(_packed, db, name, asked, shared)
        except NotFoundError as exc:
            raise NotFound(str(exc)) from exc
        except MemlogError as exc:
            raise DatasetteError(f"{exc}. {exc.hint or ''}", title="No post-mortem", status=400) from exc
    ending = "" if asked["part"] in ("", "all") else f"-{asked['part']}"
    head = {"content-disposition": f'attachment; filename="post-mortem-{session.dir[:60]}{ending}.zip"'}
    return Response(body, headers=head, content_type="application/zip")


def _packed(db: Any, name: str, asked: dict[str, str], shared: Share | None) -> tuple[SessionRow, bytes]:
    con = db.connect()
    try:
        connection.prepare(con)
        con.row_factory = None
        con.execute("BEGIN")  # one moment of the archive
        now_ns = time.time_ns()
        session = outlines.session_of(con, name)
        part = slice.cut(con, _selection(con, session, asked), now_ns=now_ns)
        if (count := slice.count(con, part)) > MOST:
            raise MemlogError(
                f"{count:,} records take longer than a page may",
                hint=f"memlog export post-mortem {session.session} -o incident.zip",
            )
        with tempfile.TemporaryDirectory(prefix="memlog-") as folder:
            place = os.path.join(folder, "post-mortem.zip")
            post_mortem.write(con, part, place, now_ns=now_ns, shared=shared)
            with open(place, "rb") as file:
                return session, file.read()
    finally:
        seam.closed(db, con)


def _selection(con: Any, session: SessionRow, asked: dict[str, str]) -> Selection:
    chosen = Selection(session=session.session, agent=session.agent)
    part = asked["part"] or "all"
    if part != "range" and (asked["from"] or asked["to"]):
        raise InputError("from and to are the ends of a range", hint="Ask for part=range with both.")
    if part == "range" and not (asked["from"] and asked["to"]):
        raise InputError("a range has two ends", hint="Ask for part=range with from=ID and to=ID.")
    if part == "all":
        return chosen
    if part.isascii() and part.isdigit() and len(part) < 10:
        return chosen.replace(epoch=int(part))
    if part != "range":
        raise NotFoundError(f"no part is called {part!r}")
    first, last = sorted(_time(con, session, asked[end]) for end in ("from", "to"))
    return chosen.replace(since_ns=first, until_ns=last + 1)


def _time(con: Any, session: SessionRow, ref: str) -> int:
    known = ref.strip().removeprefix("#")
    row = None
    if known.isascii() and known.isdigit() and len(known) < 19:
        values = {"id": int(known), "session": session.session, "agent": session.agent}
        row = con.execute(TIME_SQL, values).fetchone()
    if row is None:
        raise NotFoundError(f"this session has no record {ref!r}")
    return int(row[0])
