"""Macros that do something: what is done with their text, its undo, and how often they are used."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import clock
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.models import Workspace
from conversations import actions
from conversations.knowledge import actions as knowledge_actions
from conversations.knowledge import queries as knowledge_queries
from conversations.models import Conversation, Macro, Message, MessageKind
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes
from tests.factories import ContactFactory, ConversationFactory

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
