"""`path:` finds what names a file, component by component: as SQL over what the calls name has it."""

import json
from collections.abc import Iterator

import pytest

from archives import NOW_NS, archive_of, record
from flow.talk import ask, texts
from memlog.archive.connection import Connection
from memlog.errors import QueryError
from memlog.paths import Home
from memlog.query import newest, slice
from memlog.query.selection import Selection

FILES = (
    "/srv/shop/common.go", "/srv/shop/push_common.go", "/srv/shop/cmd/common.go", "/srv/shop/cmd/push/common.go.bak",
    "/srv/shop/mycmd/common.go", "/srv/shop/src/a b.rs", "/srv/shop/src/deep/er.rs", "/srv/shop/common-go/x.py",
    "/srv/shop/common_go", "/srv/shop/.github/ci.yml", "/srv/cmd", "/srv/shop/COMMON.go", "/srv/shop/Größe.md",
)  # fmt: skip
# What a call names is its argument: index and matcher have no part in it.
NAMED_SQL = """
SELECT id FROM v_record WHERE kind = 'tool_use' AND '/' || lower(trim(json_extract(extra, '$.input.file_path'), '/')) || '/'
  LIKE '%/' || replace(lower(:path), '_', '\\_') || '/%' ESCAPE '\\'
"""


@pytest.fixture
def con(home: Home) -> Iterator[Connection]:
    records = [
        record(f"file_path: {path}", n=n, kind="tool_use", role="assistant", tool="Read", rest={"input": {"file_path": path}})
        for n, path in enumerate(FILES)
    ]  # fmt: skip
    records.append(record("common.go is broken, and so is cmd", n=50, role="user"))
    with archive_of(home, records) as opened:
        yield opened


@pytest.mark.parametrize(
    "path",
    [
        "common.go",
        "cmd/common.go",
        "cmd",
        "push_common.go",
        "shop",
        "a b.rs",
        "er.rs",
        "common_go",
        "x.py",
        "go",
    ],
)
def test_a_path_finds_the_calls_that_name_it_and_no_other(con: Connection, path: str) -> None:
    named = {row[0] for row in con.execute(NAMED_SQL, {"path": path})}
    assert named or path == "go"
    for found in (
        ask(con, f'path:"{path}" kind:tool_use', limit=99),
        ask(con, "", selection=Selection(path=path, kind="tool_use"), limit=99),
    ):
        assert {hit.id for hit in found} == named  # fmt: skip
    left = {hit.id for hit in ask(con, f'-path:"{path}" kind:tool_use', limit=99)}
    assert left == {row[0] for row in con.execute("SELECT id FROM v_record WHERE kind = 'tool_use'")} - named
    either = {hit.id for hit in ask(con, f'(path:"{path}" OR role:user) kind:tool_use,message', limit=99)}
    assert len(either) == len(named) + 1
    other = {hit.id for hit in ask(con, f'(-path:"{path}" OR role:user) kind:tool_use', limit=99)}
    assert other == left
    chosen = slice.cut(con, Selection(path=path, kind="tool_use"), now_ns=NOW_NS)
    assert set(slice.ids(con, chosen)) == named


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("*.go", 5), ("src/", 2), ("src/*", 2), ("src/*.rs", 0), ("deep/*.rs", 1), ("src/**/*.rs", 1), ("push_*.go", 1), ("/srv/cmd", 1),
        ("/shop", 0), ("?ommon.go", 4), ("groesse.md", 0), ("größe.md", 1), (".github", 1), ("github", 0),
    ],
)  # fmt: skip
def test_a_pattern_stays_within_a_component(con: Connection, path: str, files: int) -> None:
    found = ask(con, f'path:"{path}" kind:tool_use', limit=99)
    assert len(found) == files, texts(found)


def test_a_path_ranks_with_words_and_one_without_a_word_is_said(con: Connection) -> None:
    assert texts(ask(con, "broken path:common.go")) == ["common.go is broken, and so is cmd"]
    assert texts(ask(con, "srv zzzzz path:push_common.go")) == ["file_path: /srv/shop/push_common.go"]
    assert len(ask(con, "srv zzzzz broken path:common.go", limit=99, fold=False)) == 5
    with pytest.raises(QueryError, match="no whole word"):
        ask(con, "", selection=Selection(path="*ommon"))
    hits = ask(con, "path:*ommon broken")
    assert "path:*ommon is searched for as words" in hits.notes[0]


def test_what_a_minus_leaves_out_is_named_by_no_part(home: Home) -> None:
    parts = [
        record(text, n=1, parts=2, part=part) for part, text in enumerate(["ring " * 20, "cmd/common.go"])
    ]  # fmt: skip
    with archive_of(home, [*parts, record("ring push_common.go", n=2)]) as con:
        assert texts(ask(con, "ring -path:common.go")) == ["ring push_common.go"]
        assert json.dumps(texts(ask(con, "ring -path:push_common.go"))).count("ring") == 20


def test_braces_are_letters_and_either_of_two_paths_is_said_with_or(con: Connection) -> None:
    assert "'{common,x}.*' name each, as in path:a.go OR path:b.go" in ask(con, "path:{common,x}.*").notes[0]
    both = ask(con, "path:x.py OR path:er.rs", limit=99)
    assert len(both) == 2 and not ask(con, "path:{x}.py").notes


def test_a_pattern_is_looked_for_as_long_as_there_is_time(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["src/common.go", "src/push_c.go", "src/cx.go"]
    with archive_of(home, [record(text, n=n) for n, text in enumerate(said)]) as con:
        for asked in ("path:c*n.go", "-path:cx.go -path:p*.go", "src -path:cx.go -path:p*.go"):
            whole = ask(con, asked, newest=True)
            assert texts(whole) == said[:1] and not whole.notes
        [note] = ask(con, "path:c*n.go", seconds=-1.0).notes
        assert note.startswith("records before 2026-"), "a page has less time than a terminal"
        monkeypatch.setattr(newest, "READ_S", -1.0)
        hits = ask(con, "path:c*n.go")
        assert not hits and hits.notes[0].startswith("records before 2026-"), "the newest is another file"
        first = ask(con, "path:c*.go", newest=True)
        assert texts(first) == said[2:] and first.more, "what was found by then is shown, and more may follow"
