"""Companies: a name once in any case, customers that follow it, and two that become one."""

from __future__ import annotations

import pytest

from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Workspace
from conversations import actions
from conversations.models import Company, Contact
from conversations.queries import customers as queries
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, refused
from tests.factories import ContactFactory
from tickets import actions as ticket_actions

pytestmark = pytest.mark.usefixtures("in_acme")


def create(acme: Workspace, ben: Member, name: str, domains: tuple[str, ...] = ()) -> Company:
    return actions.create_company(workspace=acme, name=name, domains=domains, by=ben.actor, at=MORNING)


def test_name_is_taken_in_any_case(acme: Workspace, ben: Member) -> None:
    create(acme, ben, "Example  Ltd ")
    with refused(Conflict, field="name"):
        create(acme, ben, "EXAMPLE LTD")
    assert Company.objects.get().name == "Example Ltd"


@pytest.mark.parametrize("domain", ["example", "exa mple.com", "https://example.com", "x" * 300 + ".com", "a\x00b.com"])
def test_what_is_no_domain_is_refused(acme: Workspace, ben: Member, domain: str) -> None:
    with refused(Invalid, field="domains"):
        create(acme, ben, "Example", (domain,))


@pytest.mark.parametrize("name", ["", "  ", "x" * 401, "a\x00b"])
def test_what_is_no_name_is_refused(acme: Workspace, ben: Member, name: str) -> None:
    with refused(Invalid, field="name"):
        create(acme, ben, name)


def test_domains_are_kept_once_in_lower_case(acme: Workspace, ben: Member) -> None:
    assert create(acme, ben, "Example", ("@Example.com", "example.com.", "")).domains == ["example.com"]


def test_customer_belongs_to_a_company_and_prints_its_name(acme: Workspace, ben: Member) -> None:
    company, ada = create(acme, ben, "Example"), ContactFactory(workspace=acme, company="Old Ltd")
    ada = actions.set_company(contact=ada, company=company, by=ben.actor, at=minutes(1))
    assert (ada.organization, ada.company) == (company, "Example")
    with nothing_changes():
        actions.set_company(contact=ada, company=company, by=ben.actor, at=minutes(2))
    actions.update_company(company=company, name="Example GmbH", by=ben.actor, at=minutes(3))
    ada.refresh_from_db()
    assert ada.company == "Example GmbH"
    ada = actions.set_company(contact=ada, company=None, by=ben.actor, at=minutes(4))
    assert (ada.organization, ada.company) == (None, "")


def test_two_companies_become_one(acme: Workspace, ben: Member) -> None:
    one, other = create(acme, ben, "Example", ("example.com",)), create(acme, ben, "Example Inc", ("example.org",))
    ada = ContactFactory(workspace=acme)
    actions.set_company(contact=ada, company=other, by=ben.actor, at=minutes(1))
    kept = actions.merge_companies(company=other, into=one, by=ben.actor, at=minutes(2))
    assert kept.domains == ["example.com", "example.org"]
    assert [*queries.companies()] == [one]
    assert queries.company(other.public_id).merged_into == one
    ada = Contact.objects.get(pk=ada.pk)
    assert (ada.organization, ada.company) == (one, "Example")


def test_merge_is_taken_back_without_what_has_come_since(acme: Workspace, ben: Member) -> None:
    one = create(acme, ben, "Example", ("example.com",))
    other = create(acme, ben, "Example Inc", ("example.com", "example.org"))
    one = actions.update_company(company=one, notes="Big", by=ben.actor, at=minutes(1))
    other = actions.update_company(company=other, notes="Small", by=ben.actor, at=minutes(1))
    theirs, own_text, later = (ContactFactory(workspace=acme) for _ in range(3))
    for row in (theirs, own_text):
        actions.set_company(contact=row, company=other, by=ben.actor, at=minutes(1))
    Contact.objects.filter(pk=own_text.pk).update(company="As the caller says")
    kept = actions.merge_companies(company=other, into=one, by=ben.actor, at=minutes(2))
    assert (kept.domains, kept.notes) == (["example.com", "example.org"], "Big\n\nSmall")
    actions.set_company(contact=later, company=one, by=ben.actor, at=minutes(3))
    back = actions.undo_company_merge(company=other, by=ben.actor, at=minutes(4))
    one.refresh_from_db()
    assert (back.merged_into, back.domains, back.notes) == (None, ["example.com", "example.org"], "Small")
    assert (one.domains, one.notes) == (["example.com"], "Big")
    shown = {row.pk: (row.organization_id, row.company) for row in Contact.objects.all()}
    assert shown == {
        theirs.pk: (other.pk, "Example Inc"), own_text.pk: (other.pk, "As the caller says"), later.pk: (one.pk, "Example"),
    }  # fmt: skip
    with refused(NotFound):
        actions.undo_company_merge(company=back, by=ben.actor, at=minutes(5))


