"""Changing many tickets at once: unknown ids are skipped silently, as are tickets that need no change."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.dialects.posthog import answers, inputs
from conversations.dialects.posthog.views.base import INVALID, PROJECT, PosthogViewSet
from tickets import actions as ticket_actions
from tickets.models import Ticket
from tickets.permissions import TicketScope
from tickets.tags import normal


class Bulk(PosthogViewSet):
    """Up to 500 tickets in one transaction."""

    scopes: ClassVar[dict[str, str]] = {
        "set_status": TicketScope.WRITE,
        "change_tags": TicketScope.WRITE,
    }

    @extend_schema(
        operation_id="bulkUpdatePosthogTicketStatus",
        summary="Set the status of many tickets",
        parameters=[PROJECT],
        request=inputs.BulkStatusInput,
        responses={200: answers.PosthogUpdated, 400: INVALID},
    )
    def set_status(self, request: Request, project_id: str) -> Response:
        """Changes all tickets, or none if one cannot be changed."""
        data = self.read(inputs.BulkStatusInput, request)
        wanted = [row for row in _held(data) if row.status != data["status"]]
        for row in wanted:
            ticket_actions.set_status(ticket=row, status=data["status"], by=self.actor, at=self.at)
        return Response(answers.PosthogUpdated(len(wanted)).data)

    @extend_schema(
        operation_id="bulkUpdatePosthogTicketTags",
        summary="Add, remove or set the tags of many tickets",
        parameters=[PROJECT],
        request=inputs.BulkTagsInput,
        responses={200: answers.PosthogUpdated, 400: INVALID},
    )
    def change_tags(self, request: Request, project_id: str) -> Response:
        """Changes all tickets, or none if one would have more than 100 tags."""
        data = self.read(inputs.BulkTagsInput, request)
        tags, changed = normal(data["tags"]), 0
        for row in _held(data):
            match data["action"]:
                case "add":
                    names = [*row.tags, *(tag for tag in tags if tag not in row.tags)]
                case "remove":
                    names = [tag for tag in row.tags if tag not in tags]
                case _:
                    names = tags
            if names != row.tags:
                ticket_actions.set_tags(ticket=row, names=names, by=self.actor, at=self.at)
                changed += 1
        return Response(answers.PosthogUpdated(changed).data)


def _held(data: dict[str, Any]) -> list[Ticket]:
    """The workspace's own tickets among the ids, locked in one order, so that two such calls never deadlock."""
    return list(Ticket.objects.select_for_update(no_key=True).filter(public_id__in=data["ids"]).order_by("pk"))
