"""A post-mortem's report in a real browser: nothing is loaded, run or cut off, in any width and scheme."""

from pathlib import Path

import pytest

import archives
from archives import NOW_NS, record
from browser.chromium import Chromium, Tab
from memlog.export import post_mortem
from memlog.paths import Home
from memlog.query import slice
from memlog.query.selection import Selection
from pages.filled import records_of

pytestmark = pytest.mark.browser

ATTACK = (
    "<script>document.title = 'owned'</script><img src='http://127.0.0.1:1/x' onerror=\"document.title='owned'\"> "
    + "w" * 300
)


@pytest.fixture
def report(home: Home, tmp_path: Path) -> str:
    archives.fill(
        home,
        records_of("compacted.jsonl"),
        [record(ATTACK, n=1), record(f"error: {ATTACK}", n=2, error=True)],
    )
    with archives.reading(home) as con:
        post_mortem.write(con, slice.cut(con, Selection(), now_ns=NOW_NS), str(tmp_path / "b"), now_ns=NOW_NS)
    return f"file://{tmp_path}/b/report.html"


@pytest.mark.slow
def test_the_report_is_whole_without_a_network_in_every_width_and_scheme(
    browser: Chromium, report: str, tmp_path: Path
) -> None:
    tab = Tab(browser)
    for width in (400, 1600):
        for dark in (False, True):
            tab.look(width, dark=dark)
            tab.open(report)
            assert tab.run("document.documentElement.scrollWidth") <= width, "nothing sticks out"
            assert tab.run("document.title") == "Post-mortem"
            paper = tab.run("getComputedStyle(document.documentElement).backgroundColor")
            assert (sum(map(int, paper[4:-1].split(","))) < 128) == dark, "and it has its style"
    asked = {said["request"]["url"] for said in tab.said("Network.requestWillBeSent")}
    assert asked == {report}, "it asks for nothing but itself"
    assert tab.run("document.querySelectorAll('main section').length") == 12
    assert tab.run("document.body.innerText.includes(\"document.title = 'owned'\")"), "the attack is text"
