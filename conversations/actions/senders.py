"""Who a message is from, as it is stored with the message."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from accounts.permissions import Actor, ActorKind
from conversations.models import Contact, SenderKind


@dataclass(frozen=True, slots=True)
class Sender:
    """A side, the row behind it if there is one, and its names at this moment."""

    kind: SenderKind
    user_id: int | None = None
    contact_id: int | None = None
    reference: str | None = None
    name: str = ""
    email: str = ""

    @classmethod
    def contact(cls, contact: Contact) -> Sender:
        """The customer."""
        return cls(
            kind=SenderKind.CUSTOMER,
            contact_id=contact.pk,
            reference=contact.reference,
            name=contact.name,
            email=contact.email,
        )

    @classmethod
    def agent(cls, user: User) -> Sender:
        """A member of the team."""
        return cls(
            kind=SenderKind.AGENT, user_id=user.pk, reference=str(user.public_id), name=user.name, email=user.email
        )

    @classmethod
    def actor(cls, actor: Actor) -> Sender:
        """The actor, as seen by the customer: the member, the key's holder for the team, the assistant or the desk."""
        kinds = {ActorKind.ASSISTANT: SenderKind.ASSISTANT, ActorKind.SYSTEM: SenderKind.SYSTEM}
        return cls(
            kind=kinds.get(actor.kind, SenderKind.AGENT), user_id=actor.user_id, name=actor.name, email=actor.email
        )
