"""Owners and admins get a mail when a mailbox has to be reconnected."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts import clock, journal, mailing
from accounts.models import QueuedMail, Workspace
from accounts.permissions import Actor, Role
from conversations.channels.email import actions
from conversations.models import Mailbox
from tests.conftest import Member, member
from tests.factories import MailboxFactory

pytestmark = pytest.mark.django_db


def lost(workspace: Workspace) -> None:
    """The server refuses the password of a mailbox."""
    act = {"by": Actor.system(workspace.pk), "at": clock.now()}
    actions.mark_disconnected(
        mailbox=MailboxFactory(workspace=workspace, address="help@acme.example"),
        reason="The server refused the password.",
        **act,
    )
    journal.drain()


def send_all() -> None:
    """The time of every mail has come."""
    QueuedMail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    mailing.send_due()


def test_owners_and_admins_of_the_workspace_get_it(in_acme: Workspace, ada: Member, ben: Member, cleo: Member) -> None:
    eli = member(in_acme, "Eli Admin", Role.ADMIN)
    lost(in_acme)
    send_all()
    assert {one.to[0] for one in mail.outbox} == {ada.user.email, eli.user.email}
    assert mail.outbox[0].subject == "[Acme] The mailbox help@acme.example is disconnected"
    assert "The server refused the password." in mail.outbox[0].body
    assert "/w/acme/settings/mailboxes/" in mail.outbox[0].body


def test_nobody_gets_it_once_the_mailbox_is_connected_again(in_acme: Workspace, ada: Member) -> None:
    lost(in_acme)
    actions.mark_connected(mailbox=Mailbox.objects.get(), by=Actor.system(in_acme.pk), at=clock.now())
    send_all()
    assert not mail.outbox
