"""When and where each session was seen last, for the list that a person has of their own."""

from __future__ import annotations

import time
from ipaddress import ip_address

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from accounts import clock
from accounts.models import Membership

EVERY = 300.0
"""Seconds between two notes of one session by one process: a page costs no statement more."""
_MOST = 20_000
_noted: dict[str, float] = {}


def touch(request: HttpRequest) -> None:
    """Note a session that is used, if this process has not done so lately. Called after a page is made."""
    key, now = request.session.session_key or "", time.monotonic()
    if len(_noted) >= _MOST:
        _noted.clear()
    # The first request of a session in this process notes nothing: signing in has.
    if now - _noted.setdefault(key, now) >= EVERY:
        note(request)


def note(request: HttpRequest) -> None:
    """Note that a signed-in session is used now, by which browser and from where."""
    if not request.session.session_key:
        request.session.save()
    key = str(request.session.session_key)
    seen = {
        "last_seen_at": clock.now(),
        "ip": _address(request),
        "user_agent": request.headers.get("User-Agent", "")[:200].replace("\x00", ""),
    }
    if not UserSession.objects.filter(session_key=key).update(**seen):
        UserSession.objects.update_or_create(session_key=key, defaults={**seen, "user_id": _person(request)})
    _noted[key] = time.monotonic()


def _person(request: HttpRequest) -> int | None:
    """Whose session it is: in a preview `request.user` is the member that is looked at."""
    membership: Membership | None = getattr(request, "own_membership", None)
    return request.user.pk if membership is None else membership.user_id


def _address(request: HttpRequest) -> str:
    try:
        return str(ip_address(get_adapter().get_client_ip(request)))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - no address at all, such as behind a Unix socket
