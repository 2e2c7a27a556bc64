"""Starting a conversation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File

from accounts import journal, transaction, writing
from accounts.errors import Conflict, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events, priorities
from conversations.actions import entries, turns, wishes
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.actions.wishes import CallWish
from conversations.models import Channel, Contact, Conversation, Handler, Mailbox, MessageKind, SenderKind
from conversations.texts import validation

_DOOR = Door(Channel.API, "api")


@transaction.atomic
@writing.together()
def start(
    *,
    workspace: Workspace,
    contact: Contact,
    subject: str,
    door: Door = _DOOR,
    channel: Channel | None = None,
    priority: str = "normal",
    external_id: str | None = None,
    metadata: dict[str, Any] | None = None,
    tags: Sequence[str] = (),
    body: str | None = None,
    sender: Sender | None = None,
    uploads: Sequence[File[bytes]] = (),
    handler: Handler = Handler.PEOPLE,
    mailbox: Mailbox | None = None,
    cc: Sequence[str] = (),
    follows: Conversation | None = None,
    public_id: uuid.UUID | None = None,
    number: int | None = None,
    message_public_id: uuid.UUID | None = None,
    wish: CallWish | None = None,
    by: Actor,
    at: datetime,
) -> Conversation:
    """Start a conversation with a contact, under the workspace's next number, with a first message if there is a body.

    `door` is where it began; `channel` is what lists show, the door's own unless given. The first message is the
    contact's unless `sender` says otherwise; either way the conversation is open. What a blocked contact begins is spam. `external_id` is the caller's own
    name for it: at most 255 characters, unique in the workspace. Mails go by `mailbox`, and to `cc` besides; `follows` is the
    closed conversation that it goes on from. `public_id` is one that the caller chose, as `message_public_id` is for the
    first message, and `number` one that a verb has drawn before, which locks more than this, and counted as `turns.counted_as` says. `wish` is the call that it asks
    for; that of a callback may be in its `metadata`. Raises Invalid with the field at fault, or Conflict when either id is
    taken.
    """
    permit(by, "conversation.start", contact)
    validation.check(subject, "subject", longest=validation.SUBJECT_LIMIT)
    check_priority(priority)
    if external_id is not None:
        validation.check(external_id, "external_id", longest=255)
    if sender is None or sender.kind == SenderKind.CUSTOMER:
        handler = turns.handler_of(contact, body, handler)
    counted = turns.counted_as(handler)
    if external_id is not None or public_id is not None:
        if number is None:
            number = turns.TALLY.draw(workspace.pk, counted)
        # Starts are serial from here: nobody else can take an id between these looks and our insert.
        _check_is_free(workspace, external_id=external_id)
        _check_is_free(workspace, public_id=public_id)
    conversation = Conversation(
        workspace=workspace,
        public_id=public_id or uuid.uuid4(),
        number=number or 0,
        external_id=external_id,
        contact=contact,
        subject=subject,
        channel=channel or door.channel,
        handler=handler,
        priority=priority,
        priority_rank=priorities.rank(priority),
        tags=list(tags),
        metadata=metadata or {},
        mailbox=mailbox,
        cc=list(cc),
        follows=follows,
        last_message_at=at,
        last_visible_at=at,
        last_activity_at=at,
        waiting_since=at,
        created_at=at,
        updated_at=at,
    )
    if number is None:
        turns.TALLY.number(conversation, "number", counted)
    else:
        writing.insert(conversation)
    entry_point = entries.door(conversation, door, at, first=True)
    if wish is None and conversation.channel == Channel.CALLBACK:
        wish = wishes.of_metadata(metadata)
    if wish is not None:
        wishes.keep(conversation, wish, at)
    message = None
    if body is not None:
        sender = sender or Sender.contact(contact)
        message = entries.append(
            conversation,
            kind=MessageKind.MESSAGE,
            sender=sender,
            body=body,
            at=at,
            entry_point=entry_point,
            uploads=uploads,
            public_id=message_public_id,
        )
        if sender.kind == SenderKind.CUSTOMER and (handler != Handler.NOBODY or contact.blocked_at is None):
            conversation.unread_count = 1
        entries.save(conversation)
    journal.record(
        events.CONVERSATION_STARTED,
        conversation,
        by=by,
        at=at,
        channel=conversation.channel,
        message_id=writing.id_of(message) if message else None,
    )
    return conversation


def _check_is_free(workspace: Workspace, **named: Any) -> None:
    """Raises Conflict when a conversation has the id; None is no id."""
    [(field, value)] = named.items()
    # Spans workspaces: it names its own; an id of a conversation in the Trash is taken, too.
    taken = Conversation.all_workspaces.filter(workspace=workspace, **named)
    if value is not None and taken.exists():
        name = "external id" if field == "external_id" else "id"
        raise Conflict(f"a conversation with this {name} already exists", field=field)


def check_priority(priority: str) -> None:
    """Raises Invalid unless the priority has 1 to 32 characters."""
    validation.check(priority, "priority", longest=10_000)
    if len(priority) > 32:
        raise Invalid("priority has at most 32 characters", field="priority", code="too_long")
