"""Permissions of keys. The classes raise the desk's own errors, which each format prints."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.errors import Forbidden
from accounts.models import KeyKind
from accounts.permissions import holds_scope
from conversations.api.problems import OriginRefused


class FromAllowedOrigin(BasePermission):
    """The key may be used from anywhere, or from the caller's origin or app. Raises OriginRefused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key = view.key_grant.key if view.key_grant else None
        if key is None or not (key.allowed_origins or key.allowed_bundle_ids):
            return True
        origin = request.headers.get("Origin", "").lower()
        bundle = request.headers.get("X-Bundle-ID", "")
        if origin in key.allowed_origins or (
            key.kind == KeyKind.CLIENT and bundle and bundle in key.allowed_bundle_ids
        ):
            return True
        raise OriginRefused


class HasScope(BasePermission):
    """The key has the scope that the view names for its action. Raises Forbidden."""

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted = view.scopes[view.action]
        if view.key_grant is None or not holds_scope(view.key_grant.actor.scopes, wanted):
            raise Forbidden(f"This key lacks the scope {wanted.value}.", scope=wanted.value)
        return True


class HasServerKey(BasePermission):
    """The key is a server key. Raises Forbidden."""

    message = "Only a server key may do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.grant.key.kind != KeyKind.SERVER:
            raise Forbidden(self.message)
        return True
