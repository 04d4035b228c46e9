"""Where the record is that an address names, if it is not among what its page shows."""

from dataclasses import dataclass
from typing import Any

from memlog.query.sessions import SessionRow

# index: the record's primary key; its first part by record_identity
PLACE_SQL = """
SELECT s.dir, s.agent = :agent AND s.session = :session AS here, r.kind,
  CASE WHEN r.part = 0 THEN r.id ELSE (SELECT min(f.id) FROM record f
    WHERE f.session_id = r.session_id AND f.source_id = r.source_id AND f.block = r.block AND f.part = 0) END
FROM record r JOIN session s ON s.id = r.session_id WHERE r.id = :id
"""
LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Astray:
    """What an address asks for, and does not find. dir: the folder of the session it is in, if it is in any.

    hidden: it is in this session, and left out as one of the host's bookkeeping lines.
    """

    asked: str
    id: int | None = None
    dir: str | None = None
    hidden: bool = False


def number(asked: str) -> int | None:
    """The number of a record; None for what cannot be one."""
    if not (asked.isascii() and asked.isdigit() and len(asked) < 20):
        return None
    return int(asked) if int(asked) < LARGEST else None


def look(con: Any, session: SessionRow, asked: str) -> tuple[int | None, Astray | None]:
    """Of a record that has no mark: the one to show in its place, and what the reader is to be told."""
    wanted = number(asked)
    if wanted is None:
        return None, Astray(asked)
    values = {"id": wanted, "agent": session.agent, "session": session.session}
    row = con.execute(PLACE_SQL, values).fetchone()
    if row is None:
        return None, Astray(asked, wanted)
    dir, is_here, kind, first = row
    if not is_here:
        return None, Astray(asked, wanted, dir)
    if first != wanted and first is not None:
        return first, None  # a further part of a long one
    return wanted, Astray(asked, wanted, dir, hidden=kind == "meta")
