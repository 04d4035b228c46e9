"""What text of any shape does to a page: long words, wide tables, letters that run from the right, paper."""

from collections.abc import Callable

import pytest

from browser.chromium import Tab
from pages.filled import fill
from pages.told import said

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 4
TABLE = "|" + " column |" * 30 + "\n|" + "---|" * 30 + "\n|" + " a cell |" * 30
RIGHT = "הבדיקה נכשלה:\n\n- פריט ראשון\n- פריט שני"
EDIT = {
    "input": {"file_path": f"/home/{WORD}/a.py", "old_string": "a\nb = 1\nc", "new_string": "a\nb = 2\nc"}
}


@pytest.fixture(scope="module")
def odd(serve: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    path = fill(
        tmp_path_factory.mktemp("home"),
        [
            said(0, "message", "user", RIGHT),
            said(1, "message", "assistant", f"# {WORD}\n\n`{WORD}`\n\n{TABLE}"),
            said(2, "tool_use", "assistant", WORD, tool="mcp__" + WORD, rest={"id": "a", "input": {"command": WORD}}),
            said(3, "tool_result", "tool", WORD, tool="mcp__" + WORD, error=True, rest={"tool_use_id": "a"}),
            said(4, "tool_use", "assistant", "an edit", tool="Edit", rest={"id": "b", **EDIT}),
        ],
    )  # fmt: skip
    return serve(path) + "/archive/-"


def test_long_words_and_names_break_and_a_wide_table_scrolls(tab: Tab, odd: str) -> None:
    for width in (400, 1000):
        tab.look(width)
        tab.open(f"{odd}/session/last")
        tab.run("document.querySelectorAll('.timeline details').forEach((d) => { d.open = true })")
        place = str(tab.run("location.href"))
        for page in (place, place.replace("/session/", "/facts/"), f"{odd}/search?q=Donau*&facet=tool"):
            if page != place:
                tab.open(page)
            assert tab.run("document.documentElement.scrollWidth <= innerWidth"), (page, width)
    tab.open(place)
    assert tab.run("(t => t.scrollWidth > t.clientWidth + 500)(document.querySelector('.prose table'))")
    tall = tab.run("document.querySelector('.prose td').offsetHeight")
    assert tall < 80, f"a cell of two words is {tall} px tall: its words are broken"


def test_all_lines_of_a_change_have_one_size(tab: Tab, odd: str) -> None:
    tab.open(f"{odd}/session/last")
    tab.run("document.querySelectorAll('.timeline details').forEach((d) => { d.open = true })")
    lines = "[...document.querySelectorAll('.diff pre > span')]"
    assert tab.run(f"{lines}.length") == 4
    assert tab.run(f"new Set({lines}.map((l) => getComputedStyle(l).fontSize + l.offsetHeight)).size") == 1


def test_text_from_the_right_begins_there_with_its_bullets(tab: Tab, odd: str) -> None:
    tab.open(f"{odd}/session/last")
    assert tab.run("getComputedStyle(document.querySelector('.prompt ul')).direction") == "rtl"
    right = "(e) => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect() }"
    words = tab.run(f"({right})(document.querySelector('.prompt .prose p')).right")
    assert words > tab.run("document.querySelector('.prompt .prose').getBoundingClientRect().right") - 5


def test_a_print_is_light_and_whole(tab: Tab, site: str) -> None:
    tab.look(760, dark=True)
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    tab.send("Emulation.setEmulatedMedia", media="print", features=[dark])
    tab.open(f"{site}/-/sessions")
    assert tab.run("getComputedStyle(document.body).color.match(/\\d+/)[0] < 90"), "dark letters on paper"
    table = "document.querySelector('table.list').getBoundingClientRect().right"
    assert tab.run(f"{table} <= innerWidth"), "no column is cut off"
    assert tab.run("getComputedStyle(document.querySelector('.top')).display") == "none"
