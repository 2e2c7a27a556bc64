"""Sessions in the database, as Django keeps them, looked up by a compiled query: every page begins with it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.compiled import compiled_anywhere


@compiled_anywhere
def _kept(*, key: str, at: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=at)


class SessionStore(db.SessionStore):
    """For settings.SESSION_ENGINE."""

    def _get_session_from_db(self) -> Session | None:
        found = _kept.first(key=self.session_key, at=timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None  # as Django does: the next save makes a new one
        return found
