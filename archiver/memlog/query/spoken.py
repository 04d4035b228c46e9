"""Times in words, `last monday at 2pm`, said again as query/dates.py reads them: `monday 14:00`.

Loaded only where a time is none of the plain forms.
"""

import time

from memlog.query.dates import WEEKDAYS

_SMALL = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_SILENT = {"at", "on", "of", "the", "since", "from", "in"}
_CLOCKS = {"noon": "12:00", "midnight": "00:00"}


def plain(words: str, now_ns: int) -> str:
    """The same time in a plain form; "" where the words say none.

    A month's day without a year is the last one that began.
    """
    said = [word for word in words.replace(",", " ").split() if word not in _SILENT]
    said, clock = _clock([str(_SMALL.get(word, word)) for word in said])
    if said[:1] == ["last"] and (
        said[1:2] and (_named(WEEKDAYS, said[1]) is not None or said[1].isdecimal())
    ):
        said = said[1:]
    day = _months_ago(said, now_ns) or _date(said, now_ns) or " ".join(said)
    return " ".join(filter(None, (day, clock)))


def _clock(said: list[str]) -> tuple[list[str], str]:
    """The words without a time of day at their end, and that time as 14:05."""
    if not said:
        return said, ""
    if said[-1] in _CLOCKS:
        return said[:-1], _CLOCKS[said[-1]]
    if said[-1] in ("am", "pm") and len(said) > 1:
        said = [*said[:-2], said[-2] + said[-1]]
    half = said[-1][-2:] if said[-1][-2:] in ("am", "pm") else ""
    hour, colon, rest = said[-1].removesuffix(half).partition(":")
    if not hour.isdecimal() or len(hour) > 2 or not (half or colon):
        return said, ""
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            return said, ""
        number = number % 12 + (12 if half == "pm" else 0)
    return said[:-1], f"{number:02}:{rest or '00'}"


def _months_ago(said: list[str], now_ns: int) -> str:
    """`3 months ago`, `1 year`: the same day then, or the month's last."""
    if said[-1:] == ["ago"]:
        said = said[:-1]
    if len(said) != 2 or not said[0].isdecimal() or len(said[0]) > 4:
        return ""
    size = {"month": 1, "year": 12}.get(said[1].removesuffix("s"))
    if size is None:
        return ""
    today = time.localtime(now_ns // 10**9)
    months = today.tm_year * 12 + today.tm_mon - 1 - int(said[0]) * size
    year, month = divmod(months, 12)
    return _day(year, month + 1, min(today.tm_mday, _length(year, month + 1))) if year > 0 else ""


def _date(said: list[str], now_ns: int) -> str:
    """`5 march`, `march 5 2026`, `march`."""
    month = next((m for word in said if (m := _named(_MONTHS, word)) is not None), None)
    numbers = [word.rstrip("sthndr") for word in said if _named(_MONTHS, word) is None]
    if month is None or len(numbers) > 2 or not all(n.isdecimal() for n in numbers):
        return ""
    years = [int(n) for n in numbers if len(n) == 4]
    days = [int(n) for n in numbers if len(n) < 3]
    if len(years) + len(days) != len(numbers) or len(years) > 1 or len(days) > 1:
        return ""
    today = time.localtime(now_ns // 10**9)
    begins = (month + 1, days[0] if days else 1)
    year = years[0] if years else today.tm_year - (begins > (today.tm_mon, today.tm_mday))
    return _day(year, month + 1, days[0]) if days else f"{year:04}-{month + 1:02}"


def _named(names: tuple[str, ...], word: str) -> int | None:
    """Which of the names a word is, or its first letters: three at least."""
    return next((n for n, name in enumerate(names) if len(word) > 2 and name.startswith(word)), None)


def _day(year: int, month: int, day: int) -> str:
    return f"{year:04}-{month:02}-{day:02}"


def _length(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap and month == 2 else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
