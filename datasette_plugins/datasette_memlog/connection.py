"""What one of Datasette's connections to an archive may do: read, and not too much at once.

Datasette opens mode=ro and limits rows and time. That leaves ATTACH and VACUUM INTO, which make
files; memory, which nothing bounds; and steps so long that its time limit, looked at every thousand
steps, comes late.
"""

import os
import time
from typing import Any

from datasette.utils import sqlite3

from datasette_memlog import seam
from memlog.query import words
from memlog.query.filters import filtered
from memlog.query.functions import only_reads, register_functions
from memlog.query.paths import path_match
from memlog.query.selection import Selection, bindable
from memlog.query.trees import trees

RESULT_BYTES = 16 << 20  # of all rows of one result: as JSON up to six times that
# Of SQLite in this process: what a value or a sort may grow to (the binding lacks setlimit and keeps
# temporary tables in memory). A page of an archive stays below 30 MB.
HEAP_BYTES = 256 << 20
STEPS = 50  # between two looks at the time limit: a few rows
LIMITS = {
    "SQLITE_LIMIT_LENGTH": 1 << 20,
    "SQLITE_LIMIT_ATTACHED": 0,
    "SQLITE_LIMIT_LIKE_PATTERN_LENGTH": 1_000,
}
ANY = '{tags} : ("k"*)'  # every record has a kind
# No question about an archive needs them, and each makes a gigabyte in one step.
_NOT_CALLED = ("randomblob", "zeroblob")
_PRAGMA, _FUNCTION, _OK, _DENY = 19, 31, 0, 1


class Cursor(sqlite3.Cursor):  # type: ignore[misc]
    """A cursor whose results are bounded: more than RESULT_BYTES or HEAP_BYTES is an SQL error."""

    fetched = 0

    def execute(self, *arguments: Any) -> Any:
        self.fetched = 0
        try:
            return super().execute(*arguments)
        except MemoryError as exc:
            raise _too_much("the query needs more than", HEAP_BYTES) from exc

    def fetchmany(self, *arguments: Any) -> Any:
        try:
            return super().fetchmany(*arguments)
        except MemoryError as exc:
            raise _too_much("the query needs more than", HEAP_BYTES) from exc

    def fetchall(self) -> Any:
        try:
            return super().fetchall()
        except MemoryError as exc:
            raise _too_much("the query needs more than", HEAP_BYTES) from exc


class Connection(sqlite3.Connection):  # type: ignore[misc]
    """A connection that looks at the time limit often enough to keep it."""

    def cursor(self, *arguments: Any) -> Any:
        return super().cursor(*(arguments or (Cursor,)))

    def set_progress_handler(self, handler: Any, n: int) -> Any:
        return super().set_progress_handler(handler, min(n, STEPS))


def options(db: Any) -> str:
    """How its file is opened: `mode=ro`, or as it lies where no log of it can be kept.

    To read an archive somebody may write to, SQLite makes an index of its log beside it. On read-only
    media it cannot, and nobody writes: the file is all there is, but for a log that was left (`left`).
    """
    if not db.is_mutable:
        return "immutable=1"
    conn = sqlite3.connect(f"file:{db.path}?mode=ro", uri=True)
    try:
        conn.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:
        return "mode=ro" if os.access(os.path.dirname(os.path.abspath(db.path)), os.W_OK) else "immutable=1"
    finally:
        conn.close()
    return "mode=ro"


def left(db: Any) -> bool:
    """Its log holds records that are not read, as the file is opened as it lies."""
    log = f"{db.path}-wal"
    return os.path.exists(log) and os.path.getsize(log) > 0 and options(db) != "mode=ro"


def opened(db: Any, **how: Any) -> Any:
    """A new connection to its file."""
    return sqlite3.connect(f"file:{db.path}?{options(db)}", uri=True, **how)


def connect_through(db: Any) -> None:
    """Datasette's database object opens Connections of ours from now on."""
    how = options(db)
    db.memlog_file = _lies(db.path)

    def connect(write: bool = False) -> Any:
        conn = sqlite3.connect(f"file:{db.path}?{how}", uri=True, check_same_thread=False, factory=Connection)
        seam.opened(db).append(conn)
        return conn

    db.connect = connect


def replaced(db: Any) -> bool:
    """Another file lies in its place than the one its connections read, or none."""
    return hasattr(db, "memlog_file") and _lies(db.path) != db.memlog_file


def _lies(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def prepare(conn: Any) -> None:
    """Our functions, Datasette's search box on our index, and the limits."""
    register_functions(conn)
    conn.create_function("escape_fts", 1, lambda text: match_expression(text, conn), deterministic=True)
    conn.execute("PRAGMA query_only = 1")
    conn.execute(f"PRAGMA hard_heap_limit = {HEAP_BYTES}")
    if hasattr(conn, "setlimit"):
        for name, value in LIMITS.items():
            conn.setlimit(getattr(sqlite3, name), value)
    conn.row_factory = _counted
    conn.set_authorizer(_authorize)


def match_expression(text: object, conn: Any = None) -> str:
    """FTS5 expression of what was typed into a search box: never an error, `""` finds nothing.

    conn: the archive; the filters among the words are conditions of the table then (searching.py), and
    not searched for as words.
    """
    question = words.parse(str(text or ""))
    path: tuple[str, ...] = ()
    either: str | None = None
    neither: str | None = None
    taken = False
    if conn is not None and question.filters:
        rows, conn.row_factory = conn.row_factory, None
        try:
            chosen = filtered(conn, question, Selection(), time.time_ns())
            either, neither = trees(conn, chosen)
        finally:
            conn.row_factory = rows
        path, taken = chosen.path or (), bool(question.filters)
    else:
        for _, _, typed in question.filters:
            question.add(words.Term(typed))
    every = [question.every or "", *(path_match(bindable(one)) for one in path)]
    expression = " AND ".join([*(f"{{text}} : ({one})" for one in every if one), *filter(None, [either])])
    if not expression and (taken or question.exclude):
        expression = ANY
    left_out = [neither] if neither else []
    if not question.every and question.exclude:
        left_out.append(f"{{text}} : ({words.excluded(question)})")
    if left_out:
        return f"({expression}) NOT ({' OR '.join(left_out)})"
    return expression or '""'


def _authorize(action: int, first: str | None, second: str | None, *more: object) -> int:
    if action == _FUNCTION and second in _NOT_CALLED:
        return _DENY
    if action == _PRAGMA and first in seam.PRAGMAS:
        return _OK
    return only_reads(action, first, second, *more)


def _counted(cursor: Any, values: tuple[Any, ...]) -> Any:
    if isinstance(cursor, Cursor):
        cursor.fetched += sum(len(v) for v in values if isinstance(v, (str, bytes)))
        if cursor.fetched > RESULT_BYTES:
            raise _too_much("the result is larger than", RESULT_BYTES)
    return sqlite3.Row(cursor, values)


def _too_much(what: str, limit: int) -> Exception:
    error: Exception = sqlite3.OperationalError(f"{what} {limit >> 20} MB: ask for fewer rows or columns")
    return error
