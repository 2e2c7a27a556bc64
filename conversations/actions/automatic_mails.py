"""The budget of mails that no person wrote: how many an address gets, and how many a workspace sends to addresses that are only stated."""

from __future__ import annotations

from datetime import datetime, timedelta

from conversations.models import AutomaticMail, SuppressedAddress

MOST_A_DAY = 3
"""How many mails that no person wrote an address gets in 24 hours: two programs that answer each other stop there."""
MOST_AN_HOUR = 60
"""How many mails of a kind a workspace sends in an hour that anybody can have sent to anybody."""


def may_send(address: str, at: datetime) -> bool:
    """Whether the address may get another mail that no person wrote."""
    if SuppressedAddress.objects.filter(address=address).exists():
        return False
    rows = AutomaticMail.objects.filter(address=address, sent_at__gte=at - timedelta(days=1)).exclude(kind="received")
    return rows.count() < MOST_A_DAY


def may_send_to_anybody(kind: str, at: datetime) -> bool:
    """Whether the workspace may send another mail of a kind that strangers can have sent to addresses of their choice."""
    rows = AutomaticMail.objects.filter(kind=kind, sent_at__gte=at - timedelta(hours=1))
    return rows.count() < MOST_AN_HOUR


def note_sent(workspace_id: int, address: str, kind: str, at: datetime) -> None:
    """Count a mail that no person wrote."""
    AutomaticMail.objects.create(workspace_id=workspace_id, address=address, kind=kind, sent_at=at)
