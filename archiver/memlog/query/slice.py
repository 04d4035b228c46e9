"""Every record of a selection, whole and in order of time, and the sessions, epochs, gaps and events around.

For exports: rows stream, whatever their number. Columns are those of the views.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from memlog.contracts import DAY_BITS
from memlog.errors import QueryError
from memlog.query import dates, filters, record, words
from memlog.query.names import sessions
from memlog.query.newest import NOT_MATCHING
from memlog.query.selection import Selection
from memlog.query.where import where

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

Row = tuple[Any, ...]

# Only ids and times are sorted, never bodies. index: record_session where nothing narrows the ids
IDS_SQL = ("SELECT r.id FROM record r WHERE ", " ORDER BY r.ts_ns, r.id")
# Ids follow the days: what is of no session is sorted day by day, or a sort would hold every id there is.
NEXT_SQL = "SELECT min(id) FROM record WHERE id > :after"
COUNT_SQL = "SELECT count(*) FROM record r WHERE "
SEVERAL = " AND r.session_id IN (SELECT value FROM json_each(:several))"
# A hit in one part of a record is a hit in all of it. index: record_identity
MATCHING = """ AND (r.session_id, r.source_id, r.block) IN (
  SELECT h.session_id, h.source_id, h.block FROM record_fts f CROSS JOIN record h ON h.id = f.rowid
  WHERE f.record_fts MATCH :match)"""
# index: the record's primary key
RECORD_SQL = "SELECT * FROM v_record WHERE id = :id"
LINE_SQL = """
SELECT v.id, v.session, v.agent, v.project, v.epoch, v.ts, v.kind, v.role, v.tool, v.ts_ns, v.source_id,
  v.block, v.part, v.parts, v.parent_id, nullif(v.ring_id, '') AS ring_id, v.seq, v.uid, v.pid, v.attested,
  v.written_ns, v.archived_ns, v.bytes, v.digest, r.salt, r.link, v.decode_error,
  CASE WHEN r.timed = 0 THEN e.boundary END AS follows,
  CASE WHEN r.mac = x'' THEN v.text END AS text, CASE WHEN r.mac = x'' THEN v.redacted END AS redactions,
  memlog_blob(r.body, r.packing) AS blob
FROM record r JOIN v_record v ON v.id = r.id JOIN epoch e ON e.id = r.epoch_id WHERE r.id = :id
"""
SESSIONS_SQL = "SELECT DISTINCT r.session_id FROM record r WHERE "
# index: record_session
GOING_ON_SQL = """
WITH next AS (SELECT id FROM epoch WHERE session_id = :session AND number = :number)
SELECT id, part = 0 FROM record WHERE session_id = :session AND epoch_id = (SELECT id FROM next)
  AND ts_ns <= coalesce(
    (SELECT ts_ns FROM record
     WHERE session_id = :session AND epoch_id = (SELECT id FROM next) AND part = 0 AND kind <> 'meta'
     ORDER BY ts_ns, id LIMIT 1 OFFSET :limit), 9223372036854775807)
"""
LISTED = "r.id IN (SELECT value FROM json_each(:next))"
NAMES_SQL = "SELECT session, agent FROM session ORDER BY id"
# index: session_name
SESSION_SQL = "SELECT * FROM v_session WHERE session = :session AND agent = :agent"
EPOCHS_SQL = "SELECT * FROM v_epoch WHERE session = :session AND agent = :agent ORDER BY epoch"
# index: event_session
EVENTS_SQL = """
SELECT * FROM v_event WHERE session = :session AND agent = :agent AND ts_ns >= :since AND ts_ns < :until
ORDER BY ts_ns, id
"""
ALL_EVENTS_SQL = "SELECT * FROM v_event ORDER BY ts_ns, id"
# index: none, gaps are few
GAPS_SQL = """
SELECT * FROM v_gap WHERE ring_id IN (SELECT value FROM json_each(:rings)) ORDER BY ring_id, uid, after_seq
"""
ALL_GAPS_SQL = "SELECT * FROM v_gap ORDER BY ring_id, uid, after_seq"

_LAST = (1 << 63) - 1
NEXT = 100  # records: what an agent does behind a compaction before it goes on to other things
_OF_EPOCH = ("session", "epoch", "agent", "project")
_SIMPLE = ("since_ns", "until_ns", "project", "agent")  # conditions that cost the same asked day by day


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the archive, looked up: which records, and how to say so to SQLite."""

    condition: str
    values: dict[str, int | str]
    since_ns: int
    until_ns: int
    whole: bool  # nothing was left out
    asked: str  # what was asked for, in words
    days: tuple[int, int] | None = None  # first and last id it may hold, where going by days costs nothing
    epoch: int | None = None  # it is this epoch of its sessions and nothing else
    only: str = ""  # of one that goes on into the next epoch: the condition without that


