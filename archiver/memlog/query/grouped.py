"""Sessions that answer, the one with the best record first, each with its best records."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memlog.query import facets
from memlog.query.answer import WORDS, answer
from memlog.query.hit import Hit, Hits
from memlog.query.selection import Selection

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

LOOKED = 400  # hits that are put into groups
BEST = 3  # of a session that are shown

# index: the session's primary key
ABOUT_SQL = """
SELECT v.title, v.started, v.ended, v.records FROM session s JOIN v_session v ON v.session = s.session
  AND v.agent = s.agent WHERE s.id = :id
"""
# sessions are few beside the records of one
NEWEST_SQL = (
    "SELECT id, session, agent FROM session WHERE last_id IS NOT NULL ORDER BY ended_ns DESC, id DESC"
)


@dataclass(frozen=True, slots=True)
class SessionHits:
    """One session that answers. found: how many of its records do; best: the first of them."""

    session: str
    agent: str
    project: str | None
    title: str | None
    started: str
    ended: str
    records: int
    found: int
    best: list[Hit]


def by_session(
    con: "Connection", text: str, selection: Selection | None = None, *, now_ns: int, limit: int = 20,
    newest: bool = False, context: int = 0, mode: str = WORDS,
) -> tuple[list[SessionHits], Hits]:  # fmt: skip
    """The sessions of what a search finds, and the hits they were made of.

    Those of the first LOOKED hits by their best record, then the others, the newest first, each with its
    newest one. hits.notes say how many there are beside those that are shown.
    Raises: NotFoundError, QueryError.
    """
    selection = selection or Selection()
    hits = answer(con, text, selection, now_ns=now_ns, limit=LOOKED, newest=newest, mode=mode, fold=False)
    groups: dict[int, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.session_id, []).append(hit)
    how: dict[str, Any] = {"now_ns": now_ns, "mode": mode}
    ranked, sizes, known = len(groups), dict[int, int](), len(groups)
    if hits.after is not None and hits[-1].matched == "all" and all(groups):
        told = facets.sessions(con, text, selection, **how)
        sizes = {number: size for number, size, _ in told or ()}
        others = [one[2] for one in told or () if one[0] not in groups]
        known += len(others)
        if told is None:
            known += _probe(con, text, selection, groups, limit, how)
        elif len(groups) < limit and others:
            for hit in _newest(con, text, selection.replace(ids=others[: limit - len(groups)]), how):
                groups.setdefault(hit.session_id, []).append(hit)
    _tell(hits, ranked, min(len(groups), limit), known)
    found = []
    for number, group in list(groups.items())[:limit]:
        best = group[0]
        about = con.execute(ABOUT_SQL, {"id": number}).fetchone() or (None, best.ts, best.ts, 0)
        title, started, ended, records = about
        size = max(len(group), sizes.get(number, 0))
        if hits.after is not None and not sizes and best.matched == "all" and number:
            chosen = selection.replace(session=best.session, agent=best.agent)
            size = max(size, facets.count(con, text, chosen, **how).count)
        found.append(
            SessionHits(
                best.session, best.agent, best.project, title, started, ended, records, size, group[:BEST]
            )
        )  # fmt: skip
    if context > 0:
        from memlog.query.hit import context_of

        for one in found:
            for hit in one.best:
                hit.context = context_of(con, hit, context)
    return found, hits


def _newest(con: "Connection", text: str, chosen: Selection, how: "dict[str, Any]") -> list[Hit]:
    """Hits of the records with these ids, in their order; bookkeeping, which a search leaves out, too."""
    ids = list(chosen.ids or ())
    found = answer(con, text, chosen, limit=len(ids), newest=True, fold=False, **how)
    there = {hit.id for hit in found}
    left = [id_ for id_ in ids if id_ not in there]
    if left and there:
        found += answer(con, text, chosen.replace(ids=left), limit=len(left), newest=True, fold=False, **how)
    return sorted((hit for hit in found if hit.id in ids), key=lambda hit: ids.index(hit.id))


def _probe(
    con: "Connection", text: str, selection: Selection, groups: "dict[int, list[Hit]]", limit: int,
    how: "dict[str, Any]",
) -> int:  # fmt: skip
    """Ask one session after another, where the records that answer are too many to be looked at.

    Adds to the groups up to the limit; how many were added, and one where there may be more.
    """
    before = len(groups)
    for number, session, agent in con.execute(NEWEST_SQL).fetchall():
        if selection.session is not None:
            break
        if number not in groups and selection.agent in (None, agent):
            chosen = selection.replace(session=session, agent=agent)
            found = answer(con, text, chosen, limit=BEST, newest=True, fold=False, **how)
            if found and found[0].matched == "all":
                if len(groups) >= limit:
                    return len(groups) - before + 1
                groups[number] = list(found)
    return len(groups) - before


def _tell(hits: Hits, ranked: int, shown: int, known: int) -> None:
    if ranked < shown:
        hits.notes.append(
            f"ranked are the {ranked} sessions of the first {LOOKED} hits; "
            "the others follow, the newest first"
        )
    if shown < known:
        hits.notes.append(f"{shown} of at least {known} sessions: a larger --limit shows more")
