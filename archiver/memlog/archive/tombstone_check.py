"""Whether what was forgotten is gone, and is remembered as forgotten in both places."""

from collections.abc import Iterator

from memlog.archive.connection import Connection
from memlog.archive.tombstones import ALL_SQL, Tombstone, Tombstones, is_link, read_mirror

# index: session (agent, session), record_identity
BACK_SQL = """
SELECT r.id, s.agent, s.session, r.source_id, r.block, r.part FROM session s
JOIN record r ON r.session_id = s.id WHERE s.agent = :agent AND s.session = :session
  AND (:source_id IS NULL OR r.source_id = :source_id)
"""

Problem = tuple[str, str]
_MOST = 20


def check(con: Connection, mirror: str) -> Iterator[Problem]:
    """Where and what is wrong. mirror: the path of tombstones.jsonl."""
    stored = {row[:5]: Tombstone(*row) for row in con.execute(ALL_SQL)}
    mirrored = {found.names: found for found in read_mirror(mirror)}
    whole = {names[:2] for names in mirrored if names[2] is None}  # one line says it of all its records
    for names in stored.keys() - mirrored.keys():
        if is_link(names[2]) or (names[2] is not None and names[:2] in whole):
            continue
        yield _where(names), f"its tombstone is not in {mirror}: an older backup would bring it back"
    for names in mirrored.keys() - stored.keys():
        yield _where(names), "its tombstone is in tombstones.jsonl and not in the archive"
    known = Tombstones(mirror)
    known.remember([*stored, *mirrored])
    left = _MOST
    for names in stored.keys() | mirrored.keys():
        asked = dict(zip(("agent", "session", "source_id"), names[:3], strict=True))
        for id_, *identity in con.execute(BACK_SQL, asked):
            if known.covers(*identity) and left:
                left -= 1
                yield _where(tuple(identity)), f"it was forgotten, and record {id_} holds it"


def _where(names: tuple[object, ...]) -> str:
    return f"session {names[1]} of {names[0]}" + (f", {names[2]}" if names[2] is not None else "")
