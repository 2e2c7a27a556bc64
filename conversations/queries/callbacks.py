"""The calls that customers asked for, in the open workspace scope."""

from __future__ import annotations

from typing import cast

from conversations.models import CallbackRequest
from conversations.models.form import CallbackQuerySet


def callbacks() -> CallbackQuerySet:
    """All of them, with what a list shows of each."""
    rows = CallbackRequest.objects.select_related("conversation__contact", "conversation__assignee", "done_by")
    return cast(CallbackQuerySet, rows)
