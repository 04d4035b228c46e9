"""One transaction of the writer, and what SQLite says of it in our words."""

from types import TracebackType
from typing import TYPE_CHECKING

from memlog.archive.connection import Connection, sqlite3
from memlog.errors import ArchiveError, UnavailableError

if TYPE_CHECKING:
    from memlog.archive.store import Archive

_BUSY = ("database or disk is full", "disk I/O error", "database is locked", "unable to open", "readonly")
_MOST_SESSIONS = 2_000


class Transaction:
    """The archive's own: BEGIN IMMEDIATE, then COMMIT, or ROLLBACK when anything is raised."""

    __slots__ = ("_archive",)

    def __init__(self, archive: "Archive") -> None:
        self._archive = archive

    def __enter__(self) -> Connection:
        archive = self._archive
        try:
            archive.con.execute("BEGIN IMMEDIATE")
            version = archive.con.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as exc:
            raise translate(exc, archive.home.archive) from exc
        if version != archive.data_version or len(archive.sessions) > _MOST_SESSIONS:
            archive.sessions.clear()  # somebody else wrote: what is remembered may be old
            archive.data_version = version
        return archive.con

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        archive = self._archive
        if exc is None:
            try:
                archive.con.execute("COMMIT")
                return
            except sqlite3.Error as failure:
                exc = failure
        archive.sessions.clear()
        if archive.con.in_transaction:
            try:
                archive.con.execute("ROLLBACK")
            except sqlite3.Error:
                pass  # the first error is the one to tell
        if isinstance(exc, sqlite3.Error):
            raise translate(exc, archive.home.archive) from exc


def translate(exc: sqlite3.Error, path: str) -> UnavailableError | ArchiveError:
    """An SQLite error as one of ours: what may pass by itself, or what a human must look at."""
    words = str(exc)
    if any(word in words for word in _BUSY):
        hint = f"make room where {path} lies, then the same again" if "full" in words else None
        return UnavailableError(f"{path} cannot be written now: {words}", hint=hint)
    return ArchiveError(f"{path}: {words}")
