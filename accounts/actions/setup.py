"""Setting up an empty desk: its first workspace and the person who owns it and runs the installation."""

from __future__ import annotations

from datetime import datetime

from accounts import slugs, transaction
from accounts.actions import members, people, workspaces
from accounts.errors import Conflict, Invalid
from accounts.models import Membership
from accounts.permissions import INSTALLATION, Actor, Role, permit
from accounts.queries import is_set_up
from accounts.text import is_blank


@transaction.atomic
def set_up_desk(
    *, workspace: str, time_zone: str, name: str, email: str, password: str, by: Actor, at: datetime
) -> Membership:
    """Create the workspace of that name with its owner, who also runs the installation.

    Raises Conflict where there are people already, and Invalid with the field at fault.
    """
    permit(by, "person.create")
    transaction.hold_name(INSTALLATION, "setup")
    if is_set_up():
        raise Conflict("this desk is already set up")
    if is_blank(workspace):
        raise Invalid("a name has at least one visible character", field="workspace")
    user = people.create_person(email=email, name=name, password=password, is_superuser=True, by=by, at=at)
    made = workspaces.create_workspace(slug=slugs.made_of(workspace), name=workspace, time_zone=time_zone, at=at)
    return members.add_member(workspace=made, user=user, role=Role.OWNER, by=by.within(made.pk), at=at)
