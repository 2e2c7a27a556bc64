"""Whose turn it is: every status after every other, snoozing and unsnoozing, and undoing either, or a change of one field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations, product
from typing import Any

import pytest

from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.senders import Sender
from conversations.models import Conversation, Handler, Message, Status, Tally
from conversations.queries import thread as thread_queries
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused, types
from tests.factories import ConversationFactory, TeamFactory, receive, reply

pytestmark = pytest.mark.usefixtures("in_acme")
DONE = ("resolved", "closed")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, body="Help", at=MORNING)


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def set_status(conversation: Conversation, status: str, at: datetime, **values: Any) -> Conversation:
    values.setdefault("by", Actor.system(conversation.workspace_id))
    return actions.set_status(conversation=conversation, status=status, at=at, **values)


def snooze(conversation: Conversation, until: datetime, at: datetime) -> Conversation:
    return actions.snooze(conversation=conversation, until=until, by=Actor.system(conversation.workspace_id), at=at)


def unsnooze(conversation: Conversation, at: datetime, **values: Any) -> Conversation:
    return actions.unsnooze(conversation=conversation, by=Actor.system(conversation.workspace_id), at=at, **values)


@pytest.mark.parametrize(("before", "after"), [*product(Status.values, Status.values)])
def test_any_status_may_follow_any_other(conversation: Conversation, before: str, after: str) -> None:
    set_status(conversation, before, minutes(1))
    events = types(lambda: set_status(conversation, after, minutes(2)))
    row = fresh(conversation)
    assert row.status == after
    assert events == ([] if before == after else ["conversation.status_changed"])
    assert (row.closed_at is not None) == (after in DONE)
    tally = Tally.objects.get()
    assert {status: getattr(tally, status) for status in Status.values} == {
        status: int(status == after) for status in Status.values
    }


def test_setting_the_present_status_does_nothing(conversation: Conversation) -> None:
    set_status(conversation, "pending", minutes(1))
    with nothing_changes():
        set_status(conversation, "pending", minutes(2))


def test_change_is_one_event_with_what_was_before_and_after(conversation: Conversation) -> None:
    ((name, data),) = recorded(lambda: set_status(conversation, "resolved", minutes(1)))
    assert (name, data["status"], data["previous"]) == ("conversation.status_changed", "resolved", "open")
    assert data["message_id"] == Message.objects.latest("pk").pk
    assert (data["before"]["status"], data["before"]["unread_count"], data["before"]["closed_at"]) == ("open", 1, None)
    assert (data["after"]["status"], data["after"]["unread_count"]) == ("resolved", 0)
    assert data["after"]["closed_at"] == minutes(1).isoformat()


def test_status_change_is_seen_by_the_customer_and_is_no_message(conversation: Conversation, ben: Member) -> None:
    set_status(conversation, "pending", minutes(1), by=ben.actor)
    row, entry = fresh(conversation), Message.objects.latest("pk")
    assert (row.last_visible, row.last_activity, row.last_visible_at) == (entry, entry, minutes(1))
    assert (row.last_message_at, row.message_count, row.preview) == (MORNING, 1, "Help")
    assert (entry.sender_user, entry.sender_kind) == (ben.user, "agent")


def test_sender_of_a_status_change_may_be_the_customer(conversation: Conversation) -> None:
    set_status(conversation, "resolved", minutes(1), sender=Sender.contact(conversation.contact))
    assert Message.objects.latest("pk").sender_contact == conversation.contact


@pytest.mark.parametrize(("status", "unread"), [("pending", 1), ("resolved", 0), ("closed", 0)])
def test_finishing_has_read_what_was_new(conversation: Conversation, status: str, unread: int) -> None:
    set_status(conversation, status, minutes(1))
    assert fresh(conversation).unread_count == unread


def test_moment_of_finishing_stays_from_resolved_to_closed(conversation: Conversation) -> None:
    set_status(conversation, "resolved", minutes(1))
    set_status(conversation, "closed", minutes(2))
    assert fresh(conversation).closed_at == minutes(1)
    set_status(conversation, "open", minutes(3))
    set_status(conversation, "closed", minutes(4))
    assert fresh(conversation).closed_at == minutes(4)


def test_change_of_status_starts_the_wait_anew_and_ends_a_snooze(conversation: Conversation) -> None:
    snooze(conversation, minutes(60), minutes(1))
    set_status(conversation, "pending", minutes(2))
    row = fresh(conversation)
    assert (row.waiting_since, row.snoozed_until, row.updated_at) == (minutes(2), None, minutes(2))


@pytest.mark.parametrize("status", ["", "OPEN", "done", "snoozed", "solved"])
def test_unknown_status_is_refused(conversation: Conversation, status: str) -> None:
    with refused(Invalid, field="status"):
        set_status(conversation, status, minutes(1))


def test_what_the_assistant_handles_is_in_no_count(acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme, handler=Handler.ASSISTANT, at=MORNING)
    set_status(conversation, "resolved", minutes(1))
    tally = Tally.objects.get()
    assert (fresh(conversation).status, tally.total) == ("resolved", 0)


@pytest.mark.parametrize("status", ["open", "pending"])
def test_snoozed_conversation_leaves_the_queues_and_keeps_its_status(conversation: Conversation, status: str) -> None:
    set_status(conversation, status, minutes(1))
    ((name, data),) = recorded(lambda: snooze(conversation, minutes(60), minutes(2)))
    row = fresh(conversation)
    assert (name, data["until"]) == ("conversation.snoozed", minutes(60).isoformat())
    assert (row.status, row.snoozed_until, row.unread_count, row.waiting_since == minutes(2)) == (
        status,
        minutes(60),
        1,
        False,
    )
    assert list(Conversation.objects.snoozed()) == [row]
    assert not Conversation.objects.open().exists()
    assert not Conversation.objects.waiting_on_customer().exists()


def test_snooze_is_no_entry_of_the_thread(conversation: Conversation) -> None:
    snooze(conversation, minutes(60), minutes(1))
    assert Message.objects.count() == 1


def test_snooze_may_be_moved_and_the_same_moment_is_nothing(conversation: Conversation) -> None:
    snooze(conversation, minutes(60), minutes(1))
    with nothing_changes():
        snooze(conversation, minutes(60), minutes(2))
    snooze(conversation, minutes(30), minutes(3))
    assert fresh(conversation).snoozed_until == minutes(30)


@pytest.mark.parametrize("until", [0, -1])
def test_snooze_until_a_moment_that_has_passed_is_refused(conversation: Conversation, until: int) -> None:
    with refused(Invalid, field="until"):
        snooze(conversation, minutes(5 + until), minutes(5))


@pytest.mark.parametrize("status", DONE)
def test_what_is_done_cannot_be_snoozed(conversation: Conversation, status: str) -> None:
    set_status(conversation, status, minutes(1))
    with refused(Invalid, field="until"):
        snooze(conversation, minutes(60), minutes(2))


@pytest.mark.parametrize("status", ["open", "pending"])
def test_unsnoozed_conversation_is_open_and_waits_since_now(conversation: Conversation, status: str) -> None:
    set_status(conversation, status, minutes(1))
    snooze(conversation, minutes(60), minutes(2))
    ((name, data),) = recorded(lambda: unsnooze(conversation, minutes(30)))
    row = fresh(conversation)
    assert (name, data["until"]) == ("conversation.snoozed", None)
    assert (row.status, row.snoozed_until, row.waiting_since) == ("open", None, minutes(30))
    assert (Tally.objects.get().open, Tally.objects.get().pending) == (1, 0)


def test_what_is_not_snoozed_cannot_be_unsnoozed(conversation: Conversation) -> None:
    with nothing_changes():
        unsnooze(conversation, minutes(1))


@pytest.mark.parametrize(("minute", "ends"), [(59, False), (60, True), (61, True)])
def test_clock_ends_a_snooze_when_it_is_due(conversation: Conversation, minute: int, ends: bool) -> None:
    snooze(conversation, minutes(60), minutes(1))
    unsnooze(conversation, minutes(minute), only_if_due=True)
    assert (fresh(conversation).snoozed_until is None) == ends


# --- Undoing ------------------------------------------------------------------------------------


def undo(conversation: Conversation, at: datetime, event: Event | None = None) -> Conversation:
    event = event or Event.objects.latest("id")
    by = Actor.system(conversation.workspace_id)
    return actions.undo(conversation=conversation, event_id=event.pk, by=by, at=at)


def standing(conversation: Conversation) -> tuple[object, ...]:
    row = fresh(conversation)
    return row.status, row.snoozed_until, row.waiting_since, row.closed_at, row.unread_count


@pytest.mark.parametrize(("before", "after"), [*permutations(Status.values, 2)])
def test_undone_status_is_as_it_was(conversation: Conversation, before: str, after: str) -> None:
    set_status(conversation, before, minutes(1))
    was = standing(conversation)
    set_status(conversation, after, minutes(2))
    assert types(lambda: undo(conversation, minutes(3))) == ["conversation.status_changed"]
    assert standing(conversation) == was
    assert fresh(conversation).updated_at == minutes(3)
    assert getattr(Tally.objects.get(), before) == 1


def test_undoing_is_shown_in_the_thread(conversation: Conversation) -> None:
    set_status(conversation, "closed", minutes(1))
    undo(conversation, minutes(2))
    statuses = Message.objects.filter(kind="status-change").order_by("pk").values_list("metadata__status", flat=True)
    assert list(statuses) == ["closed", "open"]


def test_undone_snooze_is_back_in_its_place(conversation: Conversation) -> None:
    was = standing(conversation)
    snooze(conversation, minutes(60), minutes(1))
    assert types(lambda: undo(conversation, minutes(2))) == ["conversation.snoozed"]
    assert standing(conversation) == was


def test_undone_unsnooze_is_snoozed_again(conversation: Conversation) -> None:
    set_status(conversation, "pending", minutes(1))
    snooze(conversation, minutes(60), minutes(2))
    was = standing(conversation)
    unsnooze(conversation, minutes(3))
    undo(conversation, minutes(4))
    assert standing(conversation) == was


def test_undo_can_be_undone(conversation: Conversation) -> None:
    set_status(conversation, "resolved", minutes(1))
    was = standing(conversation)
    undo(conversation, minutes(2))
    undo(conversation, minutes(3))
    assert standing(conversation) == was


@pytest.mark.parametrize("change", ["status", "snooze", "reply", "receive"])
def test_what_has_changed_since_cannot_be_undone(conversation: Conversation, change: str) -> None:
    set_status(conversation, "pending", minutes(1))
    event = Event.objects.latest("id")
    {
        "status": lambda: set_status(conversation, "resolved", minutes(2)),
        "snooze": lambda: snooze(conversation, minutes(60), minutes(2)),
        "reply": lambda: reply(conversation, at=minutes(2)),
        "receive": lambda: receive(conversation, at=minutes(2)),
    }[change]()
    with refused(Conflict, code="changed_since"):
        undo(conversation, minutes(3), event)


def test_reading_noting_and_tagging_hinder_no_undo(conversation: Conversation, ben: Member) -> None:
    set_status(conversation, "pending", minutes(1))
    event = Event.objects.latest("id")
    actions.mark_read(conversation=conversation, by=ben.actor, at=minutes(2))
    actions.note(conversation=conversation, body="x", by=ben.actor, at=minutes(3))
    actions.set_tags(conversation=conversation, names=["vip"], by=ben.actor, at=minutes(4))
    undo(conversation, minutes(5), event)
    assert (fresh(conversation).status, fresh(conversation).unread_count) == ("open", 0)


Change = Callable[[Conversation, Member], object]
TRIAGE: dict[str, tuple[Change, Change]] = {
    "assign": (
        lambda row, who: actions.assign(conversation=row, to=who.user, by=who.actor, at=minutes(2)),
        lambda row, who: actions.assign(conversation=row, by=who.actor, at=minutes(3)),
    ),
    "priority": (
        lambda row, who: actions.set_priority(conversation=row, priority="high", by=who.actor, at=minutes(2)),
        lambda row, who: actions.set_priority(conversation=row, priority="urgent", by=who.actor, at=minutes(3)),
    ),
    "tags": (
        lambda row, who: actions.set_tags(conversation=row, names=["billing"], by=who.actor, at=minutes(2)),
        lambda row, who: actions.set_tags(conversation=row, names=["vip"], by=who.actor, at=minutes(3)),
    ),
}
"""A change of one field, and another one after it."""


def triaged(conversation: Conversation) -> tuple[object, ...]:
    row = fresh(conversation)
    return row.assignee_id, row.team_id, row.priority, sorted(row.tags)


@pytest.fixture
def held(conversation: Conversation, acme: Workspace, ada: Member) -> Conversation:
    """A conversation of a team's, with tags and a priority."""
    team = TeamFactory(workspace=acme)
    actions.assign(conversation=conversation, to=ada.user, team=team, by=ada.actor, at=minutes(1))
    actions.set_priority(conversation=conversation, priority="low", by=ada.actor, at=minutes(1))
    actions.set_tags(conversation=conversation, names=["vip", "bug"], by=ada.actor, at=minutes(1))
    return conversation


