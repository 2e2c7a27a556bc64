"""Which contacts may be one person: of the same address, phone, id in their traits, or name and company."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from accounts.tenancy import current
from conversations.models import Contact, ContactAddress, DistinctContacts
from conversations.models.contact import ERASED
from conversations.queries import offered

PAGE = 25
MOST_SUGGESTED = 5
TRAIT_IDS = ("user_id", "userId", "customer_id", "customerId", "account_id", "accountId")
"""Traits by which a caller names the same person."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A contact who may be the same person, and why: `address`, `phone`, `id` or `name`."""

    contact: Contact
    reason: str


def duplicates(contact: Contact) -> list[Duplicate]:
    """Who may be the same person as a contact, the surest first, without those who were told apart."""
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
    if contact.name and contact.name != ERASED and contact.company:
        yield (
            "name",
            others.alias(lower=Lower("name"))
            .filter(lower=contact.name.lower(), company__iexact=contact.company)
            .exclude(name=""),
        )


def _apart_from(contact: Contact) -> list[int]:
    """Those of whom a member said that they are another person."""
    rows = DistinctContacts.objects.filter(Q(first=contact) | Q(second=contact)).order_by("pk")
    return [second if first == contact.pk else first for first, second in rows.values_list("first", "second")]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts who may be one person, and why."""

    one: Contact
    other: Contact
    reason: str


def pairs(before: int | None = None) -> tuple[list[Pair], int | None]:
    """A page of who may be one person in the whole workspace, by the same rules, the newest contacts first; and where the next begins.

    Of many who are alike each is named once, beside the one of them who would stay. Two queries.
    """
    workspace = current().pk
    values: dict[str, Any] = {"workspace": workspace, "traits": [*TRAIT_IDS], "before": before, "limit": PAGE + 1}
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, values)
        found = cursor.fetchall()
    shown = found[:PAGE]
    rows = Contact.objects.select_related("organization").in_bulk(
        {pk for one, other, _ in shown for pk in (one, other)}
    )
    listed = [Pair(rows[one], rows[other], reason) for one, other, reason in shown if one in rows and other in rows]
    return listed, shown[-1][0] if len(found) > PAGE else None


# Each rule is one walk through the workspace's contacts: what several share is found by numbers made of it, which are quick to group.
# Of those who are alike, the one who would stay is the first (see `pair`), and each of the others makes a pair with that one.
_PAIRS = """
WITH present AS NOT MATERIALIZED (
    SELECT id, email, name, company, external_id, traits, is_verified FROM conversations_contact
    WHERE workspace_id = %(workspace)s AND merged_into_id IS NULL AND erased_at IS NULL
), keys AS NOT MATERIALIZED (
    SELECT 1 AS rank, hashtextextended(email, 1) AS hash, id FROM present WHERE email <> ''
    UNION ALL
    SELECT CASE kind WHEN 'email' THEN 1 ELSE 2 END, hashtextextended(value, CASE kind WHEN 'email' THEN 1 ELSE 2 END), present.id
    FROM conversations_contactaddress AS address JOIN present ON present.id = address.contact_id
    WHERE address.workspace_id = %(workspace)s
    UNION ALL
    SELECT 4, hashtextextended(lower(name), hashtextextended(lower(company), 4)), id FROM present
    WHERE name <> '' AND company <> ''
), shared AS (
    SELECT hash FROM keys GROUP BY hash HAVING count(*) > 1
), alike AS (
    SELECT keys.rank, keys.id, first_value(keys.id) OVER (PARTITION BY keys.rank, keys.hash
        ORDER BY present.is_verified DESC, (present.external_id IS NOT NULL) DESC, keys.id) AS first
    FROM shared JOIN keys ON keys.hash = shared.hash JOIN present ON present.id = keys.id
), found AS (
    SELECT rank, id, first FROM alike WHERE id <> first
    UNION ALL
    SELECT 3, present.id, named.id
    FROM present CROSS JOIN LATERAL unnest(%(traits)s::text[]) AS trait
    JOIN present AS named ON named.external_id = present.traits ->> trait AND named.id <> present.id
    WHERE present.traits <> '{}'
), pairs AS (
    -- Two are one pair, whichever rules say so: by the surest.
    SELECT DISTINCT ON (least(id, first), greatest(id, first)) id AS one, first AS other, rank
    FROM found ORDER BY least(id, first), greatest(id, first), rank
), newest AS (
    -- Each contact once, with the surest of the others.
    SELECT DISTINCT ON (one) one, other, rank FROM pairs
    WHERE (%(before)s::bigint IS NULL OR one < %(before)s) AND NOT EXISTS (
        SELECT FROM conversations_distinctcontacts AS apart
        WHERE apart.workspace_id = %(workspace)s
            AND apart.first_id = least(one, other) AND apart.second_id = greatest(one, other)
    )
    ORDER BY one DESC, rank, other
    LIMIT %(limit)s
)
SELECT one, other, (ARRAY['address', 'phone', 'id', 'name'])[rank] FROM newest ORDER BY one DESC
"""


def pair(one: Contact, other: Contact) -> tuple[Contact, Contact]:
    """Which of two is merged into which: the verified one stays, else the one with an id of its own, else the older."""

    def weight(row: Contact) -> tuple[bool, bool, int]:
        return (row.is_verified, row.external_id is not None, -row.pk)

    return (one, other) if weight(other) > weight(one) else (other, one)
