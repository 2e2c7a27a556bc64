"""Drafts: what members have written in a conversation and not sent."""

from __future__ import annotations

from django.db.models import Prefetch

from accounts.models import User
from conversations.models import Conversation, Draft, DraftFile


def of(conversation: Conversation) -> list[Draft]:
    """Every member's drafts in a conversation with their files, the oldest first."""
    rows = Draft.objects.filter(conversation=conversation, discarded_at=None).select_related("user")
    return list(rows.prefetch_related(_files()).order_by("pk"))


def own(conversation: Conversation, user: User, kind: str) -> Draft | None:
    """The member's draft of a kind, or None."""
    rows = Draft.objects.filter(conversation=conversation, user=user, kind=kind, discarded_at=None)
    return rows.prefetch_related(_files()).order_by("pk").first()


def _files() -> Prefetch[str]:
    """Their files in the order in which they were chosen."""
    return Prefetch("files", DraftFile.objects.order_by("pk"))
