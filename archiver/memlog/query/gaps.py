"""What did not arrive: gaps of rings, and holes in what was captured of a session."""

from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.query.dates import iso
from memlog.query.names import sessions

# index: none, losses are few
GAPS_SQL = """
SELECT ring_id, uid, after_seq, before_seq, lost, healed, noticed, reason, recovered FROM v_gap
WHERE healed = 0 OR :all ORDER BY noticed, ring_id, uid, after_seq
"""
HOLES_SQL = """
SELECT s.session, s.agent, h.path, h.start, h.stop, h.noticed_ns, h.healed_ns IS NOT NULL, s.project
FROM hole h JOIN session s ON s.id = h.session_id
WHERE (:session IS NULL OR h.session_id = :session) AND (h.healed_ns IS NULL OR :all)
  AND (:agent IS NULL OR s.agent = :agent)
  AND (:project IS NULL OR s.project = :project OR substr(s.project, -length(:project) - 1) = '/' || :project)
ORDER BY h.noticed_ns, s.session, h.path, h.start
"""


@dataclass(frozen=True, slots=True)
class GapRow:
    """A row of v_gap: sequence numbers a ring lost before they were read."""

    ring_id: str
    uid: int
    after_seq: int
    before_seq: int
    lost: int
    healed: int
    noticed: str
    reason: str
    recovered: int


@dataclass(frozen=True, slots=True)
class HoleRow:
    """Bytes of a transcript that a capture pass covered and whose records did not all arrive."""

    session: str
    agent: str
    path: str
    start: int
    stop: int
    healed: int
    noticed: str
    noticed_ns: int
    project: str | None


def gaps(con: Connection, *, healed: bool = True) -> list[GapRow]:
    """Gaps of all rings in the order they were noticed. healed: also those that were made good."""
    return [GapRow(*row) for row in con.execute(GAPS_SQL, {"all": healed})]


def holes(
    con: Connection, name: str | None = None, *, agent: str | None = None, project: str | None = None,
    healed: bool = True,
) -> list[HoleRow]:  # fmt: skip
    """Holes in the capture of a session, or of all; of an agent or a project.

    Raises: NotFoundError with the nearest names, QueryError for an ambiguous prefix.
    """
    wanted = [None] if name is None else [row[0] for row in sessions(con, name, agent)]
    return [
        HoleRow(session, of, path, start, stop, made_good, iso(noticed_ns), noticed_ns, where)
        for one in wanted
        for session, of, path, start, stop, noticed_ns, made_good, where in con.execute(
            HOLES_SQL, {"session": one, "all": healed, "agent": agent, "project": project}
        )
    ]
