"""Who and what is offered to choose from: never a customer who was merged or erased, nor a conversation in the Trash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Membership, Workspace
from accounts.permissions import Role, Visibility
from conversations import actions, maintenance
from conversations.knowledge import actions as knowledge_actions
from conversations.models import Contact, SavedView
from conversations.queries import offered
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, MembershipFactory, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.usefixtures("in_acme")
W = "/w/acme"


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def find(page: Client, typed: str) -> str:
    return text(page.get(f"{W}/find", {"q": typed}))


def kinds(page: Client, typed: str) -> list[str]:
    return [part.split('"')[0] for part in find(page, typed).split('data-kind="')[1:]]


# Each asks for what is called so; a door that is about one customer is given another one.
DOORS: dict[str, Callable[[Client, str, Contact], str]] = {
    "suggestions of the search": lambda page, typed, _: text(page.get(f"{W}/inbox/suggestions", {"q": typed})),
    "suggestions after from:": lambda page, typed, _: text(page.get(f"{W}/inbox/suggestions", {"q": f"from:{typed}"})),
    "recipients": lambda page, typed, _: text(page.get(f"{W}/inbox/new/known", {"to": typed})),
    "palette": lambda page, typed, _: find(page, typed),
    "whom to merge with": lambda page, typed, one: text(page.get(f"{W}/customers/{one.public_id}/merge", {"q": typed})),
    "possible duplicates of one": lambda page, typed, one: text(page.get(f"{W}/customers/{one.public_id}")),
    "possible duplicates": lambda page, typed, one: text(page.get(f"{W}/customers/duplicates")),
}


@pytest.mark.parametrize("door", DOORS)
def test_door_offers_nobody_who_was_merged_or_erased(acme: Workspace, ben: Member, door: str) -> None:
    page = ben.signed_in()
    other, shown, merged, erased = (
        Contact.objects.create(workspace=acme, email=f"quincy{one}@example.com", name="Quincy", company="Quince Ltd")
        for one in range(4)
    )
    maintenance.compare_contacts()

    def offers() -> list[Contact]:
        answer = DOORS[door](page, "quincy", other)
        return [row for row in (shown, merged, erased) if row.email in answer or str(row.public_id) in answer]

    assert offers() == [shown, merged, erased]
    kept = ContactFactory(workspace=acme, name="Elsewhere", email="elsewhere@example.com")
    actions.merge_contacts(contact=merged, into=kept, by=ben.actor, at=clock.now())
    Contact.objects.filter(pk=erased.pk).update(erased_at=clock.now())
    assert offers() == [shown]


def test_who_is_blocked_is_found_but_not_offered_to_write_to(acme: Workspace, ben: Member) -> None:
    page = ben.signed_in()
    blocked = ContactFactory(workspace=acme, name="Quincy", email="quincy@example.com")
    actions.block_contact(contact=blocked, by=ben.actor, at=clock.now())
    assert "quincy@" not in DOORS["recipients"](page, "quincy", blocked)
    assert "Blocked" in find(page, "quincy")


def test_conversation_in_the_trash_is_found_nowhere(acme: Workspace, ben: Member, ada: Member) -> None:
    page = ben.signed_in()
    row = ConversationFactory(workspace=acme, subject="Quincy's order")
    other = ConversationFactory(workspace=acme, contact=row.contact)
    places = [
        f"{W}/find?q=quincy",
        f"{W}/inbox/{other.number}/links?q=quincy",
        f"{W}/customers/{row.contact.public_id}",
    ]
    for place in places:
        assert "s order" in text(page.get(place)), place
    actions.trash(conversation=row, by=ada.actor, at=clock.now())
    for place in places:
        assert "s order" not in text(page.get(place)), place


@pytest.fixture
def things(in_acme: Workspace, acme: Workspace, ada: Member, ben: Member) -> None:
    """One of everything that has a name."""
    act: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    actions.create_company(workspace=acme, name="Quince Ltd", domains=["quince.example"], **act)
    knowledge_actions.create_macro(workspace=acme, name="Quince greeting", body="Hello", **act)
    for title, is_published in (("Quinces in winter", True), ("Quinces, a draft", False)):
        article = knowledge_actions.create_article(workspace=acme, title=title, body="Text", **act)
        if is_published:
            knowledge_actions.publish_article(article=article, **act)
    MembershipFactory(workspace=acme, user=UserFactory(name="Quentin Quince", email="qq@acme.example"))
    MembershipFactory(workspace=acme, user=UserFactory(name="Former Quince", is_active=False))
    MembershipFactory(workspace=WorkspaceFactory(), user=UserFactory(name="Foreign Quince"))
    for name, by, visibility in (("Quince orders", ada, "shared"), ("Quince secrets", ada, "private")):
        SavedView.objects.create(name=name, subject="ticket", created_by=by.user, visibility=visibility)
    ContactFactory(workspace=acme, name="Maria Quince", email="maria@quince.example")


@pytest.mark.usefixtures("things")
def test_palette_finds_everything_that_has_a_name(ben: Member, vic: Member) -> None:
    page = find(ben.signed_in(), "quince")
    assert {*kinds(ben.signed_in(), "quince")} == {"contact", "company", "member", "view", "macro", "article"}
    for name in ("Ltd", "greeting", "in winter", ", a draft", "orders"):
        assert name in page
    for hidden in ("Former", "Foreign", "secrets"):
        assert hidden not in page
    assert "view=open&amp;assignee=" in page
    assert f"{W}/tickets?view=v-" in page
    seen = find(vic.signed_in(), "quince")
    assert "greeting" not in seen
    assert "draft" not in seen
    assert "in winter" in seen


@pytest.mark.usefixtures("things")
def test_palette_puts_the_best_first(ben: Member, acme: Workspace) -> None:
    page = ben.signed_in()
    for _ in range(60):
        ContactFactory(workspace=acme, name="Someone Quincey", email=None)
    assert kinds(page, "quince greeting")[0] == "macro"
    assert kinds(page, "quentin quince") == ["member"]
    assert [row.name for row in offered.named("maria quince", 5)] == ["Maria Quince"]
    assert offered.named("someone quincey", 5)[0].name == "Someone Quincey"
    exact = ContactFactory(workspace=acme, name="Quincey", email=None)
    for _ in range(60):
        ContactFactory(workspace=acme, name="Other Quincey", email=None)
    assert offered.named("QUINCEY", 5)[0] == exact


@pytest.mark.usefixtures("things")
def test_palette_asks_as_much_for_many_as_for_one(ben: Member, acme: Workspace) -> None:
    page = ben.signed_in()

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            find(page, "quince")
        return len(captured)

    ConversationFactory(workspace=acme, subject="Quince")
    asked()
    one = asked()
    for number in range(20):
        ConversationFactory(workspace=acme, subject=f"Quince {number}")
        actions.create_company(workspace=acme, name=f"Quince {number}", by=ben.actor, at=clock.now())
    assert asked() == one
    assert one <= 8


def test_palette_shows_only_what_a_member_with_a_limited_view_sees(acme: Workspace, ben: Member, ada: Member) -> None:
    member = MembershipFactory(workspace=acme, role=Role.AGENT)
    Membership.objects.filter(pk=member.pk).update(visibility=Visibility.TEAMS)
    row = ConversationFactory(workspace=acme, subject="Quincy's order")
    actions.escalate(conversation=row, by=ben.actor, at=clock.now())
    client = Client()
    client.force_login(member.user)
    assert {"conversation", "ticket"} <= {*kinds(ben.signed_in(), "quincy")}
    assert kinds(client, "quincy") == []


@pytest.mark.parametrize("typed", ["", "%", "\x00", "'\"", "#", "a" * 10_000, "🍐", "لوله", "q" + "\u0301", "_", "\\"])
def test_palette_bears_anything(ben: Member, typed: str) -> None:
    find(ben.signed_in(), typed)
