"""Reactions of live chat: what the assistant hands over goes to whom the widget names."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from accounts.journal import concerns
from accounts.models import Event
from conversations.actions import routing
from conversations.models import Channel, ChatSession, Conversation


def _is_a_chat() -> Exists:
    # The dispatcher asks for all workspaces at once.
    rows = Conversation.all_workspaces.filter(channel=Channel.CHAT)
    return Exists(rows.filter(workspace=OuterRef("event__workspace"), pk=OuterRef("event__subject_id")))


@concerns(_is_a_chat)
def route_handed_over(event: Event) -> None:
    """Assign a chat that the assistant handed over to the team and the person of its widget, unless somebody has it by now."""
    conversation = Conversation.objects.select_related("contact").filter(pk=event.subject_id).first()
    if conversation is None or conversation.assignee_id is not None or conversation.team_id is not None:
        return
    sessions = ChatSession.objects.select_related("widget__team", "widget__assignee").filter(
        contact=conversation.contact
    )
    session = sessions.order_by("-last_seen_at", "-id").first()
    if session is not None:
        routing.route(conversation, to=session.widget.assignee, team=session.widget.team, at=event.at)
