"""The page that says why there is none: in the frame of the others, so that it leads on."""

import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from datasette import Response
from datasette.utils import sqlite3
from datasette.utils.asgi import Base400, Forbidden, Request
from datasette.views.base import DatasetteError

from datasette_memlog import archives, asking, describe

NO_PLACE = "no such table: -"  # what Datasette makes of /archive/-/nothing: a row of a table
NO_ROWS = "no such column: rowid"  # and of /archive/v_record/1
RECORD = "/{}/-/record/1"
TITLES = {
    400: "That cannot be asked", 404: "Not here", 500: "This page failed", 503: "It takes too long",
}  # fmt: skip
# What Datasette's own pages raise at an argument they take for a number, or for JSON.
UNREADABLE = (ValueError, OverflowError, TypeError, sqlite3.IntegrityError)
SLOW = "The query took longer than sql_time_ms allows."


def page(datasette: Any, request: Any, exception: Exception) -> Callable[[], Awaitable[Response]] | None:
    """What answers instead of Datasette's bare page; None where that, or its JSON, is the answer."""
    path = request.path.partition("?")[0]
    db = _near(datasette, path)
    if isinstance(exception, Forbidden | ConnectionError) or db is None:  # the latter: nobody reads it
        return None
    status, title, said = _told(datasette, db, path, exception)
    if path.endswith(".json"):
        body = {"ok": False, "error": said, "status": status, "title": title}
        return _answering(Response.json(body, status=status))
    if _is_file(path) and not _browses(request.scope.get("headers") or ()):
        return _answering(Response.text(f"{said}\n", status=status))

    async def shown() -> Response:
        words = {"title": title or TITLES.get(status, f"Error {status}"), "said": said}
        return await asking.page(datasette, request, db, "memlog_failing.html", status=status, **words)

    return shown


async def refused(datasette: Any, scope: dict[str, Any], why: str) -> tuple[str, bytes]:
    """Why a file is not given: a page for a browser, a line for a program; and which of the two it is."""
    db = _near(datasette, scope["path"])
    if db is None or not _browses(scope.get("headers") or ()):
        return f"{why}\n", b"plain"
    words = {"title": "Not as one file", "said": why}
    request = Request(
        {**scope, "csrftoken": str}, None
    )  # the form that has a token is inside of us: no form here
    shown = await asking.page(datasette, request, db, "memlog_failing.html", 400, **words)
    return str(shown.body), b"html"


def _told(datasette: Any, db: Any, path: str, exception: Exception) -> tuple[int, str | None, str]:
    """Status, title and words."""
    said = str(exception.args[0] if exception.args else "")
    title = getattr(exception, "title", None)
    if isinstance(exception, DatasetteError):
        said = SLOW if exception.message_is_html else str(exception.message)
    elif not isinstance(exception, Base400):
        if isinstance(exception, UNREADABLE) and "/-/" not in path:
            return 400, None, f"An argument of this address cannot be read: {said[:200]}."
        traceback.print_exception(exception)  # ours to mend: whoever serves sees where
        return 500, None, f"{type(exception).__name__}: {said[:200]}"
    if NO_PLACE in said:
        return 404, None, "No such page"
    view, _, row = path.removeprefix(datasette.urls.database(db.name) + "/").partition("/")
    if NO_ROWS in said and view in describe.VIEWS and row:
        said = f"Rows of {view} have no pages of their own: a record's is {RECORD.format(db.name)}."
        return 404, None, said
    status = int(getattr(exception, "status", 400))
    return (400 if status == 500 else status), title, said  # 500: what 0.65 says of a column that is none


def _is_file(path: str) -> bool:
    return "." in path.rpartition("/")[2]


def _browses(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """A browser asks, which shows a page."""
    return any(name.lower() == b"accept" and b"text/html" in value for name, value in headers)


def _near(datasette: Any, path: str) -> Any:
    """The archive an address lies in, or the only one there is."""
    found = archives.names(datasette)
    for name in found:
        place = datasette.urls.database(name)
        if path == place or path.startswith((f"{place}/", f"{place}.")):
            return datasette.databases[name]
    alone = len(found) == 1 == sum(not name.startswith("_") for name in datasette.databases)
    return datasette.databases[found[0]] if alone else None


def _answering(response: Response) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return response

    return answer
