"""Where a reader lands: what was archived when, the latest sessions, the recorder; and all sessions."""

import asyncio
import os
import time
from typing import Any
from urllib.parse import urlencode

from datasette import Response

from datasette_memlog import archives, drawing, seam
from datasette_memlog.asking import frame, older, page, read, visible, whole
from memlog.paths import Home
from memlog.query import activity, browse, checks, health

DAYS = 364
RECENT = 8
ASKED = ("agent", "project", "q", "only", "day", "sort", "page")
SHELF = 50


async def overview_page(datasette: Any, request: Any) -> Response:
    """The archive at a glance."""
    db = await visible(datasette, request)
    if (old := await older(datasette, request, db)) is not None:
        return old
    found = await overview(datasette, db, request.args.get("until"))
    return await page(datasette, request, db, "memlog_overview.html", **found)


async def landing(datasette: Any, request: Any) -> dict[str, Any]:
    """For index.html: the overview where one archive of this version is all a reader may see of ours."""
    seen = []
    for name in archives.names(datasette):
        allowed = await seam.may_read(datasette, request.actor if request else None, name, "v_record")
        if allowed and archives.is_current(datasette, name):
            seen.append(name)
    found: dict[str, Any] = {"archives": archives.names(datasette), "seen": seen}
    if len(seen) != 1 or request is None:
        return {"memlog": found}
    db = datasette.databases[seen[0]]
    return {
        **frame(datasette, db), "memlog": found, **await overview(datasette, db, request.args.get("until"))
    }  # fmt: skip


async def overview(datasette: Any, db: Any, until: str | None) -> dict[str, Any]:
    """Activity, the latest sessions, and the recorder's health where the archive lies in its home."""
    last = activity.day_of(until) if until else None

    def ask(con: Any) -> dict[str, Any]:
        found = activity.activity(con, days=DAYS, until=last)
        shelf = browse.shelf(con, order="ended", limit=RECENT)
        return {
            "activity": found, "chart": drawing.chart(found), "shelf": shelf, "losses": health.losses(con),
            "totals": health.totals(con),
        }  # fmt: skip

    found: dict[str, Any] = await read(datasette, db, ask)
    days = found["activity"].days
    if days:
        found["earlier"] = activity.date_of(days[0].day - 1) if found["activity"].earlier else None
        found["later"] = activity.date_of(days[-1].day + len(days)) if found["activity"].later else None
    return found | {"health": await _health(db)}


class Asked:
    """What an address asks of the list: narrowed by what, its order, its page; dropped: what is none."""

    def __init__(self, args: Any) -> None:
        self.said = {name: args.get(name) for name in ASKED}
        self.dropped: list[str] = []
        sort = self.said["sort"] or "-ended"
        self.order, self.down = sort.lstrip("-"), sort.startswith("-")
        if self.order not in browse.ORDERS:
            self.dropped.append(f"there is no order {sort!r}")
            self.order = "ended"
        self.only = self.said["only"] or ""
        if self.only not in browse.ONLY:
            self.dropped.append(f"there is no filter {self.only!r}")
            self.only = ""
        self.number = max(whole(self.said["page"]) or 1, 1)
        if self.said["page"] and not whole(self.said["page"]):
            self.dropped.append(f"{self.said['page']!r} is no page")
        self.day = activity.day_of(self.said["day"]) if self.said["day"] else None
        if self.said["day"] and self.day is None:
            self.dropped.append(f"{self.said['day']!r} is no day an archive holds: 2026-03-28 is one")

    def shelf(self, con: Any) -> tuple[browse.Shelf, int]:
        """The page, or where there are fewer the last; and how many there are."""
        found = self._page(con, self.number)
        last = max(-(-found.total // SHELF), 1)
        return (found, last) if self.number <= last else (self._page(con, last), last)

    def address(self, here: str, changed: dict[str, str | None]) -> str:
        """This page with other questions; None takes one out."""
        kept = {
            name: value for name, value in self.said.items()
            if name != "page" and value is not None and (value or name == "project")
        }  # fmt: skip
        query = urlencode({k: v for k, v in {**kept, **changed}.items() if v is not None}, errors="replace")
        return f"{here}?{query}" if query else here

    def _page(self, con: Any, number: int) -> browse.Shelf:
        return browse.shelf(
            con, agent=self.said["agent"] or None, project=self.said["project"], words=self.said["q"] or None,
            only=self.only, day=self.day, order=self.order, down=self.down, limit=SHELF,
            offset=(number - 1) * SHELF,
        )  # fmt: skip


async def sessions_page(datasette: Any, request: Any) -> Response:
    """Every session, fifty at a time, narrowed and sorted by the address."""
    db = await visible(datasette, request)
    if (old := await older(datasette, request, db)) is not None:
        return old
    asked = Asked(request.args)
    found, last = await read(datasette, db, asked.shelf)
    if asked.number > last:
        asked.dropped.append(f"there is no page {asked.number:,}: this is the last")
    here = f"{frame(datasette, db)['place']}/-/sessions"
    return await page(
        datasette, request, db, "memlog_sessions.html", 400 if asked.dropped else 200, dropped=asked.dropped,
        shelf=found, asked=asked.said, order=asked.order, down=asked.down,
        address=lambda **changed: asked.address(here, changed), number=min(asked.number, last), pages=last,
        day=asked.day,
    )  # fmt: skip


async def _health(db: Any) -> list[Any] | None:
    """What `memlog status` says, line by line; None for an archive outside its home."""
    path = os.path.abspath(db.path)
    home = Home(os.path.dirname(path))
    if path != home.archive:
        return None
    return await asyncio.to_thread(_looked, home)


def _looked(home: Home) -> list[Any]:
    now_ns = time.time_ns()
    facts = health.look(home, now_ns=now_ns)
    losses = health.Losses(**facts["losses"]) if facts["losses"] else None
    damage = health.Damaged(**facts["damage"]) if facts["damage"] else None
    found: list[dict[str, Any]] = [{"check": checks.witness(facts["witness"], True)}]
    if facts["rings"] is None:
        said = "not looked at while no witness runs: memlog show asks it"
        found.append({"check": checks.Check("ring", checks.OK, said)})
    else:
        found.append(
            {
                "check": checks.ring(facts["rings"], facts["witness"]["running"], now_ns),
                "rings": [ring for ring in facts["rings"] if ring.get("capacity")],
                "lag_s": facts["lag_s"],
                "undrained": facts["undrained"],
            }
        )
    call = facts["hooks"]["last_call"]
    said = "no hook has called yet: memlog install" if call is None else ""
    found.append({"check": checks.Check("last capture", checks.OK, said), "at": call})
    archive = facts["archive"] or {}
    if archive.get("last_drained"):
        found.append({"check": checks.Check("last drain", checks.OK, ""), "at": archive["last_drained"]})
    found.append({"check": checks.spool(health.Spool(**facts["spool"]), now_ns)})
    found.append({"check": checks.losses(losses, now_ns)})
    found.append({"check": checks.damage(damage, now_ns)})
    found.append({"check": checks.disk(facts["disk"])})
    return found
