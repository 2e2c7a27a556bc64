"""Spam: nobody answers it, nothing counts it, and it comes back as it would have been."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Conflict, Invalid, NotFound
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import carrying, entries, lifecycle, locking, summaries, turns
from conversations.models import (
    AssistantThread,
    BlockedSender,
    Conversation,
    Handler,
    MailboxAddress,
    Status,
)

UNDOABLE = (events.SPAM_MARKED.name, events.SPAM_UNMARKED.name)
SENDER, DOMAIN = "sender", "domain"
"""What can be blocked with it: the customer's address, or all of its domain."""


@transaction.atomic
def mark_spam(*, conversation: Conversation, block: str = "", by: Actor, at: datetime) -> Conversation:
    """Take a conversation out of every list, count and clock; `block` also takes later mail of its SENDER or DOMAIN for spam.

    Replies that have not left wait for their writers. Raises Conflict with code `has_ticket` while a ticket is linked, whose
    counts and customer it would stay, or with code `assistant` or `joined`; Invalid for a sender that cannot be blocked.
    """
    permit(by, "conversation.update", conversation)
    conversation = locking.locked(conversation)
    if conversation.handler == Handler.NOBODY:
        return conversation
    _check(conversation)
    before, was = summaries.snapshot(conversation), turns.counted(conversation)
    carrying.hold(conversation, at)
    conversation.handler, conversation.snoozed_until, conversation.unread_count = Handler.NOBODY, None, 0
    conversation.first_response_at = conversation.first_response_due_at = conversation.next_response_due_at = None
    conversation.updated_at = at
    entries.save(conversation, *summaries.SAVED)
    turns.recount(conversation, was)
    blocked = _blocked(conversation, block, by=by, at=at)
    journal.record(
        events.SPAM_MARKED,
        conversation,
        by=by,
        at=at,
        before=before,
        after=summaries.snapshot(conversation),
        blocked_id=blocked.pk if blocked else None,
    )
    return conversation


@transaction.atomic
def unmark_spam(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Bring a conversation back to the people who answer, as it would be if it had never been spam.

    What its customer has written is unread as far as nobody has answered it, and has waited since it was written.
    """
    permit(by, "conversation.update", conversation)
    conversation = locking.locked(conversation)
    if conversation.handler != Handler.NOBODY:
        return conversation
    before = summaries.snapshot(conversation)
    thread = summaries.thread_of(conversation)
    found, waits = summaries.recomputed(conversation, thread), summaries.unanswered(thread)
    summaries.put(conversation, found)
    conversation.unread_count, conversation.updated_at = found.unread_count, at
    if waits:
        turns.move(conversation, lifecycle.DESK.after_customer(conversation.status), at)
        if conversation.status == Status.OPEN:
            conversation.waiting_since = waits[0].at
    conversation.handler = Handler.PEOPLE
    entries.save(conversation, *summaries.SAVED)
    turns.recount(conversation, None)
    after = summaries.snapshot(conversation)
    journal.record(events.SPAM_UNMARKED, conversation, by=by, at=at, before=before, after=after)
    return conversation


@transaction.atomic
def undo_spam(*, conversation: Conversation, event_id: int, by: Actor, at: datetime) -> Conversation:
    """Put a conversation back to what it was before it was marked or unmarked, and free the sender that was blocked with it.

    Raises NotFound for an event that is no such change of this conversation, and Conflict with code `changed_since`
    when anyone has changed or written something in it since.
    """
    permit(by, "conversation.update", conversation)
    conversation = locking.locked(conversation)
    changes = journal.lines_of(conversation)
    event = changes.filter(pk=event_id, type__in=UNDOABLE).first()
    if event is None:
        raise NotFound("there is no such change")
    before, after = event.data["before"], event.data["after"]
    if not summaries.is_as(conversation, after):
        raise Conflict("the conversation has changed since", code="changed_since")
    summaries.put_back(conversation, before, after, at)
    entries.save(conversation, *summaries.SAVED)
    if event.data.get("blocked_id"):
        BlockedSender.objects.filter(pk=event.data["blocked_id"]).delete()
    journal.record(events.SPAM_UNDONE, conversation, by=by, at=at, undone_id=event.pk)
    return conversation


def _check(conversation: Conversation) -> None:
    locking.check_is_in_use(conversation)
    if conversation.ticket_id is not None:
        raise Conflict("the conversation has a ticket: unlink it first", code="has_ticket")
    threads = AssistantThread.objects.filter(conversation=conversation, taken_over_at=None, deleted_at=None)
    if conversation.handler == Handler.ASSISTANT or threads.exists():
        raise Conflict("the assistant takes part in the conversation: take over first", code="assistant")


def _blocked(conversation: Conversation, block: str, *, by: Actor, at: datetime) -> BlockedSender | None:
    """The sender that is blocked from now on; None where none is to be, or it was before."""
    if not block:
        return None
    address = conversation.contact.email
    if block not in (SENDER, DOMAIN) or "@" not in address:
        raise Invalid("there is no address to block", field="block")
    pattern = address if block == SENDER else f"@{address.rpartition('@')[2]}"
    if block == DOMAIN and MailboxAddress.objects.filter(address__endswith=pattern).exists():
        raise Invalid("your own mailboxes are of this domain", field="block")
    sender, is_new = BlockedSender.objects.get_or_create(
        workspace_id=conversation.workspace_id,
        pattern=pattern,
        defaults={"created_by_id": by.user_id, "created_at": at},
    )
    return sender if is_new else None
