"""How many messages the team has not read yet, over all tickets that are not resolved: queried often, hence cached.

The cache is shared by all processes. The verbs that change the sum drop it once their transaction is committed; after
a restore or a failure of the cache it is right again within half a minute.
"""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.db import transaction
from django.db.models import Sum

from accounts.tenancy import current
from tickets.models import Ticket, TicketStatus

logger = logging.getLogger(__name__)

KEPT_FOR = 30  # seconds


def total() -> int:
    """The sum for the open scope's workspace."""
    workspace_id = current().pk
    try:
        # A cache in the database may fail, and must not spoil the transaction around it.
        with transaction.atomic():
            known = cache.get(_key(workspace_id))
    except Exception:
        logger.warning("unread_cache_unreadable workspace=%s", workspace_id)
        known = None
    if isinstance(known, int):
        return known
    rows = Ticket.objects.exclude(status=TicketStatus.RESOLVED).filter(unread_team_count__gt=0)
    value = int(rows.aggregate(total=Sum("unread_team_count"))["total"] or 0)
    try:
        with transaction.atomic():
            cache.set(_key(workspace_id), value, KEPT_FOR)
    except Exception:
        logger.warning("unread_cache_unwritable workspace=%s", workspace_id)
    return value


def forget(workspace_id: int) -> None:
    """Drop the cached sum when the open transaction is committed. Called by the verbs that change it."""
    transaction.on_commit(lambda: _drop(workspace_id), robust=True)


def _drop(workspace_id: int) -> None:
    try:
        cache.delete(_key(workspace_id))
    except Exception:
        logger.warning("unread_cache_undeletable workspace=%s", workspace_id)


def _key(workspace_id: int) -> str:
    return f"tickets.unread.{workspace_id}"
