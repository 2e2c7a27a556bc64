"""Giving a new conversation to whom its door says."""

from __future__ import annotations

from datetime import datetime

from accounts import transaction
from accounts.errors import Invalid
from accounts.models import Team, User
from accounts.permissions import Actor
from conversations.actions import triage
from conversations.models import Conversation, Handler


def route(conversation: Conversation, *, to: User | None, team: Team | None, at: datetime) -> Conversation:
    """Assign a new conversation by the desk itself, unless it is spam. A person who may not answer any more is left out; their team stays."""
    if (to is None and team is None) or conversation.handler == Handler.NOBODY:
        return conversation
    by = Actor.system(conversation.workspace_id)
    try:
        with transaction.apart():
            return triage.assign(conversation=conversation, to=to, team=team, by=by, at=at)
    except Invalid:
        return triage.assign(conversation=conversation, team=team, by=by, at=at)
