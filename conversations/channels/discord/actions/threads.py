"""Threads: found, renamed, tagged, archived and deleted there, which their conversations follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from accounts import changes, journal, outbox, transaction
from accounts.errors import Conflict, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import actions, events
from conversations.actions import locking, messages, routing
from conversations.actions.senders import Sender
from conversations.channels.discord import finding, tags
from conversations.channels.discord.actions.messages import DOOR
from conversations.channels.discord.payloads import Thread
from conversations.models import Conversation, DiscordBot, DiscordMember, DiscordThread

OPEN_PRIVATE = "open_discord_thread"
"""The job that opens a private thread."""
DELETED = "The thread was deleted on Discord. Replies can no longer be sent there."
RESTORED = "The thread is there again on Discord. Retry the replies that were not sent."


@transaction.atomic
def see_thread(*, workspace: Workspace, thread: Thread, by: Actor, at: datetime) -> DiscordThread:
    """The row of a thread, made where there is none yet."""
    permit(by, "discord.run")
    transaction.hold_name(workspace.pk, f"discord thread {thread.id}")
    known = DiscordThread.objects.filter(discord_id=thread.id).first()
    if known is not None:
        return known
    row = DiscordThread.objects.create(
        workspace=workspace,
        discord_id=thread.id,
        parent_id=thread.parent_id,
        owner_id=thread.owner_id,
        name=thread.name,
        tags=[str(tag) for tag in thread.tags],
        is_private=thread.is_private,
        is_archived=thread.is_archived,
        is_locked=thread.is_locked,
        created_at=at,
        active_at=at,
    )
    journal.record(events.DISCORD_THREAD_SEEN, row, by=by, at=at)
    return row


@transaction.atomic
def change_thread(
    *, thread: DiscordThread, now: Thread, names: Mapping[str, str], by: Actor, at: datetime
) -> DiscordThread:
    """Follow what has changed there: name, tags, archived, locked. `names` are the forum's tags by their ids.

    Tags that were put on or taken off there are so here; others stay.
    """
    permit(by, "discord.run", thread)
    thread = transaction.held(thread)
    before = [*thread.tags]
    given = {
        "name": now.name,
        "tags": [str(tag) for tag in now.tags],
        "is_archived": now.is_archived,
        "is_locked": now.is_locked,
    }
    changed = changes.change(thread, given)
    if not changed:
        return thread
    thread.save(update_fields=changed)
    conversation = _conversation(thread)
    if conversation is not None and "name" in changed and now.name.strip():
        conversation = actions.edit_subject(conversation=conversation, subject=now.name, by=by, at=at)
    if conversation is not None and "tags" in changed:
        added = [names[one] for one in thread.tags if one not in before and one in names]
        removed = {names[one] for one in before if one not in thread.tags and one in names}
        kept = [one for one in conversation.tags if one not in removed]
        actions.set_tags(conversation=conversation, names=tags.merged(kept, added), by=by, at=at)
    journal.record(events.DISCORD_THREAD_CHANGED, thread, by=by, at=at, fields=changed)
    return thread


@transaction.atomic
def set_thread_tags(*, thread: DiscordThread, ids: Sequence[str], by: Actor, at: datetime) -> DiscordThread:
    """Note the forum's tags that an agent has put on a thread, so that what Discord says of it afterwards changes nothing."""
    permit(by, "discord.run", thread)
    thread = transaction.held(thread)
    if thread.tags == [*ids]:
        return thread
    thread.tags = [*ids]
    thread.save(update_fields=["tags"])
    journal.record(events.DISCORD_THREAD_CHANGED, thread, by=by, at=at, fields=["tags"])
    return thread


