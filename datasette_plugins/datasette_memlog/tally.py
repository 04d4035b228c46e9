"""SQL that Datasette asks for a reader: how it ended, for the answer; and never on all the threads."""

import asyncio
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from datasette.utils import sqlite3

FILES = (".csv", ".jsonl", ".md", ".cbor")  # forms that have no place for "and there is more"


class Ended:
    """How the SQL of one request ended: with an error, or with more rows than the answer has."""

    def __init__(self, table: bool = False) -> None:
        self.table = table  # of a table or a view: a page has a row more than it shows where another follows
        self.error = ""
        self.more = False

    def refusal(self, path: str, query: dict[str, str]) -> str:
        """Why a file is not given: it would be empty, or be taken for the whole."""
        if not path.endswith(FILES):
            return ""
        if self.error:
            return f"{self.error}\n"
        if not self.more or "_stream" in query or query.get("_size", "").isdigit():
            return ""
        return (
            "There are more rows than one answer gives, and this form cannot say so. Narrow it, ask for a "
            "part (&_size=100 of a table, LIMIT in SQL); all of it: memlog export, memlog query sql.\n"
        )


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
