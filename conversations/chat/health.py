"""Whether visitors reach a widget: those of a day, and the last conversation that was written in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Subquery, When

from conversations.models import Channel, ChatSession, Conversation, Widget


@dataclass(frozen=True, slots=True)
class WidgetHealth:
    """How many visitors with a session a widget saw since a moment, and when one of its conversations was last written in."""

    widget: Widget
    visitors: int
    last_message_at: datetime | None


def health(widgets: QuerySet[Widget], since: datetime) -> list[WidgetHealth]:
    """The health of some widgets, in two questions."""
    sessions = ChatSession.objects.filter(widget=OuterRef("pk"))
    theirs = ChatSession.objects.filter(contact=OuterRef("contact"), widget=OuterRef(OuterRef("pk")))
    chats = Conversation.objects.filter(Exists(theirs), channel=Channel.CHAT, last_message__isnull=False)
    newest = chats.order_by("-last_message_at", "-pk").values("last_message_at")[:1]
    # Without sessions there is nothing to look for, and it would be looked for in every conversation.
    found: list[Any] = list(widgets.annotate(last_at=Case(When(Exists(sessions), then=Subquery(newest)))))
    seen = ChatSession.objects.filter(widget__in=[one.pk for one in found], last_seen_at__gte=since).order_by()
    counts = dict(seen.values_list("widget").annotate(Count("pk")))
    return [WidgetHealth(one, counts.get(one.pk, 0), one.last_at) for one in found]
