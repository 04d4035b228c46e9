"""How much was archived of each day."""

from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.contracts import DAY_BITS, DAY_NS, DAY_ZERO_S

# index: each table's own; sessions and compactions are few beside records
BEGUN_SQL = """
SELECT day, sum(sessions), sum(compactions) FROM (
  SELECT (started_ns / 1000000000 - :zero) / 86400 AS day, 1 AS sessions, 0 AS compactions FROM session
    WHERE started_ns IS NOT NULL
  UNION ALL SELECT (opened_ns / 1000000000 - :zero) / 86400, 0, 1 FROM epoch WHERE boundary <> ''
) WHERE day BETWEEN :first AND :last GROUP BY day
"""
# index: day's primary key, and record_identity for the sessions of several days that have parts. A day
# counts the ids it gave: what is left of them, further parts taken off (links of a chain count them).
GIVEN_SQL = """
SELECT day, sum(n) FROM (
  SELECT day, n FROM day
  UNION ALL SELECT first_id >> :bits, records - links FROM session WHERE first_id >> :bits = last_id >> :bits
  UNION ALL SELECT r.id >> :bits, -1 FROM session s CROSS JOIN record r ON r.session_id = s.id
    WHERE s.links > s.records AND s.first_id >> :bits <> s.last_id >> :bits AND r.part > 0
) GROUP BY day
"""
# index: record_identity; where records were forgotten, those of a session of several days are counted
LEFT_SQL = """
SELECT day, sum(n) FROM (
  SELECT first_id >> :bits AS day, records AS n FROM session WHERE first_id >> :bits = last_id >> :bits
  UNION ALL SELECT r.id >> :bits, 1 FROM session s CROSS JOIN record r ON r.session_id = s.id
    WHERE s.first_id >> :bits <> s.last_id >> :bits AND r.part = 0
) GROUP BY day
"""
TOTAL_SQL = "SELECT coalesce(sum(records), 0) FROM session"
# index: day's primary key
EDGES_SQL = "SELECT min(day), max(day) FROM day"
LEAST = 28  # days
# Days that lie whole in the nanoseconds a time is counted in: 1677-09-22 to 2262-04-10.
FIRST = -((1 << 63) // 1_000_000_000 + DAY_ZERO_S) // 86_400 + 1
LAST = ((1 << 63) // 1_000_000_000 - DAY_ZERO_S) // 86_400 - 1


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day. records: archived of it; sessions and compactions: that began on it."""

    day: int
    records: int
    sessions: int
    compactions: int

    @property
    def date(self) -> str:
        return date_of(self.day)


@dataclass(frozen=True, slots=True)
class Activity:
    """days: each of a stretch, empty ones too. earlier, later: whether records lie before or after it."""

    days: list[Day]
    earlier: bool
    later: bool


def activity(con: Connection, *, days: int, until: int | None = None) -> Activity:
    """What happened up to `until`, without it up to the last day that has records.

    At most so many days, from the Monday of the first that has records, and at least four weeks.
    """
    oldest, newest = con.execute(EDGES_SQL).fetchone()
    if oldest is None:
        return Activity([], False, False)
    last = newest if until is None else min(until, newest)
    monday = oldest - (oldest + 2) % 7  # day 0 is a Wednesday
    first = max(last - days + 1, min(monday, last - LEAST + 1))
    begun = {
        day: counts
        for day, *counts in con.execute(BEGUN_SQL, {"zero": DAY_ZERO_S, "first": first, "last": last})
    }
    records = recorded(con)
    found = [Day(day, records.get(day, 0), *begun.get(day, (0, 0))) for day in range(first, last + 1)]
    return Activity(found, oldest < first, newest > last)


def recorded(con: Connection) -> dict[int, int]:
    """How many records are archived of each day; parts do not count."""
    found = dict(con.execute(GIVEN_SQL, {"bits": DAY_BITS}).fetchall())
    if sum(found.values()) != con.execute(TOTAL_SQL).fetchone()[0]:
        found = dict(con.execute(LEFT_SQL, {"bits": DAY_BITS}).fetchall())
    return found


def date_of(day: int) -> str:
    """A day's number as an ISO date."""
    from memlog.query.dates import iso

    return iso((DAY_ZERO_S + day * 86_400) * 1_000_000_000)[:10]


def day_of(date: str) -> int | None:
    """An ISO date as a day's number; None where it is none, or no time is of it."""
    from datetime import UTC, datetime

    try:
        when = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    day = (int(when.timestamp()) - DAY_ZERO_S) * 1_000_000_000 // DAY_NS
    return day if FIRST <= day <= LAST else None
