"""Custom attributes: what each kind takes, what it refuses, and that values outlive archiving."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Conflict, Invalid
from accounts.models import Event, Workspace
from conversations import actions
from conversations.models import Contact
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, refused
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets import actions as ticket_actions
from tickets.models import Attribute

pytestmark = pytest.mark.usefixtures("in_acme")


def create(acme: Workspace, ada: Member, kind: str, name: str = "Field", **more: Any) -> Attribute:
    more.setdefault("subject", "contact")
    return ticket_actions.create_attribute(workspace=acme, kind=kind, name=name, by=ada.actor, at=MORNING, **more)


def put(row: Any, ben: Member, **values: Any) -> Any:
    return actions.set_attributes(row=row, values=values, by=ben.actor, at=minutes(1))


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", " Gold ", "Gold"),
        ("text", "قيمة 🙂", "قيمة 🙂"),
        ("number", "-12", -12),
        ("number", 7, 7),
        ("number", "9223372036854775807", 2**63 - 1),
        ("decimal", "12.50", "12.50"),
        ("decimal", "12,5", "12.5"),
        ("decimal", 3, "3"),
        ("decimal", "-0.0", "0.0"),
        ("choice", "Gold", "Gold"),
        ("boolean", "yes", True),
        ("boolean", False, False),
        ("date", "2026-02-28", "2026-02-28"),
        ("url", "https://example.com/a?b=c", "https://example.com/a?b=c"),
    ],
)
def test_value_is_stored_by_its_kind(
    acme: Workspace, ada: Member, ben: Member, kind: str, typed: Any, stored: Any
) -> None:
    attribute = create(acme, ada, kind, choices=["Gold", "Silver"])
    contact = put(ContactFactory(workspace=acme), ben, **{attribute.key: typed})
    assert contact.attributes == {attribute.key: stored}
    assert type(contact.attributes[attribute.key]) is type(stored)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "x" * 1001),
        ("text", "a\x00b"),
        ("text", 7),
        ("number", "1.5"),
        ("number", "٣"),
        ("number", True),
        ("number", str(2**63)),
        ("decimal", "1,000,000"),
        ("decimal", "NaN"),
        ("decimal", "1e5"),
        ("choice", "Bronze"),
        ("choice", ["Gold"]),
        ("boolean", "maybe"),
        ("date", "2026-02-30"),
        ("date", "28.02.2026"),
        ("url", "javascript:alert(1)"),
        ("url", "https://"),
        ("url", "https://exa mple.com"),
        ("url", "http://[::1"),
    ],
)
def test_value_of_another_kind_is_refused(acme: Workspace, ada: Member, ben: Member, kind: str, typed: Any) -> None:
    attribute = create(acme, ada, kind, choices=["Gold", "Silver"])
    contact = ContactFactory(workspace=acme)
    with refused(Invalid, field=attribute.key, code="attribute_value"):
        put(contact, ben, **{attribute.key: typed})


def test_blank_takes_a_value_away_and_the_same_value_changes_nothing(acme: Workspace, ada: Member, ben: Member) -> None:
    attribute = create(acme, ada, "number")
    contact = put(ContactFactory(workspace=acme), ben, **{attribute.key: "5"})
    with nothing_changes():
        put(contact, ben, **{attribute.key: "5"})
    assert put(contact, ben, **{attribute.key: "  "}).attributes == {}


def test_one_and_yes_are_two_values(acme: Workspace, ada: Member, ben: Member) -> None:
    contact = ContactFactory(workspace=acme)
    attribute = create(acme, ada, "boolean")
    Contact.objects.filter(pk=contact.pk).update(attributes={attribute.key: 1})
    assert put(contact, ben, **{attribute.key: "yes"}).attributes[attribute.key] is True


def test_conversations_and_tickets_have_their_own(acme: Workspace, ada: Member, ben: Member) -> None:
    create(acme, ada, "text", subject="conversation")
    create(acme, ada, "text", subject="ticket")
    assert put(ConversationFactory(workspace=acme), ben, field="x").attributes == {"field": "x"}
    assert put(TicketFactory(workspace=acme), ben, field="y").attributes == {"field": "y"}
    contact = ContactFactory(workspace=acme)
    with refused(Invalid, code="unknown_attribute"):
        put(contact, ben, field="z")


def test_events_hold_keys_alone(acme: Workspace, ada: Member, ben: Member) -> None:
    create(acme, ada, "text")
    put(ContactFactory(workspace=acme), ben, field="secret")
    event = Event.objects.get(type="contact.attributes_changed")
    assert event.data == {"keys": ["field"]}


def test_values_outlive_archiving(acme: Workspace, ada: Member, ben: Member) -> None:
    attribute = create(acme, ada, "text")
    contact = put(ContactFactory(workspace=acme), ben, field="kept")
    ticket_actions.archive_attribute(attribute=attribute, by=ada.actor, at=minutes(2))
    with refused(Invalid, code="unknown_attribute"):
        put(contact, ben, field="changed")
    ticket_actions.archive_attribute(attribute=attribute, archived=False, by=ada.actor, at=minutes(3))
    assert Contact.objects.get(pk=contact.pk).attributes == {"field": "kept"}


def test_names_are_unique_and_keys_never_change(acme: Workspace, ada: Member) -> None:
    first = create(acme, ada, "text", "Größe & Gewicht")
    second = create(acme, ada, "text", "Gr e gewicht")
    assert (first.key, second.key) == ("gr_e_gewicht", "gr_e_gewicht_2")
    with refused(Conflict, field="name"):
        create(acme, ada, "text", "GRÖSSE & gewicht".replace("SS", "ß"))
    renamed = ticket_actions.update_attribute(attribute=first, name="Size", by=ada.actor, at=minutes(1))
    assert (renamed.name, renamed.key) == ("Size", "gr_e_gewicht")


def test_order_changes_by_one_place(acme: Workspace, ada: Member) -> None:
    rows = [create(acme, ada, "text", name) for name in ("A", "B", "C")]
    ticket_actions.move_attribute(attribute=rows[2], up=True, by=ada.actor, at=minutes(1))
    assert [row.name for row in Attribute.objects.order_by("position", "pk")] == ["A", "C", "B"]
    with nothing_changes():
        ticket_actions.move_attribute(attribute=rows[0], up=True, by=ada.actor, at=minutes(2))


def test_choice_needs_choices(acme: Workspace, ada: Member) -> None:
    with refused(Invalid, field="choices"):
        create(acme, ada, "choice", choices=["", " "])
