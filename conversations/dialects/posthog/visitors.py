"""Who calls from a page: the browser by its random id, or a person whom the website has signed; and which tickets are theirs.

A browser's id is kept as the hash of a session's token. Nobody else's session, and no other widget's, finds what is in it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.errors import Conflict
from accounts.permissions import Actor
from conversations.chat import actions, proofs, queries, sessions
from conversations.chat.proofs import Identity
from conversations.dialects.posthog.error_bodies import Refusal
from conversations.dialects.posthog.widget_answers import WidgetMessage, WidgetTicket
from conversations.dialects.posthog.widget_inputs import is_signed
from conversations.models import ChatSession, Conversation, Message, MessageKind, SenderKind, Widget
from conversations.queries import conversations as conversation_queries
from conversations.queries.tickets import PRIMARY_FIRST
from tickets.models import Ticket

LAST_CALL = timedelta(seconds=10)
"""How long ago an open chat asked last; it does so every five seconds."""
MOST_AT_ONCE = 100
"""Messages of one millisecond."""


def session_token(widget: Widget, browser: uuid.UUID) -> str:
    """The token of a browser's session."""
    return sessions.token_of(widget, f"posthog {browser}")


@dataclass
class Visitor:
    """Somebody in a page of a widget. `identity` is signed, or says how a browser describes its visitor."""

    widget: Widget
    browser: uuid.UUID | None
    identity: Identity

    @cached_property
    def session(self) -> ChatSession | None:
        """The session that they have, also one that is not kept: of a person who writes elsewhere. None for a stranger."""
        if not self.identity.is_signed:
            assert self.browser is not None
            return sessions.find(self.widget, session_token(self.widget, self.browser))
        contact = conversation_queries.contact_named(self.identity.external_id)
        if contact is None:
            return None
        rows = ChatSession.objects.select_related("contact")
        kept = rows.filter(contact=contact, widget=self.widget, is_verified=True, ended_at=None).order_by("-pk").first()
        if kept is not None:
            ChatSession.widget.field.set_cached_value(kept, self.widget)
            return kept
        return ChatSession(workspace=self.widget.workspace, widget=self.widget, contact=contact, is_verified=True)

    @property
    def actor(self) -> Actor:
        return sessions.visitor(self.widget, self.session.contact if self.session else None)

    def ensured(self, *, at: datetime) -> ChatSession:
        """The session in which they write now, which may be new, with what is known of them."""
        session = self.session
        if session is not None and session.pk is not None:
            if not self.identity.is_signed:
                session = actions.describe_visitor(session=session, identity=self.identity, by=self.actor, at=at)
        elif self.identity.is_signed:
            session = actions.identify_visitor(
                widget=self.widget, identity=self.identity, by=sessions.visitor(self.widget), at=at
            ).session
        else:
            session = self._started(at)
        self.session = session
        return session

    def _started(self, at: datetime) -> ChatSession:
        """The first session of the browser; of two tabs that write at once one starts it."""
        assert self.browser is not None
        token, by = session_token(self.widget, self.browser), sessions.visitor(self.widget)
        try:
            with transaction.atomic():  # which is undone alone
                return actions.start_session(
                    widget=self.widget, identity=self.identity, token=token, by=by, at=at
                ).session
        except Conflict:
            found = sessions.find(self.widget, token)
            if found is None:
                raise
            return found

    # --- Tickets --------------------------------------------------------------------------------

    def conversations(self, tickets: Iterable[Ticket]) -> QuerySet[Conversation]:
        """Their own conversations of some tickets, the first of each first."""
        if self.session is None:
            return Conversation.objects.none()
        rows = queries.conversations_of(self.session).filter(ticket__in=list(tickets))
        return rows.order_by("ticket_id", *PRIMARY_FIRST)

    def tickets(self, status: str | None) -> QuerySet[Ticket]:
        """Their tickets, the latest first."""
        if self.session is None:
            return Ticket.objects.none()
        theirs = queries.conversations_of(self.session).filter(ticket__isnull=False).order_by().values("ticket")
        rows = Ticket.objects.filter(pk__in=theirs)
        return (rows.filter(status=status) if status else rows).order_by("-created_at", "-pk")

    def own(self, ticket_id: str) -> tuple[Ticket, list[Conversation]]:
        """A ticket and their own conversations of it. Raises Refusal."""
        try:
            public_id = uuid.UUID(ticket_id) if len(ticket_id) in (32, 36) else None
        except ValueError:
            public_id = None
        if public_id is None:
            raise Refusal(400, "The ticket's id must be a UUID.")
        ticket = Ticket.objects.filter(public_id=public_id).order_by("pk").first()
        if ticket is None:
            raise Refusal(404, "There is no such ticket.")
        found = list(self.conversations([ticket]))
        if not found:
            raise Refusal(403, "This ticket is somebody else's.")
        return ticket, found


