"""Erasing a contact: it is asked for, then carried out in steps that may be repeated; and handing their data out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q
from procrastinate.contrib.django import app

from accounts import journal, transaction
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import forgetting
from conversations.models import (
    AssistantThread,
    ChatSession,
    Contact,
    Conversation,
    DiscordThread,
    Erasure,
    ErasureState,
)
from conversations.privacy import contents
from conversations.queries import conversations as queries
from tickets import actions as ticket_actions
from tickets.models import Ticket

JOB = "erase_contact"
_ANSWERS = """
    DELETE FROM accounts_idempotentrequest WHERE workspace_id = %s
    AND EXISTS (SELECT FROM unnest(%s::bytea[]) AS named WHERE position(named IN body) > 0)
"""


@transaction.atomic
def request_erasure(*, contact: Contact, by: Actor, at: datetime) -> Erasure:
    """Have all that is known of a contact erased; of one that was merged, all of the one that has it. Repeated, it is the same one."""
    permit(by, "contact.erase", contact)
    contact = transaction.held(queries.present(contact))
    known = Erasure.objects.filter(contact=contact).first()
    if known is not None and known.state != ErasureState.DONE:
        return known
    if known is None:
        known = Erasure(contact=contact, workspace_id=contact.workspace_id)
    known.state, known.reached, known.created_at, known.finished_at = ErasureState.WAITING, 0, at, None
    known.requested_by_id, known.counts = by.user_id, {}
    known.save()
    journal.record(events.CONTACT_ERASURE_REQUESTED, contact, by=by, at=at, erasure_id=known.pk)
    app.configure_task(JOB).defer(workspace_id=contact.workspace_id, erasure_id=known.pk)
    return known


@transaction.atomic
def erase_details(*, erasure: Erasure, by: Actor, at: datetime) -> Erasure:
    """The first step: who the contact is, and by what they would be found again."""
    permit(by, "contact.erase", erasure)
    erasure = transaction.held(erasure)
    if erasure.state != ErasureState.WAITING:
        return erasure
    contact = Contact.objects.get(pk=erasure.contact_id)
    contents.links_to(contents.addresses_of(contact))
    _hold_sessions(contact)
    contacts = contents.people(contact)
    known = contents.addresses(contacts)
    # Of the conversations themselves `erase_conversation` forgets the words; here those of the contact's own row.
    learned = forgetting.words_about(contact.workspace_id, [row.pk for row in contacts])
    _forget_answers(contact, [*known, *(row.external_id for row in contacts if row.external_id)])
    contents.details(contacts, at)
    mails, files = contents.mails_of(known, at)
    contents.mentions(known, contact)
    contents.lists_with(known)
    files += contents.drafts_to(known)
    forgetting.forget(contact.workspace_id, learned)
    erasure.state = ErasureState.RUNNING
    erasure.counts = {"conversations": 0, "messages": 0, "files": files, "mails": mails, "tickets": 0}
    erasure.save(update_fields=["state", "counts"])
    journal.record(events.CONTACT_UPDATED, contact, by=by, at=at, fields=["erased"])
    return erasure


@transaction.atomic
def erase_conversation(*, erasure: Erasure, conversation: Conversation, by: Actor, at: datetime) -> Erasure:
    """One step: the content of a conversation, of the mails that forwarded it, and of its ticket as far as that is this customer's alone."""
    permit(by, "contact.erase", erasure)
    list(AssistantThread.objects.select_for_update(no_key=True).filter(conversation=conversation).order_by("pk"))
    list(DiscordThread.objects.select_for_update(no_key=True).filter(conversation=conversation).order_by("pk"))
    copies = contents.forwards_of(conversation)
    held = _held(conversation, copies)
    row = held.pop(conversation.pk, None)
    erasure = transaction.held(erasure)
    people = contents.ids_of(Contact.objects.get(pk=erasure.contact_id))
    if row is None or row.contact_id not in people or erasure.reached >= row.pk:
        return erasure
    learned = forgetting.words_in(row.workspace_id, [row.pk, *held])
    found = contents.conversation(row, at)
    for copy in held.values():
        counts = contents.forwarded(copy, at)
        for name, count in counts.items():
            found[name] += count
        _record(copy, erasure, counts, by=by, at=at)
    found["tickets"] = int(_erase_ticket(row, people, by=by, at=at))
    contents.about(row)
    forgetting.forget(row.workspace_id, learned)
    for name, count in {**found, "conversations": 1}.items():
        erasure.counts[name] = erasure.counts.get(name, 0) + count
    erasure.reached = row.pk
    erasure.save(update_fields=["reached", "counts"])
    _record(row, erasure, found, by=by, at=at)
    return erasure


