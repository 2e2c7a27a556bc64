"""Authentication by API key. Each format derives from `KeyAuthentication` and says where the key is sent."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import clock
from accounts.credentials.authentication import BadKey, Grant
from accounts.permissions import Actor
from accounts.web.grants import of_request


class KeyAuthentication(BaseAuthentication):
    """An API key becomes `request.user`, the actor, and `request.auth`, the grant. Raises BadKey or ExpiredKey."""

    # Formats that spell a key alike share one security scheme in OpenAPI, which is no clash of names.
    _spectacular_annotation: ClassVar[dict[str, bool]] = {"suppress_collision_warning": True}

    def secret(self, request: Request) -> str | None:
        """The key as the client sent it, or None."""
        raise NotImplementedError

    def authenticate(self, request: Request) -> tuple[Actor, Grant]:
        secret = self.secret(request)
        if not secret:
            raise BadKey("no key was sent")
        grant = of_request(request._request, secret, clock.now())
        return grant.actor, grant


def bearer(request: Request) -> str | None:
    """The token of `Authorization: Bearer …`; the scheme's case does not matter."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


class BearerKey(KeyAuthentication):
    """`Authorization: Bearer <key>` and nothing else."""

    def secret(self, request: Request) -> str | None:
        return bearer(request)
