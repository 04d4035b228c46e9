"""The reading pages through Datasette's client: what stands where, who may see it, what is not there."""

import re
import sqlite3
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from datasette_memlog import sessions
from memlog.archive.connection import open_reader
from memlog.archive.connection import sqlite3 as archive_sqlite
from memlog.query import browse, outline, reading
from memlog.query.call import compare, diff_of
from memlog.query.facts.fact import KINDS
from memlog.query.sessions import session
from memlog.record import Record
from pages.filled import fill
from pages.test_markup import BREAKS, foreign, hostile

START = 1_780_000_000_000_000_000
PAGES = ("overview", "sessions", "session/last", "compaction/last/1", "facts/last")


def said(n: int, kind: str, role: str, text: str, **fields: Any) -> Record:
    more = {"boundary": "", **fields}
    return Record(
        agent="claude-code", session="one", source_id=f"line-{n}", block=0, kind=kind, ts_ns=START + n * 1_000_000_000, text=text,
        mac=bytes([n % 250] * 8), role=role, **more,
    )  # fmt: skip


async def folder(client: Any, name: str = "last") -> str:
    """The address of a session's page."""
    answer = await client.get(f"/archive/-/session/{name}")
    assert answer.status_code == 302
    return str(answer.headers["location"])


async def test_the_landing_page_says_what_is_archived_and_how_the_recorder_is(
    serve: Any, archive: str
) -> None:
    html = (await serve(archive).client.get("/")).text
    for words in (
        "Activity",
        "Recorder",
        "Recent sessions",
        "no gap, no hole",
        "Last capture",
        "Spool",
        "As a table",
    ):
        assert words in html, words
    con = open_reader(archive)
    days = con.execute("SELECT n FROM day ORDER BY day").fetchall()
    con.close()
    assert f"<strong>{sum(n for (n,) in days):,}</strong> records" in html
    assert html.count('class="bar"') >= len(days)


async def test_losses_are_said_on_the_landing_page_and_stand_in_the_session(
    serve: Any, tmp_path: Path
) -> None:
    path = fill(tmp_path, [said(n, "message", "user", f"prompt {n}", at=100 * n) for n in range(4)])
    con = sqlite3.connect(path)
    con.execute(
        "INSERT INTO hole (session_id, path, start, stop, noticed_ns) VALUES (1, '/t/one.jsonl', 150, 199, ?)",
        (START,),
    )
    con.execute(
        "INSERT INTO ring (ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns) VALUES (x'01', 1, 'b', 'shm', 'p', 0, 9, 1)"
    )
    con.execute("UPDATE record SET ring = 1, seq = 9 WHERE source_id = 'line-3'")
    con.execute(
        "INSERT INTO gap (ring, after_seq, before_seq, lost, reason, noticed_ns) VALUES (1, 3, 8, 4, 'evicted', ?)",
        (START,),
    )
    con.commit()
    con.close()
    client = serve(path).client
    front = (await client.get("/")).text
    assert "Something is missing" in front and "4 records" in front and "1 hole" in front
    html = (await client.get(await folder(client))).text
    places = [
        html.index(words) for words in ('id="loss-', "prompt 2</p>", "4 records missing here", "prompt 3</p>")
    ]
    assert html.index("prompt 1</p>") < places[0] and places == sorted(places)


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


