"""Every page past axe-core: names, contrast, landmarks, order of headings; light and dark."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from browser import axe
from browser.chromium import Chromium, Tab
from browser.test_live import step
from browser.test_reading import compacted
from memlog.cli import login
from pages.filled import fill

pytestmark = [pytest.mark.slow, pytest.mark.browser]

RUN = """axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(
  found.violations.map((one) => [one.id, one.impact, one.nodes.slice(0, 40).map((node) => node.html.slice(0, 160))])))"""


def violations(tab: Tab, script: str) -> list[list[object]]:
    """What axe finds wrong with the page as it is."""
    tab.run(script + "; 1")
    found: list[list[object]] = json.loads(tab.run(RUN))
    return found


def pages(tab: Tab, site: str) -> list[str]:
    """One address of each page."""
    session = compacted(tab, site)
    tab.open(session)
    record = tab.run("document.querySelector('.corner .whole').href")
    compaction = tab.run("document.querySelector('.compaction a').href")
    return [
        site.removesuffix("archive"), f"{site}/-/overview", f"{site}/-/sessions", f"{site}/-/sessions?only=errors&sort=turns", session, f"{session}?all=1",
        compaction, compaction.rpartition("/")[0].replace("/compaction/", "/facts/"), record, f"{site}/-/search", f"{site}/-/search?q=alarm", f"{site}/-/search?q=alarm&group=session&facet=tool",
        f"{site}/-/search?q=tok(en&mode=regex&typed=1", f"{site}/-/search?q=nosuchword",
    ]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_has_a_fault_axe_knows(tab: Tab, site: str, dark: bool) -> None:
    script = axe.source()
    tab.look(1000, dark=dark)
    found = {}
    for page in pages(tab, site):
        tab.open(page)
        tab.run("for (const d of document.querySelectorAll('details')) d.open = true")
        found[page] = violations(tab, script)
    assert {page: faults for page, faults in found.items() if faults} == {}


# Datasette's own, with what the plugin adds to them.
DATA = (
    "", "?_show_hidden=1", "/v_record", "/v_record?_facet=kind&_search=alarm&kind__exact=message", "/v_session?_facet=agent",
    "/v_gap", "/record?_size=5", "/before_last_error", "?sql=select+1", "/../-/plugins", "/../-/messages",
)  # fmt: skip
REFUSED = ("?sql=select+*+from+nosuch", "/record/1", "/nothing", "/../-/permissions")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_datasette_s_own_pages_have_none_either_and_do_not_scroll_sideways(
    browser: Chromium, tab: Tab, site: str, dark: bool
) -> None:
    script = axe.source()
    told = Tab(browser)  # its console says that it was refused
    tab.look(1000, dark=dark)
    told.look(1000, dark=dark)
    found = {}
    for page in REFUSED:
        told.open(site + page)
        found[page] = violations(told, script)
    for page in DATA:
        tab.open(site + page)
        if page == "/before_last_error":
            assert tab.run("document.documentElement.scrollWidth <= innerWidth")
            tab.look(400, dark=dark)
            assert tab.run("document.documentElement.scrollWidth <= innerWidth")
            tab.look(1000, dark=dark)
        if "sql=" in page:
            tab.wait("document.querySelector('.CodeMirror textarea')?.ariaLabel === 'SQL'")
        tab.run("for (const d of document.querySelectorAll('details')) d.open = true")
        found[page] = violations(tab, script)
    assert {page: faults for page, faults in found.items() if faults} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_came_while_a_page_was_read_has_none_either(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path, dark: bool
) -> None:
    tab.look(1000, dark=dark)
    path = fill(tmp_path, [step(0, "message", "user", "build it")])
    tab.open(serve(path) + "/archive/-/session/live-session")
    fill(
        tmp_path,
        [step(n, "tool_use", "assistant", "make", tool="Bash", rest={"id": f"t{n}"}) for n in (1, 2)],
    )
    fill(
        tmp_path,
        [step(3, "tool_result", "tool", "no rule", tool="Bash", rest={"tool_use_id": "t1"}, error=True)],
    )
    tab.wait(
        "document.querySelector('.call.failed') !== null && document.querySelectorAll('.call .mark.none').length == 1"
    )
    tab.run("for (const a of document.getAnimations()) a.finish()")
    assert violations(tab, axe.source()) == []


def test_the_door_of_a_closed_server_has_none(tab: Tab, serve: Callable[..., str], tmp_path: Path) -> None:
    path = fill(tmp_path, [step(0, "message", "user", "build it")])
    site = serve(path, lambda application: login.require(application, 1, lambda link: None))
    for dark in (False, True):
        tab.look(400, dark=dark)
        tab.open(site)
        assert "memlog serve" in tab.run("document.querySelector('main').textContent")
        assert violations(tab, axe.source()) == []
    tab.browser.events.clear()  # the answer is 401, and the browser says so


# What Datasette 0.65 writes into the pages of every database it serves, which a plugin leaves as they were: by fault, where.
THEIRS = {
    "html-has-lang": ("<html>",),
    "landmark-one-main": ("<html>",),
    "region": ("<",),  # without a main landmark nothing of the page is in one
    "color-contrast": ('<input type="submit" value="Apply">', '<input type="submit" value="Export CSV">', '<button id="sql-format"',
                       '<input type="submit" value="Run SQL">'),
    "heading-order": ("<h3>",),
    "label": ('<input type="text" name="_filter_value"', '<textarea autocorrect="off"'),  # a filter's value; CodeMirror's own
    "select-name": ('<select name="_filter_',),
}  # fmt: skip
# The page that lists what an archive holds is of our template: its landmarks and headings are ours.
OURS = {"landmark-one-main", "region", "heading-order", "select-name"}


def test_datasette_s_own_pages_have_no_fault_that_comes_from_us(tab: Tab, site: str) -> None:
    for page in ("/v_record", "/v_record?_search=alarm", "/v_session", "", "/before_last_error"):
        tab.open(site + page)
        for fault, _, places in violations(tab, axe.source()):
            assert isinstance(places, list) and str(fault) in THEIRS, (page, fault, places)
            assert page or fault not in OURS, (fault, places)
            for place in places:
                assert place.startswith(THEIRS[str(fault)]), (page, fault, place)
                assert "memlog-" not in place or fault == "region", (page, fault, place)


def test_a_page_with_faults_is_caught(tab: Tab, site: str) -> None:
    """The known-bad twin: an unnamed button and pale text are found."""
    tab.open(f"{site}/-/overview")
    tab.run(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>'"
        " + '<p id=pale>you cannot read this</p>'); document.querySelector('#pale').style.color = '#eee'; 1"
    )
    assert {"button-name", "color-contrast"} <= {str(one[0]) for one in violations(tab, axe.source())}
