"""Whether visitors reach a widget: the sessions of a day, and the last conversation that was written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef

from conversations.models import Channel, ChatSession, Conversation, Widget


@dataclass(frozen=True, slots=True)
class WidgetHealth:
    """How many visitors a widget saw since a moment, and when the last message was written in one of its conversations."""

    widget: Widget
    sessions: int
    last_message_at: datetime | None


def health(widgets: Iterable[Widget], since: datetime) -> list[WidgetHealth]:
    """The health of some widgets."""
    found = list(widgets)
    seen = ChatSession.objects.filter(widget__in=found, last_seen_at__gte=since).order_by()
    counts = dict(seen.values_list("widget").annotate(Count("pk")))
    return [WidgetHealth(one, counts.get(one.pk, 0), _last_message_at(one)) for one in found]


def _last_message_at(widget: Widget) -> datetime | None:
    if not ChatSession.objects.filter(widget=widget).exists():
        return None
    theirs = ChatSession.objects.filter(contact=OuterRef("contact"), widget=widget)
    chats = Conversation.objects.filter(Exists(theirs), channel=Channel.CHAT, last_message__isnull=False)
    return chats.order_by("-last_message_at", "-pk").values_list("last_message_at", flat=True).first()
