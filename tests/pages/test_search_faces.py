"""The command line, the search page and its JSON are one search: the same questions, the same rows."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from archives import NOW_NS, conversation, event, fill, record
from memlog.cli import search as command
from memlog.paths import Home
from pages import filled
from pages.told import said

QUESTIONS = (
    "deploy", "the deploy script", "token", "token -deploy", "dep*", '"the token"', '"expired token"', "fix OR rotate",
    "(fix flaky) OR (token rotated)", "-token", "deploy -script", "why did the deploy fail on friday?", "who broke it",
    "kind:summary", "kind:tool_use", "tool:Bash", "tool:Bash OR tool:Read", "-tool:Bash build", "role:assistant token",
    "is:error", "-is:error build", "path:src/drain.py", "path:drain.py token", "project:api", "project:api token",
    "-project:api token", "agent:codex", "session:other-session", "-session:other-session token", "epoch:0 token",
    "since:2026-03-05", "until:2026-03-04 token", "Größe", "cafe", "环形", "内存日志", "std::vec", "http://x.example/a",
    "is:error OR kind:summary", "token is:error OR agent:codex", "E0308:", "--no-verify", "parse_records", "foo:bar", "kind:nonsense token", "nosuchwordatall", "tokne", "", "?!",
    '"never closed', "a" * 300, "(", "token AND deploy", "TOKEN", "is:odd",
    "(token role:assistant) OR build", "-(tool:Bash OR kind:meta) token", "build OR -token", "token NOT deploy", "=>",
    "kind:summary kind:meta", "session:session-a,other-session token", "-epoch:0", "token -project:nope",
)  # fmt: skip
FLAGS: tuple[tuple[list[str], dict[str, Any]], ...] = (
    (["token", "--newest"], {"q": "token", "newest": "1"}),
    (["oke", "--literal"], {"q": "oke", "mode": "literal"}),
    (["rm -rf b", "--literal"], {"q": "rm -rf b", "mode": "literal"}),
    (["tok[a-z]+ (is|then)", "--regex"], {"q": "tok[a-z]+ (is|then)", "mode": "regex"}),
    (["token NOT deploy", "--raw"], {"q": "token NOT deploy", "mode": "raw"}),
    (["token", "--tool", "Bash", "--context", "2"], {"q": "token", "tool": "Bash", "context": "2"}),
    (["token", "--limit", "2"], {"q": "token", "limit": "2"}),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(str(tmp_path_factory.mktemp("faces") / "home"))
    talk = ("please fix the flaky deploy script", "the deploy script fails because the token expired on friday",
            "rotate the token then", "done: the token is rotated and the pipeline is green")  # fmt: skip
    fill(
        home, conversation(talk),
        [
            record("rm -rf build && git push --no-verify", n=20, kind="tool_use", role="assistant", tool="Bash"),
            record("src/drain.py:42: error E0308: token mismatch", n=21, kind="tool_result", role="tool", tool="Bash",
                   error=True),
            record("token token token", n=22, kind="meta", role=None),
            record("nur Übergrößen und Größe im Café http://x.example/a", n=23, role="assistant"),
            record("内存日志记录器的环形缓冲区", n=24), record("std::vec<int> parse_records parseRecords", n=25),
            record("a summary of the token affair, see src/drain.py", n=26, kind="summary"),
            record("build build", n=27, kind="tool_result", role="tool", tool="Read"),
        ],
        conversation(["the token in another project", "who broke it?"], session="other-session",
                     project="/srv/shop/api", agent="codex", ts_ns=NOW_NS),
        [event("UserPromptSubmit", prompt="a token only a hook was told")],
    )  # fmt: skip
    return home


def rows_of(run_memlog: Callable[..., Any], home: Home, words: list[str]) -> list[dict[str, Any]]:
    done = run_memlog("--home", home.root, "query", "search", "--json", *words, check=0)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def in_process(capsys: pytest.CaptureFixture[str], home: Home, words: list[str]) -> list[dict[str, Any]]:
    """The command in this process: what starts it is compared elsewhere."""
    assert command.main(["--json", "--limit", "50", *words], home.root) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return json.loads(json.dumps(rows))  # type: ignore[no-any-return]


async def test_fifty_questions_have_the_same_rows_on_every_face(
    serve: Any, told: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    client = serve(told.archive).client
    found = asked = 0
    for question in QUESTIONS:
        if not question:
            continue
        said = in_process(capsys, told, [question])
        answer = (await client.get("/archive/-/search.json", params={"q": question})).json()
        assert plain(answer["rows"]) == said, question
        page = (await client.get("/archive/-/search", params={"q": question})).text
        assert re.findall(r'class="hit" id="h(e?\d+)"', page) == [str(row["id"]) for row in said], question
        for row in said[:1]:
            marks = re.findall("«(.*?)»", row["snippet"])
            assert all(f"<mark>{mark}</mark>" in unescape(page) for mark in marks), question
        asked += 1
        found += bool(said)
    assert asked >= 50 and found >= 40


@pytest.mark.parametrize(("words", "args"), FLAGS)
async def test_flags_and_arguments_of_an_address_mean_the_same(
    serve: Any, told: Home, capsys: pytest.CaptureFixture[str], words: list[str], args: dict[str, Any]
) -> None:
    said = in_process(capsys, told, words)
    answer = await serve(told.archive).client.get(
        "/archive/-/search.json", params={**args, "_shape": "array"}
    )
    assert said and plain(answer.json()) == said


async def test_the_text_of_a_terminal_names_the_same_records(
    serve: Any, told: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from memlog.cli import terminal

    for question in ("token", "the deploy script", "is:error", "fix OR rotate"):
        rows = in_process(capsys, told, ["--", question])
        with monkeypatch.context() as patch:
            patch.setattr(terminal, "is_terminal", lambda stream=None: True)
            patch.setenv("NO_PAGER", "1")
            assert command.main(["--limit", "50", "--", question], told.root) == 0
        text = capsys.readouterr().out
        assert re.findall(r"#(e?\d+)", text) == [str(row["id"]) for row in rows], question


async def test_pages_of_both_faces_end_and_begin_alike(
    serve: Any, told: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    client = serve(told.archive).client
    for newest in ([], ["--newest"]):
        whole = [row["id"] for row in in_process(capsys, told, ["token", *newest])]
        seen: list[Any] = []
        args = {"q": "token", "limit": "2", **({"newest": "1"} if newest else {})}
        while True:
            answer = (await client.get("/archive/-/search.json", params=args)).json()
            ids = [row["id"] for row in answer["rows"]]
            if seen:
                words = ["token", *newest, "--limit", "2", "--after", args["after"]]
                assert [row["id"] for row in in_process(capsys, told, words)] == ids
            seen += [one for row in answer["rows"] for one in (row["id"], *row["same"])]
            if answer["after"] is None:
                break
            args["after"] = answer["after"]
        assert len(set(seen)) == len(seen) > 4 and set(seen) == set(
            whole if not newest else whole[: len(seen)]
        )
        assert len(seen) >= len(whole) - 1


async def test_what_cannot_be_read_is_said_with_its_column(serve: Any, told: Home) -> None:
    client = serve(told.archive).client
    for mode, text, column in (("raw", "token AND", 10), ("regex", "tok(en", 4)):
        answer = await client.get("/archive/-/search.json", params={"q": text, "mode": mode})
        assert answer.status_code == 400
        body = answer.json()
        assert (body["ok"], body["column"]) == (False, column) and body["hint"], body
        page = await client.get("/archive/-/search", params={"q": text, "mode": mode})
        assert page.status_code == 400 and "<mark>" in page.text
    missing = await client.get("/archive/-/search.json", params={"q": "x", "session": "nobody-knows-it"})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("words", "ids_of"),
    [
        ("token kind:summary", "kind:summary token"), ("tool:Bash", "tool:Bash"), ("-tool:Bash build", "-tool:Bash build"),
        ("is:error", "is:error"), ("project:api token", "project:api token"), ("path:src/drain.py", "path:src/drain.py"),
        ("-token project:api", "-token project:api"), ("fix OR rotate", "fix OR rotate"),
        ("since:2026-03-05 token", "since:2026-03-05 token"), ("(fix flaky) OR rotated", "(fix flaky) OR rotated"),
        ("(token role:assistant) OR build", "(token role:assistant) OR build"), ("-(tool:Bash token)", "-(tool:Bash token)"),
        ("build OR -token", "build OR -token"), ("epoch:0,3 token", "epoch:0,3 token"),
    ],
)  # fmt: skip
async def test_the_box_over_the_records_table_takes_the_same_words(
    serve: Any, told: Home, capsys: pytest.CaptureFixture[str], words: str, ids_of: str
) -> None:
    rows = in_process(capsys, told, [ids_of])
    answer = await serve(told.archive).client.get(
        "/archive/v_record.json", params={"_search": words, "_shape": "array"}
    )
    ids = {row["id"] for row in rows if row["kind"] != "event"}
    assert ids and {row["id"] for row in answer.json()} >= ids
    assert len(answer.json()) <= len(ids) + 1  # a record that is folded into another, or bookkeeping


async def test_a_line_that_was_said_again_leads_to_every_place_it_was_said_at(
    serve: Any, tmp_path: Path
) -> None:
    records = [
        said(n, "tool_result", "tool", "ERROR zonkfault: no such table", tool="Bash", error=True)
        for n in range(0, 400, 100)
    ]
    client = serve(filled.fill(tmp_path, records)).client
    html = (await client.get("/archive/-/search?q=zonkfault")).text
    assert html.count('<article class="hit"') == 1 and ">×4</span>" in html
    places = html[html.index('<details class="same">') :].partition("</details>")[0]
    linked = re.findall(r'href="(/archive/-/session/[^"]*\?at=(\d+)#r\2)"', places)
    assert "3 more places" in places and len(set(linked)) == 3
    for place, id in linked:
        assert f'id="r{id}"' in (await client.get(place.partition("#")[0])).text
