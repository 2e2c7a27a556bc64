"""Whether the assistant may work for a workspace: sending data outside needs approval, and costs must fit the budget.

Every door asks `refusal` first, and words the reason itself.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import Sum

from accounts import tenancy
from accounts.models import Workspace
from conversations.assistant import choice as choices
from conversations.models import Suggestion


class Refusal(StrEnum):
    """Why the assistant may not work for a workspace."""

    NOT_APPROVED = "not_approved"
    BUDGET_USED_UP = "quota_limit_exceeded"


def refusal(workspace: Workspace, at: datetime) -> Refusal | None:
    """Why the assistant may not work now; None where it may. The built-in engine is never refused."""
    chosen = choices.choice(workspace)
    if not chosen.is_allowed:
        return Refusal.NOT_APPROVED
    if chosen.is_outside and chosen.budget is not None and spent(workspace, at) >= chosen.budget:
        return Refusal.BUDGET_USED_UP
    return None


def spent(workspace: Workspace, at: datetime) -> Decimal:
    """What has been spent since the calendar month began in the workspace's time zone, in the operator's currency."""
    began = at.astimezone(workspace.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with tenancy.everything():  # the budget is the workspace's, whoever asks
        rows = Suggestion.objects.filter(created_at__gte=began, cost__gt=0)
        return rows.aggregate(total=Sum("cost"))["total"] or Decimal(0)
