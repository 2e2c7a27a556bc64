"""Other ids of a customer are added and removed by hand, and lead to them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Conflict, Invalid
from accounts.models import Event, Workspace
from conversations import actions
from conversations.models import Contact
from conversations.models.searched import holding
from conversations.queries import conversations as queries
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, refused
from tests.factories import ContactFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def ada(acme: Workspace) -> Contact:
    found: Contact = ContactFactory(workspace=acme, name="Ada", external_id="ada")
    return found


def add(contact: Contact, ben: Member, value: str) -> Contact:
    return actions.add_id(contact=contact, value=value, by=ben.actor, at=MORNING)


def test_other_id_leads_to_its_customer_until_it_is_removed(acme: Workspace, ada: Contact, ben: Member) -> None:
    how: dict[str, Any] = {"by": ben.actor, "at": minutes(1)}
    add(ada, ben, " crm-7 ")
    assert actions.identify(workspace=acme, external_id="crm-7", name="Other", **how) == ada
    assert queries.contact_named("crm-7") == queries.contact_by_reference("crm-7") == ada
    assert Contact.objects.filter(holding("crm-7"), merged_into=None).get() == ada
    with nothing_changes():
        add(ada, ben, "crm-7")
        add(ada, ben, "ada")
        actions.remove_id(contact=ada, value="crm-8", **how)
    actions.remove_id(contact=ada, value="crm-7", **how)
    assert queries.contact_named("crm-7") is None
    assert Contact.objects.get() == ada
    assert actions.identify(workspace=acme, external_id="crm-7", **how) != ada
    kinds = (
        Event.objects.filter(subject_type="contact", subject_id=ada.pk).order_by("pk").values_list("type", flat=True)
    )
    assert [*kinds][-2:] == ["contact.id_added", "contact.id_removed"]


def test_first_id_is_the_customers_own(acme: Workspace, ben: Member) -> None:
    row = ContactFactory(workspace=acme, external_id=None)
    assert add(row, ben, "one").external_id == "one"
    assert actions.remove_id(contact=row, value="one", by=ben.actor, at=minutes(1)).external_id is None
    assert Contact.objects.count() == 1


def test_id_of_another_customer_or_of_nobody_who_is_known_is_refused(
    acme: Workspace, ada: Contact, ben: Member
) -> None:
    other = ContactFactory(workspace=acme, external_id="other")
    add(other, ben, "more")
    for value in ("other", "more"):
        with refused(Conflict, field="value"):
            add(ada, ben, value)
    for value in ("", " ", "x" * 401, "a\0b"):
        with refused(Invalid, field="value"):
            add(ada, ben, value)
    visitor = ContactFactory(workspace=acme)
    Contact.objects.filter(pk=visitor.pk).update(is_verified=False)
    with refused(Invalid, field="value"):
        add(visitor, ben, "visitor")


def test_ids_go_along_with_a_merge_and_come_back(acme: Workspace, ada: Contact, ben: Member) -> None:
    other = ContactFactory(workspace=acme, external_id="other")
    add(other, ben, "more")
    how: dict[str, Any] = {"by": ben.actor, "at": minutes(1)}
    actions.merge_contacts(contact=other, into=ada, **how)
    assert queries.contact_named("more") == queries.contact_named("other") == ada
    actions.undo_contact_merge(contact=Contact.objects.get(pk=other.pk), **how)
    assert queries.contact_named("more") == other


def test_page_adds_and_removes_ids_and_offers_to_merge_with_who_has_one(
    acme: Workspace, ada: Contact, ben: Member, vic: Member
) -> None:
    other = ContactFactory(workspace=acme, name="Countess", email="countess@example.com", external_id="other")
    actions.add_address(contact=other, kind="phone", value="+44 20 7946 0000", by=ben.actor, at=MORNING)
    place, page = f"/w/acme/customers/{ada.public_id}", ben.signed_in()
    shown = page.post(f"{place}/addresses", {"kind": "id", "value": "crm-7"}, follow=True).content.decode()
    assert "ID added." in shown
    assert "Remove crm-7" in shown
    assert "Undo the merge" not in shown
    assert "crm-7" in vic.signed_in().get(place).content.decode()
    for kind, value in (("id", "other"), ("email", "Countess@example.com"), ("phone", "+44 (20) 7946-0000")):
        answer = page.post(f"{place}/addresses", {"kind": kind, "value": value})
        assert answer.status_code == 422
        assert f"{place}/merge?with={other.public_id}" in answer.content.decode()
    assert "ID removed." in page.post(f"{place}/ids/remove", {"value": "crm-7"}, follow=True).content.decode()
    assert vic.signed_in().post(f"{place}/ids/remove", {"value": "ada"}).status_code == 403
