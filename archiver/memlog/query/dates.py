"""Times as people write them, to nanoseconds; and nanoseconds as ISO 8601 UTC.

Only `time`: a search parses `--since` without loading datetime or re.
"""

import time

from memlog.errors import QueryError

UNDERSTOOD = (
    "2026-03-05, 2026-03-05T14:30, 2026-03-05T14:30:00Z, 14:30, 30s 10m 2h 3d 1w, "
    "now, today, yesterday 14:00, last monday, last week, 5 march, 3 months ago, @1772720000"
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3_600, "hr": 3_600}
_UNITS |= {"hour": 3_600, "d": 86_400, "day": 86_400, "w": 604_800, "week": 604_800}
_SECOND = 1_000_000_000
_LAST_NS = (1 << 63) - 1  # what the archive can hold: in April 2262
_ZONE_NS = 86_400 * _SECOND  # 1970-01-01 begins up to a day earlier somewhere
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Civil = tuple[int, int, int]


def iso(ts_ns: int) -> str:
    """2026-03-05T14:30:00.123Z, as the views print it."""
    seconds, rest = divmod(ts_ns, _SECOND)
    t = time.gmtime(seconds)
    return (
        f"{t.tm_year:04}-{t.tm_mon:02}-{t.tm_mday:02}T{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
        f".{rest // 1_000_000:03}Z"
    )


def since(text: str, now_ns: int) -> int:
    """The first nanosecond of what the words name, in local time unless they say a zone.

    A weekday is the last one before today. `30s`, `2h`, `3d ago` count back from now.
    Raises: QueryError that says what is understood, also for a time before 1970 or after 2261.
    """
    return _span(text, now_ns)[0]


def until(text: str, now_ns: int) -> int:
    """The first nanosecond after what the words name: a day or month named here is included.

    Raises: QueryError that says what is understood.
    """
    return _span(text, now_ns)[1]


def _span(text: str, now_ns: int) -> tuple[int, int]:
    words = text.strip().lower()
    found = _read(words, now_ns)
    if found is None:
        from memlog.query.spoken import plain  # only where a person wrote it out

        found = _read(plain(words, now_ns), now_ns)
    if found is None:
        raise QueryError(f"{text!r} is no time; understood: {UNDERSTOOD}")
    first, last = found
    if first < -_ZONE_NS or first > _LAST_NS:
        raise QueryError(f"{text!r} lies outside of 1970 to 2261; understood: {UNDERSTOOD}")
    return max(first, 0), min(max(last, 0), _LAST_NS)


def _read(words: str, now_ns: int) -> tuple[int, int] | None:
    try:
        return _moment(words, now_ns) or _ago(words, now_ns) or _calendar(words, now_ns)
    except (ValueError, OverflowError):
        return None


def _moment(words: str, now_ns: int) -> tuple[int, int] | None:
    if words == "now":
        return now_ns, now_ns
    digits = words[1:] if words.startswith("@") else words
    if not _all_digits(digits) or (digits is words and len(digits) not in (10, 13, 16, 19)):
        return None
    # seconds, milli-, micro- or nanoseconds since 1970, told apart by their length
    scale = {13: 1_000_000, 16: 1_000, 19: 1}.get(len(digits), _SECOND)
    ts_ns = int(digits) * scale
    return ts_ns, ts_ns


def _ago(words: str, now_ns: int) -> tuple[int, int] | None:
    """`2h`, `-7d`, `1d12h`, `3 days ago`."""
    words = words.removesuffix("ago").lstrip("-").replace(" ", "")
    total = at = 0
    while at < len(words):
        stop = at
        while stop < len(words) and _all_digits(words[stop]):
            stop += 1
        unit = stop
        while unit < len(words) and words[unit].isalpha():
            unit += 1
        seconds = _UNITS.get(words[stop:unit]) or _UNITS.get(words[stop:unit].removesuffix("s"))
        if stop == at or seconds is None or stop - at > 12:
            return None
        total += int(words[at:stop]) * seconds
        at = unit
    moment = now_ns - total * _SECOND
    return (moment, moment) if words else None


def _calendar(words: str, now_ns: int) -> tuple[int, int] | None:
    """A day, month or year, with or without a time of day and a zone."""
    day, clock = words, ""
    for mark in ("t", " "):
        head, found, tail = words.partition(mark)
        if found and _all_digits(head[-1:] if mark == "t" else "1") and tail[:1].isdigit():
            day, clock = head, tail.strip()
            break
    if ":" in day:
        day, clock = "today", day
    first, last = _days(day, now_ns)
    if not clock:
        return _local(first), _local(last)
    if _next(first) != last:
        return None
    moment = _clock(first, clock)
    return moment, moment


