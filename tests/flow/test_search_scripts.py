"""Words of any script are found as often as by looking through every text; code by the whole and by its parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.i18n import rows

from archives import NOW_NS, archive_of, record
from memlog.archive.connection import Connection
from memlog.paths import Home
from memlog.query.search import find

TEXTS = sorted((Path(__file__).parents[1] / "data/i18n").glob("*.md"))
CODE = (
    "the bug is in parseRecords(), called by HTTPServer",
    "see records.py:42 and parse_records there",
    "src/a/b/c.rs does not compile: error[E0308]",
    "git commit --no-verify --amend",
    "upgraded to v1.2.3 from 1.2.2, listening on :8080",
    "ＦＵＬＬ　width ４２ and ﾊﾝｶｸ",
    "all done 🚀, tests ✅",
    "new XMLHttpRequest2 is there",
)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    home = Home(str(tmp_path_factory.mktemp("scripts") / "home"))
    with archive_of(home, [record(text, n=n) for n, text in enumerate(CODE)]) as found:
        yield found


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name[5:-3])
def test_whole_words_are_found_as_often_as_by_a_scan(path: Path) -> None:
    [row] = rows([path])
    assert "; 0 of" in row.measured, row


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("parseRecords", {0, 1}), ("records", {0, 1}), ("parse", {0, 1}), ("parserecords", {0}), ("server", {0}),
        ("parse_records", {0, 1}), ("records.py:42", {1}), ("records.py", {1}), ("a/b/c.rs", {2}), ("c.rs", {2}),
        ("E0308", {2}), ("e0308", {2}), ("--no-verify", {3}), ("verify", {3}), ("1.2.3", {4}), ("v1.2.3", {4}),
        ("v1.2.2", {4}), ("8080", {4}), ("full", {5}), ("42", {1, 5}), ("ハンカク", {5}), ("🚀", {6}), ("✅", {6}),
        ("❌", set()), ("XMLHttpRequest", {7}), ("HttpRequest", {7}), ("HttpReq*", {7}), ("Request2", {7}),
    ],
)  # fmt: skip
def test_code_is_found_whole_and_by_its_parts(con: Connection, typed: str, found: set[int]) -> None:
    hits = [hit for hit in find(con, typed, now_ns=NOW_NS) if hit.matched == "all"]
    assert {int(hit.source_id.rpartition("-")[2]) for hit in hits} == found
    for hit in hits:
        assert hit.text == CODE[int(hit.source_id.rpartition("-")[2])], "what is shown is what was said"
        assert "«" in hit.snippet, hit.snippet


def test_the_parts_of_an_identifier_join_no_phrase_with_the_text(con: Connection) -> None:
    assert not [hit for hit in find(con, '"HTTPServer parse"', now_ns=NOW_NS) if hit.matched == "all"]
