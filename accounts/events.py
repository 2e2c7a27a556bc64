"""What can happen to workspaces, members, people and keys."""

from __future__ import annotations

from accounts.journal import define

WORKSPACE_CREATED = define("workspace.created", "workspace", "Workspace created.")
WORKSPACE_UPDATED = define("workspace.updated", "workspace", "Workspace settings changed.", "fields")
IDENTITY_SECRET_ROTATED = define("workspace.identity_secret_rotated", "workspace", "Identity secret rotated.")
SECOND_FACTOR_REQUIRED = define(
    "workspace.second_factor_required", "workspace", "Second factor requirement changed.", "required"
)
MEMBER_ADDED = define("member.added", "membership", "Member joined.", "user_id", "role")
MEMBER_ROLE_CHANGED = define("member.role_changed", "membership", "Member role changed.", "user_id", "role", "previous")
MEMBER_VISIBILITY_CHANGED = define(
    "member.visibility_changed", "membership", "Member visibility changed.", "user_id", "visibility", "previous"
)
MEMBER_REMOVED = define("member.removed", "membership", "Member removed.", "user_id", "unassigned")
MEMBER_VIEWED_AS = define("member.viewed_as", "membership", "Workspace viewed as a member.", "user_id")
MEMBER_DEACTIVATED = define("member.deactivated", "membership", "Member deactivated.", "user_id", "unassigned")
MEMBER_REACTIVATED = define("member.reactivated", "membership", "Member reactivated.", "user_id")
INVITATION_CREATED = define("invitation.created", "invitation", "Invitation created.", "role", "by_mail")
INVITATION_RESENT = define("invitation.resent", "invitation", "Invitation sent again.", "role", "by_mail")
INVITATION_MAILED = define("invitation.mailed", "invitation", "Invitation email sent.")
INVITATION_REVOKED = define("invitation.revoked", "invitation", "Invitation revoked.", "role")
INVITATION_ACCEPTED = define("invitation.accepted", "invitation", "Invitation accepted.", "user_id", "role")
# People belong to no workspace: these are in the journal without one.
PERSON_CREATED = define("person.created", "user", "Account created.", "superuser")
PERSON_RENAMED = define("person.renamed", "user", "Name changed.")
PERSON_UPDATED = define("person.updated", "user", "Profile changed.", "fields")
PERSON_DEACTIVATED = define("person.deactivated", "user", "Account deactivated.", "unassigned")
PERSON_REACTIVATED = define("person.reactivated", "user", "Account reactivated.")
PERSON_SUPERUSER_CHANGED = define("person.superuser_changed", "user", "Superuser rights changed.", "superuser")
PASSWORD_CHANGED = define("person.password_changed", "user", "Password changed.")
PASSWORD_RESET_SENT = define("person.password_reset_sent", "user", "Password reset link sent.", "mailed")
EMAIL_REQUESTED = define("person.email_requested", "user", "Email verification link sent.")
EMAIL_VERIFIED = define("person.email_verified", "user", "Email address verified.")
EMAIL_CHANGED = define("person.email_changed", "user", "Primary email address changed.")
EMAIL_REMOVED = define("person.email_removed", "user", "Email address removed.")
SECOND_FACTOR_ADDED = define("person.second_factor_added", "user", "Second factor added.", "kind")
SECOND_FACTOR_REMOVED = define("person.second_factor_removed", "user", "Second factor removed.", "kind")
SECOND_FACTOR_RESET = define("person.second_factor_reset", "user", "Second factor reset.", "kind")
SECOND_FACTOR_RESEALED = define("person.second_factor_resealed", "user", "Second factor encrypted again.", "kind")
SESSIONS_ENDED = define("person.sessions_ended", "user", "Sessions ended.", "session_count")
TEAM_CREATED = define("team.created", "team", "Team created.")
TEAM_UPDATED = define("team.updated", "team", "Team changed.")
TEAM_DELETED = define("team.deleted", "team", "Team deleted.", "moved", "team_id")
API_KEY_CREATED = define("api_key.created", "api_key", "API key created.", "kind", "scopes")
API_KEY_REVOKED = define("api_key.revoked", "api_key", "API key revoked.")