async def test_what_a_compaction_took_is_computed_again_only_where_the_session_has_changed(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [
        said(0, "message", "user", "Never touch config.toml."),
        said(1, "compaction", "system", "compacted"),
        said(2, "summary", "user", "Nothing much.", boundary="line-1"),
    ]
    client = serve(fill(tmp_path, records)).client
    computed = []
    losses = sessions.lost.losses
    monkeypatch.setattr(sessions.lost, "losses", lambda *a, **k: computed.append(1) or losses(*a, **k))
    place = (await folder(client)).replace("/session/", "/compaction/") + "/1"
    first, again = [(await client.get(place)).text for _ in range(2)]
    assert "config.toml" in first and first == again and len(computed) == 1
    fill(tmp_path, [said(3, "message", "user", "And config.toml?", boundary="line-1")])
    assert (await client.get(place)).text != first and len(computed) == 2


async def test_a_loss_that_takes_too_long_to_tell_leaves_the_rest_of_the_page(
    serve: Any, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: Any, **__: Any) -> Any:
        raise archive_sqlite.OperationalError("interrupted")

    monkeypatch.setattr(sessions.lost, "losses", late)
    client = serve(archive, sql_time_ms=4_999).client
    row = (await client.get("/archive/v_session.json?compactions__gt=0&_shape=array")).json()[0]
    answer = await client.get(f"/archive/-/compaction/{row['dir']}/1")
    assert answer.status_code == 200 and "Summary it kept" in answer.text
    assert f"memlog query lost {row['session']} --epoch 0" in answer.text


async def test_what_a_long_epoch_lost_comes_after_its_page_and_with_it_once_it_is_known(
    serve: Any, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "AT_ONCE", 0)
    client = serve(archive, sql_time_ms=4_998).client
    row = (await client.get("/archive/v_session.json?compactions__gt=0&_shape=array")).json()[0]
    place = f"/archive/-/compaction/{row['dir']}/1"
    page = (await client.get(place)).text
    assert "Summary it kept" in page and 'data-later="?lost=1"' in page and "later.js" in page
    assert '<a href="?lost=1">' in page and "list lost" not in page
    told = (await client.get(f"{place}?lost=1")).text
    assert "list lost" in told and "data-later" not in told and "later.js" not in told
    assert (await client.get(place)).text == told.replace("?lost=1", ""), "it is known from now on"


async def test_what_a_session_says_is_told_once_each_with_how_often_and_where(
    serve: Any, tmp_path: Path
) -> None:
    records = []
    for n, (command, error) in enumerate([("make test", True), ("cat a.py", False), ("make test", True)]):
        call = {"id": f"t{n}", "input": {"command": command}}
        records.append(said(2 * n, "tool_use", "assistant", f"command: {command}", tool="Bash", rest=call))
        answer = {"tool": "Bash", "rest": {"tool_use_id": f"t{n}"}, "error": error}
        records.append(said(2 * n + 1, "tool_result", "tool", "Exit code 2" if error else "x", **answer))
    client = serve(fill(tmp_path, records)).client
    place = (await folder(client)).replace("/session/", "/facts/")
    html = (await client.get(f"{place}?fact=command&sort=times")).text
    rows = re.findall(r'<tr>(<th scope="row">.*?)</tr>', html, re.DOTALL)
    assert len(rows) == 2 and "make test" in rows[0] and 'class="num">2</td>' in rows[0]
    assert "<strong>Bash</strong> 3 answers" in html and ">2 failed</a>" in html
    last = re.search(r"\?at=(\d+)#r\1", rows[0])
    assert last and (await client.get(f"/archive/-/record/{last[1]}")).status_code == 200
    kinds = re.findall(r"<tr><td>(\w+)</td>", (await client.get(place)).text)
    assert "command" in kinds and kinds == sorted(kinds, key=list(KINDS).index), "what matters most first"
    html = (await client.get(f"{place}?fact=commit")).text
    assert "Nothing of the kind" in html
    assert (await client.get("/archive/-/facts/nobody")).status_code == 404


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


async def test_sessions_are_narrowed_sorted_and_counted(serve: Any, archive: str) -> None:
    client = serve(archive).client
    html = (await client.get("/archive/-/sessions?sort=turns")).text
    turns = [int(n) for n in re.findall(r'data-name="Turns" class="num">([\d,]+)<', html)]
    assert len(turns) == 2 and turns == sorted(turns)
    only = (await client.get("/archive/-/sessions?only=compactions")).text
    assert ">1 session<" in only
    assert "No session is like that" in (await client.get("/archive/-/sessions?q=nosuch&agent=x")).text
    for odd in (
        "page=x",
        "page=-1",
        "page=" + "9" * 5_000,
        "page=99",
        "day=0026-02-15",
        "day=1600-01-01",
        "day=2262-04-11",
        "day=9999-12-31",
    ):
        answer = await client.get(f"/archive/-/sessions?{odd}")
        assert answer.status_code == 400 and 'role="alert"' in answer.text and "pages.css" in answer.text, odd
        assert odd[:4] == "day=" or ">2 sessions<" in answer.text, "the last page, and that it is"
    for odd in ("page=1", "sort=turns", "day=2026-01-01", "day=2262-04-10", "day=1677-09-22"):
        assert (await client.get(f"/archive/-/sessions?{odd}")).status_code == 200, odd
    for odd in ("sort=evil", "day=2026-13-99", "only=evil"):
        answer = await client.get(f"/archive/-/sessions?{odd}")
        assert answer.status_code == 400 and "Not narrowed by all you asked" in answer.text, odd
    place = (await folder(client)).replace("/session/", "/facts/")
    answer = await client.get(f"{place}?fact=evil")
    assert answer.status_code == 400 and "no kind of fact evil" in answer.text


async def test_counts_by_session_are_told_by_title(serve: Any, archive: str) -> None:
    client = serve(archive).client
    titles = {
        row["session"]: row["title"]
        for row in (await client.get("/archive/v_session.json?_shape=array")).json()
    }
    table = (
        (await client.get("/archive/-/search?q=kind:message&facet=session"))
        .text.partition('class="counts"')[2]
        .partition("</table>")[0]
    )
    told = re.findall(r'title="([^"]*)">([^<]*)</a>', table)
    assert len(told) == 2 and all(
        unescape(shown) == titles[unescape(session)][:120] for session, shown in told
    )
    alone = (await client.get("/archive/-/search?q=alarm&facet=session")).text
    assert "By session: " in alone and " only, " in alone and 'class="counts"' not in alone, (
        "a table of one row says nothing"
    )


async def test_a_question_has_a_length_and_a_title_of_a_page_too(serve: Any, archive: str) -> None:
    client = serve(archive).client
    for place in ("search", "search.json"):
        answer = await client.get(f"/archive/-/{place}", params={"q": "a+" * 3_000, "mode": "regex"})
        assert answer.status_code == 400 and "at most 4,000 characters" in answer.text
        assert len(answer.text) < 30_000
    html = (await client.get("/archive/-/search", params={"q": "word " * 500})).text
    assert len(html.partition("<title>")[2].partition("</title>")[0]) < 120
    assert "whole id" in (await client.get("/archive")).text


async def test_what_is_not_there_is_404_and_what_is_not_allowed_403(serve: Any, archive: str) -> None:
    client = serve(archive).client
    for page in (
        "session/nosuch",
        "session/nosuch/live",
        "compaction/last/99",
        "compaction/nosuch/1",
        "compaction/last/0",
    ):
        assert (await client.get(f"/archive/-/{page}")).status_code == 404, page
    closed = Datasette(
        [archive], metadata={"databases": {"archive": {"tables": {"v_record": {"allow": False}}}}}
    )
    for page in PAGES:
        assert (await closed.client.get(f"/archive/-/{page}")).status_code == 403, page
    assert "Recent sessions" not in (await closed.client.get("/")).text


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


async def test_the_contents_and_the_strip_count_the_same_records(serve: Any, archive: str) -> None:
    client = serve(archive).client
    rows = (await client.get("/archive/v_session.json?_shape=array")).json()
    assert any(row["metas"] for row in rows)
    for row in rows:
        for every in ("", "?all=1"):
            html = (await client.get(f"/archive/-/session/{row['dir']}{every}")).text
            total = int(
                re.search(r" of ([\d,]+) records?<|of ([\d,]+) records?,", html)[0]
                .split()[1]
                .replace(",", "")
            )  # type: ignore[index]
            chapters = [
                int(n.replace(",", "")) for n in re.findall(r'</a> <span class="soft">([\d,]+)</span>', html)
            ]
            assert sum(chapters) == total and chapters
            out = re.search(r"without <a[^>]*>([\d,]+) bookkeeping", html)
            assert row["records"] == total + int(out[1] if out else 0)
    assert "counts once" in (await client.get("/archive")).text


async def test_a_long_session_is_read_in_pages_that_together_hold_every_record_once(
    serve: Any, tmp_path: Path
) -> None:
    records = [
        record
        for n in range(0, 900, 3)
        for record in (
            said(n, "message", "user", f"prompt {n}"),
            said(n + 1, "tool_use", "assistant", "command: x", tool="Bash", rest={"id": f"t{n}"}),
            said(
                n + 2,
                "tool_result",
                "tool",
                "done",
                tool="Bash",
                rest={"tool_use_id": f"t{n}"},
                error=n % 300 == 0,
            ),
        )
    ]
    path = fill(tmp_path, records)
    con = open_reader(path)
    found = outline.outline(con, session(con, "last"))
    assert len(found) == 900 and len(found.pages) > 5
    met: list[int] = []
    for page in range(len(found.pages)):
        for chapter in reading.chapters(con, found, *found.stretch(page)):
            for entry in chapter.entries:
                assert isinstance(entry, reading.Entry)
                met.append(entry.record.id)
                if entry.what == "call":
                    assert entry.answer is not None, "no page parts a call from its answer"
                    met.append(entry.answer.id)
    assert sorted(met) == found.ids
    first = (await serve(path).client.get(await folder(serve(path).client))).text
    assert 'rel="next"' in first and "data-after-prompt" in first and "data-before-prompt" not in first
    con.close()


def test_a_page_of_long_answers_has_fewer_of_them(tmp_path: Path) -> None:
    records = [
        record
        for n in range(0, 300, 3)
        for record in (
            said(n, "message", "assistant", f"answer {n} " + "long " * (3_600 if n < 150 else 1)),
            said(n + 1, "tool_use", "assistant", "command: x", tool="Bash", rest={"id": f"t{n}"}),
            said(n + 2, "tool_result", "tool", "x" * 40_000, tool="Bash", rest={"tool_use_id": f"t{n}"}),
        )
    ]
    con = open_reader(fill(tmp_path, records))
    found = outline.outline(con, session(con, "last"))
    lengths = [last - first for first, last in map(found.stretch, range(len(found.pages)))]
    assert sum(lengths) == 300 and lengths[0] < outline.PAGE / 2 < outline.PAGE <= lengths[-2], lengths
    for first in found.pages[1:]:
        assert found.kinds[first] != "r", "a call and its answer are on one page"
    con.close()


def test_an_outline_has_every_record_by_epoch_and_then_by_time(tmp_path: Path) -> None:
    kinds = ("message", "thinking", "tool_use", "tool_result", "attachment", "message", "meta", "summary")
    records = [
        said(
            n, kinds[n % 8], "user" if n % 8 == 0 else "assistant", f"{'<' if n % 16 else ''}text {n} " * (n % 50),
            error=n % 7 == 0, boundary="line-500" if n > 500 and n % 3 else "",
        )
        for n in range(2_300)
    ]  # fmt: skip
    records[500] = said(500, "compaction", "system", "compacted")
    records[1_000:1_400] = [one._replace(ts_ns=records[1_000].ts_ns) for one in records[1_000:1_400]]
    con = open_reader(fill(tmp_path, records))
    rows = con.execute(
        "SELECT r.id, e.number, r.bytes, r.kind, r.role, r.error, r.text FROM (SELECT *, memlog_text(body, packing, text_bytes) AS text FROM record) r JOIN epoch e ON e.id = r.epoch_id"
        " WHERE r.kind <> 'meta' OR r.error ORDER BY e.number, r.ts_ns, r.id"
    ).fetchall()
    found = outline.outline(con, session(con, "last"))
    assert list(zip(found.ids, found.epochs, found.sizes, strict=True)) == [row[:3] for row in rows]
    assert len({row[1] for row in rows}) == 2 and len(rows) > 2_000, "it is read in parts, and put in order"
    assert [flag in "13" for flag in found.flags] == [bool(row[5]) for row in rows]
    assert found.landmarks["prompt"] == [
        n for n, row in enumerate(rows) if row[3:5] == ("message", "user") and outline.is_said(row[6])
    ]
    assert found.landmarks["error"] == [n for n, row in enumerate(rows) if row[5]]
    assert found.landmarks["compaction"] == [n for n, row in enumerate(rows) if row[3] == "compaction"]
    assert len(outline.outline(con, session(con, "last"), every=True)) == 2_300
    con.close()


def test_a_shelf_counts_what_it_shows(archive: str) -> None:
    con = open_reader(archive)
    shelf = browse.shelf(con, order="records")
    assert shelf.total == len(shelf.rows) == 2 and [r.records for r in shelf.rows] == sorted(
        (r.records for r in shelf.rows), reverse=True
    )
    counted = con.execute(
        "SELECT s.session, count(*) FROM record r JOIN session s ON s.id = r.session_id"
        " WHERE r.kind = 'message' AND r.role = 'user' AND r.part = 0 GROUP BY 1"
    ).fetchall()
    assert {row.session: row.turns for row in shelf.rows} == dict(counted)
    assert sum(n for _, n in shelf.facets["agent"]) == 2
    con.close()


def test_a_change_and_a_diff_are_told_line_by_line() -> None:
    assert [line.sign for line in compare("a\nb\nc", "a\nB\nc")] == [" ", "-", "+", " "]
    assert [line.sign for line in compare("", "new\nfile")] == ["+", "+"]
    signs = [line.sign for line in diff_of("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n c")]
    assert signs == ["@", "@", "@", "@", "-", "+", " "]
    assert diff_of("- a list\n- of points\n+ and more") == []
