"""Record ids: the UTC day of the event and a counter within it, so late imports fall into their own day."""

from memlog.archive.connection import Connection
from memlog.contracts import DAY_BITS, DAY_MAX, DAY_NS, DAY_ZERO_S

_PER_DAY = 1 << DAY_BITS
_ZERO_NS = DAY_ZERO_S * 1_000_000_000

DAY_SQL = "SELECT n, last_ns, lag_ns FROM day WHERE day = :day"
SAVE_SQL = """
INSERT INTO day (day, n, last_ns, lag_ns) VALUES (?, ?, ?, ?)
ON CONFLICT (day) DO UPDATE SET n = excluded.n, last_ns = excluded.last_ns, lag_ns = excluded.lag_ns
"""


def day_of(ts_ns: int) -> int:
    """Days from 2020-01-01 to a time, UTC; what lies outside the range counts as its nearest day."""
    return min(max((ts_ns - _ZERO_NS) // DAY_NS, 0), DAY_MAX)


class Ids:
    """Next ids of the days one batch touches."""

    __slots__ = ("_con", "_next")

    def __init__(self, con: Connection) -> None:
        self._con = con
        self._next: dict[int, list[int]] = {}  # day → n, newest event so far, most an event came late

    def take(self, day: int, ts_ns: int) -> int:
        """The next id of a day; a day of 16.7 million records goes on in the next one that has room.

        How late events arrive within the day is kept: ids are in order of arrival, and a search
        for the newest need look no further back than that.
        """
        found = self._next.get(day) or self._day(day, ts_ns)
        n, last_ns, lag_ns = found
        if n >= _PER_DAY:
            return self.take(day + 1, ts_ns)
        found[0] = n + 1
        if ts_ns > last_ns:
            found[1] = ts_ns
        elif last_ns - ts_ns > lag_ns:
            found[2] = last_ns - ts_ns
        return day << DAY_BITS | n

    def keep(self, day: int, record_id: int, ts_ns: int, ahead: int) -> bool:
        """Whether a record may keep the id it had: one of its day, at most so far ahead of the counter."""
        found = self._next.get(day) or self._day(day, ts_ns)
        n = record_id - (day << DAY_BITS)
        if not 0 <= n < min(found[0] + ahead, _PER_DAY):
            return False
        late = found[1] - ts_ns
        if n < found[0]:
            # Which events the ids above it have is not looked up: the whole day bounds how late they came.
            late = max(late, ts_ns - (_ZERO_NS + day * DAY_NS if day else 0))
        found[2] = max(found[2], late)
        found[0], found[1] = max(found[0], n + 1), max(found[1], ts_ns)
        return True

    def _day(self, day: int, ts_ns: int) -> list[int]:
        row = self._con.execute(DAY_SQL, {"day": day}).fetchone()
        found = self._next[day] = list(row) if row else [0, ts_ns, 0]
        return found

    def save(self) -> None:
        """The counters, into the batch's transaction."""
        self._con.executemany(SAVE_SQL, [(day, *found) for day, found in self._next.items()])
