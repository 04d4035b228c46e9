"""A person at the pages: landing, searching, reading by keys, without scripts, on any screen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser.chromium import Chromium, Tab
from datasette_memlog import outlines, sessions
from memlog.record import Record
from pages.filled import fill

pytestmark = [pytest.mark.slow, pytest.mark.browser]

FOCUSED = "document.activeElement.closest('.e, .compaction')?.dataset.land"
COMPACTED = "/-/sessions?only=compactions"


def compacted(tab: Tab, site: str) -> str:
    """The address of the session with a compaction, found as a person does."""
    tab.open(site + COMPACTED)
    return str(tab.run("document.querySelector('table.list tbody th a').href"))


def click(tab: Tab, selector: str) -> None:
    """Follow a link and wait for its page."""
    tab.run(f"document.querySelector({selector!r}).click()")
    tab.browser.until(lambda said: said.get("method") == "Page.loadEventFired")


def test_from_the_landing_page_a_search_leads_to_the_place_in_its_session(tab: Tab, site: str) -> None:
    tab.open(site.removesuffix("/archive") + "/")
    assert tab.run("document.querySelectorAll('.bars .bar').length") >= 3
    tab.press("/")
    for letter in "alarm":
        tab.press(letter)
    tab.press("Enter")
    tab.browser.until(lambda said: said.get("method") == "Page.loadEventFired")
    assert tab.run("document.querySelectorAll('.hit mark').length") > 0
    click(tab, ".hit a[href*='#r']")
    assert tab.run("document.querySelector(':target') !== null")
    assert tab.run("document.querySelector(':target').getClientRects().length") > 0, (
        "it is open where it leads"
    )


def test_a_search_finds_while_it_is_typed_and_its_address_can_be_kept(tab: Tab, site: str) -> None:
    tab.open(f"{site}/-/search")
    tab.run("window.same = true; document.querySelector('#found').dataset.old = 1")
    tab.run("document.querySelector('main input[type=search]').focus()")
    for letter in "alarm":
        tab.press(letter)
    tab.wait("document.querySelectorAll('#found .hit mark').length > 0")
    assert tab.run("window.same && document.activeElement.value") == "alarm", "no reload, and it is typed on"
    assert tab.run("location.search") == "?q=alarm"
    for letter in " tool:nosuch":
        tab.press(letter)
    tab.wait("document.querySelectorAll('#found .hit').length == 0")
    asked = [url for url in tab.asked() if "typed=1" in url]
    assert 2 <= len(asked) < len("alarm tool:nosuch"), "not a request a letter"
    tab.open(f"{site}/-/search?q=alarm")
    assert tab.run("document.querySelectorAll('#found .hit mark').length > 0")


def test_keys_step_through_prompts_errors_and_compactions(tab: Tab, site: str) -> None:
    tab.open(compacted(tab, site))
    marks = tab.run("[...document.querySelectorAll('.timeline [data-land]')].map(e => e.dataset.land)")
    assert {"prompt", "error", "compaction"} <= set(marks)
    tab.press("n")
    assert tab.run(FOCUSED) == "prompt"
    first = tab.run("document.activeElement.id")
    tab.press("n")
    assert tab.run(FOCUSED) == "prompt" and tab.run("document.activeElement.id") != first
    tab.press("p")
    assert tab.run("document.activeElement.id") == first
    tab.press("c")
    assert tab.run(FOCUSED) == "compaction"
    tab.press("E")
    assert tab.run(FOCUSED) == "error"
    before = tab.run("document.activeElement.querySelector('details').open")
    tab.press("o")
    assert tab.run("document.activeElement.querySelector('details').open") is not before
    tab.press("?")
    assert tab.run("document.querySelector('dialog.keys').open")
    tab.press("Escape")
    tab.wait("!document.querySelector('dialog.keys').open")


def test_tab_alone_reaches_the_content_and_opens_a_call(tab: Tab, site: str) -> None:
    tab.open(compacted(tab, site))
    seen = []
    for _ in range(60):
        tab.press("Tab")
        seen.append(tab.run("document.activeElement.tagName + ' ' + document.activeElement.className"))
        if seen[-1].startswith("SUMMARY") and tab.run("document.activeElement.closest('.call') !== null"):
            break
    assert seen[0] == "A skip"
    assert tab.run("document.activeElement.closest('.call') !== null"), seen
    tab.press("Enter")
    assert tab.run("document.activeElement.parentElement.open")


def test_without_scripts_a_session_is_read_whole(browser: Chromium, site: str) -> None:
    tab = Tab(browser, scripts=False)
    tab.look(1000)
    tab.open(compacted(tab, site))
    assert tab.run("document.querySelectorAll('.prompt').length") > 1
    tab.run("document.querySelector('.call details > summary').click()")
    assert tab.run("document.querySelector('.call pre').getClientRects().length") > 0
    assert not tab.run(
        "[...document.querySelectorAll('button[data-key]')].some(b => b.getClientRects().length)"
    )
    click(tab, ".compaction a")
    assert "Compaction 1" in tab.run("document.querySelector('h1').textContent")
    assert tab.complaints() == []


def test_what_a_subagent_did_lies_in_the_call_that_sent_it(tab: Tab, site: str) -> None:
    tab.open(f"{site}/-/session/1176869d-40c9-4f4b-8d3e-62de097f0ca9")
    assert tab.run("[...document.querySelectorAll('.call .aside .e')].length") >= 2
    assert "poll.py" in tab.run("document.querySelector('.call .aside').textContent")
    assert tab.run("document.querySelectorAll('.subagent').length") == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1000, 1600])
def test_no_page_is_wider_than_the_screen_and_its_text_is_seen(
    tab: Tab, site: str, width: int, dark: bool
) -> None:
    tab.look(width, dark=dark)
    session = compacted(tab, site)
    tab.open(session)
    record = tab.run("document.querySelector('.corner .whole').href")
    compaction = tab.run("document.querySelector('.compaction a').href")
    change = tab.run("document.querySelector('.call .diff').closest('.call').querySelector('.whole').href")
    for page in (
        f"{site}/-/overview",
        f"{site}/-/sessions",
        session,
        record,
        compaction,
        compaction.rpartition("/")[0].replace("/compaction/", "/facts/"),
        change,
        f"{site}/-/search?q=alarm",
    ):
        tab.open(page)
        tab.run("for (const d of document.querySelectorAll('details')) d.open = true")
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), page
        assert tab.run(PALE) == [], page


# Texts whose colour is not 4.5 times as bright or as dark as what lies behind them.
PALE = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const bright = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const behind = (at) => { for (; at; at = at.parentElement) { const c = parse(getComputedStyle(at).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length || element.closest('svg, .hidden, .skip')) continue;
    const [a, b] = [bright(parse(getComputedStyle(element).color)), bright(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.add(element.tagName + '.' + element.className + ' ' + ratio.toFixed(1));
  }
  return [...found];
})()"""


