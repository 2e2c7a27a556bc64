"""Two who do something to the same row at the same moment: nothing is lost, nothing is done half, and the counts are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import clock, tenancy
from accounts.errors import DomainError, NotFound
from accounts.models import Event, User, Workspace
from accounts.permissions import Actor
from conversations import actions, maintenance
from conversations.actions import companies
from conversations.actions.entries import Door
from conversations.assistant import actions as assistant_actions
from conversations.models import Channel, Contact, Conversation, Message, Tally
from tests.concurrency import at_once, given_up
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory
from tests.runtime.machine import eventually
from tickets import actions as ticket_actions
from tickets import tasks as ticket_tasks
from tickets.models import Ticket, TicketNumbers

pytestmark = pytest.mark.django_db(transaction=True)


def act(acme: Workspace) -> dict[str, Any]:
    return {"by": Actor.system(acme.pk), "at": clock.now()}


def test_unsnoozing_leaves_what_an_agent_has_snoozed_anew(acme: Workspace) -> None:
    """The job has read which rows are due; before it comes to this one, an agent snoozes it for another day."""
    conversation = ConversationFactory(workspace=acme)
    ticket = actions.escalate(conversation=conversation, **act(acme))
    soon, later = clock.now() + timedelta(minutes=1), clock.now() + timedelta(days=1)
    actions.snooze(conversation=conversation, until=later, **act(acme))
    ticket_actions.snooze(ticket=ticket, until=later, **act(acme))
    due = {"by": Actor.system(acme.pk), "at": soon}
    actions.unsnooze(conversation=conversation, only_if_due=True, **due)
    ticket_actions.unsnooze(ticket=ticket, **due)
    assert Conversation.all_workspaces.get().snoozed_until == Ticket.all_workspaces.get().snoozed_until == later


def test_unsnoozing_that_fails_for_one_row_unsnoozes_the_others(acme: Workspace) -> None:
    until = clock.now() + timedelta(milliseconds=1)
    for _ in range(2):
        conversation = ConversationFactory(workspace=acme)
        ticket = actions.escalate(conversation=conversation, **act(acme))
        ticket_actions.snooze(ticket=ticket, until=until, **act(acme))
        conversation.refresh_from_db()
        Conversation.all_workspaces.filter(pk=conversation.pk).update(snoozed_until=until)
    for task, model in ((maintenance.unsnooze_due, Conversation), (ticket_tasks.unsnooze_due_tickets, Ticket)):
        with given_up("accounts_event", state="22003"):
            task.func(timestamp=0)
        assert model.all_workspaces.filter(snoozed_until=None).count() == 1  # type: ignore[attr-defined]


def test_quiet_thread_in_which_the_customer_has_just_written_is_not_settled(acme: Workspace) -> None:
    run = assistant_actions.ask_assistant(workspace=acme, content="How?", **act(acme))
    assistant_actions.cancel_run(thread=run.thread, **act(acme))
    long_ago = clock.now() - timedelta(hours=24)
    assistant_actions.settle(thread=run.thread, quiet_since=long_ago, **act(acme))
    assert Conversation.all_workspaces.get().status == "open"


def test_link_to_a_ticket_that_is_deleted_at_the_same_moment_is_not_found(acme: Workspace) -> None:
    ticket = ticket_actions.open_ticket(workspace=acme, **act(acme))
    conversation = ConversationFactory(workspace=acme)
    actions.delete_ticket(ticket=Ticket(pk=ticket.pk, workspace=acme, number=ticket.number), **act(acme))
    with pytest.raises(NotFound):
        actions.link(conversation=conversation, ticket=ticket, **act(acme))
    assert Conversation.all_workspaces.get().ticket_id is None


def test_customer_who_leaves_a_company_while_it_is_merged_stays_where_they_went(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Merging has read whose company it is; before it moves them, an agent wants one of them in another company."""
    merged, into, third = (actions.create_company(workspace=acme, name=name, **act(acme)) for name in "ABC")
    contact = ContactFactory(workspace=acme)
    actions.set_company(contact=contact, company=merged, **act(acme))
    rename = companies._rename
    with ThreadPoolExecutor(1) as pool:
        elsewhere: list[Future[Any]] = []

        def leave() -> None:
            try:
                actions.set_company(contact=contact, company=third, **act(acme))
            finally:
                connection.close()

        def is_waited_for() -> bool:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
                )
                return bool(cursor.fetchone()[0])

        def late(*args: Any) -> list[int]:
            elsewhere.append(pool.submit(leave))
            eventually(lambda: elsewhere[0].done() or is_waited_for(), "the agent is done, or waits")
            return rename(*args)

        monkeypatch.setattr(companies, "_rename", late)
        actions.merge_companies(company=merged, into=into, **act(acme))
        elsewhere[0].result()
    assert Contact.all_workspaces.get().organization_id == third.pk


