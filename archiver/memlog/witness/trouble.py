"""Which errors are the disk's or the database's, and pass; the others belong to one record."""

import errno

from memlog.archive.connection import sqlite3
from memlog.errors import ArchiveError

# SQLite's primary result codes.
_BUSY, _LOCKED, _NOMEM, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 7, 8, 10, 11, 13, 14, 26
_PASSING = frozenset((_BUSY, _LOCKED, _NOMEM, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB))
_WORDS = {_FULL: "disk full", _READONLY: "read-only", _IOERR: "I/O error", _CANTOPEN: "cannot be opened"}
_FULL_ERRNO = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_storage(exc: BaseException) -> bool:
    """True for what no record is to blame for: try the same batch again later."""
    if isinstance(exc, sqlite3.Error):
        return _code(exc) in _PASSING
    return isinstance(exc, (OSError, MemoryError, ArchiveError))


def needs_reopening(exc: BaseException) -> bool:
    """True where the connection must not be used again.

    After a failed fsync the kernel has dropped the pages: a second fsync that succeeds proves
    nothing, so the database is closed and what it holds is read anew.
    """
    if isinstance(exc, sqlite3.Error):
        return _code(exc) not in (_BUSY, _LOCKED, _FULL)
    return not (isinstance(exc, OSError) and exc.errno in _FULL_ERRNO)


def sentence(exc: BaseException) -> str:
    """What a person is told."""
    if isinstance(exc, sqlite3.Error):
        return f"{_WORDS.get(_code(exc), 'database')}: {exc}"
    if isinstance(exc, OSError):
        word = "disk full" if exc.errno in _FULL_ERRNO else "I/O error"
        return f"{word}: {exc.strerror or exc}" + (f": {exc.filename}" if exc.filename else "")
    return f"{type(exc).__name__}: {exc}"


def _code(exc: sqlite3.Error) -> int:
    return int(getattr(exc, "sqlite_errorcode", 0) or 0) & 0xFF