def test_a_key_pressed_after_a_page_was_turned_goes_on_from_where_it_led(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    def block(n: int, kind: str, role: str, text: str, **more: Any) -> Record:
        return Record(
            agent="claude-code", session="long", source_id=f"line-{n}", block=0, kind=kind, text=text, mac=bytes(8),
            ts_ns=1_780_000_000_000_000_000 + n * 1_000_000_000, role=role, **{"boundary": "", **more},
        )  # fmt: skip

    records = [block(n, "message", "assistant", f"word {n}") for n in range(400)]
    for n in (60, 250, 290):
        records[n] = block(n, "compaction", "system", "compacted", boundary=f"line-{n}")
    for n in (260, 262):
        records[n - 1] = block(
            n - 1, "tool_use", "assistant", "command: x", tool="Bash", rest={"id": f"t{n}"}
        )
        records[n] = block(
            n, "tool_result", "tool", "no", tool="Bash", error=True, rest={"tool_use_id": f"t{n}"}
        )
    bound = ""
    for n, record in enumerate(records):
        bound = record.boundary or bound
        records[n] = record._replace(boundary=bound)
    tab.open(serve(fill(tmp_path, records)) + "/archive/-/session/long")

    def turn(key: str) -> None:
        tab.press(key)
        tab.browser.until(lambda said: said.get("method") == "Page.loadEventFired")

    tab.press("c")
    assert tab.run("document.activeElement.id") == "c1"
    turn("c")
    assert tab.run("document.querySelector('.timeline .on').id") == "c2", "its heading, not its record"
    tab.press("e")
    first = tab.run("document.querySelector('.timeline .on').id")
    tab.press("e")
    assert tab.run("document.querySelector('.timeline .on').id") != first
    tab.press("c")
    assert tab.run(FOCUSED) == "compaction" and tab.run("document.activeElement.id") == "c3"
    tab.press("j")
    tab.press("C")
    assert tab.run("document.activeElement.id") == "c2", "not the heading of its own"
    tab.run("scrollTo(0, 0); history.replaceState(null, '', location.pathname)")
    tab.open(tab.run("location.origin") + "/archive/-/session/long")
    turn("e")
    tab.run("document.activeElement.blur()")
    arrived = tab.run("document.querySelector('.timeline .on').id")
    tab.press("e")
    assert tab.run("document.querySelector('.timeline .on').id") != arrived


def test_escape_leaves_the_search_box_and_the_keys_work_again(tab: Tab, site: str) -> None:
    tab.open(compacted(tab, site))
    tab.press("/")
    tab.press("x")
    assert tab.run("document.activeElement.value") == "x"
    tab.press("Escape")
    tab.press("n")
    assert tab.run(FOCUSED) == "prompt" and tab.run("document.querySelector('.quick input').value") == "x"


def test_before_summary_and_after_stand_side_by_side_on_a_wide_screen(tab: Tab, site: str) -> None:
    session = compacted(tab, site)
    tab.look(1600, 700)
    tab.open(session.replace("/session/", "/compaction/") + "/1")
    tab.run(
        "document.querySelector('#kept').after(...Array.from({length: 200}, () => document.createElement('hr')))"
    )
    tab.run("document.querySelector('.three').scrollIntoView()")
    boxes = tab.run(
        "[...document.querySelectorAll('.three > section')].map(s => [s.getBoundingClientRect().top, s.offsetHeight])"
    )
    assert len(boxes) == 3 and all(height <= 700 for _, height in boxes)
    assert tab.run("document.querySelectorAll('.three > section')[1].scrollHeight") > 1_400
    assert len({round(top) for top, _ in boxes}) == 1, "none has run on without the others"


def test_the_search_form_is_as_wide_as_what_it_finds(tab: Tab, site: str) -> None:
    tab.look(1600)
    tab.open(f"{site}/-/search?q=alarm")
    assert tab.run(
        "document.querySelector('#ask').form.offsetWidth == document.querySelector('.hit').offsetWidth"
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_what_a_long_epoch_lost_comes_by_itself_and_without_scripts_after_a_click(
    browser: Chromium, site: str, monkeypatch: pytest.MonkeyPatch, scripts: bool
) -> None:
    outlines._shelves.clear()
    monkeypatch.setattr(sessions, "AT_ONCE", 0)
    tab = Tab(browser, scripts=scripts)
    tab.look(1000)
    tab.open(site + COMPACTED)
    tab.open(
        tab.run("document.querySelector('table.list tbody th a').href").replace("/session/", "/compaction/")
        + "/1"
    )
    if not scripts:
        click(tab, "#loss a")
    tab.wait("document.querySelectorAll('table.lost tbody tr').length > 1")
    assert tab.run("document.querySelectorAll('#loss').length") == 1 and tab.complaints() == []
