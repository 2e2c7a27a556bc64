"""What a contact is also found by: kept with the row, so that search needs to read no other."""

from __future__ import annotations

from datetime import datetime

from conversations.models import Contact, ContactAddress


def refresh(contact: Contact, at: datetime) -> None:
    """Put the other addresses of a held contact, and the ids and names of those that were merged into it, into its words."""
    found = [*ContactAddress.objects.filter(contact=contact).order_by("pk").values_list("value", flat=True)]
    merged = Contact.objects.filter(merged_into=contact).order_by("pk")
    for row in merged.values_list("external_id", "name", "email"):
        found += [text for text in row if text]
    contact.aliases, contact.updated_at = "\n".join(dict.fromkeys(found)), at
    contact.save(update_fields=["aliases", "updated_at"])
