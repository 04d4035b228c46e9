"""Every page answers, views come first, and cells read well."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from datasette_memlog import labels
from memlog.archive import migrate
from memlog.archive.connection import sqlite3
from memlog.paths import Home
from memlog.query import health, metrics
from pages.filled import NOW_NS, fill, records_of
from pages.line import IS_ONE, SQL, count

VIEWS = ("v_session", "v_record", "v_epoch", "v_gap", "v_event", "v_event_text", "v_damage")


@pytest.mark.parametrize(
    "path",
    [
        "/", "/archive", "/archive?_show_hidden=1", "/archive.json", *(f"/archive/{v}" for v in VIEWS),
        *(f"/archive/{v}.json" for v in VIEWS), "/archive/v_record?_all=1", "/archive/v_record.csv?_size=9",
        "/archive/v_record?_facet=kind", "/archive/v_record?kind=tool_use&_sort=ts_ns", "/archive/-/search",
        "/archive/-/search?q=alarm", "/archive/newest_sessions", "/archive/before_last_error",
        "/archive/largest_records", "/archive/what_is_missing", f"{SQL}?sql=select+text+from+v_record",
        "/archive/record", "/-/plugins.json", "/-/static-plugins/memlog_recorder/memlog.css",
    ],
)  # fmt: skip
async def test_every_page_answers(serve: Any, archive: str, path: str) -> None:
    answer = await serve(archive).client.get(path)
    assert answer.status_code == 200, answer.text[:500]


async def test_views_come_before_tables(serve: Any, archive: str) -> None:
    html = (await serve(archive).client.get("/archive")).text.partition('<h2 id="views">')[2]
    places = [html.index(f'/archive/{view}"') for view in VIEWS]
    assert places == sorted(places)
    assert "/archive/record_fts" not in html and "/archive/tombstone" not in html
    said = (await serve(archive).client.get("/.json")).json()
    shown = said["databases"][0] if IS_ONE else said["archive"]
    assert {t["name"] for t in shown["tables_and_views_truncated"]} < set(VIEWS)


async def test_the_archive_s_page_counts_what_its_views_show(serve: Any, archive: str) -> None:
    client = serve(archive).client
    html = (await client.get("/archive")).text
    for view in VIEWS:
        shown = re.search(rf'/archive/{view}">\w+</a> <span>([\d,]+)</span>', html)
        rows = count(await client.get(f"/archive/{view}.json?_extra=count"))
        assert shown and int(shown[1].replace(",", "")) == rows


async def test_plain_datasette_serves_the_archive_by_its_file_name(archive: str, tmp_path: Path) -> None:
    copy = tmp_path / "other-name.db"
    source, target = sqlite3.connect(archive), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()
    datasette = Datasette([str(copy)])
    assert (await datasette.client.get("/other-name/v_record?_search=alarm")).status_code == 200
    assert 'action="/other-name/-/search"' in (await datasette.client.get("/other-name")).text
    assert (await datasette.client.get("/archive")).status_code == 404


async def test_the_archive_of_an_older_version_is_shown_with_the_columns_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = migrate.migrations()[:2]
    with monkeypatch.context() as before:
        before.setattr(migrate, "migrations", lambda: older)
        path = fill(tmp_path, [])
    datasette = Datasette([path])
    await datasette.invoke_startup()
    for view in VIEWS:
        answer = await datasette.client.get(f"/archive/{view}", follow_redirects=True)
        assert answer.status_code == 200, view
    assert "boundary" in (await datasette.client.get("/archive/v_epoch")).text
    for page in ("overview", "sessions", "session/last", "compaction/last/1"):
        answer = await datasette.client.get(f"/archive/-/{page}")
        assert answer.status_code == 503 and "memlog admin migrate" in answer.text, page
    assert (await datasette.client.get("/")).status_code == 200


async def test_a_view_shows_what_a_person_reads_and_all_columns_on_request(serve: Any, archive: str) -> None:
    client = serve(archive).client
    brief = (await client.get("/archive/v_record")).text
    assert 'data-column="text"' in brief and 'data-column="written_ns"' not in brief
    assert 'data-column="written_ns"' in (await client.get("/archive/v_record?_all=1")).text
    assert 'data-column="digest"' in (await client.get("/archive/v_record?_col=digest")).text
    assert len((await client.get("/archive/v_record.json?_extra=columns")).json()["columns"]) >= 28


async def test_cells_are_readable(serve: Any, archive: str) -> None:
    client = serve(archive).client
    html = (await client.get("/archive/v_record?_all=1&_size=max")).text
    assert re.search(r'<time datetime="2026-03-30T07:\d\d:\d\d\.\d{3}Z" title="17748\d{14}">', html)
    assert re.search(r'<a href="/archive/v_record\?session__exact=[0-9a-f-]{36}&amp;_sort=ts_ns"', html)
    assert re.search(r'<a href="/archive/-/record/\d+">\d+</a>', html)
    assert "<pre" in html and "&#34;tool_use_id&#34;: &#34;" in html
    cells = re.findall(r'<div class="memlog-text">(.*?)</div>', html, re.DOTALL)
    assert max(len(unescape(c)) for c in cells) <= 401 and any(c.endswith("…") for c in cells)


async def test_a_record_is_shown_whole_with_its_neighbours(serve: Any, archive: str) -> None:
    client = serve(archive).client
    row = (await client.get("/archive/v_record.json?kind=summary&_shape=array")).json()[0]
    html = (await client.get(f"/archive/-/record/{row['id']}")).text
    whole = re.search(r'<pre class="text whole" tabindex="0">(.*?)</pre>', html, re.DOTALL)
    assert whole and unescape(whole[1]) == row["text"] and len(row["text"]) > 400
    assert 'rel="prev"' in html and 'rel="next"' in html
    for missing in ("1", "9" * 18, "9" * 19, "abc"):
        assert (await client.get(f"/archive/-/record/{missing}")).status_code == 404
    assert (await client.get("/no-such/-/record/1")).status_code == 404


async def test_a_text_with_a_nul_is_shown_to_its_end(serve: Any, archive: str) -> None:
    client = serve(archive).client
    rows = (await client.get("/archive/v_record.json?tool=Bash&_shape=array&_size=max")).json()
    odd = next(row for row in rows if row["text"].startswith("a\0b "))
    assert "half an emoji" in odd["text"]
    assert "half an emoji" in (await client.get(f"/archive/-/record/{odd['id']}")).text


@pytest.mark.parametrize(
    ("words", "least"),
    [("alarm", 5), ("database locked", 3), ("警报", 1), ("警報", 1), ("nosuchword", 0), ('"4 tries"', 1),
     ("kind:summary OR is:error", 2), ("kind:damage OR agent:codex", 0)],
)  # fmt: skip
async def test_the_search_box_of_a_table_finds_what_search_finds(
    serve: Any, archive: str, words: str, least: int
) -> None:
    client = serve(archive).client
    found = (await client.get("/archive/v_record.json", params={"_search": words, "_size": "max"})).json()
    assert len(found["rows"]) >= least and bool(found["rows"]) == bool(least)
    page = (await client.get("/archive/-/search", params={"q": words})).text
    assert ('class="hit"' in page) == bool(least)


@pytest.mark.parametrize(
    "words",
    ["", '"', "-", "*", "(", "a AND", 'foo" OR (', "NEAR(", "text:", "\0", "a" * 3_900, "{tags}", "^", "😀"],
)
async def test_no_words_are_an_error(serve: Any, archive: str, words: str) -> None:
    client = serve(archive).client
    for path, name in (("/archive/v_record", "_search"), ("/archive/-/search", "q")):
        assert (await client.get(path, params={name: words})).status_code == 200


async def test_an_empty_search_box_does_not_hide_a_filter_s_rows(serve: Any, archive: str) -> None:
    client = serve(archive).client
    plain = (await client.get("/archive/v_record?kind=summary")).text
    assert "1 row" in plain
    assert "1 row" in (await client.get("/archive/v_record?_search=&kind=summary")).text


def _named(html: str, *, in_rows: bool) -> str:
    """A page of Datasette's own, with the names our plugin gives what has none. in_rows: of a table or SQL."""
    for unsaid, said in labels._SAID:
        html = unsaid.sub(said, html)
    return html.replace("<h3", '<h3 aria-level="2"') if in_rows else html


