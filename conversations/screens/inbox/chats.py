"""What a chat shows of its customer: where they are, what they have seen, and, to them, that an agent is typing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Event
from accounts.permissions import permit
from accounts.tenancy import current
from conversations import actions, events
from conversations.chat import languages
from conversations.chat import queries as chat_queries
from conversations.chat import typing as signals
from conversations.models import Channel, ChatSession, Conversation
from conversations.queries import conversations as queries
from conversations.screens import dates
from conversations.screens.shell import DeskRequest, screen
from conversations.texts import names

ONLINE_FOR = timedelta(minutes=2)
"""For how long a visitor counts as online after the last call of their browser."""


@require_POST
@screen
def typing(request: DeskRequest, number: int) -> HttpResponse:
    """Signal to the customer of a chat that the member is writing a reply; where the workspace wants that, it becomes theirs."""
    permit(request.actor, "conversation.reply")
    conversation = queries.by_number(number)
    if conversation.channel == Channel.CHAT:
        signals.agent_is_typing(conversation, names.first_name(request.user.name) or request.user.name)
    if request.workspace.assigns_on_typing and conversation.is_unassigned:
        actions.claim(conversation=conversation, by=request.actor, at=clock.now())
    return HttpResponse(status=204)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of a reply in a chat: that it was seen, and when, or only that it was sent."""

    seen_at: datetime | None = None
    is_seen: bool = False

    @property
    def text(self) -> str:
        if not self.is_seen:
            return _("Sent")
        if self.seen_at is None:
            return _("Seen")
        local = timezone.localtime(self.seen_at)
        is_today = local.date() == timezone.localtime(clock.now()).date()
        return _("Seen %(when)s") % {"when": f"{local:%H:%M}" if is_today else dates.moment(self.seen_at)}

    @property
    def version(self) -> str:
        """The same as long as it is shown the same."""
        return self.text


def facts(conversation: Conversation) -> dict[str, Any]:
    """The context of what the details show of the customer of a chat."""
    session = _session(conversation)
    if session is None:
        return {}
    is_online = session.ended_at is None and clock.now() - session.last_seen_at <= ONLINE_FOR
    return {
        "chat": session,
        "chat_is_online": is_online,
        "chat_language": _language(session.language),
        "stated": _stated(conversation.metadata),
        "chat_page": re.sub(r"^https?://(?:www\.)?|/$", "", session.page),
    }


def receipts(conversation: Conversation) -> Mapping[int, Receipt]:
    """By message, what is known of the team's last reply, and of the last one that the customer has seen."""
    if _session(conversation) is None:
        return {}
    replies = chat_queries.by_the_team(conversation).order_by("-pk")
    last = replies.only("created_at").first()
    if last is None:
        return {}
    until = conversation.customer_seen_at
    seen = last if until is not None and last.created_at <= until else None
    found = {} if seen is not None else {last.pk: Receipt()}
    if seen is None and until is not None:
        seen = replies.filter(created_at__lte=until).only("created_at").first()
    if seen is not None:
        found[seen.pk] = Receipt(_seen_at(conversation, seen.pk), is_seen=True)
    return found


def _stated(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the website says of a chat, without what the details show anyway."""
    plain = {name: value for name, value in metadata.items() if isinstance(value, str | int | float)}
    return [(name, str(value)) for name, value in plain.items() if name not in ("widget", "page")]


def _session(conversation: Conversation) -> ChatSession | None:
    """The browser in which the customer wrote or read last; read once for a page."""
    if conversation.channel != Channel.CHAT:
        return None
    known = conversation.__dict__
    if "_session" not in known:
        rows = ChatSession.objects.select_related("widget").filter(contact=conversation.contact_id)
        known["_session"] = rows.order_by("-last_seen_at", "-id").first()
    session: ChatSession | None = known["_session"]
    return session


def _seen_at(conversation: Conversation, message_id: int) -> datetime | None:
    """When the customer saw a message: the first time that they had seen it or a later one."""
    rows = Event.objects.filter(
        workspace=current(), subject_type="conversation", subject_id=conversation.pk, type=events.CHAT_SEEN.name
    )
    times = rows.order_by("-id").values_list("at", "data__message_id")[:20]
    later = [at for at, seen in times if isinstance(seen, int) and seen >= message_id]
    return later[-1] if later else None


def _language(code: str) -> str:
    known = languages.names()
    return known.get(code, code.upper())
