"""One record whole: its text, its blob as a tree and in hex, its link in the chain, its neighbours."""

import json
from dataclasses import asdict
from typing import Any

from datasette import Response
from datasette.utils.asgi import NotFound

from datasette_memlog import columns, marks, queries, rendering, tree
from datasette_memlog.asking import page, read, visible
from memlog.errors import NotFoundError
from memlog.query import call, record
from memlog.query.record import Whole

NEAR = 3  # neighbours on each side
LONGEST = 1 << 20  # characters of a text that are shown
BLOBS = 8  # of a record in many parts that are shown decoded


async def record_page(datasette: Any, request: Any) -> Response:
    """A record or an event by its number."""
    db = await visible(datasette, request)
    ref = request.url_vars["id"]

    said = marks.Said()

    def ask(con: Any) -> tuple[Whole, list[bytes]]:
        found = record.find(con, ref)[0]
        if found.kind in marks.PROSE:
            said("record", found.text[:LONGEST])
        return found, record.blobs(con, ref)

    try:
        found, blobs = await read(datasette, db, ask)
    except NotFoundError as exc:
        raise NotFound("No such record") from exc
    context = {"record": found, "fields": _fields(datasette, db, found), "text": found.text[:LONGEST]}
    context |= {"said": said, "prose": marks.PROSE, "read": marks.LIMITS["record"]}
    context["extra"] = "" if found.extra is None else json.dumps(found.extra, ensure_ascii=False, indent=1)
    if found.kind == "event":
        return await page(datasette, request, db, "memlog_record.html", **context, **_none())
    place = {"session": found.session, "agent": found.agent, "ts_ns": found.ts_ns, "id": found.id}
    before = (await db.execute(queries.BEFORE_SQL, place | {"limit": NEAR})).rows
    after = (await db.execute(queries.AFTER_SQL, place | {"limit": NEAR})).rows
    links = (await db.execute(queries.LINKS_SQL, {"ids": json.dumps(found.ids)})).rows
    lines = (await db.execute(queries.SAME_LINE_SQL, place | {"source_id": found.source_id})).rows
    given = call.arguments(found) if found.kind == "tool_use" else {}
    return await page(
        datasette, request, db, "memlog_record.html", **context, before=before[::-1], after=after,
        links=links,
        line=[row for row in lines if row["id"] != found.id], dir=links[0]["dir"] if links else "",
        trees=[(blob, tree.tree(blob), list(tree.hex_lines(blob))) for blob in blobs[:BLOBS]],
        blobs=len(blobs),
        hex_bytes=tree.HEX_BYTES,
        changes=call.changes(found, given) if given else [], diff=call.diff_of(found.text),
    )  # fmt: skip


async def record_file(datasette: Any, request: Any) -> Response:
    """A record to keep: whole as CBOR, JSON or Markdown, or its blob as it was archived."""
    db = await visible(datasette, request)
    ref, form = request.url_vars["id"], request.url_vars["form"]

    def ask(con: Any) -> tuple[bytes, str]:
        return rendering.files_of(record.find(con, ref)[0], record.blobs(con, ref))[form]

    try:
        body, kind = await read(datasette, db, ask)
    except NotFoundError as exc:
        raise NotFound("No such record") from exc
    name = {"content-disposition": f'attachment; filename="memlog-record-{ref}.{form}"'}
    return Response(body, headers=name, content_type=kind)


def _none() -> dict[str, Any]:
    return {
        "before": [], "after": [], "links": [], "line": [], "dir": "", "trees": [], "changes": [], "diff": [],
        "hex_bytes": 0, "blobs": 0,
    }  # fmt: skip


def _fields(datasette: Any, db: Any, found: Whole) -> list[tuple[str, Any]]:
    fields = {k: v for k, v in asdict(found).items() if k not in ("text", "extra", "ids")}
    return [
        (name, columns.cell(datasette, db.name, None, fields, name, value) or value)
        for name, value in fields.items()
        if value is not None
    ]
