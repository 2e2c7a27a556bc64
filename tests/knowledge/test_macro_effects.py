"""Macros that do something: what is done with their text, its undo, and how often they are used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.models import Event, Workspace
from conversations import actions
from conversations.knowledge import actions as knowledge_actions
from conversations.knowledge import macro_conditions
from conversations.knowledge import queries as knowledge_queries
from conversations.models import Conversation, Macro, Message, MessageKind
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes
from tests.factories import ContactFactory, ConversationFactory, MacroFactory
from tests.inbox.conftest import text_of

pytestmark = pytest.mark.usefixtures("in_acme")

REFUND = [
    {"do": "add_tags", "tags": ["refund"]},
    {"do": "note", "text": "Refund for {{customer.first_name}}."},
    {"do": "status", "status": "resolved"},
]


@pytest.fixture
def row(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name="Eve Adams"), at=MORNING)


@pytest.fixture
def refund(acme: Workspace, ada: Member) -> Macro:
    return knowledge_actions.create_macro(
        workspace=acme, name="Refund", body="Hi {{customer.first_name}}", effects=REFUND, by=ada.actor, at=MORNING
    )


def fresh(row: Conversation) -> Conversation:
    return Conversation.objects.get(pk=row.pk)


def test_macro_changes_the_conversation_and_gives_its_text_back(row: Conversation, refund: Macro, ben: Member) -> None:
    applied = knowledge_actions.apply_macro(macro=refund, conversation=row, by=ben.actor, at=minutes(1))
    assert (applied.text, applied.changes) == ("Hi Eve", True)
    assert (fresh(row).tags, fresh(row).status) == (["refund"], "resolved")
    kinds = dict(Message.objects.filter(conversation=row).exclude(body=None).values_list("kind", "body"))
    assert kinds[MessageKind.NOTE] == "Refund for Eve."


def test_one_undo_takes_all_of_it_back(row: Conversation, refund: Macro, ben: Member) -> None:
    applied = knowledge_actions.apply_macro(macro=refund, conversation=row, by=ben.actor, at=minutes(1))
    actions.undo(conversation=row, event_id=applied.event.pk, by=ben.actor, at=minutes(2))
    assert (fresh(row).tags, fresh(row).status) == ([], "open")
    assert not Message.objects.filter(conversation=row, kind=MessageKind.NOTE).exists()


def test_macro_is_done_whole_or_not_at_all(row: Conversation, acme: Workspace, ada: Member) -> None:
    macro = knowledge_actions.create_macro(
        workspace=acme,
        name="Later",
        body="",
        effects=[{"do": "add_tags", "tags": ["x"]}, {"do": "snooze", "until": "2h"}],
        by=ada.actor,
        at=MORNING,
    )
    actions.set_status(conversation=row, status="resolved", by=ada.actor, at=minutes(1))
    with nothing_changes(), pytest.raises(Invalid):
        knowledge_actions.apply_macro(macro=macro, conversation=row, by=ada.actor, at=minutes(2))
    assert knowledge_queries.uses(macro) == 0


def test_viewers_apply_none(row: Conversation, refund: Macro, vic: Member) -> None:
    with nothing_changes(), pytest.raises(Forbidden):
        knowledge_actions.apply_macro(macro=refund, conversation=row, by=vic.actor, at=minutes(1))


def test_macro_needs_a_text_or_something_to_do(acme: Workspace, ada: Member, refund: Macro) -> None:
    with pytest.raises(Invalid) as caught:
        knowledge_actions.create_macro(workspace=acme, name="Empty", body="", by=ada.actor, at=MORNING)
    assert caught.value.field == "body"
    knowledge_actions.update_macro(macro=refund, body="", by=ada.actor, at=MORNING)
    with pytest.raises(Invalid):
        knowledge_actions.update_macro(macro=refund, effects=[], by=ada.actor, at=MORNING)
    with pytest.raises(Invalid) as caught:
        knowledge_actions.update_macro(
            macro=refund, effects=[{"do": "assign", "to": "team:4"}], by=ada.actor, at=MORNING
        )
    assert caught.value.field == "effects[0].to"


def test_uses_of_the_last_thirty_days_are_counted(row: Conversation, refund: Macro, ben: Member) -> None:
    now = clock.now()
    for days in (0, 1, 1, 40):
        at = now - timedelta(days=days)
        knowledge_actions.apply_macro(macro=refund, conversation=row, by=ben.actor, at=at)
    (listed,) = knowledge_queries.macro_page().rows
    assert listed.recent_uses == knowledge_queries.uses(refund) == 3  # type: ignore[attr-defined]


def test_name_that_is_taken_is_still_refused(acme: Workspace, refund: Macro, ada: Member) -> None:
    with pytest.raises(Conflict):
        knowledge_actions.create_macro(workspace=acme, name="REFUND", body="x", by=ada.actor, at=MORNING)


# --- On the screens -----------------------------------------------------------------------------

URL = "/w/acme/knowledge/macros"


def test_editor_writes_and_shows_what_a_macro_does(acme: Workspace, ben: Member) -> None:
    agent = ben.signed_in()
    sent = {
        "name": "Refund", "body": "", "assign": "me", "priority": "high", "add_tags": "refund, vip", "note": "Checked.\r\nOK",
        "open_ticket": "1", "snooze": "tomorrow", "snooze_time": "09:00", "status": "",
    }  # fmt: skip
    answer = agent.post(f"{URL}/new", sent)
    assert answer.status_code == 302
    row = Macro.objects.get()
    assert row.effects == [
        {"do": "assign", "to": "me"},
        {"do": "priority", "priority": "high"},
        {"do": "add_tags", "tags": ["refund", "vip"]},
        {"do": "note", "text": "Checked.\nOK"},
        {"do": "open_ticket", "reason": ""},
        {"do": "snooze", "until": "tomorrow 9:00"},
    ]
    page = text_of(agent.get(answer["Location"]).content)
    assert "Assign to me" in page
    assert "Add tags: refund, vip" in page
    assert "6 actions" in text_of(agent.get(URL).content)
    form = agent.get(f"{URL}/{row.public_id}/edit").content.decode()
    assert 'value="refund, vip"' in form
    assert '<option value="me" selected>' in form
    agent.post(f"{URL}/{row.public_id}/edit", {**sent, "body": "Text", "open_ticket": "", "snooze": ""})
    assert [effect["do"] for effect in Macro.objects.get().effects] == ["assign", "priority", "add_tags", "note"]


@pytest.mark.parametrize(
    ("until", "fields", "words"),
    [
        ("reply", {"snooze": "reply"}, "Snooze until they reply"),
        ("3d", {"snooze": "for", "snooze_count": "3", "snooze_unit": "d"}, "Snooze for 3 days"),
        ("1h", {"snooze": "for", "snooze_count": "1", "snooze_unit": "h"}, "Snooze for 1 hour"),
        ("monday 14:30", {"snooze": "monday", "snooze_time": "14:30"}, "Snooze until Monday 14:30"),
        ("2030-03-04T10:00Z", {"snooze": "2030-03-04T10:00Z"}, "Snooze until 4 Mar 2030 10:00"),
    ],
)
def test_end_of_a_snooze_is_chosen_and_kept_as_it_was_stored(
    acme: Workspace, ben: Member, until: str, fields: dict[str, str], words: str
) -> None:
    agent, stored = ben.signed_in(), [{"do": "snooze", "until": until}]
    assert agent.post(f"{URL}/new", {"name": "Later", "body": "", **fields}).status_code == 302
    row = Macro.objects.get()
    assert row.effects == stored
    assert words in text_of(agent.get(f"{URL}/{row.public_id}").content)
    shown = agent.get(f"{URL}/{row.public_id}/edit")
    form = shown.context["effects_form"]
    assert {name: form[name].value() for name in fields} == fields
    assert f'<option value="{fields["snooze"]}" selected>' in shown.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"snooze": "whenever"}, "Choose until when"),
        ({"snooze": "for", "snooze_count": "0", "snooze_unit": "d"}, "a number from 1 to 9999"),
        ({"snooze": "for", "snooze_count": "2", "snooze_unit": "y"}, "a number from 1 to 9999"),
        ({"snooze": "monday", "snooze_time": "25:00"}, "Enter a time"),
        ({"snooze": "for", "snooze_count": "2", "snooze_unit": "h", "status": "resolved"}, "cannot be snoozed"),
        ({"assign": "member:99999"}, "Select a valid choice"),
        ({"note": "Hi {{nobody.name}}"}, "is not a known placeholder"),
        ({"add_tags": "x" * 101}, "at most 100 characters"),
        ({}, "Write something first"),
    ],
)
def test_what_is_wrong_is_shown_beside_its_field(
    acme: Workspace, ben: Member, wrong: dict[str, str], words: str
) -> None:
    answer = ben.signed_in().post(f"{URL}/new", {"name": "Refund", "body": "", **wrong})
    assert answer.status_code == 422
    assert words in text_of(answer.content)
    assert not Macro.objects.exists()


def test_what_the_form_cannot_show_stays_in_the_macro(acme: Workspace, ben: Member) -> None:
    effects = [{"do": "read"}, {"do": "add_tags", "tags": ["a"]}]
    row = knowledge_actions.create_macro(workspace=acme, name="x", body="y", effects=effects, by=ben.actor, at=MORNING)
    agent = ben.signed_in()
    assert "Also: Mark as read" in text_of(agent.get(f"{URL}/{row.public_id}/edit").content)
    agent.post(f"{URL}/{row.public_id}/edit", {"name": "x", "body": "y", "add_tags": "b"})
    assert Macro.objects.get().effects == [{"do": "add_tags", "tags": ["b"]}, {"do": "read"}]


def test_preview_shows_the_text_and_what_would_change(row: Conversation, refund: Macro, ben: Member) -> None:
    with nothing_changes():
        page = text_of(ben.signed_in().get(f"/w/acme/inbox/{row.number}/macros/{refund.public_id}/preview").content)
    for words in ("Hi Eve", "Add tags: refund", "Add the note “Refund for Eve.”", "Resolve"):
        assert words in page


def test_applying_answers_with_the_changed_parts_and_one_undo(row: Conversation, refund: Macro, ben: Member) -> None:
    agent, path = ben.signed_in(), f"/w/acme/inbox/{row.number}"
    answer = agent.post(f"{path}/macros/{refund.public_id}/apply", headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "“Refund” applied." in page
    event = Event.objects.get(type="macro.applied")
    assert f'name="event" value="{event.pk}"' in page
    assert "resolved it with a macro" in text_of(agent.get(path).content)
    agent.post(f"{path}/undo", {"event": event.pk})
    assert (fresh(row).status, fresh(row).tags) == ("open", [])


def test_text_alone_is_counted_when_it_was_inserted(row: Conversation, acme: Workspace, ben: Member) -> None:
    macro = MacroFactory(workspace=acme, name="Hello")
    agent = ben.signed_in()
    assert agent.post(f"/w/acme/inbox/{row.number}/macros/{macro.public_id}/used").status_code == 204
    assert "used 1 time in 30 days" in text_of(agent.get(URL).content)


def test_viewers_neither_preview_nor_apply(row: Conversation, refund: Macro, vic: Member) -> None:
    viewer, path = vic.signed_in(), f"/w/acme/inbox/{row.number}/macros/{refund.public_id}"
    assert viewer.get(f"{path}/preview").status_code == 403
    with nothing_changes():
        assert viewer.post(f"{path}/apply").status_code == 403
        assert viewer.post(f"{path}/used").status_code in (204, 403)


def test_menu_asks_the_same_for_one_macro_and_for_many(row: Conversation, acme: Workspace, ada: Member) -> None:
    agent, counted = ada.signed_in(), []
    for name in ("a", "b", "c", "d"):
        effects = [{"do": "assign", "to": f"member:{ada.user.pk}"}]
        knowledge_actions.create_macro(workspace=acme, name=name, body="x", effects=effects, by=ada.actor, at=MORNING)
        with CaptureQueriesContext(connection) as statements:
            assert agent.get(f"/w/acme/inbox/{row.number}/macros").status_code == 200
        counted.append(len(statements))
    assert len(set(counted[1:])) == 1


# --- Where a macro is offered -------------------------------------------------------------------

OF_REFUNDS = {"any": [{"field": "tag", "is": "refund"}, {"field": "contact.name", "contains": "adams"}]}


def menu(conversation: Conversation, by: Member) -> str:
    return text_of(by.signed_in().get(f"/w/acme/inbox/{conversation.number}/macros").content)


def test_macro_is_offered_only_where_its_condition_holds(
    acme: Workspace, row: Conversation, ada: Member, ben: Member
) -> None:
    other = ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name="Ulf"), at=MORNING)
    made = knowledge_actions.create_macro(
        workspace=acme, name="Refunds", body="Hi", effects=[{"do": "status", "status": "resolved"}], condition=OF_REFUNDS, by=ada.actor, at=MORNING
    )  # fmt: skip
    knowledge_actions.create_macro(workspace=acme, name="Hello", body="Hello", by=ada.actor, at=MORNING)
    assert "Refunds" in menu(row, ben)
    assert "Refunds" not in menu(other, ben)
    assert "Hello" in menu(other, ben)
    preview = ben.signed_in().get(f"/w/acme/inbox/{other.number}/macros/{made.public_id}/preview").content
    assert "This macro is not for conversations like this one" in text_of(preview)
    with pytest.raises(Conflict), nothing_changes():
        knowledge_actions.apply_macro(macro=made, conversation=other, by=ben.actor, at=minutes(1))
    knowledge_actions.apply_macro(macro=made, conversation=row, by=ben.actor, at=minutes(1))
    assert fresh(row).status == "resolved"
    actions.set_tags(conversation=other, names=["Refund"], by=ben.actor, at=minutes(2))
    assert "Refunds" in menu(other, ben)
    knowledge_actions.update_macro(macro=made, condition={}, by=ada.actor, at=minutes(3))
    assert Macro.objects.get(pk=made.pk).condition == {}


def test_macro_whose_condition_means_nothing_any_more_is_offered_nowhere(
    acme: Workspace, row: Conversation, ada: Member
) -> None:
    made = MacroFactory(workspace=acme, name="Broken")
    Macro.objects.filter(pk=made.pk).update(condition={"field": "attribute.gone", "is": "x"})
    assert "Broken" not in menu(row, ada)
    page = text_of(ada.signed_in().get(f"/w/acme/knowledge/macros/{made.public_id}").content)
    assert "It asks for something that no longer exists." in page
    assert "This no longer exists." not in page
    with pytest.raises(Invalid) as refused:
        knowledge_actions.update_macro(macro=made, condition={"field": "nothing", "is": 1}, by=ada.actor, at=MORNING)
    assert refused.value.field == "condition.field"


def test_condition_is_edited_with_the_macro(acme: Workspace, ben: Member) -> None:
    client, url = ben.signed_in(), "/w/acme/knowledge/macros/new"
    given = {
        "name": "Refunds",
        "body": "Hi",
        "status": "resolved",
        "c.mode": "all",
        "condition": "{}",
        "condition_before": "{}",
    }
    page = client.post(url, {**given, "edit": "add:c"})
    assert page.status_code == 200
    assert 'name="c.0.field"' in page.content.decode()
    assert '<option value="resolved" selected>' in page.content.decode()
    refused = client.post(url, {**given, "c.0.field": ""})
    assert refused.status_code == 422
    assert not Macro.objects.exists()
    client.post(url, {**given, "c.0.field": "tag", "c.0.op": "is", "c.0.value": "refund"})
    made = Macro.objects.get()
    assert made.condition == {"field": "tag", "is": "refund"}
    shown = text_of(client.get(f"/w/acme/knowledge/macros/{made.public_id}").content)
    assert "Offered only where Tag is refund" in shown
    client.post(f"/w/acme/knowledge/macros/{made.public_id}/edit", {"name": "Refunds", "body": "Hello"})
    made.refresh_from_db()
    assert (made.body, made.condition) == ("Hello", {"field": "tag", "is": "refund"})


def test_many_conditions_are_asked_in_one_statement(acme: Workspace, row: Conversation, ada: Member) -> None:
    fields = [
        {"field": "follower", "is": "me"},
        {"field": "file", "is": False},
        {"field": "text", "contains": "x"},
        {"any": []},
    ]
    rows = [MacroFactory(workspace=acme, condition=condition) for condition in [*fields, {}, *fields]]
    with CaptureQueriesContext(connection) as of_few:
        macro_conditions.offered(rows[:2], row, ada.actor)
    with CaptureQueriesContext(connection) as of_many:
        found = macro_conditions.offered(rows, row, ada.actor)
    assert [one.pk for one in found] == [rows[n].pk for n in (1, 4, 6)]
    assert len(of_many) <= len(of_few) + 1  # what search asks of words
