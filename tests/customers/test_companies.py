"""Companies: a name once in any case, customers that follow it, and two that become one."""

from __future__ import annotations

import pytest

from accounts.errors import Conflict, Invalid
from accounts.models import Workspace
from conversations import actions
from conversations.models import Company, Contact
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, refused
from tests.factories import ContactFactory

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
    assert [*Company.objects.all()] == [one]
    ada = Contact.objects.get(pk=ada.pk)
    assert (ada.organization, ada.company) == (one, "Example")


def test_company_is_not_merged_into_itself(acme: Workspace, ben: Member) -> None:
    company = create(acme, ben, "Example")
    with refused(Invalid, field="into"):
        actions.merge_companies(company=company, into=company, by=ben.actor, at=minutes(1))
