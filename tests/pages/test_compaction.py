"""What a session says and what its compactions took, on their pages."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from datasette_memlog import sessions
from memlog.archive.connection import sqlite3 as archive_sqlite
from memlog.query.facts.fact import KINDS
from pages.filled import fill
from pages.told import folder, said


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
    assert len(rows) == 2 and "make test" in rows[0] and ">2</a></td>" in rows[0]
    assert "<strong>Bash</strong> 3 answers" in html and ">2 failed</a>" in html
    places = re.search(r'href="([^"]*#places)"', rows[0])
    assert places
    shown = (await client.get(unescape(places[1]).partition("#")[0])).text
    listed = re.findall(r"at=(\d+)", shown[shown.index('<ol class="places">') : shown.index("</ol>")])
    assert len(set(listed)) == 2 and str(max(map(int, listed))) in rows[0], "every place, not only the last"
    every = re.search(r'href="(/archive/v_record\?[^"]*)" aria-label="all failures of Bash"', html)
    assert every
    rows_of = await client.get(unescape(every[1]).replace("v_record?", "v_record.json?_shape=array&"))
    assert len(rows_of.json()) == 2, "as many as the figure beside it says"
    last = re.search(r"\?at=(\d+)#r\1", rows[0])
    assert last and (await client.get(f"/archive/-/record/{last[1]}")).status_code == 200
    kinds = re.findall(r"<tr><td>(\w+)</td>", (await client.get(place)).text)
    assert "command" in kinds and kinds == sorted(kinds, key=list(KINDS).index), "what matters most first"
    html = (await client.get(f"{place}?fact=commit")).text
    assert "Nothing of the kind" in html
    assert (await client.get("/archive/-/facts/nobody")).status_code == 404


async def test_files_that_were_changed_are_told_apart_from_those_that_were_read(
    serve: Any, tmp_path: Path
) -> None:
    acts = [
        ("Read", "/w/a.py"),
        ("Edit", "/w/a.py"),
        ("Read", "/w/b.py"),
        ("Write", "/w/c.py"),
        ("Grep", "/w/d"),
    ]
    records = [
        said(
            n, "tool_use", "assistant", f"file_path: {path}", tool=tool,
            rest={"id": f"t{n}", "input": {"path" if tool == "Grep" else "file_path": path}},
        )
        for n, (tool, path) in enumerate(acts)
    ]  # fmt: skip
    client = serve(fill(tmp_path, records)).client
    place = (await folder(client)).replace("/session/", "/facts/") + "?fact=file"
    whole = (await client.get(place)).text
    found = {}
    for way in ("changed", "read", "searched"):
        html = (await client.get(f"{place}&way={way}")).text
        found[way] = sorted(re.findall(r'title="where it was told last">([^<]*)</a>', html))
        count = re.search(rf"<span>{way}</span> <span class=\"n\">(\d+)</span>", whole)
        assert count and int(count[1]) == len(found[way]), "the figure is what a click shows"
    assert found == {"changed": ["/w/a.py", "/w/c.py"], "read": ["/w/a.py", "/w/b.py"], "searched": ["/w/d"]}
    assert '<span class="off">listed' in whole
    for wrong in ("way=eaten", "of=1-1"):
        assert (await client.get(f"{place}&{wrong}")).status_code == 400


async def test_a_failed_command_is_told_apart_from_a_failed_call(serve: Any, tmp_path: Path) -> None:
    records = []
    for n, (tool, error) in enumerate([("Bash", True), ("Read", True), ("Bash", False), ("Bash", True)]):
        records += [
            said(3 * n, "message", "user", "go on"),
            said(3 * n + 1, "tool_use", "assistant", "x", tool=tool, rest={"id": f"t{n}"}),
            said(
                3 * n + 2, "tool_result", "tool", "y", tool=tool, rest={"tool_use_id": f"t{n}"}, error=error
            ),
        ]
    client = serve(fill(tmp_path, records)).client
    html = (await client.get(await folder(client))).text
    assert html.count('data-land="error"') == 3 and html.count('data-failed="command"') == 2
    assert 'aria-label="Next failed command"' in html and "next, previous failed command" in html
    listed = re.findall(r'<article class="e call failed" id="r(\d+)" data-land="error" data-failed', html)
    long = (await client.get(f"{await folder(client)}?at={listed[0]}")).text
    assert "data-after-command" not in long, "both are on the page"
