"""Members of the Discord server: met, and linked to the contact that they have proven to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare

from accounts import journal, mailing, outbox, transaction
from accounts.errors import Conflict
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import actions, events
from conversations.actions.erased import held_unless_erased
from conversations.actions.taking_over import take_over
from conversations.channels.discord import links
from conversations.channels.discord.payloads import Author
from conversations.models import Channel, Contact, DiscordLink, DiscordMember, DiscordThread

SOURCE = "discord"
"""How the contact of a member was first stated."""
PAUSE = timedelta(minutes=1)
"""Between two links for the same member."""
MOST_MAILS, MOST_ATTEMPTS = 3, 5


@transaction.atomic
def meet_member(*, workspace: Workspace, author: Author, by: Actor, at: datetime) -> DiscordMember:
    """The row of a member with their contact, made where there is none yet. A contact that is only a member follows their name."""
    permit(by, "discord.run")
    transaction.hold_name(workspace.pk, f"contact discord {author.id}")
    member = DiscordMember.objects.select_related("contact").filter(discord_id=author.id).first()
    if member is None:
        contact = actions.identify(
            workspace=workspace,
            name=author.name or f"Discord member {author.id}",
            identity_source=SOURCE,
            is_trusted=False,
            is_email_verified=False,
            by=by,
            at=at,
        )
        contact.avatar_url = author.avatar_url
        contact.save(update_fields=["avatar_url"])
        member = DiscordMember.objects.create(
            workspace=workspace, discord_id=author.id, name=author.name, contact=contact, created_at=at
        )
        journal.record(events.DISCORD_MET, member, by=by, at=at)
        return member
    if author.name and member.name != author.name:
        if member.linked_at is None and member.contact.name == member.name:
            member.contact = actions.update_contact(contact=member.contact, name=author.name, by=by, at=at)
        member.name = author.name
        member.save(update_fields=["name"])
    return member


@transaction.atomic
def request_link(
    *, member: DiscordMember, thread: DiscordThread | None = None, by: Actor, at: datetime
) -> DiscordLink | None:
    """Make a link by which a member proves who they are; None where they got one within the last minute.

    The links that the member got before open nothing any more.
    """
    permit(by, "conversation.update", member)
    member = transaction.held(member)
    open_ = DiscordLink.objects.filter(member=member, used_at=None, expires_at__gt=at)
    if open_.filter(created_at__gt=at - PAUSE).exists():
        return None
    open_.update(expires_at=at)
    link = DiscordLink.objects.create(
        member=member, thread=thread, created_at=at, expires_at=at + links.GOOD_FOR, workspace_id=member.workspace_id
    )
    outbox.queue(links.TASK, workspace_id=link.workspace_id, link_id=link.pk)
    journal.record(events.DISCORD_LINK_REQUESTED, member, by=by, at=at)
    return link


@transaction.atomic
def send_code(*, link: DiscordLink, email: str, by: Actor, at: datetime) -> DiscordLink:
    """Mail a code to the address that a member says is theirs. Raises Invalid, or Conflict for a link that is used up."""
    permit(by, "discord.run", link)
    link = transaction.held(link)
    _check(link, at)
    email = links.address(email)
    if link.mails >= MOST_MAILS:
        raise Conflict("this link has sent all the codes it may send", code="too_many")
    link.email, link.mails, link.attempts, link.code_sent_at = email, link.mails + 1, 0, at
    link.save(update_fields=["email", "mails", "attempts", "code_sent_at"])
    mailing.queue(links.MAIL, {"link_id": link.pk})
    journal.record(events.DISCORD_CODE_SENT, link, by=by, at=at)
    return link


@transaction.atomic
def confirm_link(*, link: DiscordLink, code: str, by: Actor, at: datetime) -> bool:
    """Link the member to the contact of the address, if the code is the one that was mailed there.

    Raises Conflict for a link that is used, over, or has had too many wrong codes.
    """
    permit(by, "discord.run", link)
    link = transaction.held(link)
    _check(link, at)
    if not link.email:
        raise Conflict("no code was sent yet", code="no_code")
    if link.attempts >= MOST_ATTEMPTS:
        raise Conflict("too many wrong codes", code="too_many")
    if not constant_time_compare(links.code(link), "".join(code.split())):
        link.attempts += 1
        link.save(update_fields=["attempts"])
        journal.record(events.DISCORD_CODE_REFUSED, link, by=by, at=at)
        return False
    link.used_at = at
    link.save(update_fields=["used_at"])
    member = DiscordMember.objects.select_related("contact", "workspace").get(pk=link.member_id)
    link_member(member=member, email=link.email, by=by, at=at)
    return True


@transaction.atomic
def link_member(*, member: DiscordMember, email: str, by: Actor, at: datetime) -> Contact:
    """Make a member the contact of an address that is proven to be theirs: the verified one there is, or their own with that address.

    Their conversations go to that contact.
    """
    permit(by, "discord.run", member)
    transaction.hold_name(member.workspace_id, f"contact {email}")
    own = held_unless_erased(member.contact)
    contact = Contact.objects.filter(email=email, is_verified=True, merged_into=None).order_by("pk").first()
    if contact is None:
        contact = own
        contact.email, contact.is_verified, contact.updated_at = email, True, at
        contact.save(update_fields=["email", "is_verified", "updated_at", "tokens"])
        journal.record(events.CONTACT_UPDATED, contact, by=by, at=at, fields=["email", "is_verified"])
    elif contact.pk != own.pk and own.identity_source == SOURCE and not own.is_verified:
        take_over(own, contact, channel=Channel.DISCORD, by=by, at=at)
    member.contact, member.linked_at = contact, at
    member.save(update_fields=["contact", "linked_at"])
    journal.record(events.DISCORD_LINKED, member, by=by, at=at, contact_id=contact.pk)
    return contact


def _check(link: DiscordLink, at: datetime) -> None:
    if link.used_at is not None:
        raise Conflict("this link has been used", code="used")
    if link.expires_at <= at:
        raise Conflict("this link is over", code="over")
