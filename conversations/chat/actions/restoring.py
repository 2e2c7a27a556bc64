"""The verbs of finding conversations again on another browser, by a link that goes to the visitor's address."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from accounts import journal, mailing, transaction
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import automatic_mails
from conversations.actions.taking_over import take_over
from conversations.chat import queries, restores, sessions
from conversations.chat.actions.sessions import start_session
from conversations.chat.proofs import Identity
from conversations.models import Channel, ChatRestore, ChatSession, Widget

MAIL = "chat_restore"
"""The kind of the mail with the link."""
KIND = "restore"
"""How it is counted among the mails that no person wrote."""


class Outcome(StrEnum):
    """What became of a link."""

    DONE = "done"
    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of a link, and the conversations that came to the session."""

    outcome: Outcome
    conversation_ids: tuple[int, ...] = ()


@transaction.atomic
def request_restore(*, widget: Widget, email: str, page: str, by: Actor, at: datetime) -> ChatRestore | None:
    """Mail a link to an address with which visitors have written; who reads its mail finds what they wrote.

    `page` is the link, with {token} in place of its token. None where nobody wrote with it, or where it got three within an hour: the visitor cannot see which.
    """
    permit(by, "chat.visit", widget)
    email = email.strip().lower()
    if not queries.strangers_of(email).exists():
        return None
    transaction.hold_name(widget.workspace_id, f"restore {email}")
    recent = ChatRestore.objects.filter(email=email, created_at__gt=at - timedelta(hours=1))
    if recent.count() >= restores.MOST_AN_HOUR or not automatic_mails.may_send_to_anybody(KIND, at):
        return None
    link = ChatRestore(
        workspace_id=widget.workspace_id,
        public_id=uuid.uuid4(),
        widget=widget,
        email=email,
        page=page,
        created_at=at,
        expires_at=at + restores.LIFETIME,
    )
    link.token_hash = restores.hash_of(restores.token_of(link))
    link.save(force_insert=True)
    journal.record(events.CHAT_RESTORE_REQUESTED, link, by=by, at=at, widget_id=widget.pk)
    automatic_mails.note_sent(widget.workspace_id, email, KIND, at)
    mailing.queue(MAIL, {"restore_id": link.pk})
    return link


@transaction.atomic
def restore(*, widget: Widget, token: str, session_token: str, by: Actor, at: datetime) -> Restored:
    """Give the conversations of all unverified visitors with a link's address to the session of a token, which may be new.

    The sessions in which they were find nothing any more. The link, and every other one to this address, is used up.
    """
    permit(by, "chat.visit", widget)
    link = ChatRestore.objects.filter(token_hash=restores.hash_of(token)).order_by("pk").first()
    if link is None:
        return Restored(Outcome.UNKNOWN)
    link = _held(link)
    if link.used_at is not None:
        return Restored(Outcome.USED)
    if link.expires_at <= at:
        return Restored(Outcome.EXPIRED)
    session = sessions.find(widget, session_token)
    if session is None:
        named = queries.strangers_of(link.email).exclude(name="").order_by("-pk").first()
        described = Identity(is_signed=False, email=link.email, name=named.name if named else "")
        session = start_session(widget=widget, identity=described, token=session_token, by=by, at=at).session
    moved = _move(link.email, session, by=by, at=at)
    ChatRestore.objects.filter(email=link.email, used_at=None).update(used_at=at)
    journal.record(events.CHAT_RESTORED, link, by=by, at=at, session_id=session.pk, conversation_ids=list(moved))
    return Restored(Outcome.DONE, moved)


def _held(link: ChatRestore) -> ChatRestore:
    """The link as it is now, held together with all that it uses up: in the order of their ids, so that nobody waits in a circle."""
    rows = ChatRestore.objects.select_for_update(no_key=True).filter(email=link.email).order_by("pk")
    return next(one for one in rows if one.pk == link.pk)


def _move(email: str, session: ChatSession, *, by: Actor, at: datetime) -> tuple[int, ...]:
    moved: list[int] = []
    for stranger in queries.strangers_of(email).exclude(pk=session.contact_id).order_by("pk"):
        moved += take_over(stranger, session.contact, channel=Channel.CHAT, by=by, at=at)
    return tuple(moved)
