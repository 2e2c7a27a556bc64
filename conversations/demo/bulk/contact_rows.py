"""The rows of contacts, as COPY takes them."""

from __future__ import annotations

from typing import Final

from conversations.demo.bulk.copytext import DAY, NULL, moment, text
from conversations.demo.bulk.journal import Journal
from conversations.demo.bulk.plan import SPAN, Place
from conversations.demo.bulk.texts import tokens_of

CONTACT: Final = (
    "id", "workspace_id", "public_id", "external_id", "email", "name", "first_name", "last_name", "company", "avatar_url",
    "traits", "identity_source", "is_verified", "created_at", "updated_at", "tokens",
)  # fmt: skip


def made(place: Place, first: int, end: int) -> tuple[list[str], list[str]]:
    """The contacts from one place to another, and their events. All of them were known before the first conversation."""
    journal, rows = Journal(place), []
    for number in range(first, end):
        one = place.customers.customer(number)
        pk, at = place.ids.contact + number, place.now - SPAN - DAY + number * DAY // place.customers.count
        tokens = tokens_of(one.name, one.email, one.company, one.external_id)
        is_verified = "t" if one.email else "f"
        rows.append(
            f"{pk}\t{place.workspace_id}\t{one.public_id}\t{one.external_id or NULL}\t{one.email}\t{one.name}"
            f"\t{one.first_name}\t{one.last_name}\t{one.company}\t\t{{}}\theaders\t{is_verified}\t{moment(at)}\t{moment(at)}"
            f"\t{text(tokens)}"
        )
        journal.contact_created(pk, at)
    return rows, journal.rows(place.ids.contact_event + first)