def test_customer_of_a_company_that_is_merged_at_the_same_moment_belongs_to_the_other(acme: Workspace) -> None:
    with tenancy.scope(acme):
        contacts = [ContactFactory(workspace=acme) for _ in range(8)]
    one, other = (actions.create_company(workspace=acme, name=name, **act(acme)) for name in "AB")

    def change(n: int) -> None:
        if n == 4:
            actions.merge_companies(company=other, into=one, **act(acme))
        else:
            actions.set_company(contact=contacts[n], company=other, **act(acme))

    at_once(change)
    belongs = Contact.all_workspaces.exclude(pk=contacts[4].pk).values_list("organization", "company")
    assert {*belongs} == {(one.pk, "A")}


def test_preferences_of_two_tabs_are_both_kept(acme: Workspace, ben: Member) -> None:
    def keep(n: int) -> None:
        chosen = {"theme": "dark"} if n % 2 else {"side": "closed"}
        assert ben.signed_in().post("/w/acme/preferences", chosen).status_code in (204, 302)

    at_once(keep)
    kept = User.objects.get(pk=ben.user.pk).preferences
    assert (kept["theme"], kept["side"]) == ("dark", "closed")


def test_everything_at_once_leaves_the_counts_right(acme: Workspace, ben: Member) -> None:
    """Agents, customers and programs at the same few conversations and their ticket: 8 at a time, 96 changes in all."""
    conversations = [ConversationFactory(workspace=acme, body="Hello") for _ in range(3)]
    ticket = actions.escalate(conversation=conversations[0], **act(acme))
    actions.link(conversation=conversations[1], ticket=ticket, **act(acme))
    changes: list[Callable[[Conversation], Any]] = [
        lambda row: actions.reply(conversation=row, body="Answer", **act(acme)),
        lambda row: actions.receive(conversation=row, body="Question", **act(acme)),
        lambda row: actions.set_status(conversation=row, status="resolved", **act(acme)),
        lambda row: actions.snooze(conversation=row, until=clock.now() + timedelta(days=1), **act(acme)),
        lambda row: actions.assign(conversation=row, to=ben.user, **act(acme)),
        lambda row: actions.set_tags(conversation=row, names=["b", "a"], **act(acme)),
        lambda row: actions.mark_read(conversation=row, **act(acme)),
        lambda row: actions.broadcast(ticket=ticket, body="To all", move_to="closed", **act(acme)),
        lambda row: ticket_actions.set_status(ticket=ticket, status="resolved", **act(acme)),
        lambda row: actions.link(conversation=row, ticket=ticket, **act(acme)),
        lambda row: actions.unlink(conversation=row, **act(acme)),
        lambda row: actions.open_ticket(
            workspace=acme, email="new@example.com", door=Door(Channel.API, "test"), title="New", **act(acme)
        ),
    ]

    def work(n: int) -> None:
        for step in range(12):
            try:
                with tenancy.scope(acme):
                    changes[(n * 5 + step) % 12](conversations[(n + step) % 3])
            except DomainError:
                pass  # such as snoozing what another has resolved

    at_once(work)
    states = Counter(Conversation.all_workspaces.values_list("status", flat=True))
    tally = Tally.all_workspaces.get()
    assert {name: getattr(tally, name) for name in ("open", "pending", "resolved", "closed")} == {
        name: states[name] for name in ("open", "pending", "resolved", "closed")
    }
    standing = Counter(Ticket.all_workspaces.values_list("status", flat=True))
    numbers = TicketNumbers.all_workspaces.get()
    assert {name: getattr(numbers, name) for name in standing} == dict(standing)
    for row in Conversation.all_workspaces.all():
        assert row.message_count == Message.all_workspaces.filter(conversation=row, kind="message").count()
    linked = Conversation.all_workspaces.filter(ticket=ticket)
    ticket.refresh_from_db()
    assert ticket.message_count == sum(row.message_count for row in linked)
    # One event for each message, in whatever order they waited.
    written = Event.objects.filter(type__in=("reply.sent", "message.received", "conversation.started"))
    ids = [data["message_id"] for data in written.values_list("data", flat=True) if data["message_id"]]
    assert sorted(ids) == sorted(Message.all_workspaces.filter(kind="message").values_list("pk", flat=True))


def test_customer_who_writes_twice_at_once_in_a_closed_conversation_starts_one(acme: Workspace) -> None:
    closed = ConversationFactory(workspace=acme)
    actions.set_status(conversation=closed, status="closed", **act(acme))
    given: dict[str, Any] = {"conversation": closed, "door": Door(Channel.EMAIL, "email"), **act(acme)}
    at_once(lambda n: actions.continue_or_receive(body=f"Message {n}", **given), 5)
    new = Conversation.all_workspaces.exclude(pk=closed.pk).get()
    assert (new.follows_id, new.message_count, new.unread_count) == (closed.pk, 5, 5)
