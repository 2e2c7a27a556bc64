"""Calls that customers ask for: as a form takes them, as the API states them, and as agents make them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps

from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import CallbackRequest, Channel, Conversation, Form, Message, MessageKind
from conversations.queries.callbacks import callbacks
from tests.conftest import Key, Member
from tests.effects import MORNING, minutes, recorded
from tests.factories import ConversationFactory
from tests.forms.conftest import Visitor, make

CALL = {"phone": "+1 212 555 0100", "day": "2026-03-02", "from": "15:00", "to": "16:00", "zone": "America/New_York"}


@pytest.fixture
def form(in_acme: Workspace) -> Form:
    return make(in_acme, "callback")


def asked(workspace: Workspace, **metadata: Any) -> Conversation:
    given = {"phone": "+44 20 7946 0000", "preferred_time": "after 15:00", **metadata}
    door = Door(Channel.CALLBACK, "bancroft")
    return ConversationFactory(workspace=workspace, door=door, metadata=given, at=MORNING)


def test_form_keeps_the_number_and_the_moments_of_the_callers_clock(visitor: Visitor) -> None:
    assert visitor.send(**CALL, message="").status_code == 303
    row = Conversation.objects.get()
    call = CallbackRequest.objects.get()
    assert (call.conversation, call.phone, call.phone_typed) == (row, "+12125550100", "+1 212 555 0100")
    assert (call.window_start, call.window_end) == (
        datetime(2026, 3, 2, 20, tzinfo=UTC),
        datetime(2026, 3, 2, 21, tzinfo=UTC),
    )
    assert (call.due_at, call.time_zone) == (call.window_start, "America/New_York")
    assert (row.channel, row.subject) == ("callback", "Callback: Mira Lund")
    assert row.metadata == {
        "form": "Website",
        "phone": "+12125550100",
        "preferred_time": "2026-03-02 15:00–16:00 America/New_York",
    }
    assert Message.objects.get().body == "Please call me."


def test_thanks_name_the_time_on_the_callers_clock(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.send(**CALL)["Location"]).content.decode()
    assert "We will call on March 2, 2026 between 15:00 and 16:00 (New York)." in page


def test_without_a_time_the_call_is_due_at_once(visitor: Visitor) -> None:
    visitor.send(phone="+44 20 7946 0000", zone="Europe/London")
    call = CallbackRequest.objects.get()
    assert (call.window_start, call.time_zone) == (None, "")
    assert call.due_at == call.created_at == Conversation.objects.get().created_at


def test_number_without_a_country_code_needs_the_country_of_the_form(
    in_acme: Workspace, visitor: Visitor, visit: Callable[..., Visitor]
) -> None:
    refused = visitor.send(phone="020 7946 0000")
    assert refused.status_code == 422
    assert "This is not a phone number that we can call." in refused.content.decode()
    british = make(in_acme, "callback", country="gb")
    assert visit(british).send(phone="020 7946 0000").status_code == 303
    assert CallbackRequest.objects.get().phone == "+442079460000"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param({"day": "2026-03-01", "to": "15:30"}, "to", "This time is over.", id="in the past"),
        pytest.param({"to": ""}, "to", "Fill in the day, the beginning and the end.", id="half of it"),
        pytest.param({"to": "14:00"}, "to", "The end must be after the beginning.", id="ends before it begins"),
        pytest.param({"day": "2026-12-24"}, "day", "Choose a day within the next 90 days.", id="far away"),
        pytest.param({"zone": "Mars/Base"}, "zone", "Choose your time zone.", id="no zone"),
        pytest.param({"day": "tomorrow"}, "day", "This is not a day", id="no day"),
    ],
)
def test_time_that_cannot_be_kept_has_its_sentence_at_its_field(
    visitor: Visitor, changes: dict[str, str], field: str, sentence: str
) -> None:
    answer = visitor.send(**CALL | changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="{field}-fault">{sentence}' in page
    assert 'value="+1 212 555 0100"' in page


# --- By the API ---------------------------------------------------------------------------------


def test_api_states_a_call_in_the_metadata(in_acme: Workspace, acme_key: Key, client: Any) -> None:
    body = {
        "subject": "Call me", "user_email": "nia@example.com", "channel": "callback",
        "metadata": {"phone": "+44 20 7946 0000", "preferred_time": "after 15:00"},
    }  # fmt: skip
    answer = client.post(
        "/api/v1/conversations/create/", body, content_type="application/json", headers={"X-API-Key": acme_key.secret}
    )
    assert answer.status_code == 201
    call = CallbackRequest.objects.get()
    assert (call.phone, call.preferred_time, call.window_start) == ("+442079460000", "after 15:00", None)
    assert call.due_at == Conversation.objects.get().created_at


@pytest.mark.parametrize("phone", [None, "", "  ", [], {"a": 1}, True, "\ud800"], ids=repr)
def test_callback_without_a_phone_is_a_conversation_alone(in_acme: Workspace, phone: Any) -> None:
    wanted = actions.wishes.of_metadata({"phone": phone})
    assert wanted is None


def test_number_that_nobody_can_call_is_kept_as_it_was_typed(in_acme: Workspace) -> None:
    asked(in_acme, phone="ask at the desk", preferred_time=17)
    call = CallbackRequest.objects.get()
    assert (call.phone, call.phone_typed, call.preferred_time) == ("", "ask at the desk", "17")


# --- Made ---------------------------------------------------------------------------------------


def mark(call: CallbackRequest, by: Actor, **values: Any) -> CallbackRequest:
    return actions.mark_called(request=call, by=by, at=minutes(90), **values)


def test_call_is_marked_as_made_with_a_note(in_acme: Workspace, ben: Member) -> None:
    row = asked(in_acme)
    call = row.callbacks.get()
    events = recorded(lambda: mark(call, ben.actor, note="They want the XL clamp."))
    call.refresh_from_db()
    assert (call.done_at, call.done_by) == (minutes(90), ben.user)
    assert [name for name, _ in events] == ["note.added", "callback.made"]
    assert events[1][1] == {"callback_id": call.pk}
    assert Message.objects.get(kind=MessageKind.NOTE).body == "They want the XL clamp."
    row.refresh_from_db()
    assert row.status == "open"
    assert list(callbacks().to_call()) == []
    assert list(callbacks().called()) == [call]


def test_marking_resolves_the_conversation_where_that_is_wanted(in_acme: Workspace, ben: Member) -> None:
    row = asked(in_acme)
    mark(row.callbacks.get(), ben.actor, resolve=True)
    row.refresh_from_db()
    assert row.status == "resolved"


def test_marking_twice_changes_nothing(in_acme: Workspace, ben: Member, ada: Member) -> None:
    call = asked(in_acme).callbacks.get()
    mark(call, ben.actor)
    assert recorded(lambda: mark(call, ada.actor)) == []
    (noted,) = recorded(lambda: mark(call, ada.actor, note="Called again."))
    assert noted[0] == "note.added"  # nothing that a colleague has typed is lost
    assert recorded(lambda: mark(call, ada.actor, note="Called again.")) == []
    call.refresh_from_db()
    assert call.done_by == ben.user


def test_mark_is_taken_back(in_acme: Workspace, ben: Member) -> None:
    call = asked(in_acme).callbacks.get()
    mark(call, ben.actor)
    events = recorded(lambda: actions.unmark_called(request=call, by=ben.actor, at=minutes(91)))
    assert [name for name, _ in events] == ["callback.unmade"]
    assert list(callbacks().to_call()) == [call]
    assert recorded(lambda: actions.unmark_called(request=call, by=ben.actor, at=minutes(92))) == []


def test_call_of_a_conversation_that_was_joined_is_noted_where_its_messages_are(
    in_acme: Workspace, ben: Member
) -> None:
    row, other = asked(in_acme), asked(in_acme)  # with a call of its own, hence this one stays where it is
    actions.join(conversation=row, into=other, by=ben.actor, at=minutes(2))
    call = row.callbacks.get()
    mark(call, ben.actor, note="They want two.", resolve=True)
    assert Message.objects.get(kind=MessageKind.NOTE).conversation == other
    other.refresh_from_db()
    assert other.status == "resolved"
    actions.unmark_called(request=call, by=ben.actor, at=minutes(91))
    assert set(callbacks().to_call()) == {call, other.callbacks.get()}


def test_calls_are_in_the_order_in_which_they_are_due_and_overdue_when_their_time_is_over(in_acme: Workspace) -> None:
    at_once, later = asked(in_acme).callbacks.get(), asked(in_acme).callbacks.get()
    CallbackRequest.objects.filter(pk=later.pk).update(
        due_at=minutes(-30), window_start=minutes(-30), window_end=minutes(30)
    )
    assert list(callbacks().to_call()) == [later, at_once]
    assert list(callbacks().overdue(minutes(30))) == []
    assert list(callbacks().overdue(minutes(31))) == [later]
    assert list(callbacks().overdue(minutes(61))) == [later, at_once]


def test_calls_of_spam_are_nobodys(in_acme: Workspace) -> None:
    asked(in_acme)
    Conversation.objects.update(handler="nobody")
    assert list(callbacks().to_call()) == []


# --- The view -----------------------------------------------------------------------------------


def test_view_shows_both_clocks_and_what_is_overdue(
    in_acme: Workspace, ben: Member, visitor: Visitor, moments: time_machine.Coordinates
) -> None:
    in_acme.time_zone = "Europe/Berlin"
    in_acme.save()
    visitor.send(**CALL)
    page = ben.signed_in().get("/w/acme/callbacks").content.decode()
    assert "Today 21:00–22:00" in page
    assert "today 15:00–16:00 in New York" in page
    assert 'href="tel:+12125550100"' in page
    assert "Overdue" not in page
    moments.shift(timedelta(hours=11, minutes=30))
    assert "Due now" in ben.signed_in().get("/w/acme/callbacks").content.decode()
    moments.shift(timedelta(hours=1))
    late = ben.signed_in().get("/w/acme/callbacks").content.decode()
    assert "Overdue" in late
    assert "1 overdue" in late


def test_agent_marks_a_call_in_the_view_and_takes_it_back(in_acme: Workspace, ben: Member) -> None:
    row, browser = asked(in_acme), ben.signed_in()
    done = browser.post(f"/w/acme/callbacks/{row.number}/called", {"note": "Done."}, follow=True)
    assert "No calls to make" in done.content.decode()
    assert f"/w/acme/callbacks/{row.number}/undo" in done.content.decode()
    assert "Called" in browser.get("/w/acme/callbacks?view=called").content.decode()
    back = browser.post(f"/w/acme/callbacks/{row.number}/undo", follow=True).content.decode()
    assert "+44 20 7946 0000" in back


def test_note_that_is_too_long_is_kept_on_the_page(in_acme: Workspace, ben: Member) -> None:
    row = asked(in_acme)
    answer = ben.signed_in().post(f"/w/acme/callbacks/{row.number}/called", {"note": "x" * 1_000_001})
    assert answer.status_code == 422
    assert "at most 1000000 characters" in answer.content.decode()
    assert row.callbacks.get().done_at is None


def test_viewer_sees_calls_and_marks_none(in_acme: Workspace, vic: Member) -> None:
    row, browser = asked(in_acme), vic.signed_in()
    page = browser.get("/w/acme/callbacks").content.decode()
    assert "+44 20 7946 0000" in page
    assert "Mark as called" not in page
    assert browser.post(f"/w/acme/callbacks/{row.number}/called").status_code == 403


def test_view_asks_as_often_for_one_call_as_for_fifty(
    in_acme: Workspace, ben: Member, django_assert_num_queries: Any
) -> None:
    browser = ben.signed_in()
    asked(in_acme)
    browser.get("/w/acme/callbacks")
    with django_assert_num_queries(7) as first:
        browser.get("/w/acme/callbacks")
    for _ in range(51):
        asked(in_acme)
    with django_assert_num_queries(len(first)):
        page = browser.get("/w/acme/callbacks").content.decode()
    assert page.count('class="panel call') == 50
    assert "Next page" in page


def test_details_of_a_thread_show_the_call_and_what_the_form_asked(visitor: Visitor, ben: Member) -> None:
    visitor.send(**CALL)
    row = Conversation.objects.get()
    page = ben.signed_in().get(f"/w/acme/inbox/{row.number}").content.decode()
    assert 'href="tel:+12125550100"' in page
    assert "in New York" in page
    done = ben.signed_in().post(
        f"/w/acme/callbacks/{row.number}/called", {"from": "conversation", "resolve": "on"}, follow=True
    )
    assert done.redirect_chain[-1][0].startswith(f"/w/acme/inbox/{row.number}")
    assert "called the customer back" in done.content.decode()


# --- Asked for before -------------------------------------------------------------------------


def test_callbacks_of_an_earlier_version_are_listed_if_they_are_not_finished(in_acme: Workspace) -> None:
    fill = import_module("conversations.migrations.0090_calls_of_earlier_callbacks").fill
    waiting, finished, other = asked(in_acme), asked(in_acme), asked(in_acme, phone="")
    by = Actor.system(in_acme.pk)
    actions.set_status(conversation=finished, status="resolved", by=by, at=minutes(1))
    CallbackRequest.objects.all().delete()
    for _ in range(2):
        fill(apps, None)
    call = CallbackRequest.objects.get()
    assert (call.conversation, call.phone, call.preferred_time) == (waiting, "+442079460000", "after 15:00")
    assert call.due_at == waiting.created_at
    assert other.channel == "callback"
