"""Every page past axe-core: names, contrast, landmarks, order of headings; light and dark."""

import json

import pytest

from browser import axe
from browser.chromium import Tab
from browser.test_reading import compacted

pytestmark = [pytest.mark.slow, pytest.mark.browser]

RUN = """axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(
  found.violations.map((one) => [one.id, one.impact, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))])))"""


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
        f"{site}/-/overview", f"{site}/-/sessions", f"{site}/-/sessions?only=errors&sort=turns", session, f"{session}?all=1",
        compaction, record, f"{site}/-/search", f"{site}/-/search?q=alarm", f"{site}/-/search?q=alarm&group=session&facet=tool",
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


def test_a_page_with_faults_is_caught(tab: Tab, site: str) -> None:
    """The known-bad twin: an unnamed button and pale text are found."""
    tab.open(f"{site}/-/overview")
    tab.run(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>'"
        " + '<p id=pale>you cannot read this</p>'); document.querySelector('#pale').style.color = '#eee'; 1"
    )
    assert {"button-name", "color-contrast"} <= {str(one[0]) for one in violations(tab, axe.source())}
