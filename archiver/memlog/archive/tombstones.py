"""What was forgotten and must not come back: identities, never text nor plain digests.

The table is mirrored in <home>/tombstones.jsonl, so a rebuild or an older backup cannot bring it back.
"""

import json
import os
from collections.abc import Container, Iterable
from typing import NamedTuple

from memlog.archive.connection import Connection
from memlog.errors import ArchiveError
from memlog.paths import open_private, sync_dir

ADD_SQL = """
INSERT INTO tombstone (agent, session, source_id, block, part, forgotten_ns, chain_header, digest, link)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ALL_SQL = "SELECT agent, session, source_id, block, part, forgotten_ns FROM tombstone"


class Tombstone(NamedTuple):
    """One forgotten record. source_id None: the whole session, with its future lines.

    block or part None: all of them. chain_header, digest, link: what keeps its chain whole.
    """

    agent: str
    session: str
    source_id: str | None = None
    block: int | None = None
    part: int | None = None
    forgotten_ns: int = 0
    chain_header: bytes | None = None
    digest: bytes | None = None
    link: int | None = None

    @property
    def names(self) -> tuple[object, ...]:
        """Its identity."""
        return self[:5]


def event_stone(agent: str, session: str, digest: bytes, now_ns: int) -> Tombstone:
    """The tombstone of an event: its digest is keyed, and names it among its session's."""
    return Tombstone(agent, session, event_name(digest), 0, 0, now_ns)


def event_name(digest: bytes) -> str:
    """What an event is called where records have a source_id."""
    return "~" + digest.hex()


_REDACTED, _LINK, _UNTIL = "~redacted.", "~link.", "~until."


def link_stone(stone: Tombstone) -> Tombstone:
    """The same, naming a link of the chain and forgetting nothing: of a session that was let go."""
    return stone._replace(source_id=f"{stone.source_id}{_LINK}{stone.link}")


def until_stone(agent: str, session: str, until_ns: int, now_ns: int) -> Tombstone:
    """A session was let go: what it wrote up to then stays away, what it writes later comes in."""
    return Tombstone(agent, session, f"{_UNTIL}{until_ns}", 0, 0, now_ns)


def is_link(source_id: object) -> bool:
    """True for a tombstone that is about the chain alone: the mirror does not have it."""
    return isinstance(source_id, str) and _LINK in source_id


def redaction_stone(identity: tuple[str, str, str, int, int], now_ns: int, **link: object) -> Tombstone:
    """What a record was before a credential was taken out of it: it names a link, and forgets nothing."""
    agent, session, source_id, block, part = identity
    name = f"{source_id}{_REDACTED}{link.get('link') or 0}"
    return Tombstone(agent, session, name, block, part, now_ns, **link)  # type: ignore[arg-type]


def redacted_name(source_id: object) -> str | None:
    """The source_id a redaction's tombstone stands for; None for any other."""
    name, mark, number = source_id.rpartition(_REDACTED) if isinstance(source_id, str) else ("", "", "")
    return name if mark and number.isascii() and number.isdigit() else None


