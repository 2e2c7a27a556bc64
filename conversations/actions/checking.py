"""Checks of what members set up that the verbs of several channels share: texts, origins and people."""

from __future__ import annotations

import re
from collections.abc import Iterable

from accounts import actions as account_actions
from accounts.errors import Invalid
from accounts.models import Membership, Team, User
from accounts.permissions import Role
from conversations.texts import validation

MOST_ORIGINS = 50
TEXT_LIMIT = 10_000


def line(value: str, field: str, longest: int, *, blank: bool = True) -> str:
    """A text in one line, which may be empty. Raises Invalid."""
    return validation.check(" ".join(value.split()), field, longest=longest, blank=blank)


def text(value: str, field: str, longest: int = TEXT_LIMIT) -> str:
    """A text of several lines, which may be empty. Raises Invalid."""
    return validation.check(value.replace("\r\n", "\n").strip(), field, longest=longest, blank=True)


def origins(value: Iterable[str]) -> list[str]:
    """Origins such as https://example.com, each once. Raises Invalid."""
    found = list(dict.fromkeys(account_actions.clean_origin(one) for one in value if one.strip()))
    # It goes into a header, where each of these would begin something else.
    if any(re.search(r"[\s;,'\"*\\]", one) or not one.isascii() or len(one) > 300 for one in found):
        raise Invalid("an origin is like https://example.com", field="allowed_origins")
    if len(found) > MOST_ORIGINS:
        raise Invalid(f"at most {MOST_ORIGINS} origins", field="allowed_origins")
    return found


def team(workspace_id: int, value: Team | None) -> Team | None:
    """A team of the workspace, or None. Raises Invalid."""
    if value is not None and value.workspace_id != workspace_id:
        raise Invalid("the team is not in this workspace", field="team")
    return value


def assignee(workspace_id: int, value: User | None) -> User | None:
    """A member who answers, or None. Raises Invalid."""
    if value is not None:
        answers = Membership.objects.filter(workspace_id=workspace_id, user=value).exclude(role=Role.VIEWER)
        if not answers.exists():
            raise Invalid("the assignee is not an agent of this workspace", field="assignee")
    return value
