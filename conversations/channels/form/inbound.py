"""What customers send with a contact form becomes a conversation."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from conversations.forms import receiving
from conversations.forms.answers import Answers
from conversations.models import Conversation, Form


def receive(
    *, form: Form, answers: Answers, public_id: uuid.UUID, page: str = "", is_spam: bool = False, at: datetime
) -> Conversation:
    """Start the conversation. Raises Conflict for the id of an earlier one."""
    metadata: dict[str, Any] = {"phone": answers.phone} if answers.phone else {}
    return receiving.receive(
        form=form,
        answers=answers,
        public_id=public_id,
        page=page,
        is_spam=is_spam,
        subject=receiving.first_line(answers, form.name),
        metadata=metadata,
        at=at,
    )
