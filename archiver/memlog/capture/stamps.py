"""The time a host wrote beside an event, in nanoseconds since 1970 UTC."""

from typing import Any

_DAYS: dict[str, int] = {}  # a session has a handful of days and thousands of stamps
_LATEST_NS = (1 << 63) - 1


def parse(value: Any) -> int | None:
    """Nanoseconds of an ISO 8601 text (UTC where it names no zone) or of an epoch number; else None.

    A number counts as seconds, milli-, micro- or nanoseconds, whichever lies in our times.
    """
    if isinstance(value, str):
        return _fast(value) if len(value) == 24 else _slow(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value)
    return None


def canonical(value: Any) -> bool:
    """True for a stamp whose text its nanoseconds give back: 2026-01-08T14:41:01.267Z."""
    return isinstance(value, str) and len(value) == 24 and value[23] == "Z" and _fast(value) is not None


def _fast(text: str) -> int | None:
    if text[10] == "T" and text[13] == text[16] == ":" and text[19] == "." and text[23] == "Z":
        clock = text[11:13] + text[14:16] + text[17:19] + text[20:23]
        day = _DAYS.get(text[:10])
        if day is None:
            day = _day(text[:10])
        if day is not None and clock.isdigit() and clock.isascii():
            hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:6])
            if hour < 24 and minute < 60 and second < 60:
                seconds = day * 86_400 + hour * 3_600 + minute * 60 + second
                return seconds * 1_000_000_000 + int(clock[6:]) * 1_000_000
    return _slow(text)


def _day(text: str) -> int | None:
    found = _slow(text)
    if found is None:
        return None
    if len(_DAYS) > 1_000:
        _DAYS.clear()
    day = _DAYS[text] = found // 86_400_000_000_000
    return day


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
            return whole * scale + round((value - whole) * scale)
    return int(value)