def cut(
    con: "Connection", selection: Selection, names: Iterable[str] = (), text: str = "", *, now_ns: int
) -> Slice:
    """The slice of a selection, of these sessions if any are named, that answers all words of the text.

    Raises: NotFoundError (no such session, with the nearest names), QueryError.
    """
    match = unwanted = None
    names = list(names)
    found = [row for name in names for row in sessions(con, name, selection.agent)]
    said = [*(f"session {row[1]}" for row in found), _said(selection), text and f"search {text}"]
    if text:
        question = words.parse(text)
        selection = filters.filtered(con, question, selection, now_ns)
        match, unwanted = words.all_of(question), words.excluded(question)
        if question.idle:  # more would be taken than was meant
            raise QueryError(question.idle[0], hint="memlog query sessions shows what there is")
        if match is None and unwanted is None and not question.filters:
            raise QueryError(f"nothing in {text!r} can be searched for")
    chosen = where(con, selection)
    condition, values = chosen.sql, dict(chosen.values)
    if names:
        condition += SEVERAL
        values["several"] = str(sorted({row[0] for row in found}))
    if match is not None:
        condition += MATCHING
        values["match"] = f"{{text}} : ({match})"
    elif unwanted is not None:
        condition += NOT_MATCHING
        values["unwanted"] = f"{{text}} : ({unwanted})"
    asked = ", ".join(filter(None, said))
    since = 0 if selection.since_ns is None else selection.since_ns
    until = _LAST if selection.until_ns is None else selection.until_ns
    simple = all(getattr(selection, name) is None for name in selection.__slots__ if name not in _SIMPLE)
    days = (chosen.low, chosen.high) if simple and not names and not text else None
    epochs_only = not text and all(
        getattr(selection, name) is None for name in selection.__slots__ if name not in _OF_EPOCH
    )
    return Slice(
        condition, values, since, until, whole=not asked, asked=asked or "everything", days=days,
        epoch=selection.epoch if epochs_only else None,
    )  # fmt: skip


def going_on(con: "Connection", part: Slice) -> Slice:
    """The slice of an epoch with the compaction that ended it, its summary, and what was done next.

    Limits: NEXT records of each session, those of one moment together; the slice says how many they are.
    """
    if part.epoch is None:
        return part
    sessions = con.execute(SESSIONS_SQL + part.condition, part.values).fetchall()
    values = {"number": part.epoch + 1, "limit": NEXT - 1}
    found = [row for (one,) in sessions for row in con.execute(GOING_ON_SQL, {**values, "session": one})]
    if not found:
        return part
    count = sum(is_first for _, is_first in found)
    return replace(
        part,
        condition=f"(({part.condition}) OR {LISTED})",
        values={**part.values, "next": str([id_ for id_, _ in found])},
        asked=f"{part.asked}, with the compaction that ended it and the first {count:,} records after it",
        only=part.condition,
    )


def _said(selection: Selection) -> str:
    said = []
    for name in selection.__slots__:
        value = getattr(selection, name)
        if value is not None:
            if name.endswith("_ns"):
                name, value = name.removesuffix("_ns"), dates.iso(value)
            said.append(f"{name} {' '.join(map(str, value)) if isinstance(value, tuple) else value}")
    return ", ".join(said)


