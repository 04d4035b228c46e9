"""An anchor: the heads of all chains at one moment, to be kept where who writes the archive cannot write.

A session is named by the first half of its chain's genesis: an anchor that is handed out tells nobody
what was worked on. Its root fixes all of it: noted on paper, it tells whether the file is the one made.
"""

import json
from hashlib import sha256
from typing import Any, NamedTuple

import cbor2

from memlog.archive import chain
from memlog.archive.connection import Connection
from memlog.errors import UnavailableError
from memlog.paths import read_bounded

VERSION = 1
DOMAIN = b"memlog/anchor/1"
_NAME_HEX = 32
_MOST = 256 << 20

FACTS_SQL = "SELECT archive_id, links, head, (SELECT count(*) FROM record) FROM archive"
HEADS_SQL = "SELECT agent, session, links, head FROM session WHERE links > 0 ORDER BY id"


class Anchor(NamedTuple):
    """What an anchor file says. sessions: links and head by name; records: rows, parts counted."""

    archive_id: bytes
    made: str
    schema: int
    records: int
    links: int
    head: bytes
    sessions: dict[str, tuple[int, bytes]]

    @property
    def root(self) -> bytes:
        """Digest over all of it."""
        facts = [*self[:6], sorted((name, *found) for name, found in self.sessions.items())]
        return sha256(DOMAIN + cbor2.dumps(facts)).digest()

    def as_json(self) -> dict[str, Any]:
        """What `read` takes back."""
        return {
            "memlog_anchor": VERSION, "archive": self.archive_id.hex(), "made": self.made,
            "schema": self.schema, "records": self.records, "links": self.links, "head": self.head.hex(),
            "sessions": {name: [links, head.hex()] for name, (links, head) in self.sessions.items()},
            "root": self.root.hex(),
        }  # fmt: skip


def take(con: Connection, *, made: str) -> Anchor:
    """The heads of an archive as they are. The caller's transaction makes them those of one moment."""
    archive_id, links, head, records = con.execute(FACTS_SQL).fetchone()
    (schema,) = con.execute("PRAGMA user_version").fetchone()
    sessions = {
        name_of(archive_id, agent, session): (count, last)
        for agent, session, count, last in con.execute(HEADS_SQL)
    }
    return Anchor(archive_id, made, schema, records, links, head, sessions)


def name_of(archive_id: bytes, agent: str, session: str) -> str:
    """What an anchor calls a session."""
    return chain.genesis(archive_id, agent, session).hex()[:_NAME_HEX]


def read(path: str) -> Anchor:
    """The anchor of a file.

    Raises: UnavailableError where there is none, or where it is not as it was made.
    """
    try:
        found = parse(json.loads(read_bounded(path, _MOST)))
    except OSError as exc:
        raise UnavailableError(f"{path} cannot be read: {exc.strerror}", hint=_HINT) from exc
    except (ValueError, RecursionError) as exc:
        raise UnavailableError(f"{path} is no anchor: {exc}", hint=_HINT) from exc
    return found


def parse(value: object) -> Anchor:
    """The anchor of a JSON value. Raises: ValueError."""
    if not isinstance(value, dict) or value.get("memlog_anchor") != VERSION:
        raise ValueError(f"it has no memlog_anchor {VERSION}")
    try:
        sessions = {name: (int(n), bytes.fromhex(head)) for name, (n, head) in value["sessions"].items()}
        found = Anchor(
            bytes.fromhex(value["archive"]), str(value["made"]), int(value["schema"]), int(value["records"]),
            int(value["links"]), bytes.fromhex(value["head"]), sessions,
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"{exc} is missing or odd") from exc
    if found.root.hex() != value.get("root"):
        raise ValueError("it was changed: its root is not that of what it says")
    return found


_HINT = "memlog admin anchor -o FILE makes one"
