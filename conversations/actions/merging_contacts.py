"""Merging two contacts that are one person, and taking that back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts import journal, transaction
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Event
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import aliases, taking_over
from conversations.models import (
    AddressKind,
    Channel,
    ChatSession,
    Contact,
    ContactAddress,
    ContactNote,
    Conversation,
    DiscordMember,
    DistinctContacts,
    Message,
)

MOST = 10_000
"""Conversations that merging moves at most."""
_FILLED = ("name", "first_name", "last_name", "email", "company", "avatar_url", "organization_id")


@transaction.atomic
def merge_contacts(*, contact: Contact, into: Contact, by: Actor, at: datetime) -> Contact:
    """Give all that a contact has to another one, whose gaps its details fill; it stays as a signpost to that one.

    Its ids and addresses lead to the other from then on. Where only it has an external id, the other gets it; where both have
    one, the other keeps its own. A browser that has proven nothing is signed out of chats that are not its own.
    Raises Invalid for the same contact, or a verified one into one that is not; Conflict with code `merged`, `erased` or
    `too_many`.
    """
    permit(by, "contact.merge", contact)
    permit(by, "contact.merge", into)
    if contact.pk == into.pk:
        raise Invalid("a customer cannot be merged into themselves", field="into")
    sessions = _sessions(contact, into)
    _hold_names(contact, into)
    contact, into = _both(contact, into)
    _check(contact, into)
    rows = taking_over.all_of(contact).order_by("pk")
    if rows[: MOST + 1].count() > MOST:
        raise Conflict(f"the customer has more than {MOST} conversations", code="too_many")
    conversations = taking_over.held(rows)
    undo = {
        "sessions": _move_sessions(sessions, contact, into, at),
        "filled": _fill(contact, into),
        "traits": _add_traits(contact, into),
        "keys": _add_attributes(contact, into),
        "adopted": _adopt(contact, into),
        "email": _keep_email(contact, into, at),
        **_move_rows(contact, into),
        **_move_messages(contact, into, conversations),
        "conversations": [row.pk for row in conversations],
        "redirected": _redirect(contact, into),
    }
    contact.merged_into, contact.updated_at = into, at
    contact.save(update_fields=["merged_into", "external_id", "updated_at"])
    into.updated_at = at
    into.save()
    aliases.refresh(into, at)
    taking_over.give(conversations, into, by=by, at=at)
    taking_over.name_in_tickets(conversations, into, at=at)
    journal.record(events.CONTACT_MERGED, contact, by=by, at=at, into_id=into.pk, undo=undo)
    journal.record(events.CONTACT_ABSORBED, into, by=by, at=at, merged_id=contact.pk)
    return into


@transaction.atomic
def undo_contact_merge(*, contact: Contact, by: Actor, at: datetime) -> Contact:
    """Take the last merge of a contact back: what came from it goes back to it; what has come since stays with the other.

    Raises NotFound for one that was not merged, and Conflict with code `changed_since` where either was erased, or the other
    was merged itself since.
    """
    permit(by, "contact.merge", contact)
    event = _merge_of(contact)
    into = Contact(pk=event.data["into_id"], workspace_id=contact.workspace_id)
    undo: dict[str, Any] = event.data["undo"]
    list(ChatSession.objects.select_for_update(no_key=True).filter(pk__in=undo["sessions"]["moved"]).order_by("pk"))
    _hold_names(contact)
    contact, into = _both(contact, into)
    if contact.merged_into_id != into.pk or contact.erased_at is not None or into.erased_at is not None:
        raise Conflict("one of the customers has changed since", code="changed_since")
    rows = taking_over.all_of(into).filter(pk__in=undo["conversations"]).order_by("pk")
    conversations = taking_over.held(rows)
    ChatSession.objects.filter(pk__in=undo["sessions"]["moved"], contact=into).update(contact=contact)
    _unfill(contact, into, undo)
    contact.merged_into, contact.updated_at = None, at
    if undo["adopted"] and into.external_id is not None:
        adopted, into.external_id = into.external_id, None
        into.save(update_fields=["external_id"])
        contact.external_id = adopted
    contact.save()
    into.save()
    for model, name in ((DiscordMember, "members"), (ContactAddress, "addresses"), (ContactNote, "notes")):
        model.objects.filter(pk__in=undo[name], contact=into).update(contact=contact)
    ContactAddress.objects.filter(pk__in=[undo["email"]] if undo["email"] else [], contact=into).delete()
    _messages_back(contact, into, conversations, undo)
    Contact.objects.filter(pk__in=undo["redirected"], merged_into=into).update(merged_into=contact)
    aliases.refresh(into, at)
    aliases.refresh(contact, at)
    taking_over.give(conversations, contact, by=by, at=at)
    taking_over.name_in_tickets(conversations, contact, at=at)
    for row, other in ((contact, into), (into, contact)):
        journal.record(events.CONTACT_MERGE_UNDONE, row, by=by, at=at, undone_id=event.pk, other_id=other.pk)
    return contact


@transaction.atomic
def tell_contacts_apart(*, contact: Contact, other: Contact, are_apart: bool = True, by: Actor, at: datetime) -> None:
    """Remember that two contacts are not one person, so that merging them is suggested no more; with `are_apart` off, forget it.

    Raises Invalid for the same contact.
    """
    permit(by, "contact.merge", contact)
    permit(by, "contact.merge", other)
    if contact.pk == other.pk:
        raise Invalid("a customer is the same person as themselves", field="other")
    first, second = sorted(_both(contact, other), key=lambda row: row.pk)
    known = DistinctContacts.objects.filter(first=first, second=second)
    if known.exists() == are_apart:
        return
    if are_apart:
        DistinctContacts.objects.create(first=first, second=second, created_at=at)
    else:
        known.delete()
    event = events.CONTACTS_TOLD_APART if are_apart else events.CONTACTS_NOT_TOLD_APART
    journal.record(event, contact, by=by, at=at, other_id=other.pk)


def _merge_of(contact: Contact) -> Event:
    rows = journal.lines_of(contact)
    event = rows.filter(type=events.CONTACT_MERGED.name).order_by("-pk").first()
    if event is None or contact.merged_into_id is None:
        raise NotFound("this customer was not merged")
    return event


def _check(contact: Contact, into: Contact) -> None:
    if contact.merged_into_id is not None or into.merged_into_id is not None:
        raise Conflict("one of the customers was merged by then", code="merged")
    if contact.erased_at is not None or into.erased_at is not None:
        raise Conflict("one of the customers was erased", code="erased")
    if contact.is_verified and not into.is_verified:
        raise Invalid("merge the one that is not verified into the one that is", field="into", code="unverified")


def _hold_names(*rows: Contact) -> None:
    """As `identify` does: callers who name one of them meanwhile wait."""
    names = {name for row in rows for name in (row.external_id, row.email) if name}
    transaction.hold_name(rows[0].workspace_id, *(f"contact {name}" for name in names))


def _both(one: Contact, other: Contact) -> tuple[Contact, Contact]:
    held = Contact.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=sorted({one.pk, other.pk}))
    rows = {row.pk: row for row in held.order_by("pk")}
    if len(rows) < 2:
        raise NotFound("this customer no longer exists")
    return rows[one.pk], rows[other.pk]


def _sessions(contact: Contact, into: Contact) -> list[ChatSession]:
    """The open chat sessions of both, held: before the contacts, as everywhere."""
    rows = ChatSession.objects.select_for_update(no_key=True).filter(contact__in=[contact, into], ended_at=None)
    return list(rows.order_by("pk"))


def _move_sessions(sessions: Sequence[ChatSession], contact: Contact, into: Contact, at: datetime) -> dict[str, Any]:
    """Those of the contact go along. What proves nothing shows nobody's chats but its own, and describes no verified contact."""
    has_chats = {
        row.pk: taking_over.all_of(row).filter(channel=Channel.CHAT).order_by().exists() for row in (contact, into)
    }
    ended, moved = [], []
    for one in sessions:
        is_own = one.contact_id == contact.pk
        other = into if is_own else contact
        if not one.is_verified and (has_chats[other.pk] or (is_own and into.is_verified)):
            ended.append(one.pk)
        elif is_own:
            moved.append(one.pk)
    ChatSession.objects.filter(pk__in=ended).update(ended_at=at)
    ChatSession.objects.filter(pk__in=moved).update(contact=into)
    return {"moved": moved, "ended": ended}