@pytest.mark.parametrize("field", TRIAGE)
def test_undone_assignment_priority_or_tags_are_as_they_were(held: Conversation, ben: Member, field: str) -> None:
    was = triaged(held)
    TRIAGE[field][0](held, ben)
    assert triaged(held) != was
    name = Event.objects.latest("id").type
    assert types(lambda: undo(held, minutes(4))) == [name]
    assert triaged(held) == was


@pytest.mark.parametrize("field", TRIAGE)
def test_assignment_priority_and_tags_that_were_changed_since_stay(
    held: Conversation, ben: Member, ada: Member, field: str
) -> None:
    mine, theirs = TRIAGE[field]
    mine(held, ben)
    event = Event.objects.latest("id")
    theirs(held, ada)
    was = triaged(held)
    with refused(Conflict, code="changed_since"):
        undo(held, minutes(4), event)
    assert triaged(held) == was


def test_undone_tags_keep_what_others_have_added_since(held: Conversation, ben: Member, ada: Member) -> None:
    actions.change_tags(conversation=held, add=["billing"], remove=["bug"], by=ben.actor, at=minutes(2))
    event = Event.objects.latest("id")
    actions.change_tags(conversation=held, add=["late"], by=ada.actor, at=minutes(3))
    undo(held, minutes(4), event)
    assert sorted(fresh(held).tags) == ["bug", "late", "vip"]


