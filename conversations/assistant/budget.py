"""What the assistant may spend: the costs in the ledger since the month began, against the workspace's budget."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from accounts.models import Workspace
from conversations.assistant import choice as choices
from conversations.models import Suggestion


def month_began(workspace: Workspace, at: datetime) -> datetime:
    """The first moment of the calendar month, in the workspace's time zone."""
    return at.astimezone(workspace.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def spent(workspace: Workspace, at: datetime) -> Decimal:
    """What has been spent since the month began, in the operator's currency."""
    rows = Suggestion.objects.filter(created_at__gte=month_began(workspace, at), cost__gt=0)
    return rows.aggregate(total=Sum("cost"))["total"] or Decimal(0)


def is_used_up(workspace: Workspace, at: datetime) -> bool:
    """Whether nothing more may be spent. The built-in engine costs nothing and is never stopped."""
    chosen = choices.choice(workspace)
    return chosen.is_outside and chosen.budget is not None and spent(workspace, at) >= chosen.budget
