"""Macros: kept among the knowledge, and filled in where a reply is written."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import User, Workspace
from conversations.knowledge import actions as knowledge_actions
from conversations.knowledge import placeholders
from conversations.knowledge.placeholders import PLACEHOLDERS
from conversations.models import Conversation, Macro
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, MacroFactory
from tests.inbox.conftest import queries_of, text_of

URL = "/w/acme/knowledge/macros"


def only(workspace: Workspace) -> Macro:
    with tenancy.scope(workspace):
        return Macro.objects.get()


def test_macro_is_written_read_changed_and_deleted(agent: Client, acme: Workspace) -> None:
    assert "Write the first macro" in text_of(agent.get(URL).content)
    answer = agent.post(f"{URL}/new", {"name": "Refund", "body": "Dear {{customer.name}},\r\nit is on its way."})
    row = only(acme)
    assert answer["Location"] == f"{URL}/{row.public_id}"
    assert row.body == "Dear {{customer.name}},\nit is on its way."
    page = agent.get(f"{URL}/{row.public_id}").content.decode()
    assert ">customer.name</mark>,<br>it is on its way." in page
    assert "Refund" in text_of(agent.get(URL, {"q": "ref"}).content)

    agent.post(f"{URL}/{row.public_id}/edit", {"name": "Refunds", "body": "Soon."})
    assert (only(acme).name, only(acme).body) == ("Refunds", "Soon.")
    assert "Delete “Refunds”?" in text_of(agent.get(f"{URL}/{row.public_id}/delete").content)
    assert agent.post(f"{URL}/{row.public_id}/delete")["Location"] == URL
    assert agent.get(f"{URL}/{row.public_id}").status_code == 404


def test_taken_name_is_reported_and_the_text_is_kept(agent: Client, acme: Workspace) -> None:
    MacroFactory(workspace=acme, name="Refund")
    answer = agent.post(f"{URL}/new", {"name": "refund", "body": "My long text"})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert '<p class="write__fault" id="name-fault">A macro with this name already exists.</p>' in html
    assert "My long text</textarea>" in html


@pytest.mark.parametrize("body", ["Hi {{contact.first_name}}", "Hi {{ nope }}, {{customer.name}}", "{{customer.name }"])
def test_place_that_nothing_fills_is_named_before_customers_read_it(agent: Client, acme: Workspace, body: str) -> None:
    answer = agent.post(f"{URL}/new", {"name": "Hello", "body": body})
    is_a_place = "}}" in body
    assert answer.status_code == (422 if is_a_place else 302)
    assert ("is not a known placeholder" in answer.content.decode()) is is_a_place


def test_viewers_read_macros_and_change_none(viewer: Client, acme: Workspace) -> None:
    macro = MacroFactory(workspace=acme, name="Refund", body="Soon.")
    assert "Refund" in text_of(viewer.get(URL).content)
    assert "Soon." in text_of(viewer.get(f"{URL}/{macro.public_id}").content)
    for page in (f"{URL}/new", f"{URL}/{macro.public_id}/edit", f"{URL}/{macro.public_id}/delete"):
        assert viewer.get(page).status_code == 403
        assert viewer.post(page, {"name": "x", "body": "y"}).status_code == 403
    assert only(acme).name == "Refund"


def test_pages_of_macros_follow_each_other_by_name(agent: Client, acme: Workspace) -> None:
    for number in range(31):
        MacroFactory(workspace=acme, name=f"Macro {number:02}")
    first = agent.get(URL)
    assert [row.name for row in first.context["rows"]][:2] == ["Macro 00", "Macro 01"]
    assert [row.name for row in agent.get(URL, {"after": first.context["next"]}).context["rows"]] == ["Macro 30"]
    assert agent.get(URL, {"after": "/w=="}).status_code == 404


def test_every_placeholder_is_filled_in_for_the_conversation(
    agent: Client, acme: Workspace, conversation: Conversation
) -> None:
    body = "\n".join(f"{name}: {{{{{name}}}}}" for name in PLACEHOLDERS) + "\n{{ agent.name }} {{no.such}} {{}}"
    macro = MacroFactory(workspace=acme, name="All", body=body)
    answer = agent.get(f"/w/acme/inbox/1/macros/{macro.public_id}")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == (
        "customer.name: Jane Doe\ncustomer.first_name: Jane\nagent.name: Ben Kimura\nconversation.number: 1\n"
        "Ben Kimura {{no.such}} {{}}"
    )


@pytest.mark.parametrize(
    ("who", "text"),
    [
        ({"name": "", "email": "jane@example.com"}, "customer|customer"),
        ({"name": "", "email": "", "external_id": "cus_9"}, "customer|customer"),
        ({"name": "{{agent.name}} {{x"}, "{{agent.name}} {{x|{{agent.name}}"),
        ({"name": "<b>J</b> D"}, "<b>J</b> D|<b>J</b>"),
    ],
)
def test_names_are_filled_in_once_and_as_they_are(acme: Workspace, who: dict[str, str], text: str) -> None:
    conversation = ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, **who))
    with tenancy.scope(acme):
        filled = placeholders.filled("{{customer.name}}|{{customer.first_name}}", conversation, User(name="Ben"))
    assert filled == text


def test_agent_without_a_name_signs_for_the_workspace(acme: Workspace, conversation: Conversation) -> None:
    with tenancy.scope(acme):
        assert placeholders.filled("{{agent.name}}", conversation, User(email="b@example.com")) == "Acme"


@pytest.mark.parametrize(
    "who",
    [{"name": ""}, {"name": "", "external_id": "cus_00042"}, {"name": "", "email": "jane.roe@x.example"},
     {"name": "cus_00042", "external_id": "cus_00042"}, {"name": "jane.roe@x.example"}, {"name": "user 4711"}, {"name": "…"}],
)  # fmt: skip
def test_customer_without_a_name_is_greeted_without_an_id(acme: Workspace, who: dict[str, str]) -> None:
    values = {"email": "", "external_id": "4711", **who}
    conversation = ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, **values))
    for body, text in (
        ("Hi {{customer.first_name}},\n\nthanks", "Hi there,\n\nthanks"),
        ("Hello {{ customer.name }}!", "Hello there!"),
        ("Dear {{customer.name}},", "Dear customer,"),
        ("Hallo {{customer.first_name}},\nGuten Tag {{customer.name}}!", "Hallo,\nGuten Tag!"),
        ("Bonjour {{customer.first_name}}", "Bonjour"),
        ("Glad that it works, {{customer.first_name}}! I close it.", "Glad that it works! I close it."),
        ("{{customer.first_name}}, thank you for writing", "Thank you for writing"),
        ("The order of {{customer.name}} is here", "The order of customer is here"),
    ):
        assert placeholders.filled(body, conversation, User(name="Ben")) == text


def test_composer_offers_the_macros_with_the_names_of_the_conversation(
    agent: Client, acme: Workspace, conversation: Conversation
) -> None:
    assert "No macros yet" in text_of(agent.get("/w/acme/inbox/1/macros").content)
    macro = MacroFactory(workspace=acme, name="Refund", body="Dear {{customer.first_name}}, soon.")
    html = agent.get("/w/acme/inbox/1/macros").content.decode()
    assert f'data-macro="/w/acme/inbox/1/macros/{macro.public_id}"' in html
    assert "Dear Jane, soon." in html
    page = agent.get("/w/acme/inbox/1").content.decode()
    for mode in ("reply", "note"):
        menu = page.split(f'id="macros-{mode}"')[1].split("</details>")[0]
        assert 'hx-get="/w/acme/inbox/1/macros"' in menu
        assert 'form=""' in menu
        assert 'data-shortcut="macro"' in menu
    assert page.count('class="menu macros needs-script"') == 2


def test_viewers_have_no_composer_and_so_no_menu(viewer: Client, conversation: Conversation) -> None:
    assert b"macros__filter" not in viewer.get("/w/acme/inbox/1").content


def test_lists_of_macros_ask_the_same_number_of_queries_for_one_row_and_for_twenty(
    agent: Client, acme: Workspace, ben: Member, conversation: Conversation
) -> None:
    def asked() -> list[int]:
        return [queries_of(lambda: agent.get(URL)), queries_of(lambda: agent.get("/w/acme/inbox/1/macros"))]

    knowledge_actions.create_macro(workspace=acme, name="One", body="x", by=ben.actor, at=clock.now())
    agent.get(URL)  # the session remembers the workspace from now on
    before = asked()
    for _ in range(19):
        MacroFactory(workspace=acme, by=ben.actor)
    assert asked() == before
    assert max(before) <= 6