def _fill(contact: Contact, into: Contact) -> list[str]:
    filled = [field for field in _FILLED if getattr(contact, field) and not getattr(into, field)]
    if "name" not in filled:  # the parts are those of the name
        filled = [field for field in filled if field not in ("first_name", "last_name")]
    for field in filled:
        setattr(into, field, getattr(contact, field))
    return filled


def _add_traits(contact: Contact, into: Contact) -> list[int]:
    """Which of the contact's traits, by their place in order, the other did not have."""
    names = sorted(contact.traits) if isinstance(contact.traits, dict) else []
    added = [place for place, name in enumerate(names) if name not in into.traits]
    into.traits = {**into.traits, **{names[place]: contact.traits[names[place]] for place in added}}
    return added


def _add_attributes(contact: Contact, into: Contact) -> list[str]:
    keys = sorted(contact.attributes.keys() - into.attributes.keys())
    into.attributes = {**into.attributes, **{key: contact.attributes[key] for key in keys}}
    return keys


def _adopt(contact: Contact, into: Contact) -> bool:
    """Whether the other has got the contact's external id."""
    if contact.external_id is None or into.external_id is not None:
        return False
    adopted, contact.external_id = contact.external_id, None
    contact.save(update_fields=["external_id"])
    into.external_id = adopted
    return True


