"""The verbs of a visitor's session: starting it, saying or proving who writes, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions.contacts import OF_CHAT, identify, update_contact
from conversations.actions.taking_over import take_over
from conversations.chat import sessions
from conversations.chat.actions import holding
from conversations.chat.proofs import Identity
from conversations.models import Channel, ChatSession, Contact, Widget


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and the token that opens it from now on; None where it goes on with the one that it has."""

    session: ChatSession
    token: str | None


@transaction.atomic
def start_session(
    *,
    widget: Widget,
    identity: Identity | None = None,
    token: str | None = None,
    language: str = "",
    page: str = "",
    by: Actor,
    at: datetime,
) -> Opened:
    """Start the session of a visitor whom nobody has verified, with a contact of its own that `identity` describes.

    `token` is one that the browser has a right to, else it is new. Raises Conflict with code `taken` for one that is in use.
    """
    permit(by, "chat.visit", widget)
    given = identity or Identity(is_signed=False)
    contact = identify(
        workspace=widget.workspace,
        email=given.email or None,
        name=given.name or None,
        company=given.company or None,
        identity_source=OF_CHAT,
        is_trusted=False,
        by=by,
        at=at,
    )
    if given.traits:
        contact.traits = dict(given.traits)
        contact.save(update_fields=["traits"])
    return _opened(widget, contact, False, token, language=language, page=page, by=by, at=at)


@transaction.atomic
def describe_visitor(*, session: ChatSession, identity: Identity, by: Actor, at: datetime) -> ChatSession:
    """Show what a visitor says of themselves with the session's own contact. It finds nobody else, and changes no verified contact."""
    permit(by, "chat.visit", session)
    session = holding.held(session)
    if session.is_verified:
        return session
    contact = session.contact
    given = {"name": identity.name, "email": identity.email, "company": identity.company}
    changed = {name: value for name, value in given.items() if value and value != getattr(contact, name)}
    if changed:
        contact = update_contact(contact=contact, by=by, at=at, **changed)
    traits = {**contact.traits, **identity.traits}
    if traits != contact.traits:
        contact.traits, contact.updated_at = traits, at
        contact.save(update_fields=["traits", "updated_at"])
        journal.record(events.CONTACT_UPDATED, contact, by=by, at=at, fields=["traits"])
    session.contact = contact
    return session


@transaction.atomic
def identify_visitor(
    *,
    widget: Widget,
    identity: Identity,
    session: ChatSession | None = None,
    language: str = "",
    page: str = "",
    by: Actor,
    at: datetime,
) -> Opened:
    """Start a session of a visitor who has proven who they are, in place of the one that they have.

    What they wrote while nobody knew them goes to their contact, and the token before opens nothing any more. Of a session that is
    verified as somebody else's nothing is taken over; one of the same person goes on.
    """
    permit(by, "chat.visit", widget)
    assert identity.is_signed, "what is stated identifies nobody"
    # Before the contact: whoever writes in the session meanwhile waits, and then finds it ended.
    before = holding.found(session) if session is not None else None
    contact = identify(
        workspace=widget.workspace,
        external_id=identity.external_id or None,
        email=identity.email or None,
        name=identity.name or None,
        company=identity.company or None,
        identity_source=OF_CHAT,
        is_email_verified=identity.is_email_verified,
        renames=identity.is_whole_signed,
        by=by,
        at=at,
    )
    if before is not None and before.ended_at is None:
        if before.is_verified and before.contact_id == contact.pk:
            holding.see(before, page, at)
            return Opened(before, None)
        if not before.is_verified and before.contact_id != contact.pk:
            take_over(before.contact, contact, channel=Channel.CHAT, by=by, at=at)
        _end(before, by=by, at=at)
    return _opened(widget, contact, True, None, language=language, page=page, by=by, at=at)


@transaction.atomic
def end_session(*, session: ChatSession, by: Actor, at: datetime) -> ChatSession:
    """End a session: its token opens nothing any more."""
    permit(by, "chat.visit", session)
    found = holding.found(session)
    if found is None or found.ended_at is not None:
        return found or session
    return _end(found, by=by, at=at)


def _opened(
    widget: Widget,
    contact: Contact,
    is_verified: bool,
    token: str | None,
    *,
    language: str,
    page: str,
    by: Actor,
    at: datetime,
) -> Opened:
    token = token or sessions.new_token()
    session = ChatSession(
        workspace_id=widget.workspace_id,
        widget=widget,
        contact=contact,
        token_hash=sessions.hash_of(token),
        is_verified=is_verified,
        language=language[:5],
        page=sessions.page_of(page),
        created_at=at,
        last_seen_at=at,
    )
    taken = Conflict("this token is in use", code="taken")
    transaction.unless_taken("chat_session_token_unique_per_workspace", taken, lambda: session.save(force_insert=True))
    journal.record(
        events.CHAT_SESSION_STARTED,
        session,
        by=by,
        at=at,
        widget_id=widget.pk,
        contact_id=contact.pk,
        is_verified=is_verified,
    )
    return Opened(session, token)


def _end(session: ChatSession, *, by: Actor, at: datetime) -> ChatSession:
    session.ended_at = at
    session.save(update_fields=["ended_at"])
    journal.record(events.CHAT_SESSION_ENDED, session, by=by, at=at, contact_id=session.contact_id)
    return session
