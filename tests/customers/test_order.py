"""The orders of the list of customers: last activity, name and creation, page by page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts import tenancy
from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Role, Visibility
from conversations.models import Contact, Conversation
from conversations.queries import customers
from tests.conftest import Member, member
from tests.effects import MORNING
from tests.factories import ContactFactory, ConversationFactory
from tests.inbox.conftest import markup_of, queries_of, text_of

pytestmark = pytest.mark.usefixtures("in_acme")
URL = "/w/acme/customers"


@pytest.fixture
def known(acme: Workspace) -> dict[str, Contact]:
    """Cem wrote last, then Bea, then anna; Dan and one without a name have never written; Eve was merged into Bea."""
    rows = {name: ContactFactory(workspace=acme, name=name) for name in ("Bea", "Cem", "anna", "Dan")}
    rows[""] = ContactFactory(workspace=acme, name="", email="nobody@example.com", external_id=None)
    rows["Eve"] = ContactFactory(workspace=acme, name="Eve")
    Contact.objects.filter(pk=rows["Eve"].pk).update(merged_into=rows["Bea"])
    for hour, name in enumerate(("Cem", "anna", "Bea", "Cem"), 1):
        made = ConversationFactory(workspace=acme, contact=rows[name])
        Conversation.objects.filter(pk=made.pk).update(last_activity_at=MORNING + timedelta(hours=hour))
    return rows


def names(order: str, limit: int = 50, *, is_filtered: bool = False) -> list[str]:
    """The names of all pages, each of `limit` rows at most."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = customers.page(customers.customers(), order=order, is_filtered=is_filtered, after=after, limit=limit)
        assert len(page.rows) <= limit
        found += [row.name for row in page.rows]
        if page.next is None:
            return found
        after = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 50])
def test_every_page_goes_on_where_the_one_before_ended(known: dict[str, Contact], limit: int) -> None:
    assert names("active", limit) == ["Cem", "Bea", "anna", "", "Dan"]
    assert names("active", limit, is_filtered=True) == ["Cem", "Bea", "anna", "", "Dan"]
    assert names("name", limit) == ["anna", "Bea", "Cem", "Dan", ""]
    assert names("created", limit) == ["", "Dan", "anna", "Cem", "Bea"]


def test_equal_moments_and_names_lose_nobody(acme: Workspace) -> None:
    for _ in range(5):
        ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name="Twin"))
    Conversation.objects.update(last_activity_at=MORNING)
    for order in customers.ORDERS:
        for is_filtered in (False, True):
            assert names(order, 2, is_filtered=is_filtered) == ["Twin"] * 5


def test_activity_that_a_member_does_not_see_is_no_reason_for_a_place(
    acme: Workspace, known: dict[str, Contact]
) -> None:
    noor = member(acme, "Noor Haddad", Role.AGENT)
    noor.membership.visibility = Visibility.TEAMS
    noor.membership.save()
    Conversation.objects.filter(contact=known["anna"]).update(assignee=noor.user)
    with tenancy.scope(acme, noor.membership.viewer):
        assert names("active")[:1] == ["anna"]


def test_list_shows_its_order_and_keeps_it_in_the_address(ben: Member, known: dict[str, Contact]) -> None:
    client = ben.signed_in()

    def shown(query: str) -> list[str]:
        page = markup_of(client.get(f"{URL}{query}").content)
        return re.findall(r'<a class="listing__who"[^>]*> <b><bdi>([^<]*)</bdi>', page)

    assert shown("")[:3] == ["Cem", "Bea", "anna"]
    assert shown("?order=name")[:3] == ["anna", "Bea", "Cem"]
    assert shown("?order=created")[0] == "nobody@example.com"
    assert shown("?order=name&q=e") == shown("?q=e&order=name")
    page = markup_of(client.get(f"{URL}?order=name&q=cem").content)
    assert '<input type="hidden" name="order" value="name">' in page
    assert f'<a href="{URL}?q=cem&amp;order=name" aria-current="true">Name</a>' in page
    assert f'<a href="{URL}?q=cem">Last activity</a>' in page
    assert f'href="{URL}?order=name"' in page  # the search taken away
    assert "Last activity" in text_of(client.get(f"{URL}?order=nonsense").content)
    for cursor in ("x", "first.", "first.x", "rest.x&order=name", "more.1", "%00"):
        assert client.get(f"{URL}?after={cursor}").status_code in (200, 404)


def test_cursors_that_this_desk_did_not_make_are_refused() -> None:
    for order, cursor in (
        ("active", "first.x"),
        ("name", "first.eA"),
        ("created", "first.x"),
        ("active", "what.1"),
        ("active", "rest"),
    ):
        with pytest.raises(Invalid):
            customers.page(customers.customers(), order=order, is_filtered=False, after=cursor)


@pytest.mark.parametrize("order", customers.ORDERS)
def test_list_asks_as_often_for_many_as_for_one(ben: Member, acme: Workspace, order: str) -> None:
    client: Client = ben.signed_in()
    ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name="First"))
    client.get(f"{URL}?order={order}")
    one = queries_of(lambda: client.get(f"{URL}?order={order}"))
    for number in range(49):
        ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name=f"Customer {number}"))
    assert queries_of(lambda: client.get(f"{URL}?order={order}")) == one
