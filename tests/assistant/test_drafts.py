"""Drafts for agents: the outcome of each, by the reply that was sent."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import clock, journal
from accounts.errors import Forbidden, NotFound
from accounts.models import Event, Workspace
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.assistant import comparison
from conversations.assistant.engines.protocol import Draft, Usage
from conversations.models import Conversation, Message, MessageKind, Outcome, Suggestion
from tests.conftest import Member
from tests.factories import ConversationFactory, receive, reply

DRAFT = "Hello Bo,\n\nhold both buttons for ten seconds, and the thermostat restarts by itself."


@pytest.fixture
def row(in_acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=in_acme, body="It blinks.")


def drafted(row: Conversation, ben: Member, text: str | None = DRAFT, **values: Any) -> Suggestion:
    return assistant_actions.make_suggestion(
        conversation=row, draft=Draft(text=text, **values), engine="builtin", by=ben.actor, at=clock.now()
    )


def outcome_of(suggestion: Suggestion) -> Outcome:
    while journal.drain():
        pass
    suggestion.refresh_from_db()
    return Outcome(suggestion.outcome)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (DRAFT, Outcome.ACCEPTED),
        (DRAFT.replace("\n\n", "\n"), Outcome.ACCEPTED),
        (DRAFT + "\n\nTell me if it does not help.", Outcome.EDITED),
        (DRAFT.replace("ten", "twelve"), Outcome.EDITED),
        ("We will send you a new one tomorrow, free of charge.", Outcome.REJECTED),
    ],
)
def test_reply_tells_what_the_draft_was_worth(row: Conversation, ben: Member, sent: str, outcome: Outcome) -> None:
    suggestion = drafted(row, ben)
    reply(row, sent, by=ben.actor)
    assert outcome_of(suggestion) == outcome
    assert suggestion.decided_by == ben.user
    assert Event.objects.get(type="suggestion.decided").data["outcome"] == outcome


@pytest.mark.django_db
def test_what_the_customer_or_a_note_says_decides_nothing(row: Conversation, ben: Member) -> None:
    suggestion = drafted(row, ben)
    receive(row, DRAFT)
    actions.note(conversation=row, body=DRAFT, by=ben.actor, at=clock.now())
    assert outcome_of(suggestion) == Outcome.OPEN


@pytest.mark.django_db
def test_draft_that_was_decided_is_not_decided_again(row: Conversation, ben: Member) -> None:
    suggestion = drafted(row, ben)
    assistant_actions.dismiss_suggestion(suggestion=suggestion, by=ben.actor, at=clock.now())
    reply(row, DRAFT, by=ben.actor)
    assert outcome_of(suggestion) == Outcome.REJECTED
    assistant_actions.dismiss_suggestion(suggestion=suggestion, by=ben.actor, at=clock.now())
    assert Event.objects.filter(type="suggestion.decided").count() == 1


@pytest.mark.django_db
def test_new_draft_takes_the_place_of_the_one_before(row: Conversation, ben: Member) -> None:
    first, second = drafted(row, ben), drafted(row, ben, "Something else entirely.")
    assert (outcome_of(first), outcome_of(second)) == (Outcome.REJECTED, Outcome.OPEN)
    assert Event.objects.get(type="suggestion.decided").data["suggestion_id"] == first.pk


@pytest.mark.django_db
def test_draft_of_the_same_words_is_the_same_draft(row: Conversation, ben: Member) -> None:
    usage = Usage(model="small", prompt_tokens=10, completion_tokens=2)
    first, second = drafted(row, ben, usage=usage), drafted(row, ben, usage=usage)
    assert first == second
    reply(row, DRAFT, by=ben.actor)
    assert outcome_of(first) == Outcome.ACCEPTED
    assert (first.prompt_tokens, first.completion_tokens) == (20, 4)
    assert Event.objects.filter(type="suggestion.decided").count() == 1


@pytest.mark.django_db
def test_draft_that_failed_leaves_the_one_before(row: Conversation, ben: Member) -> None:
    first = drafted(row, ben)
    drafted(row, ben, None)
    assert outcome_of(first) == Outcome.OPEN


@pytest.mark.django_db
def test_draft_without_a_text_failed_and_says_why(row: Conversation, ben: Member) -> None:
    usage = Usage(model="small", prompt_tokens=10, completion_tokens=0)
    suggestion = drafted(row, ben, None, usage=usage)
    assert (suggestion.outcome, suggestion.failure, suggestion.prompt_tokens) == ("failed", "nothing_found", 10)
    assert not Message.objects.filter(kind=MessageKind.NOTE).exists()


@pytest.mark.django_db
def test_viewer_and_stranger_have_no_say(row: Conversation, ben: Member, vic: Member, cleo: Member) -> None:
    suggestion = drafted(row, ben)
    with pytest.raises(Forbidden):
        assistant_actions.dismiss_suggestion(suggestion=suggestion, by=vic.actor, at=clock.now())
    with pytest.raises(NotFound):
        assistant_actions.dismiss_suggestion(suggestion=suggestion, by=cleo.actor, at=clock.now())
    assert outcome_of(suggestion) == Outcome.OPEN


def test_empty_draft_is_like_nothing() -> None:
    assert comparison.outcome("", "x") == Outcome.REJECTED
