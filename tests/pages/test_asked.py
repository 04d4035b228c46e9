"""What an address asks for that cannot be had is refused where it stands, in our frame; never half given."""

import asyncio
import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from datasette.app import Datasette
from datasette.views.base import DatasetteError

from datasette_memlog import asking, failing
from memlog.archive.connection import open_reader
from memlog.query import activity
from memlog.record import Record
from pages.filled import fill
from pages.line import SQL
from pages.routes import of

START = 1_780_000_000_000_000_000
BROWSER = {"accept": "text/html,*/*"}
NINES = "9" * 5_000
ASKED = quote_plus(
    "with recursive c(n) as (select 1 union all select n + 1 from c where n < 6) select n from c"
)


def said(n: int, text: str = "said", day: int = 0, **fields: Any) -> Record:
    told = {"session": "one", "kind": "message", "boundary": "", **fields}
    when = START + (day * 86_400 + n) * 1_000_000_000
    return Record(
        agent="claude-code", source_id=f"line-{n}", block=0, role="user", text=text, ts_ns=when,
        mac=bytes([n % 250] * 8), **told,
    )  # fmt: skip


async def test_a_list_says_what_it_is_ordered_by_and_a_hit_for_how_many_records_it_stands(
    serve: Any, tmp_path: Path
) -> None:
    records = [said(n, "the pump is primed", session=name) for n, name in enumerate(("one", "one", "two"))]
    client = serve(fill(tmp_path, records)).client
    place = "/archive/-/sessions"
    assert "2 sessions<span>, the one used last first" in (await client.get(place)).text
    assert "the one used last at the end" in (await client.get(f"{place}?sort=ended")).text
    assert "used last" not in (await client.get(f"{place}?sort=-errors")).text
    found = (await client.get("/archive/-/search?q=pump+primed")).text
    assert "×3" in found and "2 more places where this is said, or its like" in found


async def test_a_page_that_waited_for_the_processor_is_given_and_one_that_used_it_too_long_is_not(
    archive: str,
) -> None:
    datasette = Datasette([archive], settings={"sql_time_limit_ms": 120})
    await datasette.invoke_startup()
    db = datasette.databases["archive"]
    count = (
        f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT {10**9}) SELECT max(n) FROM c"
    )

    def waits(seconds: float) -> Callable[[Any], Any]:
        def ask(con: Any) -> Any:
            time.sleep(seconds)  # as a busy machine makes it
            return con.execute(count.replace(str(10**9), "20000")).fetchone()[0]

        return ask

    assert await asking.read(datasette, db, waits(0.15)) == 20_000
    for question in (waits(0.5), lambda con: con.execute(count).fetchone()):
        with pytest.raises(DatasetteError) as late:
            await asking.read(datasette, db, question)
        assert late.value.status == 503 and "MEMLOG_SQL_TIME_MS=480 memlog serve" in late.value.message


@pytest.mark.parametrize(
    "more",
    [
        "_size=5",
        "_stream=x",
        "_size=max&_size=2",
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in ("_size=1", "_stream=on", "_size=max", "_size=&_size=2")
        ),
    ],
)
async def test_an_argument_that_means_nothing_makes_no_file_whole(archive: str, more: str) -> None:
    settings = {"max_returned_rows": 5, "default_page_size": 3}
    client = Datasette([archive], settings=settings).client
    forms = ("csv", "jsonl", "md", "cbor")
    for form in forms:
        answer = await client.get(f"{SQL}.{form}?sql={ASKED}&{more}")
        assert answer.status_code == 400 and "more rows" in answer.text, form
    named = await client.get(f"/archive/errors_by_tool.jsonl?{more}")
    assert named.status_code == 200 or "more rows" in named.text
    part = more in ("_size=5", "_size=1")
    for form in forms:
        answer = await client.get(f"/archive/v_record.{form}?{more}")
        whole = part or (form == "csv" and "_stream" in more)
        assert answer.status_code == (200 if whole else 400), form
        if whole and form in ("csv", "jsonl"):
            rows = len(re.findall(r"^\{|^\d", answer.text, re.M))
            assert rows == int(more[-1]) if part else rows > 5


async def test_an_array_of_rows_says_no_less_than_a_file(archive: str) -> None:
    client = Datasette([archive], settings={"max_returned_rows": 5}).client
    asked = f"{SQL}.json?sql={ASKED}"
    assert (await client.get(f"{asked}&_shape=array")).status_code == 400
    assert (await client.get(f"{asked}+limit+5&_shape=array")).status_code == 200
    assert (await client.get(asked)).json()["truncated"] is True


