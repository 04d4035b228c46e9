"""The search of an archive: a page for people, and the same rows as JSON."""

import json
import re
import time
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from datasette import Response

from datasette_memlog.asking import page, read, visible, whole
from memlog.errors import ArchiveError, InputError, MemlogError, NotFoundError
from memlog.query import dates, facets, grouped
from memlog.query.answer import MODES, WORDS, answer
from memlog.query.hit import Hits
from memlog.query.selection import Selection

HITS, MOST, AROUND, SESSIONS = 50, 200, 10, 20
TEXTS = ("session", "project", "agent")
LISTS = ("kind", "role", "tool", "path")
# index: session by its id
TITLES_SQL = "SELECT session, title FROM v_session WHERE session IN (SELECT value FROM json_each(:ids))"
# index: the record's primary key
SAME_SQL = """
SELECT r.id, r.ts_ns, s.dir FROM record r JOIN session s ON s.id = r.session_id
WHERE r.id IN (SELECT value FROM json_each(:ids))
"""
MORE_GROUPS = ": a larger --limit shows more"  # as the command says it; a page has a link
SAME = 40  # places of one hit that a page links
NARROWING = (*TEXTS, *LISTS, "epoch", "since", "until")
FILTERS = (*TEXTS, "kind", "role", "tool")  # facets that are filters of the same name
# Bookkeeping is listed only where nothing else is found; a count that left it out would not say so.
COUNTED = "every record that answers, copies and bookkeeping (kind:meta) counted; -kind:meta leaves it out"
_BARE = re.compile(r"[\w./:@-]+")
_QUOTED = re.compile(r"[\w./:@-]+( [\w./:@-]+)*")
LONGEST = 4_000  # characters of a question
STATUS = {NotFoundError: 404, InputError: 400, ArchiveError: 503}


class Asked:
    """A search as an address says it; the same words and filters as on the command line."""

    def __init__(self, args: Any, now_ns: int) -> None:
        self.text = (args.get("q") or "").strip()
        if len(self.text) > LONGEST:
            raise InputError(f"a question has at most {LONGEST:,} characters", hint="ask for fewer words")
        self.newest = _switch(args, "newest", "1")
        self.by_session = _switch(args, "group", "session")
        self.mode = args.get("mode") or WORDS
        self.after = args.get("after") or None
        self.now_ns = now_ns
        self.keys = tuple(args.getlist("facet"))
        if self.mode not in MODES:
            raise InputError(f"there is no mode {self.mode!r}", hint=f"one of {', '.join(MODES)}")
        self.limit = _number(args, "limit", SESSIONS if self.by_session else HITS, 1, MOST)
        self.context = _number(args, "context", 0, 0, AROUND)
        said: dict[str, Any] = {name: args.get(name) for name in TEXTS if args.get(name)}
        said |= {name: args.getlist(name) for name in LISTS if args.get(name)}
        if args.get("epoch"):
            said["epoch"] = _number(args, "epoch", 0, 0, 1 << 29)
        for name in ("since", "until"):
            if args.get(name):
                said[f"{name}_ns"] = getattr(dates, name)(args.get(name), now_ns)
        self.selection = Selection(**said)
        self.empty = not self.text and not said

    def hits(self, con: Any, seconds: float) -> Hits:
        return answer(
            con, self.text, self.selection, now_ns=self.now_ns, limit=self.limit, newest=self.newest,
            context=self.context, mode=self.mode, after=self.after, seconds=seconds,
        )  # fmt: skip

    def sessions(self, con: Any) -> tuple[list[grouped.SessionHits], Hits]:
        return grouped.by_session(
            con, self.text, self.selection, now_ns=self.now_ns, newest=self.newest, mode=self.mode,
            limit=self.limit,
        )  # fmt: skip

    def facets(self, con: Any) -> list[facets.Facet]:
        return facets.facets(
            con, self.text, self.selection, keys=self.keys, now_ns=self.now_ns, mode=self.mode
        )


async def search_page(datasette: Any, request: Any) -> Response:
    """What `memlog query search` finds, a page of fifty."""
    db = await visible(datasette, request)
    hits, error = Hits(), None
    found: list[facets.Facet] = []
    groups: list[grouped.SessionHits] = []
    titles: dict[str, str] = {}
    same: dict[int, tuple[str, str]] = {}
    try:
        asked = Asked(request.args, time.time_ns())
        if asked.by_session and asked.text:
            groups, hits = await read(datasette, db, asked.sessions)
            found = await read(datasette, db, asked.facets) if asked.keys else []
        else:
            hits, found = await _found(datasette, db, asked)
        ids = json.dumps([id for hit in hits for id in hit.same[:SAME] if isinstance(id, int)])
        same = {id: (dates.iso(ns), dir) for id, ns, dir in (await db.execute(SAME_SQL, {"ids": ids})).rows}
        ids = json.dumps([one.value for one in found if one.facet == "session"])
        titles = {row[0]: row[1] for row in (await db.execute(TITLES_SQL, {"ids": ids})).rows if row[1]}
    except MemlogError as exc:
        error = exc
    context = {
        "q": (request.args.get("q") or "")[:LONGEST], "newest": request.args.get("newest") == "1",
        "mode": request.args.get("mode") or WORDS, "hits": hits, "found": found, "keys": tuple(facets.KEYS),
        "error": str(error) if error else "", "hint": error.hint if error else "", "caret": _caret(error),
        "here": lambda **more: _address(request, more), "groups": groups, "titles": titles, "same": same,
        "only": lambda one: _only(request, one), "counted": COUNTED,
        "narrowed": [(k, v) for k in NARROWING for v in request.args.getlist(k) if v],
        "by_session": request.args.get("group") == "session", **_notes(hits, len(groups)),
    }  # fmt: skip
    # What is still being typed is no bad request: a browser would report each.
    status = 200 if request.args.get("typed") == "1" else _status(error)
    return await page(datasette, request, db, "memlog_search.html", status, **context)


