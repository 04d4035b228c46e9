"""Sessions that answer, the one with the best record first, each with its best records."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    Limits: of the first LOOKED hits; where there are more, a session's are counted by a search of it.
    Raises: NotFoundError, QueryError.
    """
    hits = answer(con, text, selection, now_ns=now_ns, limit=LOOKED, newest=newest, mode=mode, fold=False)
    groups: dict[int, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.session_id, []).append(hit)
    found = []
    for number, group in list(groups.items())[:limit]:
        best = group[0]
        about = con.execute(ABOUT_SQL, {"id": number}).fetchone() or (None, best.ts, best.ts, 0)
        title, started, ended, records = about
        size = len(group)
        if hits.after is not None and best.matched == "all" and number:
            chosen = (selection or Selection()).replace(session=best.session, agent=best.agent)
            size = max(size, facets.count(con, text, chosen, now_ns=now_ns, mode=mode).count)
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
