"""From the assistant to people: when it calls them in, what they find, who answers then, and what ends without them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts import clock, tenancy
from accounts.errors import Forbidden
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.assistant import choice as choices
from conversations.assistant import gate, recovery, runs
from conversations.assistant import tasks as assistant_tasks
from conversations.assistant.engines import builtin, protocol
from conversations.models import (
    AssistantProposal,
    AssistantThread,
    Conversation,
    Handler,
    Outcome,
    Status,
    Suggestion,
    Tally,
)
from conversations.queries import conversations as queries
from conversations.screens.inbox import queries as inbox_queries
from tests.assistant.talk import PERSON, answered, choose, row_of, run_reactions, thread_of
from tests.conftest import Key, Member
from tests.dialects.assistant_client import JSON, asked, frames, read, run_of, work
from tests.dialects.posthog_client import Posthog, refusal
from tests.dialects.test_posthog_suggestions import solved, solved_plainly  # noqa: F401 (a fixture)
from tests.factories import reply
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

# --- Calling people in --------------------------------------------------------------------------


def test_customer_who_asks_for_a_person_gets_a_ticket_that_says_so(api: Posthog, handed: dict[str, Any]) -> None:
    row = row_of(handed)
    ticket = Ticket.all_workspaces.get()
    assert ticket.escalation_reason == "The customer asked for a person."
    assert row.ticket == ticket
    assert (handed["handled_by"], handed["ticket"], handed["ai_resolved"]) == ("people", str(ticket.public_id), False)
    assert handed["messages"][-1]["content"] == builtin.CALLED
    assert handed["status"] == "idle"
    assert (ticket.unread_team_count, ticket.message_count) == (1, 2)
    assert api.get(f"tickets/{ticket.public_id}").json()["escalation_reason"] == ticket.escalation_reason


def test_what_was_handed_over_is_in_the_inbox_unread_and_counted(api: Posthog, ben: Member, in_acme: Workspace) -> None:
    made = asked(api, PERSON)
    before = queries.tally().total
    assert not inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS["open"], ben.user).exists()
    work(made)
    assert Tally.objects.get().total == before + 1
    found = inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS["open"], ben.user).get()
    assert (found.public_id, found.unread_count, found.status) == (row_of(made).public_id, 1, Status.OPEN)


def test_first_unknown_question_is_asked_back_and_the_second_calls_people(api: Posthog) -> None:
    made = answered(api, "The frobnicator hums in D minor")
    assert made["messages"][-1]["content"].count("?") == 1
    assert (made["handled_by"], thread_of(made).is_asking) == ("assistant", True)
    made = answered(api, "It is the large one, in the cellar", conversation=made["id"])
    assert made["handled_by"] == "people"
    assert made["messages"][-1]["content"] == f"{builtin.UNKNOWN} {builtin.CALLED}"
    assert thread_of(made).is_asking is False


def test_topic_that_the_workspace_leaves_to_people_goes_to_them_at_once(api: Posthog, acme: Workspace) -> None:
    choose(acme, topics=("legal claim",))
    made = answered(api, "I have a claim, and it is a legal one")
    assert made["handled_by"] == "people"
    assert Ticket.all_workspaces.get().escalation_reason == "“legal claim” is a topic for people."


def test_people_are_called_once(api: Posthog, handed: dict[str, Any]) -> None:
    answered(api, PERSON, conversation=handed["id"])
    assert Ticket.all_workspaces.count() == 1
    assert Event.objects.filter(type="assistant.handed_over").count() == 1


def test_queued_turn_is_answered_although_people_were_called(api: Posthog) -> None:
    made = asked(api, PERSON)
    api.post(f"{made['id']}/queue", {"content": "My order is number 4711"})
    work(made)
    now = read(api, made)
    assert [(one["type"], one["content"]) for one in now["messages"]] == [
        ("human", PERSON),
        ("ai", builtin.CALLED),
        ("human", "My order is number 4711"),
        ("ai", builtin.NOTED),
    ]
    assert api.get(f"{made['id']}/queue").json()["messages"] == []


def test_words_in_between_leave_the_conversation_waiting_for_people(api: Posthog, handed: dict[str, Any]) -> None:
    waits = row_of(handed).waiting_since
    answered(api, "Are you still there", conversation=handed["id"])
    row = row_of(handed)
    assert (row.status, row.unread_count, row.first_response_at) == (Status.OPEN, 2, None)
    assert row.waiting_since == waits


def test_stranger_sees_nothing_of_it(api: Posthog, handed: dict[str, Any], globex: Workspace) -> None:
    with tenancy.scope(globex):
        assert not Conversation.objects.exists()
        assert not Suggestion.objects.exists()


def test_message_left_in_a_queue_at_rest_is_answered_in_the_end(api: Posthog) -> None:
    made = answered(api, "The frobnicator hums")
    api.post(f"{made['id']}/queue", {"content": PERSON})
    recovery.recover_all(clock.now())
    assert len(api.get(f"{made['id']}/queue").json()["messages"]) == 1  # it may just be about to be edited
    recovery.recover_all(clock.now() + timedelta(seconds=16))
    work(made)
    now = read(api, made)
    assert (now["messages"][-2]["content"], now["messages"][-1]["content"]) == (PERSON, builtin.CALLED)
    assert api.get(f"{made['id']}/queue").json()["messages"] == []


# --- A person takes over ------------------------------------------------------------------------


def test_after_an_agents_reply_the_assistant_keeps_silent(api: Posthog, handed: dict[str, Any], ben: Member) -> None:
    reply(row_of(handed), "Ben here. What is it about?", by=ben.actor)
    run_reactions()
    made = asked(api, "It is about my invoice", conversation=handed["id"])
    assert made["status"] == "idle"
    assert [(event, data["type"]) for _, event, data in frames(made)] == [("message", "human")]
    now = read(api, made)
    assert [one["type"] for one in now["messages"]] == ["human", "ai", "ai", "human"]
    assert now["messages"][2]["content"] == "Ben here. What is it about?"
    row = row_of(handed)
    assert (row.status, row.unread_count) == (Status.OPEN, 1)


def test_message_to_the_queue_goes_to_the_person_who_took_over(
    api: Posthog, handed: dict[str, Any], ben: Member
) -> None:
    with tenancy.scope(row_of(handed).workspace):
        assistant_actions.take_over(thread=thread_of(handed), to=ben.user, by=ben.actor, at=clock.now())
    answer = api.post(f"{handed['id']}/queue", {"content": "One more thing"})
    assert (answer.status_code, answer.json()["messages"]) == (200, [])
    assert read(api, handed)["messages"][-1]["content"] == "One more thing"
    assert row_of(handed).assignee == ben.user


def test_taking_over_stops_the_run_and_loses_nothing_that_waited(api: Posthog, ben: Member, in_acme: Workspace) -> None:
    made = asked(api, "The frobnicator hums")
    api.post(f"{made['id']}/queue", {"content": "and it smells"})
    assistant_actions.take_over(thread=thread_of(made), to=ben.user, by=ben.actor, at=clock.now())
    work(made)
    now = read(api, made)
    assert [(one["type"], one["content"]) for one in now["messages"]] == [
        ("human", "The frobnicator hums"),
        ("human", "and it smells"),
    ]
    assert (now["status"], now["handled_by"], now["ticket"]) == ("idle", "people", None)
    assert (row_of(made).unread_count, row_of(made).status) == (2, Status.OPEN)
    assert inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS["mine"], ben.user).count() == 1


def test_agents_reply_in_a_thread_that_the_assistant_handles_takes_it_over(api: Posthog, ben: Member) -> None:
    made = answered(api, "The frobnicator hums")
    reply(row_of(made), "I know that one.", by=ben.actor)
    run_reactions()
    row = row_of(made)
    assert (row.handler, row.status, row.unread_count) == (Handler.PEOPLE, Status.PENDING, 0)
    assert thread_of(made).taken_over_at is not None
    tally = Tally.all_workspaces.get(workspace=row.workspace)
    assert (tally.total, tally.pending) == (1, 1)


def test_answer_that_crosses_with_an_agents_reply_is_not_sent(api: Posthog, ben: Member, in_acme: Workspace) -> None:
    made = asked(api, "The frobnicator hums")
    reply(row_of(made), "I know that one.", by=ben.actor)
    work(made)  # before the reaction to the reply has run
    assert [one["content"] for one in read(api, made)["messages"]] == ["The frobnicator hums", "I know that one."]
    assert thread_of(made).taken_over_at is not None
    run_reactions()
    assert Event.objects.filter(type="assistant.taken_over").count() == 1


def test_answer_to_a_question_after_an_agents_reply_is_not_sent_either(
    api: Posthog, ben: Member, in_acme: Workspace
) -> None:
    made = answered(api, "The frobnicator hums")
    reply(row_of(made), "I know that one.", by=ben.actor)
    made = asked(api, "Do you?", conversation=made["id"])
    work(made)  # before the reaction to the reply has run
    assert [one["content"] for one in read(api, made)["messages"]][-2:] == ["I know that one.", "Do you?"]
    assert (row_of(made).status, row_of(made).unread_count) == (Status.OPEN, 1)


def test_agents_answer_counts_as_the_first_and_later_messages_are_unread(
    api: Posthog, ben: Member, in_acme: Workspace
) -> None:
    made = answered(api, "The frobnicator hums")
    answer = reply(row_of(made), "I know that one.", by=ben.actor)
    asked(api, "Do you?", conversation=made["id"])
    run_reactions()
    row = row_of(made)
    assert (row.first_response_at, row.last_outbound_at) == (answer.created_at, answer.created_at)
    assert (row.status, row.unread_count) == (Status.OPEN, 1)


def test_taking_over_lets_a_proposal_lapse(proposed: dict[str, Any], ben: Member, in_acme: Workspace) -> None:
    assistant_actions.take_over(thread=thread_of(proposed), by=ben.actor, at=clock.now())
    assert AssistantProposal.objects.get().status == "auto_rejected"


def test_failure_while_people_are_on_their_way_says_that_they_are(
    api: Posthog, handed: dict[str, Any], acme: Workspace
) -> None:
    choose(acme, engine=choices.OPENAI)  # without approval
    made = answered(api, "My number is 4711", conversation=handed["id"])
    assert made["messages"][-1]["content"] == "I could not answer this. A teammate will answer you here."


def test_person_is_called_although_the_engine_fails(api: Posthog, acme: Workspace) -> None:
    choose(acme, engine=choices.OPENAI, is_approved=True)
    made = asked(api, PERSON)
    choose(acme, engine=choices.OPENAI)  # its approval is taken back meanwhile
    work(made)
    now = read(api, made)
    assert (now["handled_by"], now["status"]) == ("people", "idle")
    assert now["messages"][-1]["content"] == "I could not answer this. A teammate will answer you here."
    assert Ticket.all_workspaces.get().escalation_reason == "The customer asked for a person."
    assert [data["handled_by"] for _, event, data in frames(made) if event == "conversation"] == ["assistant", "people"]


def test_people_are_called_when_the_assistant_fails_twice_in_a_row(api: Posthog, acme: Workspace) -> None:
    choose(acme, engine=choices.OPENAI, is_approved=True)
    made = answered(api, "The frobnicator hums")  # there is no service
    assert (made["handled_by"], made["messages"][-1]["type"]) == ("assistant", "ai/failure")
    made = answered(api, "Hello?", conversation=made["id"])
    assert (made["handled_by"], made["messages"][-1]["type"]) == ("people", "ai/failure")
    assert made["messages"][-1]["content"] == "I could not answer this. A teammate will answer you here."
    assert Ticket.all_workspaces.get().escalation_reason == "The assistant failed twice in a row."
    answered(api, "Are you there?", conversation=made["id"])
    assert Event.objects.filter(type="assistant.handed_over").count() == 1


def test_viewer_may_not_take_over(api: Posthog, vic: Member, in_acme: Workspace) -> None:
    made = asked(api)
    with pytest.raises(Forbidden):
        assistant_actions.take_over(thread=thread_of(made), by=vic.actor, at=clock.now())
    assert thread_of(made).taken_over_at is None


# --- Ending without a person --------------------------------------------------------------------


def test_customer_who_says_that_it_worked_resolves_the_conversation(api: Posthog) -> None:
    made = answered(api, "The frobnicator hums")
    made = answered(api, "Thanks, that worked!", conversation=made["id"])
    assert (made["ai_resolved"], made["messages"][-1]["content"]) == (True, builtin.SETTLED)
    assert row_of(made).status == Status.RESOLVED
    assert {one.outcome for one in Suggestion.all_workspaces.all()} == {Outcome.ACCEPTED}


def test_who_writes_on_afterwards_is_served_again(api: Posthog) -> None:
    made = answered(api, "The frobnicator hums")
    answered(api, "Thanks, that worked!", conversation=made["id"])
    made = answered(api, "Now it hums again", conversation=made["id"])
    assert (made["ai_resolved"], row_of(made).status) == (False, Status.PENDING)


def test_thanks_before_anybody_came_marks_the_ticket_too(api: Posthog, handed: dict[str, Any]) -> None:
    made = answered(api, "Never mind the call. It works now", conversation=handed["id"])
    assert made["ai_resolved"] is False  # "never" is no yes
    made = answered(api, "All good, it works now", conversation=handed["id"])
    assert made["ai_resolved"] is True
    assert Ticket.all_workspaces.get().ai_resolved is True


def test_conversation_that_nobody_comes_back_to_counts_as_solved(
    api: Posthog,
    solved_plainly: Any,  # noqa: F811
    in_acme: Workspace,
) -> None:
    good, asking = answered(api, "My thermostat blinks orange since the update"), answered(api, "The frobnicator hums")
    assistant_tasks.settle_quiet_threads(0)
    assert thread_of(good).ai_resolved is False
    Conversation.all_workspaces.update(last_message_at=clock.now() - timedelta(hours=25))
    assistant_tasks.settle_quiet_threads(0)
    assert (thread_of(good).ai_resolved, row_of(good).status) == (True, Status.RESOLVED)
    assert thread_of(asking).ai_resolved is False  # its last message was a question


def test_end_by_the_desk_counts_and_an_end_by_the_team_or_its_programs_does_not(
    api: Posthog, ben: Member, in_acme: Workspace, acme_key: Key
) -> None:
    by_desk, by_ben, by_key = answered(api, PERSON), answered(api, PERSON), answered(api, PERSON)
    actors = [(by_desk, Actor.system(in_acme.pk)), (by_ben, ben.actor), (by_key, Actor.key(acme_key.row))]
    for made, actor in actors:
        actions.set_status(conversation=row_of(made), status="closed", by=actor, at=clock.now())
    run_reactions()
    assert [thread_of(made).ai_resolved for made, _ in actors] == [True, False, False]
    assert row_of(by_desk).status == Status.CLOSED
    assert row_of(by_desk).ticket.ai_resolved is True


def test_conversation_that_is_somebodys_is_not_settled(api: Posthog, ben: Member, in_acme: Workspace) -> None:
    made = answered(api, "The frobnicator hums")
    actions.assign(conversation=row_of(made), to=ben.user, by=ben.actor, at=clock.now())
    made = answered(api, "Thanks, that worked!", conversation=made["id"])
    assert (made["ai_resolved"], row_of(made).assignee) == (False, ben.user)


def test_who_writes_on_takes_the_mark_from_the_ticket_too(api: Posthog, handed: dict[str, Any]) -> None:
    answered(api, "All good, it works now", conversation=handed["id"])
    asked(api, "It broke again", conversation=handed["id"])
    assert Ticket.all_workspaces.get().ai_resolved is False


def test_open_proposal_keeps_a_quiet_conversation_from_counting_as_solved(proposed: dict[str, Any]) -> None:
    Conversation.all_workspaces.update(last_message_at=clock.now() - timedelta(hours=25))
    AssistantThread.all_workspaces.update(is_asking=False)
    assistant_tasks.settle_quiet_threads(0)
    assert thread_of(proposed).ai_resolved is False


# --- Asking the customer first ------------------------------------------------------------------


def decide(api: Posthog, made: dict[str, Any], **payload: Any) -> Any:
    body = {"content": None, "conversation": made["id"], "resume_payload": payload}
    return api.post(api.base.rstrip("/"), body, **JSON)


def test_step_is_proposed_and_waits_for_the_customer(proposed: dict[str, Any]) -> None:
    assert proposed["handled_by"] == "assistant"
    assert proposed["messages"][-1]["content"] == f"{builtin.UNKNOWN} {builtin.MAY_I}"
    (approval,) = proposed["pending_approvals"]
    assert (approval["tool_name"], approval["decision_status"]) == ("hand_over", "pending")
    assert approval["message_id"] == proposed["messages"][-1]["id"]
    assert [data for _, event, data in frames(proposed) if event == "approval"] == [approval]


def test_approved_step_is_taken(api: Posthog, proposed: dict[str, Any]) -> None:
    answer = decide(api, proposed, action="approve", proposal_id=proposed["pending_approvals"][0]["proposal_id"])
    assert answer.status_code == 200
    now = answer.json()
    assert (now["status"], now["handled_by"], now["pending_approvals"]) == ("idle", "people", [])
    assert Ticket.all_workspaces.get().escalation_reason == "The assistant found no answer after one question."
    assert [data["content"] for _, event, data in frames(proposed) if event == "message"] == [
        "I have handed this over to our team. A teammate will answer you here."
    ]


def test_refused_step_is_not_taken(api: Posthog, proposed: dict[str, Any]) -> None:
    now = decide(api, proposed, action="reject", proposal_id=proposed["pending_approvals"][0]["proposal_id"]).json()
    assert (now["handled_by"], now["pending_approvals"]) == ("assistant", [])
    assert AssistantProposal.all_workspaces.get().status == "rejected"
    assert not Ticket.all_workspaces.exists()


@pytest.mark.parametrize("payload", [{}, {"action": "approve", "proposal_id": "7"}, {"action": "dance"}])
def test_unknown_step_fails_visibly(api: Posthog, proposed: dict[str, Any], payload: dict[str, Any]) -> None:
    answer = decide(api, proposed, **payload)
    assert (answer.status_code, answer.json()["messages"][-1]["type"]) == (200, "ai/failure")
    assert answer.json()["status"] == "idle"
    assert answer.json()["pending_approvals"] == proposed["pending_approvals"]


def test_customer_who_writes_on_has_not_agreed(api: Posthog, proposed: dict[str, Any]) -> None:
    asked(api, "I mean the other one", conversation=proposed["id"])
    assert AssistantProposal.all_workspaces.get().status == "auto_rejected"


# --- The ledger and the budget ------------------------------------------------------------------


def test_every_answer_stands_in_the_ledger(api: Posthog, solved_plainly: Any) -> None:  # noqa: F811
    made = answered(api, "My thermostat blinks orange since the firmware update")
    entry = Suggestion.all_workspaces.get()
    assert (entry.kind, entry.engine, entry.outcome, entry.cost) == ("answer", "builtin", "open", 0)
    assert entry.text == made["messages"][-1]["content"]
    assert [source["number"] for source in entry.sources] == [solved_plainly.number]


def test_used_up_budget_is_402_and_starts_nothing(api: Posthog, acme: Workspace) -> None:
    choose(acme, engine=choices.OPENAI, is_approved=True, budget=Decimal("1.50"))
    made = asked(api)
    Suggestion.all_workspaces.create(workspace=acme, kind="answer", conversation=row_of(made), cost="1.50")
    answer = api.post(api.base.rstrip("/"), {"content": "And now?"}, **JSON)
    assert refusal(answer) == (402, "server_error", "quota_limit_exceeded", None)
    work(made)  # the run that had begun is notified
    last = read(api, made)["messages"][-1]
    assert (last["type"], "budget" in last["content"]) == ("ai/failure", True)
    choose(acme, budget=Decimal("1.50"))
    assert api.post(api.base.rstrip("/"), {"content": "And now?"}, **JSON).status_code == 201


def test_customer_of_a_handed_over_thread_may_write_whatever_the_budget_and_the_approval(
    api: Posthog, handed: dict[str, Any], acme: Workspace
) -> None:
    choose(acme, engine=choices.OPENAI, is_approved=True, budget=Decimal(0))
    assert asked(api, "My number is 4711", conversation=handed["id"])["messages"][-1]["content"] == "My number is 4711"
    work(handed)
    choose(acme, engine=choices.OPENAI)
    assert asked(api, "Thank you", conversation=handed["id"])["messages"][-1]["content"] == "Thank you"
    assert api.post(api.base.rstrip("/"), {"content": "Hello"}, **JSON).status_code == 403


def test_what_was_spent_last_month_does_not_count(api: Posthog, acme: Workspace) -> None:
    choose(acme, engine=choices.OPENAI, is_approved=True, budget=Decimal("1.50"))
    spent = clock.now().replace(day=1) - timedelta(days=2)
    made = asked(api)
    Suggestion.all_workspaces.create(
        workspace=acme, kind="answer", conversation=row_of(made), cost="1.50", created_at=spent
    )
    assert api.post(api.base.rstrip("/"), {"content": "And now?"}, **JSON).status_code == 201


def test_cost_of_an_answer_that_came_too_late_is_kept(api: Posthog, in_acme: Workspace) -> None:
    made = asked(api)
    run = runs.claim(run_of(made).pk, clock.now())
    assert run is not None
    api.patch(f"{made['id']}/cancel", {})
    used = protocol.Usage(model="small", prompt_tokens=10, completion_tokens=2, cost=Decimal("0.25"))
    by = Actor.system(in_acme.pk)
    late = protocol.Draft(text="Too late", usage=used)
    assert assistant_actions.answer_run(run=run, draft=late, engine="openai", by=by, at=clock.now()) is None
    assert len(read(api, made)["messages"]) == 1
    entry = Suggestion.objects.get()
    assert (entry.outcome, entry.failure, entry.cost, entry.text) == ("failed", "canceled", used.cost, "")
    assert gate.spent(in_acme, clock.now()) == used.cost
    assert Event.objects.filter(type="assistant.cost_kept").count() == 1


def test_stopped_builtin_answer_leaves_nothing_in_the_ledger(api: Posthog) -> None:
    made = asked(api)
    api.patch(f"{made['id']}/cancel", {})
    work(made)
    assert not Suggestion.all_workspaces.exists()
    assert not Event.objects.filter(type="assistant.cost_kept").exists()
