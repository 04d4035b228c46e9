"""Record ids: the UTC day of the event and a counter within it, so late imports fall into their own day."""

from memlog.archive.connection import Connection
from memlog.contracts import DAY_BITS, DAY_MAX, DAY_NS, DAY_ZERO_S

_PER_DAY = 1 << DAY_BITS
_ZERO_NS = DAY_ZERO_S * 1_000_000_000

DAY_SQL = "SELECT n FROM day WHERE day = :day"
SAVE_SQL = "INSERT INTO day (day, n) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET n = excluded.n"


def day_of(ts_ns: int) -> int:
    """Days from 2020-01-01 to a time, UTC; what lies outside the range counts as its nearest day."""
    return min(max((ts_ns - _ZERO_NS) // DAY_NS, 0), DAY_MAX)


class Ids:
    """Next ids of the days one batch touches."""

    __slots__ = ("_con", "_next")

    def __init__(self, con: Connection) -> None:
        self._con = con
        self._next: dict[int, int] = {}

    def take(self, day: int) -> int:
        """The next id of a day; a day of 16.7 million records goes on in the next one that has room."""
        n = self._next.get(day)
        if n is None:
            row = self._con.execute(DAY_SQL, {"day": day}).fetchone()
            n = row[0] if row else 0
        if n >= _PER_DAY:
            self._next[day] = n
            return self.take(day + 1)
        self._next[day] = n + 1
        return day << DAY_BITS | n

    def save(self) -> None:
        """The counters, into the batch's transaction."""
        self._con.executemany(SAVE_SQL, self._next.items())
