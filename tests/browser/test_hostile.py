"""Whatever a record holds, nothing of it runs: not on any page, and the browser has nothing to report."""

import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader

from browser.chromium import Chromium, Tab
from datasette_memlog import queries, seam
from memlog.archive.connection import open_reader
from memlog.record import Record
from pages import routes
from pages.filled import fill
from pages.test_markup import BREAKS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SPRUNG = "window.hurt = 0; window.evil = () => { window.hurt += 1; };"
# Elements and addresses no page of ours has.
FOREIGN = """[...document.querySelectorAll('evil, iframe, object, embed, base, img, form[action*="evil"], [srcdoc], main style, main script')].length
+ [...document.querySelectorAll('a[href]')].filter((a) => !/^https?:$/.test(new URL(a.getAttribute("href"), location).protocol)).length
+ [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on') || a.name.includes('evil'))).length"""


def hostile(text: str, n: int) -> list[Record]:
    """A session with this text wherever a host writes one: names, ids, paths, prompt, call, error, summary."""
    start = 1_780_000_000_000_000_000 + n * 60_000_000_000
    inside = {"file_path": text, "old_string": text, "new_string": text + "2", "command": text, text: text}

    def one(k: int, kind: str, role: str) -> Record:
        line = (
            {"toolUseResult": {"agentId": text}, text: text}
            if k < 4
            else {"compactMetadata": {"trigger": text}}
        )
        return Record(
            agent=f"agent {text}", session=f"{n} {text}", source_id=f"{k} {text}", block=0, kind=kind, ts_ns=start + k, role=role,
            mac=bytes([n, k] * 4), text=f"{text}\n\n[a]({text}) ![b]({text}) <{text}>\n\n```{text}\n{text}\n```\n",
            tool=text if k in (2, 3) else None, project=text, parent_id=text, boundary="" if k < 4 else f"4 {text}",
            error=k == 3, redacted={text: 1}, rest={"id": f"call {n}", "input": inside, "line": line},
        )  # fmt: skip

    return [
        one(0, "message", "user"), one(1, "message", "assistant"), one(2, "tool_use", "assistant"),
        one(3, "tool_result", "tool"), one(4, "compaction", "system"), one(5, "summary", "user"),
    ]  # fmt: skip


Ambush = list[tuple[str, str, list[int]]]


def laid(root: Path, texts: tuple[str, ...]) -> tuple[str, Ambush]:
    """An archive of a session for each text; and of each its text, its folder, its records."""
    path = fill(root, [record for n, text in enumerate(texts) for record in hostile(text, n)])
    con = open_reader(path)
    rows = con.execute("SELECT dir, session FROM v_session").fetchall()
    ids: dict[str, list[int]] = {}
    for session, id in con.execute("SELECT session, id FROM v_record ORDER BY ts_ns, id"):
        ids.setdefault(session, []).append(id)
    con.close()
    dirs = {session: dir for dir, session in rows}
    by_number = {int(session.partition(" ")[0]): session for session in ids}
    return path, [(text, dirs[by_number[n]], ids[by_number[n]]) for n, text in enumerate(texts)]


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
    path, ambush = laid(tmp_path, BREAKS)
    assert len(ambush) >= 50
    site = serve(path)
    tab = prepared(browser)
    shown = 0
    for n, (text, dir, ids) in enumerate(ambush):
        assert len(ids) == 6
        for name, places in routes.of(dir, ids, text).items():
            if name in routes.FILES:
                continue
            # Every address for the first texts; of each other text one of each route, another each time.
            for place in places if n < 3 else [places[n % len(places)]]:
                tab.open(site + place)
                assert sprung(tab) == [], (name, place, text)
            if name == "session_page":
                shown += bool(tab.run("document.querySelectorAll('.timeline .e').length >= 5"))
    assert shown == len(ambush), "and every session was there to be read"
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
    path, ambush = laid(tmp_path, BREAKS[:6])
    site = serve(path)
    for text, dir, ids in ambush:
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
    path, ambush = laid(tmp_path, ("<img src=x onerror=evil()>",))

    def spoil(application: Any) -> None:
        environment = seam.templates(application)
        source = environment.loader.get_source(environment, template)[0]
        assert safe[0] in source, "the template has another text now: so must the twin"
        spoiled = DictLoader({template: source.replace(*safe)})
        environment.loader = ChoiceLoader([spoiled, environment.loader])

    ((text, dir, ids),) = ambush
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
