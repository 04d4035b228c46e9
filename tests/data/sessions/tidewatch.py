"""What the files of an invented project hold, what its tests print, and how a host sums up work on it."""

ALARMS = '''"""Low-water alarms of one station."""

from datetime import datetime, timedelta

from tidewatch.gauge import Gauge
from tidewatch.store import Store

LEAD = timedelta(minutes=40)


def next_alarm(store: Store, gauge: Gauge, now: datetime) -> datetime | None:
    """When to warn the harbour master: LEAD before the next low water under the limit."""
    for low in store.predictions(gauge.station, after=now):
        if low.level_cm <= gauge.limit_cm:
            return datetime.fromtimestamp(low.at) - LEAD
    return None


def due(alarm: datetime, now: datetime) -> bool:
    return now.replace(tzinfo=None) >= alarm
'''

STORE = '''"""Predictions and readings, in SQLite."""

import sqlite3

RETRIES = 1


class Store:
    def __init__(self, path: str) -> None:
        self.con = sqlite3.connect(path, timeout=0.1)

    def predictions(self, station: str, after):
        sql = "SELECT at, level_cm FROM prediction WHERE station = ? AND at > ? ORDER BY at"
        return self.con.execute(sql, (station, after.timestamp()))

    def add_reading(self, station: str, at: int, level_cm: int) -> None:
        with self.con:
            self.con.execute("INSERT INTO reading VALUES (?, ?, ?)", (station, at, level_cm))
'''

TEST = """from datetime import UTC, datetime

from tidewatch.alarms import next_alarm


def test_the_alarm_keeps_its_distance_over_the_clock_change(husum_store, husum):
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    low = husum_store.next_low("husum", now)
    assert low.at - next_alarm(husum_store, husum, now).timestamp() == 40 * 60
"""

FAILURE = """============================= test session starts ==============================
collected 1 item

tests/test_alarms.py F                                                   [100%]

=================================== FAILURES ===================================
__________ test_the_alarm_keeps_its_distance_over_the_clock_change _____________

>       assert low.at - next_alarm(husum_store, husum, now).timestamp() == 40 * 60
E       assert -1200 == 2400
E        +  where -1200 = 1774752300 - 1774753500.0

tests/test_alarms.py:9: AssertionError
=========================== short test summary info ============================
FAILED tests/test_alarms.py::test_the_alarm_keeps_its_distance_over_the_clock_change
============================== 1 failed in 0.31s ==============================="""

LOCKED = """Traceback (most recent call last):
  File "/home/ines/code/tidewatch/tidewatch/poll.py", line 41, in poll
    store.add_reading(gauge.station, at, level_cm)
  File "/home/ines/code/tidewatch/tidewatch/store.py", line 18, in add_reading
    self.con.execute("INSERT INTO reading VALUES (?, ?, ?)", (station, at, level_cm))
sqlite3.OperationalError: database is locked"""

SUMMARY = """Summary:
1. Primary request and intent:
   Ines reported that since Sunday the low-water alarm of station Husum fires an hour late. She asked for the cause, a test, and a fix; then for a second problem, readings lost with "database is locked".

2. Key technical concepts:
   - naive datetimes against aware ones over a daylight saving change
   - SQLite busy timeout and retries

3. Files and code:
   - tidewatch/alarms.py: next_alarm now returns an aware UTC datetime; due compares aware values
   - tests/test_alarms.py: a test over the clock change of 2026-03-29
   - tidewatch/store.py: not changed yet

4. Problem solving:
   The alarm was naive local time while `now` was UTC with its zone dropped.

5. Pending tasks:
   - retry writes in store.py when the database is locked
   - release 0.9.2

6. Current work:
   About to change Store.add_reading so that a locked database does not lose a reading."""
