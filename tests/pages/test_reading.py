"""A session's page, read: chapters, changes, prose, what comes while it is read."""

import re
from html import unescape
from pathlib import Path
from typing import Any

from memlog.archive.connection import open_reader
from memlog.query.call import compare, diff_of
from pages.filled import fill
from pages.test_markup import BREAKS, foreign, hostile
from pages.told import folder, said


async def test_a_session_is_read_in_chapters_with_its_compaction_between(serve: Any, archive: str) -> None:
    client = serve(archive).client
    row = (await client.get("/archive/v_session.json?compactions__gt=0&_shape=array")).json()[0]
    html = (await client.get(f"/archive/-/session/{row['dir']}")).text
    assert "Compaction 1" in html and "tokens" in html and 'id="c1"' in html
    epoch = (await client.get(f"/archive/v_epoch.json?session={row['session']}&epoch=0&_shape=array")).json()[
        0
    ]
    assert f"{epoch['tokens_before']:,}" in html and epoch["trigger"] in html
    shown = set(re.findall(r'id="r(\d+)"', html))
    assert len(shown) > 50
    for record in sorted(shown)[::20]:
        linked = await client.get(f"/archive/-/session/{row['dir']}?at={record}")
        assert f'id="r{record}"' in linked.text
    page = (await client.get(f"/archive/-/compaction/{row['dir']}/1")).text
    for words in ("Said before", "Summary it kept", "Said after"):
        assert words in page


async def test_a_change_is_shown_as_lines_that_go_and_come(serve: Any, tmp_path: Path) -> None:
    given = {"file_path": "/p/a.py", "old_string": "one\ntwo\nthree", "new_string": "one\n2\nthree"}
    edit = said(
        1,
        "tool_use",
        "assistant",
        "file_path: /p/a.py",
        tool="Edit",
        project="/p",
        rest={"id": "t1", "input": given},
    )
    answer = said(2, "tool_result", "tool", "ok", tool="Edit", rest={"tool_use_id": "t1"})
    client = serve(fill(tmp_path, [edit, answer])).client
    html = (await client.get(await folder(client))).text
    assert re.search(r'class="del">.*?-</span>two', html) and re.search(r'class="add">.*?\+</span>2', html)
    assert '<span class="about">a.py</span>' in html, "a path is shown from the project on"
    assert html.count('class="e call"') == 1 and 'class="answer"' in html


async def test_markdown_is_rendered_and_nothing_of_it_is_markup_or_leads_elsewhere(
    serve: Any, tmp_path: Path
) -> None:
    text = (
        "**bold** `code` <b>raw</b> [ok](https://example.org/) [no](javascript:evil()) ![pic](https://e.org/x.png)"
        " [![badge & <b>](https://e.org/b.svg)](https://ci.org/) ![](data:image/png,x)"
        "\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n~~gone~~ <https://example.org/auto> [f](file:///etc/passwd) [d](data:text/html,x)"
    )
    client = serve(fill(tmp_path, [said(1, "message", "assistant", text)])).client
    html = (await client.get(await folder(client))).text
    prose = re.search(r'<div class="prose">(.*?)</div>', html, re.DOTALL)
    assert prose
    assert (
        "<strong>bold</strong>" in prose[1]
        and '<table tabindex="0">' in prose[1]
        and "<s>gone</s>" in prose[1]
    )
    assert "&lt;b&gt;raw&lt;/b&gt;" in prose[1] and "<img" not in html
    places = re.findall(r'href="([^"]*)"', prose[1])
    assert places == [
        "https://example.org/",
        "https://e.org/x.png",
        "https://ci.org/",
        "https://example.org/auto",
    ]
    assert prose[1].count('rel="noopener noreferrer nofollow"') == 4
    assert ">pic</a>" in prose[1] and "!<a" not in prose[1], "a picture is a link that says what it shows"
    assert ">badge &amp; &lt;b&gt;</a>" in prose[1], "within a link its words alone"


async def test_no_reading_page_holds_markup_of_a_record(serve: Any, tmp_path: Path) -> None:
    path = fill(tmp_path, [hostile(n, text) for n, text in enumerate(BREAKS)])
    client = serve(path).client
    rows = (await client.get("/archive/v_session.json?_shape=array&_size=max")).json()
    pages = ["/", "/archive/-/overview", "/archive/-/sessions", "/archive/-/sessions?sort=title"]
    pages += [f"/archive/-/session/{row['dir']}" for row in rows]
    for path in pages:
        answer = await client.get(path)
        assert answer.status_code == 200
        # Prose may lead to http(s), never without saying that it leads away.
        own = re.sub(r'<a href="https?://[^"]*" rel="noopener noreferrer nofollow">', "<a>", answer.text)
        assert foreign(own).found == [], path


async def test_a_prompt_with_a_nul_is_read(serve: Any, tmp_path: Path) -> None:
    client = serve(fill(tmp_path, [said(1, "message", "user", "<\0evil> and more")])).client
    answer = await client.get(await folder(client))
    assert answer.status_code == 200 and "and more" in answer.text


