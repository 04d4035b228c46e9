"""One batch into an archive, as tests of it put it there, and what is found of it."""

from typing import Any

from archives import NOW_NS
from memlog.archive.connection import Connection
from memlog.archive.store import Archive, Outcome
from memlog.ring.protocol import RingInfo


def ring_info(ring_id: bytes = b"R" * 16, uid: int = 1000) -> RingInfo:
    return RingInfo("shm", "/ring", ring_id, uid, "boot-1", False, 1, 1, 0, 0, 4 << 20, 0)


def put(archive: Archive, items: Any, **named: Any) -> Outcome:
    given: dict[str, Any] = {"ring": None, "source": "test", "now_ns": NOW_NS}
    return archive.ingest(list(items), **(given | named))


def hits(con: Connection, words: str) -> list[int]:
    return [
        r[0]
        for r in con.execute("SELECT rowid FROM record_fts WHERE record_fts MATCH ? ORDER BY 1", (words,))
    ]
