"""Messages of a ticket: those of all its conversations, replies, broadcasts, and changing notes."""

from __future__ import annotations

import uuid
from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Invalid, NotFound
from conversations import actions
from conversations.dialects.posthog import answers, inputs, patches
from conversations.dialects.posthog.error_bodies import PosthogError
from conversations.dialects.posthog.paging import MessagePages
from conversations.dialects.posthog.views.base import INVALID, PROJECT, TICKET, PosthogViewSet, renamed
from conversations.models import Message, MessageKind
from conversations.permissions import ConversationScope
from conversations.queries import tickets as ticket_queries
from tickets.permissions import TicketScope

_MESSAGE = OpenApiParameter(
    "message_id", OpenApiTypes.STR, OpenApiParameter.PATH, description="The note's UUID, as `messages` prints it."
)
_EITHER = PolymorphicProxySerializer(
    component_name="PosthogNoteError",
    serializers=[answers.PosthogNoteRefused, PosthogError],
    resource_type_field_name=None,
)
_REFUSED = {
    400: OpenApiResponse(
        _EITHER, description="`not_private_note`: the message is public. Or the usual error body for a field."
    ),
    403: OpenApiResponse(
        _EITHER, description="`not_note_author`. Or the usual error body for a key without permission."
    ),
    404: OpenApiResponse(_EITHER, description="`note_not_found`. Or the usual error body for an unknown ticket."),
}
_REFUSALS = {
    "note_not_found": (404, "There is no such note on this ticket."),
    "not_private_note": (400, "This message was sent; only private notes can be changed."),
    "not_note_author": (403, "Only its author can change a note."),
}


class Messages(PosthogViewSet):
    """Messages of a ticket."""

    pagination_class = MessagePages
    scopes: ClassVar[dict[str, str]] = {
        "list": TicketScope.READ,
        "reply": TicketScope.WRITE,
        "broadcast": TicketScope.WRITE,
        "edit_note": TicketScope.WRITE,
        "delete_note": TicketScope.WRITE,
    }

    @extend_schema(
        operation_id="listPosthogTicketMessages",
        summary="List a ticket's messages",
        parameters=[PROJECT, TICKET],
        responses=answers.PosthogMessagePage,
    )
    def list(self, request: Request, project_id: str, id: str) -> Response:
        """Messages of all linked conversations, oldest first, including private notes."""
        row, pages = self.ticket(id, columns=("workspace",)), self.pagination_class()

        def first(count: int) -> list[Message]:
            return ticket_queries.first_entries.rows(answers.MESSAGE_COLUMNS, count, ticket=row.pk)

        found = pages.from_the_beginning(first, ticket_queries.entries(row), request)
        return pages.response(answers.PosthogMessagePage, found)

    @extend_schema(
        operation_id="replyToPosthogTicket",
        summary="Reply, or write a private note",
        parameters=[PROJECT, TICKET],
        request=inputs.ReplyInput,
        responses={
            200: OpenApiResponse(
                answers.PosthogMessage, description="The same text was sent a moment ago: that message."
            ),
            201: answers.PosthogMessage,
            400: INVALID,
        },
    )
    def reply(self, request: Request, project_id: str, id: str) -> Response:
        """Replies to the customer of the primary conversation, by its channel; with `is_private`, adds a note for the team."""
        row = self.ticket(id)
        data = self.read(inputs.ReplyInput, request)
        verb = actions.note_in_ticket if data["is_private"] else actions.reply_in_ticket
        try:
            message, is_new = verb(
                ticket=row, body=data["message"], metadata=patches.rich(data), by=self.actor, at=self.at
            )
        except Invalid as error:
            raise renamed(error, {"body": "message"}) from error
        return Response(answers.PosthogMessage(message).data, status=201 if is_new else 200)

    @extend_schema(
        operation_id="broadcastToPosthogTicket",
        summary="Reply to every conversation of a ticket",
        parameters=[PROJECT, TICKET],
        request=inputs.BroadcastInput,
        responses={201: answers.PosthogSent, 400: INVALID},
    )
    def broadcast(self, request: Request, project_id: str, id: str) -> Response:
        """Sends one reply to every conversation of the ticket. Not part of PostHog."""
        row = self.ticket(id)
        data = self.read(inputs.BroadcastInput, request)
        try:
            sent = actions.broadcast(
                ticket=row, body=data["message"], move_to=data.get("conversation_status"), by=self.actor, at=self.at
            )
        except Invalid as error:
            raise renamed(error, {"body": "message"}) from error
        return Response(answers.PosthogSent(sent).data, status=201)

    @extend_schema(
        operation_id="updatePosthogTicketNote",
        summary="Update a private note",
        parameters=[PROJECT, TICKET, _MESSAGE],
        request=inputs.NoteInput,
        responses={200: answers.PosthogMessage, **_REFUSED},
    )
    def edit_note(self, request: Request, project_id: str, id: str, message_id: str) -> Response:
        """Only the caller's own private notes."""
        note, refusal = self._note(id, message_id)
        if note is None:
            return refusal
        data = self.read(inputs.NoteInput, request)
        made = actions.edit_note(
            message=note,
            body=data["message"],
            metadata={"rich_content": data.get("rich_content")},
            by=self.actor.with_scope(ConversationScope.WRITE),
            at=self.at,
        )
        return Response(answers.PosthogMessage(made).data)

    @extend_schema(
        operation_id="deletePosthogTicketNote",
        summary="Delete a private note",
        parameters=[PROJECT, TICKET, _MESSAGE],
        responses={204: OpenApiResponse(description="Deleted."), **_REFUSED},
    )
    def delete_note(self, request: Request, project_id: str, id: str, message_id: str) -> Response:
        """Only the caller's own private notes."""
        note, refusal = self._note(id, message_id)
        if note is None:
            return refusal
        actions.delete_note(message=note, by=self.actor.with_scope(ConversationScope.WRITE), at=self.at)
        return Response(status=204)

    def _note(self, reference: str, message_id: str) -> tuple[Message | None, Response]:
        """The caller's own note, or the answer that refuses it."""
        ticket = self.ticket(reference)
        try:
            found = ticket_queries.entry(ticket, uuid.UUID(message_id))
        except (ValueError, NotFound):
            return None, _refusal("note_not_found")
        if found.kind != MessageKind.NOTE:
            return None, _refusal("not_private_note")
        if not ticket_queries.wrote(self.actor, found):
            return None, _refusal("not_note_author")
        return found, Response()


def _refusal(code: str) -> Response:
    status, message = _REFUSALS[code]
    return Response({"detail": message, "error_type": code}, status=status)