async def test_another_database_stays_as_it_was_but_for_names_of_what_has_none(
    serve: Any, archive: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    con = sqlite3.connect(other)
    con.execute("CREATE TABLE v_record (id INTEGER PRIMARY KEY, text TEXT, session TEXT, ts_ns INTEGER)")
    con.execute("INSERT INTO v_record VALUES (7, 'https://example.org/', 's', 1700000000000000000)")
    con.commit()
    con.close()
    question = SQL.replace("/archive", "/other") + ".json?sql=select+randomblob(9)+as+b"
    pages = ("/other", "/other/v_record", "/other/v_record/7", question)
    alone, beside = Datasette([str(other)]), Datasette([str(other), archive])
    for page in pages:
        first, second = await alone.client.get(page), await beside.client.get(page)
        assert first.status_code == second.status_code == 200
        assert _body(_named(first.text, in_rows=page != "/other")) == _body(second.text)
    assert (await beside.client.get("/other/-/record/7")).status_code == 404
    assert '<a href="/other/v_record">v_record</a>' in (await beside.client.get("/")).text


def _body(html: str) -> str:
    """The page without what differs from request to request, the menu and our style sheet's link."""
    for pattern in (
        r"Queries took [\d.]+ms", r'"query_ms": [\d.]+', r"<header.*?</header>", r' nonce="[^"]*"',
        r'<link rel="stylesheet" href="/-/static-plugins/memlog[^>]*>', r'"\$base64".*', r"\s+",
    ):  # fmt: skip
        html = re.sub(pattern, "", html, flags=re.DOTALL)
    return html


async def test_an_archive_that_grows_is_seen_on_the_next_page(serve: Any, tmp_path: Path) -> None:
    path = fill(tmp_path, records_of("plain.jsonl"))
    client = serve(path).client
    counted = SQL + ".json?sql=select+count(*)+from+v_record&_shape=arrayfirst"
    before = (await client.get(counted)).json()[0]
    fill(tmp_path, records_of("unicode.jsonl"))
    assert (await client.get(counted)).json()[0] == before + 10


async def test_metrics_are_those_of_status(serve: Any, archive: str) -> None:
    answer = await serve(archive).client.get("/-/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    facts = health.look(Home(str(Path(archive).parent)), now_ns=NOW_NS)
    said = {line for line in metrics.exposition({"archive": facts}).splitlines() if "disk_free" not in line}
    assert said <= set(answer.text.splitlines())
    assert f'memlog_archive_records{{archive="archive"}} {facts["archive"]["records"]}' in said


async def test_metrics_of_a_file_outside_its_home_and_of_nobody_allowed_are_none(
    serve: Any, archive: str, tmp_path: Path
) -> None:
    copy = tmp_path / "other.db"
    copy.write_bytes(Path(archive).read_bytes())
    assert (await serve(str(copy)).client.get("/-/metrics")).text == ""
    closed = Datasette([archive], metadata={"allow": {"id": "root"}})
    assert (await closed.client.get("/-/metrics")).status_code == 403


async def test_every_row_of_a_listed_table_opens(serve: Any, archive: str) -> None:
    client = serve(archive).client
    listed = [table["name"] for table in (await client.get("/archive.json?_hidden=1")).json()["tables"]]
    assert "record_fts_data" in listed and "record_fts_idx" not in listed
    assert (await client.get("/archive/record_fts_idx")).status_code == 403
    links = [
        link
        for table in listed
        for link in re.findall(
            r'<td class="[^"]*"><a href="(/archive/[^"?]+)">',
            (await client.get(f"/archive/{table}?_size=2")).text,
        )
    ]
    assert {link.split("/")[2] for link in links} >= {"record_fts", "record_fts_data", "epoch"}
    for link in links:
        assert (await client.get(link)).status_code == 200, link


async def test_a_facet_says_which_rows_and_values_are_left_out_of_it(serve: Any, archive: str) -> None:
    client = serve(archive).client
    faceted, plain = [(await client.get(f"/archive/v_record{end}")).text for end in ("?_facet=tool", "")]
    assert "Rows without a value are in none" in faceted and "Rows without a value" not in plain
