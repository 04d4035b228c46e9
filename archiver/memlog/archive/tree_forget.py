"""The snapshot tree without what was forgotten: folders of whole sessions, lines of the others."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from memlog import portable
from memlog.archive import session_file, tree
from memlog.archive.carried import as_bytes
from memlog.archive.folder import LONGEST_LINE, Folder
from memlog.archive.snapshot import SNAP
from memlog.archive.tombstones import Tombstones, event_name
from memlog.errors import DecodeError, UnsafePathError
from memlog.paths import sync_dir

if TYPE_CHECKING:
    from memlog.archive.store import Archive

WHOLE_SQL = "SELECT DISTINCT agent, session FROM tombstone WHERE source_id IS NULL"
EMPTIED_SQL = "SELECT dir FROM session WHERE first_id IS NULL AND links > 0"
# Their folders would be made again.
CLEAN_SQL = """
UPDATE epoch SET dirty = 0, snapped_ns = NULL, snap_digest = NULL
WHERE session_id IN (SELECT id FROM session WHERE first_id IS NULL AND links > 0)
"""
DIRS_SQL = "SELECT dir FROM session"
_AT_ONCE = 8  # snapshots


def forget(archive: "Archive") -> Iterator[str]:
    """Bring every folder up to what was forgotten; a word for each step.

    Folders of this archive are written from its rows; those another archive left lose the lines that
    tombstones cover. A file that nobody may touch is left, and named in an UnsafePathError at the end.
    """
    root, con = archive.home.root, archive.con
    whole = [tree.session_dir(agent, name) for agent, name in con.execute(WHOLE_SQL)]
    for name in [*whole, *(name for (name,) in con.execute(EMPTIED_SQL).fetchall())]:
        _remove(root, name)
        yield "snapshots"
    with archive.transaction():
        con.execute(CLEAN_SQL)
    while (step := tree.write_dirty(archive, limit=_AT_ONCE, open_too=True)).files:
        yield "snapshots"
    ours = {name for (name,) in con.execute(DIRS_SQL)}
    refused = [*step.refused]
    for name in sorted(os.listdir(root)):
        if name in ours or not os.path.isdir(os.path.join(root, name)):
            continue
        try:
            if _filter(root, name, archive.tombstones):
                yield "snapshots of other archives"
        except (UnsafePathError, OSError) as exc:
            if os.path.lexists(os.path.join(root, name, session_file.NAME)):
                refused.append((name, str(exc)))
    if refused:
        raise UnsafePathError("; ".join(f"{name}: {why}" for name, why in refused))


def _remove(root: str, name: str) -> None:
    """A session's folder, without what memlog did not write."""
    try:
        with Folder.open(root, name) as folder:
            _empty(folder)
    except FileNotFoundError:
        return
    try:
        os.rmdir(os.path.join(root, name))
    except OSError:
        return  # something of somebody's is in it
    sync_dir(root)


def _empty(folder: Folder) -> None:
    for name in folder.names():
        if name == session_file.NAME or SNAP.fullmatch(name) or name.endswith(".tmp"):
            folder.remove(name)


def _filter(root: str, name: str, tombstones: Tombstones) -> bool:
    """True when the folder held something that was forgotten, and does not any more."""
    if not len(tombstones):
        return False
    with Folder.open(root, name) as folder:
        names = folder.names()
        if session_file.NAME not in names and not any(map(SNAP.fullmatch, names)):
            return False  # ring, spool and watermarks: their half-written files are somebody's
        notes = session_file.read(folder)
        agent, session = str(notes.get("agent")), str(notes.get("session"))
        if notes and tombstones.covers(agent, session, "", 0, 0):
            _empty(folder)
            emptied = True
        else:
            emptied = False
            changed = folder.sweep() > 0
            for file in filter(SNAP.fullmatch, names):
                changed |= _filter_file(folder, file, tombstones)
            changed |= _filter_events(folder, notes, tombstones)
    if emptied:
        _remove(root, name)
    return emptied or changed


def _filter_file(folder: Folder, file: str, tombstones: Tombstones) -> bool:
    if not any(begins and _is_covered(raw, tombstones) for begins, raw in _pieces(folder, file)):
        return False
    folder.replace(file, _without(folder, file, tombstones))
    return True


def _pieces(folder: Folder, file: str) -> Iterator[tuple[bool, bytes]]:
    """Whether a line begins here, and a line; one that is longer than any of ours comes in pieces."""
    begins = True
    for raw in folder.lines(file):
        if not begins or raw.strip() not in (b"", b"[", b"]", b"[]"):
            yield begins, raw
        begins = raw.endswith(b"\n")


def _without(folder: Folder, file: str, tombstones: Tombstones) -> Iterator[bytes]:
    """The snapshot's bytes without the lines that tombstones cover."""
    yield b"["
    separator = b"\n"
    for begins, raw in _pieces(folder, file):
        if begins:
            if _is_covered(raw, tombstones):
                continue
            yield separator
            separator, raw = b",\n", raw.lstrip()
        if raw.endswith(b"\n") or len(raw) < LONGEST_LINE:
            raw = raw.rstrip().rstrip(b",")
        yield raw
    yield b"\n]\n"


def _is_covered(raw: bytes, tombstones: Tombstones) -> bool:
    try:
        facts = portable.parse_line(raw)
    except DecodeError:
        return False  # nobody's: it stays, as damage does
    agent, session, source_id = (str(facts.get(name)) for name in ("agent", "session", "source_id"))
    block, part = (facts.get(name) or 0 for name in ("block", "part"))
    if not isinstance(block, int) or not isinstance(part, int):
        return False
    names = agent, session, source_id, block, part
    return tombstones.covers(*names) or tombstones.was_redacted(*names)


def _filter_events(folder: Folder, notes: dict[str, Any], tombstones: Tombstones) -> bool:
    agent, session = str(notes.get("agent")), str(notes.get("session"))

    def kept() -> Iterator[dict[str, Any]]:
        for event in session_file.events(folder):
            if not _is_gone(tombstones, agent, session, event_name(as_bytes(event.get("digest")))):
                yield event

    if sum(1 for _ in kept()) == sum(1 for _ in session_file.events(folder)):
        return False
    session_file.replace_events(folder, {**notes, "title": None}, kept())
    return True


def _is_gone(tombstones: Tombstones, agent: str, session: str, name: str) -> bool:
    return any(is_(agent, session, name, 0, 0) for is_ in (tombstones.covers, tombstones.was_redacted))
