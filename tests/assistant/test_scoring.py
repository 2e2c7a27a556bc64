"""Trying the desk's knowledge on its own history."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from accounts import clock
from accounts.models import Event, Workspace
from conversations import actions
from conversations.assistant import scoring
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ConversationFactory, reply

pytestmark = pytest.mark.django_db


def solved(workspace: Workspace, ben: Member, asked: str, answer: str | None) -> Conversation:
    row = ConversationFactory(workspace=workspace, body=asked)
    if answer:
        reply(row, answer, by=ben.actor)
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
    return row


@pytest.fixture
def history(in_acme: Workspace, ben: Member) -> list[Conversation]:
    return [
        solved(in_acme, ben, "The gate sticks at the hinge", "Oil the hinge and push the gate until it clicks."),
        solved(in_acme, ben, "Gate sticks, the hinge is dry", "Oil the hinge, then push the gate until it clicks."),
        solved(in_acme, ben, "Where is invoice number seven", "Invoices are under Billing, on the second page."),
        solved(in_acme, ben, "My invoice number is missing", "A colleague calls you back about the refund."),
        solved(in_acme, ben, "Nobody answered this", None),
    ]


def test_each_question_is_tried_without_its_own_conversation(history: list[Conversation]) -> None:
    tried = {trial.number: trial for trial in scoring.trials(10)}
    assert [tried[row.number].is_right for row in history[:4]] == [True, True, False, False]
    assert tried[history[0].number].label == f"#{history[1].number}"
    assert history[4].number not in tried


def test_scores_fall_with_the_threshold(history: list[Conversation]) -> None:
    scores = list(scoring.scores(scoring.trials(10)))
    assert [score.threshold for score in scores] == sorted(scoring.THRESHOLDS)
    assert [score.answered for score in scores] == sorted((score.answered for score in scores), reverse=True)
    assert scores[0].right == 2


def test_command_prints_the_table_and_names_the_wrong_answers(history: list[Conversation]) -> None:
    before, out = Event.objects.count(), io.StringIO()
    call_command("score_assistant", "--workspace", "acme", stdout=out)
    assert "4 resolved conversations tried" in out.getvalue()
    assert f"Wrong: #{history[2].number} would have been answered from #{history[3].number}" in out.getvalue()
    assert Event.objects.count() == before


def test_empty_history_has_no_table(acme: Workspace) -> None:
    out = io.StringIO()
    call_command("score_assistant", "--workspace", "acme", stdout=out)
    assert out.getvalue().startswith("0 resolved conversations tried")
