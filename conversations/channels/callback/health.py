"""What became of what was sent with callback forms, and how many calls are overdue."""

from __future__ import annotations

from datetime import datetime

from conversations.forms import counting
from conversations.forms.counting import FormHealth
from conversations.models import Form, FormKind
from conversations.queries.callbacks import callbacks


def of_workspace(at: datetime) -> list[FormHealth]:
    """The health of the workspace's callback forms, by name."""
    return counting.health(Form.objects.filter(kind=FormKind.CALLBACK).order_by("name", "pk"), at)


def overdue(at: datetime) -> int:
    """Calls whose time is over."""
    return callbacks().overdue(at).count()
