"""Credentials in what is archived already: found, and taken out in place.

A row that loses one keeps its id and identity. Its old link of the chain becomes a tombstone, as a
forgotten record's does; as it is now it is the session's newest link. So the chain says that it was
redacted, when, and proves the rest.
"""

import json
import os
from collections.abc import Collection, Generator, Iterator, Mapping
from typing import Any, NamedTuple

from memlog.archive import body, chain
from memlog.archive.carried import as_bytes
from memlog.archive.connection import Connection
from memlog.archive.events import index as index_events
from memlog.archive.ids import day_of
from memlog.archive.prepare import prepare, tags
from memlog.archive.redaction import redact_blob_bytes
from memlog.archive.store import Archive
from memlog.archive.tombstones import event_name, redacted_name, redaction_stone
from memlog.archive.unfinished import BATCH, Work
from memlog.errors import MemlogError
from memlog.record import Record, decode
from memlog.redact import Counts, redact_text, redact_value, rules_for

Steps = Generator[tuple[int, int, str], None, None]

RECORDS_SQL = """
SELECT r.id, s.agent, s.session, r.packing, r.body FROM record r JOIN session s ON s.id = r.session_id
WHERE r.id > :after ORDER BY r.id LIMIT :most
"""
EVENTS_SQL = "SELECT id, agent, session, data FROM event ORDER BY id"
DAMAGE_SQL = "SELECT id, source, data FROM damage ORDER BY id"
COUNT_SQL = "SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM event)"
# index: the record's primary key
ROW_SQL = """
SELECT session_id, epoch_id, ts_ns, kind, role, tool, error, packing, body, redacted FROM record
WHERE id = :id
"""
UPDATE_SQL = """
UPDATE record SET bytes = :bytes, text_bytes = :text_bytes, packing = :packing, body = :body, salt = :salt,
  digest = :digest, redacted = :redacted, link = :link WHERE id = :id
"""
SESSIONS_SQL = "SELECT DISTINCT session_id FROM record WHERE id IN (SELECT value FROM json_each(:ids))"
# index: session, its primary key
HEAD_SQL = "SELECT agent, session, head, links FROM session WHERE id = :session"
MOVE_HEAD_SQL = "UPDATE session SET head = :head, links = :link WHERE id = :session"
UNINDEX_SQL = "DELETE FROM record_fts WHERE rowid = :id"
INDEX_SQL = "INSERT INTO record_fts (rowid, text, tags) VALUES (:id, :text, :tags)"
EPOCH_SQL = "UPDATE epoch SET dirty = 1 WHERE id = :epoch"
EVENT_SQL = "SELECT agent, session, digest, data FROM event WHERE id = :id"
UPDATE_EVENT_SQL = "UPDATE event SET data = :data WHERE id = :id"
UNINDEX_EVENT_SQL = "DELETE FROM event_fts WHERE rowid = :id"
DAMAGE_ROW_SQL = "SELECT data FROM damage WHERE id = :id"
UPDATE_DAMAGE_SQL = "UPDATE damage SET data = :data, bytes = :bytes WHERE id = :id"
STONES_SQL = (
    "SELECT agent, session, source_id, block, part FROM tombstone WHERE source_id LIKE '%~redacted.%'"
)
# index: session (agent, session), record_identity
BY_IDENTITY_SQL = """
SELECT r.id FROM session s JOIN record r ON r.session_id = s.id WHERE s.agent = :agent
  AND s.session = :session AND r.source_id = :source_id AND r.block = :block AND r.part = :part
"""
# index: the one of its UNIQUE digest
BY_DIGEST_SQL = "SELECT id FROM event WHERE digest = :digest"


class Found(NamedTuple):
    """A row with credentials. what: record, event or damage; rules: how many of which."""

    what: str
    id: int
    agent: str
    session: str
    rules: Counts