def _days(words: str, now_ns: int) -> tuple[Civil, Civil]:
    """First day named and the first day after."""
    t = time.localtime(now_ns // _SECOND)
    today = (t.tm_year, t.tm_mon, t.tm_mday)
    if words in ("today", "yesterday"):
        day = today if words == "today" else _shift(today, -1)
        return day, _next(day)
    if words.partition(" ")[0] in ("this", "last"):
        return _period(words, today, t.tm_wday)
    for number, name in enumerate(WEEKDAYS):
        if words in (name, name[:3]):
            day = _shift(today, -((t.tm_wday - number - 1) % 7 + 1))
            return day, _next(day)
    if len(words) == 8 and _all_digits(words):
        words = f"{words[:4]}-{words[4:6]}-{words[6:]}"
    parts = words.split("-")
    if len(parts[0]) != 4 or len(parts) > 3 or not all(_all_digits(p) and p for p in parts):
        raise ValueError(words)
    year, month, date = (*map(int, parts), 1, 1)[:3]
    if year < 1 or not 1 <= month <= 12 or not 1 <= date <= _month_days(year, month):
        raise ValueError(words)
    if len(parts) == 3:
        return (year, month, date), _next((year, month, date))
    if len(parts) == 2:
        return (year, month, 1), (year + month // 12, month % 12 + 1, 1)
    return (year, 1, 1), (year + 1, 1, 1)


def _period(words: str, today: Civil, weekday: int) -> tuple[Civil, Civil]:
    """`this week`, `last month`: weeks begin on Monday."""
    which, _, unit = words.partition(" ")
    back = which == "last"
    if unit == "week":
        first = _shift(today, -weekday - 7 * back)
        return first, _shift(first, 7)
    year, month, _ = today
    if unit == "year":
        return (year - back, 1, 1), (year - back + 1, 1, 1)
    if unit != "month":
        raise ValueError(words)
    year, month = (year - 1, 12) if back and month == 1 else (year, month - back)
    return (year, month, 1), (year + month // 12, month % 12 + 1, 1)


def _clock(day: Civil, words: str) -> int:
    """Nanoseconds of a time of day; without a zone in local time."""
    zone: int | None = None
    if words.endswith("z"):
        words, zone = words[:-1], 0
    else:
        sign = max(words.rfind("+"), words.rfind("-"))
        if sign > 0:
            zone, words = _offset(words[sign:]), words[:sign]
    words, _, fraction = words.replace(",", ".").strip().partition(".")
    parts = words.split(":")
    if len(parts) > 3 or not all(len(p) == 2 and _all_digits(p) for p in parts):
        raise ValueError(words)
    hour, minute, second = (*map(int, parts), 0, 0)[:3]
    if hour > 23 or minute > 59 or second > 60 or (fraction and not _all_digits(fraction)):
        raise ValueError(words)
    nanos = int(fraction[:9].ljust(9, "0"))
    if zone is None:
        return int(time.mktime((*day, hour, minute, second, 0, 0, -1))) * _SECOND + nanos
    return (_utc_day(day) * 86_400 + hour * 3_600 + minute * 60 + second - zone) * _SECOND + nanos


def _offset(words: str) -> int:
    digits = words[1:].replace(":", "")
    if len(digits) not in (2, 4) or not _all_digits(digits):
        raise ValueError(words)
    seconds = int(digits[:2]) * 3_600 + int(digits[2:] or 0) * 60
    return -seconds if words[0] == "-" else seconds


def _all_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _month_days(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap and month == 2 else _MONTHS[month - 1]


def _next(day: Civil) -> Civil:
    return _shift(day, 1)


def _shift(day: Civil, days: int) -> Civil:
    t = time.gmtime((_utc_day(day) + days) * 86_400)
    return t.tm_year, t.tm_mon, t.tm_mday


def _utc_day(day: Civil) -> int:
    """Days since 1970-01-01 (Howard Hinnant's days_from_civil)."""
    year, month, date = day
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + date - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _local(day: Civil) -> int:
    # tm_isdst=-1: the zone's own rules decide, so a day of 23 or 25 hours is one day
    return int(time.mktime((*day, 0, 0, 0, 0, 0, -1))) * _SECOND