@transaction.atomic
def finish_erasure(*, erasure: Erasure, by: Actor, at: datetime) -> Erasure:
    """The last step: what the person wrote in conversations of others. Raises Conflict while some of their own are left."""
    permit(by, "contact.erase", erasure)
    erasure = transaction.held(erasure)
    if erasure.state != ErasureState.RUNNING:
        return erasure
    contact = Contact.objects.get(pk=erasure.contact_id)
    if contents.conversations_of(contact).filter(pk__gt=erasure.reached).exists():
        raise Conflict("some conversations are left", code="unfinished")
    contacts = contents.people(contact)
    elsewhere = contents.written_elsewhere(contacts)
    learned = forgetting.words_in(contact.workspace_id, {row.conversation_id for row in elsewhere})
    for name, count in contents.messages_elsewhere(elsewhere, at).items():
        erasure.counts[name] = erasure.counts.get(name, 0) + count
    forgetting.forget(contact.workspace_id, learned)
    erasure.state, erasure.finished_at = ErasureState.DONE, at
    erasure.save(update_fields=["state", "finished_at", "counts"])
    journal.record(events.CONTACT_ERASED, contact, by=by, at=at, erasure_id=erasure.pk)
    return erasure


@transaction.atomic
def export_contact(*, contact: Contact, by: Actor, at: datetime) -> Contact:
    """Let somebody have all that is known of a contact, and record that they had it; `export` writes it."""
    permit(by, "contact.export", contact)
    contact = queries.present(contact)
    journal.record(events.CONTACT_EXPORTED, contact, by=by, at=at)
    return contact


def _held(conversation: Conversation, others: Sequence[int]) -> dict[int, Conversation]:
    """It and others by their ids, held in the order of these, as everywhere."""
    # Spans workspaces: it names its own; one in the Trash is erased, too.
    rows = Conversation.all_workspaces.select_for_update(no_key=True, of=("self",))
    found = rows.filter(workspace=conversation.workspace_id, pk__in=[conversation.pk, *others]).order_by("pk")
    return {row.pk: row for row in found}


def _record(row: Conversation, erasure: Erasure, found: Mapping[str, int], *, by: Actor, at: datetime) -> None:
    journal.record(
        events.CONVERSATION_ERASED,
        row,
        by=by,
        at=at,
        erasure_id=erasure.pk,
        message_count=found["messages"],
        file_count=found["files"],
    )


def _hold_sessions(contact: Contact) -> None:
    """Chat sessions before the contact, as everywhere."""
    rows = ChatSession.objects.select_for_update(no_key=True)
    list(rows.filter(Q(contact=contact.pk) | Q(contact__merged_into=contact.pk)).order_by("pk"))


def _forget_answers(contact: Contact, names: list[str]) -> None:
    """Answers that are kept for repeated requests, of what named the person in the last day."""
    ids = contents.conversations_of(contact).order_by("-pk").values_list("public_id", flat=True)[:1000]
    needles = [*names, str(contact.public_id), *map(str, ids)]
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, [contact.workspace_id, [one.encode() for one in needles if one]])


def _erase_ticket(row: Conversation, people: Sequence[int], *, by: Actor, at: datetime) -> bool:
    """A ticket that other customers have conversations in keeps what is theirs. Says whether there is one."""
    ticket_id = contents.ticket_of(row)
    ticket = Ticket.objects.filter(pk=ticket_id).first() if ticket_id is not None else None
    if ticket is None:
        return False
    ticket_actions.erase(ticket=ticket, is_shared=contents.is_shared(ticket, people), by=by, at=at)
    return True