def test_merge_is_not_taken_back_where_the_name_was_given_away(acme: Workspace, ben: Member) -> None:
    one, other = create(acme, ben, "Example"), create(acme, ben, "Example Inc")
    actions.merge_companies(company=other, into=one, by=ben.actor, at=minutes(1))
    create(acme, ben, "EXAMPLE INC")
    with refused(Conflict, code="company_taken"), nothing_changes():
        actions.undo_company_merge(company=other, by=ben.actor, at=minutes(2))


def test_what_was_merged_leads_to_the_last_one_and_is_merged_no_more(acme: Workspace, ben: Member) -> None:
    one, other, third = (create(acme, ben, name) for name in ("One", "Other", "Third"))
    actions.merge_companies(company=one, into=other, by=ben.actor, at=minutes(1))
    actions.merge_companies(company=other, into=third, by=ben.actor, at=minutes(2))
    assert queries.company(one.public_id).merged_into == third
    one.refresh_from_db()
    with refused(Conflict, code="merged"):
        actions.merge_companies(company=one, into=other, by=ben.actor, at=minutes(3))
    with refused(Conflict, code="merged"):
        actions.update_company(company=one, name="New", by=ben.actor, at=minutes(3))
    ada = actions.set_company(contact=ContactFactory(workspace=acme), company=one, by=ben.actor, at=minutes(3))
    assert (ada.organization, ada.company) == (third, "Third")


def test_company_is_found_by_words_of_its_name_and_by_its_domain(acme: Workspace, ben: Member) -> None:
    company = create(acme, ben, "Łęcka Übersee GmbH", ("overseas.example",))
    create(acme, ben, "Other")
    for typed in ("lecka", "ubersee", "LECKA GM", "overseas.example", "overseas"):
        assert [*queries.companies(search=typed)] == [company], typed


def test_company_is_not_merged_into_itself(acme: Workspace, ben: Member) -> None:
    company = create(acme, ben, "Example")
    with refused(Invalid, field="into"):
        actions.merge_companies(company=company, into=company, by=ben.actor, at=minutes(1))


def test_attributes_of_companies_are_set_on_their_page_and_merged(
    acme: Workspace, ben: Member, ada: Member, vic: Member
) -> None:
    for name, kind in (("Plan", "text"), ("Seats", "number")):
        ticket_actions.create_attribute(
            workspace=acme, subject="company", name=name, kind=kind, by=ada.actor, at=MORNING
        )
    one, other = create(acme, ben, "Example"), create(acme, ben, "Example Inc")
    place, page = f"/w/acme/companies/{other.public_id}", ben.signed_in()
    assert page.post(f"{place}/attributes", {"attribute-plan": "Gold", "attribute-seats": "7"}).status_code == 302
    refused_ = page.post(f"{place}/attributes", {"attribute-seats": "many"})
    assert refused_.status_code == 422
    assert 'value="many"' in refused_.content.decode()
    assert vic.signed_in().post(f"{place}/attributes", {"attribute-seats": "1"}).status_code == 403
    other.refresh_from_db()
    assert other.attributes == {"plan": "Gold", "seats": 7}
    actions.set_attributes(row=one, values={"seats": 3}, by=ben.actor, at=minutes(1))
    kept = actions.merge_companies(company=other, into=one, by=ben.actor, at=minutes(2))
    assert kept.attributes == {"plan": "Gold", "seats": 3}
    with refused(Conflict, code="merged"):
        actions.set_attributes(row=other, values={"seats": 3}, by=ben.actor, at=minutes(3))
    actions.undo_company_merge(company=other, by=ben.actor, at=minutes(4))
    one.refresh_from_db()
    assert one.attributes == {"seats": 3}
