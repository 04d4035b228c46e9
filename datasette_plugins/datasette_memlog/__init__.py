"""memlog's Datasette plugin: an archive reads well and safely, every other database stays as it was.

Works under `memlog serve` and under plain `datasette ~/.claude/memlog/archive.db`; the database is
called after its file.
"""
# mypy: disable-error-code="untyped-decorator"

from collections.abc import Callable
from typing import Any

from datasette import hookimpl
from datasette.utils import sqlite3
from datasette.utils.asgi import NotFound

from datasette_memlog import (
    archives,
    asking,
    assets,
    brief,
    bundles,
    columns,
    connection,
    describe,
    facts,
    failing,
    guard,
    labels,
    overview,
    pages,
    parts,
    queries,
    records,
    rendering,
    seam,
    searchbox,
    searching,
    sessions,
    tally,
)  # fmt: skip

__all__: list[str] = []


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """Before startup(), which in 1.0 comes after Datasette has read the schema of every database."""
    for name in archives.names(datasette):
        connection.connect_through(datasette.databases[name])
        tally.keep(datasette, datasette.databases[name])
    if archives.names(datasette):
        seam.allow_scripts(datasette, env)
        labels.label(env)


@hookimpl
def startup(datasette: Any) -> Callable[[], Any]:
    if archives.names(datasette):
        asking.prepare(datasette)

    async def describe_all() -> None:
        for name in archives.names(datasette):
            await seam.describe(datasette, name, describe.archive(datasette, name), queries.canned())

    return describe_all


@hookimpl(trylast=True)
def prepare_connection(conn: Any, database: str, datasette: Any) -> None:
    """Last, so that our escape_fts replaces Datasette's."""
    try:
        ours = archives.is_archive(conn)
    except sqlite3.OperationalError:  # of no file of ours: Datasette says what is wrong with it
        return
    if ours:
        connection.prepare(conn)


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    return lambda app: guard.Guard(assets.Assets(brief.Brief(app, datasette), datasette), datasette)


@hookimpl
def get_metadata(datasette: Any, key: str | None, database: str | None, table: str | None) -> dict[str, Any]:
    return {"databases": {name: describe.archive(datasette, name) for name in archives.names(datasette)}}


@hookimpl
def canned_queries(datasette: Any, database: str, actor: Any) -> dict[str, Any]:
    return queries.canned() if database in archives.names(datasette) else {}


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any) -> Any:
    if database not in archives.names(datasette):
        return None
    return columns.cell(datasette, database, table, row, column, value)


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    routes = [
        (r"/-/metrics$", pages.metrics_page),
        (r"/(?P<database>[^/.]+)/-/search$", searching.search_page),
        (r"/(?P<database>[^/.]+)/-/search\.json$", searching.search_json),
        (r"/(?P<database>[^/.]+)/-/overview$", overview.overview_page),
        (r"/(?P<database>[^/.]+)/-/sessions$", overview.sessions_page),
        (r"/(?P<database>[^/.]+)/-/session/(?P<name>[^/]+)$", sessions.session_page),
        (r"/(?P<database>[^/.]+)/-/session/(?P<name>[^/]+)/live$", sessions.live_page),
        (r"/(?P<database>[^/.]+)/-/session/(?P<name>[^/]+)/post-mortem\.zip$", bundles.bundle_file),
        (r"/(?P<database>[^/.]+)/-/facts/(?P<name>[^/]+)$", facts.facts_page),
        (r"/(?P<database>[^/.]+)/-/compaction/(?P<name>[^/]+)/(?P<epoch>\d{1,9})$", sessions.compaction_page),
        (r"/(?P<database>[^/.]+)/-/record/(?P<id>e?\d{1,19})$", records.record_page),
        (
            r"/(?P<database>[^/.]+)/-/record/(?P<id>e?\d{1,19})\.(?P<form>cbor|json|md|raw)$",
            records.record_file,
        ),
    ]
    return [(pattern, asking.read_only(view)) for pattern, view in routes]


@hookimpl
def register_output_renderer(datasette: Any) -> list[dict[str, Any]]:
    """.md, .jsonl and .cbor beside Datasette's .json and .csv, of archives only."""

    def made(render: Callable[..., Any]) -> Callable[..., Any]:
        def file(datasette: Any, database: str, rows: Any, columns: Any, table: str | None) -> Any:
            if database not in archives.names(datasette):
                raise NotFound("No such page")
            return render(rows, columns, table)

        return file

    def offered(datasette: Any, database: str, columns: Any) -> bool:
        return bool(columns) and database in archives.names(datasette)

    forms = {"md": rendering.markdown, "jsonl": rendering.json_lines, "cbor": rendering.cbor}
    return [{"extension": name, "render": made(form), "can_render": offered} for name, form in forms.items()]


@hookimpl
def filters_from_request(request: Any, database: str, table: str, datasette: Any) -> Any:
    """`key:value` in the search box of v_record."""
    return lambda: searchbox.narrowed(datasette, request, database, table)


@hookimpl
def menu_links(datasette: Any, actor: Any) -> list[dict[str, str]]:
    return describe.menu(datasette)


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    return failing.page(datasette, request, exception)


@hookimpl
def extra_css_urls(datasette: Any, database: str | None) -> list[str]:
    """Another database keeps its colours."""
    found = archives.names(datasette)
    if not found:
        return []
    files = ["memlog.css"] if database and database not in found else ["memlog.css", "dark.css"]
    return [assets.address(datasette, name) for name in files]


@hookimpl
def extra_js_urls(datasette: Any, database: str | None) -> list[dict[str, Any]]:
    """A name for the SQL editor, which a script puts in place of the field that has one."""
    if database not in archives.names(datasette):
        return []
    return [{"url": assets.address(datasette, "editor.js"), "module": True}]


@hookimpl
def extra_template_vars(
    datasette: Any, request: Any, database: str | None, view_name: str | None, table: str | None
) -> Any:
    """`memlog`, for the two pages of Datasette's own that start with views where an archive is concerned."""
    found = archives.names(datasette)
    if view_name == "index" and found:
        return lambda: overview.landing(datasette, request)
    if database not in found:
        return {}
    # Tables, rows and questions have Datasette's frame, and our places in it.
    framed = {
        "memlog_place": datasette.urls.database(database),
        "memlog_parts": parts.part, "memlog_whole": parts.command(request, table), "memlog_more": parts.more,
    }  # fmt: skip
    if view_name != "database":
        return framed

    async def with_front() -> dict[str, Any]:
        return framed | await pages.front(datasette, database)

    return with_front
