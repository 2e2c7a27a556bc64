"""Sessions of visitors: their tokens, of which only a hash is kept, and the actor that a visitor is."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.crypto import salted_hmac

from accounts.permissions import Actor, ActorKind
from conversations.models import ChatSession, Contact, Widget
from conversations.texts import validation

LONGEST_TOKEN = 200
LONGEST_PAGE = 2000
_USED = timedelta(minutes=1)


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def token_of(widget: Widget, secret: str) -> str:
    """The token of the session that a browser opens with a random secret of its own: a repeated request gets the same one."""
    return salted_hmac("chat-session", f"{widget.pk} {secret}", algorithm="sha256").hexdigest()


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def find(widget: Widget, token: str) -> ChatSession | None:
    """The session of a token that has not ended, with its contact, in the open scope."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    rows = ChatSession.objects.select_related("contact").filter(token_hash=hash_of(token), widget=widget, ended_at=None)
    found = rows.order_by("pk").first()
    if found is not None:
        ChatSession.widget.field.set_cached_value(found, widget)
    return found


def visitor(widget: Widget, contact: Contact | None = None) -> Actor:
    """A visitor who acts; without a contact, one of whom nothing is known yet."""
    if contact is None:
        return Actor(kind=ActorKind.CONTACT, workspace_id=widget.workspace_id)
    return Actor(
        kind=ActorKind.CONTACT, workspace_id=widget.workspace_id, id=contact.pk, name=contact.name, email=contact.email
    )


def as_uuid(value: object) -> UUID | None:
    """An id that a browser has chosen; None for anything that is none."""
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None


def note_use(session: ChatSession, page: str, at: datetime) -> None:
    """Keep when a session was used last, and on which page, at most once a minute."""
    page = page_of(page)
    if at - session.last_seen_at < _USED and page in ("", session.page):
        return
    stale = Q(last_seen_at__lt=at - _USED) | ~Q(page=page or session.page)
    session.last_seen_at, session.page = at, page or session.page
    rows = ChatSession.objects.filter(stale, pk=session.pk, ended_at=None)
    rows.update(last_seen_at=at, page=session.page)


def page_of(page: str) -> str:
    """The address of a page as it is kept: without its query and fragment, which may hold secrets; "" for what is none."""
    is_address = page.startswith(("https://", "http://")) and validation.can_be_kept(page)
    return re.split(r"[?#]", page, maxsplit=1)[0][:LONGEST_PAGE] if is_address else ""
