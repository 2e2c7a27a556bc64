"""Messages of a ticket: those of all its conversations, replies, broadcasts, and changing notes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

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
from tickets import actions as ticket_actions
from tickets.models import TicketNote
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
        """Messages of all linked conversations, oldest first, including private notes, also those of the ticket itself."""
        row, pages = self.ticket(id, columns=("workspace",)), self.pagination_class()

        def first(count: int) -> list[Message]:
            return ticket_queries.first_entries.rows(answers.MESSAGE_COLUMNS, count, ticket=row.pk)

        entries: Sequence[Message]
        if notes := ticket_queries.own_notes(row.pk):
            entries = pages.sliced(ticket_queries.WithNotes(ticket_queries.entries(row), notes), request)
        else:
            entries = pages.from_the_beginning(first, ticket_queries.entries(row), request)
        return pages.response(answers.PosthogMessagePage, entries)

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
        """Replies to the customer of the primary conversation, by its channel; with `is_private`, adds a note for the team, also without a conversation."""
        row = self.ticket(id)
        data = self.read(inputs.ReplyInput, request)
        given = {
            "ticket": row,
            "body": data["message"],
            "metadata": patches.rich(data),
            "by": self.actor,
            "at": self.at,
        }
        made: Message | TicketNote
        try:
            made, is_new = actions.note_on_ticket(**given) if data["is_private"] else actions.reply_in_ticket(**given)
        except Invalid as error:
            raise renamed(error, {"body": "message"}) from error
        return Response(_printed(made), status=201 if is_new else 200)

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
        text, metadata = data["message"], {"rich_content": data.get("rich_content")}
        if isinstance(note, TicketNote):
            made = actions.edit_note_of_ticket(note=note, body=text, metadata=metadata, by=self.actor, at=self.at)
            return Response(_printed(made))
        writer = self.actor.with_scope(ConversationScope.WRITE)
        return Response(_printed(actions.edit_note(message=note, body=text, metadata=metadata, by=writer, at=self.at)))

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
        if isinstance(note, TicketNote):
            ticket_actions.delete_note(note=note, by=self.actor, at=self.at)
        else:
            actions.delete_note(message=note, by=self.actor.with_scope(ConversationScope.WRITE), at=self.at)
        return Response(status=204)

    def _note(self, reference: str, message_id: str) -> tuple[Message | TicketNote | None, Response]:
        """The caller's own note, or the answer that refuses it."""
        ticket, found = self.ticket(reference), None
        with suppress(ValueError, NotFound):
            public_id = uuid.UUID(message_id)
            found = ticket_queries.own_note(ticket, public_id) or ticket_queries.entry(ticket, public_id)
        if found is None:
            return None, _refusal("note_not_found")
        if isinstance(found, Message) and found.kind != MessageKind.NOTE:
            return None, _refusal("not_private_note")
        if not ticket_queries.wrote(self.actor, found):
            return None, _refusal("not_note_author")
        return found, Response()


def _printed(made: Message | TicketNote) -> Any:
    shown = ticket_queries.as_entry(made) if isinstance(made, TicketNote) else made
    return answers.PosthogMessage(shown).data


def _refusal(code: str) -> Response:
    status, message = _REFUSALS[code]
    return Response({"detail": message, "error_type": code}, status=status)
