"""Exporting one person: everything that is theirs, nothing of anybody else, also of one that was merged."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.errors import Forbidden
from accounts.models import Event, Workspace
from conversations import actions
from conversations.models import Contact, Conversation
from conversations.privacy import actions as privacy
from tests.conftest import Member
from tests.effects import MORNING, minutes, refused
from tests.factories import ContactFactory, ConversationFactory
from tickets import actions as ticket_actions
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def customer(acme: Workspace, ben: Member) -> Contact:
    contact = ContactFactory(workspace=acme, name="Zoë Łęcka", email="zoe@example.com", external_id="zoe")
    upload = ContentFile(b"Hello", name="hällo.txt")
    talk = ConversationFactory(workspace=acme, contact=contact, subject="Lamp", body="It is dark 🙂", uploads=[upload])
    actions.reply(conversation=talk, body="Is it on?", by=ben.actor, at=minutes(1))
    ticket = actions.escalate(conversation=talk, by=ben.actor, at=minutes(2))
    ticket_actions.add_note(ticket=ticket, body="Send a bulb", by=ben.actor, at=minutes(3))
    actions.add_contact_note(contact=contact, body="Speaks Polish", by=ben.actor, at=MORNING)
    ConversationFactory(workspace=acme, body="Of another customer")
    return contact


def exported(contact: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_contact", workspace="acme", contact=contact, stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_document_has_all_that_is_theirs(customer: Contact) -> None:
    document = exported("zoe@example.com")
    assert (document["format"], document["version"]) == ("parley.person", 1)
    assert document["person"]["name"] == "Zoë Łęcka"
    assert document["notes"][0]["text"] == "Speaks Polish"
    [talk] = document["conversations"]
    assert [message["text"] for message in talk["messages"] if message["kind"] == "message"] == [
        "It is dark 🙂",
        "Is it on?",
    ]
    assert talk["messages"][0]["files"][0]["name"] == "hällo.txt"
    [ticket] = document["tickets"]
    assert [note["text"] for note in ticket["notes"]] == ["Send a bulb"]
    assert "Of another customer" not in json.dumps(document)


def test_notes_of_a_ticket_of_several_customers_are_left_out(customer: Contact, acme: Workspace, ben: Member) -> None:
    other = ConversationFactory(workspace=acme)
    actions.link(conversation=other, ticket=Ticket.objects.get(), by=ben.actor, at=minutes(4))
    [ticket] = exported("zoe@example.com")["tickets"]
    assert ticket["notes"] == []


def test_document_of_one_that_was_merged_is_the_persons(customer: Contact, acme: Workspace, ben: Member) -> None:
    double = ContactFactory(workspace=acme, external_id="zoe-2", email="z@example.com")
    ConversationFactory(workspace=acme, contact=double, subject="Second")
    actions.merge_contacts(contact=double, into=customer, by=ben.actor, at=minutes(5))
    actions.add_id(contact=customer, value="crm-7", by=ben.actor, at=minutes(6))
    document = exported("zoe-2")
    assert exported("crm-7")["person"] == document["person"]
    assert document["other_ids"] == ["crm-7"]
    assert document["person"]["external_id"] == "zoe"
    assert [row["external_id"] for row in document["merged"]] == ["zoe-2"]
    assert [row["subject"] for row in document["conversations"]] == ["Lamp", "Second"]


def test_archive_has_the_files(customer: Contact, tmp_path: Path) -> None:
    path = tmp_path / "zoe.zip"
    call_command("export_contact", workspace="acme", contact="zoe", zip=str(path), stdout=io.StringIO())
    with zipfile.ZipFile(path) as archive:
        document = json.loads(archive.read("person.json"))
        place = document["conversations"][0]["messages"][0]["files"][0]["at"]
        assert archive.read(place) == b"Hello"


def test_export_is_recorded_and_for_admins(customer: Contact, ada: Member, ben: Member) -> None:
    with refused(Forbidden):
        privacy.export_contact(contact=customer, by=ben.actor, at=minutes(9))
    privacy.export_contact(contact=customer, by=ada.actor, at=minutes(9))
    assert Event.objects.filter(type="contact.exported", actor_id=ada.user.pk).exists()


@pytest.mark.parametrize("reference", ["nobody", "no@example.com", "\x00"])
def test_nobody_is_found_by_another_reference(customer: Contact, reference: str) -> None:
    with pytest.raises(CommandError):
        exported(reference)


def test_document_has_what_is_in_the_trash_and_what_is_left_with_a_merged_one(
    customer: Contact, acme: Workspace, ada: Member
) -> None:
    [talk] = Conversation.objects.filter(contact=customer)
    actions.trash(conversation=talk, by=ada.actor, at=minutes(3))
    double = ContactFactory(workspace=acme)
    actions.merge_contacts(contact=double, into=customer, by=ada.actor, at=minutes(4))
    ConversationFactory(workspace=acme, contact=double, subject="Left behind")
    document = exported("zoe")
    assert {row["subject"] for row in document["conversations"]} == {"Lamp", "Left behind"}
    assert len(document["tickets"]) == 1
