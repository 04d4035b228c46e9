"""What is forgotten leaves the tables, a bounded transaction a step; scrub.py has its bytes.

A tombstone is stored, and mirrored, with each row that goes: no drain, import, rebuild or restore brings
it back. Of a record it keeps the identity and the header its chain link was made of, so the chain stays
whole; neither text nor salt, and without the salt the digest tells nothing about the text.
"""

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Self

from memlog.archive import body, chain, repeats
from memlog.archive.carried import as_bytes
from memlog.archive.connection import Connection
from memlog.archive.secrets import redact_again
from memlog.archive.store import Archive
from memlog.archive.tombstones import Tombstone, event_stone, link_stone, until_stone
from memlog.archive.unfinished import BATCH, Steps, Work
from memlog.errors import ArchiveError

BATCH_BYTES = 4_000_000

# index: session (agent, session)
SESSION_SQL = "SELECT id, records FROM session WHERE agent = :agent AND session = :session"
# index: record_session
OF_SESSION_SQL = "SELECT id FROM record WHERE session_id = :session"
UNTIL_SQL = "SELECT id FROM record WHERE session_id = :session AND ts_ns <= :until"
# index: event_session
EVENTS_OF_SESSION_SQL = "SELECT id FROM event WHERE session = :session AND agent = :agent"
EVENTS_UNTIL_SQL = """
SELECT id, agent, session, digest FROM event
WHERE session = :session AND agent = :agent AND ts_ns <= :until LIMIT :most
"""
# index: the record's primary key
PRESENT_SQL = """
SELECT id, session_id, epoch_id, bytes FROM record WHERE id IN (SELECT value FROM json_each(:ids))
"""
DELETE_SQL = (
    "DELETE FROM record_fts WHERE rowid IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM record WHERE id IN (SELECT value FROM json_each(:ids))",
)
DIRTY_SQL = "UPDATE epoch SET dirty = 1 WHERE id IN (SELECT value FROM json_each(:ids))"
# What was made of records that may be gone; recount() makes it again of those that are left.
UNTITLE_SQL = """
UPDATE session SET title = NULL, title_rank = 0, title_ns = NULL, title_at = NULL, leaves = NULL
WHERE id IN (SELECT value FROM json_each(:ids))
"""
# index: the event's primary key
EVENTS_SQL = """
SELECT id, agent, session, digest FROM event WHERE id IN (SELECT value FROM json_each(:ids))
"""
DELETE_EVENTS_SQL = (
    "DELETE FROM event_fts WHERE rowid IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM event WHERE id IN (SELECT value FROM json_each(:ids))",
)
DELETE_DAMAGE_SQL = "DELETE FROM damage WHERE id IN (SELECT value FROM json_each(:ids))"
# A session that is forgotten whole keeps its name and its chain.
EMPTY_SQL = (
    "DELETE FROM epoch WHERE session_id = :session AND boundary <> ''",
    """UPDATE epoch SET dirty = 0, records = 0, snapped_ns = NULL, snap_digest = NULL, opened_ns = 0,
    closed_ns = NULL, trigger = NULL, tokens_before = NULL, tokens_after = NULL
    WHERE session_id = :session""",
    "DELETE FROM hole WHERE session_id = :session",
)
# index: tombstone, session (agent, session), record_identity
COVERED_SQL = """
SELECT r.id FROM tombstone t JOIN session s ON s.agent = t.agent AND s.session = t.session
JOIN record r ON r.session_id = s.id AND r.source_id = t.source_id
  AND (t.block IS NULL OR r.block = t.block) AND (t.part IS NULL OR r.part = t.part)
"""
WHOLE_SQL = "SELECT DISTINCT agent, session FROM tombstone WHERE source_id IS NULL"
EVENT_STONES_SQL = "SELECT DISTINCT source_id FROM tombstone WHERE source_id LIKE '~%' AND block = 0"
# index: the one of its UNIQUE digest
EVENT_BY_DIGEST_SQL = "SELECT id FROM event WHERE digest = :digest"


class Choice(NamedTuple):
    """What is to be forgotten. sessions: (agent, session), whole and with their future lines.

    records: ids of rows, all parts of a record. events: ids.
    """

    sessions: tuple[tuple[str, str], ...] = ()
    records: tuple[int, ...] = ()
    events: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, told: Any) -> Self:
        """As the arguments of a job carry it."""
        sessions = tuple((str(agent), str(name)) for agent, name in told.get("sessions") or ())
        return cls(sessions, *(tuple(map(int, told.get(name) or ())) for name in ("records", "events")))


