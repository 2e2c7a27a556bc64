"""Merging two customers: everything moves, every id leads to the one that is left, and it can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.chat import actions as chat_actions
from conversations.chat import sessions
from conversations.models import (
    Channel,
    ChatSession,
    Contact,
    ContactAddress,
    ContactNote,
    Conversation,
    DiscordMember,
    Message,
    Widget,
)
from conversations.models.searched import holding
from conversations.queries import conversations as queries
from tests.conftest import Key, Member
from tests.effects import MORNING, minutes, refused, types
from tests.factories import ContactFactory, ConversationFactory

WOES = "/api/v1/conversations"

pytestmark = pytest.mark.usefixtures("in_acme")


def merge(contact: Contact, into: Contact, by: Actor) -> Contact:
    return actions.merge_contacts(contact=contact, into=into, by=by, at=minutes(5))


def undo(contact: Contact, by: Actor) -> Contact:
    return actions.undo_contact_merge(contact=Contact.objects.get(pk=contact.pk), by=by, at=minutes(6))


def person(acme: Workspace, **values: Any) -> Contact:
    return ContactFactory(workspace=acme, **values)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row that a merge touches, without the moments of change."""
    found = {}
    for model in (Contact, Conversation, Message, ContactAddress, ContactNote, DiscordMember, ChatSession):
        rows = model.objects.order_by("pk").values()
        found[model.__name__] = [{name: value for name, value in row.items() if name != "updated_at"} for row in rows]
    return found


def test_conversations_messages_notes_and_addresses_move(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme), person(acme, external_id=None)
    talk = ConversationFactory(workspace=acme, contact=double)
    note = actions.add_contact_note(contact=double, body="Speaks French", by=ben.actor, at=MORNING)
    phone = actions.add_address(contact=double, kind="phone", value="+44 20 7946 0000", by=ben.actor, at=MORNING)
    member = DiscordMember.objects.create(discord_id=7, contact=double)
    kept = merge(double, ada, ben.actor)
    talk.refresh_from_db()
    assert talk.contact_id == ada.pk == kept.pk
    message = talk.messages.get()
    assert (message.sender_contact_id, message.sender_reference) == (ada.pk, ada.reference)
    for row in (note, phone, member):
        row.refresh_from_db()
        assert row.contact_id == ada.pk
    assert Contact.objects.get(pk=double.pk).merged_into_id == ada.pk


def test_ids_of_both_lead_to_the_one_that_is_left(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme, external_id="one"), person(acme, external_id="two")
    merge(double, ada, ben.actor)
    for reference in ("one", "two", str(ada.public_id), str(double.public_id)):
        assert queries.contact_by_reference(reference) == ada
    assert queries.contact_named("two") == ada
    found = actions.identify(workspace=acme, external_id="two", name="Ada L.", by=ben.actor, at=minutes(7))
    assert (found.pk, found.external_id, found.name) == (ada.pk, "one", ada.name)


def test_only_external_id_is_adopted(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme, external_id=None), person(acme, external_id="two")
    assert merge(double, ada, ben.actor).external_id == "two"
    assert queries.contact_by_reference("two") == ada
    undo(double, ben.actor)
    assert queries.contact_by_reference("two") == double


def test_mail_from_the_address_of_the_other_is_theirs_and_changes_no_address(acme: Workspace, ben: Member) -> None:
    ada = person(acme, email="ada@example.com", external_id=None)
    double = person(acme, email="ada@work.example", external_id=None)
    merge(double, ada, ben.actor)
    found = actions.identify(workspace=acme, email="Ada@work.example", by=ben.actor, at=minutes(7))
    assert (found.pk, found.email) == (ada.pk, "ada@example.com")
    assert ada.addresses.get().value == "ada@work.example"


def test_customer_is_found_by_what_the_other_was_called(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme, name="Ada"), person(acme, name="Countess", email="countess@example.com")
    merge(double, ada, ben.actor)
    assert Contact.objects.filter(holding("countess"), merged_into=None).get() == ada


def test_gaps_are_filled_and_nothing_is_replaced(acme: Workspace, ben: Member) -> None:
    ada = person(acme, name="Ada", email=None, external_id="one")
    double = person(acme, name="A. L.", email="ada@example.com", company="Acme", external_id="two")
    Contact.objects.filter(pk=double.pk).update(traits={"plan": "gold", "seats": 3}, attributes={"vip": True})
    Contact.objects.filter(pk=ada.pk).update(traits={"plan": "free"})
    kept = merge(Contact.objects.get(pk=double.pk), ada, ben.actor)
    assert (kept.name, kept.email, kept.company) == ("Ada", "ada@example.com", "Acme")
    assert kept.traits == {"plan": "free", "seats": 3}
    assert kept.attributes == {"vip": True}


def test_merge_is_taken_back_whole(acme: Workspace, ben: Member) -> None:
    ada = person(acme, email=None, external_id=None)
    double = person(acme, company="Acme")
    third = person(acme)
    ConversationFactory(workspace=acme, contact=ada)
    talk = ConversationFactory(workspace=acme, contact=double)
    actions.receive(conversation=talk, body="And more", by=ben.actor, at=minutes(1))
    actions.reply(conversation=talk, body="Yes", by=ben.actor, at=minutes(2))
    actions.add_contact_note(contact=double, body="VIP", by=ben.actor, at=MORNING)
    actions.add_address(contact=double, kind="email", value="x@example.com", by=ben.actor, at=MORNING)
    merge(third, double, ben.actor)
    before = everything()
    merge(Contact.objects.get(pk=double.pk), ada, ben.actor)
    assert Contact.objects.get(pk=third.pk).merged_into_id == ada.pk
    undo(double, ben.actor)
    assert everything() == before


