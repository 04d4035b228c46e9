"""A copy of the archive as it was before a migration: the way back to the version that wrote it."""

import os
import re
from collections.abc import Callable

from memlog.archive.connection import Connection, sqlite3
from memlog.errors import ArchiveError, UnavailableError
from memlog.paths import open_private, sync_dir

Told = Callable[[int, int], object]

PATH_SQL = "SELECT file FROM pragma_database_list WHERE name = 'main'"
SIZE_SQL = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
WHOSE_SQL = "SELECT user_version, archive_id FROM pragma_user_version, archive"
_SPARE_BYTES = 16 << 20  # for what the witness writes meanwhile
_STEP_PAGES, _PAGE_BYTES = 4_096, 4_096
_NAME = re.compile(r"\.before-[0-9]+$")


def keep(con: Connection, version: int, told: Told | None = None) -> str:
    """Path of a whole copy, `archive.db.before-<version>`; the one of an earlier migration is then removed.

    The copy is a file of its own, in journal_mode DELETE, mode 0600, checked and on disk. The one that a
    migration cut short between two of its steps made is kept: what is there now is halfway.
    told: called with bytes copied and bytes to copy.
    Raises: UnavailableError where the disk has no room for it; ArchiveError for a damaged archive.
    """
    (path,) = con.execute(PATH_SQL).fetchone()
    target = f"{path}.before-{version}"
    if _is_of_before(con, target):
        return target
    temporary = f"{target}.tmp"
    _require_room(con, path)
    try:
        _copy(con, temporary, told)
        _check(temporary)
        os.rename(temporary, target)
    except (OSError, sqlite3.Error) as exc:
        raise _failed(target, exc) from exc
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            if os.path.lexists(temporary + suffix):
                os.unlink(temporary + suffix)
    sync_dir(os.path.dirname(path))
    for other in copies(path):
        if other != target:
            os.unlink(other)
    return target


def copies(path: str) -> list[str]:
    """The copies that earlier migrations of this archive left."""
    folder, name = os.path.split(path)
    return sorted(
        os.path.join(folder, found)
        for found in os.listdir(folder)
        if found.startswith(name) and _NAME.fullmatch(found, len(name))
    )


def leftovers(path: str) -> list[str]:
    """Every copy of an archive beside it, whole or half: of a migration, a rebuild, a compact, a restore."""
    folder, name = os.path.split(path)
    own = [name, *(name + suffix for suffix in ("-wal", "-shm", "-journal"))]
    found = [other for other in os.listdir(folder) if other.startswith((f"{name}.", f"{name}-"))]
    return sorted(os.path.join(folder, other) for other in found if other not in own)


def _is_of_before(con: Connection, target: str) -> bool:
    """True for a copy of this very archive at an earlier schema than it has now."""
    if not os.path.exists(target):
        return False
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        copy.execute("PRAGMA query_only = 1")
        (then, whose), (now, ours) = (one.execute(WHOSE_SQL).fetchone() for one in (copy, con))
        return bool(then < now and whose == ours)
    except sqlite3.Error:
        return False
    finally:
        copy.close()


def _require_room(con: Connection, path: str) -> None:
    needed = int(con.execute(SIZE_SQL).fetchone()[0]) + _SPARE_BYTES
    found = os.statvfs(os.path.dirname(path))
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise UnavailableError(
            f"no room for the copy of {path} that is made before it is migrated: {needed >> 20:,} MB are "
            f"needed, {free >> 20:,} MB are free; the archive is as it was",
            hint="make room, then: memlog admin migrate",
        )


def _copy(con: Connection, path: str, told: Told | None) -> None:
    """The archive at one moment, without its write-ahead log."""

    def step(status: int, left: int, total: int) -> None:
        if told is not None:
            told((total - left) * _PAGE_BYTES, total * _PAGE_BYTES)

    os.close(open_private(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC))
    copy = sqlite3.connect(path, isolation_level=None)
    try:
        con.backup(copy, pages=_STEP_PAGES, progress=step)
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()
    fd = open_private(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _check(path: str) -> None:
    copy = sqlite3.connect(path, isolation_level=None)
    try:
        copy.execute("PRAGMA query_only = 1")
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    finally:
        copy.close()
    if found != "ok":
        raise ArchiveError(
            f"the archive is damaged, and is not migrated: {found}", hint="memlog admin verify"
        )


def _failed(target: str, exc: Exception) -> UnavailableError:
    return UnavailableError(
        f"{target} cannot be written: {exc}; the archive is as it was",
        hint="make room, then: memlog admin migrate",
    )
