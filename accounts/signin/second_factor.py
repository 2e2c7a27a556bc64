"""Second factors: how django-allauth keeps them here, and what the journal says of them."""

from __future__ import annotations

import base64
import logging
import secrets
from typing import Any

from allauth.mfa import signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import actions, clock, sealed
from accounts.models import User
from accounts.permissions import Actor
from accounts.queries import has_second_factor, must_set_up_second_factor, workspaces_of

logger = logging.getLogger(__name__)

LAST = "workspace"
"""The session key for the slug of the person's last workspace, which the screens keep."""


class DeskMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Secrets are sealed in the database, and errors and names are in our words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is not right. Use the newest one."),
    }

    def encrypt(self, text: str) -> str:
        return sealed.seal({"text": text})

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return str(sealed.opened(encrypted_text)["text"])
        except sealed.Unreadable:
            # No code fits a secret that no key opens: one that nobody knows stands in for it.
            logger.error("second_factor_unreadable")
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey") if not count else _("Passkey %(number)s") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # The host of the request, which is one of ALLOWED_HOSTS.
        return {**super().get_public_key_credential_rp_entity(), "name": "Parley"}


def connect() -> None:
    """Have every change of a second factor noted; called once, when Django is ready."""
    for change, signal in (
        ("added", signals.authenticator_added),
        ("removed", signals.authenticator_removed),
        ("reset", signals.authenticator_reset),
    ):
        signal.connect(_NOTES[change], dispatch_uid=f"second_factor_{change}")


def _noted(change: str) -> Any:
    def note(*, user: User, authenticator: Authenticator, **others: Any) -> None:
        actions.note_second_factor(
            user=user, change=change, kind=authenticator.type, by=Actor.person(user), at=clock.now()
        )

    return note


_NOTES = {change: _noted(change) for change in ("added", "removed", "reset")}
"""Held here: signals refer to their receivers weakly."""


@require_http_methods(["GET", "HEAD"])
@never_cache
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """A person's second factors: in their settings, or on a page of its own for who must set one up before anything else."""
    assert isinstance(request.user, User)
    is_required = must_set_up_second_factor(request.user)
    if not is_required:
        back = request.GET.get(REDIRECT_FIELD_NAME, "")
        if has_second_factor(request.user.pk) and url_has_allowed_host_and_scheme(
            back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return redirect(back)
        slugs = [membership.workspace.slug for membership in workspaces_of(request.user)]
        if slugs:
            last = request.session.get(LAST)
            return redirect("security", last if last in slugs else slugs[0])
    rows = Authenticator.objects.filter(user=request.user).order_by("pk")
    facts = {
        "is_required": is_required,
        "kinds": {row.type: row for row in rows},
        "theme": str(request.user.preferences.get("theme", "system")),
    }
    return render(request, "mfa/index.html", facts)
