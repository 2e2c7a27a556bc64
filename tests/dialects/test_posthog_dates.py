"""PostHog's relative moments, across a change of the clock: hours are hours of time, days are days of the calendar."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from conversations.dialects.posthog import dates


@pytest.mark.parametrize(
    ("zone", "now", "value", "expected"),
    [
        # Spring: the hour from two to three does not exist.
        ("Europe/Amsterdam", "2026-03-29T01:30:00Z", "-1h", "2026-03-29T00:30:00Z"),
        ("Europe/Amsterdam", "2026-03-29T12:00:00Z", "-24h", "2026-03-28T12:00:00Z"),
        ("Europe/Amsterdam", "2026-03-29T01:10:00Z", "-20M", "2026-03-29T00:50:00Z"),
        ("Europe/Amsterdam", "2026-03-29T01:00:10Z", "-20s", "2026-03-29T00:59:50Z"),
        # Autumn: the hour from two to three comes twice.
        ("Europe/Amsterdam", "2026-10-25T01:30:00Z", "-1h", "2026-10-25T00:30:00Z"),
        ("Europe/Amsterdam", "2026-10-25T12:00:00Z", "-24h", "2026-10-24T12:00:00Z"),
        ("America/New_York", "2026-11-01T06:30:00Z", "-90M", "2026-11-01T05:00:00Z"),
        # A zone whose clock changes by half an hour.
        ("Australia/Lord_Howe", "2026-04-04T15:15:00Z", "-1h", "2026-04-04T14:15:00Z"),
        # A day is the same time of yesterday, however long it was.
        ("Europe/Amsterdam", "2026-03-29T12:00:00Z", "-1d", "2026-03-28T13:00:00Z"),
        ("Europe/Amsterdam", "2026-10-25T12:00:00Z", "-1w", "2026-10-18T11:00:00Z"),
        # The day that an hour ago was in, by the zone's own midnight.
        ("Europe/Amsterdam", "2026-10-25T22:30:00Z", "-1hStart", "2026-10-24T22:00:00Z"),
        ("Europe/Amsterdam", "2026-10-25T23:30:00Z", "-2hStart", "2026-10-24T22:00:00Z"),
    ],
)
def test_hours_are_taken_off_time_and_days_off_the_calendar(zone: str, now: str, value: str, expected: str) -> None:
    assert dates.parse(value, datetime.fromisoformat(now), ZoneInfo(zone)) == datetime.fromisoformat(expected)


def test_hours_before_the_first_year_are_no_moment() -> None:
    assert dates.parse("-99999h", datetime.fromisoformat("0002-01-01T00:00:00Z"), ZoneInfo("Europe/Amsterdam")) is None
