"""To which mailbox a mail belongs, by the address that it was delivered to."""

from __future__ import annotations

from conversations.mail.limits import RAW
from conversations.models import Mailbox, MailboxAddress, MailboxState

LARGEST = RAW
"""Bytes of a mail that is kept whole."""


def mailbox_of(address: str) -> Mailbox | None:
    """The mailbox of an address or an alias, with or without something behind a plus; in all workspaces."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    names = {f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"}
    rows = MailboxAddress.all_workspaces.filter(address__in=names)  # an address belongs to one of the installation
    found = rows.exclude(mailbox__state=MailboxState.DELETED).select_related("mailbox__workspace").order_by("-address")
    exact = sorted(found, key=lambda row: row.address != f"{local}@{domain}")
    return exact[0].mailbox if exact else None
