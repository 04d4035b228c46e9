"""The records of a bundle as an archive has them, so that what was found in them is found the same way."""

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from memlog.archive import body
from memlog.archive.connection import Error, register_functions, sqlite3
from memlog.contracts import schema_dir

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

# The places of a link's header (archive/chain.py) a record is made of.
_AGENT, _SESSION = 1, 2
_COLUMNS = (0, 3, 4, 5, 6, 7, 14, 15, 16, 18, 21, 22)

SESSIONS_SQL = "SELECT agent, session, project, first_id, last_id, started_ns, ended_ns, rowid FROM session"
ADD_SESSION_SQL = """
INSERT INTO session (agent, session, project, first_id, last_id, started_ns, ended_ns, dir, head)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, x'')
"""
SESSION_IDS_SQL = "SELECT id, session, agent FROM session"
EPOCHS_SQL = "SELECT * FROM epoch"
# What a view makes of much that is in no bundle is here as the bundle has it.
TOLD_EPOCHS_SQL = """
DROP VIEW v_epoch;
CREATE TABLE v_epoch (session, epoch, opened, closed, trigger, tokens_before, tokens_after, records, agent,
  boundary, opened_ns, closed_ns, project)
"""
ADD_TOLD_EPOCH_SQL = "INSERT INTO v_epoch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_EPOCH_SQL = "INSERT INTO epoch (session_id, number, boundary, opened_ns) VALUES (?, ?, ?, ?)"
EPOCH_IDS_SQL = "SELECT id, session_id, number FROM epoch"
EVENTS_SQL = "SELECT id, agent, session, event, ts_ns, data FROM event"
# No bundle has an event's digest, and no two events have the same one: its id stands in for it.
ADD_EVENT_SQL = """
INSERT INTO event (id, agent, session, event, ts_ns, data, digest, archived_ns)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, CAST(?1 AS BLOB), 0)
"""
HOLES_SQL = "SELECT session, agent, path, start, stop, noticed_ns, healed FROM hole"
ADD_HOLE_SQL = """
INSERT INTO hole (session_id, path, start, stop, noticed_ns, healed_ns) VALUES (?, ?, ?, ?, ?, ?)
"""
_DAMAGED = -1  # a packing nobody knows
ADD_RECORD_SQL = """
INSERT INTO record (id, source_id, block, part, parts, ts_ns, kind, role, tool, error, bytes, text_bytes,
  session_id, epoch_id, digest, packing, body, archived_ns, redacted, link, salt, mac, timed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, x'', x'', 0)
"""


class Scratch:
    """An archive of a bundle's records, filled one by one. con: asked as any archive is.

    odd: sentences about rows of incident.db that no archive can have; what they stand for is not here.
    """

    def __init__(self, con: "Connection", told: "Connection") -> None:
        self.con = con
        self.odd: dict[str, None] = {}
        for row in told.execute(SESSIONS_SQL):
            self._put("session", ADD_SESSION_SQL, row)
        self._sessions = {(name, agent): id_ for id_, name, agent in con.execute(SESSION_IDS_SQL)}
        con.executescript(TOLD_EPOCHS_SQL)
        for row in told.execute(EPOCHS_SQL):
            con.execute(ADD_TOLD_EPOCH_SQL, row)
            of = self._session("epoch", row[0], row[8])
            if of is not None:
                self._put("epoch", ADD_EPOCH_SQL, (of, row[1], row[9], row[10]))
        found = con.execute(EPOCH_IDS_SQL)
        self._epochs = {(session, number): id_ for id_, session, number in found}
        for row in told.execute(EVENTS_SQL):
            self._put("event", ADD_EVENT_SQL, row)
        for session, agent, *hole, healed in told.execute(HOLES_SQL):
            of = self._session("hole", session, agent)
            if of is not None:
                self._put("hole", ADD_HOLE_SQL, (of, *hole, 0 if healed else None))

    def add(self, header: list[Any], epoch: int, digest: str, blob: bytes | None) -> None:
        """Add a record that its link proved; without a blob one that cannot be read."""
        session = self._session("record", header[_SESSION], header[_AGENT])
        if session is None:
            return
        at = self._epochs.get((session, epoch))
        if at is None:
            lacks = f"table epoch lacks epoch {epoch} of session {header[_SESSION]}"
            self.odd[f"{lacks}, which table record names"] = None
            return
        packed = (_DAMAGED, b"") if blob is None else (body.PLAIN, blob)
        columns = (header[n] for n in _COLUMNS)
        place = (session, at, bytes.fromhex(digest))
        self._put("record", ADD_RECORD_SQL, (*columns, *place, *packed))

    def _session(self, table: str, session: Any, agent: Any) -> int | None:
        found = self._sessions.get((session, agent))
        if found is None:
            self.odd[f"table session lacks session {session} of {agent}, which table {table} names"] = None
        return found

    def _put(self, table: str, sql: str, row: tuple[Any, ...]) -> None:
        try:
            self.con.execute(sql, row)
        except (Error, OverflowError) as exc:
            if str(exc).endswith("is full"):
                raise  # that is the machine's
            self.odd[f"table {table} has a row no archive can have: {exc}"] = None


@contextmanager
def made(folder: str, told: "Connection") -> Iterator[Scratch]:
    """A scratch archive in this folder. told: the bundle's incident.db, which says what is no record."""
    con = sqlite3.connect(os.path.join(folder, "scratch.db"), isolation_level=None)
    try:
        con.execute("PRAGMA journal_mode = OFF")
        con.execute("PRAGMA synchronous = OFF")
        register_functions(con)
        for path in sorted(glob.glob(os.path.join(schema_dir(), "migrations", "*.sql"))):
            with open(path, encoding="utf-8") as file:
                con.executescript(file.read())
        con.execute("BEGIN")
        yield Scratch(con, told)
    finally:
        con.close()