def count(con: "Connection", part: Slice) -> int:
    """How many rows it has, parts counted."""
    found: int = con.execute(COUNT_SQL + part.condition, part.values).fetchone()[0]
    return found


def ids(con: "Connection", part: Slice) -> Iterator[int]:
    """Ids of its rows, in order of time."""
    return _ids(con, part)


def columns(con: "Connection") -> list[str]:
    """Names of v_record's columns."""
    return _names(con, RECORD_SQL)


def records(con: "Connection", part: Slice) -> Iterator[Row]:
    """Rows of v_record, in order of time; `extra`, which the view lacks for several parts, in part 0."""
    one, names = con.cursor(), columns(con)
    of_part, of_parts, of_extra = map(names.index, ("part", "parts", "extra"))
    for record_id in _ids(con, part):
        row = one.execute(RECORD_SQL, {"id": record_id}).fetchone()
        if row is None:  # forgotten meanwhile
            continue
        if row[of_parts] > 1 and row[of_part] == 0:
            row = (*row[:of_extra], record.extra_of(con, record_id), *row[of_extra + 1 :])
        yield row


def blobs(con: "Connection", part: Slice) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """What the archive knows of each record, and its blob: what a portable line is made of.

    The blob is None where the archive's bytes are damaged.
    """
    names, one = _names(con, LINE_SQL)[:-1], con.cursor()
    for record_id in _ids(con, part):
        row = one.execute(LINE_SQL, {"id": record_id}).fetchone()
        if row is not None:
            yield dict(zip(names, row[:-1], strict=True)), row[-1]


def names(con: "Connection") -> Iterator[tuple[str, str]]:
    """Session and agent of every session."""
    yield from con.execute(NAMES_SQL)


def session(con: "Connection", name: str, agent: str) -> Iterator[Row]:
    """Its row of v_session."""
    yield from con.execute(SESSION_SQL, {"session": name, "agent": agent})


def epochs(con: "Connection", name: str, agent: str) -> Iterator[Row]:
    """Its rows of v_epoch."""
    yield from con.execute(EPOCHS_SQL, {"session": name, "agent": agent})


def events(con: "Connection", name: str, agent: str, part: Slice) -> Iterator[Row]:
    """Its rows of v_event within the slice's time."""
    values = {"session": name, "agent": agent, "since": part.since_ns, "until": part.until_ns}
    yield from con.execute(EVENTS_SQL, values)


def all_events(con: "Connection") -> Iterator[Row]:
    """Rows of v_event, also of sessions that have no records."""
    yield from con.execute(ALL_EVENTS_SQL)


def gaps(con: "Connection", rings: Iterable[str], part: Slice) -> Iterator[Row]:
    """Rows of v_gap of these rings; of all of them where nothing was left out."""
    if part.whole:
        yield from con.execute(ALL_GAPS_SQL)
    else:
        listed = ",".join(f'"{ring}"' for ring in sorted(rings))
        yield from con.execute(GAPS_SQL, {"rings": f"[{listed}]"})


def _ids(con: "Connection", part: Slice) -> Iterator[int]:
    if part.days is None:
        for (record_id,) in con.execute(part.condition.join(IDS_SQL), part.values):
            yield record_id
        return
    after, last = part.days[0] - 1, part.days[1]
    while (found := con.execute(NEXT_SQL, {"after": after}).fetchone()[0]) is not None and found <= last:
        after = ((found >> DAY_BITS) + 1 << DAY_BITS) - 1
        of_day = {**part.values, "low": found, "high": min(after, last)}
        for (record_id,) in con.execute(part.condition.join(IDS_SQL), of_day):
            yield record_id


def _names(con: "Connection", sql: str) -> list[str]:
    return [column[0] for column in con.execute(sql, {"id": -1}).description]
