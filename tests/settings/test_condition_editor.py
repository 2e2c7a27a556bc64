"""The editor of conditions: what is stored is shown in rows and comes back the same, rows are added, changed and taken away, and
faults are at their rows. All of it as a browser without script sends it."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions, conditions
from conversations.models import SavedView
from conversations.queries import conversations as queries
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, MailboxFactory, TeamFactory
from tests.inbox.conftest import text_of
from tickets import actions as ticket_actions
from tickets import tags
from tickets.models import Attribute

NEW = "/w/acme/settings/views/new?view=open"
OF_ALL_KINDS: dict[str, Any] = {
    "all": [
        {"field": "status", "in": ["open", "snoozed"]},
        {"field": "priority", "is_not": "low"},
        {"any": [{"field": "assignee", "in": ["me", "nobody"]}, {"field": "team", "is": "mine"}]},
        {"none": [{"any": [{"field": "tag", "is": "vip"}, {"field": "tag", "in": ["vip", "gone"]}]}]},
        {"field": "subject", "in": ["one", "two, three"]},
        {"field": "subject", "contains": '"<b>'},
        {"field": "number", "gte": "12.50"},
        {"field": "waiting", "older_than": "90m"},
        {"field": "created", "after": "2026-03-01"},
        {"field": "created", "before": "2026-03-01T09:30:00+02:00"},
        {"field": "deadline", "before": "now"},
        {"field": "snoozed_until", "exists": False},
        {"field": "unread", "is": True},
        {"field": "ticket.status", "exists": True},
        {"field": "attribute.plan", "is": "Pro"},
        {"field": "contact.attribute.since", "before": "2026-01-01"},
    ]
}


@pytest.fixture
def agent(ben: Member, acme: Workspace) -> Client:
    """Ben, in a workspace with a tag and two custom attributes."""
    with tenancy.scope(acme):
        tags.remember(acme.pk, ["vip"], clock.now())
        Attribute.objects.create(
            workspace=acme, subject="conversation", key="plan", name="Plan", kind="choice", choices=["Pro"]
        )
        Attribute.objects.create(workspace=acme, subject="contact", key="since", name="Customer since", kind="date")
    return ben.signed_in()


def sent_of(page: bytes) -> dict[str, list[str]]:
    """What a browser would send of a view's form, unchanged and without its buttons."""
    found: dict[str, list[str]] = {}
    markup = page.decode()
    part = markup[markup.index('class="settings view-form"') :]
    part = part[: part.index("</form>")]
    for tag in re.findall(r"<input[^>]*>", part):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or "checked" in tag):
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "on")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', part, re.S):
        found[name] = [unescape(text)]
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', part, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        found[name] = [unescape(chosen[1]) if chosen else ""]
    return found


def stored(acme: Workspace, condition: Any, ben: Member, subject: str = "conversation") -> SavedView:
    with tenancy.scope(acme):
        return actions.create_view(
            workspace=acme, name="A view", subject=subject, condition=condition, visibility="private", sort="newest" if subject == "conversation" else "",
            by=ben.actor, at=clock.now(),
        )  # fmt: skip


def address(view: SavedView) -> str:
    return f"/w/acme/settings/views/{view.short_id}"


def condition_of(view: SavedView) -> Any:
    with tenancy.scope(view.workspace):
        return SavedView.objects.get(pk=view.pk).condition


def test_what_is_stored_is_shown_in_rows_and_saved_as_it_was(agent: Client, acme: Workspace, ben: Member) -> None:
    view = stored(acme, OF_ALL_KINDS, ben)
    before = condition_of(view)
    sent = sent_of(agent.get(address(view)).content)
    assert json.loads(sent["condition"][0]) == before
    assert sent["c.3.mode"] == ["none"]
    assert sent["c.3.0.1.value"] == ["vip", "gone"]
    assert agent.post(address(view), {**sent, "name": "Another name"}).status_code == 302
    assert condition_of(view) == before


