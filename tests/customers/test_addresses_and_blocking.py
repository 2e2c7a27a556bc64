"""Other addresses lead to their customer, and what a blocked customer writes bothers nobody."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Conflict, Forbidden, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind
from conversations import actions
from conversations.models import Contact, Conversation, Handler, Status
from conversations.models.searched import holding
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, refused
from tests.factories import ContactFactory, ConversationFactory

pytestmark = pytest.mark.usefixtures("in_acme")


def add(contact: Contact, ben: Member, value: str, kind: str = "email", **more: Any) -> Any:
    return actions.add_address(contact=contact, kind=kind, value=value, by=ben.actor, at=MORNING, **more)


def test_verified_address_leads_to_its_customer(acme: Workspace, ben: Member) -> None:
    ada = ContactFactory(workspace=acme)
    add(ada, ben, " Ada@Work.example ")
    found = actions.identify(workspace=acme, email="ada@work.example", by=ben.actor, at=minutes(1))
    assert (found.pk, found.email) == (ada.pk, ada.email)


def test_address_that_is_not_verified_leads_nowhere(acme: Workspace, ben: Member) -> None:
    ada = ContactFactory(workspace=acme)
    add(ada, ben, "ada@work.example", is_verified=False)
    assert actions.identify(workspace=acme, email="ada@work.example", by=ben.actor, at=minutes(1)).pk != ada.pk


def test_caller_with_another_id_gets_another_customer(acme: Workspace, ben: Member) -> None:
    ada = ContactFactory(workspace=acme, external_id="one")
    add(ada, ben, "ada@work.example")
    found = actions.identify(workspace=acme, external_id="two", email="ada@work.example", by=ben.actor, at=minutes(1))
    assert (found.pk == ada.pk, found.external_id) == (False, "two")


def test_customer_is_found_by_it(acme: Workspace, ben: Member) -> None:
    ada = ContactFactory(workspace=acme)
    address = add(ada, ben, "+44 20 7946 0000", "phone")
    assert address.value == "+442079460000"
    assert Contact.objects.filter(holding("79460000")).get() == ada
    actions.remove_address(address=address, by=ben.actor, at=minutes(1))
    assert not Contact.objects.filter(holding("79460000")).exists()


def test_address_of_another_customer_is_refused(acme: Workspace, ben: Member) -> None:
    ada, other = ContactFactory(workspace=acme), ContactFactory(workspace=acme)
    add(other, ben, "shared@example.com")
    for value in (other.email, "shared@example.com"):
        with refused(Conflict, field="value"):
            add(ada, ben, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "nobody"), ("email", ""), ("phone", "call me"), ("phone", "\x00"), ("fax", "1"), ("email", "x" * 300)],
)
def test_what_is_no_address_is_refused(acme: Workspace, ben: Member, kind: str, value: str) -> None:
    ada = ContactFactory(workspace=acme)
    with refused(Invalid):
        add(ada, ben, value, kind)


def test_what_a_blocked_customer_begins_is_spam(acme: Workspace, ben: Member) -> None:
    ada = actions.block_contact(contact=ContactFactory(workspace=acme), by=ben.actor, at=MORNING)
    row = ConversationFactory(workspace=acme, contact=ada)
    assert (row.handler, row.unread_count) == (Handler.NOBODY, 0)
    row = actions.unmark_spam(conversation=row, by=ben.actor, at=minutes(1))
    assert (row.handler, row.unread_count) == (Handler.PEOPLE, 1)


def test_what_a_blocked_customer_writes_on_reopens_nothing(acme: Workspace, ben: Member) -> None:
    ada = ContactFactory(workspace=acme)
    row = ConversationFactory(workspace=acme, contact=ada)
    actions.reply(conversation=row, body="Done.", by=ben.actor, at=minutes(1))
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=minutes(1))
    actions.block_contact(contact=ada, by=ben.actor, at=minutes(2))
    customer = Actor(ActorKind.CONTACT, acme.pk, id=ada.pk)
    actions.receive(conversation=row, body="Again!", by=customer, at=minutes(3))
    row = Conversation.objects.get(pk=row.pk)
    assert (row.status, row.unread_count, row.message_count) == (Status.RESOLVED, 0, 3)
    actions.unblock_contact(contact=ada, by=ben.actor, at=minutes(4))
    actions.receive(conversation=row, body="Please", by=customer, at=minutes(5))
    assert Conversation.objects.get(pk=row.pk).status == Status.OPEN


def test_team_can_still_write_to_a_blocked_customer(acme: Workspace, ben: Member) -> None:
    ada = actions.block_contact(contact=ContactFactory(workspace=acme), by=ben.actor, at=MORNING)
    row = ConversationFactory(workspace=acme, contact=ada, body=None)
    assert row.handler == Handler.PEOPLE
    with nothing_changes():
        actions.block_contact(contact=ada, by=ben.actor, at=minutes(1))


def test_only_its_author_edits_a_note_and_admins_delete_others(acme: Workspace, ben: Member, ada: Member) -> None:
    contact = ContactFactory(workspace=acme)
    note = actions.add_contact_note(contact=contact, body="Calls on Mondays", by=ben.actor, at=MORNING)
    with refused(Forbidden):
        actions.edit_contact_note(note=note, body="x", by=ada.actor, at=minutes(1))
    assert actions.edit_contact_note(note=note, body="Tuesdays", by=ben.actor, at=minutes(1)).edited_at == minutes(1)
    actions.delete_contact_note(note=note, by=ada.actor, at=minutes(2))
    assert not contact.notes(manager="objects").exists()


def test_caller_with_an_id_or_address_of_before_fills_gaps_and_replaces_nothing(acme: Workspace, ben: Member) -> None:
    into = ContactFactory(workspace=acme, external_id="new", email="ada@example.com", name="Ada Park", company="")
    old = ContactFactory(workspace=acme, external_id="old", email="ada@old.example", name="Ada P.")
    actions.merge_contacts(contact=old, into=into, by=ben.actor, at=minutes(1))
    Contact.objects.filter(pk=into.pk).update(company="", first_name="", last_name="")
    for named in ({"external_id": "old", "email": "ada@third.example"}, {"email": "ada@old.example"}):
        found = actions.identify(
            workspace=acme, name="A. Nother", first_name="A.", last_name="Nother", company="Acme", **named,
            by=ben.actor, at=minutes(2),
        )  # fmt: skip
        assert (found.pk, found.external_id, found.email) == (into.pk, "new", "ada@example.com")
        assert (found.name, found.first_name, found.company) == ("Ada Park", "", "Acme")
    with nothing_changes():
        actions.identify(workspace=acme, external_id="old", company="Other", by=ben.actor, at=minutes(3))
