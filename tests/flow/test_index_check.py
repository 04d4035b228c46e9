"""Verify notices an index that does not hold what the rows say."""

from collections.abc import Iterator

import pytest

from archives import fill, record
from memlog.archive import index_check
from memlog.archive.connection import Connection, open_writer
from memlog.paths import Home

TEXTS = [
    "the deploy failed on friday", "größe und 漢字テスト, 한국어 ไทย", "", "🎉 …", 'quoted "words" and \0 nul', "x" * 5_000,
    "naïve café " * 300,
]  # fmt: skip


@pytest.fixture
def con(home: Home) -> Iterator[Connection]:
    long = record("many words of a long text " * 9_000, n=50)  # in parts
    fill(home, [record(text, n=n, session=f"s-{n % 3}") for n, text in enumerate(TEXTS)], [long])
    found = open_writer(home.archive)
    yield found
    found.close()


def faults(con: Connection, *, quick: bool = False) -> list[str]:
    return list(index_check.check(con, quick=quick))


def test_an_index_as_it_was_written_has_no_fault(con: Connection) -> None:
    assert con.execute("SELECT count(*) FROM record").fetchone()[0] > len(TEXTS) + 1
    assert faults(con) == [] == faults(con, quick=True)


def test_a_record_that_left_the_index_is_named(con: Connection) -> None:
    (id_,) = con.execute("SELECT id FROM record ORDER BY id LIMIT 1 OFFSET 1").fetchone()
    con.execute("DELETE FROM record_fts WHERE rowid = ?", (id_,))
    assert f"record {id_} is not in it" in faults(con)
    assert len(faults(con, quick=True)) == 1 and "the archive" in faults(con, quick=True)[0]


def test_a_row_of_the_index_without_a_record_is_named(con: Connection) -> None:
    con.execute("INSERT INTO record_fts (rowid, text, tags) VALUES (7, 'stray', 's1')")
    assert "record 7 is in it, but not in the archive" in faults(con)


@pytest.mark.parametrize(("text", "tags"), [("other words altogether", None), (None, "s9 d1 kmessage")])
def test_a_record_indexed_with_what_is_not_its_own_is_named(
    con: Connection, text: str | None, tags: str | None
) -> None:
    id_, session = con.execute("SELECT id, session_id FROM record ORDER BY id LIMIT 1").fetchone()
    con.execute("DELETE FROM record_fts WHERE rowid = ?", (id_,))
    row = (id_, text or TEXTS[0], tags or f"s{session} d1 kmessage")
    con.execute("INSERT INTO record_fts (rowid, text, tags) VALUES (?, ?, ?)", row)
    assert faults(con) == [f"record {id_} is not found by its own words"]
    assert faults(con, quick=True) == []  # numbers alone do not tell
