"""Writing to somebody first: a conversation with its first mail, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.base import File

from accounts import journal, transaction
from accounts.errors import Conflict
from accounts.models import User, Workspace
from accounts.permissions import Actor, Visibility, permit
from conversations import events
from conversations.actions import contacts, drafted, outbox, routing, triage
from conversations.actions.entries import Door
from conversations.actions.files import Stored
from conversations.actions.start import start
from conversations.models import Channel, Conversation, Delivery, DeliveryState, Mailbox, Message

DOOR = Door(Channel.EMAIL, "email")


@transaction.atomic
def forward(
    *,
    conversation: Conversation,
    message: Message | None = None,
    email: str,
    name: str = "",
    subject: str,
    body: str,
    uploads: Sequence[File[bytes]] = (),
    draft_files: Sequence[UUID] = (),
    draft_before: UUID | None = None,
    mailbox: Mailbox | None = None,
    to: Sequence[str] = (),
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
    send_after: datetime,
    public_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> Conversation:
    """Send a conversation, or one message of it, to somebody by mail, as `compose` does: in a conversation of its own.

    Both name the other. Returns the new one; a repeat under the same `public_id` the first one.
    """
    permit(by, "conversation.reply", conversation)
    sent = compose(
        workspace=conversation.workspace,
        email=email,
        name=name,
        subject=subject,
        body=body,
        uploads=uploads,
        draft_files=draft_files,
        draft_before=draft_before,
        mailbox=mailbox,
        to=to,
        cc=cc,
        bcc=bcc,
        send_after=send_after,
        public_id=public_id,
        by=by,
        at=at,
    )
    made = sent.conversation
    lines = journal.lines_of(conversation).filter(type=events.CONVERSATION_FORWARDED.name, data__to_id=made.pk)
    if not lines.exists():
        journal.record(
            events.CONVERSATION_FORWARDED,
            conversation,
            by=by,
            at=at,
            to_id=made.pk,
            number=made.number,
            message_id=message.pk if message is not None else None,
        )
        journal.record(
            events.CONVERSATION_NAMED, made, by=by, at=at, from_id=conversation.pk, number=conversation.number
        )
    return made


@transaction.atomic
def compose(
    *,
    workspace: Workspace,
    email: str,
    name: str = "",
    subject: str,
    body: str,
    uploads: Sequence[File[bytes]] = (),
    draft_files: Sequence[UUID] = (),
    draft_before: UUID | None = None,
    mailbox: Mailbox | None = None,
    to: Sequence[str] = (),
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
    send_after: datetime,
    then: str = "",
    public_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> Delivery:
    """Write a mail to somebody, who becomes a contact unless known, in a conversation of its own; it leaves as `schedule` says.

    `to` are more recipients beside them; `then` as in `schedule`. The conversation's mails go by `mailbox` and to `cc` besides from then on. `public_id`
    as in `schedule`: a repeat finds the first one. The draft of this id, whose uploaded files are `draft_files`, is gone with it,
    as is that of `draft_before`, an id that was used. Raises Invalid with the field at fault, and Conflict: `sent_already` for
    another mail, `cancelled` for one that was taken back.
    """
    permit(by, "conversation.reply")
    stored: list[Stored] = []
    if public_id is not None:
        drafted.hold(workspace.pk, public_id)
        first = _composed_before(workspace, public_id, body, [email, *to], [*cc], [*bcc], by)
        if first is not None:
            return first
        stored = drafted.files_of_mail(public_id, draft_files, before=draft_before, by=by)
    contact = contacts.identify(
        workspace=workspace, email=email, name=name or None, identity_source="email", renames=False, by=by, at=at
    )
    conversation = start(
        workspace=workspace, contact=contact, subject=subject, door=DOOR, mailbox=mailbox, cc=cc, by=by, at=at
    )
    writer = User.objects.filter(pk=by.user_id).first() if by.user_id is not None else None
    if writer is not None and by.visibility == Visibility.TEAMS:  # else they would not see what they began
        conversation = routing.route(conversation, to=writer, team=None, at=at)
    elif writer is not None and workspace.assigns_writer:  # nobody else looks after it while its first mail waits
        conversation = triage.assign(conversation=conversation, to=writer, by=by, at=at)
    delivery = outbox.schedule(
        conversation=conversation,
        body=body,
        send_after=send_after,
        then=then,
        uploads=uploads,
        stored=stored,
        public_id=public_id,
        to=[contact.email, *to] if to else None,
        bcc=bcc,
        by=by,
        at=at,
    )
    if public_id is not None:
        drafted.use_mail(public_id, sent=stored, before=draft_before, by=by)
    return delivery


def _composed_before(
    workspace: Workspace, public_id: UUID, body: str, to: list[str], cc: list[str], bcc: list[str], by: Actor
) -> Delivery | None:
    """The mail that was written under this id. Raises Conflict: `sent_already` where its text or its recipients are others,
    `cancelled` where it was taken back.
    """
    sent = Delivery.objects.select_related("conversation__contact", "message").filter(public_id=public_id)
    first = sent.filter(workspace=workspace, writer=by.user_id).order_by("pk").first()
    if first is None:
        return None
    if first.state == DeliveryState.CANCELLED and first.message is None:
        raise Conflict("this mail was taken back", code="cancelled")
    conversation, text = first.conversation, first.message.body if first.message else first.body
    recipients = (
        first.to or [conversation.contact.email or ""],
        conversation.cc if first.cc is None else first.cc,
        first.bcc,
    )
    if text != body or [_lowered(line) for line in recipients] != [_lowered(line) for line in (to, cc, bcc)]:
        raise Conflict("this mail was sent already", code="sent_already")
    return first


def _lowered(addresses: Sequence[str]) -> list[str]:
    return [one.strip().lower() for one in addresses]
