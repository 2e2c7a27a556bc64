"""Which access types may make which calls, and what a signed-in member may read."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.permissions import permit
from conversations.api.permissions import HasScope
from conversations.dialects.hexclave.errors import KnownError


class _Access(BasePermission):
    """One of the allowed access types. Raises the known error for any other."""

    allowed: ClassVar[tuple[str, ...]]

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.caller.access_type not in self.allowed:
            raise KnownError(
                "INSUFFICIENT_ACCESS_TYPE",
                actual_access_type=view.caller.access_type,
                allowed_access_types=list(self.allowed),
            )
        return True


class ClientAccess(_Access):
    """The calls of customers."""

    allowed = ("client",)


class ServerAccess(_Access):
    """The calls of agents, except for members, who need no key. A client key is public."""

    allowed = ("server", "admin")

    def has_permission(self, request: Request, view: Any) -> bool:
        return view.caller.operator is not None or super().has_permission(request, view)


class MayReadOrHasScope(HasScope):
    """A member's role, where a workspace of theirs is named, or else the key's scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.caller.operator is None:
            return super().has_permission(request, view)
        if view.membership is not None:
            permit(view.actor, "conversation.read", view.membership)
        return True
