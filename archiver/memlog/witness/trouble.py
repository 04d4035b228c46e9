"""Which errors are the disk's or the database's, and pass; the others belong to one record."""

import errno

from memlog.archive.connection import sqlite3
from memlog.errors import ArchiveError, UnavailableError

# SQLite's primary result codes.
_BUSY, _LOCKED, _NOMEM, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = (
    5,
    6,
    7,
    8,
    10,
    11,
    13,
    14,
    26,
)
_PASSING = frozenset((_BUSY, _LOCKED, _NOMEM, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB))
_WORDS = {_FULL: "disk full", _READONLY: "read-only", _IOERR: "I/O error", _CANTOPEN: "cannot be opened"}
_FULL_ERRNO = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_storage(exc: BaseException) -> bool:
    """True for what no record is to blame for: try the same batch again later."""
    code = _code(exc)
    if code is not None:
        return code in _PASSING
    return isinstance(exc, (OSError, MemoryError, ArchiveError, UnavailableError))


def needs_reopening(exc: BaseException) -> bool:
    """True where the connection must not be used again.

    After a failed fsync the kernel has dropped the pages: a second fsync that succeeds proves
    nothing, so the database is closed and what it holds is read anew.
    """
    code = _code(exc)
    if code is not None:
        return code not in (_BUSY, _LOCKED, _FULL)
    return not (isinstance(exc, OSError) and exc.errno in _FULL_ERRNO)


def is_lasting(exc: BaseException) -> bool:
    """True for an archive that waiting does not mend: not one, damaged, or made by a newer memlog."""
    return isinstance(exc, ArchiveError) and _code(exc) in (None, _CORRUPT, _NOTADB)


def sentence(exc: BaseException) -> str:
    """What a person is told."""
    code = _code(exc)
    if code is not None:
        return f"{_WORDS.get(code, 'database')}: {exc}"
    if isinstance(exc, OSError):
        word = "disk full" if exc.errno in _FULL_ERRNO else "I/O error"
        return f"{word}: {exc.strerror or exc}" + (f": {exc.filename}" if exc.filename else "")
    return f"{type(exc).__name__}: {exc}"


def _code(exc: BaseException) -> int | None:
    """SQLite's primary code, also of an error the archive translated; None where SQLite said nothing."""
    found = exc if isinstance(exc, sqlite3.Error) else exc.__cause__
    if not isinstance(found, sqlite3.Error):
        return None
    return int(getattr(found, "sqlite_errorcode", 0) or 0) & 0xFF
