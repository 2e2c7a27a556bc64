"""What became of what was sent with contact forms, and why some of it did not become a conversation."""

from __future__ import annotations

from datetime import datetime

from conversations.forms import counting
from conversations.forms.counting import FormHealth
from conversations.models import Form, FormKind


def of_workspace(at: datetime) -> list[FormHealth]:
    """The health of the workspace's contact forms, by name."""
    return counting.health(Form.objects.filter(kind=FormKind.CONTACT).order_by("name", "pk"), at)
