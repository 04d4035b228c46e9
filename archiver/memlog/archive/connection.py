"""The one module that imports an SQLite binding, and the two ways an archive is opened.

A search loads it: it imports neither re, json, cbor2, typing, dataclasses nor logging.
"""

import os

from memlog.archive import body
from memlog.archive.extension import load
from memlog.contracts import APPLICATION_ID, ARCHIVE_VERSION, SQLITE_MIN
from memlog.errors import ArchiveError, NotFoundError, SqliteTooOldError
from memlog.paths import open_private

TYPE_CHECKING = False  # typing costs a search two milliseconds
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")
else:
    try:
        sqlite3 = load("pysqlite3", "_sqlite3")
    except ImportError:
        try:
            from pysqlite3 import dbapi2 as sqlite3
        except ImportError:
            import sqlite3

__all__ = [
    "Connection", "Error", "memlog_blob", "memlog_extra", "memlog_names", "memlog_says", "memlog_text",
    "open_reader", "open_writer", "quote_path", "register_functions", "require_version", "sqlite3",
    "wal_is_safe",
]  # fmt: skip

Connection = sqlite3.Connection
Error = sqlite3.Error
SQLITE_VERSION: tuple[int, ...] = tuple(map(int, sqlite3.sqlite_version.split(".")))
BINDING: str = sqlite3.__name__.partition(".")[0]

# Where the WAL-reset bug is mended: two connections that write and checkpoint at once
# lose pages under every other version from 3.7.0 on.
_MENDED = (3, 51, 3)
_BACKPORTS = ((3, 44, 6), (3, 50, 7))

_WRITER_PRAGMAS = (
    "PRAGMA page_size = 4096",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA secure_delete = ON",  # what is forgotten leaves no bytes in free pages
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 0",  # a checkpoint inside a commit doubles the worst stall
    "PRAGMA cache_size = -16000",  # KiB; more makes the witness larger and no faster
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 0",
    "PRAGMA foreign_keys = ON",
)
_READER_PRAGMAS = (
    "PRAGMA query_only = 1",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 0",
)

_OK, _DENY = 0, 1
_READ, _SELECT, _TRANSACTION, _FUNCTION, _SAVEPOINT, _RECURSIVE, _PRAGMA = 20, 21, 22, 31, 32, 33, 19
_READS = frozenset((_READ, _SELECT, _TRANSACTION, _SAVEPOINT, _RECURSIVE))
# Pragmas that only show: those that take the name of what they show, and those asked without a value.
_SHOWN = (
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
    "integrity_check", "quick_check",
)  # fmt: skip
_ASKED = (
    "application_id", "collation_list", "compile_options", "data_version", "database_list", "encoding",
    "foreign_key_check", "freelist_count", "function_list", "journal_mode", "module_list", "page_count",
    "page_size", "pragma_list", "query_only", "schema_version", "synchronous", "user_version",
    "wal_autocheckpoint",
)  # fmt: skip


def wal_is_safe(version: tuple[int, ...] | None = None) -> bool:
    """True when this SQLite may share a WAL between processes without losing pages."""
    found = SQLITE_VERSION if version is None else version
    if found >= _MENDED:
        return True
    return any(found[:2] == mended[:2] and found >= mended for mended in _BACKPORTS)


def require_version() -> None:
    """Nothing, or SqliteTooOldError naming the remedy."""
    if SQLITE_VERSION < SQLITE_MIN:
        raise SqliteTooOldError(
            f"SQLite {_dotted(SQLITE_VERSION)} ({BINDING}) cannot read the archive's index; "
            f"{_dotted(SQLITE_MIN)} or newer is needed"
        )


def open_writer(path: str) -> Connection:
    """The witness's connection; the file is made with mode 0600 where there is none.

    Limits: one process at a time, and it holds the witness's lock. Its pragmas: WAL, FULL, no
    automatic checkpoint. An SQLite with the WAL-reset bug writes new archives in journal_mode DELETE.
    Raises: SqliteTooOldError, UnsafePathError, ArchiveError.
    """
    require_version()
    os.close(open_private(path, os.O_RDWR | os.O_CREAT))  # wal and shm inherit its mode
    if not wal_is_safe() and _in_wal(path):
        raise SqliteTooOldError(
            f"SQLite {_dotted(SQLITE_VERSION)} ({BINDING}) may lose pages of a WAL archive when two "
            "processes checkpoint; it reads this archive and does not write it"
        )
    con = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        for pragma in _WRITER_PRAGMAS:
            con.execute(pragma)
        _check_identity(con, path)
        mode = "WAL" if wal_is_safe() else "DELETE"
        con.execute("PRAGMA journal_mode = WAL" if mode == "WAL" else "PRAGMA journal_mode = DELETE")
        register_functions(con)
    except sqlite3.Error as exc:
        con.close()
        raise ArchiveError(f"{path}: {exc}") from exc
    except BaseException:
        con.close()
        raise
    return con


