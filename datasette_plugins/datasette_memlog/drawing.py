"""What is drawn of an archive: bars a day, a session at a glance. Numbers and paths; SVG in the templates."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from memlog.query.activity import Activity, Day
from memlog.query.outline import Outline

HEIGHT = 56  # of a row of bars
STEP = 8  # of a day
COLUMNS = 180  # of a session at a glance
LETTER = 1.4  # of 100: what one of the name of a month takes
WEEKS = 10  # of so many and fewer Mondays are named
MONDAY = 5  # day 0 is a Wednesday
NAMES = {  # of the kinds of an outline
    "p": "prompt", "m": "reply", "t": "thinking", "u": "call", "r": "answer", "s": "summary",
    "c": "compaction", "h": "the host's", "o": "other",
}  # fmt: skip
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar."""

    x: int
    y: float
    height: float
    day: Day
    value: int


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of an activity."""

    name: str
    noun: str
    total: int
    most: int
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows of bars over the same days. ticks: in per cent of the width, with a name where one fits."""

    width: int
    rows: list[Row]
    ticks: list[tuple[float, str]]


class Column(NamedTuple):
    """Some records in order, where a pointer meets them. id: of the first."""

    x: float
    width: float
    id: int
    title: str


@dataclass(frozen=True, slots=True)
class Glance:
    """A session from its first record to its last, 1000 units wide. here: the page that is shown.

    shapes: an SVG path each, as what leads nowhere of its own is one shape: a browser waits for each.
    """

    columns: list[Column]
    shapes: dict[str, str]
    compactions: list[tuple[float, int, int]]
    losses: list[tuple[float, str]]
    here: tuple[float, float]


def chart(found: Activity) -> Chart:
    """Bars of records, sessions and compactions."""
    rows = []
    for name, noun in (("records", "record"), ("sessions", "session"), ("compactions", "compaction")):
        values = [int(getattr(day, name)) for day in found.days]
        most = max(values, default=0)
        bars = [
            Bar(n * STEP, HEIGHT - tall, tall, day, value)
            for n, (day, value) in enumerate(zip(found.days, values, strict=True))
            if value and (tall := max(round(HEIGHT * value / most, 1), 2.0))
        ]
        rows.append(Row(name, noun, sum(values), most, bars))
    width = max(len(found.days) * STEP, 1)
    return Chart(width, rows, _ticks(found.days))


def _ticks(days: list[Day]) -> list[tuple[float, str]]:
    """Where months begin, of a few weeks Mondays; named where there is room, each year said once."""
    ticks: list[tuple[float, str]] = []
    free, year = 0.0, ""
    starts = _mondays(days) if len(days) <= WEEKS * 7 else _months(days)
    for n, (at, day, said) in enumerate(starts):
        x = 100 * at / len(days)
        name = said if day.date[:4] == year else f"{said} {day.date[:4]}"
        wide = LETTER * (len(name) + 1)
        after = 100 * starts[n + 1][0] / len(days) if n + 1 < len(starts) else 100
        # Instead of a month that has begun before the one is told that begins beside it.
        begun = not n and day.date[8:] != "01" and len(days) > WEEKS * 7
        if x < free or x + wide > 100 or (begun and after < wide):
            ticks.append((x, ""))
            continue
        ticks.append((x, name))
        free, year = x + wide, day.date[:4]
    return ticks


def _months(days: list[Day]) -> list[tuple[int, Day, str]]:
    """The first day of each month, with its number among the days and the month's name."""
    months = (next(month) for _, month in groupby(enumerate(days), lambda pair: pair[1].date[:7]))
    return [(at, day, MONTHS[int(day.date[5:7]) - 1]) for at, day in months]


def _mondays(days: list[Day]) -> list[tuple[int, Day, str]]:
    return [
        (at, day, f"{int(day.date[8:])} {MONTHS[int(day.date[5:7]) - 1]}")
        for at, day in enumerate(days)
        if day.day % 7 == MONDAY
    ]


def glance(found: Outline, first: int, last: int) -> Glance:
    """A session on a strip, every record at its rank: pauses take no room. first, last: on the page."""
    wide = 1000 / max(len(found), 1)
    step = max(math.ceil(len(found) / COLUMNS), 1)
    failed = found.landmarks["error"]
    columns = []
    bars: dict[str, list[str]] = {"work": [], "talk": [], "error": [], "prompt": []}
    for n in range(0, len(found), step):
        end = min(n + step, len(found))
        x, width = round(n * wide, 2), round((end - n) * wide, 2)
        columns.append(Column(x, width, found.ids[n], f"{NAMES[found.kinds[n]]}, record {n + 1:,}"))
        talk = sum(found.kinds.count(letter, n, end) for letter in "pms") * 2 >= end - n
        level = min(math.log2(max(*found.sizes[n:end], 256) / 128) / 9, 1.0)
        bars["talk" if talk else "work"].append(f"M{x} 40h{width * 0.8:.2f}v{-6 - 26 * level:.1f}H{x}z")
        if bisect_left(failed, n) < bisect_left(failed, end):
            bars["error"].append(f"M{x} 42h{max(width * 0.8, 2):.2f}v6H{x}z")
    prompts = found.landmarks["prompt"]
    for n in prompts[:: max(len(prompts) // 300, 1)]:
        bars["prompt"].append(f"M{(n + 0.5) * wide - 1:.2f} 0h2.4v6h-2.4z")
    return Glance(
        columns,
        {name: "".join(path) for name, path in bars.items()},
        [(round(n * wide, 2), found.ids[n], found.epochs[n]) for n in found.landmarks["compaction"]],
        [(round(loss.at * wide, 2), loss.what) for loss in found.losses],
        (round(first * wide, 2), round((last - first) * wide, 2)),
    )
