"""The access of a visitor's session to a live response, and whether it still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from accounts.live.access import Access, register
from conversations.models import ChatSession


@dataclass(frozen=True, slots=True)
class ChatAccess(Access):
    """A session that has not ended, of a widget that is active."""

    session_id: int


def still_open(given: Collection[ChatAccess]) -> Iterator[ChatAccess]:
    """Those whose session has not ended, and whose widget is there and active."""
    # The responses of one process are of many workspaces, and no scope is open around them.
    rows = ChatSession.all_workspaces.filter(pk__in={access.session_id for access in given}, ended_at=None)
    known = set(rows.filter(widget__is_active=True).values_list("pk", flat=True))
    return (access for access in given if access.session_id in known)


def register_access() -> None:
    """Called once, when Django is ready."""
    register(ChatAccess, still_open)
