"""What can happen to workspaces, members, people and keys."""

from __future__ import annotations

from accounts.journal import define

WORKSPACE_CREATED = define("workspace.created", "workspace", "Workspace created.")
WORKSPACE_UPDATED = define("workspace.updated", "workspace", "Workspace settings changed.")
IDENTITY_SECRET_ROTATED = define("workspace.identity_secret_rotated", "workspace", "Identity secret rotated.")
MEMBER_ADDED = define("member.added", "membership", "Member joined.")
MEMBER_ROLE_CHANGED = define("member.role_changed", "membership", "Member role changed.")
MEMBER_REMOVED = define("member.removed", "membership", "Member removed.")
MEMBER_DEACTIVATED = define("member.deactivated", "membership", "Member deactivated.")
MEMBER_REACTIVATED = define("member.reactivated", "membership", "Member reactivated.")
INVITATION_CREATED = define("invitation.created", "invitation", "Invitation created.")
INVITATION_RESENT = define("invitation.resent", "invitation", "Invitation sent again.")
INVITATION_MAILED = define("invitation.mailed", "invitation", "Invitation email sent.")
INVITATION_REVOKED = define("invitation.revoked", "invitation", "Invitation revoked.")
INVITATION_ACCEPTED = define("invitation.accepted", "invitation", "Invitation accepted.")
# People belong to no workspace: these stand in the journal without one.
PERSON_CREATED = define("person.created", "user", "Account created.")
PERSON_RENAMED = define("person.renamed", "user", "Name changed.")
PERSON_DEACTIVATED = define("person.deactivated", "user", "Account deactivated.")
PERSON_REACTIVATED = define("person.reactivated", "user", "Account reactivated.")
PERSON_SUPERUSER_CHANGED = define("person.superuser_changed", "user", "Superuser rights changed.")
PASSWORD_CHANGED = define("person.password_changed", "user", "Password changed.")
PASSWORD_RESET_SENT = define("person.password_reset_sent", "user", "Password reset link sent.")
EMAIL_REQUESTED = define("person.email_requested", "user", "Email verification link sent.")
EMAIL_VERIFIED = define("person.email_verified", "user", "Email address verified.")
EMAIL_CHANGED = define("person.email_changed", "user", "Primary email address changed.")
EMAIL_REMOVED = define("person.email_removed", "user", "Email address removed.")
TEAM_CREATED = define("team.created", "team", "Team created.")
TEAM_UPDATED = define("team.updated", "team", "Team changed.")
API_KEY_CREATED = define("api_key.created", "api_key", "API key created.")
API_KEY_REVOKED = define("api_key.revoked", "api_key", "API key revoked.")
