"""Records and views as files: every form holds what is archived, and none of another database."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import cbor2
import pytest
from datasette.app import Datasette

from datasette_memlog import describe, queries, wording
from memlog.archive.connection import open_reader, sqlite3
from memlog.export import bundle_check
from memlog.query import record
from memlog.record import Record
from pages.filled import fill
from pages.line import SQL


async def test_a_record_is_downloaded_as_what_it_is(serve: Any, archive: str) -> None:
    client = serve(archive).client
    row = (await client.get("/archive/v_record.json?kind=tool_use&_shape=array")).json()[0]
    place = f"/archive/-/record/{row['id']}"
    page = (await client.get(place)).text
    files = {form: await client.get(f"{place}.{form}") for form in ("md", "json", "cbor", "raw")}
    for form, answer in files.items():
        assert f'href="{place}.{form}"' in page
        assert answer.status_code == 200
        assert (
            answer.headers["content-disposition"]
            == f'attachment; filename="memlog-record-{row["id"]}.{form}"'
        )
    con = open_reader(archive)
    assert files["raw"].content == b"".join(record.blobs(con, str(row["id"])))
    con.close()
    told = files["json"].json()
    assert told == cbor2.loads(files["cbor"].content) | {"ids": [row["id"]]}
    assert told["text"] == row["text"] and told["extra"]["input"] and row["text"] in files["md"].text
    assert (await client.get("/archive/-/record/1.cbor")).status_code == 404
    assert (await client.get(f"{place}.exe")).status_code == 404


@pytest.mark.parametrize("view", ["v_record", "v_session", "v_gap", "v_event_text"])
async def test_a_view_is_had_as_markdown_lines_and_cbor(serve: Any, archive: str, view: str) -> None:
    client = serve(archive).client
    rows = (await client.get(f"/archive/{view}.json?_shape=array&_size=max")).json()
    lines = (await client.get(f"/archive/{view}.jsonl?_size=max")).text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert cbor2.loads((await client.get(f"/archive/{view}.cbor?_size=max")).content) == rows
    text = (await client.get(f"/archive/{view}.md?_size=max")).text
    assert (
        all(str(row["id"]) in text for row in rows if "id" in row)
        and ".md" in (await client.get(f"/archive/{view}")).text
    )


async def test_a_hostile_text_stays_in_its_fence_and_its_cell(serve: Any, tmp_path: Path) -> None:
    text = "````\n# out\n| <evil> |"
    path = fill(tmp_path, [Record(agent="a|b", session="s", source_id="x", block=0, kind="message", ts_ns=1_780_000_000_000_000_000,
                                  text=text, mac=bytes(8), role="user", tool="<evil>", boundary="")])  # fmt: skip
    client = serve(path).client
    said = (await client.get("/archive/v_record.md")).text
    assert f"`````text\n{text}\n`````\n" in said and "<evil>" not in said.replace(text, "")
    rows = (await client.get("/archive/v_session.md")).text.splitlines()
    assert "a\\|b" in rows[-1] and rows[-1].replace("\\|", "").count("|") == rows[-2].count("|")


async def test_another_database_has_no_such_files(archive: str, tmp_path: Path) -> None:
    con = sqlite3.connect(tmp_path / "other.db")
    con.execute("CREATE TABLE t (a)")
    con.close()
    client = Datasette([str(tmp_path / "other.db"), archive]).client
    for form in ("md", "jsonl", "cbor"):
        assert (await client.get(f"/other/t.{form}")).status_code == 404
        assert f".{form}" not in (await client.get("/other/t")).text


def test_every_column_of_every_view_is_described(archive: str) -> None:
    con = open_reader(archive)
    for view in describe.VIEWS:
        there = {name for (name,) in con.execute("SELECT name FROM pragma_table_info(?)", (view,))}
        assert set(wording.COLUMNS[view]) == there, view
    con.close()


@pytest.mark.parametrize("name", queries.canned())
async def test_a_question_by_name_is_answered_and_its_sql_can_be_changed(archive: str, name: str) -> None:
    client = Datasette([archive]).client  # plain, without memlog serve
    page = await client.get(f"/archive/{name}")
    assert page.status_code == 200 and "Edit SQL" in page.text and "SELECT" in page.text
    rows = (await client.get(f"/archive/{name}.json?_shape=array")).json()
    assert rows or name in ("what_is_missing", "shared_files", "written_files")


@pytest.mark.parametrize("name", queries.canned())
def test_a_question_by_name_that_gives_only_some_rows_says_how_many(name: str) -> None:
    asked = queries.canned()[name]
    ends = re.search(r"LIMIT (\d+)$", asked["sql"])
    assert ends is None or f"{int(ends[1]):,} " in asked["description"]


@pytest.mark.slow
async def test_commands_of_a_long_session_are_all_given_or_the_page_says_they_are_not(tmp_path: Path) -> None:
    calls = [
        Record(agent="claude-code", session="long", source_id=f"line-{n}", block=0, kind="tool_use", role="assistant",
               ts_ns=1_780_000_000_000_000_000 + n, text=f"command: make {n}", mac=n.to_bytes(8), tool="Bash", boundary="")
        for n in range(1, 1_102)
    ]  # fmt: skip
    client = Datasette([fill(tmp_path, calls)]).client
    page = (await client.get("/archive/commands?session=long")).text
    assert "more than 1,000 rows" in page and "make 1000" in page and "make 1001" not in page
    assert (await client.get("/archive/commands.csv?session=long")).status_code == 400
    assert (await client.get("/archive/commands.json?session=long")).json()["truncated"] is True


async def test_files_that_several_sessions_changed_are_counted(serve: Any, tmp_path: Path) -> None:
    def edit(session: str, n: int, path: str) -> Record:
        return Record(agent="claude-code", session=session, source_id=f"{session}{n}", block=0, kind="tool_use", role="assistant",
                      ts_ns=1_780_000_000_000_000_000 + n, text=f"file_path: {path}", mac=bytes([n] * 8), tool="Edit", boundary="",
                      rest={"id": f"{session}{n}", "input": {"file_path": path}})  # fmt: skip

    client = serve(
        fill(tmp_path, [edit("one", 1, "/p/a.py"), edit("two", 2, "/p/a.py"), edit("two", 3, "/p/b.py")])
    ).client
    rows = (await client.get("/archive/shared_files.json?_shape=array")).json()
    assert [(row["path"], row["sessions"], row["changes"]) for row in rows] == [("/p/a.py", 2, 2)]
    rows = (await client.get("/archive/written_files.json?session=two&_shape=array")).json()
    assert [(row["path"], row["writes"]) for row in rows] == [("/p/a.py", 1), ("/p/b.py", 1)]
    assert len((await client.get("/archive/written_files.json?session=one&_shape=array")).json()) == 1


async def test_a_record_in_slices_is_as_large_as_all_of_them_and_one_row(serve: Any, tmp_path: Path) -> None:
    def said(n: int, text: str) -> Record:
        return Record(agent="claude-code", session="one", source_id=f"line-{n}", block=0, kind="message", role="user",
                      ts_ns=1_780_000_000_000_000_000 + n, text=text, mac=bytes([n] * 8), tool=None, boundary="")  # fmt: skip

    path = fill(tmp_path, [said(1, "x" * 200_000), said(2, "y" * 60_000), said(3, "z")])
    con = open_reader(path)
    whole = con.execute(
        "SELECT sum(bytes), count(*), min(id) FROM v_record WHERE source_id = 'line-1'"
    ).fetchone()
    con.close()
    assert whole[1] > 1, "it fits in one blob: nothing is in slices here"
    rows = (await serve(path).client.get("/archive/largest_records.json?_shape=array")).json()
    assert (rows[0]["bytes"], rows[0]["id"], len(rows)) == (whole[0], whole[2], 3)


async def test_files_are_those_every_agent_wrote_and_all_of_a_patch(serve: Any, tmp_path: Path) -> None:
    def call(n: int, agent: str, tool: str, text: str, rest: dict[str, Any]) -> Record:
        return Record(agent=agent, session="mixed", source_id=f"c{n}", block=0, kind="tool_use", role="assistant",
                      ts_ns=1_780_000_000_000_000_000 + n, text=text, mac=bytes([n] * 8), tool=tool, boundary="", rest=rest)  # fmt: skip

    patch = (
        "*** Begin Patch\n*** Update File: /p/a.py\n@@\n-old\n+*** Update File: /p/said.py\n*** Add File: /p/b c.py\n+new\r\n"
        "*** Delete File: /p/d.py\n*** End Patch"
    )
    calls = [
        call(1, "codex", "apply_patch", patch, {"line": {"type": "response_item"}}),
        call(2, "copilot-cli", "edit", "old_str: x\npath: /p/a.py", {"block": {"arguments": {"old_str": "x", "path": "/p/a.py"}}}),
        call(3, "gemini-cli", "write_file", "file_path: docs/blue.md\ncontent: path: /p/said.py", {"id": "w"}),
        call(4, "opencode", "write", "filePath: /p/a.py", {}),
        call(5, "swe-agent", "edit", "edit 'path: /p/said.py'", {}),
    ]  # fmt: skip
    client = serve(fill(tmp_path, calls)).client
    rows = (await client.get("/archive/written_files.json?session=mixed&_shape=array")).json()
    said = [(row["path"], row["writes"]) for row in rows]
    assert said == [("/p/a.py", 3), ("/p/b c.py", 1), ("/p/d.py", 1), ("docs/blue.md", 1)]


async def test_a_post_mortem_of_a_session_an_epoch_and_a_range_is_downloaded(
    serve: Any, archive: str, tmp_path: Path
) -> None:
    client = serve(archive).client
    row = (await client.get("/archive/v_session.json?compactions__gt=0&_shape=array")).json()[0]
    place = f"/archive/-/session/{row['dir']}"
    assert f'action="{place}/post-mortem.zip"' in (await client.get(place)).text
    records = (
        await client.get(
            f"/archive/v_record.json?session={row['session']}&_shape=array&_sort=ts_ns&_size=max"
        )
    ).json()
    range_ = f"part=range&from={records[3]['id']}&to={records[9]['id']}"
    counts = []
    for n, asked in enumerate(("part=all", "part=0", range_, range_ + "&redact=1")):
        answer = await client.get(f"{place}/post-mortem.zip?{asked}")
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip", answer.text
        file = tmp_path / f"{n}.zip"
        file.write_bytes(answer.content)
        found = bundle_check.verify(str(file))
        assert found.problems == []
        counts.append(found.said["counts"]["record"])
    assert counts[0] == len(records) >= counts[1] > counts[2] == counts[3] >= 7
    for odd in ("part=99", "part=x", "part=range&from=1&to=2"):
        assert (await client.get(f"{place}/post-mortem.zip?{odd}")).status_code == 404, odd
    for odd in (
        "part=range",
        f"part=range&from={records[3]['id']}",
        f"from={records[3]['id']}",
        "part=0&to=1",
    ):
        answer = await client.get(f"{place}/post-mortem.zip?{odd}")
        assert answer.status_code == 400 and "part=range" in answer.text, odd


LONG = {
    "/archive/v_record?_size=2": "memlog export csv -o records.csv",
    "/archive/v_record?_size=2&kind__exact=message&_sort=ts": "memlog export csv --kind=message -o records.csv",
    "/archive/v_record?_size=2&bytes__gt=9": "memlog query sql 'SELECT * FROM v_record WHERE …' --csv",
}


@pytest.mark.parametrize("page", LONG)
async def test_a_page_that_is_not_all_of_it_offers_only_files_that_are_given(
    serve: Any, archive: str, page: str
) -> None:
    client = serve(archive).client
    shown = (await client.get(page)).text
    (offered,) = re.findall(r'<p class="export-links">.*?</p>', shown, re.DOTALL)
    links = re.findall(r'href="([^"]*)"', offered)
    assert {link.partition("?")[0].rpartition(".")[2] for link in links} == {
        "json",
        "md",
        "jsonl",
        "cbor",
        "csv",
    }
    for link in links:
        assert (await client.get(unescape(link))).status_code == 200
    assert f"All of it: <code>{LONG[page]}</code>" in unescape(offered)


async def test_an_answer_cut_off_by_the_limit_on_rows_offers_no_file_that_would_lack_them(
    serve: Any, archive: str
) -> None:
    client = serve(archive, sql_rows=3).client
    place = f"{SQL}?sql=select+id+from+v_record"
    (offered,) = re.findall(r'<p class="export-links">.*?</p>', (await client.get(place)).text, re.DOTALL)
    (link,) = re.findall(r'href="([^"]*)"', offered)
    assert ".json?" in link and (await client.get(unescape(link))).status_code == 200
    assert (
        "memlog query sql" in offered and (await client.get(link.replace(".json", ".csv"))).status_code == 400
    )
