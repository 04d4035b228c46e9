"""SQL that Datasette asks for a reader: how it ended, for the answer; and never on all the threads."""

import asyncio
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

from datasette.utils import sqlite3

FILES = (".csv", ".jsonl", ".md", ".cbor")  # forms that have no place for "and there is more"
ARRAYS = ("array", "arrayfirst")  # shapes of JSON that have none; of a table the next page is in a header
MORE = (
    "There are more rows than one answer gives, and this form cannot say so. Narrow it, ask for a "
    "part (&_size=100 of a table, LIMIT in SQL){}; all of it: memlog export, memlog query sql."
)
STREAMED = ", or for all of it as CSV (&_stream=on)"


class Ended:
    """How the SQL of one request ended: with an error, or with more rows than the answer has."""

    def __init__(self, table: bool = False, streams: bool = False) -> None:
        self.table = table  # of a table or a view: a page has a row more than it shows where another follows
        self.streams = streams  # a table's .csv may be asked for whole
        self.error = ""
        self.more = False

    def refusal(self, path: str, query: dict[str, str]) -> str:
        """Why a file is not given: it would be empty, or be taken for the whole.

        query: by name what Datasette takes of the arguments. SQL knows no part, and only a table's CSV
        is streamed: an argument that means nothing where it stands makes no file whole.
        """
        shaped = path.endswith(".json") and not self.table and query.get("_shape") in ARRAYS
        if not shaped and not path.endswith(FILES):
            return ""
        if self.error and not shaped:
            return self.error
        streams = self.table and self.streams and path.endswith(".csv")
        size = query.get("_size", "")
        part = self.table and size.isascii() and size.isdigit()
        if not self.more or part or (streams and query.get("_stream")):
            return ""
        return MORE.format(STREAMED if streams else "")


def arguments(query: bytes) -> dict[str, str]:
    """Of each name the value Datasette takes: the first, be it empty."""
    given = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    return dict(reversed(given))


current: ContextVar[Ended | None] = ContextVar("memlog_ended", default=None)
# A semaphore belongs to the loop it first waited in.
_turns: WeakKeyDictionary[Any, asyncio.Semaphore] = WeakKeyDictionary()


def keep(datasette: Any, db: Any) -> None:
    """The database's execute() tells the request it is asked in; the questions of our pages go past it.

    truncate: what Datasette says of a reader's own SQL and of the rows of a table, and of nothing else.
    One thread fewer than there are is theirs, so that a page is made meanwhile.
    """
    execute = db.execute

    async def kept(sql: str, params: Any = None, truncate: bool = False, **more: Any) -> Any:
        if not truncate:
            return await execute(sql, params, truncate=truncate, **more)
        ended = current.get() or Ended()
        loop = asyncio.get_running_loop()
        threads = datasette.setting("num_sql_threads")
        try:
            async with _turns.setdefault(loop, asyncio.Semaphore(max(threads - 1, 1))):
                found = await execute(sql, params, truncate=True, **more)
        except (sqlite3.ProgrammingError, sqlite3.Warning) as exc:  # two statements: the reader's own fault
            ended.error = str(exc)
            raise sqlite3.OperationalError(str(exc)) from exc
        except Exception as exc:
            ended.error = _said(exc)
            raise
        size = more.get("page_size") or datasette.page_size
        ended.more = found.truncated or (ended.table and len(found.rows) > size)
        return found

    db.execute = kept


def _said(exc: Exception) -> str:
    first = exc.args[0] if exc.args else exc
    interrupted = "interrupted" in str(first)
    return "it took longer than sql_time_ms allows" if interrupted else str(first)
