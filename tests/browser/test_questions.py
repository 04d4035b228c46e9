"""Six questions about three sessions nobody wrote for this, each answered in at most five clicks from the front page."""

from collections.abc import Callable
from typing import Any

import pytest

from browser.chromium import Chromium, Tab
from memlog.archive.connection import open_reader
from memlog.capture import transcript
from memlog.capture.readers import claude_code
from pages.filled import fill
from shared_data import DATA, unzipped

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.data]

# With commits and a failure soon after compaction 2; with none, and the next failure on another page; with none at all.
SOURCES = (
    "claude-code/entireio-70d782f7-b303-4e48-9512-6bec16c37abd.jsonl.gz",
    "claude-code/entireio-6113e919-67d3-417b-b525-c63700228d19.jsonl.gz",
    "claude-code/entireio-c35cf82b-0486-4d17-94d7-7fa36376faff.jsonl.gz",
)
# What a person sees and can click that says these words.
CLICK = """((said, within) => { const seen = [...document.querySelectorAll(within + ' a, ' + within + ' button')].filter((e) =>
  e.checkVisibility() && (e.textContent.trim() + ' ' + (e.ariaLabel ?? '')).includes(said));
  if (!seen.length) return false; seen[0].click(); return true; })"""


class Reader:
    """A person at the front page who may click five times."""

    def __init__(self, tab: Tab, front: str) -> None:
        self.tab, self.clicks = tab, 0
        tab.open(front)

    def click(self, said: str, within: str = "main", *, loads: bool = True) -> None:
        self.clicks += 1
        assert self.clicks <= 5, "a sixth click"
        assert self.tab.run(f"{CLICK}({said!r}, {within!r})"), f"nothing to click says {said!r}"
        if loads:
            self.tab.browser.until(lambda event: event.get("method") == "Page.loadEventFired")

    def see(self, expression: str) -> Any:
        return self.tab.run(expression)

    def rows(self) -> list[str]:
        return list(
            self.see("[...document.querySelectorAll('table.told tbody tr')].map((row) => row.innerText)")
        )


Start = Callable[[], Reader]


@pytest.fixture(scope="module", params=SOURCES, ids=lambda source: source[21:29])
def told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """Path of an archive with that session."""
    folder = tmp_path_factory.mktemp("real")
    file = folder / "session.jsonl"
    file.write_bytes(unzipped(DATA / request.param))
    records = [r for piece in transcript.read(str(file), claude_code, key=bytes(32)) for r in piece.records]
    return fill(folder / "home", records)


@pytest.fixture(scope="module")
def address(told: str, serve: Callable[..., str]) -> str:
    return serve(told) + "/"


@pytest.fixture
def start(browser: Chromium, address: str) -> Start:
    """The session's page, one click from the front."""

    def begin() -> Reader:
        tab = Tab(browser)
        tab.look(1000)
        reader = Reader(tab, address)
        reader.click("", ".recent")
        return reader

    return begin


def one(path: str, sql: str) -> Any:
    con = open_reader(path)
    try:
        return con.execute(sql).fetchone()[0]
    finally:
        con.close()


def test_which_command_failed_first_after_compaction_2(start: Start, told: str) -> None:
    reader = start()
    reader.click("After compaction 2", ".contents")
    reader.click("Next error", ".jump", loads=False)
    # Where this page of the session holds no more errors the key leads to the page that does.
    reader.tab.wait("document.querySelector('.e.on.failed, .e.on[data-land=error]')?.id ?? ''")
    shown = reader.see("[...document.querySelectorAll('.e.on [id^=r], .e.on')].map((e) => e.id)")
    first = one(told, "SELECT id FROM v_record WHERE error = 1 AND epoch >= 2 ORDER BY ts_ns, id LIMIT 1")
    assert f"r{first}" in shown


def test_which_rule_the_user_repeated(start: Start) -> None:
    reader = start()
    reader.click("What it says", ".contents")
    reader.click("instruction", ".choices")
    reader.click("Times", "table.told")
    times = [int(row.split("\t")[1]) for row in reader.rows()]
    assert times and times == sorted(times, reverse=True)


def test_which_files_were_touched_in_epoch_1(start: Start, told: str) -> None:
    reader = start()
    reader.click("What it says", ".contents")
    reader.click("after compaction 1", ".choices")
    reader.click("file", ".choices")
    said = "\n".join(reader.rows())
    con = open_reader(told)
    rows = con.execute(
        "SELECT DISTINCT json_extract(extra, '$.input.file_path') FROM v_record WHERE epoch = 1 AND tool IN ('Edit', 'Write', 'Read')"
        " AND kind = 'tool_use' AND part = 0"
    ).fetchall()
    con.close()
    assert rows and all(path in said for (path,) in rows if path)


def test_what_the_summary_dropped(start: Start) -> None:
    reader = start()
    reader.click("After compaction 1", ".contents")
    reader.click("What it took away", ".timeline")
    reader.tab.wait("document.querySelectorAll('table.lost tbody tr').length > 5")  # it comes after the page
    assert reader.see("document.querySelector('table.lost').parentElement.ariaLabel") == "Lost"


def test_when_the_last_commit_was(start: Start, told: str) -> None:
    reader = start()
    reader.click("What it says", ".contents")
    answered = one(
        told,
        "SELECT max(ts) FROM v_record WHERE kind = 'tool_result' AND text GLOB '[[]*[0-9a-f]] *' AND text LIKE '%changed%'",
    )
    if answered is None:
        said = reader.see("[...document.querySelectorAll('.choices .off')].map((e) => e.innerText.trim())")
        assert "commit 0" in said, "that there was none is an answer too"
        return
    reader.click("commit", ".choices")
    assert str(answered)[:10] in reader.rows()[0]


def test_which_tool_failed_most(start: Start, told: str) -> None:
    reader = start()
    reader.click("What it says", ".contents")
    said = reader.see("document.querySelector('.kinds li').innerText")
    tool = "SELECT tool FROM v_record WHERE kind = 'tool_result' AND error = 1 AND part = 0 GROUP BY 1 ORDER BY count(*) DESC"
    count = "SELECT count(*) FROM v_record WHERE kind = 'tool_result' AND error = 1 AND part = 0 GROUP BY tool ORDER BY 1 DESC"
    assert said.startswith(one(told, tool)) and f"{one(told, count)} failed" in said


def test_a_reader_who_needs_six_clicks_is_told(start: Start) -> None:
    """The known-bad twin of the count."""
    reader = start()
    for _ in range(4):
        reader.click("Sessions", ".top")
    with pytest.raises(AssertionError, match="a sixth click"):
        reader.click("Sessions", ".top")
