"""Text that only a hook delivered: found where no record of its session holds it.

Usually a transcript says the same and the event is noise; it matters when the transcript was
lost, or never written. A search loads this only where the records leave room and an event answers.
"""

from memlog.archive.body import text_of
from memlog.archive.connection import memlog_names, memlog_says
from memlog.archive.prepare import match_terms, searchable
from memlog.errors import MemlogError, NotFoundError
from memlog.query.hit import Hit
from memlog.query.names import PREFIX_MIN, sessions
from memlog.query.selection import Selection, array, quoted
from memlog.query.snippet import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from memlog.archive.connection import Connection
    from memlog.query.search import Asked

EVENT = "event"  # the kind of these hits
_CHUNK = 40
_MOST = 400  # events that are looked at
_WORDS = 12  # of a paragraph, by which records that may hold it are found
_CUT = ("characters more]", "characters more in the transcript]")

# Conditions on `event e`; every one is a constant, values are named parameters.
_CONDITIONS = {
    "since_ns": "e.ts_ns >= :since_ns",
    "until_ns": "e.ts_ns < :until_ns",
    "agent": "e.agent = :agent",
    "session": "e.session = :session",
    "project": """(coalesce(s.project, t.cwd) = :project
      OR substr(coalesce(s.project, t.cwd), -length(:project) - 1) = '/' || :project)""",
    "epoch": "epoch = :epoch",
    "role": "role IN (SELECT value FROM json_each(:role))",
    "tool": "lower(e.event) IN (SELECT value FROM json_each(:tool))",
    "not_agent": "e.agent NOT IN (SELECT value FROM json_each(:not_agent))",
    "not_session": "e.session NOT IN (SELECT value FROM json_each(:not_session))",
    "not_project": """NOT EXISTS (SELECT 1 FROM json_each(:not_project) n
      WHERE coalesce(s.project, t.cwd) = n.value
      OR substr(coalesce(s.project, t.cwd), -length(n.value) - 1) = '/' || n.value)""",
    "not_role": "coalesce(role, '') NOT IN (SELECT value FROM json_each(:not_role))",
    "not_tool": "lower(e.event) NOT IN (SELECT value FROM json_each(:not_tool))",
}
_EXACT = ("not_agent", "not_session", "not_project")  # names as they are; the others go by small letters
# primary keys, session (agent, session); index: epoch (session_id, boundary)
ROWS_SQL = (
    """SELECT e.id, e.session, coalesce((SELECT max(x.number) FROM epoch x
    WHERE x.session_id = s.id AND x.opened_ns <= e.ts_ns), 0) AS epoch, e.seq, e.ts_ns, e.agent,
  coalesce(s.project, t.cwd), CASE WHEN e.event = 'UserPromptSubmit' THEN 'user'
    WHEN e.event IN ('Stop', 'StopFailure', 'SubagentStop') THEN 'assistant' END AS role,
  e.event, lower(hex(e.digest)), s.id, t.text
FROM json_each(:ids) j CROSS JOIN event e ON e.id = j.value JOIN v_event_text t ON t.id = e.id
  LEFT JOIN session s ON s.agent = e.agent AND s.session = e.session
WHERE t.text <> ''""",
    " ORDER BY j.key",
)
NEWEST_SQL = "SELECT id FROM event ORDER BY ts_ns DESC, id DESC LIMIT :most"
# index: event_session
NEWEST_OF_SESSION_SQL = """
SELECT id FROM event WHERE session = :session ORDER BY ts_ns DESC, id DESC LIMIT :most
"""
# index: event_session
NAMES_SQL = """
SELECT DISTINCT session FROM event WHERE session >= :name AND session < :name || char(1114111) LIMIT 2
"""
HOLDERS_SQL = """
SELECT r.source_id, r.block, r.parts, r.body, r.packing, r.text_bytes FROM record_fts f
CROSS JOIN record r ON r.id = f.rowid WHERE f.record_fts MATCH :match ORDER BY f.rowid DESC LIMIT 50
"""
# index: record_identity
PARTS_SQL = """
SELECT body, packing, text_bytes FROM record
WHERE session_id = :session AND source_id = :source_id AND block = :block ORDER BY part
"""
# index: the event's primary key
BY_ID_SQL = "SELECT id FROM event WHERE id = :id"
# index: the one of its UNIQUE digest
BY_DIGEST_SQL = "SELECT id FROM event WHERE digest = :digest"


