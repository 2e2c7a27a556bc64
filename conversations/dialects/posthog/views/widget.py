"""The chat of posthog-js: messages, tickets, what was read, and finding tickets again on another browser."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts import tenancy
from accounts.errors import DomainError, NotFound
from accounts.web.addresses import address_of
from conversations.actions.entries import Door
from conversations.api import problems, reading
from conversations.api.limits import Buckets
from conversations.api.views import DialectViewSet
from conversations.chat import actions, queries, restores, sessions
from conversations.chat.actions import Outcome
from conversations.dialects.posthog import ADAPTER, HEADERS, TITLE, answers, visitors, widget_answers, widget_inputs
from conversations.dialects.posthog.error_bodies import PosthogError, PosthogWidgetError, Refusal, WidgetErrorBodies
from conversations.dialects.posthog.visitors import Visitor
from conversations.dialects.posthog.widget_auth import WidgetToken
from conversations.dialects.posthog.widget_inputs import is_signed
from conversations.models import Channel, Conversation, Message, Widget

DOOR = Door(Channel.CHAT, ADAPTER)
WRITES = Buckets(30, at_once=30)
"""What one browser or person sends in a minute."""
READS = Buckets(120, at_once=120)
"""What one browser or person asks for in a minute: an open chat asks twelve times."""
TOKEN_WRITES = Buckets(60, at_once=3600)
"""What all send with one token: 3,600 an hour."""
TOKEN_READS = Buckets(6000, at_once=6000)
RESTORES = Buckets(0.05, at_once=3)
"""Links that are asked for with one address: three an hour."""
REDEEMS = Buckets(10, at_once=10)
"""Links that one address of the network follows in a minute."""
RESTORE_PARAMETER = "ph_conv_restore"
"""The parameter by which the client finds the token of a link."""
_TICKET = OpenApiParameter("ticket_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The ticket's UUID.")
_ORIGIN = OpenApiParameter(
    "Origin",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The site of the page, as browsers state it: one of the widget's, if it has a list.",
    examples=[OpenApiExample("A site", "https://shop.example")],
)
_EITHER = PolymorphicProxySerializer(
    component_name="PosthogWidgetRefusal",
    serializers=[PosthogWidgetError, PosthogError],
    resource_type_field_name=None,
)
_INVALID = OpenApiResponse(_EITHER, description="The request is invalid; `details` names the fields. Or it is no JSON.")
_FORBIDDEN = OpenApiResponse(
    _EITHER, description="No token, another site, a wrong signature, or somebody else's ticket. Or an unknown token."
)
_MISSING = OpenApiResponse(PosthogWidgetError, description="There is no such ticket in this workspace.")
_REFUSED = {400: _INVALID, 403: _FORBIDDEN}
_REFUSED_TICKET = {**_REFUSED, 404: _MISSING}
_OUTCOMES = {
    Outcome.UNKNOWN: ("invalid", "token_invalid"),
    Outcome.USED: ("used", "token_already_used"),
    Outcome.EXPIRED: ("expired", "token_expired"),
}


class WidgetViewSet(DialectViewSet):
    """Calls with the public token of a widget."""

    tag = TITLE
    error_bodies = WidgetErrorBodies()
    own_headers = HEADERS
    authentication_classes = (WidgetToken,)
    permission_classes = ()
    throttle_classes = ()
    # A browser repeats nothing, and has no key under which an answer could be kept.
    is_idempotent = False

    @property
    def widget(self) -> Widget:
        found = self.request.auth
        assert isinstance(found, Widget)
        return found

    def perform_authentication(self, request: Request) -> None:
        """Find the widget, and open the scope of its workspace."""
        super().perform_authentication(request)
        self._stack.enter_context(tenancy.scope(self.widget.workspace))

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]  # plain responses too
        refusal = exc if isinstance(exc, Refusal) else _refusal(exc)
        if refusal is None:
            return super().handle_exception(exc)
        self.undo()
        return Response(refusal.body, status=refusal.status)

    def sent(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """The checked body. Raises ValidationError."""
        return reading.body(shape, self.request.data)

    def asked(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """The checked query. Raises ValidationError."""
        return reading.body(shape, self.request.query_params.dict())

    def visitor(self, data: dict[str, Any]) -> Visitor:
        """Who calls, counted. Raises Refusal and RateLimited."""
        is_read = self.request.method == "GET"
        named = data.get("identity_distinct_id") if is_signed(data) else data.get("widget_session_id")
        who = named or address_of(self.request._request)
        (READS if is_read else WRITES).take(hash(("visitor", self.widget.pk, str(who))))
        (TOKEN_READS if is_read else TOKEN_WRITES).take(hash(("token", self.widget.pk)))
        return visitors.read(self.widget, data)

    def check_origin(self) -> str:
        """The site of the page that calls. Raises Refusal for one that may not have the widget."""
        origin = self.request.headers.get("Origin") or _origin_of(self.request.headers.get("Referer", ""))
        if self.widget.allowed_origins and origin.lower() not in self.widget.allowed_origins:
            raise Refusal(403, "This site may not use the widget.")
        return origin


class WidgetMessages(WidgetViewSet):
    """Messages between a visitor and the team."""

    @extend_schema(
        operation_id="sendPosthogWidgetMessage",
        summary="Send a message from a page",
        parameters=[_ORIGIN],
        request=widget_inputs.WidgetMessageInput,
        responses={200: widget_answers.PosthogWidgetSent, **_REFUSED_TICKET},
    )
    def create(self, request: Request) -> Response:
        """Without `ticket_id` it opens a new ticket. At most 30 a minute of one browser or person, and 3,600 an hour with one
        token."""
        raw = request.data
        if not isinstance(raw, dict):
            raise ParseError("The body is no JSON object.")
        if raw.get("_hp"):
            raise Refusal(400, "The request is invalid.")
        self.check_origin()
        data = self.sent(widget_inputs.WidgetMessageInput)
        visitor = self.visitor(data)
        ticket, own = visitor.own(str(data["ticket_id"])) if data.get("ticket_id") else (None, [])
        meanwhile = visitors.answered_meanwhile(own, self.at)
        session = visitor.ensured(at=self.at)
        written = self._written(visitor, data)
        if ticket is None:
            message = actions.start_ticket(session=session, **written)
        else:
            message = actions.write_in_ticket(session=session, conversation=own[0], ticket=ticket, **written)
        return Response(widget_answers.PosthogWidgetSent(self._sent(visitor, message, meanwhile)).data)

    def _sent(self, visitor: Visitor, message: Message, meanwhile: datetime | None) -> widget_answers.WidgetSent:
        ticket = message.conversation.ticket
        assert ticket is not None
        ticket.refresh_from_db()
        own = list(visitor.conversations([ticket]))
        shown = visitors.printed(message, ticket, own)
        known = shown.moment if meanwhile is None else meanwhile - timedelta(microseconds=1)
        return widget_answers.WidgetSent(ticket, message, known, visitors.unread(own))

    def _written(self, visitor: Visitor, data: dict[str, Any]) -> dict[str, Any]:
        context = data["session_context"]
        page = context.get("current_url")
        return {
            "body": data["message"],
            "traits": data["traits"],
            "session_id": data.get("session_id") or None,
            "session_context": context,
            "page": page if isinstance(page, str) else "",
            "door": DOOR,
            "by": visitor.actor,
            "at": self.at,
        }

    @extend_schema(
        operation_id="listPosthogWidgetMessages",
        summary="List a ticket's messages in a page",
        parameters=[_TICKET, widget_inputs.WidgetMessagesQuery],
        responses={200: widget_answers.PosthogWidgetThread, **_REFUSED_TICKET},
    )
    def list(self, request: Request, ticket_id: str) -> Response:
        """The oldest first, and never private ones. `has_more` is true where the page is full."""
        data = self.asked(widget_inputs.WidgetMessagesQuery)
        visitor = self.visitor(data)
        ticket, own = visitor.own(ticket_id)
        found = visitors.messages(ticket, own, after=data.get("after"), limit=data["limit"])
        thread = widget_answers.WidgetThread(ticket, visitors.unread(own), found, len(found) == data["limit"])
        return Response(widget_answers.PosthogWidgetThread(thread).data)

    @extend_schema(
        operation_id="readPosthogWidgetMessages",
        summary="Mark a ticket as read by the customer",
        parameters=[_TICKET],
        request=widget_inputs.WidgetReadInput,
        responses={200: widget_answers.PosthogWidgetRead, **_REFUSED_TICKET},
    )
    def read(self, request: Request, ticket_id: str) -> Response:
        """The customer has seen all messages of the ticket."""
        visitor = self.visitor(self.sent(widget_inputs.WidgetReadInput))
        _, own = visitor.own(ticket_id)
        lasts = queries.last_shown(own)
        for conversation in sorted(own, key=lambda one: one.pk):
            if (last := lasts.get(conversation.pk)) is not None:
                actions.mark_seen(conversation=conversation, message=last, by=visitor.actor, at=self.at)
        return Response(widget_answers.PosthogWidgetRead(True).data)


class WidgetTickets(WidgetViewSet):
    """The tickets of a visitor."""

    @extend_schema(
        operation_id="listPosthogWidgetTickets",
        summary="List a visitor's tickets",
        parameters=[widget_inputs.WidgetTicketsQuery],
        responses={200: widget_answers.PosthogWidgetTickets, **_REFUSED},
    )
    def list(self, request: Request) -> Response:
        """The latest first: those of the browser, or of the signed person."""
        data = self.asked(widget_inputs.WidgetTicketsQuery)
        visitor = self.visitor(data)
        rows = visitor.tickets(data.get("status"))
        page = list(rows[data["offset"] : data["offset"] + data["limit"]])
        # Counted only where there may be more of them.
        is_all = not data["offset"] and len(page) < data["limit"]
        summaries = visitors.summaries(visitor, page)
        found = widget_answers.WidgetTickets(len(page) if is_all else rows.count(), summaries)
        return Response(widget_answers.PosthogWidgetTickets(found).data)


class WidgetRestores(WidgetViewSet):
    """Finding tickets again on another browser, by a link that goes to the visitor's address."""

    @extend_schema(
        operation_id="requestPosthogWidgetRestore",
        summary="Ask for a link to earlier tickets",
        parameters=[_ORIGIN],
        request=widget_inputs.WidgetRestoreRequestInput,
        responses={200: answers.PosthogOk, **_REFUSED},
    )
    def request_link(self, request: Request) -> Response:
        """Mails a link to the page, if the address has tickets; the answer is the same if not. The page must be on the site that
        calls, and that site on the widget's list. At most three an hour with one address."""
        origin = self.check_origin()
        data = self.sent(widget_inputs.WidgetRestoreRequestInput)
        page = _page(data["request_url"])
        if page is None or _site(page) != _site(_parts(origin)):
            raise Refusal(403, "The page must be on the site that asks.")
        if _site(page) not in {_site(_parts(one)) for one in self.widget.allowed_origins}:
            raise Refusal(403, "Links to this site are not allowed.")
        digest = hashlib.sha256(data["email"].encode()).hexdigest()
        RESTORES.take(hash(("restore", self.widget.pk, digest)))
        TOKEN_WRITES.take(hash(("token", self.widget.pk)))
        actions.request_restore(
            widget=self.widget, email=data["email"], page=_link(page), by=sessions.visitor(self.widget), at=self.at
        )
        return Response(answers.PosthogOk(True).data)

    @extend_schema(
        operation_id="redeemPosthogWidgetRestore",
        summary="Follow a link to earlier tickets",
        parameters=[_ORIGIN],
        request=widget_inputs.WidgetRestoreInput,
        responses={200: widget_answers.PosthogWidgetRestored, **_REFUSED},
    )
    def redeem(self, request: Request) -> Response:
        """Gives the tickets of the link's address to this browser. A link works once, within an hour."""
        self.check_origin()
        data = self.sent(widget_inputs.WidgetRestoreInput)
        REDEEMS.take(hash(("redeem", address_of(request._request))))
        TOKEN_WRITES.take(hash(("token", self.widget.pk)))
        browser = data["widget_session_id"]
        done = actions.restore(
            widget=self.widget,
            token=data["restore_token"],
            session_token=visitors.session_token(self.widget, browser),
            by=sessions.visitor(self.widget),
            at=self.at,
        )
        if done.outcome != Outcome.DONE:
            row = widget_answers.WidgetRestored(*_OUTCOMES[done.outcome])
        else:
            row = widget_answers.WidgetRestored("success", None, browser, _tickets_of(done.conversation_ids))
        return Response(widget_answers.PosthogWidgetRestored(row).data)