class Forgotten:
    """How much of what has gone so far. rows: parts included."""

    def __init__(self) -> None:
        self.sessions = self.rows = self.events = self.damage = self.bytes = 0

    def as_dict(self) -> dict[str, int]:
        return dict(vars(self))


def forget(archive: Archive, choice: Choice, total: Forgotten, *, now_ns: int) -> Steps:
    """Take what was chosen, and whatever a tombstone covers, out of the tables, a batch a step.

    Killed at any step and run again, with the same choice or with none, it ends the same: what went is
    counted in `total` by who took it. Call scrub() afterwards.
    """
    work = _Forget(archive, total, now_ns)
    whole = [name for name in choice.sessions if name not in work.whole()]
    if whole:
        work.note(whole)
        with archive.transaction() as con:
            archive.tombstones.add(con, [Tombstone(*name, forgotten_ns=now_ns) for name in whole])
            facts = {"sessions": [list(name) for name in whole], "forgotten_ns": now_ns}
            chain.link_archive(con, "forget", facts)
        total.sessions += len(whole)
    yield from work.records(choice.records)
    yield from work.events(choice.events)
    yield from work.covered()
    for agent, name in work.whole():
        yield from work.session(agent, name)
    for names in list(archive.tombstones.let_go()):  # a restored archive has them again
        yield from work.until(*map(str, names))
    yield from work.settle()
    yield from redact_again(archive, now_ns=now_ns)


def let_go(
    archive: Archive, found: Iterable[tuple[str, str, int]], total: Forgotten, *, now_ns: int
) -> Steps:
    """Take sessions out of the tables for room's sake: (agent, session, the time of its last record).

    What they write later comes in again; what they wrote before does not. Lighter than forget(): nothing
    is scrubbed afterwards.
    """
    work = _Forget(archive, total, now_ns)
    wanted = list(found)
    if wanted:
        with archive.transaction() as con:
            archive.tombstones.add(con, [until_stone(*row, now_ns) for row in wanted])
            facts = {"sessions": [[agent, name] for agent, name, _ in wanted], "let_go_ns": now_ns}
            chain.link_archive(con, "retention", facts)
        total.sessions += len(wanted)
    for agent, name, _ in wanted:
        yield from work.until(agent, name)
    yield from work.settle()


