"""The customers' four calls: their own conversations, and nobody else's."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import actions
from conversations.actions.entries import Door
from conversations.dialects.hexclave import POLICY, answers, inputs, reads
from conversations.dialects.hexclave.auth import ProjectHeaders
from conversations.dialects.hexclave.errors import NO_CONVERSATION, StatusError
from conversations.dialects.hexclave.permissions import ClientAccess
from conversations.dialects.hexclave.rules import Rule, Shape
from conversations.dialects.hexclave.views.base import HexclaveViewSet, found
from conversations.models import Channel, Contact, Conversation
from conversations.permissions import ConversationScope
from conversations.queries import conversations as queries

CHAT = Door(Channel.CHAT, "support-chat")


def _parameter(name: str, rule: Rule, place: Literal["query", "path"]) -> OpenApiParameter:
    schema = rule.openapi()
    about = schema.pop("description", "")
    return OpenApiParameter(name, schema, place, required=rule.is_required, description=about)


def asked(shape: Shape) -> list[OpenApiParameter]:
    """A query's parameters, for OpenAPI."""
    return [_parameter(name, rule, "query") for name, rule in shape.fields.items()]


ID = _parameter("conversation_id", inputs.PATH.fields["conversationId"], "path")


class CustomerConversations(HexclaveViewSet):
    """Conversations of the customer in the access token."""

    authentication_classes = (ProjectHeaders,)
    permission_classes = (ClientAccess, *HexclaveViewSet.permission_classes)
    scopes: ClassVar[dict[str, str]] = {
        "list": ConversationScope.READ,
        "retrieve": ConversationScope.READ,
        "create": ConversationScope.WRITE,
        "partial_update": ConversationScope.WRITE,
    }
    last = reads.CUSTOMERS

    def person_faults(self) -> Sequence[str]:
        return [] if self.caller and self.caller.person else ["auth.user must be defined"]

    def known_contact(self) -> Contact | None:
        """The contact of the token's customer, if there is one; reading creates none."""
        assert self.caller is not None
        assert self.caller.person is not None
        return queries.contact_named(self.caller.person.external_id, self.caller.person.verified_email)

    def contact(self) -> Contact:
        """The contact of the token's customer, created if need be: a signed token is trusted."""
        assert self.caller is not None
        assert self.caller.person is not None
        return self.identify(self.caller.person)

    def find(self, contact: Contact | None, conversation_id: str, *, is_written: bool = False) -> Conversation:
        """The customer's conversation, if it has a message that they may see; of one that was joined, the other one."""
        if contact is None:
            raise StatusError(404, NO_CONVERSATION)
        if is_written:
            return self.locked(conversation_id, visible_to=contact)
        public_id = uuid.UUID(conversation_id)
        row = reads.one.first(self.last, public_id=public_id, contact=contact.pk)
        if row is None and (joined := queries.with_messages_of(public_id, contact)) is not None:
            row = reads.one.first(self.last, public_id=joined.public_id, contact=contact.pk)
        return found(row)

    def whole(self, row: Conversation) -> dict[str, Any]:
        return answers.HexclaveThread(answers.Thread(row, reads.thread(self.last, row))).data

    @extend_schema(
        operation_id="listHexclaveCustomerConversations",
        summary="List a customer's conversations",
        parameters=asked(inputs.CUSTOMER_LIST),
        responses=answers.HexclaveConversationList,
    )
    def list(self, request: Request) -> Response:
        """Newest visible message first."""
        query = self.read(query=inputs.CUSTOMER_LIST).query
        contact = self.known_contact()
        if contact is None:
            return Response(answers.HexclaveConversationList(answers.Listed((), has_more=False)).data)
        return Response(answers.HexclaveConversationList(self.page(query, None, contact)).data)

    @extend_schema(
        operation_id="createHexclaveCustomerConversation",
        summary="Start a conversation as a customer",
        request={"application/json": inputs.CUSTOMER_CREATE.openapi()},
        responses={200: answers.HexclaveCreated},
    )
    def create(self, request: Request) -> Response:
        """Starts an open chat with normal priority and returns its id."""
        body = self.read(body=inputs.CUSTOMER_CREATE).body
        row = actions.start(
            workspace=self.grant.workspace,
            contact=self.contact(),
            subject=body["subject"],
            body=body["message"],
            door=CHAT,
            by=self.actor,
            at=self.at,
        )
        return Response(answers.HexclaveCreated(answers.Created(row.public_id)).data)

    @extend_schema(
        operation_id="getHexclaveCustomerConversation",
        summary="Read a conversation as a customer",
        parameters=[ID],
        responses=answers.HexclaveThread,
    )
    def retrieve(self, request: Request, conversation_id: str) -> Response:
        """Messages and status changes, never internal notes."""
        self.read(conversation_id=conversation_id)
        return Response(self.whole(self.find(self.known_contact(), conversation_id)))

    @extend_schema(
        operation_id="replyHexclaveCustomerConversation",
        summary="Reply to a conversation",
        parameters=[ID],
        request={"application/json": inputs.CUSTOMER_REPLY.openapi()},
        responses=answers.HexclaveThread,
    )
    def partial_update(self, request: Request, conversation_id: str) -> Response:
        """Adds a customer message. A conversation that was waiting on the customer is open again; a closed one stays closed."""
        body = self.read(body=inputs.CUSTOMER_REPLY, conversation_id=conversation_id).body
        contact = self.contact()
        row = self.find(contact, conversation_id, is_written=True)
        message = actions.receive(
            conversation=row, body=body["message"], door=CHAT, policy=POLICY, by=self.actor, at=self.at
        )
        written_in = message.conversation  # another one, if this was joined into it
        is_theirs = written_in.contact_id == contact.pk
        return Response(self.whole(self.find(contact, str(written_in.public_id) if is_theirs else conversation_id)))
