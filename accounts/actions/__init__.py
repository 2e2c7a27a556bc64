"""The verbs of accounts. Each permits, changes, and records one event."""

from accounts.actions.keys import clean_origin, create_key, revoke_key
from accounts.actions.members import add_member, change_role, remove_member
from accounts.actions.teams import save_team
from accounts.actions.workspaces import create_workspace, rotate_identity_secret, update_workspace

__all__ = [
    "add_member", "change_role", "clean_origin", "create_key", "create_workspace", "remove_member",
    "revoke_key", "rotate_identity_secret", "save_team", "update_workspace",
]  # fmt: skip
