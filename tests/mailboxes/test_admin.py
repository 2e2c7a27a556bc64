"""Mailboxes in administration: corrected and deleted through the verbs, and without a secret."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Event, Workspace
from conversations.channels.email import servers
from conversations.models import BlockedSender, Inbound, Mailbox, MailboxAddress, MailboxState, SuppressedAddress
from tests.factories import MailboxFactory
from tests.mailboxes.conftest import SECRET

pytestmark = pytest.mark.django_db


def url(model: str, page: str, *args: int) -> str:
    return reverse(f"admin:conversations_{model}_{page}", args=args)


def test_no_page_shows_a_secret(admin: Client, in_acme: Workspace) -> None:
    boxes = [MailboxFactory(workspace=in_acme), MailboxFactory(workspace=in_acme, inbound=Inbound.INGRESS)]
    secrets = [SECRET, *(box.sealed for box in boxes), str(servers.ingress_url(boxes[1])), str(boxes[1].ingress_hash)]
    for page in (
        url("mailbox", "changelist"),
        *(url("mailbox", one, box.pk) for box in boxes for one in ("change", "history")),
    ):
        text = admin.get(page).content.decode()
        assert not [secret for secret in secrets if secret in text], page


def test_mailbox_is_corrected_and_deleted_through_the_verbs(admin: Client, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    admin.post(url("mailbox", "change", mailbox.pk), {"name": "Help", "undo_seconds": "5", "plus_addressing": "on"})
    row = Mailbox.objects.get()
    assert (row.name, row.undo_seconds) == ("Help", 5)
    assert Event.objects.latest("id").data == {"fields": ["name", "undo_seconds"]}
    refused = admin.post(url("mailbox", "change", mailbox.pk), {"name": "Help", "undo_seconds": "999"})
    assert "0 to 120 seconds" in refused.content.decode()
    admin.post(url("mailbox", "delete", mailbox.pk), {"post": "yes"})
    assert Mailbox.objects.get().state == MailboxState.DELETED
    assert not MailboxAddress.objects.exists()
    assert admin.get(url("mailbox", "delete", mailbox.pk)).status_code == 403


def test_addresses_are_suppressed_and_senders_blocked(admin: Client, in_acme: Workspace) -> None:
    given = {"workspace": in_acme.pk, "address": "Gone@example.com", "reason": "Asked for it."}
    admin.post(url("suppressedaddress", "add"), given)
    admin.post(url("blockedsender", "add"), {"workspace": in_acme.pk, "pattern": "@Bad.example"})
    suppressed, blocked = SuppressedAddress.objects.get(), BlockedSender.objects.get()
    assert (suppressed.address, suppressed.reason, blocked.pattern) == (
        "gone@example.com",
        "Asked for it.",
        "@bad.example",
    )
    admin.post(url("suppressedaddress", "delete", suppressed.pk), {"post": "yes"})
    admin.post(url("blockedsender", "delete", blocked.pk), {"post": "yes"})
    assert not SuppressedAddress.objects.exists()
    assert not BlockedSender.objects.exists()
