"""The customers' screens: what members see, what they change, what is refused, and who may."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.models import Company, Contact, ContactNote, Conversation, Erasure
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, MembershipFactory
from tickets import actions as ticket_actions

pytestmark = pytest.mark.usefixtures("in_acme")
HOME = "/w/acme/customers"


@pytest.fixture
def page(ben: Member) -> Client:
    return ben.signed_in()


@pytest.fixture
def zoe(acme: Workspace) -> Contact:
    return ContactFactory(workspace=acme, name="Zoë Łęcka", email="zoe@example.com", external_id="zoe")


def at(contact: Contact, then: str = "") -> str:
    return f"{HOME}/{contact.public_id}{then}"


def text(answer: Any) -> str:
    return answer.content.decode()


def test_list_is_searched_and_filtered(page: Client, acme: Workspace, zoe: Contact, ada: Member, ben: Member) -> None:
    bob = ContactFactory(workspace=acme, name="Bob Other")
    field = ticket_actions.create_attribute(
        workspace=acme, subject="contact", name="Plan", kind="choice", choices=["Gold"], by=ada.actor, at=clock.now()
    )
    actions.set_attributes(row=zoe, values={field.key: "Gold"}, by=ben.actor, at=clock.now())
    actions.block_contact(contact=bob, by=ben.actor, at=clock.now())
    assert "Bob Other" in text(page.get(HOME))
    for query, seen, hidden in (
        ("?q=lecka", "Zoë", "Bob"), ("?attribute=plan&value=Gold", "Zoë", "Bob"), ("?blocked=1", "Bob", "Zoë"),
    ):  # fmt: skip
        found = text(page.get(HOME + query))
        assert seen in found, query
        assert f"<bdi>{hidden}" not in found, query
    answer = page.get(f"{HOME}?attribute=plan&value=Bronze")
    assert "must be one of its choices" in text(answer)
    assert page.get(f"{HOME}?q=%00&company=y&attribute=none").status_code == 200


def test_list_asks_as_much_for_many_as_for_one_and_goes_on(page: Client, acme: Workspace, zoe: Contact) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert page.get(HOME).status_code == 200
        return len(captured)

    asked()
    one = asked()
    for _ in range(55):
        ConversationFactory(workspace=acme)
    assert asked() <= one
    first = text(page.get(HOME))
    following = re.search(r'href="([^"]*after=[^"]*)"', first)
    assert following
    assert "Zoë" in text(page.get(unescape(following[1])))
    assert "Zoë" not in first


def test_page_has_history_of_all_channels_and_asks_as_much_for_many(
    page: Client, acme: Workspace, zoe: Contact
) -> None:
    ConversationFactory(workspace=acme, contact=zoe, subject="Lamp")

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page.get(at(zoe)).status_code == 200
        return len(captured)

    asked()
    one = asked()
    for _ in range(20):
        ConversationFactory(workspace=acme, contact=zoe)
    assert asked() == one
    assert "Lamp" in text(page.get(at(zoe)))
    oldest = Conversation.objects.order_by("pk")[19].pk
    assert "Lamp" in text(page.get(f"{at(zoe)}?before={oldest}"))


def test_details_are_edited_and_cleared(page: Client, zoe: Contact) -> None:
    saved = {"name": "Zoe", "email": "new@example.com", "company": "Example Ltd"}
    assert page.post(at(zoe, "/edit"), saved).status_code == 302
    zoe.refresh_from_db()
    assert (zoe.name, zoe.email, zoe.company, zoe.organization) == (*saved.values(), Company.objects.get())
    page.post(at(zoe, "/edit"), {"name": "Zoe", "email": "", "company": ""})
    zoe.refresh_from_db()
    assert (zoe.email, zoe.company, zoe.organization) == ("", "", None)


def test_bad_details_change_nothing_and_stay_typed(page: Client, zoe: Contact) -> None:
    answer = page.post(at(zoe, "/edit"), {"name": "Other", "email": "nobody", "company": ""})
    assert answer.status_code == 422
    assert "not an email address" in text(answer)
    assert 'value="nobody"' in text(answer)
    assert Contact.objects.get(pk=zoe.pk).name == "Zoë Łęcka"


def test_new_customer_is_one_who_is_known_by_the_address(page: Client, zoe: Contact) -> None:
    given = {"name": "Someone", "email": "ZOE@example.com", "company": "Elsewhere"}
    answer = page.post(f"{HOME}/new", given)
    assert answer["Location"] == at(zoe)
    assert "belongs to this customer already" in text(page.post(f"{HOME}/new", given, follow=True))
    assert (Contact.objects.get(pk=zoe.pk).name, Company.objects.count()) == (zoe.name, 0)
    answer = page.post(f"{HOME}/new", {"name": "Nia", "email": "", "company": "Example"})
    assert Contact.objects.get(name="Nia").organization == Company.objects.get()
    assert page.post(f"{HOME}/new", {"name": " ", "email": "", "company": ""}).status_code == 422


def test_attribute_is_set_and_a_bad_value_is_named(page: Client, acme: Workspace, zoe: Contact, ada: Member) -> None:
    for name, kind in (("Seats", "number"), ("Note", "text")):
        ticket_actions.create_attribute(
            workspace=acme, subject="contact", name=name, kind=kind, by=ada.actor, at=clock.now()
        )
    answer = page.post(at(zoe, "/attributes"), {"attribute-seats": "many", "attribute-note": "<b>kept</b>"})
    assert answer.status_code == 422
    assert "Seats must be a whole number" in text(answer)
    assert "&lt;b&gt;kept&lt;/b&gt;" in text(answer)
    assert Contact.objects.get(pk=zoe.pk).attributes == {}
    page.post(at(zoe, "/attributes"), {"attribute-seats": "7", "attribute-note": ""})
    assert Contact.objects.get(pk=zoe.pk).attributes == {"seats": 7}


def test_addresses_and_notes(page: Client, acme: Workspace, zoe: Contact) -> None:
    other = ContactFactory(workspace=acme)
    answer = page.post(at(zoe, "/addresses"), {"kind": "email", "value": other.email})
    assert (answer.status_code, "Merge the two instead" in text(answer)) == (422, True)
    page.post(at(zoe, "/addresses"), {"kind": "phone", "value": "+44 20 7946 0000"})
    address = zoe.addresses(manager="objects").get()
    page.post(at(zoe, f"/addresses/{address.pk}/remove"))
    page.post(at(zoe, f"/addresses/{address.pk}/remove"))
    assert not zoe.addresses(manager="objects").exists()
    assert page.post(at(zoe, "/notes"), {"body": "  "}).status_code == 422
    page.post(at(zoe, "/notes"), {"body": "Speaks <Polish>"})
    note = ContactNote.objects.get()
    assert "Speaks &lt;Polish&gt;" in text(page.get(at(zoe)))
    page.post(at(zoe, f"/notes/{note.pk}"), {"body": "Speaks Czech"})
    page.post(at(zoe, f"/notes/{note.pk}/delete"))
    assert not ContactNote.objects.exists()
    assert page.post(at(zoe, f"/notes/{note.pk}/delete")).status_code == 404


def test_duplicate_is_suggested_merged_and_taken_back(page: Client, acme: Workspace, zoe: Contact) -> None:
    double = ContactFactory(workspace=acme, name="Z.", external_id=None, email="z@example.com", company="X")
    Contact.objects.filter(pk=double.pk).update(email=zoe.email)
    ConversationFactory(workspace=acme, contact=double, subject="Second")
    assert "Same email address" in text(page.get(at(zoe)))
    preview = page.get(f"{at(zoe, '/merge')}?with={double.public_id}")
    assert "Merge these two customers?" in text(preview)
    answer = page.post(at(zoe, "/merge"), {"with": str(double.public_id)})
    assert answer["Location"] == f"{at(zoe)}?merged={double.public_id}"
    shown = text(page.get(answer["Location"]))
    assert "was merged into this customer" in shown
    assert "Second" in shown
    assert page.get(at(double))["Location"] == at(zoe)
    assert page.post(at(double, "/unmerge"))["Location"] == at(double)
    assert "Second" in text(page.get(at(double)))
    assert page.post(at(double, "/unmerge")).status_code == 302


def test_blocking_and_unblocking(page: Client, zoe: Contact) -> None:
    page.post(at(zoe, "/block"))
    assert Contact.objects.get(pk=zoe.pk).blocked_at is not None
    assert "Unblock" in text(page.get(at(zoe)))
    page.post(at(zoe, "/block"), {"unblock": "1"})
    assert Contact.objects.get(pk=zoe.pk).blocked_at is None


def test_erasing_wants_the_address_typed_and_is_for_admins(page: Client, ada: Member, zoe: Contact) -> None:
    assert page.get(at(zoe, "/erase")).status_code == 403
    admin = ada.signed_in()
    assert "Type zoe@example.com to confirm" in text(admin.get(at(zoe, "/erase")))
    assert admin.post(at(zoe, "/erase"), {"name": "yes"}).status_code == 422
    assert not Erasure.objects.exists()
    admin.post(at(zoe, "/erase"), {"name": " ZOE@example.com "})
    assert Erasure.objects.get().state == "waiting"
    assert "is being erased" in text(admin.get(at(zoe)))


def test_export_is_a_file_for_admins(page: Client, acme: Workspace, ada: Member, zoe: Contact) -> None:
    ConversationFactory(workspace=acme, contact=zoe, subject="Lamp")
    assert page.post(at(zoe, "/export")).status_code == 403
    answer = ada.signed_in().post(at(zoe, "/export"))
    assert "attachment" in answer["Content-Disposition"]
    document = json.loads(b"".join(answer.streaming_content))  # type: ignore[arg-type]
    assert document["conversations"][0]["subject"] == "Lamp"


def test_viewers_read(vic: Member, zoe: Contact) -> None:
    viewer = vic.signed_in()
    shown = text(viewer.get(at(zoe)))
    assert "Add note" not in shown
    assert "/edit" not in shown
    posts = ("edit", "attributes", "addresses", "notes", "block", "merge", "erase", "export")
    assert {
        viewer.post(at(zoe, f"/{name}"), {"body": "x", "kind": "email", "value": "x@example.com"}).status_code
        for name in posts
    } == {403}


def test_strangers_find_nothing(cleo: Member, zoe: Contact) -> None:
    stranger = cleo.signed_in()
    for path in (HOME, at(zoe), at(zoe, "/merge"), "/w/acme/companies"):
        assert stranger.get(path).status_code == 404


def test_companies(page: Client, acme: Workspace, zoe: Contact, ben: Member) -> None:
    assert (
        page.post("/w/acme/companies/new", {"name": "Example", "domains": "no domain", "notes": ""}).status_code == 422
    )
    page.post("/w/acme/companies/new", {"name": "Example", "domains": "example.com", "notes": "Big <b>"})
    company = Company.objects.get()
    place = f"/w/acme/companies/{company.public_id}"
    actions.set_company(contact=zoe, company=company, by=ben.actor, at=clock.now())
    ConversationFactory(workspace=acme, contact=zoe, subject="Lamp")
    broken = ConversationFactory(workspace=acme, contact=zoe, subject="Broken lamp")
    ticket = actions.escalate(conversation=broken, by=ben.actor, at=clock.now())
    for shown in (text(page.get(place)), text(page.get(at(zoe)))):
        assert f'href="/w/acme/tickets/{ticket.number}"' in shown
    shown = text(page.get(place))
    assert all(one in shown for one in ("Zoë", "Lamp", "example.com", "Big &lt;b&gt;"))
    assert "1 customer<" in text(page.get("/w/acme/companies"))
    assert page.post(f"{place}/merge", {"into": "Nobody"}).status_code == 422
    page.post("/w/acme/companies/new", {"name": "Second", "domains": "", "notes": ""})
    merged = page.post(f"{place}/merge", {"into": "second"}, follow=True)
    assert "Example was merged into this company" in text(merged)
    assert Contact.objects.get(pk=zoe.pk).company == "Second"
    assert page.get(place).status_code == 302
    assert "Example" not in text(page.get("/w/acme/companies"))
    undone = page.post(f"{place}/unmerge", follow=True)
    assert "Merge undone" in text(undone)
    assert Contact.objects.get(pk=zoe.pk).company == "Example"
    assert "was undone already" in text(page.post(f"{place}/unmerge", follow=True))


def test_member_of_another_workspace_reaches_no_company(acme: Workspace, cleo: Member, ben: Member) -> None:
    company = actions.create_company(workspace=acme, name="Example", by=ben.actor, at=clock.now())
    MembershipFactory(workspace=cleo.membership.workspace)
    assert cleo.signed_in().get(f"/w/globex/companies/{company.public_id}").status_code == 404


def test_attributes_and_the_name_are_edited_beside_the_conversation(
    page: Client, acme: Workspace, zoe: Contact, ada: Member
) -> None:
    for subject, name, kind in (("contact", "Seats", "number"), ("conversation", "Order", "text")):
        ticket_actions.create_attribute(
            workspace=acme, subject=subject, name=name, kind=kind, by=ada.actor, at=clock.now()
        )
    row = ConversationFactory(workspace=acme, contact=zoe)
    place = f"/w/acme/inbox/{row.number}"
    assert page.post(f"{place}/attributes", {"attribute-order": "A-7"}).status_code == 302
    assert page.post(f"{place}/customer", {"customer-attribute-seats": "9", "name": "Zoe"}).status_code == 302
    row.refresh_from_db()
    zoe.refresh_from_db()
    assert (row.attributes, zoe.attributes, zoe.name) == ({"order": "A-7"}, {"seats": 9}, "Zoe")
    shown = text(page.get(place))
    assert at(zoe) in shown
    assert "A-7" in shown
    answer = page.post(f"{place}/customer", {"customer-attribute-seats": "many"}, headers={"HX-Request": "true"})
    assert (answer.status_code, "Seats must be a whole number" in text(answer)) == (422, True)
