"""Who a member is: proven by a code in a mail, behind a link that only they get; never by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts import clock, mailing, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions as core
from conversations.channels.discord import actions, links, tasks
from conversations.models import Contact, Conversation, DiscordBot, DiscordLink, DiscordMember, DiscordThread, Message
from conversations.screens.inbox import discord as screen_discord
from tests.conftest import Member
from tests.discord.fake import EVE, Discord
from tests.discord.test_delivery import conversation_of, take_in
from tests.factories import ContactFactory, ConversationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(in_acme: Workspace, bot: DiscordBot, discord: Discord) -> str:
    return take_in(bot, discord, discord.post("Lamp", "It is broken."))


@pytest.fixture
def link(in_acme: Workspace, post: str) -> DiscordLink:
    thread = DiscordThread.objects.get()
    found = actions.request_link(member=DiscordMember.objects.get(), thread=thread, by=system(in_acme), at=clock.now())
    assert found is not None
    return found


def system(workspace: Workspace) -> Actor:
    return Actor.system(workspace.pk)


def address(link: DiscordLink) -> str:
    return f"/f/d/{links.token(link)}"


def code() -> str:
    mailing.send_due()
    return "".join(mail.outbox[-1].subject.split(" is ")[0].split())


def test_link_goes_to_the_member_alone_and_links_them_to_the_verified_contact(
    settings: pytest.FixtureRequest, in_acme: Workspace, discord: Discord, link: DiscordLink, post: str
) -> None:
    settings.EMAIL_HOST = "localhost"  # type: ignore[attr-defined]
    known = ContactFactory(workspace=in_acme, email="eve@example.com", name="Eve Adams")
    earlier = ConversationFactory(workspace=in_acme, contact=known)
    tasks.send_discord_link(workspace_id=in_acme.pk, link_id=link.pk)
    [sent] = discord.replies(f"77{EVE['id']}")
    where = sent["content"].split("http://127.0.0.1:8000")[1]
    assert links.opened(where.rsplit("/", 1)[1]) == (in_acme.pk, link.public_id)
    assert not discord.replies(post)

    visitor = Client()
    page = visitor.get(address(link))
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store, private", "no-referrer")
    assert visitor.post(address(link), {"email": "no address"}).status_code == 422
    assert visitor.post(address(link), {"email": "Eve@Example.com"}).status_code == 303
    assert visitor.post(address(link), {"code": "000000" if code() != "000000" else "1"}).status_code == 422
    assert visitor.post(address(link), {"code": code()}).status_code == 303
    assert "You are linked" in visitor.get(address(link)).content.decode()

    member = DiscordMember.objects.select_related("contact").get()
    assert member.linked_at is not None
    assert member.contact == known
    conversation = conversation_of(post)
    assert conversation.contact == known
    assert Message.objects.get(conversation=conversation).sender_contact == known
    assert Conversation.objects.filter(contact=known).count() == 2
    assert earlier.contact == known


def test_without_a_known_contact_the_member_gets_the_address(in_acme: Workspace, link: DiscordLink) -> None:
    ContactFactory(workspace=in_acme, email="eve@example.com", is_trusted=False)  # anybody may have typed it
    actions.send_code(link=link, email="eve@example.com", by=system(in_acme), at=clock.now())
    link.refresh_from_db(from_queryset=DiscordLink.objects.all())
    assert actions.confirm_link(link=link, code=links.code(link), by=system(in_acme), at=clock.now())
    contact = DiscordMember.objects.select_related("contact").get().contact
    assert (contact.email, contact.is_verified, contact.identity_source) == ("eve@example.com", True, "discord")


def test_nobody_is_linked_by_their_name(in_acme: Workspace, bot: DiscordBot, discord: Discord) -> None:
    ContactFactory(workspace=in_acme, name="Eve", email="eve@example.com")
    post = take_in(bot, discord, discord.post("Lamp", "It is broken."))
    assert conversation_of(post).contact.email == ""
    assert Contact.objects.filter(name="Eve").count() == 2


def test_link_is_over_after_an_hour_works_once_and_takes_few_codes(
    settings: pytest.FixtureRequest, in_acme: Workspace, link: DiscordLink
) -> None:
    settings.EMAIL_HOST = "localhost"  # type: ignore[attr-defined]
    visitor = Client()
    assert visitor.get(address(link) + "x").status_code == 404
    assert visitor.get("/f/d/nonsense").status_code == 404
    assert visitor.get(f"/f/d/{'a' * 3000}").status_code == 404
    assert visitor.post(address(link), {"email": "eve@example.com"}).status_code == 303
    right = code()
    assert visitor.post(address(link), {"code": "1"}).status_code == 422
    act = {"link": link, "by": system(in_acme), "at": clock.now()}
    assert [actions.confirm_link(code="1", **act) for _ in range(4)] == [False] * 4
    assert visitor.post(address(link), {"code": right}).status_code == 409
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert visitor.get(address(link)).status_code == 404
        assert DiscordMember.objects.get().linked_at is None
        again = actions.request_link(member=DiscordMember.objects.get(), by=system(in_acme), at=clock.now())
        assert again is not None


def test_a_second_link_is_made_after_a_minute_and_ends_the_first(in_acme: Workspace, link: DiscordLink) -> None:
    member, by = DiscordMember.objects.get(), system(in_acme)
    assert actions.request_link(member=member, by=by, at=clock.now()) is None
    later = actions.request_link(member=member, by=by, at=clock.now() + timedelta(minutes=2))
    assert later is not None
    assert Client().get(address(link)).status_code in (200, 404)
    link.refresh_from_db(from_queryset=DiscordLink.objects.all())
    assert link.expires_at <= later.created_at


def test_who_takes_no_direct_messages_gets_a_private_thread_or_a_hint(
    settings: pytest.FixtureRequest,
    in_acme: Workspace,
    bot: DiscordBot,
    discord: Discord,
    link: DiscordLink,
    post: str,
) -> None:
    settings.EMAIL_HOST = "localhost"  # type: ignore[attr-defined]
    discord.direct_messages_open = False
    tasks.send_discord_link(workspace_id=in_acme.pk, link_id=link.pk)
    [thread] = [id_ for id_, one in discord.threads.items() if one["type"] == 12]
    assert "/f/d/" in discord.replies(thread)[0]["content"]
    assert not discord.replies(post)
    DiscordBot.objects.update(private_channel=None)
    DiscordLink.objects.update(created_at=clock.now() - timedelta(minutes=5))
    second = actions.request_link(
        member=DiscordMember.objects.get(),
        thread=DiscordThread.objects.get(discord_id=int(post)),
        by=system(in_acme),
        at=clock.now(),
    )
    assert second is not None
    tasks.send_discord_link(workspace_id=in_acme.pk, link_id=second.pk)
    [hint] = discord.replies(post)
    assert "/f/d/" not in hint["content"]
    assert "direct messages" in hint["content"]


def test_desk_that_cannot_send_mail_offers_no_link(
    settings: pytest.FixtureRequest, in_acme: Workspace, discord: Discord, link: DiscordLink, post: str, ben: Member
) -> None:
    settings.EMAIL_HOST = ""  # type: ignore[attr-defined]
    tasks.send_discord_link(workspace_id=in_acme.pk, link_id=link.pk)
    [sent] = discord.replies(f"77{EVE['id']}")
    assert sent["content"] == "This team cannot confirm identities at the moment."
    assert not discord.replies(post)
    details = screen_discord.facts(conversation_of(post))
    assert details["discord"]["may_identify"] is False
    settings.EMAIL_HOST = "localhost"  # type: ignore[attr-defined]
    details = screen_discord.facts(conversation_of(post))
    assert details["discord"]["may_identify"] is True

    # A link from before says so once an address was entered, and what is done stays done.
    settings.EMAIL_HOST = ""  # type: ignore[attr-defined]
    visitor = Client()
    wrong = visitor.post(address(link), {"email": "no address"})
    assert (wrong.status_code, "not an email address" in wrong.content.decode()) == (422, True)
    right = visitor.post(address(link), {"email": "eve@example.com"})
    assert (right.status_code, "cannot confirm identities" in right.content.decode()) == (503, True)
    actions.send_code(link=link, email="eve@example.com", by=system(in_acme), at=clock.now())
    link.refresh_from_db(from_queryset=DiscordLink.objects.all())
    assert actions.confirm_link(link=link, code=links.code(link), by=system(in_acme), at=clock.now())
    assert visitor.post(address(link), {"email": "eve@example.com"}).status_code == 303
    done = visitor.get(address(link))
    assert (done.status_code, "You are linked" in done.content.decode()) == (200, True)
    assert "cannot confirm" not in done.content.decode()


def test_conversation_goes_on_privately_or_says_why_not(
    in_acme: Workspace, bot: DiscordBot, discord: Discord, post: str, ben: Member
) -> None:
    member, conversation = DiscordMember.objects.get(), conversation_of(post)
    core.assign(conversation=conversation, to=ben.user, by=ben.actor, at=clock.now())
    given = {"workspace_id": in_acme.pk, "conversation_id": conversation.pk, "member_id": member.pk}
    discord.fail(r"POST /channels/\d+/threads", 403, code=50013)
    tasks.open_discord_thread(**given)
    assert "permission" in (Message.objects.filter(kind="internal-note").get().body or "")
    tasks.open_discord_thread(**given)
    tasks.open_discord_thread(**given)  # asked for twice
    private = DiscordThread.objects.select_related("conversation__contact").get(is_private=True)
    assert private.conversation is not None
    assert (private.conversation.contact, private.conversation.assignee) == (conversation.contact, ben.user)
    assert len([one for one in discord.threads.values() if one["type"] == 12]) == 1
    assert [call.path for call in discord.asked(r"PUT /channels/\d+/thread-members/\d+")] == [
        f"/channels/{private.discord_id}/thread-members/{EVE['id']}"
    ]


def test_another_workspaces_link_opens_nothing_of_this_one(
    in_acme: Workspace, globex: Workspace, link: DiscordLink
) -> None:
    with tenancy.scope(globex):
        assert not DiscordLink.objects.exists()
    found = links.opened(links.token(link))
    assert found is not None
    assert found.workspace_id == in_acme.pk
