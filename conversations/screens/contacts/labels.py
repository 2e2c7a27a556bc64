"""What the customers' screens say: reasons, activity, and refusals of verbs."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import DomainError
from accounts.permissions import ActorKind
from conversations import events
from conversations.queries import customers as queries
from conversations.queries.customers import Line
from conversations.screens import errors
from conversations.screens.sentences import sentence

REASONS: dict[str, Promise] = {
    "address": gettext_lazy("Same email address"),
    "phone": gettext_lazy("Same phone number"),
    "id": gettext_lazy("Same ID in their traits"),
    "name": gettext_lazy("Same name and company"),
}
"""Why two customers may be one person."""

ORDERS: dict[str, Promise] = {
    queries.ACTIVE: gettext_lazy("Last activity"),
    queries.NAME: gettext_lazy("Name"),
    queries.CREATED: gettext_lazy("Created"),
}
"""The orders of the list of customers."""

TICKET_STATUSES: dict[str, Promise] = {
    "new": gettext_lazy("New"),
    "open": gettext_lazy("Open"),
    "pending": gettext_lazy("Waiting on customer"),
    "on_hold": gettext_lazy("On hold"),
    "resolved": gettext_lazy("Resolved"),
}

_DONE: dict[str, Promise] = {
    events.CONTACT_CREATED.name: gettext_lazy("Customer created"),
    events.CONTACT_UPDATED.name: gettext_lazy("Details changed"),
    events.CONTACT_BLOCKED.name: gettext_lazy("Blocked"),
    events.CONTACT_UNBLOCKED.name: gettext_lazy("Unblocked"),
    events.CONTACT_ADDRESS_ADDED.name: gettext_lazy("Address added"),
    events.CONTACT_ADDRESS_REMOVED.name: gettext_lazy("Address removed"),
    events.CONTACT_ID_ADDED.name: gettext_lazy("ID added"),
    events.CONTACT_ID_REMOVED.name: gettext_lazy("ID removed"),
    events.CONTACT_NOTE_ADDED.name: gettext_lazy("Note added"),
    events.CONTACT_NOTE_EDITED.name: gettext_lazy("Note edited"),
    events.CONTACT_NOTE_DELETED.name: gettext_lazy("Note deleted"),
    events.CONTACT_COMPANY_CHANGED.name: gettext_lazy("Company changed"),
    events.CONTACT_ATTRIBUTES_CHANGED.name: gettext_lazy("Attributes changed"),
    events.CONTACT_ABSORBED.name: gettext_lazy("Another customer merged into this one"),
    events.CONTACT_MERGED.name: gettext_lazy("Merged into another customer"),
    events.CONTACT_MERGE_UNDONE.name: gettext_lazy("Merge undone"),
    events.CONTACT_MARKED_DISTINCT.name: gettext_lazy("Marked as not the same person"),
    events.CONTACT_UNMARKED_DISTINCT.name: gettext_lazy("No longer marked as not the same person"),
    events.CONTACT_ERASURE_REQUESTED.name: gettext_lazy("Erasing requested"),
    events.CONTACT_ERASED.name: gettext_lazy("Erased"),
    events.CONTACT_EXPORTED.name: gettext_lazy("Data exported"),
}
_ERRORS: dict[str, Promise] = {
    "address_taken": gettext_lazy("Another customer has this address. Merge the two instead."),
    "company_taken": gettext_lazy("Another company has this name. Merge the two instead."),
    "id_taken": gettext_lazy("Another customer has this ID. Merge the two instead."),
    "unverified_id": gettext_lazy("This customer is not verified. Merge them with a verified customer first."),
    "merged": gettext_lazy("One of them was merged meanwhile."),
    "unverified": gettext_lazy("Merge the customer who is not verified into the one who is."),
    "too_many": gettext_lazy("This is too much for one step."),
    "changed_since": gettext_lazy("One of them has changed since. Nothing was undone."),
}


def of_line(line: Line) -> str:
    """What happened."""
    return str(_DONE.get(line.event.type, _("Changed")))


def of_actor(line: Line) -> str:
    """Who did it."""
    if line.actor is not None:
        return line.actor.get_short_name()
    kinds = {
        ActorKind.API_KEY: _("The API"),
        ActorKind.CONTACT: _("The customer"),
        ActorKind.ASSISTANT: _("The assistant"),
        ActorKind.SYSTEM: "Parley",
    }
    return kinds.get(ActorKind(line.event.actor_kind), _("Someone"))


def of_merge(error: DomainError) -> str:
    """The message for who merges two customers."""
    return _("One of them was erased.") if error.code == "erased" else of_error(error)


def of_error(error: DomainError) -> str:
    """The message for a person."""
    if error.code in _ERRORS:
        return str(_ERRORS[error.code])
    if error.code in ("blank", "too_long", "not_text", "attribute_value", "invalid", "forbidden"):
        return sentence(error)
    return errors.of_error(error)
