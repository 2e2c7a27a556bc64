"""The six documented calls."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Forbidden
from accounts.models import KeyKind
from conversations import actions
from conversations.actions.entries import Door
from conversations.api import end_user, reading
from conversations.api.fields import first_given
from conversations.api.views import DialectViewSet
from conversations.dialects.woes import POLICY, TITLE, filters, shapes
from conversations.dialects.woes.auth import WoesKey
from conversations.dialects.woes.error_bodies import ERROR_BODIES, WoesError
from conversations.models import Channel
from conversations.permissions import ConversationScope
from conversations.queries import conversations as queries
from conversations.queries.paging import page_of

_ID = OpenApiParameter("conversation_id", OpenApiTypes.STR, OpenApiParameter.PATH, description="The conversation's id.")
_CONFLICT = OpenApiResponse(WoesError, description="The `externalId` already exists in this workspace.")


class WoesViewSet(DialectViewSet):
    """What the calls share."""

    tag = TITLE
    error_bodies = ERROR_BODIES
    authentication_classes = (WoesKey,)
    scopes: ClassVar[dict[str, str]] = {
        "list": ConversationScope.READ,
        "retrieve": ConversationScope.READ,
        "create": ConversationScope.WRITE,
        "partial_update": ConversationScope.WRITE,
    }


class Conversations(WoesViewSet):
    """Conversations of the key's workspace."""

    filterset_class = filters.ConversationFilter
    secrets = frozenset({"conversationToken"})

    @extend_schema(
        operation_id="listWoesConversations",
        summary="List conversations",
        responses=shapes.WoesConversationList,
    )
    def list(self, request: Request) -> Response:
        """Newest message first."""
        limits, asked = self.end_user.limits, filters.asked(request)
        found = filters.newest.rows(
            asked.status,
            asked.channel,
            asked.size,
            customer=asked.customer,
            customer_id=asked.customer_id,
            **asked.after,
            **limits,
        )
        page = page_of(found, by=filters.BY, limit=asked.size)
        return Response(shapes.WoesConversationList(page).data)

    @extend_schema(
        operation_id="createWoesConversation",
        summary="Create a conversation",
        request=shapes.WoesConversationInput,
        responses={201: shapes.WoesConversationCreated, 409: _CONFLICT},
    )
    def create(self, request: Request) -> Response:
        """The customer is found by `customer.id`, then by email, or created; a repeated `externalId` is 409."""
        data = reading.body(shapes.WoesConversationInput, request.data)
        stated = data["customer"]
        is_trusted = self.end_user.is_trusted
        contact = actions.identify(
            workspace=self.grant.workspace,
            external_id=stated["id"],
            email=stated.get("email"),
            name=stated.get("name"),
            company=stated.get("company"),
            is_trusted=is_trusted,
            by=self.actor,
            at=self.at,
        )
        channel = Channel(shapes.CHANNELS.written(data["channel"]))
        row = actions.start(
            workspace=self.grant.workspace,
            contact=contact,
            subject=data["subject"],
            body=first_given(data, "message")[1] or None,
            external_id=data.get("externalId"),
            door=Door(channel, "woes"),
            priority=data["priority"],
            by=self.actor,
            at=self.at,
        )
        token = end_user.token(row) if self.grant.key.kind == KeyKind.CLIENT else None
        answer = shapes.WoesConversationCreated(shapes.Created(row, token)).data
        if not is_trusted:
            customer = shapes.StatedCustomer(
                stated["id"], stated.get("name"), stated.get("email"), stated.get("company"), contact.identity_source
            )
            answer["conversation"]["customer"] = shapes.WoesCustomer(customer).data
        return Response(answer, status=201)

    @extend_schema(
        operation_id="getWoesConversation",
        summary="Retrieve a conversation",
        parameters=[_ID],
        responses=shapes.WoesConversationAnswer,
    )
    def retrieve(self, request: Request, conversation_id: str) -> Response:
        """One conversation. Ids of other workspaces are not found."""
        row = self.end_user.find(conversation_id, shapes.CONVERSATION)
        return Response(shapes.WoesConversationAnswer(row).data)

    @extend_schema(
        operation_id="updateWoesConversation",
        summary="Update a conversation",
        parameters=[_ID],
        request=shapes.WoesConversationPatch,
        responses=shapes.WoesConversationAnswer,
    )
    def partial_update(self, request: Request, conversation_id: str) -> Response:
        """Any of status, priority and subject. Sending the current value changes nothing."""
        row = self.end_user.find(conversation_id)
        if not self.end_user.is_trusted:
            raise Forbidden("A client key cannot update a conversation.")
        data = reading.body(shapes.WoesConversationPatch, request.data)
        if "subject" in data:
            row = actions.edit_subject(conversation=row, subject=data["subject"], by=self.actor, at=self.at)
        if "priority" in data:
            row = actions.set_priority(conversation=row, priority=data["priority"], by=self.actor, at=self.at)
        if "status" in data and shapes.STATUSES.printed(row.status) != data["status"]:
            status = shapes.STATUSES.written(data["status"])
            row = actions.set_status(conversation=row, status=status, by=self.actor, at=self.at)
        return Response(shapes.WoesConversationAnswer(row).data)


class Messages(WoesViewSet):
    """Messages of a conversation."""

    @extend_schema(
        operation_id="listWoesMessages",
        summary="List messages",
        parameters=[_ID],
        responses=shapes.WoesMessageList,
    )
    def list(self, request: Request, conversation_id: str) -> Response:
        """All messages, oldest first; without internal notes."""
        row = self.end_user.find(conversation_id, ("public_id",))
        return Response(shapes.WoesMessageList(queries.messages_printing(row, shapes.MESSAGE)).data)

    @extend_schema(
        operation_id="createWoesMessage",
        summary="Create a message",
        parameters=[_ID],
        request=shapes.WoesMessageInput,
        responses={201: shapes.WoesMessageAnswer},
    )
    def create(self, request: Request, conversation_id: str) -> Response:
        """A message from the customer (`user`) or a reply of the team (`assistant`)."""
        row = self.end_user.hold(conversation_id)
        data = reading.body(shapes.WoesMessageInput, request.data)
        text, role = data["body"], data["role"]
        if role == "user":
            message = actions.receive(conversation=row, body=text, policy=POLICY, by=self.actor, at=self.at)
        elif self.end_user.is_trusted:
            message = actions.reply(conversation=row, body=text, policy=POLICY, by=self.actor, at=self.at)
        else:
            raise Forbidden("A client key speaks for its end user alone.")
        return Response(shapes.WoesMessageAnswer(message).data, status=201)
