"""`Authorization: Bearer <key>`, as PostHog's personal API keys are sent."""

from __future__ import annotations

from rest_framework.request import Request

from accounts.credentials.authentication import BadKey, Grant
from accounts.permissions import Actor
from conversations.api.credentials import BearerKey


class NoKey(BadKey):
    """No credential was sent, which has another code than a wrong one."""


class PosthogKey(BearerKey):
    """A workspace API key."""

    def authenticate(self, request: Request) -> tuple[Actor, Grant]:
        if not self.secret(request):
            raise NoKey("no key was sent")
        return super().authenticate(request)