def test_rows_are_added_chosen_grouped_and_removed(agent: Client, acme: Workspace) -> None:
    def press(page: bytes, button: str, **typed: Any) -> bytes:
        answer = agent.post(NEW, {**sent_of(page), "name": "Mine", **typed, "edit": button})
        assert answer.status_code == 200
        return bytes(answer.content)

    page = press(agent.get(NEW).content, "add:c")
    assert sent_of(page)["name"] == ["Mine"]
    page = press(page, "shape:c.1", **{"c.1.field": "waiting"})
    assert sent_of(page)["c.1.op"] == ["before"]
    page = press(page, "shape:c.1", **{"c.1.op": "older_than"})
    page = press(page, "group:c", **{"c.1.value": "2", "c.1.unit": "h"})
    page = press(page, "shape:c.2.0", **{"c.2.0.field": "assignee"})
    page = press(page, "add:c.2")
    page = press(page, "shape:c.2.1", **{"c.2.1.field": "tag"})
    page = press(page, "remove:c.0", **{"c.2.1.value": "vip"})
    assert agent.post(NEW, {**sent_of(page), "name": "Mine"}).status_code == 302
    with tenancy.scope(acme):
        made = SavedView.objects.get()
    assert made.condition == {
        "all": [
            {"field": "waiting", "older_than": "2h"},
            {"any": [{"field": "assignee", "is": "me"}, {"field": "tag", "is": "vip"}]},
        ]
    }


def test_json_that_was_changed_goes_before_the_rows(agent: Client, acme: Workspace, ben: Member) -> None:
    view = stored(acme, {"field": "status", "is": "open"}, ben)
    sent = sent_of(agent.get(address(view)).content)
    refused = agent.post(address(view), {**sent, "condition": '{"all": [{"field": "status", "is": "done"}]}'})
    assert refused.status_code == 422
    assert "all[0].is: " in text_of(refused.content)
    assert "&#34;done&#34;" in refused.content.decode()
    assert agent.post(address(view), {**sent, "condition": '{"field": "unread",\r\n "is": true}'}).status_code == 302
    assert condition_of(view) == {"field": "unread", "is": True}
    sent = sent_of(agent.get(address(view)).content)
    assert agent.post(address(view), {**sent, "c.0.value": "false"}).status_code == 302
    assert condition_of(view) == {"field": "unread", "is": False}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"field": ""}, "Choose a field."),
        ({"field": "nothing"}, "This no longer exists."),
        ({"field": "status", "op": "contains", "value": "x"}, "Choose how to compare."),
        ({"field": "subject", "op": "contains", "value": " "}, "Choose or fill in a value."),
        ({"field": "number", "op": "is", "value": "many"}, "Write a number."),
        ({"field": "created", "op": "before", "value": "soon", "unit": "date"}, "Choose a date."),
        ({"field": "created", "op": "older_than", "value": "0", "unit": "h"}, "Write how long"),
        ({"field": "subject", "op": "is", "value": "a\x00b"}, "a text that is not blank"),
        ({"field": "subject", "op": "in", "value": "\n".join(map(str, range(21)))}, "Choose at most 20."),
    ],
)
def test_fault_stands_at_its_row_and_nothing_is_saved(
    agent: Client, acme: Workspace, ben: Member, row: dict[str, str], fault: str
) -> None:
    view = stored(acme, {"field": "unread", "is": True}, ben)
    sent = sent_of(agent.get(address(view)).content)
    answer = agent.post(address(view), {**sent, **{f"c.1.{name}": value for name, value in row.items()}})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert fault in text_of(page[page.index('id="c.1"') :].encode()), row
    assert "fault" not in page[page.index('id="c.0"') : page.index('id="c.1"')]
    assert condition_of(view) == {"field": "unread", "is": True}


def test_what_was_removed_is_shown_so_and_matches_nothing(
    agent: Client, acme: Workspace, ben: Member, ada: Member
) -> None:
    with tenancy.scope(acme):
        team = TeamFactory(workspace=acme, name="Billing")
        row = ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme), subject="Refund please")
        actions.set_attributes(row=row, values={"plan": "Pro"}, by=ben.actor, at=clock.now())
    parts = [
        {"field": "team", "is": team.pk},
        {"field": "attribute.plan", "is": "Pro"},
        {"field": "assignee", "is": 999_999},
        {"field": "tag", "is": "vip"},
    ]
    view = stored(acme, {"any": parts}, ben)
    inbox = f"/w/acme/inbox?view=v-{view.short_id}"
    assert "Refund please" in text_of(agent.get(inbox).content)
    with tenancy.scope(acme):
        ticket_actions.archive_attribute(attribute=Attribute.objects.get(key="plan"), by=ada.actor, at=clock.now())
        team.delete()
    assert "Refund please" not in text_of(agent.get(inbox).content)
    page = text_of(agent.get(address(view)).content)
    assert (
        "Team is a team (removed) or Plan (removed) is Pro or Assigned to is a member (removed) or Tag is vip" in page
    )
    sent = sent_of(agent.get(address(view)).content)
    assert agent.post(address(view), sent).status_code == 302
    assert condition_of(view) == {"any": parts}
    with tenancy.scope(acme):
        Attribute.objects.all().delete()  # as administration may
    assert agent.get(inbox).status_code == 200
    assert "Asks for something that no longer exists" in text_of(agent.get("/w/acme/settings/views").content)
    assert "This no longer exists." in text_of(agent.post(address(view), sent).content)


