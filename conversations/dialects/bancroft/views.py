"""The six documented calls on conversations; the one on keys is in `keys`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as account_queries
from accounts.errors import Forbidden
from accounts.models import KeyKind
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.api import end_user, reading
from conversations.api.end_user import EndUser, Limits
from conversations.api.fields import first_given
from conversations.api.permissions import HasServerKey
from conversations.api.views import SAFE, DialectViewSet
from conversations.dialects.bancroft import HEADERS, POLICY, TITLE, filters, shapes
from conversations.dialects.bancroft.auth import BancroftKey
from conversations.dialects.bancroft.error_bodies import ERROR_BODIES
from conversations.models import Channel, Contact, SenderKind, Status
from conversations.permissions import ConversationScope
from conversations.queries import conversations as queries

_ID = OpenApiParameter("conversation_id", OpenApiTypes.STR, OpenApiParameter.PATH, description="The conversation's id.")


class ResolvesWithServerKey(HasServerKey):
    """One call is for server keys alone."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return view.action != "resolve" or super().has_permission(request, view)


class BancroftViewSet(DialectViewSet):
    """What the calls share."""

    tag = TITLE
    error_bodies = ERROR_BODIES
    own_headers = HEADERS
    authentication_classes = (BancroftKey,)
    scopes: ClassVar[dict[str, str]] = {
        "list": ConversationScope.READ,
        "retrieve": ConversationScope.READ,
        "create": ConversationScope.WRITE,
        "resolve": ConversationScope.WRITE,
    }
    permission_classes = (*DialectViewSet.permission_classes, ResolvesWithServerKey)

    @property
    def end_user(self) -> EndUser:
        """The end user; X-User-Hash may prove the call's own `user_email`."""
        return end_user.of(self.request._request, self.grant, self._stated_email())

    def _stated_email(self) -> str | None:
        if self.grant.key.kind == KeyKind.SERVER:
            return None
        sent = self.request.query_params if self.request.method in SAFE else self.request.data
        stated = sent.get("user_email") if isinstance(sent, Mapping) else None
        return stated if isinstance(stated, str) and "\x00" not in stated else None


class Conversations(BancroftViewSet):
    """Conversations of the key's workspace."""

    filterset_class = filters.ConversationFilter
    secrets = frozenset({"conversation_token"})

    @extend_schema(
        operation_id="listBancroftConversations",
        summary="List conversations",
        responses=shapes.BancroftConversationList,
    )
    def list(self, request: Request) -> Response:
        """Newest first. An invalid `limit` or `offset` is ignored."""
        limits, asked = self.end_user.limits, filters.asked(request)
        count = self.count(asked, limits)
        # Beyond the end there are no rows, however large the number.
        page = (
            filters.newest.rows(asked.status, asked.window, requester=asked.email, **limits)
            if asked.window.offset < count
            else ()
        )
        return Response(shapes.BancroftConversationList(shapes.Listed(count, page)).data)

    def count(self, asked: filters.Asked, limits: Limits) -> int:
        """The number of matching rows: from the workspace's own counts where possible, else counted."""
        if limits or asked.email:
            return filters.chosen(asked.status, requester=asked.email, **limits).count()
        tally = queries.tally()
        return int(getattr(tally, asked.status)) if asked.status else tally.total

    @extend_schema(
        operation_id="createBancroftConversation",
        summary="Create a conversation",
        request=shapes.ConversationInput,
        responses={201: shapes.BancroftConversationCreated},
    )
    def create(self, request: Request) -> Response:
        """The requester is found by email or created; without an email they are anonymous. `description` is their first message."""
        data = reading.body(shapes.ConversationInput, request.data)
        kind = KeyKind(self.grant.key.kind)
        channel = Channel(shapes.CHANNELS.written(data.get("channel") or shapes.DEFAULT_CHANNEL[kind]))
        _, description = first_given(data, "description", "message")
        row = actions.start(
            workspace=self.grant.workspace,
            contact=self.requester(data),
            subject=data["subject"],
            body=description or None,
            door=Door(channel, "bancroft"),
            priority=data.get("priority") or "normal",
            metadata=data.get("metadata"),
            by=self.actor,
            at=self.at,
        )
        answer = shapes.BancroftConversation(row).data
        if kind == KeyKind.CLIENT:
            answer["conversation_token"] = end_user.token(row)
        return Response(answer, status=201)

    def requester(self, data: dict[str, Any]) -> Contact:
        """The requester's contact. The names are stored for a new contact only, as every one is to an unproven caller."""
        caller = self.end_user
        email = data.get("user_email") or caller.email or None
        is_trusted = caller.is_trusted or (email is not None and email == caller.email)
        return actions.identify(
            workspace=self.grant.workspace,
            email=email,
            first_name=data.get("user_first_name"),
            last_name=data.get("user_last_name"),
            is_trusted=is_trusted,
            renames=False,
            by=self.actor,
            at=self.at,
        )

    @extend_schema(
        operation_id="getBancroftConversation",
        summary="Retrieve a conversation",
        parameters=[_ID],
        responses=shapes.BancroftConversation,
    )
    def retrieve(self, request: Request, conversation_id: str) -> Response:
        """One conversation. Ids of other workspaces are not found."""
        row = self.end_user.find(conversation_id, shapes.CONVERSATION)
        return Response(shapes.BancroftConversation(row).data)

    @extend_schema(
        operation_id="resolveBancroftConversation",
        summary="Resolve a conversation",
        parameters=[_ID],
        request=None,
        responses=shapes.BancroftConversation,
    )
    def resolve(self, request: Request, conversation_id: str) -> Response:
        """Closes the conversation. Requires a server key. A closed conversation stays unchanged."""
        row = self.end_user.find(conversation_id)
        _ = request.data  # no field is read, but the body must be JSON, as everywhere
        row = actions.set_status(conversation=row, status=Status.CLOSED, by=self.actor, at=self.at)
        return Response(shapes.BancroftConversation(row).data)


