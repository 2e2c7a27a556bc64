"""The Trash: a conversation in it is as if it had been deleted, comes back as it was, and is deleted for good after a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction as django
from django.db.models import Q

from accounts import journal, transaction
from accounts.errors import Conflict, NotFound
from accounts.models import Membership
from accounts.permissions import Actor, Role, permit
from conversations import events
from conversations.actions import carrying, entries, forgetting, locking, summaries, ticket_counts, turns
from conversations.models import (
    AssistantThread,
    Attachment,
    Conversation,
    DeliveryFile,
    DiscordThread,
    DraftFile,
    Handler,
    InboundMail,
)
from conversations.queries import conversations as queries
from tickets.models import Ticket

KEPT = timedelta(days=30)
"""For how long a conversation stays in the Trash."""
_SAVED = (*summaries.SAVED, "trashed_at", "trashed_by", "assignee")


@transaction.atomic
def trash(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Put a conversation into the Trash: no list, count, search or format has it any more, and its ticket loses it.

    Replies that have not left wait for their writers. Every member who may reply may do it with one in which nothing was written, or
    all of it taken back. Raises Conflict with code `joined` for one that was joined into another, and `assistant` while the
    assistant answers in it.
    """
    thread = _thread(conversation)
    conversation = locking.locked(conversation)
    if queries.is_blank(conversation):
        permit(by, "conversation.reply", conversation)
    else:
        permit(by, "conversation.trash", conversation)
    if conversation.joined_into is not None:
        locking.check_is_in_use(conversation)
    if conversation.handler == Handler.ASSISTANT or (
        thread is not None and thread.taken_over_at is None and thread.deleted_at is None
    ):
        raise Conflict("the assistant takes part in the conversation: take over first", code="assistant")
    before, was, ticket_id = summaries.snapshot(conversation), turns.counted(conversation), conversation.ticket_id
    carrying.hold(conversation, at)
    conversation.handler, conversation.trashed_at, conversation.trashed_by_id = Handler.TRASH, at, by.user_id
    conversation.ticket, conversation.ticket_linked_at, conversation.updated_at = None, None, at
    entries.save(conversation, *_SAVED)
    if thread is not None and thread.deleted_at is None:
        AssistantThread.objects.filter(pk=thread.pk).update(deleted_at=at)
    turns.recount(conversation, was)
    if ticket_id is not None:
        ticket_counts.after_unlinking(conversation, ticket_id, by=by, at=at)
    journal.record(events.CONVERSATION_TRASHED, conversation, by=by, at=at, before=before)
    return conversation


@transaction.atomic
def restore(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Bring a conversation back from the Trash, as it was, with its ticket if that is still there.

    Raises NotFound for one that is not in the Trash.
    """
    permit(by, "conversation.trash", conversation)
    thread = _thread(conversation)
    conversation = locking.locked_in_trash(conversation)
    event = queries.last_trashed(conversation)
    if event is None:
        raise NotFound("there is no such change")
    before = dict(event.data["before"])
    if before["ticket_id"] is not None and not Ticket.objects.filter(pk=before["ticket_id"]).exists():
        before["ticket_id"] = before["ticket_linked_at"] = None
    trashed_at = conversation.trashed_at
    summaries.put_back(conversation, before, {"unread_count": conversation.unread_count}, at)
    conversation.trashed_at = conversation.trashed_by = None
    if conversation.assignee_id is not None and not _answers(conversation):
        conversation.assignee = None
    entries.save(conversation, *_SAVED)
    if thread is not None and thread.deleted_at is not None and thread.deleted_at == trashed_at:
        AssistantThread.objects.filter(pk=thread.pk).update(deleted_at=None)
    if conversation.ticket_id is not None:
        ticket_counts.after_linking(conversation, conversation.ticket_id, by=by, at=at)
    journal.record(events.CONVERSATION_RESTORED, conversation, by=by, at=at)
    return conversation


@transaction.atomic
def purge(*, conversation: Conversation, by: Actor, at: datetime) -> None:
    """Delete a conversation of the Trash for good, with its messages, files, mails and replies; the journal and its number stay.

    Raises NotFound for one that is not in the Trash.
    """
    permit(by, "conversation.trash", conversation)
    _thread(conversation)
    threads = DiscordThread.objects.select_for_update(no_key=True).filter(conversation=conversation)
    list(threads.order_by("pk").values_list("pk"))
    conversation = locking.locked_in_trash(conversation)
    mails = InboundMail.objects.filter(Q(conversation=conversation) | Q(message__conversation=conversation))
    kept = [
        *(one.file for one in Attachment.objects.filter(message__conversation=conversation)),
        *(one.file for one in DeliveryFile.objects.filter(delivery__conversation=conversation)),
        *(one.file for one in DraftFile.objects.filter(draft__conversation=conversation)),
        *(one.file for one in DraftFile.objects.filter(draft__forwards=conversation)),
        *(one.raw for one in mails.only("raw", "workspace")),
    ]
    for file in kept:
        django.on_commit(partial(file.storage.delete, str(file.name)))
    words = forgetting.words_in(conversation.workspace_id, [conversation.pk])
    journal.record(events.CONVERSATION_PURGED, conversation, by=by, at=at, number=conversation.number)
    InboundMail.objects.filter(pk__in=[one.pk for one in mails.only("pk", "workspace")]).delete()
    Conversation.trash.filter(pk=conversation.pk).delete()
    forgetting.forget(conversation.workspace_id, words)


def _thread(conversation: Conversation) -> AssistantThread | None:
    """The assistant's thread of the conversation, held: it is locked before the conversation, as everywhere."""
    rows = AssistantThread.objects.select_for_update(no_key=True, of=("self",))
    return rows.filter(conversation=conversation).order_by("pk").first()


def _answers(conversation: Conversation) -> bool:
    members = Membership.objects.filter(workspace_id=conversation.workspace_id, user=conversation.assignee_id)
    return members.exclude(role=Role.VIEWER).exists()