def _keep_email(contact: Contact, into: Contact, at: datetime) -> int | None:
    """The other address that the contact's own becomes, if it is another one."""
    if not contact.email or contact.email == into.email:
        return None
    known = ContactAddress.objects.filter(kind=AddressKind.EMAIL, value=contact.email)
    if known.filter(contact__in=[contact, into]).exists():
        return None
    row = ContactAddress.objects.create(
        contact=into,
        kind=AddressKind.EMAIL,
        value=contact.email,
        is_verified=contact.is_verified and not known.filter(is_verified=True).exists(),
        created_at=at,
    )
    return row.pk


def _move_rows(contact: Contact, into: Contact) -> dict[str, list[int]]:
    """Addresses that the other has stay, and lead nowhere else."""
    own = ContactAddress.objects.filter(contact=into).values_list("kind", "value")
    same = Q()
    for kind, value in own:
        same |= Q(kind=kind, value=value)
    addresses = ContactAddress.objects.filter(contact=contact)
    moved = {
        "addresses": [*(addresses.exclude(same) if same else addresses).order_by("pk").values_list("pk", flat=True)],
        "notes": [*ContactNote.objects.filter(contact=contact).order_by("pk").values_list("pk", flat=True)],
        "members": [*DiscordMember.objects.filter(contact=contact).order_by("pk").values_list("pk", flat=True)],
    }
    for model, name in ((DiscordMember, "members"), (ContactAddress, "addresses"), (ContactNote, "notes")):
        model.objects.filter(pk__in=moved[name]).update(contact=into)
    return moved


def _move_messages(contact: Contact, into: Contact, conversations: Sequence[Conversation]) -> dict[str, Any]:
    """The messages that the contact wrote are the other's; `last` is the last one of before, `theirs` what was the other's before."""
    in_theirs = Message.objects.filter(conversation__in=conversations)
    theirs = [*in_theirs.filter(sender_contact=into).order_by("pk").values_list("pk", flat=True)]
    last = in_theirs.order_by("-pk").values_list("pk", flat=True).first() or 0
    in_theirs.filter(sender_contact=contact).update(sender_contact=into, sender_reference=into.reference)
    # Of those in the conversations of others, and of the other themselves, nothing but the id is kept.
    strangers = [*_elsewhere(contact, into).values_list("pk", flat=True)]
    Message.objects.filter(pk__in=strangers).update(sender_contact=into, sender_reference=into.reference)
    return {"last": last, "theirs": theirs, "strangers": strangers}


def _elsewhere(contact: Contact, into: Contact) -> Any:
    """What the contact wrote in the other's conversations, where the two were two senders."""
    rows = Message.objects.filter(conversation__contact=into, sender_contact=contact)
    return rows.order_by("pk")


def _messages_back(
    contact: Contact, into: Contact, conversations: Sequence[Conversation], undo: dict[str, Any]
) -> None:
    mine = {"sender_contact": contact, "sender_reference": contact.reference}
    rows = Message.objects.filter(conversation__in=conversations, sender_contact=into, pk__lte=undo["last"])
    rows.exclude(pk__in=undo["theirs"]).update(**mine)
    Message.objects.filter(pk__in=undo["strangers"], sender_contact=into).update(**mine)


def _redirect(contact: Contact, into: Contact) -> list[int]:
    """Those that were merged into the contact lead to the other at once."""
    rows = Contact.objects.filter(merged_into=contact)
    found = [*rows.order_by("pk").values_list("pk", flat=True)]
    rows.update(merged_into=into)
    return found


def _unfill(contact: Contact, into: Contact, undo: dict[str, Any]) -> None:
    """Take from the other what the contact's details had filled, unless it was changed since."""
    for field in undo["filled"]:
        if getattr(into, field) == getattr(contact, field):
            setattr(into, field, None if field == "organization_id" else "")
    names = sorted(contact.traits) if isinstance(contact.traits, dict) else []
    added = {names[place] for place in undo["traits"] if place < len(names)}
    into.traits = {
        name: value for name, value in into.traits.items() if not (name in added and contact.traits.get(name) == value)
    }
    into.attributes = {
        key: value
        for key, value in into.attributes.items()
        if not (key in undo["keys"] and contact.attributes.get(key) == value)
    }
