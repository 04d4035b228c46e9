"""What `memlog query sql` takes of the statements the pages are asked: reads, bounded in time, rows, bytes and files."""

import os
import time
from pathlib import Path
from threading import Timer

import pytest

from archives import conversation, fill, reading
from memlog.errors import QueryError
from memlog.paths import Home
from memlog.query import sql
from pages.test_sql import ENDLESS, HOSTILE, state

CHANGES = (
    "attach",
    "vacuum",
    "insert",
    "update",
    "delete",
    "replace",
    "drop",
    "create",
    "alter",
    "reindex",
    "analyze",
    "begin",
    "detach",
)
WIDE = "select printf('%1000000d', 1) as x from record a, record b, record c"


@pytest.mark.slow
def test_none_of_them_writes_runs_on_or_makes_a_file(home: Home) -> None:
    fill(home, conversation([f"number {n}" for n in range(40)]))
    sql.limit_heap()
    with reading(home) as con:
        before = state(Path(home.root))
        for name, said in HOSTILE.items():
            statement = said.format(folder=home.root)
            refused, started = False, time.process_time()
            try:
                answer = sql.run(con, statement, time_ms=150, rows=50)
                assert len(answer.rows) <= 50, name
            except QueryError as exc:
                refused = True
                assert exc.hint, name
            assert refused or not statement.startswith((*CHANGES, "pragma")), name
            assert time.process_time() - started < 3, name
            assert state(Path(home.root)) == before, name
        assert sql.run(con, "select count(*) from v_record", time_ms=5_000, rows=9).rows == [(40,)]


@pytest.mark.parametrize(("rows", "most"), [(10, 10), (100_000, 40)])
def test_an_answer_has_so_many_rows_and_bytes_and_says_that_it_was_cut(
    home: Home, rows: int, most: int
) -> None:
    fill(home, conversation([f"number {n}" for n in range(40)]))
    with reading(home) as con:
        answer = sql.run(con, WIDE, time_ms=20_000, rows=rows)
    assert len(answer.rows) <= most and answer.cut
    assert sum(len(row[0]) for row in answer.rows) <= sql.ANSWER_BYTES


def test_the_clock_is_what_ends_an_endless_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: with a clock that stands still it goes on for as long as it is let."""
    fill(home, conversation(["one"]))
    bounded = ENDLESS + " select count(*) from (select n from c limit 2000000)"
    with reading(home) as con:
        with pytest.raises(QueryError, match="longer than 20 ms"):
            sql.run(con, bounded, time_ms=20, rows=1)
        monkeypatch.setattr(sql, "monotonic", lambda: 0.0)
        monkeypatch.setattr(sql, "Timer", lambda seconds, work: Timer(3_600, work))
        assert sql.run(con, bounded, time_ms=20, rows=1).rows == [(2_000_000,)]
    assert sorted(os.listdir(home.root))[:1] == ["archive.db"]
