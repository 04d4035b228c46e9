from memlog.archive.connection import sqlite3
from memlog.archive.ids import Ids, day_of
from memlog.contracts import DAY_BITS, DAY_MAX, DAY_NS, DAY_ZERO_S

ZERO_NS = DAY_ZERO_S * 10**9


def counters() -> sqlite3.Connection:
    con = sqlite3.connect(":memory:", isolation_level=None)
    con.execute("CREATE TABLE day (day INTEGER PRIMARY KEY, n INTEGER, last_ns INTEGER, lag_ns INTEGER)")
    return con


def test_a_day_begins_at_midnight_utc_and_what_lies_outside_counts_as_its_nearest_day() -> None:
    assert day_of(ZERO_NS) == 0
    assert day_of(ZERO_NS - 1) == 0
    assert day_of(0) == 0
    assert day_of(ZERO_NS + DAY_NS - 1) == 0
    assert day_of(ZERO_NS + DAY_NS) == 1
    assert day_of((1 << 63) - 1) <= DAY_MAX


def test_a_late_record_falls_into_its_own_day_and_counting_goes_on_after_a_save() -> None:
    con = counters()
    ids = Ids(con)
    assert [ids.take(7, 10), ids.take(7, 20), ids.take(3, 5), ids.take(7, 15)] == [
        7 << DAY_BITS, 7 << DAY_BITS | 1, 3 << DAY_BITS, 7 << DAY_BITS | 2,
    ]  # fmt: skip
    ids.save()
    assert Ids(con).take(7, 30) == 7 << DAY_BITS | 3
    assert con.execute("SELECT n, last_ns, lag_ns FROM day WHERE day = 7").fetchone() == (3, 20, 5)


def test_a_full_day_goes_on_in_the_next_one_that_has_room() -> None:
    con = counters()
    full = 1 << DAY_BITS
    con.executemany("INSERT INTO day VALUES (?, ?, 0, 0)", [(7, full), (8, full - 1)])
    ids = Ids(con)
    assert ids.take(7, 0) == 8 << DAY_BITS | full - 1
    assert ids.take(7, 0) == 9 << DAY_BITS
