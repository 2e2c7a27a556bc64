"""Effects: one vocabulary that is read, shown, done and undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from accounts import journal
from accounts.errors import Conflict, Forbidden, Invalid, NotFound
from accounts.models import Event, Team, Workspace
from accounts.permissions import Actor
from conversations import actions, effects
from conversations import events as kinds
from conversations.effects import until
from conversations.models import Contact, Conversation, Follower, Message, MessageKind
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, types
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, TicketFactory
from tickets import actions as ticket_actions
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def contact(acme: Workspace) -> Contact:
    return ContactFactory(workspace=acme)


@pytest.fixture
def row(acme: Workspace, contact: Contact) -> Conversation:
    return ConversationFactory(workspace=acme, contact=contact, at=MORNING)


@pytest.fixture
def team(acme: Workspace) -> Team:
    return TeamFactory(workspace=acme)


def fresh(row: Conversation) -> Conversation:
    return Conversation.objects.get(pk=row.pk)


def everything(ben: Member, ticket: Ticket) -> list[dict[str, Any]]:
    return [
        {"do": "assign", "to": f"member:{ben.user.pk}"},
        {"do": "priority", "priority": "high"},
        {"do": "add_tags", "tags": ["Billing", "vip"]},
        {"do": "note", "text": "Checked with finance."},
        {"do": "link_ticket", "ticket": ticket.number},
        {"do": "snooze", "until": "tomorrow 9:00"},
    ]


def cause_of(row: Conversation, by: Actor) -> Event:
    with transaction.atomic():
        return journal.record(kinds.MACRO_APPLIED, row, by=by, at=minutes(5), macro_id=0)


# --- Reading ------------------------------------------------------------------------------------


def test_what_is_read_is_written_the_same(ben: Member, acme: Workspace) -> None:
    given = everything(ben, TicketFactory(workspace=acme))
    assert effects.as_json(effects.parse(given)) == given


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"do": "assign"}, "effects"),
        ([{"do": "dance"}], "effects[0].do"),
        (["resolve"], "effects[0]"),
        ([{"do": "status", "status": "open"}, {"do": "status", "status": "done"}], "effects[1].status"),
        ([{"do": "status", "status": ["open"]}], "effects[0].status"),
        ([{"do": "assign", "to": "ben"}], "effects[0].to"),
        ([{"do": "assign", "to": "member:99999999999999999999"}], "effects[0].to"),
        ([{"do": "assign", "to": "member:²"}], "effects[0].to"),
        ([{"do": "assign", "to": "member:424242"}], "effects[0].to"),
        ([{"do": "assign", "to": "team:424242"}], "effects[0].to"),
        ([{"do": "add_tags", "tags": []}], "effects[0].tags"),
        ([{"do": "add_tags", "tags": "billing"}], "effects[0].tags"),
        ([{"do": "add_tags", "tags": ["x" * 101]}], "effects[0].tags"),
        ([{"do": "add_tags", "tags": ["a\x00b"]}], "effects[0].tags"),
        ([{"do": "snooze", "until": "whenever"}], "effects[0].until"),
        ([{"do": "snooze", "until": "2026-03-04T10:00"}], "effects[0].until"),
        ([{"do": "note", "text": " "}], "effects[0].text"),
        ([{"do": "note", "text": "x" * 10_001}], "effects[0].text"),
        ([{"do": "note", "text": "a\x00b"}], "effects[0].text"),
        ([{"do": "priority", "priority": 3}], "effects[0].priority"),
        ([{"do": "link_ticket", "ticket": True}], "effects[0].ticket"),
        ([{"do": "read", "really": True}], "effects[0]"),
        ([{"do": "read"}] * 21, "effects"),
        ([{"do": "read"}, {"do": "trash"}], "effects"),
        ([{"do": "attribute", "key": "plan"}], "effects[0].key"),
        ([{"do": "attribute", "key": "plan", "value": [1]}], "effects[0].value"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(given: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        effects.parse(given)
    assert caught.value.field == field


def test_member_of_another_workspace_cannot_be_named(cleo: Member, vic: Member) -> None:
    for person in (cleo, vic):
        with pytest.raises(Invalid) as caught:
            effects.parse([{"do": "assign", "to": f"member:{person.user.pk}"}])
        assert caught.value.field == "effects[0].to"


def test_what_names_someone_who_has_left_can_still_be_read() -> None:
    (effect,) = effects.read([{"do": "assign", "to": "member:424242"}])
    assert effects.described([effect]) == ["Assign to a former member"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", "2026-03-02T11:00"),
        ("45m", "2026-03-02T09:45"),
        ("3 d", "2026-03-05T09:00"),
        ("1w", "2026-03-09T09:00"),
        ("tomorrow 9:00", "2026-03-03T09:00"),
        ("Monday 08:30", "2026-03-09T08:30"),
        ("tuesday 8:30", "2026-03-03T08:30"),
        ("2026-04-01T10:00+02:00", "2026-04-01T08:00"),
    ],
)
def test_moment_is_found_when_it_is_needed(text: str, moment: str) -> None:
    assert until.found(text, MORNING) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "0h", "99999h", "yesterday 9:00", "monday", "monday 25:00", "9999-99-99", "2\x00h"]
)
def test_other_texts_name_no_moment(text: str) -> None:
    assert until.found(text, MORNING) is None


# --- Doing --------------------------------------------------------------------------------------


def test_effects_are_done_in_their_order_by_the_same_verbs(row: Conversation, ada: Member, ben: Member) -> None:
    ticket = TicketFactory(workspace=row.workspace)
    wanted = effects.parse(everything(ben, ticket))
    recorded = types(lambda: effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(1)))
    assert [name for name in recorded if name.startswith(("conversation", "note"))] == [
        "conversation.assigned",
        "conversation.priority_changed",
        "conversation.tagged",
        "note.added",
        "conversation.linked",
        "conversation.snoozed",
    ]
    found = fresh(row)
    assert (found.assignee, found.priority, found.tags) == (ben.user, "high", ["Billing", "vip"])
    assert found.ticket == ticket
    assert found.snoozed_until == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_one_that_is_refused_undoes_those_before_it(row: Conversation, ada: Member) -> None:
    wanted = effects.parse([{"do": "priority", "priority": "high"}, {"do": "link_ticket", "ticket": 4242}])
    with nothing_changes(), pytest.raises(NotFound):
        effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(1))


def test_viewer_may_do_none_of_them(row: Conversation, vic: Member) -> None:
    for given in ({"do": "status", "status": "resolved"}, {"do": "assign", "to": "nobody"}, {"do": "read"}):
        wanted = effects.parse([given])
        with nothing_changes(), pytest.raises(Forbidden):
            effects.apply(wanted, conversation=row, by=vic.actor, at=minutes(1))


def test_reply_is_not_sent_but_comes_back(row: Conversation, ada: Member) -> None:
    wanted = effects.parse([{"do": "reply", "text": "Hello"}])
    with nothing_changes():
        assert effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(1)) == effects.Applied(False, "Hello")


def test_tags_are_added_and_removed_without_case(row: Conversation, ada: Member) -> None:
    actions.set_tags(conversation=row, names=["Billing", "VIP"], by=ada.actor, at=minutes(1))
    wanted = effects.parse([{"do": "add_tags", "tags": ["billing", "new"]}, {"do": "remove_tags", "tags": ["vip"]}])
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(2))
    assert fresh(row).tags == ["Billing", "new"]


def test_dry_run_says_what_would_change_and_changes_nothing(row: Conversation, ada: Member) -> None:
    given = [
        {"do": "assign", "to": "nobody"},
        {"do": "add_tags", "tags": ["Billing"]},
        {"do": "add_tags", "tags": ["billing"]},
        {"do": "status", "status": "resolved"},
        {"do": "snooze", "until": "2h"},
    ]
    with nothing_changes():
        found = effects.planned(effects.parse(given), conversation=row, by=ada.actor, at=MORNING)
    assert [(one.text, one.changes, one.fault) for one in found] == [
        ("Unassign", False, ""),
        ("Add tags: Billing", True, ""),
        ("Add tags: billing", False, ""),
        ("Resolve", True, ""),
        ("Snooze for 2 hours", False, "A resolved or closed conversation cannot be snoozed."),
    ]


def test_following_marking_unread_and_snoozing_until_they_reply(row: Conversation, ada: Member) -> None:
    actions.mark_read(conversation=row, by=ada.actor, at=MORNING)
    given = [{"do": "follow"}, {"do": "unread"}, {"do": "snooze", "until": "reply"}]
    wanted = effects.parse(given)
    assert effects.described(wanted) == ["Follow", "Mark as unread", "Snooze until they reply"]
    before = effects.planned(wanted, conversation=fresh(row), by=ada.actor, at=minutes(1))
    assert [one.changes for one in before] == [True, True, True]
    cause = cause_of(row, ada.actor)
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(5), cause=cause)
    assert (fresh(row).is_snoozed_until_reply, fresh(row).unread_count) == (True, 1)
    assert [one.user for one in Follower.objects.filter(conversation=row)] == [ada.user]
    after = effects.planned(wanted, conversation=fresh(row), by=ada.actor, at=minutes(6))
    assert [one.changes for one in after] == [False, False, False]
    actions.undo_caused(conversation=row, cause=cause, by=ada.actor, at=minutes(7))
    assert (fresh(row).snoozed_until, fresh(row).unread_count) == (None, 0)
    assert not Follower.objects.exists()


def test_attribute_is_set_as_its_kind_wants_it(row: Conversation, ada: Member) -> None:
    made = ticket_actions.create_attribute(
        workspace=row.workspace, subject="conversation", name="Orders", kind="number", by=ada.actor, at=MORNING
    )
    with pytest.raises(Invalid) as caught:
        effects.parse([{"do": "attribute", "key": made.key, "value": "many"}])
    assert caught.value.field == "effects[0].value"
    wanted = effects.parse([{"do": "attribute", "key": made.key, "value": 3}])
    assert effects.described(wanted) == ["Set Orders to 3"]
    for changes in (True, False):
        assert [one.changes for one in effects.planned(wanted, conversation=row, by=ada.actor, at=MORNING)] == [changes]
        effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(1))
        row = fresh(row)
    assert row.attributes == {made.key: 3}
    emptied = effects.parse([{"do": "attribute", "key": made.key, "value": None}])
    assert effects.described(emptied) == ["Clear Orders"]
    effects.apply(emptied, conversation=row, by=ada.actor, at=minutes(2))
    assert fresh(row).attributes == {}
    gone = effects.read([{"do": "attribute", "key": "gone", "value": 1}])
    assert [one.fault for one in effects.planned(gone, conversation=row, by=ada.actor, at=MORNING)] != [""]


def test_trash_is_for_admins_and_undone(row: Conversation, ada: Member, ben: Member) -> None:
    wanted = effects.parse([{"do": "trash"}])
    [plan] = effects.planned(wanted, conversation=row, by=ben.actor, at=MORNING)
    assert plan.fault == "Only owners and admins can move conversations to the Trash."
    with nothing_changes(), pytest.raises(Forbidden):
        effects.apply(wanted, conversation=row, by=ben.actor, at=minutes(1))
    cause = cause_of(row, ada.actor)
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(5), cause=cause)
    assert not Conversation.objects.exists()
    actions.undo_caused(conversation=row, cause=cause, by=ada.actor, at=minutes(6))
    assert fresh(row).status == row.status
    actions.trash(conversation=row, by=ada.actor, at=minutes(7))
    with nothing_changes(), pytest.raises(NotFound):
        actions.undo_caused(conversation=row, cause=cause, by=ada.actor, at=minutes(8))


# --- Undoing ------------------------------------------------------------------------------------


def test_all_that_one_cause_has_changed_is_put_back(row: Conversation, ada: Member, ben: Member, team: Team) -> None:
    actions.assign(conversation=row, team=team, by=ada.actor, at=minutes(1))
    actions.set_tags(conversation=row, names=["old"], by=ada.actor, at=minutes(1))
    before = fresh(row)
    cause = cause_of(row, ada.actor)
    wanted = effects.parse(
        [
            *everything(ben, TicketFactory(workspace=row.workspace)),
            {"do": "set_tags", "tags": ["new"]},
            {"do": "status", "status": "resolved"},
        ]
    )
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(5), cause=cause)
    assert fresh(row).is_done
    actions.undo(conversation=row, event_id=cause.pk, by=ada.actor, at=minutes(6))
    after = fresh(row)
    for name in ("assignee_id", "team_id", "status", "priority", "tags", "ticket_id", "snoozed_until", "waiting_since"):
        assert getattr(after, name) == getattr(before, name), name
    assert not Message.objects.filter(conversation=row, kind=MessageKind.NOTE).exists()


def test_ticket_that_was_opened_with_it_is_gone_after_undoing(row: Conversation, ada: Member) -> None:
    cause = cause_of(row, ada.actor)
    wanted = effects.parse([{"do": "open_ticket"}])
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(5), cause=cause)
    assert Ticket.objects.count() == 1
    actions.undo(conversation=row, event_id=cause.pk, by=ada.actor, at=minutes(6))
    assert not Ticket.objects.exists()


def test_what_was_changed_since_is_left_alone(row: Conversation, ada: Member, ben: Member) -> None:
    cause = cause_of(row, ada.actor)
    wanted = effects.parse([{"do": "priority", "priority": "high"}])
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(5), cause=cause)
    actions.set_priority(conversation=row, priority="low", by=ben.actor, at=minutes(6))
    with nothing_changes(), pytest.raises(Conflict) as caught:
        actions.undo_caused(conversation=row, cause=cause, by=ada.actor, at=minutes(7))
    assert caught.value.code == "changed_since"


def test_undoing_twice_is_refused(row: Conversation, ada: Member) -> None:
    cause = cause_of(row, ada.actor)
    wanted = effects.parse([{"do": "priority", "priority": "high"}])
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(5), cause=cause)
    actions.undo_caused(conversation=row, cause=cause, by=ada.actor, at=minutes(6))
    with nothing_changes(), pytest.raises(Conflict):
        actions.undo_caused(conversation=row, cause=cause, by=ada.actor, at=minutes(7))


def test_reading_it_meanwhile_does_not_keep_from_undoing(row: Conversation, ada: Member, ben: Member) -> None:
    actions.receive(conversation=row, body="Hello?", by=Actor.system(row.workspace_id), at=minutes(1))
    cause = cause_of(row, ada.actor)
    wanted = effects.parse([{"do": "priority", "priority": "high"}])
    effects.apply(wanted, conversation=row, by=ada.actor, at=minutes(5), cause=cause)
    actions.mark_read(conversation=row, by=ben.actor, at=minutes(6))
    actions.undo_caused(conversation=row, cause=cause, by=ada.actor, at=minutes(7))
    assert fresh(row).priority == "normal"
