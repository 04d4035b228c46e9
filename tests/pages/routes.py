"""An address of every route the plugin has, about one session: a route nobody wrote a line for is an error."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

import datasette_memlog

Places = Callable[[str, Sequence[int], str], list[str]]

# By the name of what answers: addresses about a session's folder, its records, and words a reader typed.
PLACES: dict[str, Places] = {
    "metrics_page": lambda dir, ids, text: ["/-/metrics"],
    "search_page": lambda dir, ids, text: [
        f"/archive/-/search?q={text}",
        f"/archive/-/search?session={text}&facet=tool&facet=session",
        f"/archive/-/search?q={text}&group=session&mode=regex",
    ],
    "search_json": lambda dir, ids, text: [f"/archive/-/search.json?q={text}"],
    "overview_page": lambda dir, ids, text: ["/archive/-/overview", f"/archive/-/overview?until={text}"],
    "sessions_page": lambda dir, ids, text: [
        "/archive/-/sessions",
        f"/archive/-/sessions?q={text}",
        f"/archive/-/sessions?project={text}&agent={text}&sort={text}&day={text}",
    ],
    "session_page": lambda dir, ids, text: [
        f"/archive/-/session/{dir}",
        f"/archive/-/session/{dir}?all=1&at={text}",
    ],
    "live_page": lambda dir, ids, text: [f"/archive/-/session/{dir}/live?seen={text}"],
    "facts_page": lambda dir, ids, text: [
        f"/archive/-/facts/{dir}",
        f"/archive/-/facts/{dir}?epoch={text}&fact={text}&sort=times",
    ],
    "compaction_page": lambda dir, ids, text: [f"/archive/-/compaction/{dir}/1"],
    "record_page": lambda dir, ids, text: [f"/archive/-/record/{id}" for id in ids],
    "bundle_file": lambda dir, ids, text: [f"/archive/-/session/{dir}/post-mortem.zip"],
    "record_file": lambda dir, ids, text: [
        f"/archive/-/record/{ids[0]}.{form}" for form in ("cbor", "json", "md", "raw")
    ],
}
FILES = ("metrics_page", "search_json", "bundle_file", "record_file")  # not shown by a browser as a page


def of(dir: str, ids: Sequence[int], text: str) -> dict[str, list[str]]:
    """By the name of what answers; every route of the plugin has one, and leads to it."""
    found = {}
    for pattern, view in datasette_memlog.register_routes(None):
        assert view.__name__ in PLACES, f"no address of the route {pattern}: tests/pages/routes.py names one"
        found[view.__name__] = PLACES[view.__name__](dir, ids, quote(text, safe=""))
        for place in found[view.__name__]:
            assert re.search(pattern, place.partition("?")[0]), (pattern, place)
    assert set(found) == set(PLACES), "a route went: its line here goes too"
    return found
