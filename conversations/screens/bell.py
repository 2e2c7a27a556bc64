"""The bell in the rail: asked for when it is printed, and not before."""

from __future__ import annotations

from functools import cached_property
from typing import cast

from django.http import HttpRequest

from accounts import notices
from accounts.live.access import login_id
from accounts.models import User
from conversations.models import Notification
from conversations.notifications import reading, sentences


class Bell:
    """What a member has not read in a workspace."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user = cast(User, request.user)

    @property
    def login(self) -> str:
        """The login that the page was made for."""
        return login_id(self.request)

    @cached_property
    def _unread(self) -> list[tuple[int, int | None]]:
        return reading.unread(self.user.pk)

    @property
    def count(self) -> int:
        return len(self._unread)

    @property
    def shown(self) -> str:
        """At most "99+"; nothing where all is read."""
        return f"{reading.COUNT_CAP - 1}+" if self.count >= reading.COUNT_CAP else str(self.count or "")

    @property
    def conversations(self) -> str:
        """The conversations that are unread, by their ids."""
        return " ".join(str(pk) for _, pk in self._unread if pk is not None)

    @cached_property
    def newest(self) -> Notification | None:
        """The newest of what is unread."""
        if not self._unread:
            return None
        return reading.notifications(self.user.pk).filter(pk=self._unread[0][0]).first()

    @property
    def text(self) -> str:
        """What the newest says."""
        return sentences.title(self.newest) if self.newest is not None else ""

    @property
    def url(self) -> str:
        """Where the newest leads."""
        return sentences.path(self.newest) if self.newest is not None else ""

    @property
    def stamp(self) -> str:
        """Differs when there is something newer."""
        return f"{self.newest.pk}-{self.newest.event_id}" if self.newest is not None else ""

    @property
    def has_sound(self) -> bool:
        return notices.has_sound(self.user)
