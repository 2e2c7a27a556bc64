"""Mails are for those who are away: one for all that they have not read, never twice, and none in quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import clock, journal, mailing, notices
from accounts.models import QueuedMail, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.bulk import actions as bulk_actions
from conversations.bulk import working
from conversations.channels.email import actions as mailbox_actions
from conversations.models import Conversation, Follower, Mailbox, MailboxState, Notification
from conversations.notifications import stopping
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, MailboxFactory, receive
from tests.languages import speak_german
from tests.notifications.conftest import act, of, wants

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def row(acme: Workspace) -> Conversation:
    contact = ContactFactory(workspace=acme, name="Jane Doe")
    made: Conversation = ConversationFactory(workspace=acme, contact=contact, subject="Help", body="It never came.")
    return made


def sent(*, waits: bool = True) -> list[mail.EmailMessage]:
    """What is sent when the time of every mail has come."""
    journal.drain()
    mail.outbox.clear()
    if waits:
        QueuedMail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    mailing.send_due()
    return list(mail.outbox)


def test_assignee_gets_a_mail_after_five_minutes(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ada.user, **act(ben))
    assert sent(waits=False) == []
    assert QueuedMail.objects.get().due_at > clock.now() + timedelta(minutes=4)
    (one,) = sent()
    assert one.to == [ada.user.email]
    assert one.subject == "[Acme] Ben Kimura assigned #1 to you: Help"
    assert "It never came." in one.body
    assert "/w/acme/inbox/1\n" in one.body
    assert sent() == []


def test_assignment_that_was_taken_back_or_read_is_not_mailed(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ada.user, **act(ben))
    journal.drain()
    actions.assign(conversation=row, to=None, **act(ben))
    assert (sent(), QueuedMail.objects.count()) == ([], 0)
    actions.assign(conversation=row, to=ada.user, **act(ben))
    journal.drain()
    Notification.objects.update(read_at=clock.now())
    assert (sent(), QueuedMail.objects.count()) == ([], 0)


def test_what_is_in_the_trash_is_not_mailed(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ben.user, **act(ada))
    journal.drain()
    actions.trash(conversation=row, **act(ada))
    assert (sent(), QueuedMail.objects.count()) == ([], 0)


def test_many_things_are_one_mail(acme: Workspace, ada: Member, ben: Member) -> None:
    rows = [ConversationFactory(workspace=acme, subject=f"Order {number}") for number in range(25)]
    for row in rows:
        actions.assign(conversation=row, to=ada.user, **act(ben))
    receive(rows[0])
    (one,) = sent()
    assert one.subject == "[Acme] 25 notifications"
    assert one.body.count("assigned #") == 20
    assert "5 more: " in one.body
    assert sent() == []


def test_many_that_are_assigned_at_once_are_one_line_of_one_mail(acme: Workspace, ada: Member, ben: Member) -> None:
    rows = [ConversationFactory(workspace=acme).pk for _ in range(12)]
    job = bulk_actions.start_job(
        workspace=acme, effects=[{"do": "assign", "to": f"member:{ben.user.pk}"}], conversations=rows, **act(ada)
    )
    working.work(job)
    (one,) = sent()
    assert one.subject == "[Acme] Ada Duarte assigned 12 conversations to you"
    assert "/w/acme/inbox?view=mine\n" in one.body
    working.work(bulk_actions.undo_job(job=job, **act(ada)))
    assert sent() == []


def test_who_is_at_a_page_gets_no_mail_before_they_are_away(ada: Member, ben: Member, row: Conversation) -> None:
    client = ada.signed_in()
    actions.assign(conversation=row, to=ada.user, **act(ben))
    journal.drain()
    assert client.post("/w/acme/notifications/here").status_code == 200
    assert sent() == []
    assert QueuedMail.objects.get().due_at > clock.now() + timedelta(minutes=4)
    ada.membership.seen_at = clock.now() - timedelta(minutes=6)
    ada.membership.save()
    assert len(sent()) == 1


def test_mail_waits_for_the_end_of_quiet_hours(ada: Member, ben: Member, row: Conversation) -> None:
    now = clock.now()
    wants(ada, quiet=[f"{now - timedelta(hours=1):%H:%M}", f"{now + timedelta(hours=2):%H:%M}"])
    actions.assign(conversation=row, to=ada.user, **act(ben))
    journal.drain()
    assert QueuedMail.objects.get().due_at > now + timedelta(minutes=110)
    assert sent() == [], "it looks again: the hours may have been changed"
    wants(ada)
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("quiet", "at", "until"),
    [
        # Clocks in Berlin go from 2:00 to 3:00 on 29 March 2026, and from 3:00 back to 2:00 on 25 October.
        (("22:00", "07:00"), "2026-03-29T00:30", "2026-03-29T05:00"),
        (("22:00", "07:00"), "2026-10-25T00:30", "2026-10-25T06:00"),
        (("22:00", "07:00"), "2026-03-29T05:00", None),
        (("01:30", "02:30"), "2026-10-25T00:10", "2026-10-25T01:30"),  # 2:10 the first time
        (("01:30", "02:30"), "2026-10-25T01:10", "2026-10-25T01:30"),  # 2:10 the second time
        (("01:30", "02:30"), "2026-10-25T01:30", None),
        (("01:00", "02:30"), "2026-03-29T00:30", "2026-03-29T01:30"),  # there is no 2:30
        (("02:15", "07:00"), "2026-10-25T00:20", "2026-10-25T06:00"),
        (("02:15", "07:00"), "2026-10-25T01:10", "2026-10-25T06:00"),  # 2:10 again: they have begun
    ],
)
def test_quiet_hours_are_right_when_clocks_change(
    ada: Member, quiet: tuple[str, str], at: str, until: str | None
) -> None:
    wants(ada, quiet=quiet)
    moment = datetime.fromisoformat(f"{at}+00:00")
    expected = datetime.fromisoformat(f"{until}+00:00") if until else None
    assert notices.quiet_until(ada.user, moment, ZoneInfo("Europe/Berlin")) == expected


def test_many_events_in_quiet_hours_leave_one_row_in_the_queue(ada: Member, ben: Member, row: Conversation) -> None:
    now = clock.now()
    wants(ada, quiet=[f"{now - timedelta(hours=1):%H:%M}", f"{now + timedelta(hours=2):%H:%M}"])
    actions.assign(conversation=row, to=ada.user, **act(ben))
    for number in range(3):
        receive(row, f"Hello {number}")
        journal.drain()
    assert QueuedMail.objects.count() == 1


def test_who_was_removed_or_has_not_proven_their_address_gets_no_mail(
    ada: Member, ben: Member, vic: Member, row: Conversation, acme: Workspace
) -> None:
    box = MailboxFactory(workspace=acme)
    Mailbox.objects.update(state=MailboxState.DISCONNECTED)
    for member in (ada, ben, vic):
        Follower.objects.create(conversation=row, user=member.user)
    receive(row, "Hello?")
    journal.drain()
    for member in (ada, ben, vic):  # as an earlier version has
        mailing.queue("mailbox_disconnected", {"mailbox_id": box.pk, "user_id": member.user.pk})
    ben.membership.delete()
    EmailAddress.objects.filter(user=vic.user).update(verified=False)
    assert {one.to[0] for one in sent()} == {ada.user.email}
    assert QueuedMail.objects.count() == 0


def test_what_could_not_be_mailed_goes_into_the_next_mail(
    ada: Member, ben: Member, row: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.assign(conversation=row, to=ada.user, **act(ben))
    journal.drain()
    QueuedMail.objects.update(attempts=mailing.ATTEMPTS - 1)
    with monkeypatch.context() as patched:
        patched.setattr(mailing.Line, "send", lambda line, one: OSError("refused") if one is not None else None)
        assert sent() == []
    assert QueuedMail.objects.count() == 0
    other = ConversationFactory(workspace=row.workspace, subject="Other")
    actions.assign(conversation=other, to=ada.user, **act(ben))
    (one,) = sent()
    assert one.subject == "[Acme] 2 notifications"


def test_mail_that_fails_is_sent_again_with_the_same_things(
    ada: Member, ben: Member, row: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.assign(conversation=row, to=ada.user, **act(ben))
    journal.drain()
    QueuedMail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    with monkeypatch.context() as patched:
        patched.setattr(mailing.Line, "send", lambda line, one: OSError("away") if one is not None else None)
        mailing.send_due()
    assert QueuedMail.objects.get().attempts == 1
    (one,) = sent()
    assert "assigned #1 to you" in one.subject


def test_admin_gets_a_mail_of_a_lost_mailbox_until_it_is_connected_again(acme: Workspace, ada: Member) -> None:
    box = MailboxFactory(workspace=acme, address="support@acme.example")
    mailbox_actions.mark_disconnected(
        mailbox=box, reason="The password was refused.", by=Actor.system(acme.pk), at=clock.now()
    )
    (one,) = sent()
    assert one.subject == "[Acme] The mailbox support@acme.example is disconnected"
    assert "The password was refused." in one.body
    assert f"/settings/mailboxes/{box.public_id}" in one.body


def test_mails_are_stopped_from_a_link_in_one_without_signing_in(ada: Member, ben: Member, row: Conversation) -> None:
    actions.assign(conversation=row, to=ada.user, **act(ben))
    (one,) = sent()
    link = one.extra_headers["List-Unsubscribe"].strip("<>")
    assert link in one.body
    path = link[link.index("/notifications/mail/") :]
    client = Client(enforce_csrf_checks=True)
    assert b"Stop these mails" in client.get(path).content
    ada.user.refresh_from_db()
    assert "mail" in notices.ways(ada.user, "assigned"), "looking stops nothing: programs open links in mails"
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    ada.user.refresh_from_db()
    assert {event: notices.ways(ada.user, event) & {"mail"} for event in notices.EVENTS} == dict.fromkeys(
        notices.EVENTS, frozenset()
    )
    assert notices.ways(ada.user, "assigned") == {"page", "browser"}
    receive(row)
    assert (sent(), len(of(ada))) == ([], 1)


def test_mail_and_the_page_that_stops_it_are_in_the_members_language(
    acme: Workspace, ada: Member, ben: Member, row: Conversation, tmp_path: Path, settings: Any
) -> None:
    words = {
        "%(name)s assigned %(number)s to you": "%(name)s hat dir %(number)s zugewiesen",
        "Assigned to you: %(number)s %(subject)s": "Dir zugewiesen: %(number)s %(subject)s",
        "Stop these mails": "Diese Mails beenden",
    }
    speak_german(tmp_path / "locale", settings, words)
    ada.user.language = "de"
    ada.user.save(update_fields=["language"])
    actions.assign(conversation=row, to=ada.user, **act(ben))
    mailing.queue("assignment", {"conversation_id": row.pk, "user_id": ada.user.pk})  # as an earlier version has
    subjects = {one.subject: one for one in sent()}
    assert set(subjects) == {"[Acme] Ben Kimura hat dir #1 zugewiesen: Help", "[Acme] Dir zugewiesen: #1 Help"}
    link = subjects["[Acme] Ben Kimura hat dir #1 zugewiesen: Help"].extra_headers["List-Unsubscribe"].strip("<>")
    page = Client(headers={"Accept-Language": "en"}).get(link[link.index("/notifications/mail/") :]).content.decode()
    assert ('<html lang="de"' in page, "Diese Mails beenden" in page) == (True, True)


def test_forged_link_stops_nothing(db: None) -> None:
    assert Client().post("/notifications/mail/MQ:1vPabc:x").status_code == 404
    assert stopping.person("1") is None