def test_undone_resolve_is_unread_again(conversation: Conversation) -> None:
    set_status(conversation, "resolved", minutes(1))
    undo(conversation, minutes(2))
    assert fresh(conversation).unread_count == 1


def test_event_that_is_no_such_change_is_not_found(conversation: Conversation, acme: Workspace) -> None:
    reply(conversation, at=minutes(1))
    replied = Event.objects.latest("id")
    other = ConversationFactory(workspace=acme)
    set_status(other, "closed", minutes(1))
    closed = Event.objects.latest("id")
    for event in (replied, closed, Event(pk=closed.pk + 99)):
        with refused(NotFound):
            undo(conversation, minutes(2), event)


def test_actor_is_offered_the_last_change_of_their_own(conversation: Conversation, ada: Member, ben: Member) -> None:
    assert thread_queries.change_to_undo(conversation, by=ben.actor, since=MORNING) is None
    set_status(conversation, "pending", minutes(1), by=ben.actor)
    mine = Event.objects.latest("id")
    set_status(conversation, "resolved", minutes(2), by=ada.actor)
    assert thread_queries.change_to_undo(conversation, by=ben.actor, since=MORNING) == mine
    later = minutes(1) + timedelta(seconds=1)
    assert thread_queries.change_to_undo(conversation, by=ben.actor, since=later) is None
