"""Whatever a record holds, nothing of it runs: not on any page, and the browser has nothing to report."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from browser.chromium import Chromium, Tab
from memlog.record import Record
from pages.filled import fill
from pages.test_markup import BREAKS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SPRUNG = "window.hurt = 0; window.evil = () => { window.hurt += 1; };"
# Elements and addresses no page of ours has.
FOREIGN = """[...document.querySelectorAll('evil, iframe, object, embed, base, img, form[action*="evil"], [srcdoc], main style, main script')].length
+ [...document.querySelectorAll('a[href]')].filter((a) => !/^https?:$/.test(new URL(a.getAttribute("href"), location).protocol)).length
+ [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on') || a.name.includes('evil'))).length"""


def hostile(text: str, n: int) -> list[Record]:
    """A session with this text wherever a host writes one: names, prompt, call, answer, summary."""
    session = f"{n} {text}"
    start = 1_780_000_000_000_000_000 + n * 60_000_000_000

    def one(k: int, kind: str, role: str, source: str, **fields: object) -> Record:
        rest = {
            "id": f"call {n}",
            "input": {"file_path": text, "old_string": text, "new_string": text + "2", text: text},
        }
        return Record(
            agent=f"agent {text}", session=session, source_id=source, block=0, kind=kind, ts_ns=start + k, mac=bytes([n, k] * 4),
            text=f"{text}\n\n[a]({text}) ![b]({text}) <{text}>\n\n```{text}\n{text}\n```\n", role=role, tool=text if k in (2, 3) else None,
            project=text, parent_id=text, boundary="" if k < 4 else "c", error=k == 3,
            rest=rest | {"line": {"toolUseResult": {"agentId": text}, text: text}} if k < 4 else {"line": {"compactMetadata": {"trigger": text}}},
        )  # fmt: skip

    return [
        one(0, "message", "user", "p"), one(1, "message", "assistant", "a"), one(2, "tool_use", "assistant", "u"),
        one(3, "tool_result", "tool", "r"), one(4, "compaction", "system", "c"), one(5, "summary", "user", "s"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def ambush(serve: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    records = [record for n, text in enumerate(BREAKS) for record in hostile(text, n)]
    return serve(fill(tmp_path_factory.mktemp("home"), records)) + "/archive"


def sprung(tab: Tab) -> list[str]:
    """What of this page a record wrote."""
    found = [f"ran {n} times"] if (n := tab.run("window.hurt")) else []
    return found + ([f"{n} foreign"] if (n := tab.run(FOREIGN)) else [])


def test_no_hostile_record_runs_on_any_page(tab: Tab, ambush: str) -> None:
    tab.send("Page.addScriptToEvaluateOnNewDocument", source=SPRUNG)
    tab.open(ambush + "/-/sessions?sort=started")
    sessions = tab.run("[...document.querySelectorAll('table.list tbody th a')].map(a => a.href)")
    assert len(sessions) == 50
    pages = [ambush.removesuffix("/archive") + "/", ambush, ambush + "/-/overview", ambush + "/-/sessions", ambush + "/-/search?q=evil",
             ambush + "/v_record?_size=50", ambush + "/v_session?_size=50"]  # fmt: skip
    pages += [
        f"{ambush}/-/{page}?q={quote(text, safe='')}"
        for text in BREAKS[:8]
        for page in ("sessions", "search")
    ]
    for session in sessions:
        pages += [session, session.replace("/session/", "/compaction/") + "/1"]
    tab.open(sessions[0])
    pages += tab.run("[...document.querySelectorAll('.corner .whole')].map(a => a.href)")
    for page in pages:
        tab.open(page)
        tab.run("for (const d of document.querySelectorAll('details')) d.open = true")
        assert sprung(tab) == [], page


def test_every_hostile_record_has_a_page_where_it_is_only_text(tab: Tab, ambush: str) -> None:
    tab.send("Page.addScriptToEvaluateOnNewDocument", source=SPRUNG)
    tab.open(ambush + "/-/sessions?sort=started")
    sessions = tab.run("[...document.querySelectorAll('table.list tbody th a')].map(a => a.href)")
    for session, text in zip(sessions[::5], BREAKS[: len(sessions) : 5], strict=True):
        tab.open(session)
        records = tab.run("[...document.querySelectorAll('.corner .whole')].map(a => a.href)")
        assert len(records) >= 5
        for record in records:
            tab.open(record)
            assert sprung(tab) == [], (record, text)


def test_a_page_that_let_one_through_would_be_caught(browser: Chromium, ambush: str) -> None:
    """The known-bad twins: markup put into a page of ours is seen and reported; where no policy holds, it runs."""
    tab = Tab(browser)
    tab.send("Page.addScriptToEvaluateOnNewDocument", source=SPRUNG)
    tab.open(ambush + "/-/overview")
    tab.run("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x onerror=evil()>')")
    tab.wait("document.querySelector('main img').complete")
    assert any("foreign" in found for found in sprung(tab)) and tab.complaints() != []
    tab = Tab(browser)
    tab.send("Page.addScriptToEvaluateOnNewDocument", source=SPRUNG)
    tab.open("data:text/html,<main><img src=x onerror=evil()></main>")
    tab.wait("window.hurt")
    assert any("ran" in found for found in sprung(tab))
