"""The mailboxes of a workspace."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from accounts import outbox
from conversations.models import Mailbox, MailboxState


def present() -> QuerySet[Mailbox]:
    """Those that have not been deleted, the default one first."""
    return Mailbox.objects.exclude(state=MailboxState.DELETED).order_by("-is_default", "address", "pk")


def default() -> Mailbox | None:
    """The one from which mail goes out where no other is named; None in a workspace without mailboxes."""
    return Mailbox.objects.filter(is_default=True).first()


def automatic() -> Mailbox | None:
    """The one from which the desk writes by itself."""
    return Mailbox.objects.filter(is_default=True, state=MailboxState.ACTIVE).first()


def can_send() -> bool:
    """Whether mail can leave the desk for the workspace: by its mailbox, or by the installation's server."""
    return outbox.is_set_up() or bool((mailbox := automatic()) is not None and mailbox.smtp)


def with_public_id(public_id: UUID) -> Mailbox | None:
    """The mailbox of that id, unless it has been deleted."""
    return present().filter(public_id=public_id).first()
