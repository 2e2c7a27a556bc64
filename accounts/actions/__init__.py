"""The verbs of accounts, one module a subject. Each permits, changes, and records one event.

For: workspaces, members, invitations, teams, API keys, people with their addresses, profiles, second factors and sessions.
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
from accounts.actions.members import add_member, change_role, remove_member, set_visibility, view_as
from accounts.actions.people import (
    change_password,
    create_person,
    deactivate_person,
    reactivate_person,
    rename_person,
    send_password_reset,
    set_superuser,
)
from accounts.actions.profiles import set_notifications, set_picture, update_profile
from accounts.actions.second_factor import (
    note_second_factor,
    require_second_factor,
    reseal_second_factor,
    reset_second_factor,
)
from accounts.actions.sessions import end_sessions
from accounts.actions.setup import set_up_desk
from accounts.actions.teams import delete_team, save_team
from accounts.actions.workspaces import create_workspace, rotate_identity_secret, update_workspace

__all__ = [
    "accept_invitation", "add_member", "change_password", "change_role", "clean_origin", "confirm_email", "create_key",
    "create_person", "create_workspace", "deactivate_person", "delete_team", "end_sessions", "invite", "make_email_primary",
    "mark_invitation_mailed", "note_second_factor", "reactivate_person", "remove_email", "remove_member", "rename_person",
    "request_email", "require_second_factor", "reseal_second_factor", "resend_invitation", "reset_second_factor",
    "revoke_invitation", "revoke_key", "rotate_identity_secret", "save_team", "send_password_reset", "set_notifications",
    "set_picture", "set_superuser", "set_up_desk", "set_visibility", "update_profile", "update_workspace", "view_as",
]  # fmt: skip
