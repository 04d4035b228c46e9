"""What people write after --since and --until, and the nanoseconds it means."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlog.errors import QueryError
from memlog.query import dates

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 5, 14, 30, 15, tzinfo=BERLIN)  # a Thursday
NOW_NS = int(NOW.timestamp()) * 10**9


def ns(*parts: int, zone: object = BERLIN) -> int:
    return int(datetime(*parts, tzinfo=zone).timestamp() * 1_000_000) * 1_000  # type: ignore[misc,arg-type]


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("2026-03-05", ns(2026, 3, 5)),
        ("20260305", ns(2026, 3, 5)),
        ("2026-02", ns(2026, 2, 1)),
        ("2025", ns(2025, 1, 1)),
        ("2026-03-05T14:30", ns(2026, 3, 5, 14, 30)),
        ("2026-03-05 14:30:15.250", ns(2026, 3, 5, 14, 30, 15, 250_000)),
        ("2026-03-05T14:30:00Z", ns(2026, 3, 5, 14, 30, zone=UTC)),
        ("2026-03-05t14:30:00+02:00", ns(2026, 3, 5, 12, 30, zone=UTC)),
        ("2026-03-05T14:30-0530", ns(2026, 3, 5, 20, 0, zone=UTC)),
        ("08:15", ns(2026, 3, 5, 8, 15)),
        ("yesterday 08:15", ns(2026, 3, 4, 8, 15)),
        ("today", ns(2026, 3, 5)),
        ("yesterday", ns(2026, 3, 4)),
        ("monday", ns(2026, 3, 2)),
        ("Fri", ns(2026, 2, 27)),
        ("thursday", ns(2026, 2, 26)),
        ("now", NOW_NS),
        ("30s", NOW_NS - 30 * 10**9),
        ("10m", NOW_NS - 600 * 10**9),
        ("2h", NOW_NS - 7_200 * 10**9),
        ("3d", NOW_NS - 3 * 86_400 * 10**9),
        ("-7d", NOW_NS - 7 * 86_400 * 10**9),
        ("1w", NOW_NS - 7 * 86_400 * 10**9),
        ("1d12h", NOW_NS - 36 * 3_600 * 10**9),
        ("2 days ago", NOW_NS - 2 * 86_400 * 10**9),
        ("90 minutes", NOW_NS - 5_400 * 10**9),
        ("last monday", ns(2026, 3, 2)),
        ("Last Monday at 2pm", ns(2026, 3, 2, 14)),
        ("monday 9:05", ns(2026, 3, 2, 9, 5)),
        ("yesterday at noon", ns(2026, 3, 4, 12)),
        ("yesterday 12:30 am", ns(2026, 3, 4, 0, 30)),
        ("9pm", ns(2026, 3, 5, 21)),
        ("an hour ago", NOW_NS - 3_600 * 10**9),
        ("two weeks ago", NOW_NS - 14 * 86_400 * 10**9),
        ("last 3 days", NOW_NS - 3 * 86_400 * 10**9),
        ("last week", ns(2026, 2, 23)),
        ("this week", ns(2026, 3, 2)),
        ("last month", ns(2026, 2, 1)),
        ("this month", ns(2026, 3, 1)),
        ("last year", ns(2025, 1, 1)),
        ("a month ago", ns(2026, 2, 5)),
        ("2 years ago", ns(2024, 3, 5)),
        ("5 march", ns(2026, 3, 5)),
        ("march 6th", ns(2025, 3, 6)),
        ("Mar 1, 2024 08:00", ns(2024, 3, 1, 8)),
        ("december", ns(2025, 12, 1)),
        ("@1772720000", 1_772_720_000 * 10**9),
        ("1772720000123", 1_772_720_000_123 * 10**6),
    ],
)
def test_since_reads_what_people_write_in_local_time(words: str, start: int) -> None:
    assert dates.since(words, NOW_NS) == start


def test_a_day_or_month_named_by_until_is_included_and_a_moment_is_not() -> None:
    assert dates.until("2026-03-05", NOW_NS) == ns(2026, 3, 6)
    assert dates.until("2025-12", NOW_NS) == ns(2026, 1, 1)
    assert dates.until("2024", NOW_NS) == ns(2025, 1, 1)
    assert dates.until("yesterday", NOW_NS) == dates.since("today", NOW_NS)
    assert dates.until("monday", NOW_NS) == ns(2026, 3, 3)
    assert dates.until("08:15", NOW_NS) == ns(2026, 3, 5, 8, 15)


def test_a_day_with_a_clock_change_has_the_hours_it_has() -> None:
    short, long = "2026-03-29", "2026-10-25"
    assert dates.until(short, NOW_NS) - dates.since(short, NOW_NS) == 23 * 3_600 * 10**9
    assert dates.until(long, NOW_NS) - dates.since(long, NOW_NS) == 25 * 3_600 * 10**9


@pytest.mark.parametrize(
    "words",
    ["", " ", "soon", "2026-13-01", "2026-02-30", "0000-01-01", "25:00", "12:60", "2h3", "3x", "h", "-", "ago",
     "2026-03 12:00", "2026-03-05T", "2026-03-05T14:30+5", "99999999999999999999d", "9" * 19, "٣d", "12345", "@"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_what_is_understood(words: str) -> None:
    with pytest.raises(QueryError, match="understood: 2026-03-05"):
        dates.since(words, NOW_NS)


@pytest.mark.parametrize(
    "words",
    ["99999999d", "999999999999h", "-99999999d", "1969", "1969-12-30", "0001-01-01", "2263", "2300-01-01", "9999",
     "9999-12-31T23:59:59Z", "2262-05", "@9223372037", "9999999999999"],
)  # fmt: skip
def test_a_time_the_archive_cannot_hold_is_refused_with_what_is_accepted(words: str) -> None:
    for bound in (dates.since, dates.until):
        with pytest.raises(QueryError, match="outside of 1970 to 2261; understood: 2026-03-05"):
            bound(words, NOW_NS)


def test_the_first_and_the_last_day_the_archive_can_hold_are_times() -> None:
    assert dates.since("1970", NOW_NS) == 0  # in Berlin that year began an hour before the first nanosecond
    assert dates.until("2262-04", NOW_NS) == (1 << 63) - 1 > dates.since("2262-04", NOW_NS)


@pytest.mark.slow
@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(words: str) -> None:
    try:
        start = dates.since(words, NOW_NS)
    except QueryError:
        return
    assert 0 <= start <= dates.until(words, NOW_NS) < 1 << 63


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)))
def test_a_printed_time_reads_back_as_itself(moment: datetime) -> None:
    ts_ns = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1) * 1_000_000
    printed = dates.iso(ts_ns)
    assert printed == moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    assert dates.since(printed, NOW_NS) == ts_ns
