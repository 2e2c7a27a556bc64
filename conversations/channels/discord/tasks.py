"""Jobs of Discord: trying a token, sending links by which members prove who they are, opening private threads, and tags."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from procrastinate.contrib.django import app

from accounts import clock, sealed, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.channels.discord import actions, finding, links, tags, trials
from conversations.channels.discord.api import NO_DIRECT_MESSAGES, Api, Failure
from conversations.channels.discord.payloads import Unreadable
from conversations.channels.discord.privately import direct, in_private_thread, open_thread, say
from conversations.channels.discord.writing import escaped
from conversations.models import Conversation, DiscordBot, DiscordLink, DiscordMember, DiscordThread
from conversations.queries import mailboxes

logger = logging.getLogger(__name__)

LINK = "Open this link to let {name} know which customer you are. It is for you alone, works once, and is good for an hour:\n{url}"
HELLO = "This thread is private: only you and the team of {name} see it. Let us go on here."
CANNOT = "This team cannot confirm identities at the moment."
CLOSED = (
    "I could not send you a private message. Allow direct messages from members of this server in its privacy settings, "
    "then write `!link` again."
)


@app.task(name=trials.TASK, queue="checks")
def try_discord(*, name: str, **future: Any) -> None:
    """Ask Discord about a token that somebody is entering."""
    trials.run(name)


@app.task(name=links.TASK, retry=3)
def send_discord_link(*, workspace_id: int, link_id: int, **future: Any) -> None:
    """Send a link privately: as a direct message, else in a private thread, else nowhere. Say so where the desk cannot send the code."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        link = DiscordLink.objects.select_related("member", "thread", "workspace").filter(pk=link_id).first()
        bot = DiscordBot.objects.first()
        if link is None or bot is None or link.used_at is not None or link.expires_at <= clock.now():
            return
        try:
            api = Api.of(bot)
        except sealed.Unreadable:
            return
        can_confirm = mailboxes.can_send()  # the code goes by mail
        text = LINK.format(name=link.workspace.name, url=links.url(link)) if can_confirm else CANNOT
        nonce = f"link.{link.public_id.hex[:20]}"
        try:
            direct(api, link.member.discord_id, text, nonce)
        except Failure as failure:
            if not failure.is_permanent:
                raise
            logger.info("discord_link_not_direct link=%s code=%s", link.pk, failure.code)
            is_closed = failure.code == NO_DIRECT_MESSAGES or failure.status == 403
            if not is_closed or in_private_thread(api, bot, link.member, "Your link", text, nonce):
                return
            if link.thread is not None and can_confirm:
                api.ask(
                    "POST",
                    f"/channels/{link.thread.discord_id}/messages",
                    body={"content": CLOSED, "allowed_mentions": {"parse": []}, "nonce": nonce, "enforce_nonce": True},
                )


@app.task(name=actions.OPEN_PRIVATE)
def open_discord_thread(*, workspace_id: int, conversation_id: int, member_id: int, **future: Any) -> None:
    """Open a private thread with a member, in which their conversation goes on; or note why there is none."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        bot = DiscordBot.objects.first()
        conversation = Conversation.objects.select_related("contact").filter(pk=conversation_id).first()
        member = DiscordMember.objects.select_related("contact").filter(pk=member_id).first()
        if bot is None or conversation is None or member is None:
            return
        by, at = Actor.system(workspace_id, name="Discord"), clock.now()
        if finding.private_thread_of(member) is not None:
            return  # it was asked for twice
        try:
            api = Api.of(bot)
            thread = open_thread(api, bot, member, conversation.subject)
        except (Failure, Unreadable, sealed.Unreadable) as error:
            actions.note_private_failed(conversation=conversation, reason=str(error), by=by, at=at)
            return
        if thread is None:
            reason = "No text channel for private threads is chosen in Settings, Discord."
            actions.note_private_failed(conversation=conversation, reason=reason, by=by, at=at)
            return
        actions.continue_privately(conversation=conversation, thread=thread, member=member, by=by, at=at)
        with suppress(Failure, Unreadable):
            say(api, thread.id, HELLO.format(name=escaped(conversation.workspace.name)), f"hello.{thread.id}"[:25])


@app.task(name=tags.TASK, retry=3)
def mirror_discord_tags(*, workspace_id: int, conversation_id: int, **future: Any) -> None:
    """Put the tags of a conversation that its forum knows on its post, and take off those that it has no more."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        bot = DiscordBot.objects.first()
        conversation = Conversation.objects.filter(pk=conversation_id).first()
        rows = DiscordThread.objects.filter(conversation=conversation_id, deleted_at=None)
        thread = rows.order_by("-active_at", "-id").first()
        if bot is None or conversation is None or thread is None:
            return
        known = tags.names(bot, thread.parent_id)
        ids = tags.wanted(thread.tags, known, conversation.tags)
        if not known or ids == thread.tags:
            return
        before = thread.tags
        by = Actor.system(workspace_id, name="Discord")
        # Noted first: what Discord says of it then changes nothing here.
        thread = actions.set_thread_tags(thread=thread, ids=ids, by=by, at=clock.now())
        try:
            Api.of(bot).ask("PATCH", f"/channels/{thread.discord_id}", body={"applied_tags": ids})
        except (Failure, sealed.Unreadable) as error:
            actions.set_thread_tags(thread=thread, ids=before, by=by, at=clock.now())
            if isinstance(error, Failure) and not error.is_permanent:
                raise
            logger.info("discord_tags_not_set thread=%s", thread.pk)
