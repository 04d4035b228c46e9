"""SQL of the person's own: one statement that only reads, bounded in time, rows and bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Timer
from time import monotonic
from typing import Any

from memlog.archive.connection import Connection, Error, sqlite3
from memlog.errors import QueryError

READS = ("SELECT", "WITH", "VALUES", "EXPLAIN")
CELL_BYTES = 1 << 20  # of one value; longer ones are cut and say so
ANSWER_BYTES = 32 << 20
HEAP_BYTES = 256 << 20
_STEPS = 1_000  # virtual machine instructions between two looks at the clock
HEAP_SQL = "PRAGMA hard_heap_limit = 268435456"


@dataclass(frozen=True, slots=True)
class Answer:
    """columns: names, made distinct; rows: values. cut: why there would have been more, or None."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    cut: str | None


def run(
    con: Connection, sql: str, values: Mapping[str, Any] | None = None, *, time_ms: int, rows: int
) -> Answer:
    """What one SELECT gives.

    Raises: QueryError: it is no SELECT, is wrong, writes, needs more memory than HEAP_BYTES, or
    runs longer than time_ms.
    """
    _only_reads(sql)
    stop_at = monotonic() + time_ms / 1_000
    late = False

    def look() -> bool:
        nonlocal late
        late = late or monotonic() > stop_at
        return late

    def stop() -> None:
        nonlocal late
        late = True
        con.interrupt()

    con.set_progress_handler(look, _STEPS)
    # A few instructions may take seconds, where each makes a value of megabytes.
    timer = Timer(time_ms / 1_000, stop)
    timer.daemon = True
    timer.start()
    try:
        cursor = con.execute(sql, values or {})
        return _collect(cursor, rows)
    except MemoryError as exc:
        raise QueryError(f"the query needs more than {HEAP_BYTES >> 20} MB of memory", hint=_HINT) from exc
    except (Error, sqlite3.Warning, UnicodeEncodeError, ValueError, OverflowError) as exc:
        if late:
            raise QueryError(f"the query ran longer than {time_ms} ms", hint=_LONGER) from exc
        raise QueryError(_why(str(exc)), hint=_HINT) from exc
    finally:
        timer.cancel()
        timer.join()  # it must not end what is asked next
        con.set_progress_handler(None, 0)


_HINT = "memlog query sql --help"
_LONGER = "MEMLOG_SQL_TIME_MS=60000 memlog query sql …"
_MORE = "MEMLOG_SQL_ROWS=100000 memlog query sql …, or memlog export sqlite -o FILE"


def limit_heap() -> None:
    """Bound the memory of SQLite in this whole process, for good: a value may be as large as it likes."""
    con = sqlite3.connect(":memory:")
    con.execute(HEAP_SQL)
    con.close()


def _collect(cursor: Any, limit: int) -> Answer:
    if cursor.description is None:
        raise QueryError("the statement gives no rows; only SELECT is run here", hint=_HINT)
    found: list[tuple[Any, ...]] = []
    size, cut = 0, None
    for row in cursor:
        if len(found) >= limit:
            cut = f"only the first {limit:,} rows are shown\nnext: {_MORE}"
            break
        row = tuple(_cell(value) for value in row)
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if size > ANSWER_BYTES:
            cut = f"only the first {len(found):,} rows are shown: they hold {ANSWER_BYTES >> 20} MB"
            break
        found.append(row)
    cursor.close()
    return Answer(_distinct([column[0] for column in cursor.description or ()]), found, cut)


def _cell(value: Any) -> Any:
    if isinstance(value, (str, bytes)) and len(value) > CELL_BYTES:
        return (
            f"{value[:CELL_BYTES]!r}[{len(value) - CELL_BYTES} more]"
            if isinstance(value, bytes)
            else (f"{value[:CELL_BYTES]}[{len(value) - CELL_BYTES} more]")
        )
    return value


def _distinct(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        one, n = name, 2
        while one in found:
            one, n = f"{name}:{n}", n + 1
        found.append(one)
    return found


def _only_reads(sql: str) -> None:
    words = _without_comments(sql).lstrip("( \n\t\r").split(None, 1)
    first = words[0].upper() if words else ""
    if not first:
        raise QueryError("say what to select", hint=_HINT)
    if not first.startswith(READS):
        raise QueryError(f"only SELECT is run here, not {words[0][:20]}", hint=_HINT)


def _without_comments(sql: str) -> str:
    """The statement from its first word on."""
    while True:
        sql = sql.lstrip()
        if sql.startswith("--"):
            sql = sql.partition("\n")[2]
        elif sql.startswith("/*"):
            sql = sql.partition("*/")[2]
        else:
            return sql


def _why(message: str) -> str:
    if "not authorized" in message or "readonly" in message or "prohibited" in message:
        return f"only reading is allowed here: {message}"
    if message.startswith("You did not supply a value"):
        return "a :NAME in it has no value; -p NAME VALUE gives one"
    return message
