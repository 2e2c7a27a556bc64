"""Notes about a customer, beside their conversations. Their authors change and delete them; admins delete those of others."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Forbidden
from accounts.permissions import Actor, ActorKind, permit
from conversations import events
from conversations.actions.erased import held_unless_erased
from conversations.models import Contact, ContactNote
from conversations.texts import validation

LONGEST = 20_000
"""Characters of a note."""


@transaction.atomic
def add_contact_note(*, contact: Contact, body: str, by: Actor, at: datetime) -> ContactNote:
    """Note something about a contact. Raises Invalid for a blank or too long text, and Conflict with code `erased`."""
    permit(by, "contact.note", contact)
    validation.check(body, "body", longest=LONGEST)
    contact = held_unless_erased(contact)
    note = ContactNote.objects.create(contact=contact, body=body, author_id=by.user_id, created_at=at)
    journal.record(events.CONTACT_NOTE_ADDED, contact, by=by, at=at, note_id=note.pk)
    return note


@transaction.atomic
def edit_contact_note(*, note: ContactNote, body: str, by: Actor, at: datetime) -> ContactNote:
    """Change one's own note. Raises Invalid for a blank or too long text, and Forbidden for a note of somebody else."""
    permit(by, "contact.note", note)
    _check_is_own(note, by)
    validation.check(body, "body", longest=LONGEST)
    note = transaction.held(note)
    if note.body == body:
        return note
    note.body, note.edited_at = body, at
    note.save(update_fields=["body", "edited_at"])
    journal.record(events.CONTACT_NOTE_EDITED, note.contact, by=by, at=at, note_id=note.pk)
    return note


@transaction.atomic
def delete_contact_note(*, note: ContactNote, by: Actor, at: datetime) -> None:
    """Delete a note for good. Raises Forbidden for a note of somebody else, unless `by` may delete those too."""
    permit(by, "contact.note", note)
    if not _is_own(note, by):
        permit(by, "contact.delete_note", note)
    note = transaction.held(note)
    contact, pk = note.contact, note.pk
    note.delete()
    journal.record(events.CONTACT_NOTE_DELETED, contact, by=by, at=at, note_id=pk)


def _check_is_own(note: ContactNote, by: Actor) -> None:
    if not _is_own(note, by):
        raise Forbidden("this note is somebody else's")


def _is_own(note: ContactNote, by: Actor) -> bool:
    return by.kind == ActorKind.SYSTEM or (by.user_id is not None and note.author_id == by.user_id)
