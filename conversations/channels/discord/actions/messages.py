"""Messages that people write there: taken in once each, and what they change of them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import File

from accounts import transaction
from accounts.models import Team
from accounts.permissions import Actor, ActorKind, permit
from conversations import actions
from conversations.actions import continuing, corrections, routing
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.channels.discord import tags
from conversations.channels.discord.payloads import Post
from conversations.channels.discord.reading import line
from conversations.models import Channel, Contact, Conversation, DiscordMember, DiscordMessage, DiscordThread, Message

DOOR = Door(Channel.DISCORD, "discord")
UNTITLED = "Discord thread"


@transaction.atomic
def take_in(
    *,
    thread: DiscordThread,
    post: Post,
    member: DiscordMember,
    body: str,
    uploads: Sequence[File[bytes]] = (),
    names: Sequence[str] = (),
    team: Team | None = None,
    by: Actor,
    at: datetime,
) -> Message:
    """Make a message of the thread's conversation, or the first of a new one; one that was taken in before is found.

    `names` are the forum's tags on the thread, for a new conversation. Raises Invalid for what cannot be kept.
    """
    permit(by, "discord.run", thread)
    thread = transaction.held(thread)
    known = DiscordMessage.objects.filter(discord_id=post.id).select_related("message").first()
    if known is not None:
        return known.message
    moment, contact = min(post.at, at), member.contact
    actor = _acting(contact)
    conversation = _conversation(thread)
    if conversation is None:
        conversation = actions.start(
            workspace=member.workspace,
            contact=contact,
            subject=thread.name.strip() or line(body, 100) or UNTITLED,
            door=DOOR,
            tags=tags.merged([], names),
            body=body,
            uploads=uploads,
            by=actor,
            at=moment,
        )
        assert conversation.last_message is not None
        message = conversation.last_message
        conversation = routing.route(conversation, to=None, team=team, at=moment)
    else:
        message = continuing.continue_or_receive(
            conversation=conversation,
            body=body,
            sender=Sender.contact(contact),
            door=DOOR,
            uploads=uploads,
            subject=thread.name.strip() or None,
            by=actor,
            at=moment,
        )
        conversation = message.conversation
    DiscordMessage.objects.create(thread=thread, discord_id=post.id, message=message, edited_at=post.edited_at)
    thread.conversation, thread.active_at = conversation, max(moment, thread.active_at)
    thread.last_message_id = max(thread.last_message_id, post.id)
    thread.save(update_fields=["conversation", "active_at", "last_message_id"])
    return message


@transaction.atomic
def edit(*, thread: DiscordThread, post: Post, body: str, by: Actor, at: datetime) -> None:
    """Follow an edit, unless a later one is here by now."""
    permit(by, "discord.run", thread)
    transaction.held(thread)
    row = _row(thread, post.id)
    if row is None or row.deleted_at is not None:
        return
    if post.edited_at is None or (row.edited_at is not None and row.edited_at >= post.edited_at):
        return
    row.edited_at = post.edited_at
    row.save(update_fields=["edited_at"])
    corrections.edit_message(message=row.message, body=body, by=by, at=min(post.edited_at, at))


@transaction.atomic
def withdraw(*, thread: DiscordThread, discord_ids: Sequence[int], by: Actor, at: datetime) -> int:
    """Follow that messages were deleted. Returns how many of them were here."""
    permit(by, "discord.run", thread)
    transaction.held(thread)
    count = 0
    for discord_id in sorted({*discord_ids}):
        row = _row(thread, discord_id)
        if row is not None and row.deleted_at is None:
            row.deleted_at = at
            row.save(update_fields=["deleted_at"])
            corrections.withdraw_message(message=row.message, by=by, at=at)
            count += 1
    return count


def _row(thread: DiscordThread, discord_id: int) -> DiscordMessage | None:
    """A message that a person wrote there."""
    rows = DiscordMessage.objects.select_related("message__conversation")
    return rows.filter(thread=thread, discord_id=discord_id, is_ours=False).first()


def _conversation(thread: DiscordThread) -> Conversation | None:
    if thread.conversation_id is None:
        return None
    return Conversation.objects.select_related("contact").filter(pk=thread.conversation_id).first()


def _acting(contact: Contact) -> Actor:
    return Actor(ActorKind.CONTACT, contact.workspace_id, id=contact.pk, name=contact.name, email=contact.email)
