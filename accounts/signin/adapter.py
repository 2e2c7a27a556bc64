"""How django-allauth behaves here: people are invited, and nobody can lock somebody else out by guessing."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import truncate_ip
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

from accounts.web import seen


class DeskAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes self-service sign-up, and counts wrong passwords by address and account together."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign a person in, and note the session for their own list."""
        super().login(request, user)
        seen.note(request)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address, from X-Forwarded-For where TRUSTED_PROXIES says so; never a refusal for an odd header."""
        try:
            forwarded: str | None = super().get_client_ip(request)
        except (ImproperlyConfigured, PermissionDenied):
            forwarded = None
        return forwarded or request.META.get("REMOTE_ADDR") or "unknown"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth counts by account alone, so that five guesses by a stranger would shut the owner out. It names the site too,
        # by the Host header, which an attacker may vary.
        account = str(credentials.get("email", "")).strip().lower()
        return f"{truncate_ip(self.get_client_ip(request))} {account}"
