"""Whatever a record holds, nothing of it runs: not on any page, and the browser has nothing to report."""

import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader

from browser.chromium import Chromium, Tab
from datasette_memlog import queries, seam
from pages import ambush, routes
from pages.test_markup import BREAKS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SPRUNG = "window.hurt = 0; window.evil = () => { window.hurt += 1; };"
# Elements and addresses no page of ours has.
FOREIGN = """[...document.querySelectorAll('evil, iframe, object, embed, base, img, form[action*="evil"], [srcdoc], main style, main script')].length
+ [...document.querySelectorAll('a[href]')].filter((a) => !/^https?:$/.test(new URL(a.getAttribute("href"), location).protocol)).length
+ [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on') || a.name.includes('evil'))).length"""


def prepared(browser: Chromium) -> Tab:
    """A tab in which what runs is counted."""
    tab = Tab(browser)
    tab.send("Page.addScriptToEvaluateOnNewDocument", source=SPRUNG)
    return tab


def sprung(tab: Tab) -> list[str]:
    """What of this page a record wrote."""
    tab.run("for (const d of document.querySelectorAll('details')) d.open = true")
    found = [f"ran {n} times"] if (n := tab.run("window.hurt")) else []
    return found + ([f"{n} foreign"] if (n := tab.run(FOREIGN)) else [])


def test_no_hostile_record_runs_on_any_route(
    browser: Chromium, serve: Callable[..., str], tmp_path: Path
) -> None:
    path, found = ambush.laid(tmp_path, BREAKS)
    assert len(found) >= 50
    site = serve(path)
    tab = prepared(browser)
    shown = 0
    for n, (text, dir, ids, events) in enumerate(found):
        for name, places in routes.of(dir, [*ids, *events], text).items():
            if name in routes.FILES:
                continue
            # Every address for the first text; of each other text one of each route, another each time.
            for place in [places[n % len(places)]] if n else places:
                tab.open(site + place)
                assert sprung(tab) == [], (name, place, text)
            if name == "session_page":
                shown += bool(
                    tab.run("document.querySelectorAll('.timeline .e, .timeline .step').length >= 20")
                )
    assert shown == len(found), "and every session was there to be read"
    views = [
        "v_record?_size=max",
        "v_record?_all=1",
        "v_session?_size=max",
        "v_record?_facet=tool&_facet=session",
    ]
    for place in ("/", "/archive", *(f"/archive/{page}" for page in (*views, *queries.canned()))):
        tab.open(site + place)
        assert sprung(tab) == [], place
    # What an address asks for may be a bad request, which the browser notes; nothing else is to be said.
    assert [said for said in tab.complaints() if "status of 40" not in said] == []


def test_no_file_of_a_hostile_record_is_taken_for_a_page(serve: Callable[..., str], tmp_path: Path) -> None:
    path, found = ambush.laid(tmp_path, BREAKS[:6])
    site = serve(path)
    for text, dir, ids, _ in found:
        for name in routes.FILES:
            for place in routes.of(dir, ids, text)[name]:
                with urllib.request.urlopen(site + place, timeout=60) as answer:
                    head = answer.headers
                    assert head["x-content-type-options"] == "nosniff", place
                    assert head.get_content_type() not in ("text/html", "image/svg+xml", "text/xml"), place
                    assert "default-src 'none'" in head["content-security-policy"], place


@pytest.mark.parametrize(
    ("template", "safe", "page"),
    [
        ("_memlog_entry.html", ('plain(record.tool or "tool")', "record.tool|safe"), "session_page"),
        (
            "_memlog_entry.html",
            ('said("reply", record.text)', "record.text|safe"),
            "session_page",
        ),
        ("memlog_sessions.html", ("plain(row.title or row.session)", "row.session|safe"), "sessions_page"),
        ("memlog_record.html", ("plain(record.tool)", "record.tool|safe"), "record_page"),
    ],
)
def test_a_template_that_calls_a_record_safe_is_caught(
    browser: Chromium,
    serve: Callable[..., str],
    tmp_path: Path,
    template: str,
    safe: tuple[str, str],
    page: str,
) -> None:
    """The known-bad twin: one field let through on one page is seen there, and the browser reports it."""
    path, ((text, dir, ids, _),) = ambush.laid(tmp_path, ("<img src=x onerror=evil()>",))

    def spoil(application: Any) -> None:
        environment = seam.templates(application)
        source = environment.loader.get_source(environment, template)[0]
        assert safe[0] in source, "the template has another text now: so must the twin"
        spoiled = DictLoader({template: source.replace(*safe)})
        environment.loader = ChoiceLoader([spoiled, environment.loader])

    site, tab = serve(path, spoil), prepared(browser)
    caught = []
    for place in routes.of(dir, ids, text)[page]:
        tab.open(site + place)
        caught += sprung(tab)
    assert any("foreign" in one for one in caught)
    assert any("ContentSecurityPolicy" in said for said in tab.complaints()), "it would have run"


def test_a_script_that_runs_is_counted(browser: Chromium) -> None:
    """The known-bad twin of the policy: where none holds, it runs."""
    tab = prepared(browser)
    tab.open("data:text/html,<main><img src=x onerror=evil()></main>")
    tab.wait("window.hurt")
    assert any("ran" in found for found in sprung(tab))