class Redacted:
    """What was redacted so far."""

    def __init__(self) -> None:
        self.rows = self.events = self.damage = 0
        self.rules: Counts = {}

    def add(self, counts: Mapping[str, int]) -> None:
        for name, count in counts.items():
            self.rules[name] = self.rules.get(name, 0) + count

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def scan(con: Connection) -> Iterator[tuple[int, int, Found | None]]:
    """(rows looked at, of how many, what one holds) for every record, event and damaged piece."""
    (total,) = con.execute(COUNT_SQL).fetchone()
    done, after = 0, -1
    while rows := con.execute(RECORDS_SQL, {"after": after, "most": BATCH}).fetchall():
        for id_, agent, name, packing, packed in rows:
            done += 1
            counts = _of_blob(packing, packed)[1]
            yield done, total, Found("record", id_, agent, name, counts) if counts else None
        after = rows[-1][0]
    for id_, agent, name, data in con.execute(EVENTS_SQL):
        done += 1
        counts = _of_json(data)[1]
        yield done, total, Found("event", id_, agent, name, counts) if counts else None
    for id_, source, data in con.execute(DAMAGE_SQL):
        counts = _of_bytes(data)[1]
        if counts:
            yield done, total, Found("damage", id_, "", source, counts)


def redact(archive: Archive, chosen: Mapping[str, Any], total: Redacted, *, now_ns: int) -> Steps:
    """Redact these rows, and what was redacted before and is here as it was, a batch a step.

    chosen: ids of records, events and damage. Call clean_up() afterwards.
    """
    work = _Redaction(archive, total, now_ns)
    yield from work.records(_ids(chosen, "records"))
    yield from work.events(_ids(chosen, "events"))
    work.damage(_ids(chosen, "damage"))
    yield from work.again()
    yield from work.settle()


def redact_again(archive: Archive, *, now_ns: int) -> Steps:
    """Redact what a restored archive has as it was before its credentials were taken out."""
    work = _Redaction(archive, Redacted(), now_ns)
    yield from work.again()
    yield from work.settle()