class EventHit(Hit):
    """One event that answers. id: `e` and its number, which `memlog query record` opens; tool: its name."""

    __slots__ = ()

    id: "Any"

    def __init__(self, row: "tuple[Any, ...]", score: float | None) -> None:
        number, session, epoch, seq, ts_ns, agent, project, role, name, digest, session_id, text = row
        super().__init__(
            (
                f"e{number}", session, epoch, seq, ts_ns, agent, project, EVENT, role, name, f"~{digest}",
                0, 0, 1, digest, 0, session_id or 0, b"", 0, 0,
            ),
            score,
        )  # fmt: skip
        self._text = text


def add(asked: "Asked", scored: "list[tuple[int, float]]", hits: "list[Hit]") -> None:
    """Add the events of these that answer and no record holds, as many as there is room for."""
    known = {hit.id for hit in hits}
    scored = [one for one in scored if f"e{one[0]}" not in known]
    room = asked.limit - len(hits)
    told = found(
        asked.con, scored, asked.selection, beside=hits, needles=asked.needles, limit=room + len(asked.seen)
    )
    if asked.says:
        told = [one for one in told if _says(one.text, asked.says)]
    hits += [one for one in told if one.id not in asked.seen][:room]
    if asked.newest:
        hits.sort(key=lambda hit: -hit.ts_ns)


def _says(text: str, versions: str) -> bool:
    raw = text.encode("utf-8", "replace")
    return bool(memlog_says(raw, 0, len(raw), versions))


def found(
    con: "Connection", scored: "list[tuple[int, float]]", selection: Selection, *, beside: "list[Hit]",
    needles: list[str], limit: int,
) -> "list[EventHit]":  # fmt: skip
    """Hits for the events that answer, best first, without those whose answer a record holds.

    beside: the records found. Of events that say the same, the first.
    """
    kept: list[EventHit] = []
    told: set[tuple[int, str]] = set()
    every = EVENT in (selection.kind or ())  # asked for by name: no record says it a second time
    for at in range(0, min(len(scored), _MOST), _CHUNK):
        scores = dict(scored[at : at + _CHUNK])
        for hit in _hits(con, list(scores), selection, scores):
            said = (hit.session_id, folded(hit.text))
            if said in told or (not every and _is_held(con, hit, beside, needles)):
                continue
            told.add(said)
            kept.append(hit)
            if len(kept) == limit:
                return kept
    return kept


def newest(con: "Connection", selection: Selection, limit: int) -> list[EventHit]:
    """The newest events of a selection that say anything."""
    values: dict[str, Any] = {"most": _MOST}
    sql = NEWEST_SQL
    if selection.session is not None:
        sql, values["session"] = NEWEST_OF_SESSION_SQL, name_of(con, selection.session)
    ids = [row[0] for row in con.execute(sql, values)]
    return _hits(con, ids, selection, {})[:limit]


def name_of(con: "Connection", name: str) -> str:
    """The whole id of a session a person means, also of one that has events only.

    Raises: NotFoundError with the nearest names, QueryError.
    """
    try:
        return sessions(con, name)[0][1]
    except NotFoundError:
        names = [row[0] for row in con.execute(NAMES_SQL, {"name": name})] if len(name) >= PREFIX_MIN else []
        if name in names or len(names) == 1:
            return name if name in names else names[0]
        raise


