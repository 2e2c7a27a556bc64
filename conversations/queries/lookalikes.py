"""Comparing contacts: what they have in common is kept as numbers (`ContactKey`), by which the list of possible duplicates finds them."""

from __future__ import annotations

from typing import Any

from django.db import connection

from accounts import transaction
from accounts.tenancy import current
from conversations.models import ContactKey, ContactToCompare

TRAIT_IDS = ("user_id", "userId", "customer_id", "customerId", "account_id", "accountId")
"""Traits by which a caller names the same person."""
STEP = 500
"""Contacts that are compared in one transaction."""


@transaction.atomic
def compare(most: int = STEP) -> int:
    """Compare some of the workspace's contacts that wait for it, the oldest first. Returns how many waited; one worker at a time does so."""
    workspace = current().pk
    transaction.hold_name(workspace, "lookalikes")
    waiting = dict(ContactToCompare.objects.order_by("pk").values_list("pk", "row_id")[:most])
    if waiting:
        ContactToCompare.objects.filter(pk__in=[*waiting]).delete()
        _keep(workspace, sorted({*waiting.values()}))
    return len(waiting)


def _keep(workspace: int, contacts: list[int]) -> None:
    """Keep the keys that these contacts have now, and which of all contacts' keys are shared by that."""
    values: dict[str, Any] = {"workspace": workspace, "contacts": contacts, "traits": [*TRAIT_IDS]}
    known = ContactKey.objects.filter(contact__in=contacts).order_by("pk")
    before = {
        (contact, kind, number): pk for pk, contact, kind, number in known.values_list("pk", "contact", "kind", "hash")
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, values)
        after = {*cursor.fetchall()}
        gone, new = before.keys() - after, sorted(after - before.keys())
        if gone:
            ContactKey.objects.filter(pk__in=[before[key] for key in gone]).delete()
        ContactKey.objects.bulk_create(
            ContactKey(workspace_id=workspace, contact_id=contact, kind=kind, hash=number)
            for contact, kind, number in new
        )
        if touched := sorted({number for *_, number in [*gone, *new]}):
            cursor.execute(_SHARED, {"workspace": workspace, "hashes": touched})


# A key of each rule by which two are alike. An address is the same whether it is the main one or another.
_KEYS = """
WITH present AS (
    SELECT id, email, name, company, external_id, traits FROM conversations_contact
    WHERE workspace_id = %(workspace)s AND id = ANY(%(contacts)s) AND merged_into_id IS NULL AND erased_at IS NULL
)
SELECT id, 0, hashtextextended(external_id, 3) FROM present WHERE external_id IS NOT NULL
UNION
SELECT id, 1, hashtextextended(email, 1) FROM present WHERE email <> ''
UNION
SELECT present.id, CASE kind WHEN 'email' THEN 1 ELSE 2 END, hashtextextended(value, CASE kind WHEN 'email' THEN 1 ELSE 2 END)
FROM present JOIN conversations_contactaddress AS address ON address.contact_id = present.id
WHERE address.workspace_id = %(workspace)s
UNION
SELECT id, 3, hashtextextended(traits ->> trait, 3) FROM present CROSS JOIN LATERAL unnest(%(traits)s::text[]) AS trait
WHERE traits ->> trait <> ''
UNION
SELECT id, 4, hashtextextended(lower(name), hashtextextended(lower(company), 4)) FROM present WHERE name <> '' AND company <> ''
"""

# An id that a trait names is shared with the contact who has it, everything else with those who have the same.
_SHARED = """
UPDATE conversations_contactkey AS key SET is_shared = found.is_shared
FROM (
    SELECT own.id, own.kind <> 0 AND EXISTS (
        SELECT FROM conversations_contactkey AS other
        WHERE other.workspace_id = %(workspace)s AND other.hash = own.hash AND other.contact_id <> own.contact_id
            AND other.kind = CASE own.kind WHEN 3 THEN 0 ELSE own.kind END
    ) AS is_shared
    FROM conversations_contactkey AS own WHERE own.workspace_id = %(workspace)s AND own.hash = ANY(%(hashes)s)
) AS found
WHERE key.workspace_id = %(workspace)s AND key.id = found.id AND key.is_shared <> found.is_shared
"""
