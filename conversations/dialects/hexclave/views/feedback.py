"""The feedback form: mail to the operator of the desk, and a conversation where the sender is known."""

from __future__ import annotations

import zlib
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from procrastinate.contrib.django import app
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.credentials.identity import Customer
from accounts.permissions import holds_scope
from conversations import actions
from conversations.actions.entries import Door
from conversations.api import limits
from conversations.api.permissions import FromAllowedOrigin
from conversations.dialects.hexclave import answers, inputs
from conversations.dialects.hexclave.auth import OptionalHeaders
from conversations.dialects.hexclave.views.base import HexclaveViewSet
from conversations.models import Channel
from conversations.permissions import ConversationScope

FORM = Door(Channel.API, "dashboard-support-form")
ANONYMOUS = limits.Buckets(120)
"""How many forms a minute one address may send without a key, per web process; invalid ones are not counted."""


class Feedback(HexclaveViewSet):
    """Feedback from anyone; a key and a customer's token are optional."""

    authentication_classes = (OptionalHeaders,)
    permission_classes = (FromAllowedOrigin,)

    @property
    def counted(self) -> int | None:
        return super().counted if self.key_grant else None

    @extend_schema(
        operation_id="sendHexclaveFeedback",
        summary="Send feedback",
        request={"application/json": inputs.FEEDBACK.openapi()},
        responses={200: answers.HexclaveSuccess},
    )
    def create(self, request: Request) -> Response:
        """Sent by mail to the feedback recipients; also becomes a conversation if workspace and user are known."""
        body = self.read(body=inputs.FEEDBACK).body
        if self.workspace is None:
            ANONYMOUS.take(zlib.crc32(request.META.get("REMOTE_ADDR", "").encode()))
        kind = "Bug Report" if body.get("feedback_type") == "bug" else "Support"
        subject = f"[{kind}] {body['email']}"
        if settings.FEEDBACK_RECIPIENTS:
            # In the request's transaction: what is rolled back is not sent.
            app.configure_task("mail_feedback").defer(subject=subject, body=self.letter(body), reply_to=body["email"])
        person = self.caller.person if self.caller else None
        if person is not None and holds_scope(self.actor.scopes, ConversationScope.WRITE):
            self.start(person, subject, body["message"])
        return Response(answers.HexclaveSuccess(True).data)

    def letter(self, body: dict[str, Any]) -> str:
        """The text of the mail."""
        project = f"{self.workspace.name} ({self.workspace.public_id})" if self.workspace else "none"
        user = self.caller.person.external_id if self.caller and self.caller.person else "not signed in"
        return (
            f"{body['message']}\n\n--\nName: {body.get('name') or 'not given'}\nEmail: {body['email']}\n"
            f"Project: {project}\nUser: {user}\n"
        )

    def start(self, person: Customer, subject: str, message: str) -> None:
        assert self.workspace is not None  # a person is known by the workspace's own secret
        contact = self.identify(person)
        actions.start(
            workspace=self.workspace,
            contact=contact,
            subject=subject,
            body=message,
            door=FORM,
            by=self.actor,
            at=self.at,
        )
