"""Whether the files of the tree are what the archive wrote, and writing those again that are not."""

import hashlib
import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from memlog.archive import tree
from memlog.archive.connection import Connection
from memlog.archive.folder import Folder
from memlog.archive.snapshot import snap_name
from memlog.errors import UnsafePathError

if TYPE_CHECKING:
    from memlog.archive.store import Archive
    from memlog.settings import Settings

SNAPPED_SQL = """
SELECT e.id, s.dir, e.number, e.snap_digest FROM epoch e JOIN session s ON s.id = e.session_id
WHERE e.snap_digest IS NOT NULL ORDER BY s.dir, e.number
"""
NOW_SQL = """
SELECT s.dir, e.number, e.snap_digest FROM epoch e JOIN session s ON s.id = e.session_id
WHERE e.id = :epoch AND e.snap_digest IS NOT NULL
"""
DIRTY_SQL = "UPDATE epoch SET dirty = 1, snap_digest = NULL, snapped_ns = NULL WHERE id = :epoch"


class Fault(NamedTuple):
    """A snapshot that is not what the archive wrote."""

    epoch_id: int
    path: str
    what: str


def check(con: Connection, root: str) -> Iterator[Fault | None]:
    """One item a snapshot: what is wrong with it, or None."""
    for epoch, name, number, expected in con.execute(SNAPPED_SQL).fetchall():
        path = os.path.join(name, snap_name(number))
        what = _what_is_wrong(root, name, number, expected)
        yield None if what is None else Fault(epoch, path, what)


def still(con: Connection, root: str, fault: Fault) -> bool:
    """Whether a fault is one at this moment too: a snapshot that is being written passes for one."""
    row = con.execute(NOW_SQL, {"epoch": fault.epoch_id}).fetchone()
    return row is not None and _what_is_wrong(root, *row) is not None


def rewrite(
    archive: "Archive", settings: "Settings", args: dict[str, Any]
) -> Generator[tuple[int, int, str], None, dict[str, Any]]:
    """A job: every snapshot that is missing or changed is written again from the archive."""
    total = len(archive.con.execute(SNAPPED_SQL).fetchall())
    found: list[Fault] = []
    for done, fault in enumerate(check(archive.con, archive.home.root), 1):
        found += [fault] if fault is not None else []
        yield done, total, "snapshots compared"
    with archive.transaction():
        archive.con.executemany(DIRTY_SQL, [{"epoch": fault.epoch_id} for fault in found])
    written = tree.Written()
    while True:
        step = tree.write_dirty(archive, limit=1, open_too=True)
        written = written.plus(step)
        if not step.files:
            break
        yield total, total, f"{written.files} written"
    return {
        "compared": total, "faults": [fault.path for fault in found], "written": written.files,
        "refused": list(dict.fromkeys(f"{name}: {why}" for name, why in written.refused)),
    }  # fmt: skip


def _what_is_wrong(root: str, name: str, number: int, expected: bytes) -> str | None:
    digest = hashlib.sha256()
    try:
        with Folder.open(root, name) as folder, folder.reader(snap_name(number)) as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except FileNotFoundError:
        return "it is missing"
    except (UnsafePathError, OSError) as exc:
        return str(exc)
    return None if digest.digest() == expected else "its bytes are not what was written"
