"""What a customer writes after the end: a closed conversation stays closed, and a new one follows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.base import File

from accounts import transaction
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations.actions import lifecycle, locking, messages, routing, start
from conversations.actions.entries import Door
from conversations.actions.lifecycle import ReplyPolicy
from conversations.actions.senders import Sender
from conversations.models import Contact, Conversation, Mailbox, Message, Status


@transaction.atomic
def continue_or_receive(
    *,
    conversation: Conversation,
    body: str,
    door: Door,
    sender: Sender | None = None,
    policy: ReplyPolicy = lifecycle.DESK,
    uploads: Sequence[File[bytes]] = (),
    subject: str | None = None,
    metadata: dict[str, Any] | None = None,
    mailbox: Mailbox | None = None,
    public_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> Message:
    """Add a message from the customer, or start a conversation that `follows` this one where this one is closed.

    The message's own conversation says which. What a customer writes in a closed conversation more than once goes on in the
    same new one, until that is closed too. The new one has the subject of the closed one unless `subject` is another, and
    its contact, mailbox, copies, team and assignee. One that was joined stands for the one that has its messages. Spam,
    and what by its policy asks for no answer, goes where it was sent. `public_id` is the message's id, if the caller chose
    one: a repeat finds the first message. Raises Invalid for a blank or too long body, and Conflict with code
    `sent_already` when the id belongs to another customer's message.
    """
    permit(by, "conversation.receive", conversation)
    # Whoever writes at the same time waits here, and then finds the conversation that was started.
    closed = locking.writable(conversation)
    if closed.pk != conversation.pk and sender is None:
        sender = Sender.contact(conversation.contact)  # who wrote, also where it was joined into another customer's
    if public_id is not None and (first := _written(closed, public_id)) is not None:
        return first
    while closed.status == Status.CLOSED and not closed.is_set_aside and policy.asks_for_answer:
        after = Conversation.objects.filter(follows=closed).order_by("-id").first()
        if after is None:
            return _started(
                closed, body, door=door, sender=sender, uploads=uploads, subject=subject, metadata=metadata,
                mailbox=mailbox, public_id=public_id, by=by, at=at,
            )  # fmt: skip
        closed = locking.writable(after)
    return messages.receive(
        conversation=closed, body=body, door=door, sender=sender, policy=policy, uploads=uploads, public_id=public_id,
        by=by, at=at,
    )  # fmt: skip


def _started(
    closed: Conversation,
    body: str,
    *,
    subject: str | None,
    mailbox: Mailbox | None,
    public_id: UUID | None,
    at: datetime,
    **given: Any,
) -> Message:
    sender: Sender | None = given["sender"]
    writer = closed.contact  # who is then to be answered
    if sender is not None and sender.contact_id not in (None, closed.contact_id):
        writer = Contact.objects.get(pk=sender.contact_id)
    row = start.start(
        workspace=closed.workspace,
        contact=writer,
        subject=subject or closed.subject,
        body=body,
        mailbox=mailbox or closed.mailbox,
        cc=closed.cc if writer.pk == closed.contact_id else [],
        follows=closed,
        message_public_id=public_id,
        at=at,
        **given,
    )
    row = routing.route(row, to=closed.assignee, team=closed.team, at=at)
    assert row.last_message is not None
    row.last_message.conversation = row
    return row.last_message


def _written(conversation: Conversation, public_id: UUID) -> Message | None:
    known = Message.objects.select_related("conversation").filter(public_id=public_id).first()
    if known is not None and known.conversation.contact_id != conversation.contact_id:
        raise Conflict("this id belongs to another message", code="sent_already")
    return known
