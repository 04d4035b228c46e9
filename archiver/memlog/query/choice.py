"""What a forget would take: sessions whole, or single records and events, with what a person is shown."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from memlog.errors import NotFoundError
from memlog.query import event, filters, record, slice, words
from memlog.query.hit import text_or_damaged
from memlog.query.names import sessions as rows_of
from memlog.query.selection import Selection

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

# index: none, a session is one row in hundreds of records
OF_PROJECT_SQL = """
SELECT agent, session FROM session
WHERE (:project IS NULL OR project = :project OR substr(project, -length(:project) - 1) = '/' || :project)
  AND (:agent IS NULL OR agent = :agent) ORDER BY id
"""
# index: event_session
EVENT_AGENTS_SQL = "SELECT DISTINCT agent FROM event WHERE session = :session"
# index: session (agent, session)
WHOLE_SQL = """
SELECT project, title, records, bytes FROM session WHERE agent = :agent AND session = :session
"""
# index: record's primary key
PART_SQL = """
SELECT s.session, s.agent, s.project, s.title, sum(r.part = 0), sum(r.bytes) FROM record r
JOIN session s ON s.id = r.session_id WHERE r.id IN (SELECT value FROM json_each(:ids))
GROUP BY s.id ORDER BY max(r.ts_ns) DESC
"""
# index: event_session
EVENTS_OF_SQL = "SELECT count(*) FROM event WHERE session = :session AND agent = :agent"
EVENTS_PART_SQL = """
SELECT session, agent, count(*), sum(length(data)) FROM event
WHERE id IN (SELECT value FROM json_each(:ids)) GROUP BY session, agent
"""
FIRST_SQL = """
SELECT id, ts_ns, kind, role, body, packing, text_bytes FROM record
WHERE id IN (SELECT value FROM json_each(:ids)) AND part = 0 ORDER BY ts_ns, id LIMIT :most
"""
EVENTS_SQL = """
SELECT e.id FROM event e LEFT JOIN session s ON s.agent = e.agent AND s.session = e.session
WHERE e.ts_ns >= :since AND e.ts_ns < :until
  AND (:sessions IS NULL OR e.session IN (SELECT value FROM json_each(:sessions)))
  AND (:agent IS NULL OR e.agent = :agent)
  AND (:project IS NULL OR s.project = :project OR substr(s.project, -length(:project) - 1) = '/' || :project)
