"""Where a reader lands, and all sessions: what is archived, narrowed, sorted and counted."""

import re
import sqlite3
from html import unescape
from pathlib import Path
from typing import Any

from datasette.app import Datasette

from datasette_memlog import drawing
from memlog.archive.connection import open_reader
from memlog.query import activity, browse
from pages.filled import fill
from pages.told import START, folder, said

PAGES = ("overview", "sessions", "session/last", "compaction/last/1", "facts/last")


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


def test_months_are_marked_and_of_a_few_weeks_their_mondays() -> None:
    def marks(date: str, days: int) -> list[tuple[float, str]]:
        first = activity.day_of(date)
        assert first is not None
        return drawing.chart(
            activity.Activity([activity.Day(first + n, 1, 0, 0) for n in range(days)], False, False)
        ).ticks

    told = [name for _, name in marks("2025-09-15", 154)]
    assert told == ["", "Oct 2025", "Nov", "Dec", "Jan 2026", "Feb"], "half a month gives way to the next"
    assert [name for _, name in marks("2026-05-25", 28)] == ["25 May 2026", "1 Jun", "8 Jun", "15 Jun"]
    for days in (28, 70, 71, 200, 364):
        found = marks("2025-09-15", days)
        named = [(x, x + drawing.LETTER * len(name)) for x, name in found if name]
        assert len(named) > 1 and all(end < x for (_, end), (x, _) in zip(named, named[1:], strict=False))
        assert named[-1][1] <= 100, "none is cut off"
