"""Contacts: who is found, who is made, whose word counts, and what may be changed of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Contact, Conversation
from conversations.queries import conversations as queries
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused, types
from tests.factories import ContactFactory, ConversationFactory

pytestmark = pytest.mark.usefixtures("in_acme")


def identify(acme: Workspace, **values: Any) -> Contact:
    values.setdefault("at", MORNING)
    return actions.identify(workspace=acme, by=Actor.system(acme.pk), **values)


def update(contact: Contact, **values: Any) -> Contact:
    by = Actor.system(contact.workspace_id)
    return actions.update_contact(contact=contact, by=by, at=minutes(1), **values)


def test_new_person_is_one_event_without_anything_personal(acme: Workspace) -> None:
    events = recorded(lambda: identify(acme, external_id="cus_1", email="jane@example.com", name="Jane"))
    assert events == [("contact.created", {})]


def test_new_person_has_what_was_stated(acme: Workspace) -> None:
    contact = identify(
        acme,
        external_id=" cus_1 ",
        email=" Jane@Example.COM ",
        name=" Jane Doe ",
        company="Acme",
        identity_source="jwt",
    )
    assert (contact.external_id, contact.email, contact.name, contact.company) == (
        "cus_1", "jane@example.com", "Jane Doe", "Acme",
    )  # fmt: skip
    assert (contact.identity_source, contact.is_verified, contact.created_at) == ("jwt", True, MORNING)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"first_name": "Jane", "last_name": "Doe"}, "Jane Doe"),
        ({"first_name": "Jane"}, "Jane"),
        ({"last_name": "Doe"}, "Doe"),
        ({"name": "J. D.", "first_name": "Jane"}, "J. D."),
        ({}, ""),
    ],
)
def test_name_is_made_of_its_parts_where_it_is_not_stated(acme: Workspace, values: dict[str, str], name: str) -> None:
    assert identify(acme, external_id="cus_1", **values).name == name


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"name": "Jane", "email": "j@e.com", "external_id": "c"}, "Jane"),
        ({"email": "j@e.com", "external_id": "c"}, "j@e.com"),
        ({"external_id": "c"}, "c"),
        ({}, "Visitor {pk}"),
    ],
)
def test_person_is_always_called_something(acme: Workspace, values: dict[str, str], shown: str) -> None:
    contact = identify(acme, **values)
    assert contact.display_name == shown.format(pk=contact.pk)


@pytest.mark.parametrize(
    ("field", "longest"),
    [("external_id", 400), ("name", 400), ("first_name", 200), ("last_name", 200), ("company", 400)],
)
def test_longest_value_is_kept_and_a_longer_one_refused(acme: Workspace, field: str, longest: int) -> None:
    assert getattr(identify(acme, **{field: "x" * longest}), field) == "x" * longest
    with refused(Invalid, field=field, code="too_long"):
        identify(acme, **{field: "x" * (longest + 1)})
    with refused(Invalid, field=field, code="not_text"):
        identify(acme, **{field: "nul\x00"})


def test_visitor_who_states_nothing_is_always_someone_new(acme: Workspace) -> None:
    assert identify(acme).pk != identify(acme).pk


def test_blank_values_say_nothing(acme: Workspace) -> None:
    known = identify(acme, external_id="cus_1", email="jane@example.com", name="Jane")
    with nothing_changes():
        assert identify(acme, external_id="cus_1", email=" ", name="", company=" ") == known


def test_known_person_learns_what_is_new(acme: Workspace) -> None:
    known = identify(acme, external_id="cus_1", name="Jane")
    events = recorded(lambda: identify(acme, external_id="cus_1", email="jane@e.com", company="Acme", at=minutes(1)))
    assert events == [("contact.updated", {"fields": ["email", "company"]})]
    known.refresh_from_db()
    assert (known.email, known.company, known.name, known.updated_at) == ("jane@e.com", "Acme", "Jane", minutes(1))


def test_of_several_with_one_email_the_first_verified_is_meant(acme: Workspace) -> None:
    identify(acme, email="team@example.com", is_trusted=False)
    first = identify(acme, external_id="a", email="team@example.com")
    identify(acme, external_id="b", email="team@example.com")
    assert identify(acme, email="team@example.com") == first


def test_unverified_person_is_found_by_email_when_no_one_else_has_it(acme: Workspace) -> None:
    claimed = identify(acme, email="jane@example.com", is_trusted=False)
    assert identify(acme, email="jane@example.com") == claimed


def test_unverified_person_is_not_adopted(acme: Workspace) -> None:
    claimed = identify(acme, email="jane@example.com", is_trusted=False)
    assert identify(acme, external_id="cus_1", email="jane@example.com") != claimed


def test_address_that_is_not_verified_finds_no_one(acme: Workspace) -> None:
    known = identify(acme, email="jane@example.com", name="Jane")
    stated = identify(acme, external_id="cus_1", email="jane@example.com", is_email_verified=False)
    assert (stated == known, stated.is_verified, stated.external_id) == (False, False, "cus_1")


def test_address_that_is_not_verified_replaces_no_verified_one(acme: Workspace) -> None:
    known = identify(acme, external_id="cus_1", email="jane@example.com")
    identify(acme, external_id="cus_1", email="other@example.com", name="Jane", is_email_verified=False)
    known.refresh_from_db()
    assert (known.email, known.name) == ("jane@example.com", "Jane")


def test_untrusted_caller_always_makes_someone_new_and_unverified(acme: Workspace) -> None:
    first = identify(acme, external_id="cus_1", email="jane@example.com", is_trusted=False)
    second = identify(acme, external_id="cus_1", email="jane@example.com", is_trusted=False)
    assert (first == second, first.is_verified, first.external_id, first.email) == (
        False, False, None, "jane@example.com",
    )  # fmt: skip


def test_same_person_in_two_workspaces_is_two_contacts(acme: Workspace, globex: Workspace) -> None:
    ours = identify(acme, external_id="cus_1")
    theirs = ContactFactory(workspace=globex, external_id="cus_1")
    assert ours.pk != theirs.pk
    assert queries.contact_named("cus_1") == ours


# --- Changing -----------------------------------------------------------------------------------


def test_change_is_one_event_that_names_the_fields_alone(acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme, name="Jane", company="Acme")
    events = recorded(lambda: update(contact, name="Jane Smith", company="Acme"))
    assert events == [("contact.updated", {"fields": ["name"]})]
    assert Contact.objects.get(pk=contact.pk).updated_at == minutes(1)


def test_change_to_the_same_does_nothing(acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme, name="Jane", email="jane@example.com")
    with nothing_changes():
        update(contact, name="Jane", email="JANE@example.com ")


def test_external_id_of_another_contact_is_taken(acme: Workspace) -> None:
    ContactFactory(workspace=acme, external_id="cus_1")
    other = ContactFactory(workspace=acme, external_id="cus_2")
    with refused(Conflict, field="external_id"):
        update(other, external_id="cus_1")


def test_email_may_be_shared(acme: Workspace) -> None:
    ContactFactory(workspace=acme, email="team@example.com")
    other = ContactFactory(workspace=acme, email="solo@example.com")
    assert update(other, email="team@example.com").email == "team@example.com"


@pytest.mark.parametrize(
    ("values", "after"),
    [
        ({"name": "Jane Smith"}, ("Jane Smith", "", "")),
        ({"first_name": "Janet"}, ("Janet", "Janet", "Doe")),
        ({"first_name": "Janet", "name": "Janet D."}, ("Janet D.", "Janet", "Doe")),
        ({"company": "Acme"}, ("Jane Doe", "Jane", "Doe")),
    ],
)
def test_parts_of_a_name_follow_what_is_stated(
    acme: Workspace, values: dict[str, str], after: tuple[str, str, str]
) -> None:
    contact = identify(acme, external_id="cus_1", first_name="Jane", last_name="Doe")
    changed = update(contact, **values)
    assert (changed.name, changed.first_name, changed.last_name) == after


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@example.com"])
def test_email_that_is_none_changes_nothing(acme: Workspace, email: str) -> None:
    contact = ContactFactory(workspace=acme)
    with refused(Invalid, field="email"):
        update(contact, name="Changed", email=email)


def test_contact_of_another_workspace_is_missing(globex: Workspace, ben: Member) -> None:
    theirs = ContactFactory(workspace=globex)
    with refused(NotFound):
        actions.update_contact(contact=theirs, name="Ours", by=ben.actor, at=MORNING)


def test_renaming_touches_no_conversation(acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme, at=MORNING)
    assert types(lambda: update(conversation.contact, name="New Name")) == ["contact.updated"]
    assert Conversation.objects.get().updated_at == MORNING


# --- Questions ----------------------------------------------------------------------------------


def test_contact_is_known_by_external_id_or_by_the_desks_own(acme: Workspace, globex: Workspace) -> None:
    named, visitor = ContactFactory(workspace=acme, external_id="cus_1"), identify(acme)
    theirs = ContactFactory(workspace=globex)
    assert queries.contact_by_reference("cus_1") == named
    assert queries.contact_by_reference(visitor.reference) == visitor
    for reference in ("cus_9", str(uuid.uuid4()), str(theirs.public_id), "", "x" * 500):
        assert queries.contact_by_reference(reference) is None, reference


@pytest.mark.parametrize(
    ("external_id", "email", "finds"),
    [
        ("cus_1", "", True), ("cus_9", "", False), ("cus_9", " FREE@example.com ", True),
        ("cus_9", "jane@example.com", False), ("", "free@example.com", True),
    ],
)  # fmt: skip
def test_question_who_is_meant_agrees_with_identifying(
    acme: Workspace, external_id: str, email: str, finds: bool
) -> None:
    identify(acme, external_id="cus_1", email="jane@example.com")
    identify(acme, email="free@example.com")
    found = queries.contact_named(external_id, email)
    assert (found is not None) == finds
    if external_id:
        count = Contact.objects.count()
        meant = identify(acme, external_id=external_id, email=email)
        assert (meant == found, Contact.objects.count() == count) == (finds, finds)