async def search_json(datasette: Any, request: Any) -> Response:
    """The same rows as JSON; `_shape=array` gives the rows alone, as `memlog query search --json` does."""
    db = await visible(datasette, request)
    try:
        asked = Asked(request.args, time.time_ns())
        hits, found = await _found(datasette, db, asked)
    except MemlogError as exc:
        body = {"ok": False, "error": str(exc), "hint": exc.hint, "column": getattr(exc, "column", 0) or None}
        return Response.json(body, status=_status(exc))
    rows = [hit.as_dict() for hit in hits]
    if request.args.get("_shape") == "array":
        return Response.json(rows)
    body = {
        "ok": True, "query": asked.text, "rows": rows, "notes": hits.notes, "relaxed": hits.relaxed,
        "looked_for": hits.said if hits.relaxed else None, "capped": hits.capped,
        "did_you_mean": dict(hits.near), "facets": list(map(asdict, found)), "after": hits.after,
        "facets_count": COUNTED if found else None,
        "next_url": _address(request, {"after": hits.after}) if hits.after else None,
    }  # fmt: skip
    return Response.json(body)


async def _found(datasette: Any, db: Any, asked: Asked) -> tuple[Hits, list[facets.Facet]]:
    seconds = datasette.sql_time_limit_ms / 2_000  # what is left is for the rows
    hits = Hits()
    found: list[facets.Facet] = []
    if not asked.empty:
        hits = await read(datasette, db, lambda con: asked.hits(con, seconds))
    if asked.keys:
        found = await read(datasette, db, asked.facets)
    return hits, found


def _number(args: Any, name: str, default: int, least: int, most: int) -> int:
    said = args.get(name)
    if not said:
        return default
    number = whole(said)
    if number is None or not least <= number <= most:
        takes = f"{name} takes a whole number from {least} to {most:,}"
        raise InputError(f"{takes}, not {said[:40]!r}", hint=f"without it: {default}")
    return number


def _switch(args: Any, name: str, on: str) -> bool:
    """Whether it is on: without it, or empty, it is not."""
    said = args.get(name) or ""
    if said not in ("", "0", on):
        raise InputError(f"{name} takes {on}, not {said[:40]!r}", hint=f"{name}={on}, or leave it out")
    return bool(said == on)


def _status(error: MemlogError | None) -> int:
    return next(
        (code for kind, code in STATUS.items() if isinstance(error, kind)), 200 if error is None else 500
    )


def _notes(hits: Hits, groups: int) -> dict[str, Any]:
    """What is said about the hits; of groups that are not all how many more a link asks for."""
    notes = [note.removesuffix(MORE_GROUPS) for note in hits.notes]
    wider = min(3 * groups, MOST) if notes != hits.notes and groups < MOST else None
    return {"notes": notes, "wider": wider}


def _only(request: Any, one: facets.Facet) -> str | None:
    """Where the same search leads among the records of this facet alone; None where no filter says it.

    A value stands in the words as they are unquoted there; one that holds a quote or a comma is an argument.
    """
    if one.value is None or one.facet not in FILTERS or (request.args.get("mode") or WORDS) != WORDS:
        return None
    if one.facet in LISTS and "," in one.value:  # a comma parts the values of a list
        return None
    if _BARE.fullmatch(one.value):
        said = one.value
    elif _QUOTED.fullmatch(one.value):
        said = f'"{one.value}"'
    else:
        return _address(request, {one.facet: one.value, "facet": None})
    q = f"{(request.args.get('q') or '').strip()} {one.facet}:{said}".strip()
    return _address(request, {"q": q, "facet": None})


def _caret(error: MemlogError | None) -> tuple[str, str] | None:
    """The text that cannot be read, cut in two where it goes wrong."""
    column, text = getattr(error, "column", 0), getattr(error, "asked", "")
    return (text[: column - 1], text[column - 1 :]) if column else None


def _address(request: Any, more: dict[str, Any]) -> str:
    """This address with some of its arguments changed; None takes one away."""
    kept = [
        (k, v)
        for k in request.args
        if k not in more and k not in ("after", "typed")
        for v in request.args.getlist(k)
    ]
    return "?" + urlencode(kept + [(k, v) for k, v in more.items() if v is not None])