def number_of(con: "Connection", ref: str) -> int | None:
    """The event that `e12`, or `~` and its digest, stands for; None where there is none."""
    row = None
    if ref[:1] == "e" and ref[1:].isascii() and ref[1:].isdigit() and len(ref) < 19:
        row = con.execute(BY_ID_SQL, {"id": int(ref[1:])}).fetchone()
    elif ref[:1] == "~" and len(ref) == 33:
        try:
            row = con.execute(BY_DIGEST_SQL, {"digest": bytes.fromhex(ref[1:])}).fetchone()
        except ValueError:
            return None
    return row[0] if row else None


def folded(text: str) -> str:
    """The text with its white space made single spaces."""
    return " ".join(text.split())


def _hits(
    con: "Connection", ids: list[int], selection: Selection, scores: dict[int, float]
) -> "list[EventHit]":
    values: dict[str, Any] = {"ids": str(ids)}
    sql = ROWS_SQL[0]
    for name, condition in _CONDITIONS.items():
        value = getattr(selection, name)
        if value is not None:
            if name == "session":
                value = name_of(con, value)
            elif name in _EXACT:
                value = array(map(quoted, value))
            elif isinstance(value, tuple):
                value = "[" + ",".join(f'"{_plain(item)}"' for item in value) + "]"
            values[name] = value
            sql += " AND " + condition
    rows = con.execute(sql + ROWS_SQL[1], values).fetchall()
    if selection.not_path:
        rows = [row for row in rows if not _names(row[-1], selection.not_path)]
    return [EventHit(row, scores.get(row[0])) for row in rows]


def _names(text: str, paths: tuple[str, ...]) -> bool:
    raw = text.encode("utf-8", "replace")
    return bool(memlog_names(raw, 0, len(raw), "\n".join(paths)))


def _plain(item: str) -> str:
    """A role or an event's name as the inside of a JSON text; what cannot be one becomes nothing."""
    return "".join(c for c in item.lower() if c.isalnum() or c in "-_")


def _is_held(con: "Connection", hit: Hit, beside: "Iterable[Hit]", needles: list[str]) -> bool:
    """True when each paragraph of it that answers is in a record of its session."""
    if not hit.session_id:
        return False
    paragraphs = [p for p in hit.text.replace("\r\n", "\n").split("\n\n") if searchable(p)]
    answering = [p for p in paragraphs if matches(p, needles)] or paragraphs
    texts = [folded(one.text) for one in beside if one.session_id == hit.session_id]
    return all(_in_a_record(con, hit.session_id, folded(p), texts) for p in answering)


def _in_a_record(con: "Connection", session: int, paragraph: str, texts: list[str]) -> bool:
    paragraph = _spoken(_uncut(paragraph))
    if any(paragraph in text for text in texts):
        return True
    # A phrase: what a record holds whole it holds the beginning of, and few others do.
    phrase = match_terms(" ".join(paragraph.split(" ", _WORDS)[:_WORDS]))
    match = f'{{text}} : {phrase} AND {{tags}} : "s{session}"'
    for source_id, block, parts, *body in con.execute(HOLDERS_SQL, {"match": match}).fetchall():
        rows = [body]
        if parts > 1:
            names = {"session": session, "source_id": source_id, "block": block}
            rows = con.execute(PARTS_SQL, names).fetchall()
        if paragraph in folded("".join(_text(*row) for row in rows)):
            return True
    return False


def _uncut(paragraph: str) -> str:
    """Without the note that capture left something out after it."""
    if paragraph.endswith(_CUT):
        paragraph = paragraph[: paragraph.rindex("[")].rstrip()
    return paragraph


def _spoken(paragraph: str) -> str:
    """Of a slash command what follows its name: hosts write name and words apart."""
    if paragraph[:1] == "/":
        name, _, words = paragraph.partition(" ")
        paragraph = words or name
    return paragraph


def _text(body: bytes, packing: int, text_bytes: int | None) -> str:
    try:
        return text_of(body, packing, text_bytes)
    except MemlogError:
        return ""
