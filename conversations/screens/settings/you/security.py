"""How a person signs in: password, second factor, and the sessions in which they are signed in."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts import actions, clock, queries
from accounts.permissions import Actor, permit
from accounts.web import seen
from conversations.screens.settings import frame
from conversations.screens.settings.you import browsers
from conversations.screens.shell import DeskRequest, remember, screen


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as the page shows it."""

    row: UserSession
    browser: str
    icon: str
    is_this: bool


@require_GET
@screen
def security(request: DeskRequest) -> HttpResponse:
    """The person's second factors and sessions."""
    permit(request.actor, "workspace.read")
    seen.note(request)
    rows = list(Authenticator.objects.filter(user=request.user).order_by("pk"))
    codes = next((row.wrap().get_unused_codes() for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None)
    remember(request)
    facts = {
        **frame.facts(request, "security"),
        "app": next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "unused_codes": None if codes is None else len(codes),
        "sessions": [_listed(row, request) for row in queries.sessions_of(request.user, clock.now())],
        "now": clock.now(),
    }
    return render(request, "settings/you/security.html", facts)


@require_POST
@screen
def end_sessions(request: DeskRequest) -> HttpResponse:
    """End one of the person's sessions, named by its number, or all but this one."""
    permit(request.actor, "workspace.read")
    this, at = str(request.session.session_key), clock.now()
    if "others" in request.POST:
        keys = queries.session_keys_of(request.user, at) - {this}
    else:
        number = request.POST.get("session", "")
        rows = (
            UserSession.objects.filter(user=request.user, pk=number) if number.isdecimal() and len(number) < 19 else ()
        )
        keys = {row.session_key for row in rows} - {this}
    count = actions.end_sessions(user=request.user, keys=keys, by=Actor.person(request.user), at=at)
    if count:
        messages.success(request, ngettext("%(num)s session ended.", "%(num)s sessions ended.", count) % {"num": count})
    else:
        messages.success(request, _("There was no other session to end."))
    return redirect("security", request.workspace.slug)


def _listed(row: UserSession, request: DeskRequest) -> Listed:
    browser, icon = browsers.named(row.user_agent)
    return Listed(row, browser, icon, row.session_key == request.session.session_key)
