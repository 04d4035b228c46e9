"""What a reader meets on a narrow screen and by key: nothing wider than it, no key without a word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from browser import axe
from browser.chromium import Tab
from browser.test_accessible import violations
from browser.test_live import START, step
from memlog.record import Record
from pages.filled import fill

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WIDE = (
    "see\n\n```\n"
    + "x = "
    + "1 + " * 120
    + "\n```\n\n    "
    + "indented " * 60
    + "\n\n"
    + "|a" * 40
    + "\n"
    + "|-" * 40
    + "\n"
    + "|wide" * 40
)
FITS = "document.documentElement.scrollWidth <= innerWidth"


def compacted(**more: object) -> list[Record]:
    summary = Record(
        agent="claude-code", session="live-session", source_id="line-3", block=0, kind="summary", ts_ns=START + 3_000_000_000, text=WIDE,
        mac=b"12345678", role="user", boundary="line-2",
    )  # fmt: skip
    return [
        step(0, "message", "user", "build it"), step(1, "message", "assistant", WIDE), step(2, "compaction", "system", "compacted"),
        summary,
    ]  # fmt: skip


def test_code_wider_than_a_page_can_be_scrolled_by_keyboard(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    tab.look(400)
    site = serve(fill(tmp_path, compacted())) + "/archive/-"
    for page in ("session/live-session", "compaction/live-session/1"):
        tab.open(f"{site}/{page}")
        tab.run("for (const d of document.querySelectorAll('details')) d.open = true")
        wide = "[...document.querySelectorAll('.prose :is(pre, table)')].filter(e => e.scrollWidth > e.clientWidth)"
        assert tab.run(f"{wide}.length") >= 3, page
        assert violations(tab, axe.source()) == []
        tab.run(f"for (const e of {wide}) e.removeAttribute('tabindex')")  # the known-bad twin
        assert "scrollable-region-focusable" in {str(one[0]) for one in violations(tab, axe.source())}


def test_nothing_is_wider_than_a_narrow_screen(tab: Tab, serve: Callable[[str], str], tmp_path: Path) -> None:
    tool = "mcp__" + "averylongnameofatool" * 3
    deep = "> " * 20 + "quoted\n\n" + "\n".join("  " * n + "- item" for n in range(11))
    records = [
        step(0, "message", "user", deep), step(1, "tool_use", "assistant", "go", tool=tool, rest={"id": "t1"}),
        step(2, "message", "assistant", "gone"), *(step(n, "message", "user", "alarm " * n) for n in range(3, 30)),
    ]  # fmt: skip
    site = serve(fill(tmp_path, records)) + "/archive/-"
    tab.look(400)
    tab.open(f"{site}/session/live-session")
    assert tab.run("document.querySelectorAll('.prose blockquote').length") == 20
    assert tab.run(FITS)
    tab.open(str(tab.run("document.querySelectorAll('.corner .whole')[2].href")))
    assert tab.run(f"document.querySelector('.near').textContent.includes('{tool}')") and tab.run(FITS)
    for width in (400, 1000):
        tab.look(width)
        tab.open(f"{site}/search?q=alarm&facet=session")
        tab.open(f"{site}/search?q=alarm+OR+go+OR+gone+OR+quoted&facet=tool")
        lines = (
            "[...document.querySelectorAll('.counts td + td')].map((td) => { const r = document.createRange();"
            " r.selectNodeContents(td); return r.getClientRects().length })"
        )
        assert set(tab.run(lines)) == {1}, "a number stands in one line"
        assert tab.run(
            "document.querySelector('.counts').offsetWidth <= document.querySelector('.ask').offsetWidth"
        )
        assert tab.run(FITS)


def test_a_key_that_leads_nowhere_says_so(tab: Tab, serve: Callable[[str], str], tmp_path: Path) -> None:
    path = fill(tmp_path, [step(0, "message", "user", "build it"), step(1, "message", "assistant", "done")])
    tab.open(serve(path) + "/archive/-/session/live-session")
    assert tab.run("document.querySelector('.stop').getAttribute('role')") == "status"
    said = "document.querySelector('.stop').textContent"
    for key, note in (
        ("e", "no error in this session"),
        ("c", "no compaction in this session"),
        ("p", "no earlier prompt"),
    ):
        tab.press(key)
        tab.wait(f"{said} === {note!r}")
    tab.press("n")
    tab.press("n")
    tab.wait(f"{said} === 'no later prompt'")
    tab.press("p")
    tab.press("k")
    tab.wait(f"{said} !== 'no later prompt'")


def test_a_key_leads_from_one_failed_command_to_the_next_and_passes_other_failures(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    records = [step(0, "message", "user", "build it")]
    for n, (tool, error) in enumerate(
        [("Read", True), ("Bash", True), ("Bash", False), ("Edit", True), ("Bash", True)]
    ):
        records += [
            step(2 * n + 1, "tool_use", "assistant", "go", tool=tool, rest={"id": f"t{n}"}),
            step(
                2 * n + 2, "tool_result", "tool", "no", tool=tool, rest={"tool_use_id": f"t{n}"}, error=error
            ),
        ]
    tab.open(serve(fill(tmp_path, records)) + "/archive/-/session/live-session")
    stands = "[...document.querySelectorAll('.call')].indexOf(document.activeElement)"
    for key, place in (("x", 1), ("x", 4), ("X", 1), ("e", 3)):
        tab.press(key)
        assert tab.run(stands) == place, key
    tab.press("X")
    tab.press("X")
    tab.wait("document.querySelector('.stop').textContent === 'no earlier failed command'")
    tab.press("?")
    assert "failed command" in tab.run("document.querySelector('dialog.keys[open]').innerText")


def test_a_link_to_an_answer_shows_its_call_too_and_opening_all_leaves_it_where_it_is(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    records = [step(0, "message", "user", "build it")]
    for n in range(12):
        asked = "make all\n" * (200 if n == 1 else 2)
        records += [
            step(2 * n + 1, "tool_use", "assistant", asked, tool="Bash", rest={"id": f"t{n}"}),
            step(2 * n + 2, "tool_result", "tool", "no\n" * 80, tool="Bash", rest={"tool_use_id": f"t{n}"}),
        ]
    tab.open(serve(fill(tmp_path, records)) + "/archive/-/session/live-session")
    place = tab.run("location.href")
    edge = "document.querySelector('.strip').getBoundingClientRect().bottom"
    for n, first in ((3, "on"), (1, "answer")):  # of a long call the answer, which is what was asked for
        answer = tab.run(f"document.querySelectorAll('.answer')[{n}].id")
        tab.open(f"{place}?at={answer[1:]}#{answer}")
        top = f"Math.round(document.querySelector('#{answer}').closest('.{first}').getBoundingClientRect().top - {edge})"
        tab.wait(f"Math.abs({top}) < 60")
        assert tab.run(f"document.activeElement === document.querySelectorAll('.call')[{n}]")
        stood = tab.run(top)
        tab.press("O")
        assert tab.run("document.querySelectorAll('.call > details[open]').length") == 12
        assert first == "answer" or abs(tab.run(top) - stood) < 2