class _Redaction:
    def __init__(self, archive: Archive, total: Redacted, now_ns: int) -> None:
        self.archive, self.con = archive, archive.con
        self.total, self.now_ns = total, now_ns
        self.work = Work(archive, now_ns)

    def records(self, ids: Collection[int]) -> Steps:
        wanted, count = sorted(set(ids)), len(set(ids))
        for at in range(0, count, BATCH):
            batch = wanted[at : at + BATCH]
            self.work.note(
                self.work.names([s for (s,) in self.con.execute(SESSIONS_SQL, {"ids": str(batch)})])
            )
            with self.archive.transaction():
                before = self.total.rows
                for id_ in batch:
                    self._record(id_)
                if self.total.rows > before:
                    facts = {"rows": self.total.rows - before, "redacted_ns": self.now_ns}
                    chain.link_archive(self.con, "redaction", facts)
            self.archive.forget_cached()
            yield min(at + BATCH, count), count, "records"

    def events(self, ids: Collection[int]) -> Steps:
        wanted, count = sorted(set(ids)), len(set(ids))
        for at in range(0, count, BATCH):
            with self.archive.transaction():
                for id_ in wanted[at : at + BATCH]:
                    self._event(id_)
            yield min(at + BATCH, count), count, "events"

    def damage(self, ids: Collection[int]) -> None:
        with self.archive.transaction() as con:
            for id_ in ids:
                row = con.execute(DAMAGE_ROW_SQL, {"id": id_}).fetchone()
                data, counts = _of_bytes(row[0]) if row else (b"", {})
                if counts:
                    con.execute(UPDATE_DAMAGE_SQL, {"id": id_, "data": data, "bytes": len(data)})
                    self.total.damage += 1
                    self.total.add(counts)

    def again(self) -> Steps:
        """What a tombstone says was redacted and is here as it was: in a restored archive."""
        records, events = [], []
        stones = self.con.execute(STONES_SQL).fetchall()
        for agent, session, source_id, block, part in stones:
            name = redacted_name(source_id)
            names = {"agent": agent, "session": session, "source_id": name, "block": block, "part": part}
            row = self.con.execute(BY_IDENTITY_SQL, names).fetchone()
            records += [row[0]] if row else []
            digest = {"digest": as_bytes(name[1:]) if name and name.startswith("~") else b""}
            row = self.con.execute(BY_DIGEST_SQL, digest).fetchone()
            events += [row[0]] if row else []
        yield from self.records(records)
        yield from self.events(events)
        if stones:
            self.damage([id_ for id_, _, _ in self.con.execute(DAMAGE_SQL).fetchall()])

    def settle(self) -> Steps:
        yield from self.work.settle()

    def _record(self, id_: int) -> None:
        con, key = self.con, {"id": id_}
        row = con.execute(ROW_SQL, key).fetchone()
        if row is None:
            return
        session, epoch, ts_ns, kind, role, tool, error, packing, packed, redacted = row
        blob, counts = _of_blob(packing, packed)
        if not counts:
            return
        self._bury(con.execute(chain.HEADER_SQL, key).fetchone())
        agent, name, head, links = con.execute(HEAD_SQL, {"session": session}).fetchone()
        text, tail = _text_of(blob)
        packing, packed = body.pack(blob)
        salt = os.urandom(chain.SALT_BYTES)
        digest = chain.digest_of(salt, blob)
        con.execute(UPDATE_SQL, {
            **key, "bytes": len(blob), "text_bytes": tail, "packing": packing, "body": packed, "salt": salt,
            "digest": digest, "redacted": redacted + sum(counts.values()), "link": links + 1,
        })  # fmt: skip
        header = con.execute(chain.HEADER_SQL, key).fetchone()[: chain.HEADER_COLUMNS]
        head = chain.next_head(head, chain.pack_header(header), digest)
        con.execute(MOVE_HEAD_SQL, {"head": head, "link": links + 1, "session": session})
        con.execute(UNINDEX_SQL, key)
        marks = tags(session, day_of(ts_ns), kind, role, tool, error)
        con.execute(INDEX_SQL, {**key, "text": prepare(text), "tags": marks})
        con.execute(EPOCH_SQL, {"epoch": epoch})
        self.total.rows += 1
        self.total.add(counts)

    def _bury(self, row: tuple[Any, ...]) -> None:
        header = chain.pack_header(row[: chain.HEADER_COLUMNS])
        link = {
            "chain_header": header, "digest": row[chain.HEADER_COLUMNS + 1],
            "link": row[chain.HEADER_COLUMNS - 1],
        }  # fmt: skip
        stone = redaction_stone((row[1], row[2], row[3], row[4], row[5]), self.now_ns, **link)
        self.archive.tombstones.add(self.con, [stone])

    def _event(self, id_: int) -> None:
        con, key = self.con, {"id": id_}
        row = con.execute(EVENT_SQL, key).fetchone()
        if row is None:
            return
        agent, session, digest, data = row
        data, counts = _of_json(data)
        if not counts:
            return
        self.work.note([(agent, session)])
        identity = (agent, session, event_name(digest), 0, 0)
        self.archive.tombstones.add(con, [redaction_stone(identity, self.now_ns)])
        con.execute(UPDATE_EVENT_SQL, {**key, "data": data})
        con.execute(UNINDEX_EVENT_SQL, key)
        index_events(con, [id_])
        self.work.mark_events(agent, session)
        self.total.events += 1
        self.total.add(counts)


def _ids(chosen: Mapping[str, Any], name: str) -> list[int]:
    return [int(id_) for id_ in chosen.get(name) or ()]


def _of_blob(packing: int, packed: bytes) -> tuple[bytes, Counts]:
    try:
        return redact_blob_bytes(body.unpack(packed, packing))
    except MemlogError:
        return b"", {}


def _of_json(data: str) -> tuple[str, Counts]:
    """JSON with its strings redacted; what is none, as text."""
    rules = rules_for(data.encode("utf-8", "replace"))
    if not rules:
        return data, {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return redact_text(data, rules)
    counts: Counts = {}
    value = redact_value(value, rules, counts)
    return (body.to_json(value), counts) if counts else (data, {})


def _of_bytes(data: bytes) -> tuple[bytes, Counts]:
    return redact_blob_bytes(data)


def _text_of(blob: bytes) -> tuple[str, int | None]:
    """The text of a blob, and its size where it is the blob's tail."""
    try:
        found = decode(blob)
    except MemlogError:
        found = None
    text = found.text if isinstance(found, Record) else body.text_of_blob(blob)
    raw = text.encode("utf-8", "replace")
    return text, len(raw) if blob.endswith(raw) else None
