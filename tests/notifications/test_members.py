"""Who is notified of what: of each event those whom it concerns, nobody of what they did, and of one conversation once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as account_actions
from accounts import clock, journal, tenancy
from accounts.models import Event, Workspace
from accounts.permissions import Actor, Role, Visibility
from conversations import actions
from conversations.bulk import actions as bulk_actions
from conversations.bulk import working
from conversations.bulk.tasks import forget_bulk_jobs
from conversations.channels.email import actions as mailbox_actions
from conversations.models import BulkJob, Conversation, Follower, Mention, Notification
from conversations.notifications import reading, sentences
from conversations.reactions import all_reactions
from tests.conftest import Member, member
from tests.factories import ConversationFactory, MailboxFactory, TeamFactory, receive
from tests.notifications.conftest import act, of, wants
from tests.outbox import by_mail, scheduled

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def row(acme: Workspace) -> Conversation:
    made: Conversation = ConversationFactory(workspace=acme, subject="Help")
    return made


def test_assignee_is_notified_unless_they_took_it_themselves(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ben))
    assert of(ben) == []
    actions.assign(conversation=row, to=ada.user, **act(ben))
    assert (of(ada), of(ben)) == ([("assigned", 1, 1)], [])


def test_team_is_notified_once_when_it_gets_a_conversation(
    acme: Workspace, ada: Member, ben: Member, vic: Member, row: Conversation
) -> None:
    team = TeamFactory(workspace=acme, members=[ben.user, vic.user])
    actions.assign(conversation=row, team=team, **act(ben))
    assert (of(ben), of(vic), of(ada)) == ([], [("team_assigned", 1, 1)], [])
    Notification.objects.update(read_at=clock.now())
    actions.assign(conversation=row, to=ben.user, team=team, **act(ada))
    actions.assign(conversation=row, team=team, **act(ada))
    assert of(vic) == []


def test_reply_of_a_customer_is_for_the_assignee_and_for_followers(
    acme: Workspace, ada: Member, ben: Member, vic: Member, row: Conversation
) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ben))
    Follower.objects.create(conversation=row, user=vic.user)
    receive(row, "Hello?")
    receive(row, "Anybody?")
    assert (of(ben), of(vic), of(ada)) == ([("replied", 1, 2)], [("replied", 1, 2)], [])


def test_new_conversation_is_for_those_who_want_it_while_it_is_nobodys(
    acme: Workspace, ada: Member, ben: Member, vic: Member
) -> None:
    wants(ben, unassigned_new=["page"])
    ConversationFactory(workspace=acme)
    taken = ConversationFactory(workspace=acme)
    actions.assign(conversation=taken, to=ada.user, **act(ada))
    assert (of(ben), of(vic)) == ([("unassigned_new", 1, 1)], [])


def test_mention_says_more_than_what_came_before_it_and_after_it(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ada))
    given = act(ada)
    note = actions.note(conversation=row, body="Can you look, Ben?", **given)
    Mention.objects.get_or_create(
        workspace=row.workspace, conversation=row, message=note, user=ben.user, defaults={"created_at": given["at"]}
    )
    receive(row, "Hello?")
    assert of(ben) == [("mentioned", 1, 3)]


def test_writer_is_notified_of_a_reply_that_failed(
    acme: Workspace, ada: Member, ben: Member, row: Conversation
) -> None:
    message = actions.reply(conversation=row, body="Hello", **act(ben))
    actions.set_delivery(message=message, status="failed", by=Actor.system(acme.pk), at=clock.now())
    assert of(ben) == [("failed_to_send", 1, 1)]


def test_writer_is_notified_of_a_reply_that_is_held_unless_they_send_it_themselves(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    held = scheduled(by_mail(acme), ben)
    actions.hold(delivery=held, by=Actor.system(acme.pk), at=clock.now())
    actions.hold(delivery=scheduled(by_mail(acme), ada), **act(ada))
    assert of(ben) == [("failed_to_send", held.conversation.number, 1)]
    assert of(ada) == []


def test_owners_and_admins_are_notified_of_a_mailbox_that_is_disconnected(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    box = MailboxFactory(workspace=acme)
    mailbox_actions.mark_disconnected(mailbox=box, reason="Refused.", by=Actor.system(acme.pk), at=clock.now())
    assert (of(ada), of(ben)) == ([("mailbox_disconnected", None, 1)], [])


def test_nobody_is_notified_of_what_they_do_not_see(
    acme: Workspace, ada: Member, ben: Member, row: Conversation
) -> None:
    Follower.objects.create(conversation=row, user=ben.user)
    actions.assign(conversation=row, to=ada.user, **act(ada))
    ben.membership.visibility = Visibility.TEAMS_AND_UNASSIGNED
    ben.membership.save()
    receive(row, "Hello?")
    assert of(ben) == []
    actions.assign(conversation=row, to=None, **act(ada))
    receive(row, "Still there?")
    assert of(ben) == [("replied", 1, 1)]
    actions.assign(conversation=row, to=ada.user, **act(ada))
    with tenancy.scope(acme, ben.membership.viewer):
        assert reading.unread(ben.user.pk) == [], "what was taken from them is gone from the bell"


def test_spam_notifies_nobody(acme: Workspace, ada: Member, ben: Member, row: Conversation) -> None:
    Follower.objects.create(conversation=row, user=ben.user)
    receive(row, "Buy this")
    actions.mark_spam(conversation=row, **act(ada))
    assert of(ben) == []


def test_who_has_left_or_wants_nothing_is_not_notified(
    acme: Workspace, ada: Member, ben: Member, vic: Member, row: Conversation
) -> None:
    wants(ben, assigned=[])
    Follower.objects.create(conversation=row, user=vic.user)
    vic.membership.delete()
    actions.assign(conversation=row, to=ben.user, **act(ada))
    receive(row)
    assert of(ben) == [("replied", 1, 1)]
    assert of(vic) == []


def test_event_that_comes_again_notifies_nobody_again_even_after_it_was_read(
    acme: Workspace, ada: Member, ben: Member, row: Conversation
) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ada))
    assert of(ben) == [("assigned", 1, 1)]
    event = Event.objects.filter(type="conversation.assigned").latest("pk")
    Notification.objects.update(read_at=clock.now())
    for kind, reactions in all_reactions().items():
        for reaction in reactions if kind.name == event.type else ():
            reaction(event)
    assert of(ben) == []


def test_reading_a_conversation_reads_its_notifications_until_then(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ada))
    receive(row)
    assert len(of(ben)) == 1
    actions.mark_read(conversation=row, **act(ben))
    assert of(ben) == []
    receive(row)
    assert of(ben) == [("replied", 1, 1)]


def test_a_hundred_changes_at_once_are_written_in_as_many_statements_as_one(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    def statements(count: int) -> int:
        journal.drain()
        for row in [ConversationFactory(workspace=acme) for _ in range(count)]:
            actions.assign(conversation=row, to=ben.user, **act(ada))
        with CaptureQueriesContext(connection) as captured:
            journal.drain()
        return len(captured)

    one = statements(1)
    assert statements(20) <= one


def test_message_in_a_workspace_of_fifty_members_costs_what_it_does_with_two(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    def statements() -> int:
        row = ConversationFactory(workspace=acme)
        actions.assign(conversation=row, to=ben.user, **act(ben))
        journal.drain()
        receive(row)
        with CaptureQueriesContext(connection) as captured:
            journal.drain()
        return len(captured)

    few = statements()
    for number in range(48):
        member(acme, f"Agent{number}", Role.AGENT)
    assert statements() <= few


def test_notifications_are_kept_for_ninety_days_and_for_thirty_once_they_were_read(
    acme: Workspace, ben: Member, row: Conversation
) -> None:
    at = clock.now()
    for days, is_read in ((91, False), (91, True), (89, False), (31, True), (29, True)):
        then = at - timedelta(days=days)
        about = row if is_read or days == 91 else ConversationFactory(workspace=acme)
        Notification.objects.create(
            user=ben.user,
            kind="assigned",
            conversation=about,
            event_id=days,
            at=then,
            read_at=then if is_read else None,
        )
    assert reading.forget(at) == 3


def test_member_who_is_removed_leaves_no_unread_rows_that_others_see(
    acme: Workspace, ada: Member, ben: Member, row: Conversation
) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ada))
    journal.drain()
    account_actions.remove_member(membership=ben.membership, **act(ada))
    assert reading.unread(ada.user.pk) == []


def test_conversation_in_the_trash_notifies_nobody_until_it_comes_back(
    ada: Member, ben: Member, row: Conversation
) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ada))
    assert of(ben) == [("assigned", 1, 1)]
    actions.trash(conversation=row, **act(ada))
    assert of(ben) == []
    assert reading.unread(ben.user.pk) == []
    actions.restore(conversation=row, **act(ada))
    assert of(ben) == [("assigned", 1, 1)]


# --- Many at once ---------------------------------------------------------------------------------


def assign_many(acme: Workspace, by: Member, to: str, count: int = 3) -> BulkJob:
    rows = [ConversationFactory(workspace=acme).pk for _ in range(count)]
    job = bulk_actions.start_job(workspace=acme, effects=[{"do": "assign", "to": to}], conversations=rows, **act(by))
    return working.work(job)


def test_many_that_are_assigned_at_once_are_one_notification(acme: Workspace, ada: Member, ben: Member) -> None:
    assign_many(acme, ada, f"member:{ben.user.pk}")
    assert of(ben) == [("assigned", None, 3)]
    with tenancy.scope(acme):
        (row,) = reading.notifications(ben.user.pk)
        assert sentences.title(row) == "Ada Duarte assigned 3 conversations to you"
        assert sentences.path(row) == "/w/acme/inbox?view=mine"
    opened = ben.signed_in().post(f"/w/acme/notifications/{row.pk}/open")
    assert (opened.status_code, opened["Location"], of(ben)) == (302, "/w/acme/inbox?view=mine", [])


def test_many_of_a_team_are_one_notification_for_each_of_its_members(
    acme: Workspace, ada: Member, ben: Member, vic: Member
) -> None:
    team = TeamFactory(workspace=acme, members=[ada.user, ben.user])
    assign_many(acme, ada, f"team:{team.pk}")
    assert (of(ben), of(vic), of(ada)) == ([("team_assigned", None, 3)], [], [])


def test_own_change_of_many_notifies_nobody_and_a_stopped_one_of_what_it_did(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    assign_many(acme, ben, "me")
    assert of(ben) == []
    rows = [ConversationFactory(workspace=acme).pk for _ in range(3)]
    job = bulk_actions.start_job(
        workspace=acme,
        effects=[{"do": "assign", "to": f"member:{ben.user.pk}"}],
        conversations=rows,
        **act(ada),
    )
    bulk_actions.cancel_job(job=working.work(job, seconds=0), **act(ada))
    assert of(ben) == [("assigned", None, 1)]


def test_undoing_a_change_of_many_takes_its_notification_back(acme: Workspace, ada: Member, ben: Member) -> None:
    job = assign_many(acme, ada, f"member:{ben.user.pk}")
    assert len(of(ben)) == 1
    working.work(bulk_actions.undo_job(job=job, **act(ada)))
    assert of(ben) == []
    assert not Notification.objects.exists()


def test_notification_of_a_team_goes_on_to_count_what_an_undone_change_has_kept(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    team = TeamFactory(workspace=acme, members=[ben.user])
    job = assign_many(acme, ada, f"team:{team.pk}")
    assert of(ben) == [("team_assigned", None, 3)]
    changed = Conversation.objects.earliest("pk")
    actions.assign(conversation=changed, to=None, team=None, **act(ada))
    actions.assign(conversation=changed, to=None, team=team, **act(ada))  # changed since: it is kept
    working.work(bulk_actions.undo_job(job=job, **act(ada)))
    assert ("team_assigned", None, 1) in of(ben)


def test_assignment_that_is_undone_within_a_moment_is_taken_back(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ada))
    actions.assign(conversation=row, to=None, **act(ada))
    assert of(ben) == [], "before anyone was told"
    actions.assign(conversation=row, to=ben.user, **act(ada))
    assert len(of(ben)) == 1
    actions.assign(conversation=row, to=None, **act(ada))
    assert of(ben) == []
    assert not Notification.objects.exists()


def test_old_jobs_are_forgotten_with_their_notifications(acme: Workspace, ada: Member, ben: Member) -> None:
    assign_many(acme, ada, f"member:{ben.user.pk}")
    assert len(of(ben)) == 1
    BulkJob.objects.update(created_at=clock.now() - timedelta(days=31))
    forget_bulk_jobs(0)
    assert not BulkJob.objects.exists()
    assert of(ben) == []
