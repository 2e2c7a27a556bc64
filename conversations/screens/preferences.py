"""What a person has chosen for themselves: theme, shortcuts, keys; kept on the person, for all of their workspaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts import transaction
from accounts.models import User


@transaction.atomic
def save(user: User, chosen: Mapping[str, Any]) -> None:
    """Keep what was chosen beside what another tab may be keeping at the same time."""
    if all(user.preferences.get(name) == value for name, value in chosen.items()):
        return
    user = transaction.held(user)
    user.preferences.update(chosen)
    user.save(update_fields=["preferences"])