def _tickets_of(conversation_ids: Any) -> list[Any]:
    """The tickets of some conversations, the latest first: the client opens that one."""
    rows = Conversation.objects.filter(pk__in=conversation_ids, ticket__isnull=False)
    found = rows.order_by("-ticket__created_at", "-ticket").values_list("ticket__public_id", flat=True)
    return list(dict.fromkeys(found))


def _refusal(error: Exception) -> Refusal | None:
    """The widget's own words for an error in the request, or for a conversation that is gone; None for all others."""
    if isinstance(error, NotFound):
        return Refusal(404, "There is no such ticket.")
    problem = problems.of(error)
    if problem is None or problem.code == "parse_error" or not (problem.faults or isinstance(error, DomainError)):
        return None
    details: dict[str, list[str]] = {}
    for fault in problem.faults:
        name = {"text": "message", "body": "message"}.get(fault.field or "", fault.field or "non_field_errors")
        details.setdefault(name, []).append(fault.message)
    return Refusal(403 if problem.status == 403 else 400, "The request is invalid.", details)


def _origin_of(address: str) -> str:
    try:
        found = urlsplit(address)
    except ValueError:
        return ""
    return f"{found.scheme}://{found.netloc}" if found.netloc else ""


def _parts(origin: str) -> SplitResult | None:
    try:
        found = urlsplit(origin)
        _ = found.port
    except ValueError:
        return None
    return found


def _site(page: SplitResult | None) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port: of two sites on one host each has its own."""
    if page is None:
        return None
    return page.scheme, page.hostname, page.port or {"http": 80, "https": 443}.get(page.scheme)


def _page(address: str) -> SplitResult | None:
    """The parts of a page's address to which a link may lead; None for what is none."""
    try:
        found = urlsplit(address)
        is_page = found.scheme in ("http", "https") and bool(found.hostname) and found.username is None
        _ = found.port
    except ValueError:
        return None
    is_plain = address.isprintable() and not set(address) & set(" \\<>\"'`")
    return found._replace(fragment="") if is_page and is_plain else None


def _link(page: SplitResult) -> str:
    """The link to a page, with a place for its token instead of an earlier one."""
    given = parse_qsl(page.query, keep_blank_values=True)
    kept = [(name, value) for name, value in given if name != RESTORE_PARAMETER]
    query = "&".join([*([urlencode(kept)] if kept else []), f"{RESTORE_PARAMETER}={restores.PLACE}"])
    return urlunsplit(page._replace(query=query))