def test_tickets_have_the_same_editor(agent: Client, acme: Workspace, ben: Member) -> None:
    view = stored(
        acme, {"all": [{"field": "status", "in": ["new"]}, {"field": "due", "before": "tomorrow"}]}, ben, "ticket"
    )
    sent = sent_of(agent.get(address(view)).content)
    assert agent.post(address(view), {**sent, "c.1.unit": "next_week"}).status_code == 302
    assert condition_of(view)["all"][1] == {"field": "due", "before": "next_week"}


def test_names_are_offered_and_matches_counted(agent: Client, acme: Workspace, ben: Member) -> None:
    with tenancy.scope(acme):
        box = MailboxFactory(workspace=acme, address="help@acme.example")
        for subject in ("Refund please", "Broken charger"):
            ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme), subject=subject)
        row = queries.conversations().order_by("pk").first()
        actions.assign(conversation=row, to=ben.user, by=ben.actor, at=clock.now())
    url = "/w/acme/conditions/conversation"
    asked = {"c.mode": "all", "c.0.field": "assignee", "c.0.op": "is", "c.0.value": str(ben.user.pk)}
    assert f">{ben.user.name}<" in agent.post(url, {**asked, "edit": "shape:c.0"}).content.decode()
    row_of_mailbox = agent.post(url, {"c.mode": "all", "c.0.field": "mailbox", "c.0.op": "is", "edit": "shape:c.0"})
    assert f'<option value="{box.pk}">help@acme.example</option>' in row_of_mailbox.content.decode()
    checked = text_of(agent.post(url, {**asked, "edit": "check"}).content)
    assert "Matches 1 conversation " in checked
    assert f"Assigned to is {ben.user.name}" in checked
    assert "Matches 2 conversations" in text_of(agent.post(url, {"c.mode": "all", "edit": "check"}).content)
    assert "Matches 0 conversations" in text_of(
        agent.post(url, {**asked, "search": "charger", "edit": "check"}).content
    )
    assert "Not complete yet" in text_of(agent.post(url, {**asked, "c.0.value": "", "edit": "check"}).content)
    assert "Matches 0 tickets" in text_of(
        agent.post("/w/acme/conditions/ticket", {"c.mode": "all", "edit": "check"}).content
    )


def test_what_no_editor_sends_is_not_found(agent: Client) -> None:
    url = "/w/acme/conditions/conversation"
    for action in ("", "add:c.9", "add:x", "remove:c", "shape:", "group:c.0.0.0.0", "add:"):
        assert agent.post(url, {"c.mode": "all", "edit": action}).status_code == 404, action
    assert agent.post("/w/acme/conditions/contact", {"edit": "check"}).status_code == 404
    many = {f"c.{n}.field": "unread" for n in range(60)}
    assert agent.post(url, {"c.mode": "all", **many, "edit": "add:c"}).status_code == 404
    assert agent.post(url, {"c.mode": "all", **many, "edit": "check"}).status_code == 200


def test_editor_offers_every_field_of_the_vocabulary(agent: Client, acme: Workspace) -> None:
    for subject in ("conversation", "ticket"):
        with tenancy.scope(acme):
            names = [(field.name, field.operators) for field in conditions.fields(subject)]
        for name, operators in names:
            for operator in operators:
                sent = {"c.mode": "all", "c.0.field": name, "c.0.op": operator, "edit": "shape:c.0"}
                page = agent.post(f"/w/acme/conditions/{subject}", sent).content.decode()
                assert f'<option value="{name}" selected>' in page
                assert f'<option value="{operator}" selected>' in page
                assert 'aria-label="Value' in page, (name, operator)