def read(widget: Widget, data: dict[str, Any]) -> Visitor:
    """The visitor of a checked body or query. Raises Refusal for a wrong proof."""
    traits: dict[str, str] = data.get("traits", {})
    if not is_signed(data):
        described = proofs.stated({**traits, "id": data.get("distinct_id")})
        return Visitor(widget, data["widget_session_id"], described)
    try:
        proven = proofs.of_distinct_id(widget, data["identity_distinct_id"], data["identity_hash"])
    except proofs.NotProven as error:
        raise Refusal(403, "The identity is not signed with a secret of this workspace.") from error
    # What is not signed names a new customer and changes no other.
    named = proofs.stated({"name": traits.get("name")})
    return Visitor(widget, None, Identity(is_signed=True, external_id=proven.external_id, name=named.name))


# --- What a customer sees -----------------------------------------------------------------------


def messages(
    ticket: Ticket, own: Sequence[Conversation], *, after: datetime | None = None, limit: int
) -> list[WidgetMessage]:
    """Messages of a customer's conversations of a ticket, the oldest first; with `after` those alone that are later."""
    rows = _public(own).order_by("created_at", "pk")
    if after is not None:
        rows = rows.filter(created_at__gte=_whole(after))
    found: list[WidgetMessage] = []
    last, number = None, 0
    for message in rows[: limit + MOST_AT_ONCE]:
        number = number + 1 if message.created_at == last else 0
        last = message.created_at
        shown = _shown(message, ticket, number)
        if after is None or shown.moment > after:
            found.append(shown)
    return found[:limit]


def printed(message: Message, ticket: Ticket, own: Sequence[Conversation]) -> WidgetMessage:
    """A message as `messages` has it."""
    before = _public(own).filter(created_at=message.created_at, pk__lt=message.pk)
    return _shown(message, ticket, before.count())


def answered_meanwhile(own: Sequence[Conversation], at: datetime) -> datetime | None:
    """The moment of the first answer of the last seconds that the customer has not seen, before they write themselves.

    After a message the client asks only for what is later than it: what was written since it asked last would be lost.
    """
    since = [seen for one in own if (seen := queries.seen_until(one)) is not None]
    if not since:
        return None
    rows = _public(own).exclude(sender_kind=SenderKind.CUSTOMER).filter(created_at__gt=max([*since, at - LAST_CALL]))
    found = rows.order_by("created_at", "pk").first()
    return found.created_at if found else None


def _public(own: Sequence[Conversation]) -> QuerySet[Message]:
    """The customer's messages and the team's. Of a conversation that others were joined into, theirs are left out."""
    theirs = Q(sender_contact=own[0].contact_id) | ~Q(sender_kind=SenderKind.CUSTOMER)
    return Message.objects.filter(theirs, conversation__in=[one.pk for one in own], kind=MessageKind.MESSAGE)


def _shown(message: Message, ticket: Ticket, number: int) -> WidgetMessage:
    """The client asks for what is later than the last that it has, and moments are kept in milliseconds: messages that share one
    differ in their microseconds, in the order of the thread."""
    traits = ticket.anonymous_traits
    customer = next((name for key in ("name", "email") if isinstance(name := traits.get(key), str) and name), "")
    return WidgetMessage(message, message.created_at + timedelta(microseconds=min(number, 999)), customer)


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def summaries(visitor: Visitor, tickets: Sequence[Ticket]) -> list[WidgetTicket]:
    """What the customer sees of some of their tickets, from their own conversations of them."""
    if visitor.session is None or not tickets:
        return []
    own = list(visitor.conversations(tickets))
    unseen, lasts = queries.unread(visitor.session), queries.last_shown(own)
    found = []
    for ticket in tickets:
        rows = [one for one in own if one.ticket_id == ticket.pk]
        shown = [lasts[one.pk] for one in rows if one.pk in lasts]
        last = max(shown, key=lambda message: (message.created_at, message.pk), default=None)
        unread_count = sum(unseen.get(one.pk, 0) for one in rows)
        found.append(WidgetTicket(ticket, unread_count, sum(one.message_count for one in rows), last))
    return found


def unread(own: Sequence[Conversation]) -> int:
    """How many of the team's messages in these conversations the customer has not seen."""
    return sum(queries.unread_in(one) for one in own)