@transaction.atomic
def delete_thread(*, thread: DiscordThread, by: Actor, at: datetime) -> DiscordThread:
    """Note that a thread is gone. Its conversation stays, with a note that says so."""
    permit(by, "discord.run", thread)
    thread = transaction.held(thread)
    if thread.deleted_at is not None:
        return thread
    thread.deleted_at = at
    thread.save(update_fields=["deleted_at"])
    if (conversation := _conversation(thread)) is not None:
        actions.note(conversation=conversation, body=DELETED, sender=Sender.actor(by), by=by, at=at)
    journal.record(events.DISCORD_THREAD_DELETED, thread, by=by, at=at)
    return thread


@transaction.atomic
def restore_thread(*, thread: DiscordThread, by: Actor, at: datetime) -> DiscordThread:
    """Note that a thread is there that was marked as deleted: replies are sent there again."""
    permit(by, "discord.run", thread)
    thread = transaction.held(thread)
    if thread.deleted_at is None:
        return thread
    thread.deleted_at = None
    thread.save(update_fields=["deleted_at"])
    if (conversation := _conversation(thread)) is not None:
        actions.note(conversation=conversation, body=RESTORED, sender=Sender.actor(by), by=by, at=at)
    journal.record(events.DISCORD_THREAD_RESTORED, thread, by=by, at=at)
    return thread


@transaction.atomic
def request_private(*, conversation: Conversation, by: Actor, at: datetime) -> DiscordMember:
    """Ask for a private thread with the customer, in which the conversation goes on.

    Raises Invalid where the customer is no member of the server or private threads cannot be opened, and Conflict where there is one.
    """
    permit(by, "conversation.reply", conversation)
    conversation = locking.locked(conversation)
    bot = DiscordBot.objects.first()
    member = finding.member_of(conversation)
    if member is None:
        raise Invalid("this customer is not known on Discord")
    if bot is None or bot.private_channel is None:
        raise Invalid("no text channel for private threads is chosen in Settings, Discord")
    if (known := finding.private_thread_of(member)) is not None and known.conversation is not None:
        raise Conflict(f"there is a private thread already: #{known.conversation.number}", code="is_private")
    outbox.queue(
        OPEN_PRIVATE, workspace_id=conversation.workspace_id, conversation_id=conversation.pk, member_id=member.pk
    )
    journal.record(events.DISCORD_PRIVATE_REQUESTED, conversation, by=by, at=at)
    return member


@transaction.atomic
def continue_privately(
    *, conversation: Conversation, thread: Thread, member: DiscordMember, by: Actor, at: datetime
) -> Conversation:
    """Start the conversation of a private thread that was opened for another one, given to whom that is assigned."""
    permit(by, "discord.run", conversation)
    row = see_thread(workspace=member.workspace, thread=thread, by=by, at=at)
    row = transaction.held(row)
    if row.conversation_id is not None:
        return Conversation.objects.get(pk=row.conversation_id)
    public = locking.locked(conversation)
    private = actions.start(
        workspace=member.workspace,
        contact=member.contact,
        subject=public.subject,
        door=DOOR,
        tags=public.tags,
        by=by,
        at=at,
    )
    private = routing.route(private, to=public.assignee, team=public.team, at=at)
    row.conversation, row.active_at, row.is_private = private, at, True
    row.save(update_fields=["conversation", "active_at", "is_private"])
    sender = Sender.actor(by)
    actions.note(
        conversation=private, body=f"Private thread with the customer of #{public.number}.", sender=sender, by=by, at=at
    )
    actions.note(conversation=public, body=f"Goes on privately in #{private.number}.", sender=sender, by=by, at=at)
    journal.record(events.DISCORD_THREAD_OPENED, row, by=by, at=at)
    return private


@transaction.atomic
def note_private_failed(*, conversation: Conversation, reason: str, by: Actor, at: datetime) -> None:
    """Note in a conversation why no private thread was opened for it."""
    permit(by, "conversation.note", conversation)
    body = f"A private thread could not be opened. {reason}"
    messages.note(conversation=conversation, body=body, sender=Sender.actor(by), by=by, at=at)


def _conversation(thread: DiscordThread) -> Conversation | None:
    if thread.conversation_id is None:
        return None
    return Conversation.objects.filter(pk=thread.conversation_id).first()
