"""Creating API keys from the dashboard: the only call with a person's session instead of a key."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions as account_actions
from accounts import queries as account_queries
from accounts import tenancy
from accounts.errors import Forbidden
from accounts.models import KeyKind, Membership, User
from accounts.permissions import Actor, Role, client_scopes, scopes
from conversations.api.views import DialectViewSet
from conversations.dialects.bancroft import HEADERS, TITLE, shapes
from conversations.dialects.bancroft.auth import DashboardSession
from conversations.dialects.bancroft.error_bodies import ERROR_BODIES

_ALL_SCOPES = {
    KeyKind.SERVER: tuple(scopes()),
    KeyKind.CLIENT: tuple(client_scopes()),
}


class ApiKeys(DialectViewSet):
    """Keys of a workspace that the signed-in person administers.

    An Idempotency-Key is ignored here: replaying the response would mean storing the secret.
    """

    tag = TITLE
    error_bodies = ERROR_BODIES
    own_headers = HEADERS
    authentication_classes = (DashboardSession,)
    # Anyone who is signed in; the action checks the workspace and the role.
    permission_classes = ()
    is_idempotent = False

    @property
    def counted(self) -> int:
        return -self.person.pk

    @property
    def person(self) -> User:
        person = self.request.user
        assert isinstance(person, User)
        return person

    @extend_schema(
        operation_id="createBancroftApiKey",
        summary="Create an API key",
        request=shapes.ApiKeyInput,
        responses={201: shapes.BancroftApiKey},
    )
    def create(self, request: Request) -> Response:
        """Returns the secret, which is shown only once. Requires an admin's session and its CSRF token."""
        body = shapes.ApiKeyInput(data=request.data)
        body.is_valid(raise_exception=True)
        data: dict[str, Any] = body.validated_data
        membership = self.membership(data.get("workspace"))
        self._stack.enter_context(tenancy.scope(membership.workspace))
        kind = KeyKind(data["key_type"])
        key, secret = account_actions.create_key(
            workspace=membership.workspace,
            name=data["name"],
            kind=kind,
            scopes=data.get("scopes", _ALL_SCOPES[kind]),
            allowed_origins=data["allowed_origins"],
            allowed_bundle_ids=data["allowed_bundle_ids"],
            by=Actor.member(membership),
            at=self.at,
        )
        return Response(shapes.BancroftApiKey(shapes.MadeKey(key, secret)).data, status=201)

    def membership(self, workspace: str | None) -> Membership:
        """The named workspace's, else that of the only one the person administers. Raises Forbidden, ValidationError."""
        mine = account_queries.workspaces_of(self.person)
        if workspace is not None:
            mine = [one for one in mine if workspace in (one.workspace.slug, str(one.workspace.public_id))]
            if not mine:
                raise ValidationError({"workspace": "You belong to no such workspace."})
        administered = [one for one in mine if one.role in (Role.OWNER, Role.ADMIN)]
        if not administered:
            raise Forbidden("Only an admin of the workspace makes its keys.")
        if len(administered) > 1:
            raise ValidationError({"workspace": "You administer several workspaces: name one by its slug or id."})
        return administered[0]