async def test_a_page_no_argument_leads_to_is_refused_in_our_frame(serve: Any, archive: str) -> None:
    client = serve(archive).client
    row = (await client.get("/archive/v_session.json?compactions__gt=0&_shape=array")).json()[0]
    facts, zip_ = f"-/facts/{row['dir']}", f"-/session/{row['dir']}/post-mortem.zip"
    for path, status in {
        "v_record?_next=zzz": 400, f"v_record?_next={NINES}": 400, "v_record?_next=99999999999999999999": 400,
        "v_record?_through=zzz": 400,
        "v_record?_timelimit=zzz": 400, "v_record/1": 404, "v_session/abc": 404, f"{zip_}?part=zzz": 404,
        f"{zip_}?part=range&from=1": 400, "-/record/1.xml": 404, "v_record.csv?_stream=on": 400,
        f"{facts}?sort=zzz": 400, f"{facts}?epoch=abc": 400, f"{facts}?epoch=-1": 400, f"{facts}?epoch=99": 400,
        f"{facts}?epoch={NINES}": 400, f"{facts}?fact=zzz": 400, f"{facts}?sort=times&epoch=1": 200,
    }.items():  # fmt: skip
        answer = await client.get(f"/archive/{path}", headers=BROWSER)
        assert answer.status_code == status, path[:60]
        assert "pages.css" in answer.text and 'href="/archive/-/sessions' in answer.text, path[:60]
    answer = await client.get("/archive/v_record.jsonl", headers=BROWSER)
    assert answer.status_code == 400 and "pages.css" in answer.text and "memlog export" in answer.text
    plain = await client.get("/archive/v_record.jsonl")
    assert "<" not in plain.text and "memlog export" in plain.text, "a program is told in a line"


