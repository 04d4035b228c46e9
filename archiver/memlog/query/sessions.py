"""The sessions of the archive."""

from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.errors import NotFoundError
from memlog.query.names import sessions as rows_of
from memlog.query.selection import LAST_ID

# index: none, a session is one row in hundreds of records
SESSIONS_SQL = """
SELECT session, agent, project, title, started, ended, records, epochs, compactions, tools, errors, gaps,
  bytes, metas, dir, started_ns, ended_ns, first_id, last_id, turns, tokens FROM v_session
WHERE (:agent IS NULL OR agent = :agent)
  AND (:project IS NULL OR project = :project OR substr(project, -length(:project) - 1) = '/' || :project)
  AND (:since IS NULL OR ended_ns >= :since) AND (:until IS NULL OR started_ns < :until)
ORDER BY ended_ns DESC, last_id DESC LIMIT :limit
"""
# index: session_name
SESSION_SQL = """
SELECT session, agent, project, title, started, ended, records, epochs, compactions, tools, errors, gaps,
  bytes, metas, dir, started_ns, ended_ns, first_id, last_id, turns, tokens FROM v_session
WHERE session = :session AND agent = :agent
"""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A row of v_session. gaps: holes in its own capture that are not healed; bytes: of its blobs.

    turns: messages of role user. tokens: the most its context was said to hold.
    """

    session: str
    agent: str
    project: str | None
    title: str | None
    started: str | None
    ended: str | None
    records: int
    epochs: int
    compactions: int
    tools: int
    errors: int
    gaps: int
    bytes: int
    metas: int
    dir: str
    started_ns: int | None
    ended_ns: int | None
    first_id: int | None
    last_id: int | None
    turns: int = 0
    tokens: int | None = None


def sessions(
    con: Connection,
    *,
    agent: str | None = None,
    project: str | None = None,
    since_ns: int | None = None,
    until_ns: int | None = None,
    limit: int = -1,
) -> list[SessionRow]:
    """Sessions that were active in a time, the latest first. project: whole path or its last parts."""
    values = {
        "agent": agent, "project": project.rstrip("/") or "/" if project else None,
        "since": since_ns, "until": until_ns, "limit": limit,
    }  # fmt: skip
    return [SessionRow(*row) for row in con.execute(SESSIONS_SQL, values)]


def session(con: Connection, name: str, agent: str | None = None) -> SessionRow:
    """The session a person means: its id, a prefix of it, or `last`; of several agents the latest.

    Raises: NotFoundError with the nearest names, QueryError for an ambiguous prefix.
    """
    found = [
        SessionRow(*row)
        for _, session_, agent_, _, _ in rows_of(con, name, agent)
        for row in con.execute(SESSION_SQL, {"session": session_, "agent": agent_})
    ]
    if not found:
        raise NotFoundError(f"no session is called {name!r}")
    return max(found, key=lambda row: row.last_id or -LAST_ID)
