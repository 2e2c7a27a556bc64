"""Who uses the desk: workspaces, people, teams, API keys, and the journal of what they did."""

from accounts.models.journal import AppendOnly, Dispatch, Event
from accounts.models.keys import ApiKey, IdempotentRequest, KeyKind
from accounts.models.mails import QueuedMail
from accounts.models.people import Invitation, User, UserManager
from accounts.models.workspaces import Membership, Team, Workspace, new_identity_secret, validate_time_zone
from accounts.permissions import ActorKind, Role
from accounts.tenancy import TenantManager

__all__ = [
    "ActorKind", "ApiKey", "AppendOnly", "Dispatch", "Event", "IdempotentRequest", "Invitation", "KeyKind", "Membership",
    "QueuedMail", "Role", "Team", "TenantManager", "User", "UserManager", "Workspace", "new_identity_secret",
    "validate_time_zone",
]  # fmt: skip