async def test_what_failed_in_a_page_of_ours_is_said_in_its_frame_and_to_whoever_serves(
    serve: Any, archive: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise ValueError("<b>broken")

    monkeypatch.setattr(activity, "activity", broken)
    answer = await serve(archive).client.get("/archive/-/overview")
    assert answer.status_code == 500 and "pages.css" in answer.text and "&lt;b&gt;broken" in answer.text
    assert "in broken" in capsys.readouterr().err
    assert failing.TITLES[500] in answer.text


async def test_pages_are_read_and_take_nothing_else(serve: Any, archive: str) -> None:
    client = serve(archive).client
    row = (await client.get("/archive/v_session.json?compactions__gt=0&_shape=array")).json()[0]
    ids = [one["id"] for one in (await client.get("/archive/v_record.json?_shape=array&_size=2")).json()]
    for places in of(row["dir"], ids, "x").values():
        for method in ("POST", "OPTIONS"):
            answer = await client.request(method, places[0])
            assert answer.status_code == 405 and answer.headers["allow"] == "GET, HEAD", (method, places[0])


async def test_a_day_counts_its_records_and_a_long_one_once(serve: Any, tmp_path: Path) -> None:
    long = "word " * 40_000  # several parts
    path = fill(
        tmp_path,
        [
            said(0),
            said(1, long),
            said(2, day=1),
            said(3, long, day=1, session="two"),
            said(4, long, day=3, session="two"),
        ],
    )
    con = open_reader(path)
    [(parts,), (ids,)] = con.execute(
        "SELECT count(*) FROM record WHERE part > 0 UNION ALL SELECT sum(n) FROM day"
    )
    counts = list(activity.recorded(con).values())
    con.close()
    assert parts > 2 and ids == parts + 5, "what the days count is not records"
    assert counts == [2, 2, 1]
    html = (await serve(path).client.get("/")).text
    table = re.findall(r"<tr><th scope=\"row\">.*?</th><td>([\d,]+)</td>", html)
    assert sorted(table) == ["1", "2", "2"] and "<strong>5</strong> records" in html


async def test_a_day_counts_what_is_left_of_it(tmp_path: Path) -> None:
    from memlog.archive.connection import sqlite3

    path = fill(tmp_path, [said(0), said(1), said(2, day=1), said(3, session="two")])
    con = sqlite3.connect(path)
    con.execute("DELETE FROM record WHERE source_id IN ('line-1', 'line-3')")
    con.execute("UPDATE session SET records = 2 WHERE session = 'one'")
    con.execute("DELETE FROM session WHERE session = 'two'")
    con.commit()
    con.close()
    con = open_reader(path)
    assert list(activity.recorded(con).values()) == [1, 1]
    con.close()


async def test_activity_begins_with_the_week_of_the_first_record(tmp_path: Path) -> None:
    path = fill(tmp_path, [said(0), said(1, day=60), said(2, day=600)])
    con = open_reader(path)
    first = activity.day_of("2026-05-28")
    assert first is not None
    monday = activity.activity(con, days=364, until=first + 60).days[0]
    assert monday.date == "2026-05-25" and monday.records == 0
    assert len(activity.activity(con, days=364, until=first).days) == activity.LEAST
    found = activity.activity(con, days=364)
    assert len(found.days) == 364 and found.earlier and not found.later, "at most a year"
    con.close()


HOSTILE = ('say "hi" there', 'a"b', "a,b", "two words", "tool:Bash", "x\\", "(y)", "plain", "<b>&", "star*")


async def test_a_facet_leads_to_its_records_whatever_it_is_called(serve: Any, tmp_path: Path) -> None:
    records = [said(n, "needle", kind="tool_use", tool=tool) for n, tool in enumerate(HOSTILE)]
    records += [
        said(50 + n, "needle", kind="tool_use", tool=tool, error=True) for n, tool in enumerate(HOSTILE)
    ]
    client = serve(fill(tmp_path, records)).client
    html = (await client.get("/archive/-/search?q=needle&facet=tool&facet=day&facet=error")).text
    captions = [" ".join(one.split()) for one in re.findall(r"<caption>(.*?)</caption>", html)]
    assert captions == ["by error", "by tool"] and "By day: 2026-05-28 only, 20 records" in html
    links = re.findall(r'<a href="(\?[^"]+)" title="[^"]*">([^<]*)</a></td><td>([\d,]+)<', html)
    assert {unescape(name) for _, name, _ in links} == set(HOSTILE) - {"a,b"}, "which no filter says"
    for href, name, count in links:
        found = (await client.get(f"/archive/-/search.json{unescape(href)}")).json()["rows"]
        assert {row["tool"] for row in found} == {unescape(name)}, name
        assert len(found) + sum(row["count"] - 1 for row in found) >= 1 and count == "2"
    told = (await client.get("/archive/-/search.json?q=needle&facet=kind")).json()
    assert "bookkeeping" in told["facets_count"] and told["facets_count"] in html


async def test_an_argument_that_narrows_stays_with_the_next_words(serve: Any, archive: str) -> None:
    html = (await serve(archive).client.get("/archive/-/search?q=x&tool=a%22b")).text
    assert '<input type="hidden" name="tool" value="a&#34;b">' in html and "take tool out" in html


async def test_no_page_has_a_nul_whatever_the_address_says(serve: Any, archive: str) -> None:
    client = serve(archive).client
    row = (await client.get("/archive/v_session.json?_shape=array")).json()[0]
    ids = [one["id"] for one in (await client.get("/archive/v_record.json?_shape=array&_size=2")).json()]
    places = [place for found in of(row["dir"], ids, "a\0b").values() for place in found]
    places += [
        f"/archive/v_record?_search=a%00b&session__exact={row['session']}%00",
        "/archive/commands?session=a%00b",
    ]
    shown = 0
    for place in places:
        answer = await client.get(place)
        if answer.headers["content-type"].startswith("text/html"):
            assert "\0" not in answer.text, place
            shown += "a\N{REPLACEMENT CHARACTER}b" in answer.text
    assert shown > 5


@pytest.mark.parametrize(
    ("asked", "takes"),
    [
        ("limit=abc", "limit takes a whole number from 1 to 200"), ("limit=0", "1 to 200"), ("limit=201", "1 to 200"),
        ("context=x", "context takes a whole number from 0 to 10"), ("epoch=last", "epoch takes a whole number"),
        ("newest=maybe", "newest takes 1"), ("group=odd", "group takes session"),
    ],
)  # fmt: skip
async def test_an_argument_of_a_search_that_means_nothing_is_named_with_what_it_takes(
    serve: Any, archive: str, asked: str, takes: str
) -> None:
    client = serve(archive).client
    for page in ("search", "search.json"):
        answer = await client.get(f"/archive/-/{page}?q=x&{asked}")
        assert answer.status_code == 400 and takes in answer.text and "memlog --help" not in answer.text
    assert (await client.get("/archive/-/search?q=x&newest=0&group=&limit=200")).status_code == 200


async def test_sessions_a_search_did_not_show_are_a_link_away(serve: Any, tmp_path: Path) -> None:
    records = [said(n, "the pump is primed", session=f"session-{n}") for n in range(24)]
    client = serve(fill(tmp_path, records)).client
    html = (await client.get("/archive/-/search?q=pump&group=session")).text
    assert html.count('<section class="group"') == 20 and "--limit" not in html
    more = re.search(r'<a rel="next" href="(\?[^"]*limit=60[^"]*)">', html)
    assert more is not None
    html = (await client.get(f"/archive/-/search{unescape(more[1])}")).text
    assert html.count('<section class="group"') == 24 and 'rel="next"' not in html


@pytest.mark.parametrize(
    ("stretch_s", "in_turns"), [(-1.0, True), (1e9, False)], ids=["in turns", "twin: in one piece"]
)
async def test_a_long_page_is_written_in_turns(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stretch_s: float, in_turns: bool
) -> None:
    """Others of the server's loop run between its entries."""
    monkeypatch.setattr(asking, "A_TURN", stretch_s)
    datasette = serve(fill(tmp_path, [said(n, f"reply {n}") for n in range(60)]))
    others, meanwhile = 0, 0

    async def another() -> None:
        nonlocal others
        while True:
            await asyncio.sleep(0)
            others += 1

    async def rendered(*given: Any) -> str:
        nonlocal meanwhile
        before = others
        html = await render(*given)
        meanwhile = others - before
        return str(html)

    render, datasette.render_template = datasette.render_template, rendered
    task = asyncio.create_task(another())
    answer = await datasette.client.get("/archive/-/session/last", follow_redirects=True)
    task.cancel()
    assert answer.status_code == 200 and (meanwhile >= 60) is in_turns, meanwhile
