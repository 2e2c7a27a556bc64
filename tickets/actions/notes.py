"""The verbs of a ticket's own notes. Their authors change and delete them; admins delete those of others, too."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from accounts import journal, transaction
from accounts.errors import Forbidden, Invalid
from accounts.permissions import Actor, may, permit
from accounts.text import is_blank
from tickets import events
from tickets.attributes import can_be_kept
from tickets.models import Ticket, TicketNote, TicketNoteVersion

LONGEST = 20_000
"""Characters of a note."""
REPEAT_WITHIN = timedelta(seconds=60)
"""For how long the same text by the same author counts as the same note or message, sent twice by accident."""


@transaction.atomic
def add_note(
    *, ticket: Ticket, body: str, metadata: dict[str, Any] | None = None, by: Actor, at: datetime
) -> tuple[TicketNote, bool]:
    """Note something about a ticket; False with the original for an immediate repeat. Raises Invalid for a blank or too long text."""
    permit(by, "ticket.update", ticket)
    _check(body)
    ticket = transaction.held(ticket)
    if (before := _repeated(ticket, body, by=by, at=at)) is not None:
        return before, False
    note = TicketNote.objects.create(
        public_id=uuid.uuid4(),
        ticket=ticket,
        body=body,
        metadata=metadata,
        author_id=by.user_id,
        author_name=(by.name or by.email)[:400],
        created_at=at,
    )
    journal.record(events.TICKET_NOTE_ADDED, ticket, by=by, at=at, note_id=note.pk)
    return note, True


@transaction.atomic
def edit_note(
    *, note: TicketNote, body: str, metadata: dict[str, Any] | None = None, by: Actor, at: datetime
) -> TicketNote:
    """Change a note's text, with which its metadata go unless new ones are given; the text before is kept for owners and admins. Raises Invalid for a blank or too long text, and Forbidden for one of somebody else."""
    permit(by, "ticket.update", note)
    _check_author(note, by)
    _check(body)
    note = transaction.held(note)
    metadata = note.metadata if metadata is None and note.body == body else metadata
    if (note.body, note.metadata) == (body, metadata):
        return note
    if note.body != body:
        TicketNoteVersion.objects.create(
            workspace_id=note.workspace_id, note=note, body=note.body, replaced_by_id=by.user_id, replaced_at=at
        )
    note.body, note.metadata, note.edited_at = body, metadata, at
    note.save(update_fields=["body", "metadata", "edited_at"])
    journal.record(events.TICKET_NOTE_EDITED, note.ticket, by=by, at=at, note_id=note.pk)
    return note


@transaction.atomic
def delete_note(*, note: TicketNote, by: Actor, at: datetime) -> None:
    """Delete a note for good; the history keeps that there was one. Raises Forbidden for one of somebody else, unless `by` may delete those."""
    permit(by, "ticket.update", note)
    if not may(by, "ticket.delete_note"):
        _check_author(note, by)
    note = transaction.held(note)
    ticket, pk = note.ticket, note.pk
    note.delete()
    journal.record(events.TICKET_NOTE_DELETED, ticket, by=by, at=at, note_id=pk)


def _check(body: str) -> None:
    if is_blank(body):
        raise Invalid("body must not be blank", field="body", code="blank")
    if len(body) > LONGEST:
        raise Invalid(f"body has at most {LONGEST} characters", field="body", code="too_long")
    if not can_be_kept(body):
        raise Invalid("body contains characters that are not text", field="body", code="not_text")


def _check_author(note: TicketNote, by: Actor) -> None:
    """A member changes what they wrote; what a program wrote is everybody's. Doors of programs check it by themselves."""
    if by.user_id is not None and note.author_id not in (None, by.user_id):
        raise Forbidden("only its author can change a note")


def _repeated(ticket: Ticket, body: str, *, by: Actor, at: datetime) -> TicketNote | None:
    """What the actor noted a moment ago, if it is the same. A repeat at the same time has waited for the ticket's lock."""
    lines = journal.lines_of(ticket).filter(type=events.TICKET_NOTE_ADDED.name, at__gte=at - REPEAT_WITHIN)
    ids = [line.data["note_id"] for line in lines.filter(actor_kind=by.kind, actor_id=by.id).order_by("-id")[:20]]
    return TicketNote.objects.filter(pk__in=ids, ticket=ticket, body=body).order_by("-pk").first() if ids else None
