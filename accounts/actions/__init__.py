"""The verbs of accounts, one module a subject. Each permits, changes, and records one event.

For: workspaces, members, invitations, teams, API keys, people and their email addresses.
In: rows, plain values, `by` (the actor) and `at` (the moment), all by keyword. Out: the changed row.
Raises the errors of `accounts.errors`; the caller words them for its clients.

`validation` and `joining` hold what the verbs share; they permit and record nothing by themselves.
Screens, admin, commands, sign-in and the apps above import it. It imports queries, the journal and models.
Admin and commands change rows through these verbs alone, like everyone else.
"""

from accounts.actions.addresses import confirm_email, make_email_primary, remove_email, request_email
from accounts.actions.invitations import (
    accept_invitation,
    invite,
    mark_invitation_mailed,
    resend_invitation,
    revoke_invitation,
)
from accounts.actions.keys import clean_origin, create_key, revoke_key
from accounts.actions.members import add_member, change_role, remove_member, view_as
from accounts.actions.people import (
    change_password,
    create_person,
    deactivate_person,
    reactivate_person,
    rename_person,
    send_password_reset,
    set_superuser,
)
from accounts.actions.setup import set_up_desk
from accounts.actions.teams import save_team
from accounts.actions.workspaces import create_workspace, rotate_identity_secret, update_workspace

__all__ = [
    "accept_invitation", "add_member", "change_password", "change_role", "clean_origin", "confirm_email", "create_key",
    "create_person", "create_workspace", "deactivate_person", "invite", "make_email_primary", "mark_invitation_mailed",
    "reactivate_person", "remove_email", "remove_member", "rename_person", "request_email", "resend_invitation",
    "revoke_invitation", "revoke_key", "rotate_identity_secret", "save_team", "send_password_reset", "set_superuser", "set_up_desk",
    "update_workspace", "view_as",
]  # fmt: skip