class Tombstones:
    """Every tombstone of a home, asked before each record is stored."""

    __slots__ = ("_known", "_redacted", "_until", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self._known: set[tuple[object, ...]] = set()
        self._redacted: set[tuple[object, ...]] | None = None
        self._until: dict[tuple[object, object], int] | None = None

    def __len__(self) -> int:
        return len(self._known)

    def load(self, con: Connection) -> None:
        """Table and mirror, each brought up to what the other knows.

        Raises: ArchiveError when the mirror has a line that is no tombstone.
        """
        mirrored = {t.names: t for t in read_mirror(self.path)}
        stored = {t.names: t for t in map(Tombstone._make, _padded(con))}
        lacking = [t for names, t in mirrored.items() if names not in stored]
        if lacking:
            con.executemany(ADD_SQL, lacking)
        self._known = mirrored.keys() | {names for names in stored if names[2] is None}
        self._append(t for names, t in stored.items() if not self._is_mirrored(t, mirrored))
        self._known |= stored.keys()

    def add(self, con: Connection, found: Iterable[Tombstone]) -> None:
        """Store and mirror tombstones inside the caller's transaction.

        The mirror comes first: a crash between the two must leave too many, not too few.
        """
        rows = list(found)
        self._append(t for t in rows if not self._is_mirrored(t, self._known))
        con.executemany(ADD_SQL, rows)
        self._known.update(t.names for t in rows)
        self._redacted = self._until = None

    def _is_mirrored(self, stone: Tombstone, mirrored: Container[tuple[object, ...]]) -> bool:
        """Of a session that is forgotten whole one line says it all."""
        whole = (stone.agent, stone.session, None, None, None)
        if is_link(stone.source_id):
            return True
        return stone.names in mirrored or (stone.source_id is not None and whole in self._known)

    def remember(self, names: Iterable[tuple[object, ...]]) -> None:
        """Take these identities for forgotten; nothing is stored."""
        self._known.update(names)

    def covers(self, agent: str, session: str, source_id: str, block: int, part: int) -> bool:
        """Whether a record was forgotten."""
        known = self._known
        return bool(known) and (
            (agent, session, source_id, block, part) in known
            or (agent, session, None, None, None) in known
            or (agent, session, source_id, None, None) in known
            or (agent, session, source_id, block, None) in known
        )

    def let_go(self) -> dict[tuple[object, object], int]:
        """(agent, session) of what retention let go, and the time up to which."""
        if self._until is None:
            self._until = {}
            for agent, session, name, *_ in self._known:
                if isinstance(name, str) and name.startswith(_UNTIL) and name[len(_UNTIL) :].isdigit():
                    until = int(name[len(_UNTIL) :])
                    self._until[agent, session] = max(until, self._until.get((agent, session), 0))
        return self._until

    def was_let_go(self, agent: str, session: str, ts_ns: int) -> bool:
        """Whether something of this time was let go with its session."""
        return ts_ns <= self.let_go().get((agent, session), -1)

    def was_redacted(self, agent: str, session: str, source_id: str, block: int, part: int) -> bool:
        """Whether a credential was taken out of a record after it was archived."""
        if self._redacted is None:
            self._redacted = {
                (*names[:2], name, *names[3:])
                for names in self._known if (name := redacted_name(names[2])) is not None
            }  # fmt: skip
        return (agent, session, source_id, block, part) in self._redacted

    def _append(self, rows: Iterable[Tombstone]) -> None:
        lines = [json.dumps({k: v for k, v in t._asdict().items() if _mirrored(k, v)}) + "\n" for t in rows]
        if not lines:
            return
        fd = open_private(self.path, os.O_RDWR | os.O_CREAT)
        try:
            held = os.read(fd, os.fstat(fd).st_size)
            end = held.rfind(b"\n") + 1  # a torn last line belongs to a transaction that never committed
            os.ftruncate(fd, end)
            os.pwrite(fd, "".join(lines).encode(), end)
            os.fsync(fd)
        finally:
            os.close(fd)
        sync_dir(os.path.dirname(self.path))


def read_mirror(path: str) -> list[Tombstone]:
    """The tombstones of a mirror file; [] where there is none; a torn last line is left out.

    Raises: ArchiveError.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as exc:
        raise ArchiveError(f"{path} cannot be read: {exc}") from exc
    found = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            value = json.loads(line)
            found.append(Tombstone(**{k: value[k] for k in Tombstone._fields if k in value}))
        except (ValueError, TypeError) as exc:
            if number < len(lines):
                raise ArchiveError(f"{path}, line {number} is no tombstone") from exc
    return found


def _padded(con: Connection) -> Iterable[tuple[object, ...]]:
    return (row + (None, None, None) for row in con.execute(ALL_SQL))


def _mirrored(name: str, value: object) -> bool:
    return value is not None and name not in ("chain_header", "digest", "link")
