"""What a session says: its files, commands, commits, errors, rules; and how its tools fared."""

from typing import Any
from urllib.parse import unquote, urlencode

from datasette import Response

from datasette_memlog import outlines
from datasette_memlog.asking import frame, older, page, read, visible, whole
from memlog.query import epochs
from memlog.query.facts import listing, tally
from memlog.query.facts.fact import KINDS

WEIGHED = 12_000  # records; of more, the command is named
SHOWN = 400
SORTS = ("kind", "times", "last")


async def facts_page(datasette: Any, request: Any) -> Response:
    """Facts of a session or of one epoch, one kind or all; sort: `times` told, `last`, else by kind."""
    db = await visible(datasette, request)
    if (old := await older(datasette, request, db)) is not None:
        return old
    name = unquote(request.url_vars["name"])
    kind = request.args.get("fact") if request.args.get("fact") in KINDS else None
    wrong = request.args.get("fact") if request.args.get("fact") and kind is None else None
    dropped = [f"there is no kind of fact {wrong}: these are all"] if wrong else []
    given = request.args.get("epoch")
    sort = request.args.get("sort")
    dropped += [f"there is no order {sort!r}"] if sort and sort not in SORTS else []
    sort = sort if sort in SORTS[1:] else "kind" if kind is None else "last"

    def told(con: Any, session: Any, epoch: int | None) -> Any:
        return tally.told(listing.facts(con, session.session, epoch=epoch, agent=session.agent))

    def ask(con: Any) -> dict[str, Any]:
        session = outlines.session_of(con, name)
        chapters = [e for e in epochs.epochs(con, session.session) if e.agent == session.agent]
        epoch = whole(given) if whole(given) in [e.epoch for e in chapters] else None
        size = sum(e.records for e in chapters if epoch in (None, e.epoch))
        found = None
        if size <= WEIGHED:
            key = ("facts", db.name, session.agent, session.session, epoch)
            found = outlines.kept(datasette, con, session, key, lambda: told(con, session, epoch))
        tools = tally.tools(con, session.session, session.agent, epoch)
        return {"session": session, "epochs": chapters, "facts": found, "tools": tools, "epoch": epoch}

    found = await read(datasette, db, ask)
    every, epoch = found.pop("facts"), found.pop("epoch")
    dropped += [f"this session has no epoch {given!r}"] if given and epoch is None else []
    counts = {one: sum(fact.kind == one for fact in every or ()) for one in KINDS}
    rows = [fact for fact in every or () if kind in (None, fact.kind)]
    if sort == "times":
        rows.sort(key=lambda fact: -fact.times)
    elif sort == "kind":
        rows.sort(key=lambda fact: list(KINDS).index(fact.kind))
    place = frame(datasette, db)["place"]
    here = f"{place}/-/facts/{found['session'].dir}"
    asked = {"epoch": epoch, "fact": kind, "sort": None if sort == "kind" else sort}

    def address(**changed: Any) -> str:
        """This page with other questions; None takes one out."""
        query = urlencode({k: v for k, v in {**asked, **changed}.items() if v is not None})
        return f"{here}?{query}" if query else here

    return await page(
        datasette, request, db, "memlog_facts.html", 400 if dropped else 200, dropped=dropped,
        here=f"{place}/-/session/{found['session'].dir}",
        rows=rows[:SHOWN], total=len(rows), told=every is not None, counts=counts, epoch=epoch, fact=kind,
        sort=sort, address=address, **found,
    )  # fmt: skip
