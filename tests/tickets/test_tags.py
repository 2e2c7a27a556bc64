"""Tags in forms and on screens: commas, quotes, case."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation
from tests.conftest import Key, Member
from tests.factories import ConversationFactory, UserFactory
from tickets import actions as ticket_actions
from tickets import tags
from tickets.models import Tag, Ticket

LISTS = [
    ["a, b", "c"], ['say "hi"', '"q"'], [" vip "], ['12" screen, big'], ["", "x"], [","], ['"'], ['a"b,c'], ["VIP", "vip"],
    ["Äger", "äger", "x"], ["東京, 大阪"],
]  # fmt: skip


@pytest.mark.parametrize("names", LISTS)
def test_form_saved_untouched_changes_nothing(acme: Workspace, ben: Member, names: list[str]) -> None:
    assert tags.parsed(tags.line(names), names) == names
    conversation = ConversationFactory(workspace=acme)
    actions.set_tags(conversation=conversation, names=names, by=ben.actor, at=clock.now())
    agent, admin = ben.signed_in(), Client()
    shown = re.search(r'name="tags"\s+value="([^"]*)"', agent.get("/w/acme/inbox/1").content.decode())
    assert shown
    line = html.unescape(shown[1])
    agent.post("/w/acme/inbox/1/tags", {"tags": line})
    assert Conversation.all_workspaces.get().tags == names
    root = UserFactory(email="root@acme.example", is_superuser=True, is_staff=True)
    admin.force_login(root, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = admin.get(f"/admin/conversations/conversation/{conversation.pk}/change/").content.decode()
    assert f'name="tags-tags" value="{html.escape(line)}"' in page or tags.line(names) == ""


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Billing, billing, BILLING", ["Billing"]), ("VIP, vip", ["VIP"]), ("a,,b, ", ["a", "b"]), ("", []),
        ('"a, b", c', ["a, b", "c"]), ('"abc, x', ['"abc', "x"]), ('12" screen', ['12" screen']), ("\u200b, x", ["x"]),
        ("ÉTÉ, e\u0301te\u0301, été", ["ÉTÉ"]), ("Straße, STRASSE", ["Straße"]),
    ],
)  # fmt: skip
def test_form_keeps_each_tag_once_in_its_first_spelling(line: str, names: list[str]) -> None:
    assert tags.parsed(line) == names


def test_tags_that_differ_in_case_are_shown_once_in_one_colour(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    actions.set_tags(conversation=conversation, names=["VIP", "vip", "Vip", "x"], by=ben.actor, at=clock.now())
    with tenancy.scope(acme):
        assert [tag.name for tag in Tag.objects.order_by("name")] == ["VIP", "x"]
        Tag.objects.filter(name="VIP").update(hue=120)
    actions.set_tags(conversation=conversation, names=["vip", "VIP", "x"], by=ben.actor, at=clock.now())
    agent = ben.signed_in()
    row = agent.get("/w/acme/inbox?view=open").content.decode()
    assert re.findall(r'chip--tag hue--(\d+)"\s*>(?:<bdi>)?(\w+)<', row)[0] == ("120", "vip")
    assert "+1" not in row
    side = agent.get("/w/acme/inbox/1").content.decode().split('class="facts__tags"')[1].split("</dd>")[0]
    assert re.findall(r'chip--tag hue--\d+">(\w+)<', side) == ["vip", "x"]


def test_posthog_prints_lower_case_once_and_filters_without_case(acme: Workspace, ben: Member, acme_key: Key) -> None:
    ticket = ticket_actions.open_ticket(
        workspace=acme, subject="x", tag_names=["VIP", "vip", "É", "é"], by=ben.actor, at=clock.now()
    )
    url, bearer = "/api/projects/@current/conversations/tickets", acme_key.bearer
    for wanted, name in (("VIP", "tags"), ("Vip", "tags_all"), ("É", "tags")):
        found = Client().get(url, {name: json.dumps([wanted])}, headers=bearer).json()["results"]
        assert [row["tags"] for row in found] == [["vip", "é"]], wanted
    assert Client().get(url, {"tags_exclude": '["VIP"]'}, headers=bearer).json()["results"] == []
    assert Ticket.all_workspaces.get().pk == ticket.pk
