"""Mails to members who are away: one for all that they have not read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import clock, mailing, notices, tenancy
from accounts.models import Membership, QueuedMail, User
from conversations.models import (
    BulkJob,
    Conversation,
    Mailbox,
    MailboxState,
    Notification,
)
from conversations.notifications import many, sentences, stopping
from conversations.notifications.writing import MAIL, MAIL_AFTER

MOST = 20
"""Lines of one mail."""
TOO_OLD = timedelta(days=1)
"""Who has been at the desk so long without reading it has no use for a mail."""


def _given_up(row: QueuedMail) -> None:
    """What could not be mailed goes into the next mail, if it still is new enough."""
    Notification.objects.filter(user=row.about["user_id"], mail_id=row.pk).update(mail_id=None)


def _recipients(rows: Sequence[QueuedMail]) -> dict[int, Membership]:
    """Those to whom the mails are, where they still are members, may sign in, and have proven their address."""
    proven = EmailAddress.objects.filter(user=OuterRef("user"), email=OuterRef("user__email"), verified=True)
    members = Membership.objects.select_related("user").filter(
        Exists(proven), user__in={row.about["user_id"] for row in rows}, user__is_active=True
    )
    return {member.user_id: member for member in members}


@mailing.kind(MAIL, given_up=_given_up)
def notifications(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """What a member has not read; later where they are at a page of the workspace now, or in their quiet hours."""
    at, workspace, found = clock.now(), tenancy.current(), {}
    known = _recipients(rows)
    for row in rows:
        member = known.get(row.about["user_id"])
        if member is None:
            continue
        with tenancy.scope(workspace, member.viewer), translation.override(member.user.language_or_default):
            waiting = _waiting(member.user_id, row.pk, at)
            if not waiting.exists():
                continue
            if (later := _later(member, at)) is not None:
                mailing.queue_once(MAIL, ({"user_id": member.user_id}, later))
                continue
            waiting.update(mail_id=row.pk)
            related = ("conversation__contact", "mailbox", "job", "ticket", "actor")
            found[row.pk] = _bundle(member.user, list(waiting.select_related(*related).order_by("-at", "-pk")))
    return found


def _waiting(user_id: int, mail_id: int, at: datetime) -> QuerySet[Notification]:
    own = Q(mail_id=None) | Q(mail_id=mail_id)
    rows = Notification.objects.filter(user=user_id, read_at=None, is_for_mail=True, at__gt=at - TOO_OLD)
    is_connected = Q(mailbox__isnull=False) & ~Q(mailbox__state=MailboxState.DISCONNECTED)
    return rows.filter(own).exclude(many.taken_back()).exclude(is_connected)


def _later(member: Membership, at: datetime) -> datetime | None:
    """When to look again, where it is too early for a mail."""
    if member.seen_at is not None and member.seen_at + MAIL_AFTER > at:
        return member.seen_at + MAIL_AFTER
    return notices.quiet_until(member.user, at, tenancy.current().zone)


def _bundle(user: User, rows: Sequence[Notification]) -> EmailMessage:
    workspace = tenancy.current()
    texts = [f"{sentences.title(row)} {sentences.more(row)}".strip() for row in rows]
    if len(rows) == 1 and (about := sentences.subject(rows[0])):
        subject = f"{texts[0]}: {about[:120]}"
    else:
        subject = (
            texts[0]
            if len(rows) == 1
            else ngettext("%(num)s notification", "%(num)s notifications", len(rows)) % {"num": len(rows)}
        )
    parts = [_part(row, text) for row, text in zip(rows[:MOST], texts, strict=False)]
    if len(rows) > MOST:
        url = f"{settings.PUBLIC_URL}/w/{workspace.slug}/notifications"
        parts.append(f"{_('%(num)s more: %(url)s') % {'num': len(rows) - MOST, 'url': url}}\n")
    stop = stopping.url(user)
    parts.append(f"-- \n{_('Choose what you are notified of, or stop these mails: %(url)s') % {'url': stop}}\n")
    return EmailMessage(
        subject=f"[{workspace.name}] {subject}",
        body="\n".join(parts),
        to=[user.email],
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )


def _part(row: Notification, text: str) -> str:
    lines = [text]
    if row.conversation is not None:
        lines += [" ".join(row.conversation.subject.split())[:200], row.conversation.preview]
    elif row.ticket is not None:
        lines.append(sentences.subject(row)[:200])
    elif row.mailbox is not None:
        lines += [row.mailbox.failure, _("Mail waits on its server until you reconnect the mailbox:")]
    lines.append(f"{settings.PUBLIC_URL}{sentences.path(row)}")
    return "\n".join(line for line in lines if line) + "\n"


# --- Mails that earlier versions have queued -------------------------------------------------------


@mailing.kind("assignment")
def assignments(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Says that a conversation was assigned to the member, unless it has been reassigned since."""
    conversations = Conversation.objects.select_related("contact").in_bulk(
        [row.about["conversation_id"] for row in rows]
    )
    users = {pk: member.user for pk, member in _recipients(rows).items()}
    found = {}
    for row in rows:
        conversation, user = conversations.get(row.about["conversation_id"]), users.get(row.about["user_id"])
        if conversation is not None and user is not None and conversation.assignee_id == user.pk:
            with translation.override(user.language_or_default):
                found[row.pk] = _assignment(conversation, user)
    return found


def _assignment(conversation: Conversation, user: User) -> EmailMessage:
    workspace = tenancy.current()
    about = {"number": f"#{conversation.number}", "subject": " ".join(conversation.subject.split())[:120]}
    wrote = _("%(customer)s wrote:") % {"customer": conversation.contact.display_name}
    return EmailMessage(
        subject=f"[{workspace.name}] {_('Assigned to you: %(number)s %(subject)s') % about}",
        body=(
            f"{wrote}\n\n{conversation.preview}\n\n{settings.PUBLIC_URL}/w/{workspace.slug}/inbox/{conversation.number}\n"
        ),
        to=[user.email],
    )


@mailing.kind("many_assignments")
def many_assignments(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Says once that a change of many conversations has assigned some to the member."""
    jobs = BulkJob.objects.select_related("created_by").in_bulk([row.about["job_id"] for row in rows])
    users = {pk: member.user for pk, member in _recipients(rows).items()}
    found = {}
    for row in rows:
        job, user = jobs.get(row.about["job_id"]), users.get(row.about["user_id"])
        if job is not None and user is not None and (count := many.count(job, user.pk)):
            with translation.override(user.language_or_default):
                found[row.pk] = _many(job, user, count)
    return found


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
    users = {pk: member.user for pk, member in _recipients(rows).items()}
    found = {}
    for row in rows:
        mailbox, user = mailboxes.get(row.about["mailbox_id"]), users.get(row.about["user_id"])
        if mailbox is not None and user is not None:
            with translation.override(user.language_or_default):
                found[row.pk] = _lost(mailbox, user)
    return found


def _lost(mailbox: Mailbox, user: User) -> EmailMessage:
    workspace, about = tenancy.current(), {"address": mailbox.address}
    return EmailMessage(
        subject=f"[{workspace.name}] {_('Reconnect %(address)s') % about}",
        body=(
            f"{_('The mailbox %(address)s can no longer be read.') % about} {mailbox.failure}\n\n"
            f"{_('Mail waits on its server until you reconnect the mailbox:')}\n"
            f"{settings.PUBLIC_URL}/w/{workspace.slug}/settings/mailboxes/{mailbox.public_id}\n"
        ),
        to=[user.email],
    )
