"""The agents' four calls on the workspace that `projectId` names: by a server key, or by a signed-in member of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as account_queries
from accounts import tenancy
from accounts.models import Membership, User, Workspace
from accounts.permissions import Actor
from accounts.text import is_digits, whole_number
from conversations import actions, priorities
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.api.permissions import FromAllowedOrigin
from conversations.api.views import SAFE
from conversations.dialects.hexclave import POLICY, answers, inputs, reads, shapes
from conversations.dialects.hexclave.auth import INTERNAL, AgentHeaders
from conversations.dialects.hexclave.errors import KnownError, StatusError
from conversations.dialects.hexclave.permissions import MayReadOrHasScope, ServerAccess
from conversations.dialects.hexclave.views.base import HexclaveViewSet, found
from conversations.dialects.hexclave.views.customers import CHAT, ID, asked
from conversations.models import Channel, Conversation, SenderKind
from conversations.permissions import ConversationScope
from conversations.queries import conversations as queries

DOORS = {
    "manual": Door(Channel.MANUAL, "support-dashboard"),
    "chat": CHAT,
    "email": Door(Channel.EMAIL, "support-dashboard"),
    "api": Door(Channel.API, "support-dashboard"),
}
_NAME = re.compile(r"[0-9a-z-]{1,50}")


class AgentConversations(HexclaveViewSet):
    """All conversations of a workspace, with notes."""

    authentication_classes = (AgentHeaders,)
    permission_classes = (ServerAccess, FromAllowedOrigin, MayReadOrHasScope)
    scopes: ClassVar[dict[str, str]] = {
        "list": ConversationScope.READ,
        "retrieve": ConversationScope.READ,
        "create": ConversationScope.WRITE,
        "partial_update": ConversationScope.WRITE,
    }
    names_project = True
    membership: Membership | None = None

    # --- Who calls ------------------------------------------------------------------------------

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        if self.caller is not None and self.caller.operator is not None:
            self.find_membership(self.caller.operator, self.caller.project_id)

    def find_membership(self, operator: User, header: str | None) -> None:
        """Open the workspace that the call names, if the person is a member; the check itself comes later."""
        sent = self.request.query_params if self.request.method in SAFE else self.sent
        self.membership = _membership(operator, sent.get("projectId") if isinstance(sent, Mapping) else None)
        if header not in (None, INTERNAL):
            stated = _membership(operator, header)
            if stated is None:
                raise KnownError("CURRENT_PROJECT_NOT_FOUND", project_id=header)
            if self.membership is not None and stated.pk != self.membership.pk:
                self.membership = None
        if self.membership is not None:
            self._stack.enter_context(tenancy.scope(self.membership.workspace, self.membership.viewer))

    @property
    def counted(self) -> int | None:
        operator = self.caller.operator if self.caller else None
        return super().counted if operator is None else -operator.pk

    @property
    def workspace(self) -> Workspace | None:
        return self.membership.workspace if self.membership else super().workspace

    @property
    def actor(self) -> Actor:
        return Actor.member(self.membership) if self.membership else super().actor

    @property
    def sender(self) -> Sender:
        """The sender that is shown: the member, the person in the access token, or the key's holder."""
        assert self.caller is not None
        if self.caller.operator is not None:
            return Sender.agent(self.caller.operator)
        person = self.caller.person
        if person is None:
            return Sender.actor(self.actor)
        if operator := account_queries.member_by_email(person.verified_email):
            return Sender.agent(operator)
        return Sender(
            kind=SenderKind.AGENT,
            reference=person.external_id,
            name=person.name or person.email,
            email=person.email.strip().lower(),
        )

    # --- What is asked --------------------------------------------------------------------------

    def named(self, sent: Any) -> Any:
        workspace = self.workspace
        if workspace is None or not isinstance(sent, dict):
            return sent
        if sent.get("projectId") in (workspace.slug, str(workspace.pk)):
            return {**sent, "projectId": str(workspace.public_id)}
        return sent

    def check_project(self, name: str) -> Workspace:
        """The caller's workspace, if that is what the call names. Raises PROJECT_NOT_FOUND, whatever the reason."""
        if self.workspace is None or name != str(self.workspace.public_id):
            raise KnownError("PROJECT_NOT_FOUND", project_id=name)
        return self.workspace

    def whole(self, conversation_id: str) -> Response:
        row = found(reads.one.first(self.last, public_id=uuid.UUID(conversation_id)))
        whole = answers.Thread(row, reads.thread(self.last, row), reads.entry_points(row))
        return Response(answers.HexclaveAgentThread(whole).data)

    @extend_schema(
        operation_id="listHexclaveConversations",
        summary="List conversations",
        parameters=asked(inputs.AGENT_LIST),
        responses=answers.HexclaveAgentConversationList,
    )
    def list(self, request: Request) -> Response:
        """Newest activity first, including notes."""
        query = self.read(query=inputs.AGENT_LIST).query
        self.check_project(query["projectId"])
        contact = queries.contact_by_reference(query["userId"]) if "userId" in query else None
        if "userId" in query and contact is None:
            page = answers.Listed((), has_more=False)
        else:
            page = self.page(query, query.get("status"), contact)
        return Response(answers.HexclaveAgentConversationList(page).data)

    @extend_schema(
        operation_id="createHexclaveConversation",
        summary="Start a conversation with a customer",
        request={"application/json": inputs.AGENT_CREATE.openapi()},
        responses={200: answers.HexclaveAgentCreated},
    )
    def create(self, request: Request) -> Response:
        """Starts an open conversation with a message from the agent."""
        body = self.read(body=inputs.AGENT_CREATE).body
        workspace = self.check_project(body["projectId"])
        contact = queries.contact_by_reference(body["userId"])
        if contact is None:
            raise KnownError("USER_ID_DOES_NOT_EXIST", user_id=body["userId"])
        row = actions.start(
            workspace=workspace,
            contact=contact,
            subject=body["subject"],
            body=body["initialMessage"],
            sender=self.sender,
            priority=body["priority"],
            door=DOORS[body["source"]],
            by=self.actor,
            at=self.at,
        )
        return Response(answers.HexclaveAgentCreated(answers.Created(row.public_id)).data)

    @extend_schema(
        operation_id="getHexclaveConversation",
        summary="Read a conversation",
        parameters=[ID, *asked(inputs.AGENT_READ)],
        responses=answers.HexclaveAgentThread,
    )
    def retrieve(self, request: Request, conversation_id: str) -> Response:
        """The conversation with all messages, notes, status changes and channels."""
        query = self.read(query=inputs.AGENT_READ, conversation_id=conversation_id).query
        self.check_project(query["projectId"])
        return self.whole(conversation_id)

    @extend_schema(
        operation_id="updateHexclaveConversation",
        summary="Update conversation",
        parameters=[ID],
        request={"application/json": inputs.AGENT_UPDATE.openapi()},
        responses=answers.HexclaveAgentThread,
    )
    def partial_update(self, request: Request, conversation_id: str) -> Response:
        """Depending on `type`: a reply, an internal note, a status, or the metadata, which is replaced completely."""
        body = self.read(body=inputs.AGENT_UPDATE, conversation_id=conversation_id).body
        self.check_project(body["projectId"])
        row = self.locked(conversation_id)
        shown = conversation_id
        match body["type"]:
            case "reply":
                message = actions.reply(
                    conversation=row,
                    body=body["body"],
                    sender=self.sender,
                    door=CHAT,
                    policy=POLICY,
                    by=self.actor,
                    at=self.at,
                )
                shown = str(message.conversation.public_id)  # another one, if this was joined into it
            case "internal-note":
                message = actions.note(
                    conversation=row, body=body["body"], sender=self.sender, by=self.actor, at=self.at
                )
                shown = str(message.conversation.public_id)
            case "status":
                self.set_status(row, body["status"])
            case "metadata":
                self.set_metadata(row, body)
        return self.whole(shown)

    def set_status(self, row: Conversation, wanted: str) -> None:
        """Change the status. Raises StatusError when it has it already."""
        if shapes.STATUSES.printed(row.status) == wanted:
            raise StatusError(400, f"Conversation is already {wanted}.")
        status = shapes.STATUSES.written(wanted)
        actions.set_status(conversation=row, status=status, sender=self.sender, by=self.actor, at=self.at)

    def set_metadata(self, row: Conversation, body: dict[str, Any]) -> None:
        """Replace assignee and tags, where an absent key means none; an absent priority stays."""
        if "priority" in body and body["priority"] != priorities.printed(row.priority, shapes.PRIORITIES):
            actions.set_priority(conversation=row, priority=body["priority"], by=self.actor, at=self.at)
        actions.set_tags(conversation=row, names=body.get("tags", []), by=self.actor, at=self.at)
        wanted = (body.get("assignedToUserId"), body.get("assignedToDisplayName"))
        if wanted != shapes.assignee(row):
            actions.assign(
                conversation=row,
                to=_operator(wanted[0]),
                team=row.team,
                reference=wanted[0],
                label=wanted[1],
                by=self.actor,
                at=self.at,
            )


def _membership(operator: User, name: Any) -> Membership | None:
    """The person's membership of the workspace that a public id, a slug or a numeric id names."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    # The membership proves the workspace: no scope can be open yet.
    rows = Membership.all_workspaces.select_related("workspace", "user").filter(user=operator)
    try:
        return rows.filter(workspace__public_id=uuid.UUID(name)).first()
    except ValueError:
        pass
    if is_digits(name):
        workspace_id = whole_number(name)
        return None if workspace_id is None else rows.filter(workspace=workspace_id).first()
    return rows.filter(workspace__slug=name).first()


def _operator(reference: str | None) -> User | None:
    """The member who can answer and whom the reference names, if it names one."""
    try:
        return account_queries.assignable().filter(public_id=uuid.UUID(reference or "")).first()
    except ValueError:
        return None
