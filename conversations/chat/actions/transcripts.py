"""The transcript of a chat, which its customer has mailed to themselves."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, mailing, transaction
from accounts.errors import Conflict, Invalid, NotFound, UsedUp
from accounts.permissions import Actor, ActorKind, permit
from conversations import events
from conversations.actions import automatic_mails
from conversations.actions.contacts import update_contact
from conversations.chat.actions import holding
from conversations.models import Conversation
from conversations.queries import mailboxes

KIND = "transcript"


@transaction.atomic
def request_transcript(*, conversation: Conversation, email: str = "", by: Actor, at: datetime) -> str:
    """Mail what the customer sees of their chat to their address, and give that; a visitor without one states it with `email`.

    Raises NotFound for a conversation that is not theirs, Invalid for an address, Conflict with code `no_mail` where no mail can
    be sent, and UsedUp: an address gets only so many automatic mails a day, and a workspace sends only so many transcripts an hour.
    """
    permit(by, "chat.visit", conversation)
    if by.kind == ActorKind.CONTACT and conversation.contact_id != by.id:
        raise NotFound("there is no such conversation")
    if not mailboxes.can_send():
        raise Conflict("this workspace sends no mail", code="no_mail")
    contact = conversation.contact
    if not contact.email:
        if not email.strip():
            raise Invalid("an address is needed", field="email", code="required")
        # Before the conversation, as everywhere.
        contact = update_contact(contact=contact, email=email, by=by, at=at)
    conversation = holding.own(conversation, by)
    if not automatic_mails.may_send(contact.email, at) or not automatic_mails.may_send_to_anybody(KIND, at):
        raise UsedUp("no more transcripts can be sent for now", code="too_many_mails")
    automatic_mails.note_sent(conversation.workspace_id, contact.email, KIND, at)
    mailing.queue("chat_transcript", {"conversation_id": conversation.pk})
    journal.record(events.CHAT_TRANSCRIPT_REQUESTED, conversation, by=by, at=at)
    return contact.email