async def test_live_says_nothing_until_there_is_something(serve: Any, tmp_path: Path) -> None:
    path = fill(tmp_path, [said(1, "message", "user", "first")])
    client = serve(path).client
    place = await folder(client)
    html = (await client.get(place)).text
    ask, seen = (unescape(re.search(rf'data-{name}="([^"]*)"', html)[1]) for name in ("live", "seen"))  # type: ignore[index]
    assert (await client.get(ask, params={"seen": seen})).status_code == 204
    fill(tmp_path, [said(2, "message", "assistant", "second")])
    answer = await client.get(ask, params={"seen": seen})
    assert answer.status_code == 200 and "second" in answer.text and "<html" not in answer.text


async def test_what_stands_around_the_records_comes_with_what_is_new(serve: Any, tmp_path: Path) -> None:
    path = fill(tmp_path, [said(1, "message", "user", "first")])
    client = serve(path).client
    ask = unescape(re.search(r'data-live="([^"]*)"', (await client.get(await folder(client))).text)[1])  # type: ignore[index]
    more = [said(n, "message", "assistant", f"word {n}") for n in range(2, 300)]
    fill(tmp_path, [*more, said(300, "tool_result", "tool", "no", tool="Bash", error=True)])
    answer = (await client.get(ask, params={"seen": "old"})).text
    page = (await client.get(await folder(client))).text
    assert "1–300 of 300 records" in answer and "1 error<" in answer and "pages 1–3 of 3" in answer
    assert 'data-key="e"' in answer and re.search(r">Beginning</a> <span[^>]*>300<", answer)
    assert "data-next" not in answer, "it goes on over the page's end"
    assert answer.count("word ") >= 298
    parts = r'data-part="([a-z-]+)"'
    assert re.findall(parts, answer) and set(re.findall(parts, answer)) == set(re.findall(parts, page))
    fill(tmp_path, [said(n, "message", "assistant", "on") for n in range(301, 700)])
    assert 'data-last="' in (await client.get(ask, params={"seen": "old"})).text, (
        "a page does not grow for ever"
    )


async def test_a_link_to_a_record_that_is_not_there_says_so(serve: Any, tmp_path: Path) -> None:
    path = fill(
        tmp_path, [said(1, "message", "user", "first"), said(2, "meta", "system", "a line of the host")]
    )
    fill(tmp_path, [said(3, "message", "user", "of another")._replace(session="two")])
    con = open_reader(path)
    ids = dict(con.execute("SELECT source_id, id FROM record").fetchall())
    con.close()
    client = serve(path).client
    here, there = "/archive/-/session/one", "/archive/-/session/two"
    assert (await client.get(f"{here}?at={ids['line-1']}")).status_code == 200
    for dead in ("99999999999999999999999", "-5", "abc", "999999999999999999", "4", "1%C2%B2", "%D9%A3"):
        answer = await client.get(f"{here}?at={dead}")
        assert answer.status_code == 404 and "first" in answer.text, dead
        assert "no number of a record" in answer.text or "in this archive" in answer.text, dead
    astray = await client.get(f"{here}?at={ids['line-3']}")
    assert astray.status_code == 404 and "No record" in astray.text
    assert f'{there}?at={ids["line-3"]}#r{ids["line-3"]}"' in astray.text
    hidden = await client.get(f"{here}?at={ids['line-2']}")
    assert hidden.status_code == 200 and "bookkeeping lines, which are left out here" in hidden.text
    assert "left out here" not in (await client.get(f"{here}?all=1&at={ids['line-2']}")).text


def test_a_change_and_a_diff_are_told_line_by_line() -> None:
    assert [line.sign for line in compare("a\nb\nc", "a\nB\nc")] == [" ", "-", "+", " "]
    assert [line.sign for line in compare("", "new\nfile")] == ["+", "+"]
    signs = [line.sign for line in diff_of("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n c")]
    assert signs == ["@", "@", "@", "@", "-", "+", " "]
    assert diff_of("- a list\n- of points\n+ and more") == []


async def test_what_a_host_s_failure_is_about_is_its_reason_and_not_its_headers(
    serve: Any, tmp_path: Path
) -> None:
    deep: dict[str, Any] = {"message": "<b>too deep</b>"}
    for _ in range(50):
        deep = {"error": deep}
    headers = {"date": "Wed, 14 Jan 2026 10:41:23 GMT"}
    told = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded <i>"}}
    errors = ({"status": 529, "headers": headers, "error": told}, {}, deep, "said <u>", {"message": ["x"]})
    records = [said(0, "message", "user", "go")] + [
        said(n, "meta", "system", f"{headers['date']}\nline {n}", error=True, rest={"line": {"error": error}})
        for n, error in enumerate(errors, 1)
    ]
    client = serve(fill(tmp_path, records)).client
    html = (await client.get(await folder(client))).text
    about = [unescape(one) for one in re.findall(r'<span class="about">(.*?)</span>', html, re.DOTALL)]
    dated = [f"{headers['date']}\nline {n}" for n in (2, 3)]
    assert about == ["529 Overloaded <i>", *dated, "said <u>", f"{headers['date']}\nline 5"]
    assert "<i>" not in html and "<u>" not in html
