"""A session that is being archived: its page follows, and what the reader opened stays open."""

from collections.abc import Callable
from pathlib import Path

import pytest

from browser.chromium import Tab
from conftest import Run
from memlog.paths import Home
from memlog.record import Record
from pages.filled import SESSIONS, fill
from witness import records, running, until

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SEEN = "[...document.querySelectorAll('.timeline > .e')].map(e => e.getBoundingClientRect()).map(e => e.top < innerHeight && e.bottom > 0)"
START = 1_780_000_000_000_000_000


def step(n: int, kind: str, role: str, text: str, **fields: object) -> Record:
    return Record(
        agent="claude-code", session="live-session", source_id=f"line-{n}", block=0, kind=kind, ts_ns=START + n * 1_000_000_000,
        text=text, mac=n.to_bytes(8, "big"), role=role, boundary="", **fields,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_page_follows_a_session_while_it_is_archived(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    call = step(
        2,
        "tool_use",
        "assistant",
        "command: make",
        tool="Bash",
        rest={"id": "toolu_1", "input": {"command": "make"}},
    )
    path = fill(
        tmp_path, [step(0, "message", "user", "build it"), step(1, "thinking", "assistant", "how"), call]
    )
    tab.open(serve(path) + "/archive/-/session/live-session")
    tab.run("document.querySelector('.thinking details').open = true; window.same = true")
    assert tab.run("document.querySelectorAll('.e').length") == 3
    assert tab.run("document.querySelector('.call .mark').textContent") == "no answer"
    fill(
        tmp_path,
        [step(3, "tool_result", "tool", "built in 3 s", tool="Bash", rest={"tool_use_id": "toolu_1"})],
    )
    tab.wait("document.querySelector('.call .answer')?.textContent.includes('built in 3 s')")
    fill(
        tmp_path, [step(4, "message", "assistant", "It is **built**."), step(5, "message", "user", "thanks")]
    )
    tab.wait("document.querySelectorAll('.e.prompt').length == 2")
    assert (
        tab.run("[...document.querySelectorAll('.timeline > .e')].map(e => e.className.split(' ')[1]).join()")
        == "prompt,thinking,call,reply,prompt"
    )
    assert tab.run("document.querySelector('.reply strong').textContent") == "built"
    assert tab.run("document.querySelector('.thinking details').open && window.same"), (
        "no reload, and it is still open"
    )
    assert "following" in tab.run("document.querySelector('.live').textContent")


def test_what_a_hook_captures_is_on_the_page_once_a_witness_archived_it(
    tab: Tab, serve: Callable[[str], str], home: Home, run_hook: Run, tmp_path: Path
) -> None:
    lines = (SESSIONS / "plain.jsonl").read_bytes().splitlines(keepends=True)
    path = tmp_path / "b1cb1816-7d85-457c-9f32-2a1422d00e17.jsonl"
    told = {"session_id": path.stem, "transcript_path": str(path), "cwd": "/w", "hook_event_name": "Stop"}
    path.write_bytes(b"".join(lines[:4]))
    with running(home) as child:
        run_hook("Stop", told)
        until(lambda: records(home) >= 3)
        tab.open(f"{serve(home.archive)}/archive/-/session/{path.stem}")
        shown = tab.run("window.same = true; document.querySelectorAll('.timeline > .e').length")
        with path.open("ab") as more:
            more.write(b"".join(lines[4:]))
        run_hook("Stop", told)
        tab.wait(f"document.querySelectorAll('.timeline > .e').length > {shown}")
        assert child.poll() is None and tab.run("window.same"), (
            "the witness ran, and nothing was loaded again"
        )
    archived = records(home)
    tab.open(f"{tab.run('location.origin')}/archive/-/session/{path.stem}?all=1")
    assert tab.run("document.querySelector('.strip-foot span').textContent").endswith(
        f"of {archived} records"
    )


def test_a_page_asks_less_often_the_longer_nothing_is_new(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    path = fill(tmp_path, [step(0, "message", "user", "wait")])
    tab.open(serve(path) + "/archive/-/session/live-session")
    tab.wait(
        "performance.getEntriesByType('resource').filter(e => e.name.includes('/live?')).length >= 4", 20
    )
    at = tab.run(
        "performance.getEntriesByType('resource').filter(e => e.name.includes('/live?')).map(e => e.startTime)"
    )
    assert at[3] - at[2] > 1.3 * (at[1] - at[0])
    assert {
        answer["response"]["status"]
        for answer in tab.said("Network.responseReceived")
        if "/live?" in answer["response"]["url"]
    } == {204}


def test_what_stands_around_the_records_follows_too_and_over_the_end_of_the_page(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    path = fill(
        tmp_path, [step(0, "message", "user", "first <b>prompt"), step(1, "message", "assistant", "yes")]
    )
    tab.open(serve(path) + "/archive/-/session/live-session")
    tab.run("window.same = true; document.querySelector('.contents .epochs ol a').focus()")
    failed = step(2, "tool_result", "tool", "no", tool="Bash", error=True)
    fill(tmp_path, [failed, *(step(n, "message", "user", f"prompt {n}") for n in range(3, 303))])
    tab.wait("document.querySelectorAll('.timeline > .e').length == 303")
    tab.wait("document.querySelector('[data-part=count]').textContent == '1–303 of 303 records'")
    assert "1 error" in tab.run("document.querySelector('.head .line').textContent")
    assert tab.run("document.querySelectorAll('.contents .epochs ol li').length") == 301
    assert tab.run("document.querySelectorAll('.glance .catch').length") > 100
    assert tab.run("document.querySelector('.glance .here').getAttribute('width')") == "1000.0"
    assert tab.run("document.activeElement.textContent") == "first <b>prompt", "what is read on stays in hand"
    tab.run("document.querySelector('.jump [data-key=E]').click()")
    assert tab.run("document.activeElement.dataset.land") == "error", "a button that came later works"
    tab.run("scrollTo(0, document.documentElement.scrollHeight)")
    assert tab.run("window.same"), "no reload"
    fill(tmp_path, [step(n, "message", "assistant", f"answer {n}") for n in range(303, 1000)])
    tab.browser.until(lambda said: said.get("method") == "Page.loadEventFired")
    tab.wait("document.querySelector('[data-part=count]')?.textContent.endsWith('–1,000 of 1,000 records')")
    assert tab.run("window.same === undefined && location.search") == "?at=last", "the page was full"
    assert tab.run("location.hash") == "#end"
    for n in (1001, 1002):
        assert tab.run(f"{SEEN}.at(-1)"), "it stands at the end, and stays there"
        fill(tmp_path, [step(n, "message", "assistant", f"and on {n}")])
        tab.wait(f"document.querySelector('.timeline').textContent.includes('and on {n}')")
    assert tab.run(f"{SEEN}.at(-1)")


def test_the_end_of_a_session_is_a_link_and_a_key_away(
    tab: Tab, serve: Callable[[str], str], tmp_path: Path
) -> None:
    path = fill(tmp_path, [step(n, "message", "assistant", f"answer {n}\n\n" * 3) for n in range(300)])
    address = serve(path) + "/archive/-/session/live-session"
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(address)
    tab.open(str(tab.run("document.querySelector('.to-last').href")))
    assert tab.run("location.href").endswith("?at=last#end") and tab.run(f"{SEEN}.at(-1)")
    tab.send("Emulation.setScriptExecutionDisabled", value=False)
    tab.open(address + "?at=last")
    tab.wait(f"{SEEN}.at(-1)")
    for key, place in (("g", ""), ("G", "?at=last")):
        tab.press(key)
        tab.browser.until(lambda said: said.get("method") == "Page.loadEventFired")
        assert tab.run("location.search") == place
    assert tab.run(f"{SEEN}.at(-1)")
    tab.run("scrollTo(0, 0)")
    tab.press("G")
    assert tab.run("document.activeElement === [...document.querySelectorAll('.timeline > .e')].at(-1)")
