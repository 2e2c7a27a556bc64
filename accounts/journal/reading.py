"""Reading the journal of one row."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Event
from accounts.tenancy import TenantModel


def lines_of(row: TenantModel) -> QuerySet[Event]:
    """What the journal tells of a row, in no order."""
    return Event.objects.filter(workspace_id=row.workspace_id, subject_type=row._meta.model_name, subject_id=row.pk)
