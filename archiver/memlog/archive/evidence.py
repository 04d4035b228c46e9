"""Compactions hooks told of, and which of them no boundary line of the transcript accounts for.

A hook speaks by its own clock, a line by the host's stamp. In a live session both agree; an old
transcript replayed through hooks has stamps years away. So a compaction that was told is paired with
the line stamped near it; where all of the session is stamped long before it, with any line that is
left: each line accounts for one. What is left then, no transcript has shown.
"""

import json
from collections.abc import Iterable

NEAR_NS = 600 * 1_000_000_000  # a line stamped this close to an event is of the compaction it tells of

# index: event_session
TOLD_SQL = """
SELECT event, ts_ns, data FROM event WHERE session = :session AND agent = :agent
  AND event IN ('PostCompact', 'SessionStart', 'SessionEnd') ORDER BY ts_ns, event, data
"""


class Compaction:
    """One compaction as hooks told of it. times: of the events, in order; summary: "" where none said it."""

    __slots__ = ("summary", "times")

    def __init__(self, ts_ns: int, summary: str) -> None:
        self.times = [ts_ns]
        self.summary = summary

    def is_told_by(self, ts_ns: int, summary: str) -> bool:
        """Whether this event tells of it too: the same summary says so at any time, another one never."""
        if summary and self.summary:
            return summary == self.summary
        return abs(ts_ns - self.times[0]) <= NEAR_NS


def compactions(events: Iterable[tuple[str, int, str]]) -> list[Compaction]:
    """What (event, ts_ns, data) in order of time tell of; PreCompact is none: it may be blocked."""
    found: list[Compaction] = []
    starts: list[int] = []
    for event, ts_ns, data in events:
        if event == "PostCompact":
            _hear(found, ts_ns, _summary(data))
        elif event == "SessionStart" and '"source":"compact"' in data:
            starts.append(ts_ns)
    for ts_ns in starts:
        _hear(found, ts_ns, "")
    return found


def unseen(told: list[Compaction], lines: list[int], newest_ns: int) -> list[int]:
    """Times of the compactions no line accounts for.

    lines: stamps of the boundary lines. newest_ns: that of the session's newest record.
    """
    taken: dict[int, int] = {}  # line → compaction
    wanted = [_near(one, lines) for one in told]
    left = [n for n in range(len(told)) if not _pair(n, wanted, taken, set())]
    for n in left:
        if newest_ns < min(told[n].times) - NEAR_NS:
            wanted[n] = sorted(range(len(lines)), key=lambda k: -lines[k])
    return [min(told[n].times) for n in left if not _pair(n, wanted, taken, set())]


def _hear(found: list[Compaction], ts_ns: int, summary: str) -> None:
    known = [one for one in found if one.is_told_by(ts_ns, summary)]
    if not known:
        found.append(Compaction(ts_ns, summary))
        return
    nearest = min(known, key=lambda one: abs(ts_ns - one.times[0]))
    nearest.times.append(ts_ns)
    nearest.summary = nearest.summary or summary


def _summary(data: str) -> str:
    try:
        found = json.loads(data).get("compact_summary")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return " ".join(found.split()) if isinstance(found, str) else ""


def _near(one: Compaction, lines: list[int]) -> list[int]:
    """Lines stamped near it, nearest first."""
    far = {k: min(abs(ns - t) for t in one.times) for k, ns in enumerate(lines)}
    return sorted((k for k, ns in far.items() if ns <= NEAR_NS), key=lambda k: (far[k], k))


def _pair(n: int, wanted: list[list[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Give compaction n a line, moving others to another of theirs where needed; False when it gets none."""
    for k in wanted[n]:
        if k not in tried:
            tried.add(k)
            if k not in taken or _pair(taken[k], wanted, taken, tried):
                taken[k] = n
                return True
    return False
