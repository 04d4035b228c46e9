"""A session to be read: a page of its timeline, what is new in it, and what a compaction took away."""

import contextlib
from bisect import bisect_left
from typing import Any
from urllib.parse import unquote

from datasette import Response
from datasette.utils.asgi import NotFound
from datasette.views.base import DatasetteError

from datasette_memlog import drawing, marks, outlines, places
from datasette_memlog.asking import frame, older, page, read, visible
from memlog.query import epochs, lost, outline, reading
from memlog.query.sessions import SessionRow
from memlog.query.verdict import ASKED, verdict

AROUND = 14  # records before and after a compaction
FOLLOWED = 5  # pages that grow on one that is open: what is new comes with all of them, every second
AT_ONCE = 100  # records of an epoch: what one of so many lost takes two tenths of a second to tell
WEIGHED = 4_000  # records of an epoch; what one of 13,000 lost takes four seconds to tell


async def session_page(datasette: Any, request: Any) -> Response:
    """A stretch of a session: its first, or the one with the record `at`; `at=last` the end.

    404, with the session's beginning and where the record is, for an `at` that is no record of this session.
    """
    db = await visible(datasette, request)
    if (old := await older(datasette, request, db)) is not None:
        return old
    name = unquote(request.url_vars["name"])
    at, every = request.args.get("at"), request.args.get("all") == "1"
    found = await read(datasette, db, lambda con: _stretch(datasette, db, con, name, at, every))
    place = f"{frame(datasette, db)['place']}/-/session/{found['session'].dir}"
    if found["session"].dir != name:
        query = request.query_string
        return Response.redirect(place + (f"?{query}" if query else ""))
    return await page(
        datasette, request, db, "memlog_session.html", 404 if _is_lost(found["astray"]) else 200,
        here=place, every=every, **found, live=found["page"] == found["pages"] - 1,
    )  # fmt: skip


async def live_page(datasette: Any, request: Any) -> Response:
    """The page with the record `from`, grown by what came; 204 where the session is still `seen`."""
    db = await visible(datasette, request)
    name = unquote(request.url_vars["name"])
    every, seen = request.args.get("all") == "1", request.args.get("seen")
    start = request.args.get("from")

    def ask(con: Any) -> dict[str, Any] | None:
        session = outlines.session_of(con, name)
        if outline.version(con, session) == seen:
            return None
        return _stretch(datasette, db, con, name, start, every, FOLLOWED)

    found = await read(datasette, db, ask)
    if found is None:
        return Response("", status=204)
    place = f"{frame(datasette, db)['place']}/-/session/{found['session'].dir}"
    return await page(datasette, request, db, "memlog_live.html", here=place, every=every, **found)


async def compaction_page(datasette: Any, request: Any) -> Response:
    """What was said before a compaction, the summary it left, and what was said then.

    What a long epoch lost comes after the page, or with `lost=1`.
    """
    db = await visible(datasette, request)
    if (old := await older(datasette, request, db)) is not None:
        return old
    name, number = unquote(request.url_vars["name"]), int(request.url_vars["epoch"])

    found = await read(datasette, db, lambda con: _around(datasette, db, con, name, number))
    of = found["session"]
    place = f"{frame(datasette, db)['place']}/-/session/{of.dir}"
    taken, records = None, found["compaction"].before.records
    later = AT_ONCE < records <= WEIGHED and not found["told"] and request.args.get("lost") != "1"
    if records <= WEIGHED and not later:
        with contextlib.suppress(DatasetteError):  # it took too long: the page says so, and has the rest
            taken = await read(datasette, db, lambda con: _lost(datasette, db, con, of, number - 1))
    judged = verdict(kind.count for kind in taken.kinds) if taken else ""
    return await page(
        datasette, request, db, "memlog_compaction.html", here=place, lost=taken, later=later, asked=ASKED,
        verdict=judged, **found,
    )  # fmt: skip


