"""What the verbs of accounts share."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from accounts.errors import Invalid
from accounts.models import ApiKey, Team, Workspace


@dataclass(frozen=True, slots=True)
class Own:
    """A workspace seen as a row of its own tenant, for `permit` and `record`."""

    pk: int
    workspace_id: int


def own(workspace: Workspace) -> Own:
    """The workspace, for `permit` and `record`."""
    return Own(workspace.pk, workspace.pk)


def validate(row: Workspace | Team | ApiKey) -> None:
    """Check the fields of a row. Raises Invalid with the first field at fault."""
    try:
        row.clean_fields(exclude=["workspace", "created_by"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from error
