"""How an answer ends: whole, or with the reason it is not; and that pages are made meanwhile."""

import asyncio
import os
import socket
from contextlib import closing
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from datasette.app import Datasette

from datasette_memlog import guard, tally
from memlog.archive.connection import sqlite3
from memlog.cli import server
from pages.filled import fill, records_of
from pages.line import SQL
from pages.test_guard import ask

FORMS = ("csv", "jsonl", "md", "cbor")
ENDLESS = "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c"


@pytest.mark.parametrize("form", FORMS)
async def test_a_file_of_sql_that_fails_is_the_reason_instead(serve: Any, archive: str, form: str) -> None:
    client = serve(archive).client
    for sql, why in (("select nope", "nope"), ("select 1; select 2", "one statement")):
        answer = await client.get(f"{SQL}.{form}", params={"sql": sql})
        assert answer.status_code == 400 and why in answer.text, sql
    assert (await client.get(f"{SQL}.json", params={"sql": "select 1; select 2"})).status_code == 400


async def test_a_file_never_ends_before_its_last_row_without_a_word(archive: str) -> None:
    client = Datasette([archive], settings={"max_returned_rows": 5, "default_page_size": 3}).client
    rows = "with recursive c(n) as (select 1 union all select n + 1 from c where n < {}) select n from c"
    for form in FORMS:
        assert (await client.get(f"{SQL}.{form}", params={"sql": rows.format(5)})).status_code == 200
        for answer in (
            await client.get(f"{SQL}.{form}", params={"sql": rows.format(6)}),
            await client.get(f"/archive/v_record.{form}"),
        ):
            assert answer.status_code == 400 and "memlog export" in answer.text
    assert (await client.get("/archive/v_record.csv?_size=max")).status_code == 400
    assert (await client.get("/archive/v_record.csv?_size=2")).status_code == 200, "a part was asked for"
    assert (await client.get("/archive/v_record.json")).status_code == 200, "it names the next page"
    whole = await client.get("/archive/v_record.csv?_stream=on&_size=max")
    assert whole.status_code == 200 and len(whole.text.splitlines()) > 5


@pytest.mark.parametrize("method", ["FOO", "TRACE", "PATCH"])
async def test_another_method_is_not_allowed(serve: Any, archive: str, method: str) -> None:
    answer = await serve(archive).client.request(method, "/archive")
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]


async def test_a_file_that_was_replaced_or_removed_is_not_read_on(
    serve: Any, archive: str, tmp_path: Path
) -> None:
    path = tmp_path / "archive.db"
    copy(archive, path)
    client = serve(str(path)).client
    assert (await client.get("/archive/-/sessions")).status_code == 200
    copy(archive, tmp_path / "other.db")
    os.replace(tmp_path / "other.db", path)
    for place in ("/", "/archive", "/archive.json", "/archive/-/sessions"):
        answer = await client.get(place)
        assert answer.status_code == 503 and "restart the server" in answer.text, place
    path.unlink()
    assert (await client.get("/archive/v_record")).status_code == 503


@pytest.mark.slow
async def test_endless_sql_leaves_the_pages_a_thread(serve: Any, tmp_path: Path) -> None:
    path = fill(tmp_path, records_of("compacted.jsonl"))
    client = serve(path, sql_time_ms=1_500).client
    await client.get("/archive/-/sessions")
    busy = [asyncio.create_task(client.get(f"{SQL}.json", params={"sql": ENDLESS})) for _ in range(4)]
    await asyncio.sleep(0.1)
    assert (await client.get("/archive/-/sessions")).status_code == 200
    assert not any(task.done() for task in busy), "without a thread of its own it waits for the SQL"
    assert {task.status_code for task in await asyncio.gather(*busy)} == {400}


async def test_plain_datasette_answers_its_user_s_own_programs_and_nobody_else_s(
    archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.listen(0) as sock, closing(socket.create_connection(sock.getsockname())) as own:
        here = {"client": own.getsockname(), "server": sock.getsockname()}
        assert guard._own(here)
        assert guard._own({"client": None, "server": None}), "a Unix socket"
        assert not guard._own({**here, "client": ("127.0.0.1", 1)}), "nobody's"
        monkeypatch.setattr(os, "getuid", lambda: 54_321)
        assert not guard._own(here)
        for metadata, status in (({}, 401), ({"plugins": {"datasette-memlog": {"open": True}}}, 200)):
            answer = await ask(
                Datasette([archive], metadata=metadata), "/archive/v_gap", [("host", "localhost")], **here
            )
            assert answer.status_code == status
    assert tally.current.get() is None


NOWHERE = (
    "/archive/nope",
    "/archive/-/session/nope",
    "/archive/-/record/999999",
    "/archive/-/compaction/x/7",
    "/nope",
)


@pytest.mark.parametrize("path", NOWHERE)
async def test_a_page_that_is_not_there_leads_on(serve: Any, archive: str, path: str) -> None:
    answer = await serve(archive).client.get(path)
    assert answer.status_code == 404
    assert 'href="/archive/-/sessions"' in answer.text and "pages.css" in answer.text


async def test_what_is_no_page_of_ours_is_none_and_no_table_either(serve: Any, archive: str) -> None:
    for path in ("/archive/-/sessions.json", "/archive/-/overview.json", "/archive/-/records"):
        answer = await serve(archive).client.get(path)
        assert answer.status_code == 404 and "no such table" not in answer.text, path
    assert (await serve(archive).client.get("/archive/-/sessions.json")).json()["ok"] is False


async def test_a_question_that_failed_says_so_in_our_frame_and_escaped(serve: Any, archive: str) -> None:
    answer = await serve(archive).client.get("/archive/v_record?_sort=<script>x")
    assert answer.status_code == 400 and "<script>x" not in answer.text
    assert 'href="/archive/-/sessions"' in answer.text


async def test_pages_of_datasette_s_own_lead_to_ours_and_know_the_dark(archive: str, tmp_path: Path) -> None:
    con = sqlite3.connect(tmp_path / "other.db")
    con.execute("CREATE TABLE t (a)")
    con.close()
    client = Datasette([str(tmp_path / "other.db"), archive]).client
    for path in ("/archive", "/archive/v_record", "/archive/before_last_error", f"{SQL}?sql=select+1"):
        said = (await client.get(path)).text
        assert 'href="/archive/-/sessions">Sessions</a>' in said and "dark.css" in said, path
    said = (await client.get("/other/t")).text
    assert "dark.css" not in said and "memlog-nav" not in said
