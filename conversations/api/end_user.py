"""The end user on whose behalf a client key calls. A client key is public, so it opens no conversation by itself.

It proves its end user with `X-User-Email` and `X-User-Hash` (HMAC-SHA256 of the email under the identity secret), or
sends the `X-Conversation-Token` that it got when it created the conversation. An admin may switch the proof off for one
key.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TypedDict

from django.core import signing
from django.http import HttpRequest

from accounts.credentials import identity
from accounts.credentials.authentication import Grant
from accounts.errors import NotFound
from accounts.models import KeyKind
from accounts.text import uuid_or_none
from conversations.actions import locking
from conversations.api.problems import MissingProof
from conversations.models import Conversation
from conversations.queries import conversations as queries

_SALT = "conversation-token"


class Limits(TypedDict, total=False):
    """The arguments of `queries.visible`."""

    email: str | None
    only: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class EndUser:
    """Whom the caller may act for: everyone (`is_trusted`), one proven email, or one conversation."""

    is_trusted: bool
    email: str | None = None
    conversation_id: uuid.UUID | None = None

    @property
    def identity(self) -> str:
        """The proven identity as text, part of what makes an Idempotency-Key unique."""
        return self.email or (str(self.conversation_id) if self.conversation_id else "")

    @property
    def is_proven(self) -> bool:
        return self.is_trusted or self.email is not None or self.conversation_id is not None

    def require_proof(self) -> None:
        """Raises MissingProof for a client key without a proven email or a conversation's token."""
        if not self.is_proven:
            raise MissingProof

    @property
    def limits(self) -> Limits:
        """What the caller may see, as `queries.visible` takes it. Raises MissingProof."""
        self.require_proof()
        if self.is_trusted:
            return {}
        return {"email": self.email} if self.email is not None else {"only": self.conversation_id}

    def find(self, conversation_id: str, columns: tuple[str, ...] | None = None) -> Conversation:
        """The conversation of a public id, if the caller may see it. Raises NotFound, whatever the reason.

        With columns, it is for reading these alone.
        """
        limits, public_id = self.limits, uuid_or_none(conversation_id)
        return _known(queries.by_public_id.first(columns, public_id=public_id, **limits) if public_id else None)

    def hold(self, conversation_id: str) -> Conversation:
        """The same conversation with its contact alone, held for the verb that is going to change it."""
        limits, public_id = self.limits, uuid_or_none(conversation_id)
        return _known(locking.found(public_id=public_id, **limits) if public_id else None)


def of(request: HttpRequest, grant: Grant, stated_email: str | None = None) -> EndUser:
    """The end user of a call; `stated_email` is the call's own `user_email`, which may stand in for `X-User-Email`."""
    key = grant.key
    if key.kind == KeyKind.SERVER or key.unverified_identity:
        return EndUser(is_trusted=True)
    email = (request.headers.get("X-User-Email") or stated_email or "").strip().lower()
    proof = request.headers.get("X-User-Hash", "").strip().lower()
    if email and proof and proof.isascii() and identity.proves_email(grant.workspace, email, proof):
        return EndUser(is_trusted=False, email=email)
    token = request.headers.get("X-Conversation-Token")
    return EndUser(is_trusted=False, conversation_id=_read(token, grant) if token else None)


def _known(conversation: Conversation | None) -> Conversation:
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation


def token(conversation: Conversation) -> str:
    """The token that opens this one conversation to the visitor who started it."""
    return signing.dumps([conversation.workspace_id, conversation.public_id.hex], salt=_SALT, compress=False)


def _read(value: str, grant: Grant) -> uuid.UUID | None:
    try:
        workspace_id, public_id = signing.loads(value, salt=_SALT)
        return uuid.UUID(public_id) if workspace_id == grant.workspace.pk else None
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
