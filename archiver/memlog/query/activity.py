"""How much was archived of each day."""

from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.contracts import DAY_NS, DAY_ZERO_S

# index: each table's own; days, sessions and compactions are few beside records
DAYS_SQL = """
SELECT day, sum(records), sum(sessions), sum(compactions) FROM (
  SELECT day, n AS records, 0 AS sessions, 0 AS compactions FROM day
  UNION ALL SELECT (started_ns / 1000000000 - :zero) / 86400, 0, 1, 0 FROM session
    WHERE started_ns IS NOT NULL
  UNION ALL SELECT (opened_ns / 1000000000 - :zero) / 86400, 0, 0, 1 FROM epoch WHERE boundary <> ''
) WHERE day BETWEEN :first AND :last GROUP BY day
"""
# index: day's primary key
EDGES_SQL = "SELECT min(day), max(day) FROM day"


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day. records: stored of it, parts counted; sessions and compactions: that began on it."""

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
    """What happened on each of so many days up to `until`, without it up to the last that has records."""
    oldest, newest = con.execute(EDGES_SQL).fetchone()
    if oldest is None:
        return Activity([], False, False)
    last = newest if until is None else min(until, newest)
    first = last - days + 1
    values = {"zero": DAY_ZERO_S, "first": first, "last": last}
    found = {row[0]: Day(*row) for row in con.execute(DAYS_SQL, values)}
    return Activity(
        [found.get(day, Day(day, 0, 0, 0)) for day in range(first, last + 1)], oldest < first, newest > last
    )


def date_of(day: int) -> str:
    """A day's number as an ISO date."""
    from memlog.query.dates import iso

    return iso((DAY_ZERO_S + day * 86_400) * 1_000_000_000)[:10]


def day_of(date: str) -> int | None:
    """An ISO date as a day's number; None where it is none."""
    from datetime import UTC, datetime

    try:
        when = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (int(when.timestamp()) - DAY_ZERO_S) * 1_000_000_000 // DAY_NS
