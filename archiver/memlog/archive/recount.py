"""A session's counts, times, project and title, made again of the records it still has."""

import json
from collections.abc import Iterator

from memlog.archive import body, sessions
from memlog.archive.connection import Connection
from memlog.archive.ingest import LEAVES_SQL
from memlog.archive.sessions import Session
from memlog.archive.store import Archive
from memlog.errors import MemlogError
from memlog.record import Record, decode

# index: record_session
IDS_SQL = "SELECT id FROM record WHERE session_id = :session"
# index: the record's primary key
ROWS_SQL = """
SELECT id, bytes, kind, role, ts_ns, source_id, block, part, parts, error, packing, body FROM record
WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id
"""
LINKS_SQL = "SELECT links FROM session WHERE id = :session"
# index: record_epoch
EPOCHS_SQL = """
UPDATE epoch SET records = (SELECT count(*) FROM record WHERE epoch_id = epoch.id AND part = 0)
WHERE session_id = :session
"""

_BATCH = 500
_TRIES = 3
_KEPT = frozenset(
    ("agent", "closed_ns", "epochs", "head", "id", "is_new", "known", "leaves", "links", "name")
)
_ZERO = frozenset(("errors", "metas", "records", "size", "title_rank", "tools", "turns"))


def recount(archive: Archive, agent: str, name: str) -> Iterator[None]:
    """Write the session's row again, a batch of its records a step; records may arrive in between."""
    for tries in range(_TRIES):
        session = sessions.load(archive.con, agent, name)
        if session is None:
            return
        _empty(session)
        ids = [i for (i,) in archive.con.execute(IDS_SQL, {"session": session.id}).fetchall()]
        for at in range(0, len(ids), _BATCH):
            _count(archive.con, session, ids[at : at + _BATCH])
            if tries < _TRIES - 1:
                yield
        with archive.transaction() as con:
            (links,) = con.execute(LINKS_SQL, {"session": session.id}).fetchone()
            if links == session.links:
                _save(con, session)
                archive.forget_cached()
                return


def _empty(session: Session) -> None:
    for name in Session.__slots__:
        if name not in _KEPT:
            setattr(session, name, 0 if name in _ZERO else None)
    session.leaves = {}


def _count(con: Connection, session: Session, ids: list[int]) -> None:
    for row in con.execute(ROWS_SQL, {"ids": json.dumps(ids)}).fetchall():
        session.count(_record(session, row), row[0], row[1])


def _record(session: Session, row: tuple[object, ...]) -> Record:
    """What the row's blob says; of one that is not ours, or damaged, what the row says."""
    _, _, kind, role, ts_ns, source_id, block, part, parts, error, packing, packed = row
    try:
        found = decode(body.unpack(packed, packing))  # type: ignore[arg-type]
    except MemlogError:
        found = None
    if isinstance(found, Record):
        return found._replace(kind=str(kind), part=int(str(part)), ts_ns=int(str(ts_ns)))
    return Record(
        agent=session.agent, session=session.name, source_id=str(source_id), block=int(str(block)),
        kind=str(kind), ts_ns=int(str(ts_ns)), text="", mac=b"", role=role,  # type: ignore[arg-type]
        part=int(str(part)), parts=int(str(parts)), error=bool(error),
    )  # fmt: skip


def _save(con: Connection, session: Session) -> None:
    if session.leaves:
        asked = con.execute(LEAVES_SQL, (session.id, body.to_json(list(session.leaves))))
        session.leaves_among([leaf for (leaf,) in asked])
    con.execute(sessions.SAVE_SQL, session.row())
    con.execute(EPOCHS_SQL, {"session": session.id})