class Messages(BancroftViewSet):
    """Messages of a conversation."""

    @extend_schema(
        operation_id="listBancroftMessages",
        summary="List messages",
        parameters=[_ID],
        responses=shapes.BancroftMessageList,
    )
    def list(self, request: Request, conversation_id: str) -> Response:
        """All messages, oldest first; without internal notes and status changes."""
        row = self.end_user.find(conversation_id, ("public_id",))
        rows = queries.messages_printing(row, shapes.MESSAGE)
        return Response(shapes.BancroftMessageList(shapes.Listed(len(rows), rows)).data)

    @extend_schema(
        operation_id="createBancroftMessage",
        summary="Send a message",
        parameters=[_ID],
        request=shapes.MessageInput,
        responses={201: shapes.BancroftMessage},
    )
    def create(self, request: Request, conversation_id: str) -> Response:
        """With an email of the requester it is a customer message; with another email and a server key, a reply of the team."""
        row = self.end_user.hold(conversation_id)
        data = reading.body(shapes.MessageInput, request.data)
        text, email = data["body"], data["user_email"]
        if queries.is_address_of(row.contact, email):
            # As it was sent from: it may be another address than the customer's main one.
            sender = replace(Sender.contact(row.contact), email=email)
            message = actions.receive(
                conversation=row, body=text, sender=sender, policy=POLICY, by=self.actor, at=self.at
            )
        elif self.end_user.is_trusted:
            sender = self.agent(email)
            message = actions.reply(
                conversation=row, body=text, sender=sender, policy=POLICY, by=self.actor, at=self.at
            )
        elif not row.contact.email:
            # An anonymous visitor with the conversation's token: the address is their own, unverified statement.
            sender = Sender(SenderKind.CUSTOMER, contact_id=row.contact_id, name=row.contact.name, email=email)
            message = actions.receive(
                conversation=row, body=text, sender=sender, policy=POLICY, by=self.actor, at=self.at
            )
        else:
            raise Forbidden("A client key speaks for its proven user alone.")
        return Response(shapes.BancroftMessage(message).data, status=201)

    def agent(self, email: str) -> Sender:
        """The member with that email, else the email as it was given."""
        operator = account_queries.member_by_email(email)
        return Sender.agent(operator) if operator else Sender(SenderKind.AGENT, email=email)