class _Forget(Work):
    def __init__(self, archive: Archive, total: Forgotten, now_ns: int) -> None:
        super().__init__(archive, now_ns)
        self.total = total

    def whole(self) -> list[tuple[str, str]]:
        return [(agent, name) for agent, name in self.con.execute(WHOLE_SQL)]

    def records(self, ids: Collection[int]) -> Steps:
        done, total = 0, len(ids)
        for batch in _batches(self.con, ids):
            self.note(self.names({row[1] for row in batch}))
            self._take(batch)
            done += len(batch)
            yield done, total, "records"

    def events(self, ids: Collection[int]) -> Steps:
        found, total = list(ids), len(ids)
        for at in range(0, total, BATCH):
            rows = self.con.execute(EVENTS_SQL, {"ids": json.dumps(found[at : at + BATCH])}).fetchall()
            if rows:
                self.note({(agent, name) for _, agent, name, _ in rows})
                with self.archive.transaction():
                    self._take_events(rows)
            yield min(at + BATCH, total), total, "events"

    def session(self, agent: str, name: str) -> Steps:
        """Everything of a session; its row keeps what its chain needs."""
        names = {"agent": agent, "session": name}
        row = self.con.execute(SESSION_SQL, names).fetchone()
        yield from self.events([e for (e,) in self.con.execute(EVENTS_OF_SESSION_SQL, names).fetchall()])
        if row is None:
            return
        ids = [i for (i,) in self.con.execute(OF_SESSION_SQL, {"session": row[0]}).fetchall()]
        yield from self.records(ids)
        with self.archive.transaction() as con:
            for sql in EMPTY_SQL:
                con.execute(sql, {"session": row[0]})
            con.execute(UNTITLE_SQL, {"ids": json.dumps([row[0]])})
            self._take_damage(repeats.damage_naming(con, name))
        self.archive.forget_cached()

    def until(self, agent: str, name: str) -> Steps:
        """What a session that was let go had up to then."""
        names = {"agent": agent, "session": name, "until": self.archive.tombstones.let_go()[agent, name]}
        while rows := self.con.execute(EVENTS_UNTIL_SQL, {**names, "most": BATCH}).fetchall():
            with self.archive.transaction():
                self._drop_events(rows)
            yield 0, 0, "events"
        row = self.con.execute(SESSION_SQL, names).fetchone()
        if row is not None:
            names["session"] = row[0]
            ids = [i for (i,) in self.con.execute(UNTIL_SQL, names).fetchall()]
            for batch in _batches(self.con, ids):
                self.note([(agent, name)])
                self._take(batch, scrubbed=False)
                yield 0, len(ids), "records"

    def covered(self) -> Steps:
        """What tombstones cover and is here all the same: in a restored archive, or after a kill."""
        yield from self.records([i for (i,) in self.con.execute(COVERED_SQL).fetchall()])
        digests = [as_bytes(s[1:]) for (s,) in self.con.execute(EVENT_STONES_SQL).fetchall() if len(s) == 33]
        found = [self.con.execute(EVENT_BY_DIGEST_SQL, {"digest": d}).fetchone() for d in digests if d]
        yield from self.events([row[0] for row in found if row is not None])

    def _take(self, batch: list[tuple[int, int, int, int]], *, scrubbed: bool = True) -> None:
        """scrubbed: as a forget; else what repeats them stays, and tombstones are about the chain alone."""
        con, now_ns = self.con, self.now_ns
        words, stones, names = repeats.Words(), [], set()
        ids = {"ids": json.dumps([row[0] for row in batch])}
        with self.archive.transaction():
            for record_id, *_ in batch:
                row = con.execute(chain.HEADER_SQL, {"id": record_id}).fetchone()
                stones.append(_stone(row, now_ns))
                names.add((row[1], row[2]))
                words.add(_text(row))
            self.archive.tombstones.add(con, stones if scrubbed else map(link_stone, stones))
            for sql in DELETE_SQL:
                con.execute(sql, ids)
            con.execute(DIRTY_SQL, {"ids": json.dumps(sorted({row[2] for row in batch}))})
            con.execute(UNTITLE_SQL, {"ids": json.dumps(sorted({row[1] for row in batch}))})
            if scrubbed:
                for agent, name in names:
                    self._take_events(repeats.events_repeating(con, agent, name, words))
                self._take_damage(repeats.damage_repeating(con, words))
            chain.link_archive(
                con, "forget" if scrubbed else "retention", {"rows": len(batch), "forgotten_ns": now_ns}
            )
        self.archive.forget_cached()
        self.total.rows += len(batch)
        self.total.bytes += sum(row[3] for row in batch)

    def _take_events(self, rows: list[tuple[int, str, str, bytes]]) -> None:
        if not rows:
            return
        stones = [event_stone(agent, name, digest, self.now_ns) for _, agent, name, digest in rows]
        self.archive.tombstones.add(self.con, stones)
        self._drop_events(rows)

    def _drop_events(self, rows: list[tuple[int, str, str, bytes]]) -> None:
        ids = {"ids": json.dumps([row[0] for row in rows])}
        for sql in DELETE_EVENTS_SQL:
            self.con.execute(sql, ids)
        for agent, name in {(row[1], row[2]) for row in rows}:
            self.mark_events(agent, name)
        self.archive.forget_cached()
        self.total.events += len(rows)

    def _take_damage(self, ids: list[int]) -> None:
        if ids:
            self.con.execute(DELETE_DAMAGE_SQL, {"ids": json.dumps(ids)})
            self.total.damage += len(ids)


def _batches(con: Connection, ids: Collection[int]) -> Iterable[list[tuple[int, int, int, int]]]:
    wanted = sorted(set(ids))
    for at in range(0, len(wanted), BATCH):
        batch, size = [], 0
        for row in con.execute(PRESENT_SQL, {"ids": json.dumps(wanted[at : at + BATCH])}).fetchall():
            batch.append(row)
            size += row[3]
            if size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def _stone(row: tuple[Any, ...], now_ns: int) -> Tombstone:
    header = chain.pack_header(row[: chain.HEADER_COLUMNS])
    digest, link = row[chain.HEADER_COLUMNS + 1], row[chain.HEADER_COLUMNS - 1]
    return Tombstone(row[1], row[2], row[3], row[4], row[5], now_ns, header, digest, link)


def _text(row: tuple[Any, ...]) -> str:
    """The text of a row of HEADER_SQL; "" where its bytes are damaged."""
    packing, packed = row[chain.HEADER_COLUMNS + 2 :]
    try:
        return body.text_of(packed, packing, row[22])
    except ArchiveError:
        return ""
