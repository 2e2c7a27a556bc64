"""Addresses that get no more mail, noted as servers refuse them."""

from __future__ import annotations

from contextlib import suppress

from accounts import clock, tenancy
from accounts.errors import Invalid
from accounts.permissions import Actor
from conversations.channels.email.actions import senders


def note(address: str, reason: str, code: str) -> None:
    """Send the address nothing more: its server refuses it for good."""
    workspace = tenancy.current()
    by = Actor.system(workspace.pk, name="Email")
    with suppress(Invalid):  # not an address that the desk would send to
        senders.suppress(workspace=workspace, address=address, reason=reason, code=code, by=by, at=clock.now())
