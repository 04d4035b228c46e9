"""Whether the snapshot tree holds the records of the archive, line by line, and says where they are.

The digest of a file tells that nobody changed it since it was written. This tells that what was written
are the archive's rows: each line gives the blob its row's digest was made of.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from memlog import portable
from memlog.archive import chain, session_file
from memlog.archive.carried import as_bytes
from memlog.archive.connection import Connection
from memlog.archive.folder import Folder
from memlog.archive.snapshot import snap_name
from memlog.errors import DecodeError, UnsafePathError

SESSIONS_SQL = "SELECT id, dir FROM session ORDER BY id"
ARCHIVE_SQL = "SELECT archive_id FROM archive"
# Those that wait to be written differ from their files, and may.
EPOCHS_SQL = """
SELECT id, number, snap_digest FROM epoch
WHERE session_id = :session AND snap_digest IS NOT NULL AND dirty = 0 ORDER BY number
"""
STILL_SQL = "SELECT 1 FROM epoch WHERE id = :epoch AND snap_digest = :digest AND dirty = 0"
# index: record_epoch
ROWS_SQL = """
SELECT r.id, r.digest, r.timed, g.attested FROM record r LEFT JOIN ring g ON g.id = r.ring
WHERE r.epoch_id = :epoch
"""

Problem = tuple[str, str]


def check(con: Connection, root: str, told: Callable[[str], object] = lambda note: None) -> Iterator[Problem]:
    """Which file, and what is wrong."""
    (archive_id,) = con.execute(ARCHIVE_SQL).fetchone()
    files = 0
    for session, name in con.execute(SESSIONS_SQL).fetchall():
        epochs = con.execute(EPOCHS_SQL, {"session": session}).fetchall()
        if not epochs:
            continue
        faults = list(_session(con, root, session, name, epochs, archive_id.hex()))
        files += len(epochs)
        told(f"{files:,} snapshots read")
        if faults and _has_moved(con, epochs):
            continue  # it is being written while we look
        yield from faults


def _session(
    con: Connection, root: str, session: int, name: str, epochs: list[tuple[int, int, bytes]], archive_id: str
) -> Iterator[Problem]:
    try:
        with Folder.open(root, name) as folder:
            notes = session_file.read(folder)
            where = os.path.join(name, session_file.NAME)
            if notes.get("archive") != archive_id:
                yield where, "it does not name this archive: a rebuild would not take its records"
            yield from ((where, what) for what in _notes(con, session, folder, notes, {e[0] for e in epochs}))
            for epoch, number, _ in epochs:
                path = os.path.join(name, snap_name(number))
                yield from ((path, what) for what in _lines(con, folder, epoch, number))
    except (UnsafePathError, OSError) as exc:
        yield name, str(exc)


def _notes(
    con: Connection, session: int, folder: Folder, notes: Mapping[str, Any], clean: set[int]
) -> Iterator[str]:
    """What session.json says that the archive does not. clean: epochs that do not wait to be written."""
    said = {epoch.get("epoch"): epoch for epoch in session_file.listed(notes, "epochs")}
    for epoch in session_file.epochs_of(con, session):
        if epoch["id"] in clean and notes and said.get(epoch["epoch"]) != session_file.noted(epoch):
            yield f"it says something else of epoch {epoch['epoch']}"
    held = {event["digest"]: event for event in session_file.events_of(con, session)}
    for event in session_file.events(folder):
        if held.get(event.get("digest")) != event:
            yield f"it says something else of the {event.get('event')} at {event.get('ts_ns')}"


def _lines(con: Connection, folder: Folder, epoch: int, number: int) -> Iterator[str]:
    rows = {id_: row for id_, *row in con.execute(ROWS_SQL, {"epoch": epoch})}
    for raw in folder.lines(snap_name(number)):
        if raw.strip() in (b"", b"[", b"]", b"[]"):
            continue
        try:
            facts = portable.parse_line(raw)
            blob = portable.frame_of(facts).blob
        except DecodeError as exc:
            yield f"a line of it cannot be read: {exc}"
            continue
        row = rows.pop(facts.get("id"), None)
        if row is None:
            yield f"it holds record {facts.get('id')}, the archive does not"
        elif chain.digest_of(as_bytes(facts.get("salt")), blob) != row[0]:
            yield f"its record {facts.get('id')} is not the archive's"
        elif (bool(facts.get("timed")), facts.get("attested")) != (bool(row[1]), row[2]):
            yield f"it says otherwise how record {facts['id']} found its epoch, or who stamped it"
    if rows:
        yield f"it lacks {len(rows)} records, the first {min(rows)}"


def _has_moved(con: Connection, epochs: list[tuple[int, int, bytes]]) -> bool:
    """True when the tree's writer was there since the check began: asked at another moment of the archive."""
    con.execute("ROLLBACK")
    con.execute("BEGIN")
    return any(
        con.execute(STILL_SQL, {"epoch": epoch, "digest": digest}).fetchone() is None
        for epoch, _, digest in epochs
    )
