"""Signing out: the browser gets no push messages any more, without waiting for the next one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from accounts.models import PushSubscription, User


def connect() -> None:
    """Called once, when Django is ready."""
    user_logged_out.connect(_forget_browser, dispatch_uid="forget_browser")


def _forget_browser(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None and request is not None and request.session.session_key:
        PushSubscription.objects.filter(user=user, session_key=request.session.session_key).delete()
