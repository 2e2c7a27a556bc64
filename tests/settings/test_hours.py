"""The screen of business hours: seen by everyone in the workspace, changed by admins, without a script too."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
import time_machine

from accounts.models import Event, Workspace
from accounts.permissions import Actor, Role
from tests.conftest import Member
from tests.effects import MORNING
from tests.settings.conftest import typed
from tickets import actions, queries

URL = "/w/acme/settings/hours"
FORM = '<form class="settings week"'
NIGHTS = {"time_zone": "Asia/Tokyo", "weekly": {"mon": [["09:00", "12:00"], ["13:00", "24:00"]], "sat": [["22:00", "02:00"]]}}  # fmt: skip


def keep(workspace: Workspace, document: Any) -> None:
    actions.set_hours(workspace=workspace, hours=document, by=Actor.system(workspace.pk), at=MORNING)


def kept() -> dict[str, Any] | None:
    found = queries.business_hours()
    return found and found.as_json()


def test_admin_sets_hours_and_takes_them_away(in_acme: Workspace, ada: Member) -> None:
    browser = ada.signed_in()
    page = browser.get(URL).content.decode()
    assert "Always open" in page
    # What is proposed is one click away.
    given = typed(page, FORM) | {
        "mode": "weekly",
        "time_zone": "Europe/Berlin",
        "sat-1-from": "22:00",
        "sat-1-to": "00:00",
    }
    assert "Saved." in browser.post(URL, given, follow=True).content.decode()
    usual = [["09:00", "17:00"]]
    weekly = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), usual)
    assert kept() == {"time_zone": "Europe/Berlin", "weekly": {**weekly, "sat": [["22:00", "24:00"]], "sun": []}}
    browser.post(URL, given | {"mode": "always"})
    assert kept() is None


def test_hours_that_are_saved_as_they_are_stay_as_they_are(in_acme: Workspace, ada: Member) -> None:
    keep(in_acme, NIGHTS)
    before, events = kept(), Event.objects.count()
    page = ada.signed_in().get(URL).content.decode()
    assert ada.signed_in().post(URL, typed(page, FORM)).status_code == 302
    assert kept() == before
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2026-11-30T01:00+00:00", "Open now · closes 12:00"),
        ("2026-11-30T03:30+00:00", "Closed now · opens 13:00"),
        ("2026-11-30T14:00+00:00", "Open now · closes tomorrow 00:00"),
        ("2026-12-01T14:00+00:00", "Closed now · opens Sat 5 Dec 22:00"),
    ],
)
def test_page_says_whether_it_is_open_now_and_until_when(in_acme: Workspace, ada: Member, at: str, state: str) -> None:
    keep(in_acme, NIGHTS)
    with time_machine.travel(at, tick=False):
        assert state in ada.signed_in().get(URL).content.decode()


@pytest.mark.parametrize(
    ("document", "state"),
    [({"weekly": {}}, "Closed all week"), ({"weekly": {key: [["00:00", "24:00"]] for key in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}, "Open now, around the clock")],
)  # fmt: skip
def test_page_says_it_of_hours_that_never_change(in_acme: Workspace, ada: Member, document: Any, state: str) -> None:
    keep(in_acme, document)
    assert state in ada.signed_in().get(URL).content.decode()


def test_rows_are_added_removed_and_copied_without_a_script_and_nothing_is_saved(
    in_acme: Workspace, ada: Member
) -> None:
    keep(in_acme, NIGHTS)
    browser, before = ada.signed_in(), kept()
    given = typed(browser.get(URL).content.decode(), FORM) | {"mon-1-to": "11:00"}
    for button, gone, there in (
        ({"add": "sun"}, "", 'name="sun-1-from" value=""'),
        ({"remove": "mon-2"}, "mon-2-from", 'name="mon-1-to" value="11:00"'),
        ({"copy": "mon"}, "", 'name="fri-2-to" value="00:00"'),
    ):
        page = browser.post(URL, given | button).content.decode()
        assert there in page
        assert not gone or f'name="{gone}"' not in page
    assert kept() == before
    for nonsense in ("", "mon-0", "mon-99", "xyz-1", "mon", "\x00", "٣"):
        assert browser.post(URL, given | {"remove": nonsense, "mode": "x"}).status_code in (200, 422)
    assert kept() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"time_zone": "Mars/Base"}, "'Mars/Base' is not a time zone"),
        ({"time_zone": ""}, "This field is required."),
        ({"time_zone": "\x00"}, "Null characters are not allowed."),
        ({"mode": "sometimes"}, "Select a valid choice."),
        ({"tue-1-from": "25:00", "tue-1-to": "26:00"}, "'25:00' is not a time from 00:00 to 24:00"),
        ({"tue-1-from": "\x00", "tue-1-to": "10:00"}, "is not a time from 00:00 to 24:00"),
        ({"tue-1-from": "x" * 9_999, "tue-1-to": "10:00"}, "is not a time from 00:00 to 24:00"),
        ({"tue-1-from": "09:00"}, "Enter both when it opens and when it closes."),
        ({"tue-1-from": "09:00", "tue-1-to": "09:00"}, "An interval begins and ends at 09:00"),
        ({"mon-3-from": "11:00", "mon-3-to": "14:00"}, "The intervals of Monday overlap"),
        ({"sun-1-from": "01:00", "sun-1-to": "03:00"}, "The intervals of Sunday overlap"),
        ({f"wed-{n}-{end}": f"{n:02}:{minute}" for n in range(1, 15) for end, minute in (("from", "00"), ("to", "30"))}, "A day has at most 12 intervals."),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_has_its_reason_and_what_was_typed_stays(
    in_acme: Workspace, ada: Member, changes: dict[str, str], sentence: str
) -> None:
    keep(in_acme, NIGHTS)
    browser, before = ada.signed_in(), kept()
    given = typed(browser.get(URL).content.decode(), FORM) | {"thu-1-from": "08:17", "thu-1-to": "09:00"} | changes
    answer = browser.post(URL, given)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert sentence in page
    assert "08:17" in page
    assert kept() == before


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_others_look_and_change_nothing(in_acme: Workspace, ben: Member, role: Role) -> None:
    ben.membership.role = role
    ben.membership.save(update_fields=["role"])
    keep(in_acme, NIGHTS)
    browser, before = ben.signed_in(), kept()
    page = browser.get(URL).content.decode()
    assert "09:00–12:00, 13:00–00:00" in page
    assert "View only" in page
    assert FORM not in page
    assert browser.post(URL, {"mode": "always", "time_zone": "UTC"}).status_code == 403
    assert kept() == before


def test_strangers_find_no_hours(in_acme: Workspace, cleo: Member) -> None:
    keep(in_acme, NIGHTS)
    before = kept()
    assert cleo.signed_in().get(URL).status_code == 404
    assert cleo.signed_in().post(URL, {"mode": "always", "time_zone": "UTC"}).status_code == 404
    assert kept() == before
