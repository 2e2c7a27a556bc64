"""Tickets: list, create, retrieve, change, delete, and how much of them is unread."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Invalid, NotFound
from accounts.permissions import may
from conversations import actions, conditions
from conversations.actions.entries import Door
from conversations.api.fields import first_given
from conversations.dialects.posthog import ADAPTER, answers, filters, inputs, patches, view_filters
from conversations.dialects.posthog.error_bodies import PosthogDetail
from conversations.dialects.posthog.paging import Pages
from conversations.dialects.posthog.views.base import (
    INVALID,
    PROJECT,
    TICKET,
    PosthogViewSet,
    renamed,
    with_people,
)
from conversations.models import Channel, Mailbox
from conversations.queries import mails
from conversations.queries import tickets as ticket_queries
from tickets import actions as ticket_actions
from tickets import queries as tickets
from tickets import unread
from tickets.models import Ticket, TicketQuerySet
from tickets.permissions import TicketScope


class Tickets(PosthogViewSet):
    """Support tickets of a project."""

    filterset_class = filters.TicketFilter
    pagination_class = Pages
    scopes: ClassVar[dict[str, str]] = {
        "list": TicketScope.READ,
        "retrieve": TicketScope.READ,
        "unread_count": TicketScope.READ,
        "create": TicketScope.WRITE,
        "compose": TicketScope.WRITE,
        "update": TicketScope.WRITE,
        "partial_update": TicketScope.WRITE,
        "destroy": TicketScope.WRITE,
    }

    @extend_schema(
        operation_id="listPosthogTickets",
        summary="List tickets",
        parameters=[PROJECT],
        responses={200: answers.PosthogTicketPage, 400: INVALID},
    )
    def list(self, request: Request, project_id: str) -> Response:
        """Latest change first. Invalid filters are ignored."""
        asked = view_filters.Asked({})
        if short_id := request.query_params.get("view"):
            try:
                view = ticket_queries.saved_view(self.actor, short_id)
                asked = view_filters.asked(view, request.query_params)
            except NotFound as error:
                raise Invalid("There is no such view.", field="view") from error
        query = filters.Query.of(request.query_params, asked.filters)
        if asked.condition is not None:
            pages = self.pagination_class()
            rows = pages.rows(self._chosen(query, asked.condition), request)
            return pages.response(answers.PosthogTicketPage, with_people(rows))
        if query.statuses is not None:
            pages = self.pagination_class(tickets.tally().standing(query.statuses))
            window = pages.window(request)
            listed = filters.page.rows(query.asked, query.order, *window) if window else []
            return pages.response(answers.PosthogTicketPage, with_people(listed))
        pages = self.pagination_class()
        if query.search and not query.asks_more:
            rows = pages.found(filters.found(query), filters.some, request)
            return pages.response(answers.PosthogTicketPage, with_people(rows))
        rows = pages.rows(self._chosen(query), request)
        return pages.response(answers.PosthogTicketPage, with_people(rows))

    def _chosen(self, query: filters.Query, condition: conditions.Condition | None = None) -> TicketQuerySet:
        """The tickets that pass the parameters and a view's condition."""
        rows = tickets.tickets()
        if condition is not None:
            context = conditions.Context(at=self.at, me=self.actor.user_id, zone=self.grant.workspace.zone)
            rows = conditions.for_tickets(rows, condition, context)
        chosen = self.filterset_class(query.data, rows, now=self.at, workspace=self.grant.workspace)
        ordered: TicketQuerySet = chosen.qs.order_by(*query.order)
        return ordered

    @extend_schema(
        operation_id="createPosthogTicket",
        summary="Create a ticket",
        parameters=[PROJECT],
        request=inputs.TicketInput,
        responses={201: answers.PosthogTicket, 400: INVALID},
    )
    def create(self, request: Request, project_id: str) -> Response:
        """Creates a ticket and the conversation to answer it in; `anonymous_traits` describe the customer."""
        data = self.read(inputs.TicketInput, request)
        _, title = first_given(data, *patches.TITLES)
        stated, message = first_given(data, *patches.MESSAGES)
        try:
            row, conversation = actions.open_ticket(
                workspace=self.grant.workspace,
                name=patches.text(data, "name"),
                email=patches.text(data, "email"),
                title=title,
                body=message or None,
                door=Door(Channel.API, ADAPTER),
                by=self.actor,
                at=self.at,
                **patches.opening(data),
            )
        except Invalid as error:
            raise renamed(error, {"body": stated or ""}) from error
        if data.get("snoozed_until") is not None:
            # As in a change: a status that was stated stays.
            row = ticket_actions.snooze(
                ticket=row, until=data["snoozed_until"], status=data.get("status"), by=self.actor, at=self.at
            )
        return Response(answers.PosthogTicket(answers.TicketRow.of(row, conversation)).data, status=201)

    @extend_schema(
        operation_id="getPosthogTicket",
        summary="Retrieve a ticket and mark it as read",
        parameters=[PROJECT, TICKET],
        responses=answers.PosthogTicket,
    )
    def retrieve(self, request: Request, project_id: str, id: str) -> Response:
        """By UUID or by number. A key with write access clears the team's unread count; `updated_at` stays."""
        row = self.ticket(id, columns=answers.TICKET_COLUMNS)
        if row.unread_team_count and may(self.actor, "ticket.mark_read"):
            ticket_actions.mark_read(ticket=row, by=self.actor, at=self.at)
            row.unread_team_count = 0
        return self.shown(row)

    @extend_schema(
        operation_id="replacePosthogTicket",
        summary="Update a ticket by PUT",
        parameters=[PROJECT, TICKET],
        request=inputs.TicketPatch,
        responses={200: answers.PosthogTicket, 400: INVALID},
    )
    def update(self, request: Request, project_id: str, id: str) -> Response:
        """The same as PATCH: omitted fields stay unchanged."""
        return self._change(request, id)

    @extend_schema(
        operation_id="updatePosthogTicket",
        summary="Update a ticket",
        parameters=[PROJECT, TICKET],
        request=inputs.TicketPatch,
        responses={200: answers.PosthogTicket, 400: INVALID},
    )
    def partial_update(self, request: Request, project_id: str, id: str) -> Response:
        """Any subset of fields. Snoozing puts the ticket on hold and unsnoozing opens it, unless a status is given too."""
        return self._change(request, id)

    def _change(self, request: Request, reference: str) -> Response:
        row = self.ticket(reference)
        data = self.read(inputs.TicketPatch, request)
        patches.apply(row, data, by=self.actor, at=self.at)
        return self.shown(self.ticket(str(row.number)), with_person=False)

    def shown(self, row: Ticket, *, with_person: bool = True, status: int = 200) -> Response:
        (found,) = with_people([row], with_person=with_person)
        return Response(answers.PosthogTicket(found).data, status=status)

    @extend_schema(
        operation_id="deletePosthogTicket",
        summary="Delete a ticket",
        parameters=[PROJECT, TICKET],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def destroy(self, request: Request, project_id: str, id: str) -> Response:
        """Deletes the ticket. Its conversations are unlinked and stay."""
        actions.delete_ticket(ticket=self.ticket(id), by=self.actor, at=self.at)
        return Response(status=204)

    @extend_schema(
        operation_id="countPosthogUnread",
        summary="Count unread messages",
        parameters=[PROJECT],
        responses=answers.PosthogUnread,
    )
    def unread_count(self, request: Request, project_id: str) -> Response:
        """Messages that the team has not read, over all tickets that are not resolved. Cached for up to
        30 seconds."""
        return Response(answers.PosthogUnread(unread.total()).data)

    @extend_schema(
        operation_id="composePosthogTicket",
        summary="Start a ticket by email",
        parameters=[PROJECT],
        request=inputs.ComposeInput,
        responses={
            201: answers.PosthogComposed,
            400: OpenApiResponse(
                PosthogDetail, description="The mailbox is unknown; or the usual error body for a field."
            ),
        },
    )
    def compose(self, request: Request, project_id: str) -> Response:
        """Starts a ticket with an email to a customer."""
        data = self.read(inputs.ComposeInput, request)
        try:
            mailbox = self._mailbox(data.get("email_config_id"))
        except NotFound:
            return Response({"detail": "There is no such mailbox."}, status=400)
        row = self._composed(data, mailbox)
        return Response(answers.PosthogComposed(row).data, status=201)

    def _mailbox(self, public_id: UUID | None) -> Mailbox | None:
        """The mailbox of an id. The workspace's own id, or none, is its default one, or the installation's own server."""
        return mails.mailbox(None if public_id == self.grant.workspace.public_id else public_id)

    def _composed(self, data: dict[str, Any], mailbox: Mailbox | None) -> Ticket:
        try:
            row, _ = actions.open_ticket(
                workspace=self.grant.workspace,
                email=data["recipient_email"],
                external_id=data.get("recipient_distinct_id"),
                title=first_given(data, "email_subject")[1],
                door=Door(Channel.EMAIL, ADAPTER),
                mailbox=mailbox,
                traits={"email": data["recipient_email"]},
                by=self.actor,
                at=self.at,
            )
        except Invalid as error:
            raise renamed(error, {"email": "recipient_email", "external_id": "recipient_distinct_id"}) from error
        actions.reply_in_ticket(
            ticket=row, body=data["message"], metadata=patches.rich(data), by=self.actor, at=self.at
        )
        return row
