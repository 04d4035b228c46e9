"""Where the snapshot tree keeps the sessions of the archive."""

import os
from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.paths import Home
from memlog.query.names import session_name

# index: session_name
FOLDERS_SQL = "SELECT dir FROM session WHERE session = :session ORDER BY agent"
# index: none, a session is one row in hundreds of records
KNOWN_SQL = "SELECT dir FROM session"
SNAPSHOTS_SQL = """
SELECT s.session, s.agent, s.dir, s.records, (SELECT count(*) FROM epoch e WHERE e.session_id = s.id)
FROM session s ORDER BY s.ended_ns DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """A session's folder in the snapshot tree."""

    session: str
    agent: str
    records: int
    epochs: int
    snapshots: int
    bytes: int
    folder: str


def folders(con: Connection, session: str) -> list[str]:
    """Folders of the session a person means, one for each agent.

    Raises: NotFoundError with the nearest names, QueryError for an ambiguous prefix.
    """
    return [folder for (folder,) in con.execute(FOLDERS_SQL, {"session": session_name(con, session)})]


def snapshots(con: Connection, home: Home, *, limit: int) -> list[SessionFiles]:
    """The newest sessions and what the tree holds of them."""
    found = []
    for session, agent, folder, records, epochs in con.execute(SNAPSHOTS_SQL, {"limit": limit}).fetchall():
        count = size = 0
        try:
            with os.scandir(os.path.join(home.root, folder)) as entries:
                for entry in entries:
                    size += entry.stat(follow_symlinks=False).st_size
                    count += entry.name.startswith("snap-")
        except OSError:
            pass
        found.append(SessionFiles(session, agent, records, epochs, count, size, folder))
    return found


def unknown(con: Connection, home: Home) -> int:
    """Sessions the tree holds and the archive does not: of one that was lost before this one was made."""
    known = {folder for (folder,) in con.execute(KNOWN_SQL)}
    try:
        names = set(os.listdir(home.root)) - known
    except OSError:
        return 0
    return sum(os.path.isfile(os.path.join(home.root, name, "session.json")) for name in names)