def test_what_came_after_the_merge_stays_with_the_one_that_is_left(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme), person(acme)
    talk = ConversationFactory(workspace=acme, contact=double)
    merge(double, ada, ben.actor)
    later = ConversationFactory(workspace=acme, contact=ada)
    undo(double, ben.actor)
    assert Conversation.objects.get(pk=talk.pk).contact == double
    assert Conversation.objects.get(pk=later.pk).contact == ada


def test_undo_of_no_merge_is_refused(acme: Workspace, ben: Member) -> None:
    ada = person(acme)
    with refused(NotFound):
        undo(ada, ben.actor)


def test_merging_into_oneself_twice_or_into_an_unverified_one_is_refused(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme), person(acme)
    stranger = person(acme, is_trusted=False)
    with refused(Invalid, field="into"):
        merge(ada, ada, ben.actor)
    with refused(Invalid, code="unverified"):
        merge(ada, stranger, ben.actor)
    merge(double, ada, ben.actor)
    with refused(Conflict, code="merged"):
        merge(double, ada, ben.actor)
    with refused(Conflict, code="merged"):
        merge(ada, double, ben.actor)


def test_merge_is_recorded_without_anything_personal(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme, external_id=None), person(acme, external_id="secret-id", email="secret@example.com")
    talk = ConversationFactory(workspace=acme, contact=double)
    assert types(lambda: merge(double, ada, ben.actor)) == [
        "conversation.contact_changed", "contact.merged", "contact.absorbed",
    ]  # fmt: skip
    printed = " ".join(str(event.data) for event in Event.objects.all())
    assert "secret" not in printed
    assert talk.pk in Event.objects.get(type="contact.merged").data["undo"]["conversations"]


def test_browser_that_has_proven_nothing_sees_no_chats_of_the_other(acme: Workspace, ben: Member) -> None:
    widget = Widget.objects.create(workspace=acme, name="Website")
    visiting = {"by": sessions.visitor(widget), "at": MORNING}
    session = chat_actions.start_session(widget=widget, **visiting).session
    ConversationFactory(workspace=acme, contact=session.contact, door=Door(Channel.CHAT, "chat"))
    ada = person(acme)
    ConversationFactory(workspace=acme, contact=ada, door=Door(Channel.CHAT, "chat"))
    merge(session.contact, ada, ben.actor)
    session.refresh_from_db()
    assert session.ended_at is not None
    assert session.contact_id != ada.pk


def test_ticket_names_the_customer_that_is_left(acme: Workspace, ben: Member) -> None:
    ada, double = person(acme, name="Ada"), person(acme, name="A. L.")
    talk = ConversationFactory(workspace=acme, contact=double)
    ticket = actions.escalate(conversation=talk, by=ben.actor, at=minutes(1))
    merge(double, ada, ben.actor)
    ticket.refresh_from_db()
    assert ticket.anonymous_traits["name"] == "Ada"


def test_client_that_names_the_merged_id_lists_the_conversations(acme: Workspace, ben: Member, acme_key: Key) -> None:
    ada, double = person(acme, external_id="one"), person(acme, external_id="two")
    ConversationFactory(workspace=acme)
    mine = {ConversationFactory(workspace=acme, contact=one).subject for one in (ada, double)}
    merge(double, ada, ben.actor)
    for reference in ("one", "two", str(ada.public_id), str(double.public_id)):
        answer = Client().get(WOES, {"customerId": reference}, headers={"Authorization": f"Bearer {acme_key.secret}"})
        assert {row["subject"] for row in answer.json()["conversations"]} == mine, reference


def test_what_is_in_the_trash_moves_along_and_back(acme: Workspace, ada: Member) -> None:
    one, double = person(acme), person(acme)
    talk = ConversationFactory(workspace=acme, contact=double)
    actions.trash(conversation=talk, by=ada.actor, at=minutes(1))
    merge(double, one, ada.actor)
    assert Conversation.trash.get().contact == one
    undo(double, ada.actor)
    assert Conversation.trash.get().contact == double
    actions.restore(conversation=talk, by=ada.actor, at=minutes(7))
    assert Conversation.objects.get().contact == double


def test_browser_that_has_proven_nothing_sees_no_chat_that_comes_back_from_the_trash(
    acme: Workspace, ada: Member
) -> None:
    one, double = person(acme), person(acme)
    talk = ConversationFactory(workspace=acme, contact=one, door=Door(Channel.CHAT, "chat"))
    widget = Widget.objects.create(workspace=acme, name="Website")
    session = chat_actions.start_session(widget=widget, by=sessions.visitor(widget), at=MORNING).session
    ChatSession.objects.filter(pk=session.pk).update(contact=double)
    actions.trash(conversation=talk, by=ada.actor, at=minutes(1))
    merge(double, one, ada.actor)
    session.refresh_from_db()
    assert session.ended_at is not None
