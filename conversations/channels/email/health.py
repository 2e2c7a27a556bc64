"""How mailboxes fare: the last success, how far behind they are, and what was set aside, ignored or suppressed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from accounts import sealed
from conversations.models import Inbound, InboundMail, Mailbox, MailboxState, MailState, SuppressedAddress
from conversations.queries import mailboxes

PATIENCE = timedelta(minutes=15)
"""How long a mailbox may fail, or not be read, before somebody should look at it. It is polled every 5 minutes."""
LOOKED_BACK = timedelta(days=30)
"""Of ignored mails, those of this time are counted."""


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one mailbox. `trouble` is a sentence, empty where nothing is wrong."""

    mailbox: Mailbox
    trouble: str
    seconds_since_success: int | None
    uid_lag: int | None
    quarantined: int

    @property
    def state(self) -> str:
        """In one word: active, paused, disconnected, or failing."""
        is_failing = self.trouble and self.mailbox.state == MailboxState.ACTIVE
        return "failing" if is_failing else str(self.mailbox.state)

    @property
    def is_receiving(self) -> bool:
        """Whether mail comes in: it has been read and is, or it is brought."""
        is_fetched = self.mailbox.inbound == Inbound.IMAP
        is_reached = self.mailbox.read_at is not None and self.mailbox.failing_since is None
        return self.mailbox.state == MailboxState.ACTIVE and not self.trouble and (is_reached or not is_fetched)

    @property
    def problem(self) -> str:
        """What is wrong, also where it may still go by itself."""
        return self.trouble or self.mailbox.failure


def of_workspace(at: datetime) -> list[Health]:
    """The mailboxes of the open workspace, the default one first."""
    return _of(with_counts(mailboxes.present()), at)


def of_mailbox(mailbox: Mailbox, at: datetime) -> Health:
    """One mailbox of the open workspace."""
    return _of(with_counts(Mailbox.objects.filter(pk=mailbox.pk)), at)[0]


def of_installation(at: datetime) -> list[Health]:
    """All mailboxes of all workspaces, for the operator."""
    rows = Mailbox.all_workspaces.exclude(state=MailboxState.DELETED)  # a handful in each workspace
    return _of(with_counts(rows.select_related("workspace").order_by("pk")), at)


def with_counts(rows: QuerySet[Mailbox]) -> QuerySet[Mailbox]:
    """Adds `quarantined` to each, by the index of the mails of a mailbox."""
    mails = InboundMail.all_workspaces.filter(  # of the mailbox in hand
        workspace=OuterRef("workspace"), mailbox=OuterRef("pk"), state=MailState.QUARANTINED
    )
    count = mails.order_by().values("mailbox").annotate(number=Count("pk")).values("number")
    return rows.annotate(quarantined=Coalesce(Subquery(count, output_field=IntegerField()), 0))


def ignored(mailbox: Mailbox, at: datetime) -> list[tuple[str, int]]:
    """How many mails of the last days were for nobody, by the code of the reason, the most frequent first."""
    rows = InboundMail.objects.filter(mailbox=mailbox, state=MailState.IGNORED, received_at__gte=at - LOOKED_BACK)
    counts = rows.order_by().values_list("code").annotate(number=Count("pk"))
    return sorted(counts, key=lambda one: (-one[1], one[0]))


def set_aside(mailbox: Mailbox) -> list[tuple[str, int]]:
    """How many mails wait for somebody to look at them, by the code of the reason, the most frequent first."""
    rows = InboundMail.objects.filter(mailbox=mailbox, state=MailState.QUARANTINED)
    counts = rows.order_by().values_list("code").annotate(number=Count("pk"))
    return sorted(counts, key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a webhook or the door did not accept, for one reason."""

    code: str
    reason: str
    count: int
    last_at: datetime


def refusals(mailbox: Mailbox) -> list[Refusals]:
    """What the webhook or the door did not accept, the latest first."""
    rows = [
        Refusals(code, str(one["reason"]), int(one["count"]), datetime.fromisoformat(one["last_at"]))
        for code, one in mailbox.refusals.items()
    ]
    return sorted(rows, key=lambda one: one.last_at, reverse=True)


def trouble(mailbox: Mailbox, at: datetime) -> str:
    """Why mail may be missed, as a sentence without addresses and secrets; empty where nothing is wrong."""
    if mailbox.state == MailboxState.DISCONNECTED:
        return f"{gettext('It has to be reconnected.')} {mailbox.failure}".strip()
    if mailbox.state != MailboxState.ACTIVE:
        return ""
    if not _is_readable(mailbox):
        return gettext("Its password cannot be decrypted, because the key is another one: enter it again.")
    if mailbox.failing_since and at - mailbox.failing_since > PATIENCE:
        text = gettext("It has failed for %(minutes)s minutes.") % {"minutes": _minutes(at - mailbox.failing_since)}
        return f"{text} {mailbox.failure}".strip()
    if mailbox.inbound == Inbound.IMAP:
        since = at - (mailbox.read_at or mailbox.updated_at)
        if since > PATIENCE:
            return gettext("No worker has read it for %(minutes)s minutes.") % {"minutes": _minutes(since)}
    return ""


def as_json(health: Health, at: datetime) -> dict[str, Any]:
    """For `mail_health --json` and other programs."""
    box = health.mailbox
    return {
        "address": box.address,
        "public_id": str(box.public_id),
        "is_default": box.is_default,
        "inbound": box.inbound,
        "state": health.state,
        "trouble": health.trouble or None,
        "last_success_at": _iso(box.read_at),
        "last_received_at": _iso(box.received_at),
        "seconds_since_success": health.seconds_since_success,
        "uid_validity": box.uid_validity,
        "last_uid": box.last_uid if box.inbound == Inbound.IMAP else None,
        "uid_lag": health.uid_lag,
        "failing_since": _iso(box.failing_since),
        "failure": box.failure or None,
        "quarantined": health.quarantined,
        "set_aside": dict(set_aside(box)),
        "ignored": dict(ignored(box, at)),
        "refused": box.refusals,
        "backfill": None
        if box.backfill_days is None
        else {"days": box.backfill_days, "done": box.backfill_done, "total": box.backfill_total},
    }


def suppressed_count() -> int:
    """How many addresses of the open workspace get no mail."""
    return SuppressedAddress.objects.count()


def _of(rows: Iterable[Any], at: datetime) -> list[Health]:
    return [
        Health(
            mailbox=box,
            trouble=trouble(box, at),
            seconds_since_success=max(0, int((at - box.read_at).total_seconds())) if box.read_at else None,
            uid_lag=max(0, box.next_uid - 1 - box.last_uid) if box.next_uid else None,
            quarantined=box.quarantined,
        )
        for box in rows
    ]


def _is_readable(mailbox: Mailbox) -> bool:
    try:
        _ = mailbox.secrets
    except sealed.Unreadable:
        return False
    return True


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
