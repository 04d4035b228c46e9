"""What lies between compactions."""

from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.query.names import sessions

# index: epoch (session_id, boundary)
EPOCHS_SQL = """
SELECT session, epoch, opened, closed, trigger, tokens_before, tokens_after, records, agent, boundary,
  opened_ns, closed_ns, project FROM v_epoch WHERE session = :session AND agent = :agent ORDER BY epoch
"""
# index: none, there are as many as compactions
ALL_SQL = """
SELECT session, epoch, opened, closed, trigger, tokens_before, tokens_after, records, agent, boundary,
  opened_ns, closed_ns, project FROM v_epoch
WHERE (:agent IS NULL OR agent = :agent)
  AND (:project IS NULL OR project = :project OR substr(project, -length(:project) - 1) = '/' || :project)
ORDER BY opened_ns DESC, session, epoch DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class EpochRow:
    """A row of v_epoch. trigger and tokens: of the compaction that ended it; closed: None while it runs."""

    session: str
    epoch: int
    opened: str
    closed: str | None
    trigger: str | None
    tokens_before: int | None
    tokens_after: int | None
    records: int
    agent: str
    boundary: str
    opened_ns: int
    closed_ns: int | None
    project: str | None


def epochs(
    con: Connection, name: str | None = None, *, agent: str | None = None, project: str | None = None,
    limit: int = -1,
) -> list[EpochRow]:  # fmt: skip
    """The epochs of a session in order; without one the latest of all, or of an agent or a project.

    project: whole path or its last parts; of no effect on a session that is named.

    Raises: NotFoundError with the nearest names, QueryError for an ambiguous prefix.
    """
    if name is None:
        values = {"agent": agent, "project": project, "limit": limit}
        return [EpochRow(*row) for row in con.execute(ALL_SQL, values)]
    return [
        EpochRow(*row)
        for _, session, of, _, _ in sessions(con, name, agent)
        for row in con.execute(EPOCHS_SQL, {"session": session, "agent": of})
    ]
