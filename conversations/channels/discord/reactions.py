"""Reactions of Discord: tags that agents change here are put on the forum's post there."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from accounts import outbox, tenancy
from accounts.journal import batched, concerns
from accounts.models import Event
from conversations.channels.discord import tags
from conversations.models import DiscordThread


def _has_a_thread() -> Exists:
    # The dispatcher asks for all workspaces at once.
    rows = DiscordThread.all_workspaces.filter(workspace=OuterRef("event__workspace"), deleted_at=None)
    return Exists(rows.filter(conversation=OuterRef("event__subject_id")))


@concerns(_has_a_thread)
@batched
def mirror_tags(events: Sequence[Event]) -> None:
    """Queue what puts the tags of conversations on their threads."""
    for conversation_id in sorted({event.subject_id for event in events}):
        outbox.queue(tags.TASK, workspace_id=tenancy.current().pk, conversation_id=conversation_id)
