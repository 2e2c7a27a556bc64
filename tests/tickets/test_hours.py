"""Business hours: how they are read, when they begin and end, who sets them, and the command that does."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.errors import Invalid
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from tests.conftest import Key, Member
from tests.effects import MORNING, actors, is_missing_for, minutes, nothing_changes, who_may
from tests.factories import ContactFactory
from tickets import actions, hours, queries
from tickets.models import BusinessHours

BERLIN = "Europe/Berlin"
NINE_TO_FIVE = {"mon": [["09:00", "17:00"]]}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def week(zone: str = BERLIN, **days: list[list[str]]) -> hours.Hours:
    found = hours.parse({"time_zone": zone, "weekly": days})
    assert found is not None
    return found


# --- Reading them -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        ([["09:00", "17:00"]], [["09:00", "17:00"]]),
        ([["13:30", "17:00"], ["9:00", "12:30:00"]], [["09:00", "12:30"], ["13:30", "17:00"]]),
        ("09:00-17:00", [["09:00", "17:00"]]),
        ("9:00 – 12:00, 13:00 to 17:00", [["09:00", "12:00"], ["13:00", "17:00"]]),
        (["09:00-12:00", "13:00-17:00"], [["09:00", "12:00"], ["13:00", "17:00"]]),
        (["09:00", "17:00"], [["09:00", "17:00"]]),
        ({"from": "09:00", "to": "17:00"}, [["09:00", "17:00"]]),
        ([{"start": "09:00", "end": "17:00"}], [["09:00", "17:00"]]),
        ([{"open": "22:00", "close": "06:00"}], [["22:00", "06:00"]]),
        ([["18:00", "00:00"]], [["18:00", "24:00"]]),
        ([["00:00", "00:00"]], [["00:00", "24:00"]]),
        ([["09:00", "12:00"], ["12:00", "17:00"]], [["09:00", "12:00"], ["12:00", "17:00"]]),
        ([], []),
        (None, []),
        ("closed", []),
    ],
)
def test_day_is_written_in_many_ways_and_kept_in_one(day: Any, kept: list[list[str]]) -> None:
    found = hours.parse({"timezone": "europe/berlin", "hours": {"Monday": day}})
    assert found is not None
    assert found.as_json() == {
        "time_zone": BERLIN,
        "weekly": {name: kept if name == "mon" else [] for name in hours.DAYS},
    }
    assert hours.parse(found.as_json()) == found


@pytest.mark.parametrize("zone", ["time_zone", "timezone", "timeZone", "zone"])
@pytest.mark.parametrize("weekly", ["weekly", "hours", "week", "days"])
def test_keys_have_the_names_that_other_products_use(zone: str, weekly: str) -> None:
    assert hours.parse({zone: BERLIN, weekly: NINE_TO_FIVE}) == week(**NINE_TO_FIVE)


def test_without_a_time_zone_it_is_the_given_one_and_null_is_always_open() -> None:
    found = hours.parse({"weekly": NINE_TO_FIVE}, "Asia/Tokyo")
    assert found is not None
    assert found.time_zone == "Asia/Tokyo"
    assert hours.parse(None) is None
    assert hours.parse({"time_zone": BERLIN, "weekly": None}) is None


DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "hours"),
        ("mon", "hours"),
        (5, "hours"),
        ({}, "weekly"),
        ({"time_zone": BERLIN}, "weekly"),
        ({"weekly": NINE_TO_FIVE, "hours": NINE_TO_FIVE}, "weekly"),
        ({"weekly": NINE_TO_FIVE, "holidays": []}, "hours"),
        ({"weekly": NINE_TO_FIVE, "\x00": 1}, "hours"),
        *(
            ({"zone": zone, "weekly": NINE_TO_FIVE}, "time_zone")
            for zone in ("Mars/Base", "", "../../etc/passwd", "Europe", "Europe/Berlin\x00", "\ud800", 1, [], True, "x" * 9999, "CEST")
        ),
        ({"weekly": []}, "weekly"),
        ({"weekly": "mon"}, "weekly"),
        ({"weekly": {"m": []}}, "weekly"),
        ({"weekly": {"": []}}, "weekly"),
        ({"weekly": {"someday": []}}, "weekly"),
        ({"weekly": {"mon": [], "Monday": []}}, "weekly.mon"),
        *(
            ({"weekly": {"tue": day}}, "weekly.tue")
            for day in (
                5, True, "nine to five", "09:00", "09:00-", ["09:00"], [["09:00"]], [["09:00", "17:00", "18:00"]], [None], [5],
                [["25:00", "26:00"]], [["09:60", "17:00"]], [["24:00", "24:00"]], [["24:00", "03:00"]], [["09:00", "09:00"]],
                [["-1:00", "09:00"]], [["09:00", "24:01"]], [["٠٩:٠٠", "17:00"]], [["09:00:30", "17:00"]], [[9, 17]],
                [["09:00\x00", "17:00"]], [["\ud800", "17:00"]], [{"from": "09:00"}], [{"from": "09:00", "end": "17:00"}],
                [{"from": "09:00", "to": "17:00", "x": 1}], [["09:00", "12:00"], ["11:00", "17:00"]], DEEP,
                [["20:00", "02:00"], ["23:00", "24:00"]], [[f"{n:02}:00", f"{n:02}:30"] for n in range(13)],
            )
        ),
        ({"weekly": {"mon": [["22:00", "06:00"]], "tue": [["05:00", "08:00"]]}}, "weekly.tue"),
        ({"weekly": {"sun": [["22:00", "06:00"]], "mon": [["05:00", "08:00"]]}}, "weekly.mon"),
    ],
)  # fmt: skip
def test_what_is_no_hours_has_its_reason_in_one_line_and_its_field(document: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        hours.parse(document)
    assert caught.value.field == field
    assert len(caught.value.message) < 200
    assert caught.value.message.isprintable()


# --- Open and closed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "is_open", "opens", "closes"),
    [
        pytest.param("2026-11-30T07:59", False, "2026-11-30T08:00", "2026-11-30T16:00", id="before"),
        pytest.param("2026-11-30T08:00", True, "2026-12-07T08:00", "2026-11-30T16:00", id="at the beginning"),
        pytest.param("2026-11-30T15:59:59.999", True, "2026-12-07T08:00", "2026-11-30T16:00", id="just before the end"),
        pytest.param("2026-11-30T16:00", False, "2026-12-07T08:00", "2026-12-07T16:00", id="at the end"),
        pytest.param("2026-10-19T16:00", False, "2026-10-26T08:00", "2026-10-26T16:00", id="clocks change before"),
    ],
)
def test_one_day_a_week(at: str, is_open: bool, opens: str, closes: str) -> None:
    found = week(**NINE_TO_FIVE)
    assert found.is_open(utc(at)) == is_open
    assert found.next_opening(utc(at)) == utc(opens)
    assert found.next_closing(utc(at)) == utc(closes)


NIGHT, ALL_DAY = [["22:00", "06:00"]], [["00:00", "24:00"]]


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        pytest.param(week("UTC", sun=NIGHT), ["2026-11-29T22:00", "2026-11-30T06:00", "2026-12-06T22:00"], id="over midnight"),
        pytest.param(week("UTC", sat=ALL_DAY, sun=ALL_DAY), ["2026-12-05T00:00", "2026-12-07T00:00"], id="a whole weekend"),
        pytest.param(week("UTC", sun=[["20:00", "22:00"], ["22:00", "24:00"]], mon=[["00:00", "01:00"]]), ["2026-11-29T20:00", "2026-11-30T01:00"], id="one after the other"),
        pytest.param(week("UTC"), [], id="never"),
        pytest.param(week("UTC", **dict.fromkeys(hours.DAYS, ALL_DAY)), [], id="always"),
        pytest.param(week("Asia/Kathmandu", mon=[["09:00", "10:00"]]), ["2026-11-30T03:15", "2026-11-30T04:15"], id="45 minutes"),
    ],
)  # fmt: skip
def test_opens_and_closes(found: hours.Hours, changes: list[str]) -> None:
    at = utc("2026-11-29T12:00")
    seen: list[datetime] = []
    for number in range(len(changes)):
        moment = (found.next_closing if number % 2 else found.next_opening)(seen[-1] if seen else at)
        assert moment is not None
        seen.append(moment)
    assert seen == [utc(one) for one in changes]
    if not changes:
        assert found.next_opening(at) is found.next_closing(at) is None


@pytest.mark.parametrize(
    ("zone", "days", "at", "changes"),
    [
        # In Berlin 02:00 to 03:00 does not exist on 29 March 2026, and comes twice on 25 October.
        pytest.param(BERLIN, {"sun": [["02:15", "02:45"]]}, "2026-03-28T12:00", ["2026-04-05T00:15"], id="left out"),
        pytest.param(BERLIN, {"sun": [["02:30", "09:00"]]}, "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-29T07:00"], id="begins in what is left out"),
        pytest.param(BERLIN, {"sun": [["01:00", "02:30"]]}, "2026-03-28T12:00", ["2026-03-29T00:00", "2026-03-29T01:00"], id="ends in what is left out"),
        pytest.param(BERLIN, {"sat": NIGHT}, "2026-03-28T12:00", ["2026-03-28T21:00", "2026-03-29T04:00"], id="short night"),
        pytest.param(BERLIN, {"sat": NIGHT}, "2026-10-24T12:00", ["2026-10-24T20:00", "2026-10-25T05:00"], id="long night"),
        pytest.param(BERLIN, {"sun": [["02:15", "02:45"]]}, "2026-10-24T12:00", ["2026-10-25T00:15", "2026-10-25T00:45", "2026-10-25T01:15", "2026-10-25T01:45"], id="twice"),
        pytest.param(BERLIN, {"sun": [["01:00", "03:00"]]}, "2026-10-24T12:00", ["2026-10-24T23:00", "2026-10-25T02:00"], id="around the hour that comes twice"),
        pytest.param("Australia/Lord_Howe", {"sun": [["01:00", "03:00"]]}, "2026-10-03T00:00", ["2026-10-03T14:30", "2026-10-03T16:00"], id="half an hour"),
        pytest.param("Pacific/Apia", {"fri": ALL_DAY}, "2011-12-28T12:00", ["2012-01-05T10:00"], id="a day that never was"),
    ],
)  # fmt: skip
def test_clocks_that_are_changed(zone: str, days: dict[str, Any], at: str, changes: list[str]) -> None:
    found, moment = week(zone, **days), utc(at)
    assert not found.is_open(moment)
    for number, expected in enumerate(changes):
        after = (found.next_closing if number % 2 else found.next_opening)(moment)
        assert after == utc(expected)
        assert found.is_open(after) == (number % 2 == 0)
        moment = after


TIMES = st.integers(0, 48).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
WEEKS = st.dictionaries(st.sampled_from(list(hours.DAYS)), st.lists(st.tuples(TIMES, TIMES).map(list), max_size=3))
ZONES = st.sampled_from(
    ["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"]
)


@settings(max_examples=60)
@given(days=WEEKS, zone=ZONES, minute=st.integers(0, 10 * 366 * 24 * 60))
def test_any_week_is_open_exactly_while_a_clock_on_the_wall_says_so(days: Any, zone: str, minute: int) -> None:
    at = utc("2020-01-01") + timedelta(minutes=minute)
    try:
        found = hours.parse({"zone": zone, "weekly": days})
    except Invalid:
        return
    assert found is not None
    assert hours.parse(json.loads(json.dumps(found.as_json()))) == found
    state, moment = found.is_open(at), at
    change = (found.next_closing if state else found.next_opening)(at)
    assert change is None or change > at
    # Nothing changes at any quarter of an hour before, and it does right then.
    while moment < min(change or utc("2100-01-01"), at + timedelta(days=8)):
        here = moment.astimezone(found.zone)
        clock = f"{here:%H:%M}"
        today = found.as_json()["weekly"][list(hours.DAYS)[here.weekday()]]
        yesterday = found.as_json()["weekly"][list(hours.DAYS)[here.weekday() - 1]]
        shown = any(start <= clock < (end if end > start else "99") for start, end in today)
        shown = shown or any(end <= start and clock < end for start, end in yesterday)
        assert found.is_open(moment) == shown == state
        moment += timedelta(minutes=15)
    if change:
        assert found.is_open(change) != state


# --- The verb -----------------------------------------------------------------------------------


def test_hours_are_kept_changed_and_taken_away_each_with_one_event(in_acme: Workspace, ada: Member) -> None:
    how = {"workspace": in_acme, "by": ada.actor, "at": MORNING}
    assert queries.business_hours() is None
    for document in ({"weekly": NINE_TO_FIVE}, {"zone": BERLIN, "week": NINE_TO_FIVE}, None):
        kept = actions.set_hours(hours=document, **how)
        assert queries.business_hours() == kept
        event = Event.objects.latest("pk")
        assert (event.type, event.subject_id) == ("workspace.hours_changed", in_acme.pk)
        assert event.data == {"weekly": kept and kept.as_json()["weekly"], "time_zone": kept and kept.time_zone}
        with nothing_changes():
            actions.set_hours(hours=document, **how)
    assert not BusinessHours.objects.exists()


def test_hours_are_for_admins(in_acme: Workspace, ben: Member, cleo: Member, acme_key: Key) -> None:
    everyone = actors(ben.actor, Actor.key(acme_key.row), ContactFactory(workspace=in_acme))

    def set_them(by: Actor) -> object:
        return actions.set_hours(workspace=in_acme, hours={"weekly": NINE_TO_FIVE}, by=by, at=minutes(1))

    assert who_may(set_them, everyone) == {"owner", "admin", "assistant", "system"}
    is_missing_for(set_them, cleo.actor)


# --- The command --------------------------------------------------------------------------------


def command(monkeypatch: pytest.MonkeyPatch, given: bytes, workspace: str = "acme") -> tuple[str, str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
    out, err = io.StringIO(), io.StringIO()
    call_command("set_hours", "--workspace", workspace, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_command_reads_hours_and_sums_them_up_for_people(in_acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"zone": BERLIN, "hours": {"monday": ["09:00-12:00", "13:00-17:00"], "sat": [["22:00", "02:00"]]}}
    out, err = command(monkeypatch, json.dumps(given).encode())
    assert out == ""
    assert "Acme: Mon 09:00–12:00 13:00–17:00, Sat 22:00–02:00 (Europe/Berlin), now " in err
    assert queries.business_hours() == week(mon=[["09:00", "12:00"], ["13:00", "17:00"]], sat=[["22:00", "02:00"]])
    assert "always open" in command(monkeypatch, b"\xef\xbb\xbfnull\r\n")[1]
    assert queries.business_hours() is None


@pytest.mark.parametrize(
    "given",
    [
        b"", b"not JSON", b"{", b"[" * 100_000, b"[" * 5_000, b"\xff\xfe", b'{"weekly": {"mon": [["09:00", "25:00"]]}}', b"9" * 5_000,
        b'{"weekly": {}, "weekly": null}', b'{"zone": "Mars/Base", "weekly": {}}', b" " * 100_001, b"NaN", b'"\\ud800"',
    ],
)  # fmt: skip
def test_command_says_in_one_line_what_is_wrong_and_changes_nothing(
    in_acme: Workspace, monkeypatch: pytest.MonkeyPatch, given: bytes
) -> None:
    actions.set_hours(workspace=in_acme, hours={"weekly": NINE_TO_FIVE}, by=Actor.system(in_acme.pk), at=MORNING)
    before = queries.business_hours()
    with pytest.raises(CommandError) as error:
        command(monkeypatch, given)
    assert "\n" not in str(error.value)
    assert queries.business_hours() == before
    with pytest.raises(CommandError, match="there is no workspace"):
        command(monkeypatch, b"null", "nowhere")
