"""The time a host wrote beside an event, in nanoseconds since 1970 UTC."""

from typing import Any

_DAYS: dict[str, int] = {}  # a session has a handful of days and thousands of stamps
_last: tuple[str, int | None] = ("", None)
_LATEST_NS = (1 << 63) - 1
_MONTHS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_LEAPS = 1969 // 4 - 1969 // 100 + 1969 // 400


def parse(value: Any) -> int | None:
    """Nanoseconds of an ISO 8601 text (UTC where it names no zone) or of an epoch number; else None.

    A number counts as seconds, milli-, micro- or nanoseconds, whichever lies in our times.
    """
    if isinstance(value, str):
        return _known(value) if len(value) == 24 else _slow(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value)
    return None


def canonical(value: Any) -> bool:
    """True for a stamp whose text its nanoseconds give back: 2026-01-08T14:41:01.267Z."""
    return isinstance(value, str) and len(value) == 24 and value[23] == "Z" and _known(value) is not None


def _known(text: str) -> int | None:
    """What _fast says; of a line's stamp it is asked twice."""
    global _last
    last, ns = _last
    if text != last:
        ns = _fast(text)
        _last = text, ns
    return ns


def _fast(text: str) -> int | None:
    """Claude Code's own form, without datetime: importing that takes longer than a small tail does."""
    if text[10] == "T" and text[13] == text[16] == ":" and text[19] == "." and text[23] == "Z":
        clock = text[11:13] + text[14:16] + text[17:19] + text[20:23]
        day = _day(text[:10])
        if day is not None and clock.isdigit() and clock.isascii():
            hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:6])
            if hour < 24 and minute < 60 and second < 60:
                seconds = day * 86_400 + hour * 3_600 + minute * 60 + second
                return seconds * 1_000_000_000 + int(clock[6:]) * 1_000_000
    return _slow(text)


def _day(text: str) -> int | None:
    """Days since 1970 of YYYY-MM-DD; None where there is no such day in our times."""
    found = _DAYS.get(text)
    if found is not None:
        return found
    digits = text[:4] + text[5:7] + text[8:]
    if text[4] != "-" or text[7] != "-" or len(digits) != 8 or not (digits.isdigit() and digits.isascii()):
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if not 1970 <= year < 2262 or not 1 <= month <= 12:
        return None
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    before = _MONTHS[month - 1] + (leap and month > 2)
    if not 1 <= day <= _MONTHS[month] - _MONTHS[month - 1] + (leap and month == 2):
        return None
    last = year - 1
    days = 365 * (year - 1970) + last // 4 - last // 100 + last // 400 - _LEAPS + before + day - 1
    if len(_DAYS) > 1_000:
        _DAYS.clear()
    _DAYS[text] = days
    return days


def _slow(text: str) -> int | None:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        return None
    ns = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
    return ns if 0 <= ns <= _LATEST_NS else None


def _number(value: float) -> int | None:
    if not 0 <= value <= _LATEST_NS:  # also false for NaN
        return None
    for limit, scale in ((1e11, 1_000_000_000), (1e14, 1_000_000), (1e17, 1_000)):
        if value < limit:
            whole = int(value)
            ns = whole * scale + round((value - whole) * scale)
            return ns if ns <= _LATEST_NS else None
    return int(value)
