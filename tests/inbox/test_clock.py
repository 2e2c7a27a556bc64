"""The clock at its edges: what the snooze menu offers, and times that a clock skips or shows twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Workspace
from conversations.models import Conversation
from conversations.screens import choices
from tests.factories import TicketFactory
from tests.inbox.conftest import markup_of, now, text_of

URL = "/w/acme/inbox/1"
ZONES = ("UTC", "Europe/Amsterdam", "America/Santiago", "Africa/Cairo", "Pacific/Kiritimati", "Australia/Lord_Howe")


@pytest.mark.parametrize("zone", ZONES)
def test_snooze_choices_never_coincide_and_all_lie_ahead(zone: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        for day in ("2026-11-27", "2027-03-25", "2027-04-01", "2026-10-22"):
            for minutes in range(0, 11 * 24 * 60, 29):
                at = datetime.fromisoformat(f"{day}T00:00+00:00") + timedelta(minutes=minutes)
                offered = choices.snooze_choices(at)
                untils = [choice.until for choice in offered]
                assert at < untils[0], (zone, at)
                assert untils == sorted(set(untils)), (zone, at)
                assert len({(choice.label, choice.when) for choice in offered}) == len(offered) >= 2


def offers(agent: Client, url: str, start: str = "") -> list[tuple[str, str]]:
    """The choices of a page's snooze menu: what is posted, and the words."""
    page = markup_of(agent.get(url).content)
    found = re.findall(rf'value="{start}([^"]+)"[^>]*> ([^<]+)<span class="menu__end">([^<]+)</span>', page)
    return [(value, f"{label.strip()} {when}") for value, label, when in found]


@time_machine.travel("2026-11-30T12:00:00Z", tick=False)
def test_the_same_snooze_times_are_offered_wherever_one_snoozes(
    agent: Client, conversation: Conversation, acme: Workspace
) -> None:
    ticket = TicketFactory(workspace=acme)
    wanted = [
        ("2026-11-30T15:00:00+00:00", "Later today 15:00"),
        ("2026-12-01T09:00:00+00:00", "Tomorrow morning Tue 09:00"),
        ("2026-12-07T09:00:00+00:00", "Next week Mon 7 Dec 09:00"),
    ]
    for url, start in (
        (f"{URL}/commands", ""),
        ("/w/acme/inbox/bulk/choices/snooze", "snooze:"),
        ("/w/acme/inbox/bulk/choose?view=open", "snooze:"),
        (f"/w/acme/tickets/{ticket.number}", ""),
        (f"/w/acme/tickets/{ticket.number}/commands", ""),
    ):
        assert offers(agent, url, start) == wanted, url
    thread = offers(agent, URL)
    assert thread[:3] == wanted
    assert thread[3:] in ([], wanted)  # to send later, a thread offers the same ones
    for url in (URL, f"{URL}/commands"):
        assert 'name="choice" value="reply"' in markup_of(agent.get(url).content)
    for url in ("/w/acme/inbox/bulk/choices/snooze", "/w/acme/inbox/bulk/choose?view=open"):
        assert 'name="do" value="snooze:reply"' in markup_of(agent.get(url).content)


@time_machine.travel("2026-11-30T12:00:00Z", tick=False)
def test_a_selection_is_snoozed_until_the_time_that_was_shown(agent: Client, conversation: Conversation) -> None:
    shown = offers(agent, "/w/acme/inbox/bulk/choices/snooze", "snooze:")[1][0]
    agent.post("/w/acme/inbox/bulk/start?view=open", {"id": [conversation.pk], "do": f"snooze:{shown}"})
    assert now(conversation).snoozed_until == datetime.fromisoformat("2026-12-01T09:00:00+00:00")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-27T18:30+00:00", [("Later today", "21:00"), ("Tomorrow morning", "Sat 09:00"), ("Next week", "Mon 30 Nov 09:00")]),
        ("2026-11-29T12:00+00:00", [("Later today", "15:00"), ("Tomorrow morning", "Mon 09:00"), ("In a week", "Mon 7 Dec 09:00")]),
        ("2026-11-29T22:00+00:00", [("Tomorrow morning", "Mon 09:00"), ("In a week", "Mon 7 Dec 09:00")]),
    ],
)  # fmt: skip
def test_snooze_choices_at_the_end_of_the_week(at: str, expected: list[tuple[str, str]]) -> None:
    with timezone.override(UTC):
        assert [
            (choice.label, choice.when) for choice in choices.snooze_choices(datetime.fromisoformat(at))
        ] == expected


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("2027-03-28T02:30", "2027-03-28T03:30:00+02:00"),  # skipped: the hour after
        ("2027-10-31T02:30", "2027-10-31T02:30:00+02:00"),  # shown twice: the first
        ("2027-10-31 03:30", "2027-10-31T03:30:00+01:00"),
    ],
)
def test_a_time_that_the_clock_skips_or_repeats_is_taken(
    agent: Client, conversation: Conversation, typed: str, until: str
) -> None:
    Workspace.objects.update(time_zone="Europe/Amsterdam")
    agent.post(f"{URL}/snooze", {"until": typed})
    assert now(conversation).snoozed_until == datetime.fromisoformat(until)


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "2027-02-30T10:00", "soon"])
def test_invalid_moment_is_reported_and_changes_nothing(agent: Client, conversation: Conversation, typed: str) -> None:
    Workspace.objects.update(time_zone="Asia/Tokyo")
    answer = agent.post(f"{URL}/snooze", {"until": typed}, follow=True)
    assert answer.status_code == 200
    assert re.search("valid date|moment to come|in the future", text_of(answer.content))
    assert now(conversation).snoozed_until is None


def test_choice_is_the_moment_that_the_menu_showed_although_midnight_has_passed(
    agent: Client, conversation: Conversation
) -> None:
    with time_machine.travel("2026-03-05T23:58:00Z", tick=False):
        menu = markup_of(agent.get(URL).content)
    shown = re.findall(r'name="choice" value="([^"]+)" data-letter="z"> ?Tomorrow', menu)
    with time_machine.travel("2026-03-06T00:03:00Z", tick=False):
        agent.post(f"{URL}/snooze", {"choice": shown[0]})
    assert now(conversation).snoozed_until == datetime.fromisoformat("2026-03-06T09:00:00+00:00")
