"""Recording calls and visits: a conversation that an agent begins with the words of a customer, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.base import File

from accounts import transaction
from accounts.errors import Conflict, Invalid
from accounts.models import User, Workspace
from accounts.permissions import Actor, Visibility, permit
from conversations.actions import addresses, contacts, drafted, messages, routing, triage
from conversations.actions.entries import Door
from conversations.actions.start import start
from conversations.models import (
    AddressKind,
    Channel,
    Contact,
    ContactAddress,
    Conversation,
    Mailbox,
    Message,
    MessageKind,
)
from conversations.texts import phones, validation

DOOR = Door(Channel.MANUAL, "inbox")


@transaction.atomic
def record_conversation(
    *,
    workspace: Workspace,
    email: str | None = None,
    name: str = "",
    phone: str = "",
    subject: str,
    body: str,
    is_note: bool = False,
    uploads: Sequence[File[bytes]] = (),
    draft_files: Sequence[UUID] = (),
    mailbox: Mailbox | None = None,
    assignee: User | None = None,
    tags: Sequence[str] = (),
    public_id: UUID,
    by: Actor,
    at: datetime,
) -> Conversation:
    """Begin a conversation about a call or a visit, with the words of the customer or, with `is_note`, an internal note. Nothing is sent.

    The customer is the one of the email or of the phone number, else a new one under this name; replies to one with an email
    go by `mailbox`. A repeat under the same
    `public_id` finds the first one, and raises Conflict with code `sent_already` where its subject or text is another; the draft of this id, with its uploaded `draft_files`, is gone with it. Raises Invalid with
    the field at fault, and Conflict for a phone number that is another customer's.
    """
    permit(by, "conversation.reply")
    drafted.hold(workspace.pk, public_id)
    if (first := Conversation.objects.filter(workspace=workspace, public_id=public_id).first()) is not None:
        _check_is_same(first, subject, body)
        return first
    stored = drafted.files_of_mail(public_id, draft_files, by=by)
    validation.check(body, "body", longest=validation.BODY_LIMIT, blank=bool(uploads or stored))
    contact = _customer(workspace, email, name, phone, by=by, at=at)
    # Copied: the draft takes its own with it.
    files = [*drafted.copies(stored), *uploads]
    conversation = start(
        workspace=workspace,
        contact=contact,
        subject=subject,
        door=DOOR,
        mailbox=mailbox if contact.email else None,
        body=None if is_note else body,
        uploads=() if is_note else files,
        public_id=public_id,
        by=by,
        at=at,
    )
    if by.user_id is not None and by.visibility == Visibility.TEAMS:  # else they would not see what they began
        conversation = routing.route(conversation, to=User.objects.get(pk=by.user_id), team=None, at=at)
    if is_note:
        messages.note(conversation=conversation, body=body, uploads=files, by=by, at=at)
    if tags:
        triage.set_tags(conversation=conversation, names=list(tags), by=by, at=at)
    if assignee is not None:
        triage.assign(conversation=conversation, to=assignee, by=by, at=at)
    drafted.use_mail(public_id, by=by)
    return conversation


def _check_is_same(first: Conversation, subject: str, body: str) -> None:
    """Raises Conflict unless a conversation that was recorded before began with this subject and text."""
    began = Message.objects.filter(conversation=first).exclude(kind=MessageKind.STATUS_CHANGE).order_by("pk").first()
    if (first.subject, began.body if began is not None else None) != (subject, body):
        raise Conflict("this conversation was recorded already", code="sent_already")


def _customer(workspace: Workspace, email: str | None, name: str, phone: str, *, by: Actor, at: datetime) -> Contact:
    number = (phones.e164(phone) or " ".join(phone.split())) if phone.strip() else ""
    if not (email or name or number):
        raise Invalid("a customer has a name, an email or a phone number", field="customer", code="no_customer")
    rows = ContactAddress.objects.filter(kind=AddressKind.PHONE, value=number, is_verified=True)
    known = rows.select_related("contact").first() if number else None
    if known is not None and email is None:
        return known.contact
    contact = contacts.identify(
        workspace=workspace,
        email=email,
        name=name or number or None,
        identity_source="phone" if email is None else "email",
        renames=False,
        by=by,
        at=at,
    )
    if number and (known is None or known.contact_id != contact.pk):
        if known is not None:
            raise Conflict("this phone number is another customer's", field="phone", code="address_taken")
        addresses.add_address(contact=contact, kind=AddressKind.PHONE, value=number, by=by, at=at)
    return contact
