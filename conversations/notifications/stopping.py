"""Stopping mails about notifications from a link in one of them, without signing in."""

from __future__ import annotations

from django.conf import settings
from django.core import signing

from accounts import notices, transaction
from accounts.models import User

_SALT = "conversations.notifications.stop"


def url(user: User) -> str:
    """The address at which the person's mails about notifications stop. It changes with nothing, for old mails lie around long."""
    return f"{settings.PUBLIC_URL}/notifications/mail/{signing.dumps(user.pk, salt=_SALT)}"


def person(token: str) -> User | None:
    """Whose mails a link is about."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk).first()


def stop(user: User) -> None:
    """Send the person no more mails about notifications; what they chose otherwise stays."""
    with transaction.whole():
        row = transaction.held(user)
        kept = dict(row.preferences.get("notifications") or {})
        events = {event: notices.ways(row, event) - {notices.MAIL} for event in notices.EVENTS}
        kept["events"] = {event: [way for way in notices.WAYS if way in ways] for event, ways in events.items()}
        row.preferences = {**row.preferences, "notifications": kept}
        row.save(update_fields=["preferences"])
