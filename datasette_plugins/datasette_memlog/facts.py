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
from memlog.query.sessions import SessionRow

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


class Asked:
    """What the address asks for: a kind or all, a way of it, an order; dropped: what there is not of it."""

    def __init__(self, args: Any) -> None:
        kind, sort, only = args.get("fact"), args.get("sort"), args.get("way")
        self.kind = kind if kind in KINDS else None
        self.epoch, self.of = args.get("epoch"), args.get("of")
        self.ways = WAYS.get(self.kind or "", ())
        self.way = only if only in self.ways else None
        self.sort = sort if sort in SORTS[1:] else "kind" if self.kind is None else "last"
        self.dropped: list[str] = []
        if kind and self.kind is None:
            self.dropped.append(f"there is no kind of fact {kind}: these are all")
        if sort and sort not in SORTS:
            self.dropped.append(f"there is no order {sort!r}")
        if only and self.way is None:
            self.dropped.append(f"there is no {only!r} of these")

    def among(self, every: list[FactRow] | None) -> dict[str, Any]:
        """The facts the page shows, how many there are of each kind and way, and the one with its places."""
        placed = tally.placed(every or ())
        counts = {one: sum(fact.kind == one for fact, _ in placed) for one in KINDS}
        ways = {
            one: sum(fact.kind == self.kind and any(way(p) == one for p in places) for fact, places in placed)
            for one in self.ways
        }
        if self.way:
            placed = tally.placed(
                row for row in every or () if row.kind == self.kind and way(row) == self.way
            )
        rows = [(fact, places) for fact, places in placed if self.kind in (None, fact.kind)]
        if self.sort == "times":
            rows.sort(key=lambda row: -row[0].times)
        elif self.sort == "kind":
            rows.sort(key=lambda row: list(KINDS).index(row[0].kind))
        told = (row for row in rows if self.of in {f"{p.record}-{p.start}" for p in row[1]})
        one = next(told, None) if self.of else None
        if self.of and one is None and every is not None:
            self.dropped.append("no such fact is told there")
        return {
            "rows": rows[:SHOWN], "total": len(rows), "told": every is not None, "counts": counts,
            "ways": ways, "one": one, "most": PLACES,
        }  # fmt: skip

    def address(self, here: str, epoch: int | None, changed: dict[str, Any]) -> str:
        """The page with other questions; None takes one out."""
        sort = None if self.sort == "kind" else self.sort
        asked = {"epoch": epoch, "fact": self.kind, "way": self.way, "sort": sort, **changed}
        query = urlencode({k: v for k, v in asked.items() if v is not None})
        return f"{here}?{query}" if query else here


async def facts_page(datasette: Any, request: Any) -> Response:
    """Facts of a session or of one epoch, one kind or all; sort: `times` told, `last`, else by kind.

    way: those of a kind that went one way. of: every place of the fact that is told at ID-START.
    """
    db = await visible(datasette, request)
    if (old := await older(datasette, request, db)) is not None:
        return old
    asked = Asked(request.args)
    name = unquote(request.url_vars["name"])

    def ask(con: Any) -> dict[str, Any]:
        found = _said(datasette, db, con, name, asked.epoch)
        return found | asked.among(found.pop("facts"))

    found = await read(datasette, db, ask)
    session, epoch = found["session"], found["epoch"]
    if asked.epoch and epoch is None:
        asked.dropped.append(f"this session has no epoch {asked.epoch!r}")
    place = frame(datasette, db)["place"]
    here = f"{place}/-/facts/{session.dir}"
    return await page(
        datasette, request, db, "memlog_facts.html", 400 if asked.dropped else 200, dropped=asked.dropped,
        here=f"{place}/-/session/{session.dir}", fact=asked.kind, sort=asked.sort, way=asked.way,
        address=lambda **changed: asked.address(here, epoch, changed),
        failures=lambda tool: _failures(session, epoch, tool), **found,
    )  # fmt: skip


def _said(datasette: Any, db: Any, con: Any, name: str, given: str | None) -> dict[str, Any]:
    """The session, its epochs and how its tools fared; its facts, None where to find them takes too long."""
    session = outlines.session_of(con, name)
    chapters = [e for e in epochs.epochs(con, session.session) if e.agent == session.agent]
    epoch = whole(given) if whole(given) in [e.epoch for e in chapters] else None
    found = None
    if sum(e.records for e in chapters if epoch in (None, e.epoch)) <= WEIGHED:
        key = ("facts", db.name, session.agent, session.session, epoch)

        def told() -> list[FactRow]:
            return list(listing.facts(con, session.session, epoch=epoch, agent=session.agent))

        found = outlines.kept(datasette, con, session, key, told)
    tools = tally.tools(con, session.session, session.agent, epoch)
    failed = outlines.outline_of(datasette, db, con, session, False).failed(epoch)
    return {
        "session": session, "epochs": chapters, "facts": found, "tools": tools, "epoch": epoch,
        "failed": failed,
    }  # fmt: skip


def _failures(session: SessionRow, epoch: int | None, tool: str) -> str:
    """The question of v_record that shows as many rows as answers of this tool failed."""
    query = {
        "session__exact": session.session, "agent__exact": session.agent, "kind__exact": "tool_result",
        "error__exact": 1, "part__exact": 0, "_sort": "ts_ns",
        **({"tool__exact": tool} if tool else {"tool__isnull": 1}),
    }  # fmt: skip
    return urlencode(query if epoch is None else {**query, "epoch__exact": epoch})
