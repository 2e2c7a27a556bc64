"""Sessions of a person: ended by themselves, which also ends what their pages follow live."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts import events, journal, transaction
from accounts.models import User
from accounts.permissions import Actor, permit
from accounts.queries import session_keys_of


@transaction.atomic
def end_sessions(*, user: User, keys: Collection[str], by: Actor, at: datetime) -> int:
    """End sessions of the person; keys of others are left alone. Returns how many ended."""
    permit(by, "person.end_sessions", person=user)
    theirs = sorted(session_keys_of(user, at, among=keys))
    if not theirs:
        return 0
    count, _ = Session.objects.filter(session_key__in=theirs).delete()
    UserSession.objects.filter(user=user, session_key__in=theirs).delete()
    journal.record(events.SESSIONS_ENDED, user, by=by, at=at, session_count=count)
    return count