"""
MATCHING_EVENTS = " AND e.id IN (SELECT rowid FROM event_fts WHERE event_fts MATCH :match)"
# index: none, transcripts are few
TRANSCRIPTS_SQL = """
SELECT t.path FROM transcript t JOIN session s ON s.id = t.session_id
WHERE s.agent = :agent AND s.session = :session ORDER BY t.path
"""

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class SessionPart:
    """What goes of one session. whole: also what it will still write."""

    session: str
    agent: str
    project: str | None
    title: str | None
    records: int
    events: int
    bytes: int
    whole: bool


@dataclass(slots=True)
class Chosen:
    """What was chosen. sessions: (agent, session), whole. first: the beginnings of some records."""

    sessions: list[tuple[str, str]] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    parts: list[SessionPart] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)
    transcripts: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """What a person is told of it."""
        return {
            "sessions": [asdict(part) for part in self.parts], "first": self.first,
            "records": sum(part.records for part in self.parts), "events": sum(p.events for p in self.parts),
            "bytes": sum(part.bytes for part in self.parts), "transcripts": self.transcripts,
        }  # fmt: skip


def choose(
    con: "Connection", selection: Selection, names: Iterable[str] = (), refs: Iterable[str] = (),
    text: str = "", *, now_ns: int,
) -> Chosen:  # fmt: skip
    """Records named one by one; else sessions whole; else, where time or words narrow it, records and events.

    Raises: NotFoundError (no such session or record), QueryError.
    """
    found, names, refs = Chosen(), list(names), list(refs)
    if refs:
        _named(con, refs, found)
    elif text or selection.since_ns is not None or selection.until_ns is not None:
        _narrowed(con, selection, names, text, found, now_ns)
    else:
        _whole(con, selection, names, found)
    _describe(con, found)
    return found


def _named(con: "Connection", refs: list[str], found: Chosen) -> None:
    for ref in refs:
        for one in record.find(con, ref):
            if isinstance(one.id, str):
                found.events.append(int(one.id.removeprefix("e")))
            else:
                found.records += one.ids


def _whole(con: "Connection", selection: Selection, names: list[str], found: Chosen) -> None:
    chosen: dict[tuple[str, str], None] = {}
    for name in names:
        try:
            rows = rows_of(con, name, selection.agent)
            chosen.update({(agent, session): None for _, session, agent, _, _ in rows})
        except NotFoundError:
            known = event.name_of(con, name)
            asked = con.execute(EVENT_AGENTS_SQL, {"session": known})
            chosen.update({(agent, known): None for (agent,) in asked})
    if not names:
        values = {"project": selection.project, "agent": selection.agent}
        chosen = dict.fromkeys(con.execute(OF_PROJECT_SQL, values))
    found.sessions = list(chosen)


def _narrowed(
    con: "Connection", selection: Selection, names: list[str], text: str, found: Chosen, now_ns: int
) -> None:
    part = slice.cut(con, selection, names, text, now_ns=now_ns)
    found.records = list(slice.ids(con, part))
    match, question = None, words.parse(text)
    if text:
        selection = filters.filtered(con, question, selection, now_ns)
        match = words.all_of(question)
    of_records = (
        selection.kind, selection.role, selection.tool, selection.epoch, selection.epochs,
        selection.not_epoch, selection.error, selection.path, selection.not_path, selection.either,
    )  # fmt: skip
    if (text and match is None) or any(said is not None for said in of_records):
        return  # said of records alone
    listed = [*names, *([selection.session] if selection.session else [])]
    sessions = [row[1] for name in listed for row in rows_of(con, name, selection.agent)]
    values: dict[str, Any] = {
        "since": part.since_ns, "until": part.until_ns, "agent": selection.agent,
        "project": selection.project, "sessions": json.dumps(sessions) if listed else None,
    }  # fmt: skip
    sql = EVENTS_SQL
    if match is not None:
        sql, values["match"] = sql + MATCHING_EVENTS, f"{{text}} : ({match})"
    found.events = [row[0] for row in con.execute(sql, values)]


def _describe(con: "Connection", found: Chosen) -> None:
    for agent, name in found.sessions:
        names = {"agent": agent, "session": name}
        (count,) = con.execute(EVENTS_OF_SQL, names).fetchone()
        row = con.execute(WHOLE_SQL, names).fetchone() or (None, None, 0, 0)
        project, title, records, size = row
        found.parts.append(SessionPart(name, agent, project, title, records, count, size, True))
    ids = {"ids": json.dumps(found.records)}
    events = con.execute(EVENTS_PART_SQL, {"ids": json.dumps(found.events)})
    events_of = {(session, agent): (count, size) for session, agent, count, size in events}
    for session, agent, project, title, records, size in con.execute(PART_SQL, ids):
        count, more = events_of.pop((session, agent), (0, 0))
        found.parts.append(SessionPart(session, agent, project, title, records, count, size + more, False))
    for (session, agent), (count, size) in events_of.items():
        found.parts.append(SessionPart(session, agent, None, None, 0, count, size, False))
    for id_, ts_ns, kind, role, *packed in con.execute(FIRST_SQL, {**ids, "most": _SHOWN}):
        line = next((w for raw in text_or_damaged(*packed).split("\n") if (w := raw.strip())), "")
        found.first.append({"id": id_, "ts_ns": ts_ns, "kind": kind, "role": role, "text": line[:200]})
    for part in found.parts:
        rows = con.execute(TRANSCRIPTS_SQL, {"agent": part.agent, "session": part.session})
        found.transcripts += [path for (path,) in rows]
