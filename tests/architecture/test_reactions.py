"""The table of reactions: every reaction is in it, acts once, and may run again without changing anything more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock, journal
from accounts.journal import EventType, dispatch
from accounts.models import Dispatch, Event, QueuedMail, Workspace
from accounts.permissions import Actor
from conversations import actions, events
from conversations.actions.entries import Door
from conversations.assistant import actions as assistant_actions
from conversations.assistant.engines.protocol import Draft
from conversations.bulk import actions as bulk_actions
from conversations.bulk import working
from conversations.channels.email import actions as mailbox_actions
from conversations.models import BulkJob, Channel, Contact, Conversation, Delivery, DiscordThread, Mention, Notification
from conversations.reactions import REACTIONS, all_reactions
from tests.chat.conftest import make
from tests.chat.talking import Visitor
from tests.conftest import Member
from tests.factories import ConversationFactory, MailboxFactory, TeamFactory, TicketFactory, receive
from tickets import actions as ticket_actions
from tickets import events as ticket_events
from tickets.models import Ticket

ROOT = Path(__file__).resolve().parent.parent.parent
WRITTEN = re.compile(r"^def ([a-z]\w*)\((?:event: Event|events: Sequence\[Event\])\) -> None:", re.MULTILINE)
PAIRS = [
    pytest.param(kind, reaction, id=f"{kind.name}-{reaction.__name__}")
    for kind, reactions in all_reactions().items()
    for reaction in reactions
]


def assistants(workspace: Workspace) -> Conversation:
    """A conversation that the assistant handles, of a customer who has an address."""
    act: Any = {"by": Actor.system(workspace.pk), "at": clock.now()}
    row: Conversation = assistant_actions.ask_assistant(workspace=workspace, content="How?", **act).thread.conversation
    Conversation.objects.filter(pk=row.pk).update(channel=Channel.EMAIL)
    Contact.objects.filter(pk=row.contact_id).update(email="jane@example.com")
    return Conversation.objects.get(pk=row.pk)


def assigned(workspace: Workspace, ben: Member, ada: Member) -> None:
    actions.assign(conversation=ConversationFactory(workspace=workspace), to=ada.user, by=ben.actor, at=clock.now())


def replied(workspace: Workspace, ben: Member, ada: Member) -> None:
    row = assistants(workspace)
    draft = Draft("Like this.")
    assistant_actions.make_suggestion(conversation=row, draft=draft, engine="builtin", by=ben.actor, at=clock.now())
    actions.reply(conversation=row, body="Like this.", by=ben.actor, at=clock.now())
    Delivery.objects.all().delete()  # as an earlier version leaves it


def resolved(workspace: Workspace, ben: Member, ada: Member) -> None:
    by = Actor.system(workspace.pk)
    actions.set_status(conversation=assistants(workspace), status="resolved", by=by, at=clock.now())


def disconnected(workspace: Workspace, ben: Member, ada: Member) -> None:
    act: Any = {"by": Actor.system(workspace.pk), "at": clock.now()}
    mailbox_actions.mark_disconnected(mailbox=MailboxFactory(workspace=workspace), reason="Refused.", **act)


def tagged(workspace: Workspace, ben: Member, ada: Member) -> None:
    row = ConversationFactory(workspace=workspace, door=Door(Channel.DISCORD, "discord"))
    DiscordThread.objects.create(workspace=workspace, discord_id=1, parent_id=2, conversation=row)
    actions.set_tags(conversation=row, names=["bug"], by=ben.actor, at=clock.now())


def handed_over(workspace: Workspace, ben: Member, ada: Member) -> None:
    visitor = Visitor(make(workspace, assistant_first=True, team=TeamFactory(workspace=workspace)))
    visitor.writes(visitor.starts("How?"), "", uploads=[ContentFile(b"x", name="photo.png")])


def assigned_many(workspace: Workspace, ben: Member, ada: Member) -> None:
    rows = [ConversationFactory(workspace=workspace).pk for _ in range(2)]
    effects = [{"do": "assign", "to": f"member:{ada.user.pk}"}]
    act: Any = {"by": ben.actor, "at": clock.now()}
    working.work(bulk_actions.start_job(workspace=workspace, effects=effects, conversations=rows, **act))


def stopped_many(workspace: Workspace, ben: Member, ada: Member) -> None:
    rows = [ConversationFactory(workspace=workspace).pk for _ in range(2)]
    effects = [{"do": "assign", "to": f"member:{ada.user.pk}"}]
    act: Any = {"by": ben.actor, "at": clock.now()}
    job = bulk_actions.start_job(workspace=workspace, effects=effects, conversations=rows, **act)
    bulk_actions.cancel_job(job=working.work(job, seconds=0), **act)


def undone_many(workspace: Workspace, ben: Member, ada: Member) -> None:
    assigned_many(workspace, ben, ada)
    job = BulkJob.objects.get()
    Notification.objects.create(user=ada.user, kind="assigned", job=job, event_id=1, count=2)
    working.work(bulk_actions.undo_job(job=job, by=ben.actor, at=clock.now()))


def read(workspace: Workspace, ben: Member, ada: Member) -> None:
    row, act = ConversationFactory(workspace=workspace), {"by": ben.actor, "at": clock.now()}
    Notification.objects.create(user=ben.user, kind="replied", conversation=row, event_id=1)
    actions.mark_read(conversation=row, **act)


def started(workspace: Workspace, ben: Member, ada: Member) -> None:
    ada.user.preferences = {"notifications": {"events": {"unassigned_new": ["page"]}}}
    ada.user.save()
    ConversationFactory(workspace=workspace)


def received(workspace: Workspace, ben: Member, ada: Member) -> None:
    row = ConversationFactory(workspace=workspace)
    actions.assign(conversation=row, to=ben.user, by=ada.actor, at=clock.now())
    receive(row)


def mentioned(workspace: Workspace, ben: Member, ada: Member) -> None:
    row, at = ConversationFactory(workspace=workspace), clock.now()
    note = actions.note(conversation=row, body="@Ben Kimura?", by=ada.actor, at=at)
    Mention.objects.get_or_create(
        workspace=workspace, conversation=row, message=note, user=ben.user, defaults={"created_at": at}
    )


def mentioned_later(workspace: Workspace, ben: Member, ada: Member) -> None:
    row, at = ConversationFactory(workspace=workspace), clock.now()
    note = actions.note(conversation=row, body="Hm.", by=ada.actor, at=at)
    actions.edit_note(message=note, body="@Ben Kimura?", by=ada.actor, at=at)
    Mention.objects.get_or_create(
        workspace=workspace, conversation=row, message=note, user=ben.user, defaults={"created_at": at}
    )


def mentioned_in_ticket(workspace: Workspace, ben: Member, ada: Member) -> None:
    ticket = TicketFactory(workspace=workspace)
    actions.note_on_ticket(ticket=ticket, body="@Ben Kimura?", by=ada.actor, at=clock.now())


def read_ticket(workspace: Workspace, ben: Member, ada: Member) -> None:
    ticket = TicketFactory(workspace=workspace)
    Ticket.objects.filter(pk=ticket.pk).update(unread_team_count=1)
    Notification.objects.create(user=ben.user, kind="mentioned", ticket=ticket, event_id=1)
    ticket_actions.mark_read(ticket=ticket, by=ben.actor, at=clock.now())


def came_back(workspace: Workspace, ben: Member, ada: Member) -> None:
    row = ConversationFactory(workspace=workspace)
    message = actions.reply(conversation=row, body="Hello", by=ben.actor, at=clock.now())
    actions.set_delivery(message=message, status="failed", by=Actor.system(workspace.pk), at=clock.now())


def never_left(workspace: Workspace, ben: Member, ada: Member) -> None:
    row, at = ConversationFactory(workspace=workspace), clock.now()
    later = actions.schedule(conversation=row, body="Hello", send_after=at, by=ben.actor, at=at)
    actions.mark_failed(delivery=later, code="x", reason="Refused.", by=Actor.system(workspace.pk), at=at)


def held(workspace: Workspace, ben: Member, ada: Member) -> None:
    row, at = ConversationFactory(workspace=workspace), clock.now()
    later = actions.schedule(conversation=row, body="Hello", send_after=at, by=ben.actor, at=at)
    actions.hold(delivery=later, by=Actor.system(workspace.pk), at=at)


SCENES: dict[EventType, Callable[[Workspace, Member, Member], None]] = {
    events.ASSISTANT_HANDED_OVER: handed_over,
    events.BULK_JOB_CANCELLED: stopped_many,
    events.BULK_JOB_FINISHED: assigned_many,
    events.BULK_JOB_UNDONE: undone_many,
    events.CONVERSATION_ASSIGNED: assigned,
    events.CONVERSATION_READ: read,
    events.CONVERSATION_STARTED: started,
    events.DELIVERY_CHANGED: came_back,
    events.MESSAGE_RECEIVED: received,
    events.NOTE_ADDED: mentioned,
    events.NOTE_EDITED: mentioned_later,
    ticket_events.TICKET_MENTIONED: mentioned_in_ticket,
    ticket_events.TICKET_READ: read_ticket,
    events.REPLY_FAILED: never_left,
    events.REPLY_HELD: held,
    events.CONVERSATION_TAGGED: tagged,
    events.MAILBOX_DISCONNECTED: disconnected,
    events.REPLY_SENT: replied,
    events.CONVERSATION_STATUS_CHANGED: resolved,
}
"""What brings each event about, so that all of its reactions have something to do."""


@pytest.fixture
def broken() -> Iterator[Callable[[EventType], None]]:
    """Adds a reaction to an event that fails, until the test ends."""
    before = {name: list(reactions) for name, reactions in dispatch._reactions.items()}
    yield lambda kind: journal.subscribe([kind], "broken", lambda event: 1 / 0)  # type: ignore[arg-type,return-value]
    dispatch._reactions.clear()
    dispatch._reactions.update(before)


@pytest.fixture
def event(request: pytest.FixtureRequest, in_acme: Workspace, ben: Member, ada: Member) -> Event:
    """The event of a scene; its reactions have not run yet, and all before are done with."""
    kind: EventType = request.node.callspec.params["kind"]
    SCENES[kind](in_acme, ben, ada)
    found = Event.objects.filter(type=kind.name).latest("pk")
    Dispatch.objects.exclude(event=found).delete()
    return found


def state(*, queues: bool) -> dict[str, Any]:
    """Every row of the desk, and what waits in queues if wanted; without what is still to be dispatched."""
    models = [
        model for app in ("accounts", "tickets", "conversations") for model in apps.get_app_config(app).get_models()
    ]
    rows = {
        model.__name__: sorted(map(str, model._base_manager.values()))
        for model in models
        if model not in (Dispatch, QueuedMail)
    }
    if queues:
        rows["jobs"] = [str(job) for job in ProcrastinateJob.objects.order_by("id").values("task_name", "args")]
        rows["mails"] = [str(mail) for mail in QueuedMail.all_workspaces.order_by("id").values("kind", "about")]
    return rows


def test_every_reaction_of_a_room_is_in_the_table() -> None:
    written = {
        ".".join((*path.relative_to(ROOT).with_suffix("").parts, name))
        for path in (ROOT / "conversations").rglob("*.py")
        for name in WRITTEN.findall(path.read_text())
    }
    assert written == {path for paths in REACTIONS.values() for path in paths}


@pytest.mark.parametrize("kind", REACTIONS, ids=lambda kind: kind.name)
def test_reactions_to_an_event_differ_in_name(kind: EventType) -> None:
    names = [path.rpartition(".")[2] for path in REACTIONS[kind]]
    assert len(set(names)) == len(names), "the journal keeps by name which reactions of an event have run"


def test_every_event_with_reactions_has_a_scene_here() -> None:
    assert set(SCENES) == set(REACTIONS)


def test_the_journal_runs_the_reactions_of_the_table() -> None:
    subscribed = {name: [reaction for _, reaction in reactions] for name, reactions in dispatch._reactions.items()}
    assert subscribed == {kind.name: list(reactions) for kind, reactions in all_reactions().items()}


@pytest.mark.parametrize(("kind", "reaction"), PAIRS)
def test_reaction_that_runs_again_changes_no_row(
    kind: EventType, reaction: Callable[[Event], None], event: Event
) -> None:
    before = state(queues=True)
    reaction(event)
    once = state(queues=False)
    assert state(queues=True) != before, "the scene gives it nothing to do"
    reaction(event)
    assert state(queues=False) == once


@pytest.mark.parametrize("kind", REACTIONS, ids=lambda kind: kind.name)
def test_what_one_reaction_did_happens_once_though_another_fails(
    kind: EventType, event: Event, broken: Callable[[EventType], None]
) -> None:
    broken(kind)
    journal.drain()
    once = state(queues=True)
    waiting = Dispatch.objects.get(event=event)
    assert waiting.heard == [reaction.__name__ for reaction in all_reactions()[kind]]
    Dispatch.objects.update(due_at=timezone.now())
    journal.drain()
    assert state(queues=True) == once
    assert Dispatch.objects.get(event=event).attempts == 2
