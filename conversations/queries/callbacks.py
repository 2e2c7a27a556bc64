"""The calls that customers asked for, in the open workspace scope."""

from __future__ import annotations

from typing import cast

from conversations.models import CallbackRequest, Handler
from conversations.models.form import CallbackQuerySet


def callbacks() -> CallbackQuerySet:
    """All of them but those of conversations in the Trash, with what a list shows of each."""
    shown = CallbackRequest.objects.exclude(conversation__handler=Handler.TRASH)
    rows = shown.select_related("conversation__contact", "conversation__assignee", "done_by")
    return cast(CallbackQuerySet, rows)
