"""What a session says: its files, commands, commits, errors, rules; and how its tools fared."""

from typing import Any
from urllib.parse import unquote, urlencode

from datasette import Response

from datasette_memlog import outlines
from datasette_memlog.asking import frame, older, page, read, visible, whole
from memlog.query import epochs
from memlog.query.facts import listing, tally
from memlog.query.facts.fact import KINDS
from memlog.query.facts.listing import FactRow

WEIGHED = 12_000  # records; of more, the command is named
SHOWN = 400
PLACES = 1_000  # of one fact
SORTS = ("kind", "times", "last")
# What facts of a kind are parted by: of a file what was done with it, of what ran how it ended.
_DONE = {"edit": "changed", "write": "changed", "delete": "changed", "search": "searched", "list": "listed"}
WAYS = {
    "file": ("changed", "read", "searched", "listed"), "command": ("failed", "went well"),
    "test": ("failed", "went well"),
}  # fmt: skip


def way(row: FactRow) -> str | None:
    """Which of the ways of its kind a fact went; None where it is not said."""
    if row.kind == "file":
        return _DONE.get(row.detail or "", "read")
    if row.kind not in WAYS or row.detail is None:
        return None
    return "went well" if row.detail in tally.WELL else "failed"


async def facts_page(datasette: Any, request: Any) -> Response:
    """Facts of a session or of one epoch, one kind or all; sort: `times` told, `last`, else by kind.

    way: those of a kind that went one way. of: every place of the fact that is told at ID-START.
    """
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
    ways = WAYS.get(kind or "", ())
    only = request.args.get("way")
    dropped += [f"there is no {only!r} of these"] if only and only not in ways else []
    only = only if only in ways else None

    def told(con: Any, session: Any, epoch: int | None) -> list[FactRow]:
        return list(listing.facts(con, session.session, epoch=epoch, agent=session.agent))

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
    placed = tally.placed(every or ())
    counts = {one: sum(fact.kind == one for fact, _ in placed) for one in KINDS}
    counted = {
        one: sum(fact.kind == kind and any(way(p) == one for p in places) for fact, places in placed)
        for one in ways
    }
    if only:
        placed = tally.placed(row for row in every or () if row.kind == kind and way(row) == only)
    rows = [(fact, places) for fact, places in placed if kind in (None, fact.kind)]
    if sort == "times":
        rows.sort(key=lambda row: -row[0].times)
    elif sort == "kind":
        rows.sort(key=lambda row: list(KINDS).index(row[0].kind))
    of = request.args.get("of")
    one = next((row for row in rows if of in {f"{p.record}-{p.start}" for p in row[1]}), None) if of else None
    dropped += ["no such fact is told there"] if of and one is None and every is not None else []
    place = frame(datasette, db)["place"]
    here = f"{place}/-/facts/{found['session'].dir}"
    asked = {"epoch": epoch, "fact": kind, "way": only, "sort": None if sort == "kind" else sort}

    def address(**changed: Any) -> str:
        """This page with other questions; None takes one out."""
        query = urlencode({k: v for k, v in {**asked, **changed}.items() if v is not None})
        return f"{here}?{query}" if query else here

    def failures(tool: str) -> str:
        """The question of v_record that shows as many rows as answers of this tool failed."""
        of = found["session"]
        query = {
            "session__exact": of.session, "agent__exact": of.agent, "kind__exact": "tool_result",
            "error__exact": 1, "part__exact": 0, "_sort": "ts_ns",
            **({"tool__exact": tool} if tool else {"tool__isnull": 1}),
        }  # fmt: skip
        return urlencode(query if epoch is None else {**query, "epoch__exact": epoch})

    return await page(
        datasette, request, db, "memlog_facts.html", 400 if dropped else 200, dropped=dropped,
        here=f"{place}/-/session/{found['session'].dir}",
        rows=rows[:SHOWN], total=len(rows), told=every is not None, counts=counts, epoch=epoch, fact=kind,
        sort=sort, address=address, failures=failures, ways=counted, way=only, one=one, most=PLACES, **found,
    )  # fmt: skip
