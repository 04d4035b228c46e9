"""The archive without free pages and with its index in one piece.

A compact copy is made beside it and poured back in one transaction: who reads sees the old or the new one,
and who is killed on the way leaves the archive as it was.
"""

import os
from collections.abc import Iterator

from memlog.archive import scrub
from memlog.archive.connection import Connection, sqlite3
from memlog.archive.store import Archive
from memlog.archive.transaction import translate
from memlog.errors import ArchiveError, UnavailableError
from memlog.paths import open_private

Step = tuple[int, int, str]

COPY_SQL = "VACUUM INTO :path"
CHECK_SQL = "PRAGMA quick_check(1)"

_PAGES = 2_000
_SPARE_BYTES = 16 << 20


def compact(archive: Archive) -> Iterator[Step]:
    """Make it so; rings are drained between the steps, but wait while the copy is made and poured back.

    Raises: UnavailableError where the disk has no room for the copy and for the log, before anything is done.
    """
    target = copy_path(archive)
    _remove(target)
    require_room(archive)
    for note in scrub.index(archive, always=True):
        yield 0, 0, note
    yield from _steps(scrub.log(archive))
    yield 0, 0, "a compact copy"
    try:
        _copy(archive, target)
        yield 0, 0, "pouring it back"
        _pour(archive, target)
    except sqlite3.Error as exc:
        raise translate(exc, archive.home.archive) from exc
    finally:
        _remove(target)
    archive.forget_cached()
    yield from _steps(scrub.log(archive))


def copy_path(archive: Archive) -> str:
    return f"{archive.home.archive}.compact.tmp"


def size_of(archive: Archive) -> int:
    """Bytes of the archive's file."""
    return os.stat(archive.home.archive).st_size


def require_room(archive: Archive) -> None:
    """Nothing, or UnavailableError: twice the archive is written before the old pages are given back."""
    needed = 2 * size_of(archive) + _SPARE_BYTES
    found = os.statvfs(archive.home.root)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise UnavailableError(
            f"no room to compact {archive.home.archive}: {needed >> 20:,} MB are needed, {free >> 20:,} MB "
            "are free; it is as it was",
            hint="make room, then: memlog admin compact",
        )


def _copy(archive: Archive, target: str) -> None:
    os.close(open_private(target, os.O_RDWR | os.O_CREAT | os.O_EXCL))  # VACUUM fills an empty file
    archive.con.execute(COPY_SQL, {"path": target})


def _pour(archive: Archive, target: str) -> None:
    copy: Connection = sqlite3.connect(target, isolation_level=None)
    try:
        (found,) = copy.execute(CHECK_SQL).fetchone()
        if found != "ok":
            raise ArchiveError(f"the archive is damaged, not compacted: {found}", hint="memlog admin verify")
        copy.backup(archive.con, pages=_PAGES)
    finally:
        copy.close()


def _steps(notes: Iterator[str]) -> Iterator[Step]:
    return ((0, 0, note) for note in notes)


def _remove(target: str) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        try:
            os.unlink(target + suffix)
        except FileNotFoundError:
            pass
