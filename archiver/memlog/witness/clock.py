"""Does the wall clock run like a clock nobody sets."""

import time
from typing import Any

_JUMP_NS = 5_000_000_000
# It goes on while the machine sleeps, as the wall clock does; macOS's monotonic clock stops.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> tuple[int, int]:
    """The wall clock and a steady one, ns."""
    return time.time_ns(), time.clock_gettime_ns(_STEADY)


class Clock:
    """Looked at now and then, it says when the wall clock jumped."""

    def __init__(self, wall_ns: int, steady_ns: int) -> None:
        self._offset = wall_ns - steady_ns
        self.last: dict[str, Any] = {}  # jump_s, jumped (ISO): the last jump

    def look(self, wall_ns: int, steady_ns: int) -> float:
        """Seconds it jumped since the last look, forward or (negative) back; 0.0 where it did not."""
        jump_ns, self._offset = wall_ns - steady_ns - self._offset, wall_ns - steady_ns
        if abs(jump_ns) < _JUMP_NS:
            return 0.0
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall_ns // 1_000_000_000))
        self.last = {"jump_s": round(jump_ns / 1e9, 3), "jumped": when}
        return jump_ns / 1e9
