"""Holding a visitor's session, and a conversation that is theirs, as they are now. The verbs of this package share it."""

from __future__ import annotations

from datetime import datetime

from accounts import transaction
from accounts.errors import DomainError, NotFound
from accounts.permissions import Actor, ActorKind
from conversations.actions import locking
from conversations.chat import sessions
from conversations.models import ChatSession, Conversation


class SessionEnded(DomainError):
    """The token was replaced, or the session was ended."""

    code = "session_ended"


def held(session: ChatSession) -> ChatSession:
    """The session as it is now, held. Raises SessionEnded."""
    row = found(session)
    if row is None or row.ended_at is not None:
        raise SessionEnded("this session has ended")
    return row


def found(session: ChatSession) -> ChatSession | None:
    """The session as it is now, held; None when its widget was deleted."""
    try:
        row = transaction.held(session)
    except NotFound:
        return None
    for name in ("widget", "contact"):
        known = session._state.fields_cache.get(name)
        if known is not None and known.pk == getattr(row, f"{name}_id"):
            row._state.fields_cache[name] = known
    return row


def own(conversation: Conversation, by: Actor) -> Conversation:
    """The conversation, held, if it is the visitor's who acts. Raises NotFound for another's, as for a missing one."""
    row = locking.locked(conversation)
    is_theirs = by.kind != ActorKind.CONTACT or row.contact_id == by.id
    if not is_theirs or row.is_set_aside:
        raise NotFound("there is no such conversation")
    return row


def see(session: ChatSession, page: str, at: datetime) -> None:
    """Keep when a session was used last, and where."""
    session.last_seen_at, session.page = at, sessions.page_of(page) or session.page
    session.save(update_fields=["last_seen_at", "page"])
