"""Mails to members: conversations that were assigned to them, mailboxes that have to be reconnected."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import mailing, tenancy
from accounts.models import QueuedMail, User
from conversations import effects
from conversations.effects.vocabulary import MEMBER
from conversations.models import BulkJob, BulkRow, Conversation, Mailbox, MailboxState, RowState


@mailing.kind("assignment")
def assignments(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Says that a conversation was assigned to the member, unless it has been reassigned since."""
    conversations = Conversation.objects.select_related("contact").in_bulk(
        [row.about["conversation_id"] for row in rows]
    )
    users = User.objects.filter(is_active=True).in_bulk([row.about["user_id"] for row in rows])
    found = {}
    for row in rows:
        conversation, user = conversations.get(row.about["conversation_id"]), users.get(row.about["user_id"])
        if conversation is not None and user is not None and conversation.assignee_id == user.pk:
            found[row.pk] = _assignment(conversation, user)
    return found


def _assignment(conversation: Conversation, user: User) -> EmailMessage:
    workspace = tenancy.current()
    return EmailMessage(
        subject=f"[{workspace.name}] Assigned to you: #{conversation.number} {' '.join(conversation.subject.split())[:120]}",
        body=(
            f"{conversation.contact.display_name} wrote:\n\n{conversation.preview}\n\n"
            f"{settings.PUBLIC_URL}/w/{workspace.slug}/inbox/{conversation.number}\n"
        ),
        to=[user.email],
    )


def assigned_by(job: BulkJob) -> list[int]:
    """The ids of the members to whom a change of many conversations assigns them."""
    found = [effect.reference for effect in effects.read(job.effects) if effect.reference is not None]
    return list(dict.fromkeys(pk for kind, pk in found if kind == MEMBER))


@mailing.kind("many_assignments")
def many_assignments(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Says once that a change of many conversations has assigned some to the member."""
    jobs = BulkJob.objects.select_related("created_by").in_bulk([row.about["job_id"] for row in rows])
    users = User.objects.filter(is_active=True).in_bulk([row.about["user_id"] for row in rows])
    found = {}
    for row in rows:
        job, user = jobs.get(row.about["job_id"]), users.get(row.about["user_id"])
        if job is not None and user is not None and (count := _count(job, user)):
            found[row.pk] = _many(job, user, count)
    return found


def _count(job: BulkJob, user: User) -> int:
    """How many of the job's conversations are still assigned to the member."""
    changed = BulkRow.objects.filter(job=job, state=RowState.CHANGED).values("conversation")
    return Conversation.objects.filter(pk__in=changed, assignee=user).count()


def _many(job: BulkJob, user: User, count: int) -> EmailMessage:
    workspace = tenancy.current()
    who = job.created_by.get_short_name() if job.created_by else _("Parley")
    words = ngettext("%(num)s conversation was assigned to you", "%(num)s conversations were assigned to you", count)
    return EmailMessage(
        subject=f"[{workspace.name}] {words % {'num': count}}",
        body=_("%(who)s assigned them in one change:") % {"who": who}
        + f"\n\n{settings.PUBLIC_URL}/w/{workspace.slug}/inbox?view=mine\n",
        to=[user.email],
    )


@mailing.kind("mailbox_disconnected")
def lost_mailboxes(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Says that a mailbox has to be reconnected, unless it has been since."""
    lost = Mailbox.objects.filter(state=MailboxState.DISCONNECTED)
    mailboxes = lost.in_bulk([row.about["mailbox_id"] for row in rows])
    users = User.objects.filter(is_active=True).in_bulk([row.about["user_id"] for row in rows])
    found = {}
    for row in rows:
        mailbox, user = mailboxes.get(row.about["mailbox_id"]), users.get(row.about["user_id"])
        if mailbox is not None and user is not None:
            found[row.pk] = _lost(mailbox, user)
    return found


def _lost(mailbox: Mailbox, user: User) -> EmailMessage:
    workspace = tenancy.current()
    return EmailMessage(
        subject=f"[{workspace.name}] Reconnect {mailbox.address}",
        body=(
            f"The mailbox {mailbox.address} can no longer be read. {mailbox.failure}\n\n"
            "Mail waits on its server until you reconnect the mailbox:\n"
            f"{settings.PUBLIC_URL}/w/{workspace.slug}/settings/mailboxes/{mailbox.public_id}\n"
        ),
        to=[user.email],
    )
