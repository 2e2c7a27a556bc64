"""One ticket for workflows and third parties: read, and changed."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.errors import Invalid, NotFound
from accounts.text import uuid_or_none
from accounts.web import bodies
from conversations.api.limits import Buckets
from conversations.api.problems import RateLimited
from conversations.api.views import DialectViewSet
from conversations.dialects.posthog import answers, inputs, patches
from conversations.dialects.posthog.error_bodies import ExternalErrorBodies
from conversations.dialects.posthog.views.base import PosthogViewSet, with_people
from tickets import queries as tickets
from tickets.models import Ticket
from tickets.permissions import TicketScope

_ID = OpenApiParameter(
    "ticket_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The ticket's UUID. The path also answers with a trailing slash.",
)
_LIMITS = (Buckets(120, at_once=120), Buckets(20, at_once=1200))
"""120 calls a minute and 1,200 an hour with one key."""


class ExternalRate(BaseThrottle):
    """Counts a call for its key."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        if bodies.ASKED in request._request.META:
            return True
        try:
            for limit in _LIMITS:
                limit.take(view.counted)
        except RateLimited as refused:
            self.seconds = refused.wait
        return not self.seconds

    def wait(self) -> float:
        return self.seconds


class External(PosthogViewSet):
    """A ticket of the key's project."""

    error_bodies = ExternalErrorBodies()
    permission_classes = DialectViewSet.permission_classes
    throttle_classes = (ExternalRate,)
    scopes: ClassVar[dict[str, str]] = {"retrieve": TicketScope.READ, "partial_update": TicketScope.WRITE}

    @extend_schema(
        operation_id="getPosthogExternalTicket",
        summary="Retrieve a ticket from outside",
        parameters=[_ID],
        responses=answers.PosthogExternalTicket,
    )
    def retrieve(self, request: Request, ticket_id: str) -> Response:
        """For workflows and third parties; does not mark the ticket as read. At most 120 calls a minute and 1,200 an hour with
        one key."""
        (row,) = with_people([self.one(ticket_id)])
        return Response(answers.PosthogExternalTicket(row).data)

    @extend_schema(
        operation_id="updatePosthogExternalTicket",
        summary="Update a ticket from outside",
        parameters=[_ID],
        request=inputs.ExternalPatch,
        responses=answers.PosthogOk,
    )
    def partial_update(self, request: Request, ticket_id: str) -> Response:
        """Any subset of fields. Snoozing puts the ticket on hold and unsnoozing opens it, unless a status is given too."""
        row = self.one(ticket_id)
        patches.apply_external(row, self.read(inputs.ExternalPatch, request), by=self.actor, at=self.at)
        return Response(answers.PosthogOk(True).data)

    def one(self, reference: str) -> Ticket:
        """The ticket of a UUID. Raises Invalid for what is none, and NotFound."""
        public_id = uuid_or_none(reference)
        if public_id is None:
            raise Invalid("The ticket's id must be a UUID.")
        try:
            return tickets.by_reference(str(public_id))
        except NotFound as error:
            raise NotFound("There is no such ticket.") from error
