"""The snapshot tree: one folder a session, one file an epoch, readable with less.

Files are made from committed rows only, of epochs the archive marked dirty, and are enough to rebuild
the archive from.
"""

import hashlib
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from memlog.archive import session_file
from memlog.archive.folder import Folder
from memlog.archive.snapshot import SNAP, snap_name, snapshot
from memlog.contracts import CLAUDE_CODE
from memlog.errors import ArchiveError, UnsafePathError

if TYPE_CHECKING:
    from memlog.archive.store import Archive

_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# What else lies in a home, today or in a later version.
_RESERVED = frozenset(
    """
    anchor archive backup cache config doctor export import jobs key lock log logs memory rebuild restore
    ring run session sessions sock socket spool state tmp tombstones trash tree watermark watermarks witness
    """.split()  # noqa: SIM905
)

# An open epoch grows with every batch: it is written when a host is about to compact or ends, or when nothing
# has come for a while (open_too), not each time.
# index: epoch_dirty, event_session
DIRTY_SQL = """
SELECT e.session_id, s.dir, e.id FROM epoch e JOIN session s ON s.id = e.session_id
WHERE e.dirty = 1 AND (:open_too OR e.closed_ns IS NOT NULL OR EXISTS (
  SELECT 1 FROM event v WHERE v.session = s.session AND v.agent = s.agent
  AND v.event IN ('PreCompact', 'SessionEnd') AND v.archived_ns > coalesce(e.snapped_ns, 0)))
ORDER BY e.session_id
"""
# The archive's own clock: the COMMIT of the newest thing a snapshot may hold.
# index: record_epoch, event_session
NEWEST_SQL = """
SELECT max(coalesce((SELECT max(archived_ns) FROM record WHERE epoch_id = e.id), 0),
  coalesce((SELECT max(v.archived_ns) FROM event v WHERE v.session = s.session AND v.agent = s.agent), 0))
FROM epoch e JOIN session s ON s.id = e.session_id WHERE e.id = :epoch
"""
SNAPPED_SQL = """
UPDATE epoch SET dirty = :dirty, snapped_ns = :snapped_ns, snap_digest = :snap_digest WHERE id = :id
"""


class Written(NamedTuple):
    """What one pass wrote. refused: a session's folder and why nothing could be written there."""

    files: int = 0
    bytes: int = 0
    trimmed: int = 0
    swept: int = 0
    refused: tuple[tuple[str, str], ...] = ()

    def plus(self, other: "Written") -> "Written":
        """Both together."""
        return Written(
            self.files + other.files, self.bytes + other.bytes, self.trimmed + other.trimmed,
            self.swept + other.swept, self.refused + other.refused,
        )  # fmt: skip


def session_dir(agent: str, session: str) -> str:
    """The name of a session's folder: distinct for distinct sessions, also where case is folded.

    Limits: the id itself for ids of Claude Code that are safe as a name; else `x-` and 32 hex.
    """
    if (
        agent == CLAUDE_CODE
        and _SAFE.fullmatch(session)
        and not session.startswith("x-")
        and session not in _RESERVED
    ):
        return session
    # The length first: an agent with a NUL in its name must not pass for another's session.
    words = f"{len(agent)}\0{agent}\0{session}".encode("utf-8", "surrogatepass")
    return "x-" + hashlib.sha256(words).hexdigest()[:32]


def write_dirty(archive: "Archive", *, limit: int | None = None, open_too: bool = False) -> Written:
    """Write the snapshot of every dirty epoch that has ended or is about to; open_too: of every dirty one.

    limit: after so many files stop between two sessions.
    Raises: OSError (a full disk ...) with the old snapshot in place and the rest still dirty.
    """
    total = Written()
    found = archive.con.execute(DIRTY_SQL, {"open_too": open_too}).fetchall()
    for (session, folder), epochs in groupby(found, key=lambda row: row[:2]):
        if limit is not None and total.files >= limit:
            break
        try:
            total = total.plus(_write_session(archive, session, folder, {row[2] for row in epochs}))
        except (UnsafePathError, ArchiveError) as exc:
            # One bad folder or damaged row must not keep the others from being written.
            total = total.plus(Written(refused=((folder, str(exc)),)))
    return total


def _write_session(archive: "Archive", session: int, name: str, dirty: set[int]) -> Written:
    con, archive_id = archive.con, archive.archive_id.hex()
    with _folder_of(archive.home.root, name, archive_id) as folder:
        swept = folder.sweep()
        before = session_file.read(folder)
        epochs = session_file.epochs_of(con, session)
        # Known before the first is written: a number that moved leaves its file to another epoch.
        wanted = [e for e in epochs if e["id"] in dirty or session_file.has_moved(e, before)]
        size = 0
        for epoch in wanted:
            (newest_ns,) = con.execute(NEWEST_SQL, {"epoch": epoch["id"]}).fetchone()
            stored = folder.replace(snap_name(epoch["epoch"]), snapshot(con, epoch["id"]))
            epoch.update(dirty=0, snapped_ns=newest_ns, snap_digest=stored.digest)
            size += stored.size
        _trim(folder, epochs, archive.settings.session_quota_bytes)
        # Said before it is done: a crash between the two leaves a file too many, never one unexplained.
        session_file.write(folder, con, session, archive_id, epochs)
        trimmed = _clean(folder, epochs)
        with archive.transaction():
            con.executemany(SNAPPED_SQL, [epoch for epoch in epochs if "dirty" in epoch])
    return Written(len(wanted), size, trimmed, swept)


def _folder_of(root: str, name: str, archive_id: str) -> Folder:
    """The session's folder. One another archive wrote is set aside first: it may hold what ours lacks."""
    folder = Folder.open(root, name, create=True)
    found = session_file.read(folder).get("archive")
    if isinstance(found, str) and found != archive_id:
        folder.close()
        mark = hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        folder = Folder.set_aside(root, name, f"{name}.of-{mark}")
    return folder


def _trim(folder: Folder, epochs: list[dict[str, Any]], quota: int) -> None:
    """Take the digest from epochs whose snapshots are over the quota: oldest first, never the newest."""
    sizes = [
        (epoch, size)
        for epoch in epochs  # in order of number: as names, 100000 comes before 99999
        if epoch["snap_digest"] is not None and (size := folder.size(snap_name(epoch["epoch"])))
    ]
    total = sum(size for _, size in sizes)
    for epoch, size in sizes[:-1]:
        if not quota or total <= quota:
            break
        epoch.update(dirty=0, snap_digest=None, trimmed_bytes=size)
        total -= size


def _clean(folder: Folder, epochs: list[dict[str, Any]]) -> int:
    """How many trimmed snapshots were removed; those of numbers no epoch has any more go too."""
    keep = {epoch["epoch"] for epoch in epochs if epoch["snap_digest"] is not None}
    trimmed = {epoch["epoch"] for epoch in epochs if session_file.is_trimmed(epoch)}
    removed = 0
    for name in folder.names():
        found = SNAP.fullmatch(name)
        if found and int(found[1]) not in keep and folder.remove(name):
            removed += int(found[1]) in trimmed
    return removed
