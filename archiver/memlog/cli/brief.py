"""Values as a terminal shows them: short enough that a row fits, long enough to be asked for again."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from os.path import commonprefix
from typing import Any

from memlog.cli.terminal import safe_line
from memlog.cli.width import cut

SESSION, TIMED = 8, 13  # characters of a uuid; of one that begins with the time (version 7)
NARROW = 100  # columns of a screen under which a time goes without seconds
MOST = {"project": 20, "tool": 18, "outcome": 24}
_DAY_S = 86_400


def cells(
    names: Sequence[str], rows: Sequence[Sequence[Any]], width: int, most: Mapping[str, int] = MOST
) -> list[list[Any]]:
    """The rows with every column in its short form. most: columns of the screen one may take."""
    found = [_column(name, [row[at] for row in rows], width, most) for at, name in enumerate(names)]
    return [list(row) for row in zip(*found, strict=True)]


def _column(name: str, values: list[Any], width: int, most: Mapping[str, int]) -> list[Any]:
    if name == "session":
        return sessions(values)
    shorten: Callable[[Any], Any] | None = _SHORT.get(name)
    if shorten is moment and width < NARROW:
        shorten = minute
    if shorten is not None:
        values = [shorten(value) if isinstance(value, str) else value for value in values]
    if name in most:
        values = [cut(safe_line(value), most[name]) if isinstance(value, str) else value for value in values]
    return values


def sessions(values: Sequence[Any]) -> list[Any]:
    """Beginnings of uuids and of other long names, long enough to tell them apart."""
    said = {v for v in values if isinstance(v, str)}
    uuids = {v for v in said if len(v) == 36 and v.count("-") == 4}
    least = TIMED if any(v[14] == "7" for v in uuids) else SESSION
    size = next(n for n in range(least, 37) if len({v[:n] for v in uuids}) == len(uuids))
    short = {v: v[:size] for v in uuids} | _beginnings(sorted(said - uuids))
    return [short.get(v, v) for v in values]


def _beginnings(names: Sequence[str]) -> dict[str, str]:
    """Of each name, sorted, the fewest first characters with which no other begins."""
    alike = [0, *(len(commonprefix(pair)) for pair in pairwise(names)), 0]  # with the one before it
    return {name: name[: max(TIMED, alike[at] + 1, alike[at + 1] + 1)] for at, name in enumerate(names)}


def moment(ts: str) -> str:
    """2026-03-05T14:30:00.123Z as 2026-03-05 14:30:00Z."""
    return f"{ts[:10]} {ts[11:19]}Z" if _is_time(ts) else ts


def minute(ts: str) -> str:
    """2026-03-05T14:30:00.123Z as 2026-03-05 14:30Z."""
    return f"{ts[:10]} {ts[11:16]}Z" if _is_time(ts) else ts


def _is_time(ts: str) -> bool:
    return len(ts) == 24 and ts[10] == "T"


def last_part(path: str) -> str:
    """The last folder of a path, with what is before a number or a hidden one: `cli/.worktrees/1`."""
    before, _, said = path.rstrip("/").rpartition("/")
    while before and (said[:1] == "." or said.split("/")[0].isdigit()):
        before, _, folder = before.rpartition("/")
        said = f"{folder}/{said}"
    return said or path


def ago(ts_ns: int | None, now_ns: int) -> str:
    """How long it is since then; the day, where that was a week ago or lies ahead."""
    if ts_ns is None:
        return ""
    seconds = (now_ns - ts_ns) // 10**9
    if seconds < -60 or seconds >= 7 * _DAY_S:
        return time.strftime("%Y-%m-%d", time.gmtime(ts_ns // 10**9))
    for unit, size in (("d", _DAY_S), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit} ago"
    return "now"


def lasted(seconds: float) -> str:
    """2 h 05 m, 7 m, 12 s."""
    whole = int(seconds)
    if whole >= 2 * _DAY_S:
        return f"{whole // _DAY_S} days"
    if whole >= 3_600:
        return f"{whole // 3_600} h {whole // 60 % 60:02} m"
    return f"{whole // 60} m" if whole >= 60 else f"{whole} s"


_SHORT: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("ts", "started", "ended", "opened", "closed", "noticed"), moment),
    "project": last_part,
}
