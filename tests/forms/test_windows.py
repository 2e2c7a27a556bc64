"""The time of a call on the caller's own clock: clocks that jump, nights, the past, and zones by all of their names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as some

from conversations.forms import windows

AT = datetime(2026, 3, 6, 12, tzinfo=UTC)


def window(day: str, begin: str, end: str, zone: str, at: datetime = AT) -> Any:
    return windows.window(day=day, begin=begin, end=end, zone=zone, at=at)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        pytest.param(("2026-03-09", "09:00", "10:30", "Europe/Berlin"), "2026-03-09T08:00", "2026-03-09T09:30", id="winter"),
        pytest.param(("2026-03-30", "09:00", "10:30", "Europe/Berlin"), "2026-03-30T07:00", "2026-03-30T08:30", id="summer"),
        pytest.param(
            ("2026-03-08", "02:30", "04:00", "America/New_York"), "2026-03-08T07:30", "2026-03-08T08:00",
            id="begins in the hour that is skipped",
        ),
        pytest.param(
            ("2026-03-08", "01:00", "02:30", "America/New_York"), "2026-03-08T06:00", "2026-03-08T07:30",
            id="ends in the hour that is skipped",
        ),
        pytest.param(
            ("2026-03-08", "02:15", "03:00", "America/New_York"), "2026-03-08T07:15", "2026-03-08T08:00",
            id="is the hour that is skipped",
        ),
        pytest.param(
            ("2026-04-05", "02:00", "03:00", "Australia/Sydney"), "2026-04-04T15:00", "2026-04-04T17:00",
            id="is the hour that comes twice",
        ),
        pytest.param(("2026-03-09", "22:00", "01:00", "Asia/Tokyo"), "2026-03-09T13:00", "2026-03-09T16:00", id="over midnight"),
        pytest.param(
            ("2026-03-07", "03:00", "04:00", "Pacific/Kiritimati"), "2026-03-06T13:00", "2026-03-06T14:00", id="tomorrow already",
        ),
        pytest.param(("2026-03-06", "00:30", "01:30", "Pacific/Pago_Pago"), "2026-03-06T11:30", "2026-03-06T12:30", id="now"),
        pytest.param(("2026-03-09", "09:00", "10:00", "Asia/Kathmandu"), "2026-03-09T03:15", "2026-03-09T04:15", id="quarters"),
        pytest.param(("2026-03-09", "09:00:59", "10:00", "Asia/Calcutta"), "2026-03-09T03:30", "2026-03-09T04:30", id="old name"),
    ],
)  # fmt: skip
def test_window_is_two_moments(given: tuple[str, str, str, str], start: str, end: str) -> None:
    assert window(*given) == (utc(start), utc(end))


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        (("2026-03-06", "09:00", "10:00", "Europe/London"), "to", "error_window_past"),
        (("2026-03-05", "09:00", "10:00", "Europe/London"), "to", "error_window_past"),
        (("2026-03-04", "09:00", "10:00", "Europe/London"), "day", "error_window_past"),
        (("0001-01-01", "00:00", "01:00", "Asia/Tokyo"), "day", "error_window_past"),
        (("9999-12-31", "23:00", "23:59", "America/New_York"), "day", "error_window_far"),
        (("2026-06-05", "09:00", "10:00", "Europe/London"), "day", "error_window_far"),
        (("2026-03-09", "10:00", "10:00", "Europe/London"), "to", "error_window_order"),
        (("2026-03-09", "10:00", "09:59", "Europe/London"), "to", "error_window_order"),
        (("2026-03-09", "18:00", "00:01", "Europe/London"), "to", "error_window_order"),
        (("", "10:00", "11:00", "Europe/London"), "day", "error_window_incomplete"),
        (("2026-03-09", "", "11:00", "Europe/London"), "from", "error_window_incomplete"),
        (("2026-03-09", "10:00", "", "Europe/London"), "to", "error_window_incomplete"),
        (("2026-02-30", "10:00", "11:00", "Europe/London"), "day", "error_day"),
        (("2026-03-09", "25:00", "11:00", "Europe/London"), "from", "error_time"),
        (("2026-03-09", "10:00", "11:00+09:00", "Europe/London"), "to", "error_time"),
        (("2026-03-09", "10:00", "11:00", ""), "zone", "error_zone"),
        (("2026-03-09", "10:00", "11:00", "localtime"), "zone", "error_zone"),
        (("2026-03-09", "10:00", "11:00", "../../etc/passwd"), "zone", "error_zone"),
    ],
)
def test_window_that_cannot_be_kept_names_its_field(given: tuple[str, str, str, str], field: str, code: str) -> None:
    with pytest.raises(windows.Refused) as refused:
        window(*given)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_no_time_is_as_soon_as_possible() -> None:
    assert window("", "", "", "nonsense") is None


def test_every_zone_that_a_browser_may_know_is_offered() -> None:
    offered = {name for names in windows.zones().values() for name in names}
    for name in ("Asia/Calcutta", "Asia/Kolkata", "Europe/Kiev", "Europe/Kyiv", "America/Argentina/Ushuaia", "UTC"):
        assert name in offered
    assert offered <= available_timezones()
    assert len(offered) > 400


@given(
    day=some.dates(min_value=AT.date(), max_value=AT.date().replace(month=5)),
    begin=some.integers(0, 24 * 4 - 1),
    lasts=some.integers(1, 24),
    zone=some.sampled_from(sorted(name for names in windows.zones().values() for name in names)),
)
def test_any_window_of_any_zone_ends_after_it_begins_or_is_refused(day: Any, begin: int, lasts: int, zone: str) -> None:
    end = (begin + lasts) % 96
    found = outcome(day.isoformat(), f"{begin // 4:02}:{begin % 4 * 15:02}", f"{end // 4:02}:{end % 4 * 15:02}", zone)
    if isinstance(found, str):
        assert found in ("error_window_past", "error_window_order")
        return
    assert found[0] < found[1]
    assert found[1] > AT
    assert (found[1] - found[0]).total_seconds() <= (lasts * 15 + 120) * 60


def outcome(*given: str) -> Any:
    """The window, or why there is none."""
    try:
        return window(*given)
    except windows.Refused as refused:
        return refused.code
