"""Drafts: what members have written in a conversation and not sent."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch, Q

from accounts.models import User
from conversations.models import Conversation, Draft, DraftFile, DraftKind, Handler


def of(conversation: Conversation) -> list[Draft]:
    """Every member's drafts in a conversation with their files, the oldest first."""
    rows = Draft.objects.filter(conversation=conversation, discarded_at=None).select_related("user")
    return list(rows.prefetch_related(_files()).order_by("pk"))


def own(conversation: Conversation, user: User, kind: str) -> Draft | None:
    """The member's draft of a kind, or None."""
    rows = Draft.objects.filter(conversation=conversation, user=user, kind=kind, discarded_at=None)
    return rows.prefetch_related(_files()).order_by("pk").first()


def mail(key: UUID, user: User) -> Draft | None:
    """The member's mail of this id that is not sent yet, or None."""
    rows = Draft.objects.filter(public_id=key, user=user, kind=DraftKind.MAIL, discarded_at=None)
    return rows.prefetch_related(_files()).order_by("pk").first()


def of_member(user: User, limit: int = 100) -> list[Draft]:
    """What a member has written and not sent, the latest first; what is in the Trash or was joined is left out."""
    rows = Draft.objects.filter(user=user, discarded_at=None).select_related("conversation__contact", "forwards")
    shown = Q(kind=DraftKind.MAIL) | Q(conversation__joined_into=None)
    hidden = Q(conversation__handler=Handler.TRASH) | Q(forwards__handler=Handler.TRASH)
    return list(rows.filter(shown).exclude(hidden).order_by("-updated_at", "-pk")[:limit])


def is_discarded(key: UUID, user: User) -> bool:
    """Whether the member has discarded the mail of this id, which can still be restored."""
    return Draft.objects.filter(public_id=key, user=user).exclude(discarded_at=None).exists()


def has_mails(user: User) -> bool:
    """Whether the member has written a mail that is not sent."""
    return Draft.objects.filter(user=user, kind=DraftKind.MAIL, discarded_at=None).exists()


def _files() -> Prefetch[str]:
    """Their files in the order in which they were chosen."""
    return Prefetch("files", DraftFile.objects.order_by("pk"))
