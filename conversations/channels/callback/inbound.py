"""What customers send with a callback form becomes a conversation with the call that they ask for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from conversations.actions.wishes import CallWish
from conversations.forms import receiving
from conversations.forms.answers import Answers
from conversations.models import Conversation, Form
from conversations.texts import phones


def receive(
    *, form: Form, answers: Answers, public_id: uuid.UUID, page: str = "", is_spam: bool = False, at: datetime
) -> Conversation:
    """Start the conversation. Raises Conflict for the id of an earlier one."""
    wish = answers.wish
    return receiving.receive(
        form=form,
        answers=answers,
        public_id=public_id,
        page=page,
        is_spam=is_spam,
        subject=f"Callback: {answers['name'] or phones.readable(wish.phone)}",
        metadata=_metadata(wish),
        wish=wish,
        at=at,
    )


def _metadata(wish: CallWish) -> dict[str, Any]:
    """As callers of the API state a callback: the phone number, and the preferred time in words."""
    found = {"phone": wish.phone or wish.phone_typed}
    if wish.window is not None:
        start, end = (moment.astimezone(ZoneInfo(wish.time_zone)) for moment in wish.window)
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
        found |= {"preferred_time": f"{start:%Y-%m-%d %H:%M}–{until} {wish.time_zone}"}
    return found