def open_reader(path: str, *, immutable: bool = False, older: bool = False) -> Connection:
    """A connection that can only read: mode=ro, query_only, no ATTACH, no file made.

    immutable: for a file nobody writes, as on read-only media; misses what a WAL holds. older: also an
    archive whose schema is an earlier one, for who asks nothing of it that is new.
    Raises: NotFoundError when there is no archive yet; ArchiveError when it is gone, no archive, damaged,
    or of another version's schema; SqliteTooOldError.
    """
    require_version()
    if not os.path.exists(path):
        raise _absent(path)
    if os.path.isdir(path):
        raise ArchiveError(
            f"{path} is a directory, not an archive", hint=f"move {path} away, then memlog doctor"
        )
    uri = f"file:{quote_path(os.path.abspath(path))}?mode=ro" + ("&immutable=1" if immutable else "")
    try:
        con = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as exc:
        raise ArchiveError(f"{path} cannot be opened: {exc}") from exc
    try:
        for pragma in _READER_PRAGMAS:
            con.execute(pragma)
        version = _check_identity(con, path)
        if version == 0:
            raise _absent(path)
        if version < ARCHIVE_VERSION and not older:
            raise ArchiveError(
                f"{path} was written by an older memlog: its schema is {version}, this version reads "
                f"{ARCHIVE_VERSION}; the witness brings it up to date when it starts",
                hint="memlog admin migrate",
            )
        register_functions(con)
        con.set_authorizer(only_reads)
    except sqlite3.Error as exc:
        con.close()
        if _in_wal(path) and not os.access(os.path.dirname(os.path.abspath(path)), os.W_OK):
            raise ArchiveError(
                f"{path} cannot be read in a folder nobody may write: its log has no place there",
                hint=f"cp {path}* FOLDER, and read it there; a copy of memlog admin backup opens anywhere",
            ) from exc
        raise ArchiveError(f"{path} cannot be read: {exc}") from exc
    except BaseException:
        con.close()
        raise
    return con


def register_functions(con: Connection) -> None:
    """The functions our views and searches stand on; none of them ever raises."""
    con.create_function("memlog_text", 3, memlog_text, deterministic=True)
    con.create_function("memlog_extra", 2, memlog_extra, deterministic=True)
    con.create_function("memlog_blob", 2, memlog_blob, deterministic=True)
    con.create_function("memlog_says", 4, memlog_says, deterministic=True)
    con.create_function("memlog_names", 4, memlog_names, deterministic=True)


def memlog_text(packed: object, packing: object, text_bytes: object) -> str | bytes | None:
    """Text of a record's body; NULL for anything that is not one. The views cast it to text."""
    try:
        text = body.text_of(packed, packing, text_bytes)  # type: ignore[arg-type]
        # pysqlite3 cuts a function's text at its first NUL; a blob arrives whole.
        return text.encode("utf-8", "replace") if "\0" in text else text
    except Exception:  # noqa: BLE001 - an SQL function that raises ends the query of all other rows
        return None


def memlog_extra(packed: object, packing: object) -> str | None:
    """JSON of what a record's line held besides its text; NULL where there is nothing.

    Limits: NULL for a record of several parts: its slices mean something only when joined.
    """
    try:
        return body.extra_of(packed, packing)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - see memlog_text
        return None


def memlog_blob(packed: object, packing: object) -> bytes | None:
    """The blob as it was archived; NULL for a body that cannot be unpacked."""
    try:
        return body.unpack(packed, packing)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - see memlog_text
        return None


def memlog_says(packed: object, packing: object, text_bytes: object, words: object) -> bool | None:
    """Whether a record's text has each of these versions, a line each, as typed; NULL without a text."""
    from memlog.archive import versions

    return _of_text(versions.stand, (packed, packing, text_bytes), words)


def memlog_names(packed: object, packing: object, text_bytes: object, paths: object) -> int | None:
    """How many of these files and folders, a line each, a record's text names; NULL without a text."""
    from memlog.archive import files

    return _of_text(files.named, (packed, packing, text_bytes), paths)


def _of_text(
    ask: "Callable[[bytes, str], T]", text: tuple[object, object, object], lines: object
) -> "T | None":
    try:
        return ask(body.raw_text_of(*text), str(lines))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - see memlog_text
        return None


def quote_path(path: str) -> str:
    """A path as the path of a file: URI; urllib would load re."""
    return "".join(
        chr(b) if 0x2D <= b <= 0x39 or 0x41 <= b <= 0x5A or 0x61 <= b <= 0x7A or b == 0x5F else f"%{b:02X}"
        for b in os.fsencode(path)
    )


def only_reads(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Authorizer of a connection that can read and nothing else: no write, no ATTACH, no extension."""
    if action in _READS:
        return _OK
    if action == _FUNCTION:
        return _DENY if second == "load_extension" else _OK
    if action == _PRAGMA and (first in _SHOWN or (first in _ASKED and second is None)):
        return _OK
    return _DENY


def _absent(path: str) -> NotFoundError | ArchiveError:
    """No archive yet; or one that is gone, where a snapshot tree tells that there was one."""
    try:
        with os.scandir(os.path.dirname(os.path.abspath(path))) as entries:
            full = any(os.path.isfile(os.path.join(entry.path, "session.json")) for entry in entries)
    except OSError:
        full = False
    if not full:
        return NotFoundError(f"there is no archive yet at {path}", hint="memlog up")
    state = "empty" if os.path.exists(path) else "gone"
    return ArchiveError(
        f"{path} is {state}, and the snapshot tree beside it holds sessions",
        hint="memlog admin rebuild archive --from-tree",
    )


def _check_identity(con: Connection, path: str) -> int:
    """user_version; 0 for a file that is still empty."""
    application: int = con.execute("PRAGMA application_id").fetchone()[0]
    version: int = con.execute("PRAGMA user_version").fetchone()[0]
    empty = not application and not version
    if empty and con.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        return 0
    if application != APPLICATION_ID:
        raise ArchiveError(f"{path} is an SQLite file, but not an archive of memlog")
    if version > ARCHIVE_VERSION:
        raise ArchiveError(
            f"{path} was written by a newer memlog: its schema is {version}, "
            f"this version knows {ARCHIVE_VERSION}",
            hint="pip install --upgrade memlog-recorder",
        )
    return version


def _in_wal(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(20)[18:20] == b"\x02\x02"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
