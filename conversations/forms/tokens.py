"""Signed texts of the customers' pages: when a page was made, and which conversation a link opens."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from django.core import signing

from conversations.models import Conversation

TOO_FAST = timedelta(seconds=2)
TOO_OLD = timedelta(days=1)
FOLLOW_UP = timedelta(days=30)
_PAGE, _FOLLOW = "conversations.forms.page", "conversations.forms.follow"


def of_page(subject: str) -> str:
    """The token of a page that is being made. It says when, and is the page's own: what is sent twice with it is one."""
    return signing.TimestampSigner(salt=_PAGE).sign(f"{subject}:{uuid.uuid4().hex}")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page's token says. `fault` is `too_fast`, `expired` or nothing."""

    id: uuid.UUID
    fault: str = ""

    def id_of(self, parts: Iterable[str]) -> uuid.UUID:
        """The id of what is sent with the page: the same for the same parts."""
        digest = hashlib.sha256()
        for part in parts:
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
        return uuid.uuid5(self.id, digest.hexdigest())


def read_page(token: str, subject: str) -> Page:
    """The page of a token; one that was not made for this subject is expired."""
    signer = signing.TimestampSigner(salt=_PAGE)
    try:
        name, _, nonce = signer.unsign(token).rpartition(":")
        page = uuid.UUID(nonce)
        if name != subject:
            raise signing.BadSignature
        signer.unsign(token, max_age=TOO_OLD)
    except (signing.BadSignature, ValueError):
        return Page(uuid.uuid4(), "expired")
    try:
        signer.unsign(token, max_age=TOO_FAST)
    except signing.SignatureExpired:
        return Page(page)
    return Page(page, "too_fast")


def of_conversation(conversation: Conversation, language: str) -> str:
    """The token of the link with which a customer follows up without an account."""
    facts = [conversation.workspace_id, conversation.public_id.hex, language]
    return signing.dumps(facts, salt=_FOLLOW, compress=False)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a link's token says."""

    workspace_id: int
    public_id: uuid.UUID
    language: str
    is_over: bool = False
    """It is older than thirty days."""


def read_conversation(token: str) -> FollowUp | None:
    """None for a token that the desk did not make."""
    try:
        workspace_id, public_id, language = signing.loads(token, salt=_FOLLOW)
        found = FollowUp(int(workspace_id), uuid.UUID(public_id), str(language))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    try:
        signing.loads(token, salt=_FOLLOW, max_age=FOLLOW_UP)
    except signing.SignatureExpired:
        return replace(found, is_over=True)
    return found
