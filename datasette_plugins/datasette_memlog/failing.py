"""The page that says why there is none: in the frame of the others, so that it leads on."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Response
from datasette.utils.asgi import Base400, Forbidden
from datasette.views.base import DatasetteError

from datasette_memlog import archives, asking

NO_PLACE = "no such table: -"  # what Datasette makes of /archive/-/nothing: a row of a table
TITLES = {400: "That cannot be asked", 404: "Not here", 503: "It takes too long"}
SLOW = "The query took longer than sql_time_ms allows."


def page(datasette: Any, request: Any, exception: Exception) -> Callable[[], Awaitable[Response]] | None:
    """What answers instead of Datasette's bare page; None where that, or its JSON, is the answer."""
    path = request.path.partition("?")[0]
    known = isinstance(exception, Base400 | DatasetteError) and not isinstance(exception, Forbidden)
    db = _near(datasette, path)
    if not known or db is None:
        return None
    status = int(getattr(exception, "status", 400))
    status = 400 if status == 500 else status  # what 0.65 says of a column that is none
    title, said = getattr(exception, "title", None), str(exception.args[0] if exception.args else "")
    if isinstance(exception, DatasetteError):
        said = SLOW if exception.message_is_html else str(exception.message)
    if NO_PLACE in said:
        status, title, said = 404, None, "No such page"
    elif path.rpartition("/")[2].count("."):  # a file: its reader wants no page
        return None
    if path.endswith(".json"):
        body = {"ok": False, "error": said, "status": status, "title": title}
        return _answering(Response.json(body, status=status))

    async def shown() -> Response:
        words = {"title": title or TITLES.get(status, f"Error {status}"), "said": said}
        return await asking.page(datasette, request, db, "memlog_failing.html", status=status, **words)

    return shown


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