def _around(datasette: Any, db: Any, con: Any, name: str, number: int) -> dict[str, Any]:
    """A compaction with what was said before and after it, and what was kept."""
    session = outlines.session_of(con, name)
    found = outlines.outline_of(datasette, db, con, session, False)
    chapters = {e.epoch: e for e in epochs.epochs(con, session.session) if e.agent == session.agent}
    if number not in chapters or number - 1 not in chapters:
        raise NotFound(f"This session has no compaction {number}")
    first = bisect_left(found.epochs, number)
    after = first
    while after < len(found) and found.kinds[after] in "cs":
        after += 1
    end = min(after + AROUND, len(found))
    while end < min(after + 3 * AROUND, len(found)) and found.kinds[end] == "r":
        end += 1  # a call and its answer stay together
    before, kept, then = (
        [e for chapter in reading.chapters(con, found, a, b) for e in chapter.entries]
        for a, b in (
            (max(first - AROUND, 0), first),
            (first, after),
            (after, end),
        )
    )
    return {
        "session": session, "before": before, "kept": kept, "then": then, "number": number,
        "compaction": reading.compaction(con, chapters[number - 1], chapters[number]),
        "others": [n for n in chapters if n],
        "said": marks.Said().read(kept).read(before).read(then),
        "told": outlines.is_kept(datasette, con, session, _loss_of(db, session, number - 1)),
    }  # fmt: skip


def _is_lost(astray: places.Astray | None) -> bool:
    return astray is not None and not astray.hidden


def _stretch(
    datasette: Any, db: Any, con: Any, name: str, at: str | None, every: bool, most: int = 1
) -> dict[str, Any]:
    """So many pages of a session from the one with the record `at`, and what leads on from them."""
    session = outlines.session_of(con, name)
    found = outlines.outline_of(datasette, db, con, session, every)
    n, astray = _place(con, found, at, most)
    number = found.page_of(n)
    until = max(min(number + most, len(found.pages)) - 1, number)
    first, last = found.stretch(number)[0], found.stretch(until)[1]
    rows = [e for e in epochs.epochs(con, session.session) if e.agent == session.agent]
    by_number = {e.epoch: e for e in rows}
    chapters = reading.chapters(con, found, first, last)
    lengths = found.chapters()
    begins = {epoch: found.ids[begin] for epoch, (begin, _) in lengths.items()}
    opened = {id: epoch for epoch, id in begins.items() if epoch - 1 in by_number and epoch in by_number}
    return {
        "said": marks.Said().read(entry for chapter in chapters for entry in chapter.entries),
        "session": session, "chapters": chapters, "epochs": rows, "begins": begins, "page": number,
        "until": until, "prompts": len(found.landmarks["prompt"]),
        "commands": len(found.landmarks["command"]),
        "failed": found.failed(),
        "pages": max(len(found.pages), 1), "version": found.version, "total": len(found),
        "counted": {epoch: end - begin for epoch, (begin, end) in lengths.items()},
        "left_out": max(session.records - len(found), 0),
        "first": first, "last": last, "start": found.ids[first] if found.ids else 0, "astray": astray,
        "begin": next((found.ids[n] for n in range(first, last) if found.kinds[n] != "h"), 0),
        "end": found.ids[last - 1] if found.ids else 0,
        "previous": found.ids[found.pages[number - 1]] if number > 0 else None,
        "next": found.ids[found.pages[until + 1]] if until + 1 < len(found.pages) else None,
        "beyond": found.beyond(first, last), "opened": opened, "glance": drawing.glance(found, first, last),
        "compactions": {
            chapter.epoch: reading.compaction(con, by_number[chapter.epoch - 1], by_number[chapter.epoch])
            for chapter in chapters
            if chapter.opens and chapter.epoch - 1 in by_number and chapter.epoch in by_number
        },
        "losses": found.losses,
        "loss_ids": [found.ids[min(loss.at, len(found) - 1)] if found.ids else 0 for loss in found.losses],
    }  # fmt: skip


def _place(con: Any, found: outline.Outline, at: str | None, most: int) -> tuple[int, places.Astray | None]:
    """Number of the record an address names, or of the one to show instead, and what the reader is told."""
    if not at:
        return 0, None
    if at == "last":
        return max(len(found) - 1, 0), None
    asked = places.number(at) or 0
    if (known := found.where.get(asked)) is not None:
        return known, None
    if most > 1:  # what a page began with was forgotten since: it follows on from where that was
        return found.near(asked), None
    shown, astray = places.look(con, found.session, at)
    return (found.near(shown) if shown is not None else 0), astray


def _lost(datasette: Any, db: Any, con: Any, session: SessionRow, epoch: int) -> lost.Loss | None:
    def told() -> lost.Loss | None:
        return next(lost.losses(con, session.session, epoch=epoch, agent=session.agent), None)

    return outlines.kept(datasette, con, session, _loss_of(db, session, epoch), told)


def _loss_of(db: Any, session: SessionRow, epoch: int) -> tuple[Any, ...]:
    return "lost", db.name, session.agent, session.session, epoch
