"""Which contacts may be one person: of the same address, phone, id in their traits, or name and company."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from accounts.tenancy import current
from conversations.models import Contact, ContactAddress, ContactKey, DistinctContacts, KeyKind
from conversations.models.contact import ERASED
from conversations.queries import offered
from conversations.queries.lookalikes import TRAIT_IDS

PAGE = 25
MOST_SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A contact who may be the same person, and why: `address`, `phone`, `id` or `name`."""

    contact: Contact
    reason: str


def duplicates(contact: Contact) -> list[Duplicate]:
    """Who may be the same person as a contact, the surest first, without those who were marked as distinct."""
    if contact.erased_at is not None or contact.merged_into_id is not None:
        return []
    found: dict[int, Duplicate] = {}
    for reason, rows in _alike(contact):
        for row in rows[:MOST_SUGGESTED]:
            if len(found) < MOST_SUGGESTED:
                found.setdefault(row.pk, Duplicate(row, reason))
    return list(found.values())


def _alike(contact: Contact) -> Iterable[tuple[str, QuerySet[Contact]]]:
    others = offered.contacts().exclude(pk=contact.pk).exclude(pk__in=_apart_from(contact))
    others = others.select_related("organization").order_by("-is_verified", "pk")
    own = list(ContactAddress.objects.filter(contact=contact).order_by("pk").values_list("kind", "value")[:20])
    emails = [one for one in (contact.email, *(value for kind, value in own if kind == "email")) if one]
    phones = [value for kind, value in own if kind == "phone"]
    if emails:
        also = ContactAddress.objects.filter(contact=OuterRef("pk"), kind="email", value__in=emails)
        by_email = others.filter(email__in=emails, email__has_text=True)
        ids = ContactAddress.objects.filter(kind="email", value__in=emails).order_by().values("contact")
        yield "address", by_email
        yield "address", others.filter(Exists(also), pk__in=ids)
    if phones:
        yield "phone", others.filter(pk__in=ContactAddress.objects.filter(kind="phone", value__in=phones).order_by().values("contact"))  # fmt: skip
    named = [str(contact.traits[name]) for name in TRAIT_IDS if contact.traits.get(name)] if contact.traits else []
    if named:
        yield "id", others.filter(external_id__in=named)
    if contact.external_id:
        own_ids = ContactKey.objects.filter(contact=contact, kind=KeyKind.OWN_ID).order_by().values("hash")
        naming = ContactKey.objects.filter(kind=KeyKind.NAMED_ID, hash__in=own_ids).order_by().values("contact")
        yield "id", others.filter(pk__in=naming)
    if contact.name and contact.name != ERASED and contact.company:
        yield (
            "name",
            others.alias(lower=Lower("name"))
            .filter(lower=contact.name.lower(), company__iexact=contact.company)
            .exclude(name=""),
        )


def _apart_from(contact: Contact) -> list[int]:
    """Those who are marked as distinct from a contact."""
    rows = DistinctContacts.objects.filter(Q(first=contact) | Q(second=contact)).order_by("pk")
    return [second if first == contact.pk else first for first, second in rows.values_list("first", "second")]


def apart_from(contact: Contact, limit: int = 20) -> list[Contact]:
    """Those who were marked as distinct from a contact, of whom may be chosen, the newest first."""
    return list(offered.contacts().filter(pk__in=_apart_from(contact)).order_by("-pk")[:limit])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts who may be one person, and why."""

    one: Contact
    other: Contact
    reason: str


def pairs(before: int | None = None) -> tuple[list[Pair], int | None]:
    """A page of who may be one person in the whole workspace, by the same rules, the newest contacts first; and where the next begins.

    Of many who are alike each is named once, beside the one of them who would stay. It knows what the worker has compared, which
    follows a change within seconds. Two queries.
    """
    values: dict[str, Any] = {"workspace": current().pk, "before": before, "limit": PAGE + 1}
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, values)
        found = cursor.fetchall()
    shown = found[:PAGE]
    rows = Contact.objects.select_related("organization").in_bulk(
        {pk for one, other, _ in shown for pk in (one, other)}
    )
    listed = {
        frozenset((one, other)): Pair(rows[one], rows[other], reason)
        for one, other, reason in reversed(shown)  # two are one pair, whichever rules say so
        if one in rows and other in rows
    }
    return [*reversed(listed.values())], shown[-1][0] if len(found) > PAGE else None


# Contacts who share a key are read by an index, the newest first, until a page is full. Of those who have the same, the one who would stay is
# the first (see `pair`), and each of the others makes a pair with that one; of very many, the oldest hundred are looked at.
_PAIRS = """
SELECT shared.contact_id, best.other, (ARRAY['address', 'phone', 'id', 'name'])[best.kind]
FROM (
    SELECT DISTINCT contact_id FROM conversations_contactkey
    WHERE workspace_id = %(workspace)s AND is_shared AND (%(before)s::bigint IS NULL OR contact_id < %(before)s)
    ORDER BY contact_id DESC
) AS shared
CROSS JOIN LATERAL (
    -- The surest of the others.
    SELECT first.id AS other, own.kind
    FROM conversations_contactkey AS own
    JOIN conversations_contact AS one ON one.workspace_id = %(workspace)s AND one.id = own.contact_id
        AND one.merged_into_id IS NULL AND one.erased_at IS NULL
    CROSS JOIN LATERAL (
        SELECT present.id FROM (
            SELECT contact_id FROM conversations_contactkey AS same
            WHERE same.workspace_id = %(workspace)s AND same.hash = own.hash
                AND same.kind = CASE own.kind WHEN 3 THEN 0 ELSE own.kind END
            ORDER BY contact_id LIMIT 100
        ) AS same
        JOIN conversations_contact AS present ON present.workspace_id = %(workspace)s AND present.id = same.contact_id
            AND present.merged_into_id IS NULL AND present.erased_at IS NULL
        ORDER BY present.is_verified DESC, (present.external_id IS NOT NULL) DESC, present.id LIMIT 1
    ) AS first
    WHERE own.workspace_id = %(workspace)s AND own.contact_id = shared.contact_id AND own.is_shared AND first.id <> one.id
        AND NOT EXISTS (
            SELECT FROM conversations_distinctcontacts AS apart
            WHERE apart.workspace_id = %(workspace)s
                AND apart.first_id = least(one.id, first.id) AND apart.second_id = greatest(one.id, first.id)
        )
    ORDER BY own.kind, first.id LIMIT 1
) AS best
ORDER BY shared.contact_id DESC
LIMIT %(limit)s
"""


def pair(one: Contact, other: Contact) -> tuple[Contact, Contact]:
    """Which of two is merged into which: the verified one stays, else the one with an id of its own, else the older."""

    def weight(row: Contact) -> tuple[bool, bool, int]:
        return (row.is_verified, row.external_id is not None, -row.pk)

    return (one, other) if weight(other) > weight(one) else (other, one)
