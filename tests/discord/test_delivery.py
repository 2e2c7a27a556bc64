"""Replies on their way to Discord: once each, whatever goes wrong, and within its limits."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions, channels
from conversations.actions.entries import Door
from conversations.channels import outbox
from conversations.channels.discord import payloads
from conversations.channels.discord.api import Api, Failure, RateLimited
from conversations.channels.discord.receiving import Desk
from conversations.models import (
    BotState,
    Channel,
    Conversation,
    Delivery,
    DiscordBot,
    DiscordMessage,
    DiscordThread,
    Message,
)
from tests.conftest import Member
from tests.discord.fake import TOKEN, Discord
from tests.factories import ConversationFactory
from tests.outbox import make_due, now

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(in_acme: Workspace, bot: DiscordBot, discord: Discord) -> str:
    """A post of the forum whose conversation is here."""
    return take_in(bot, discord, discord.post("Lamp", "It is broken."))


def take_in(bot: DiscordBot, discord: Discord, thread: str) -> str:
    """What the running bot would do with a thread."""
    desk = Desk(bot)
    desk.see(payloads.thread(discord.threads[thread]))
    for message in discord.messages[thread].values():
        if (one := payloads.post(message)).is_written:
            desk.take_in(int(thread), one, [], lambda kind, id_: "")
    return thread


def conversation_of(thread: str) -> Conversation:
    row = DiscordThread.objects.select_related("conversation__contact").get(discord_id=int(thread))
    assert row.conversation is not None
    return row.conversation


@pytest.fixture
def reply(ben: Member, post: str) -> Callable[..., Delivery]:
    def sent(text: str, *files: tuple[str, bytes]) -> Delivery:
        uploads = [ContentFile(content, name=name) for name, content in files]
        message = actions.reply(
            conversation=conversation_of(post), body=text, uploads=uploads, by=ben.actor, at=clock.now()
        )
        return Delivery.objects.get(message=message)

    return sent


def contents(discord: Discord, thread: str) -> list[str]:
    return [one["content"] for one in discord.replies(thread)]


def test_reply_goes_to_its_thread_with_its_files(discord: Discord, post: str, reply: Callable[..., Delivery]) -> None:
    delivery = reply("See this.", ("a.txt", b"abc"), ("b.bin", b"\x00\x01"))
    outbox.deliver_due()
    [call] = discord.asked(rf"POST /channels/{post}/messages")
    assert call.files == [("a.txt", b"abc"), ("b.bin", b"\x00\x01")]
    assert call.body["allowed_mentions"] == {"parse": []}
    [message] = discord.replies(post)
    assert message["content"] == "**Ben Kimura**: See this."
    assert (now(delivery).state, now(delivery).channel_message_id) == ("sent", message["id"])


def test_long_reply_is_several_messages_and_goes_on_where_it_was_interrupted(
    discord: Discord, post: str, reply: Callable[..., Delivery]
) -> None:
    delivery = reply("\n\n".join("word " * 90 for _ in range(10)))
    discord.fail(rf"POST /channels/{post}/messages", 503, after=1)
    outbox.deliver_due()
    assert now(delivery).state == "sending"
    assert len(discord.replies(post)) == 1
    make_due()
    outbox.deliver_due()
    assert now(delivery).state == "sent"
    parts = DiscordMessage.objects.filter(is_ours=True).order_by("part").values_list("part", "discord_id")
    assert [(part, str(id_)) for part, id_ in parts] == [(n, one["id"]) for n, one in enumerate(discord.replies(post))]
    assert len(parts) == 3


@pytest.mark.parametrize("tells_nonce", [False, True])
def test_reply_that_was_taken_without_an_answer_is_not_posted_again(
    discord: Discord, post: str, reply: Callable[..., Delivery], tells_nonce: bool
) -> None:
    delivery = reply("Only once.")
    discord.cut(rf"POST /channels/{post}/messages")
    outbox.deliver_due()
    assert now(delivery).state == "sending"
    assert now(delivery).handed_at is not None
    if not tells_nonce:  # and so late that Discord no longer knows the nonce
        for message in discord.messages[post].values():
            message.pop("nonce", None)
    make_due()
    outbox.deliver_due()
    assert now(delivery).state == "sent"
    assert contents(discord, post) == ["**Ben Kimura**: Only once."]


def test_limits_are_kept(discord: Discord, post: str, reply: Callable[..., Delivery]) -> None:
    soon = reply("Soon.")
    discord.limit(rf"POST /channels/{post}/messages", 0.3)
    began = time.monotonic()
    outbox.deliver_due()
    assert now(soon).state == "sent"
    assert time.monotonic() - began >= 0.3
    assert len(discord.asked(rf"POST /channels/{post}/messages")) == 2
    assert len(contents(discord, post)) == 1

    late = reply("Later.")
    discord.limit(rf"POST /channels/{post}/messages", 3000)
    outbox.deliver_due()
    assert (now(late).state, now(late).code) == ("sending", "rate_limited")
    assert (now(late).due_at - clock.now()).total_seconds() > 2900
    make_due()
    outbox.deliver_due()  # nothing is asked before the time
    assert len(discord.asked(rf"POST /channels/{post}/messages")) == 3


def test_limit_of_all_requests_stops_all(discord: Discord) -> None:
    api = Api("another token", discord.api_url)
    discord.token = "another token"
    discord.limit(r"GET /users/@me", 600, is_global=True)
    with pytest.raises(RateLimited):
        api.get("/users/@me")
    count = len(discord.calls)
    with pytest.raises(RateLimited):
        api.get("/guilds/1000")
    assert len(discord.calls) == count


@pytest.mark.parametrize(
    ("status", "code", "state", "words"),
    [
        (403, 50013, "failed", "permission"),
        (403, 50001, "failed", "cannot see this channel"),
        (404, 10003, "failed", "The thread is gone"),
        (400, 160005, "failed", "locked"),
        (400, 50035, "failed", "50035"),
        (401, 0, "failed", "token"),
        (503, 0, "sending", "problem of its own"),
    ],
)  # fmt: skip
def test_refusals_are_explained_in_plain_words(
    discord: Discord,
    post: str,
    bot: DiscordBot,
    reply: Callable[..., Delivery],
    status: int,
    code: int,
    state: str,
    words: str,
) -> None:
    delivery = reply("Hello.")
    discord.fail(rf"POST /channels/{post}/messages", status, code=code)
    outbox.deliver_due()
    assert now(delivery).state == state
    assert words in now(delivery).reason
    assert (now(bot).state == BotState.DISCONNECTED) == (status == 401)
    assert (DiscordThread.objects.get().deleted_at is not None) == (code == 10003)


def test_reply_that_is_too_long_for_discord_fails_before_anything_is_posted(
    discord: Discord, post: str, reply: Callable[..., Delivery]
) -> None:
    delivery = reply("word " * 10_000)
    outbox.deliver_due()
    assert (now(delivery).state, now(delivery).code) == ("failed", "too_long")
    assert not discord.replies(post)


def test_conversations_of_api_callers_are_answered_by_their_own_bot(
    in_acme: Workspace, bot: DiscordBot, ben: Member
) -> None:
    conversation = ConversationFactory(workspace=in_acme, door=Door(Channel.DISCORD, "their-bot"))
    assert channels.route(conversation) is None
    message = actions.reply(conversation=conversation, body="Hello.", by=ben.actor, at=clock.now())
    assert message.delivery_status == "delivered"


def test_reply_follows_a_conversation_that_was_joined_or_continued(
    discord: Discord, bot: DiscordBot, post: str, ben: Member
) -> None:
    second = take_in(bot, discord, discord.post("Lamp again", "Still."))
    actions.join(conversation=conversation_of(second), into=conversation_of(post), by=ben.actor, at=clock.now())
    discord.say(second, "Hello?")
    take_in(bot, discord, second)
    conversation = conversation_of(post)
    assert conversation.message_count == 3
    # What is closed goes on in a new conversation, in the same thread.
    actions.set_status(conversation=conversation, status="closed", by=ben.actor, at=clock.now())
    discord.say(post, "One more thing")
    take_in(bot, discord, post)
    after = conversation_of(post)
    assert (after.follows_id, after.message_count) == (conversation.pk, 1)
    actions.reply(conversation=after, body="Go on.", by=ben.actor, at=clock.now())
    outbox.deliver_due()
    assert contents(discord, post) == ["**Ben Kimura**: Go on."]


def test_token_is_in_no_failure(discord: Discord) -> None:
    with pytest.raises(Failure) as caught:
        Api(TOKEN, "http://127.0.0.1:9").get("/users/@me")
    assert TOKEN not in str(caught.value)
    with pytest.raises(Failure) as refused:
        Api("line\nbreak", discord.api_url).get("/users/@me")
    assert "line" not in str(refused.value)


def test_thread_that_was_marked_as_deleted_is_used_again_when_discord_shows_it(
    discord: Discord, post: str, bot: DiscordBot, reply: Callable[..., Delivery]
) -> None:
    """Retry asks Discord; a message, an update, and a history that is given out do as well."""
    asked = rf"POST /channels/{post}/messages"
    delivery = reply("Hello.")
    discord.fail(asked, 404, code=10003, times=2)
    outbox.deliver_due()
    assert DiscordThread.objects.get().deleted_at is not None
    actions.retry(delivery=delivery, by=Actor.system(bot.workspace_id), at=clock.now())
    make_due()
    outbox.deliver_due()
    assert (now(delivery).state, now(delivery).reason) == ("failed", "The thread was deleted on Discord.")
    assert len(discord.asked(asked)) == 2
    actions.retry(delivery=delivery, by=Actor.system(bot.workspace_id), at=clock.now())
    make_due()
    outbox.deliver_due()
    assert now(delivery).state == "sent"
    assert DiscordThread.objects.get().deleted_at is None
    notes = Message.objects.filter(kind="internal-note").order_by("id").values_list("body", flat=True)
    assert [(body or "").split(" Re")[0] for body in notes] == [
        "The thread was deleted on Discord.",
        "The thread is there again on Discord.",
    ]

    desk = Desk(bot)
    for show in (
        lambda: desk.see(payloads.thread(discord.threads[post])),
        lambda: (discord.say(post, "I am here"), take_in(bot, discord, post)),
        lambda: desk.restore(int(post)),
    ):
        desk.delete(int(post))
        assert [one.is_deleted for one in desk.recent_threads()] == [True]
        show()
        assert DiscordThread.objects.get().deleted_at is None
