"""What an address leaves unsaid of an archive: which columns of a view, or else its overview."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from datasette_memlog import archives, describe
from datasette_memlog.answering import App, Receive, Scope, Send


class Brief:
    """A view asked for without saying which columns shows those a person reads; `_all=1` shows all.

    The front page of one archive and nothing else is its overview.

    Facets are not suggested (Datasette would try each of 28 columns), and a large archive's rows are
    not counted for a page.
    """

    def __init__(self, app: App, datasette: Any) -> None:
        self.app = app
        self.datasette = datasette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            scope = self._asked(scope)
        await self.app(scope, receive, send)

    def _asked(self, scope: Scope) -> Scope:
        path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace").partition("?")[0]
        if path == self.datasette.urls.instance() and (alone := self._alone()):
            place = f"{self.datasette.urls.database(alone)}/-/overview"
            return {**scope, "path": unquote(place), "raw_path": place.encode()}
        for name in archives.names(self.datasette):
            place, _, rest = path.removeprefix(self.datasette.urls.database(name)).partition("/v_")
            if not place and rest:
                view, _, form = f"v_{rest}".partition(".")
                return self._narrowed(scope, name, view, form)
        return scope

    def _alone(self) -> str | None:
        """The archive, where nothing else is served: Datasette's own front page counts all its tables."""
        names = archives.names(self.datasette)
        alone = len(names) == 1 == sum(not name.startswith("_") for name in self.datasette.databases)
        return names[0] if alone and archives.is_current(self.datasette, names[0]) else None

    def _narrowed(self, scope: Scope, name: str, view: str, form: str) -> Scope:
        db = self.datasette.databases[name]
        given = parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
        # The filter form sends its empty search box along, which Datasette takes for a search.
        asked = [(key, value) for key, value in given if (key, value) != ("_search", "")]
        keys = {key for key, _ in asked}
        if "_nosuggest" not in keys:
            asked.append(("_nosuggest", "1"))
        if view == "v_record" and "_nocount" not in keys and db.size > describe.COUNTED_BYTES:
            asked.append(("_nocount", "1"))
        if (
            form in ("", "md")
            and not keys & {"_col", "_nocol", "_all"}
            and archives.is_current(self.datasette, name)
        ):
            asked += [("_col", column) for column in describe.BRIEF.get(view, ())]
        return {**scope, "query_string": urlencode(asked).encode()}
