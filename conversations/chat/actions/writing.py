"""What a visitor writes: the first message of a conversation, and those that follow."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File

from accounts import transaction
from accounts.errors import Conflict, Invalid
from accounts.permissions import Actor, permit
from conversations.actions import continuing, routing
from conversations.actions.entries import Door
from conversations.actions.start import start
from conversations.chat import answering, sessions
from conversations.chat.actions import assistant, holding
from conversations.models import Channel, ChatSession, Conversation, Handler, Message
from conversations.texts import validation

DOOR = Door(Channel.CHAT, "widget")
LONGEST_TEXT = 10_000
LONGEST_TITLE = 100
MOST_FIELDS, LONGEST_FIELD_NAME, LONGEST_FIELDS = 50, 100, 10_000


@transaction.atomic
def start_conversation(
    *,
    session: ChatSession,
    body: str,
    uploads: Sequence[File[bytes]] = (),
    subject: str = "",
    fields: Mapping[str, Any] | None = None,
    page: str = "",
    public_id: uuid.UUID | None = None,
    message_public_id: uuid.UUID | None = None,
    door: Door = DOOR,
    by: Actor,
    at: datetime,
) -> Message:
    """Start a conversation with its first message, and assign it as the widget says; where the assistant answers first, it has it.

    `fields` become part of its metadata. The ids are chosen by the browser: a repeat finds the first message. Raises
    SessionEnded, Invalid with the field at fault, and Conflict with code `sent_already` for an id of somebody else's.
    """
    permit(by, "conversation.start", session)
    session = holding.held(session)
    if (first := _written(session, public_id, message_public_id)) is not None:
        return first
    validation.check(body, "text", longest=LONGEST_TEXT, blank=bool(uploads))
    holding.see(session, page, at)
    widget = session.widget
    given: dict[str, Any] = {
        "workspace": widget.workspace,
        "contact": session.contact,
        "subject": subject or _title(body, uploads) or widget.name,
        "body": body,
        "uploads": uploads,
        "door": door,
        "metadata": {**_fields(fields), "widget": widget.name, **_page(page)},
        "public_id": public_id,
        "message_public_id": message_public_id,
        "by": by,
        "at": at,
    }
    if body.strip() and session.contact.blocked_at is None and answering.is_on(widget, at):
        return assistant.begin_with_assistant(language=session.language, **given)
    conversation = start(handler=Handler.PEOPLE, **given)
    conversation = routing.route(conversation, to=widget.assignee, team=widget.team, at=at)
    assert conversation.last_message is not None  # it began with one
    conversation.last_message.conversation = conversation
    return conversation.last_message


@transaction.atomic
def write(
    *,
    session: ChatSession,
    conversation: Conversation,
    body: str,
    uploads: Sequence[File[bytes]] = (),
    page: str = "",
    public_id: uuid.UUID | None = None,
    door: Door = DOOR,
    by: Actor,
    at: datetime,
) -> Message:
    """Add what a visitor writes; a closed conversation goes on in a new one, which the message's own conversation then is.

    `public_id` is chosen by the browser: a repeat finds the first message. Raises SessionEnded, NotFound for a conversation that is not
    theirs, Invalid with the field at fault, and Conflict with code `sent_already`.
    """
    permit(by, "conversation.receive", conversation)
    session = holding.held(session)
    if (first := _sent(session, public_id)) is not None:
        return first
    validation.check(body, "text", longest=LONGEST_TEXT, blank=bool(uploads))
    holding.see(session, page, at)
    if conversation.handler == Handler.ASSISTANT:
        asked = assistant.write_to_assistant(
            conversation=conversation, body=body, uploads=uploads, door=door, message_public_id=public_id,
            language=session.language, by=by, at=at,
        )  # fmt: skip
        if asked is not None:
            return asked
    return continuing.continue_or_receive(
        conversation=holding.own(conversation, by),
        body=body,
        uploads=uploads,
        door=door,
        metadata={"widget": session.widget.name, **_page(page)},
        public_id=public_id,
        by=by,
        at=at,
    )


def _written(session: ChatSession, public_id: uuid.UUID | None, message_id: uuid.UUID | None) -> Message | None:
    """The first message of a conversation that this very request began when it came before."""
    if public_id is None:
        return _sent(session, message_id)
    known = Conversation.objects.filter(public_id=public_id).first()
    if known is None:
        return _sent(session, message_id)
    rows = Message.objects.select_related("conversation").filter(conversation=known)
    first = rows.filter(public_id=message_id).first() if message_id else rows.order_by("pk").first()
    if known.contact_id != session.contact_id or first is None:
        raise Conflict("this id belongs to another conversation", code="sent_already", field="id")
    return first


def _sent(session: ChatSession, public_id: uuid.UUID | None) -> Message | None:
    if public_id is None:
        return None
    known = Message.objects.select_related("conversation").filter(public_id=public_id).first()
    if known is not None and known.sender_contact_id != session.contact_id:
        raise Conflict("this id belongs to another message", code="sent_already", field="id")
    return known


def _title(body: str, uploads: Sequence[File[bytes]]) -> str:
    """The beginning of the message, or the name of its first file."""
    line = validation.preview(body) or (validation.preview(uploads[0].name or "") if uploads else "")
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"


def _page(page: str) -> dict[str, str]:
    address = sessions.page_of(page)
    return {"page": address[:500]} if address else {}


def _fields(fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the website says of the conversation. Raises Invalid for what is too much to keep, or no text."""
    given = dict(fields or {})
    try:
        written = json.dumps(given, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError, TypeError) as error:
        raise Invalid("fields must be plain values", field="fields") from error
    is_named = all(isinstance(name, str) and 0 < len(name) <= LONGEST_FIELD_NAME for name in given)
    if len(given) > MOST_FIELDS or len(written) > LONGEST_FIELDS or not is_named:
        raise Invalid(f"at most {MOST_FIELDS} fields, and {LONGEST_FIELDS} characters in all", field="fields")
    if not validation.can_be_kept(written) or "\\u0000" in written:
        raise Invalid("fields contain characters that are not text", field="fields", code="not_text")
    return given
