"""Who uses the desk: workspaces, people, teams, API keys, and the journal of what they did.

For: every app, which imports the rows from here.
In: writes of verbs, and of what queues mails and push messages. Out: rows inside an open workspace scope; people, keys of the
installation and the journal outside one.
"""

from accounts.models.journal import AppendOnly, Dispatch, Event
from accounts.models.keys import ApiKey, IdempotentRequest, KeyKind
from accounts.models.mails import QueuedMail
from accounts.models.people import Invitation, User, UserManager
from accounts.models.push import PushKey, PushSubscription, QueuedPush
from accounts.models.workspaces import Membership, Team, Workspace, new_identity_secret, validate_time_zone
from accounts.permissions import ActorKind, Role
from accounts.tenancy import TenantManager

__all__ = [
    "ActorKind", "ApiKey", "AppendOnly", "Dispatch", "Event", "IdempotentRequest", "Invitation", "KeyKind", "Membership",
    "PushKey", "PushSubscription", "QueuedMail", "QueuedPush", "Role", "Team", "TenantManager", "User", "UserManager", "Workspace", "new_identity_secret",
    "validate_time_zone",
]  # fmt: skip
