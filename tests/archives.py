"""Archives for tests: records in, an archive that holds them out."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from memlog.archive.connection import Connection, open_reader
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import Event, Record, encode, encode_event
from memlog.wire import Frame, Header

NOW_NS = 1_772_721_000 * 10**9  # 2026-03-05T14:30:00Z, a Thursday
SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# The keys every row of a search has, at the least: the machine contract.
ROW_KEYS = {
    "id", "session", "epoch", "seq", "ts", "agent", "project", "kind", "role", "tool", "source_id", "snippet", "text",
    "score",
}  # fmt: skip


def record(
    text: str, *, n: int = 0, session: str = "session-a", ts_ns: int | None = None, **fields: Any
) -> Record:
    """A record; `n` makes its source_id and, without ts_ns, the minute of its event."""
    said: dict[str, Any] = {
        "agent": "claude-code", "session": session, "source_id": f"{session}-{n}", "block": 0,
        "kind": "message", "role": "user", "text": text, "mac": n.to_bytes(8, "big"),
        "ts_ns": NOW_NS - DAY + n * MINUTE if ts_ns is None else ts_ns, "project": "/home/ann/memlog",
        "boundary": "", "at": n * 1_000,
    }  # fmt: skip
    return Record(**(said | fields))


def conversation(texts: Iterable[str], **fields: Any) -> list[Record]:
    """A record each, user and assistant in turn, a minute apart."""
    return [record(t, n=n, role=("user", "assistant")[n % 2], **fields) for n, t in enumerate(texts)]


def event(name: str, *, session: str = "session-a", ts_ns: int = NOW_NS - DAY, **data: Any) -> Event:
    """What a host told a hook."""
    return Event(name, "claude-code", session, ts_ns, data)


def frames(items: Iterable[Record | Event | bytes]) -> Iterator[Frame]:
    """What an import gives: blobs without headers."""
    for item in items:
        if isinstance(item, bytes):
            yield Frame(None, item)
        elif isinstance(item, Event):
            yield Frame(None, encode_event(item))
        else:
            for blob in encode(item):
                yield Frame(None, blob)


def ring_frames(items: Iterable[Record | Event], *, first_seq: int = 1, pid: int = 7) -> Iterator[Frame]:
    """What a ring gives: the same blobs under headers."""
    for n, frame in enumerate(frames(items)):
        header = Header(len(frame.blob), NOW_NS + n, first_seq + n, 1000, pid, bytes(16))
        yield Frame(header, frame.blob)


def fill(home: Home, *batches: Iterable[Record | Event | bytes], now_ns: int = NOW_NS) -> None:
    """Archive each batch in a transaction of its own, as an import would."""
    with Archive.open(home, now_ns=now_ns) as archive:
        for batch in batches:
            archive.ingest(list(frames(batch)), ring=None, source="test", now_ns=now_ns)


@contextmanager
def reading(home: Home) -> Iterator[Connection]:
    """A reader of the home's archive."""
    con = open_reader(home.archive)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def archive_of(home: Home, *batches: Iterable[Record | Event | bytes]) -> Iterator[Connection]:
    """A reader of an archive that holds these batches."""
    fill(home, *batches)
    with reading(home) as con:
        yield con


def rows(con: Connection, sql: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Rows as dicts."""
    cursor = con.execute(sql, values or {})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
