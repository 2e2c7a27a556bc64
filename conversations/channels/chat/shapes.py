"""Conversations and messages as the frame shows them: only what their customer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString

from conversations.channels.chat import files
from conversations.chat import answering, languages, queries
from conversations.chat.answering import QuickReply
from conversations.models import (
    ChatSession,
    Conversation,
    Handler,
    Message,
    MessageKind,
    SenderKind,
    Status,
    Widget,
)
from conversations.queries.thread import with_files
from conversations.texts import names, prose, rich, validation

LONGEST = 20_000
"""Characters of a message that are shown; mails can be longer."""
_REMEMBERED = 2_000
STATUSES = {Status.OPEN: "open", Status.PENDING: "open", Status.RESOLVED: "resolved", Status.CLOSED: "closed"}


class Shapes:
    """Shows rows to one visitor, in their language."""

    def __init__(self, widget: Widget, session: ChatSession, language: str) -> None:
        self.widget, self.session, self.language = widget, session, language
        self._unread = queries.unread(session)

    @property
    def unread(self) -> int:
        """All that the visitor has not seen."""
        return sum(self._unread.values())

    def conversations(self, rows: Sequence[Conversation]) -> list[dict[str, Any]]:
        """Rows of `queries.conversations_of`, with the same number of queries for one and for many."""
        answers, busy = queries.last_answers(rows), answering.answering(rows)
        lasts = queries.last_shown(rows)
        return [self._conversation(row, lasts.get(row.pk), answers.get(row.pk), row.pk in busy) for row in rows]

    def conversation(self, row: Conversation) -> dict[str, Any]:
        return self.conversations([row])[0]

    def messages(self, conversation: Conversation, rows: Iterable[Message]) -> list[dict[str, Any]]:
        """Rows of `queries.shown`, with their files."""
        offered = answering.quick_replies(conversation)
        return [self._message(row, offered.get(row.pk, ())) for row in with_files(list(rows))]

    def _conversation(
        self, row: Conversation, last: Message | None, answer: Message | None, is_answering: bool
    ) -> dict[str, Any]:
        is_assistant = row.handler == Handler.ASSISTANT
        return {
            "id": str(row.public_id),
            "subject": row.subject[:280],
            "status": STATUSES[Status(row.status)],
            "is_closed": row.status == Status.CLOSED,
            "with": self._partner(answer, is_assistant),
            "last": {
                "text": _line(last),
                "at": last.created_at.isoformat(),
                "author_kind": last.sender_kind,
            }
            if last is not None
            else None,
            "unread": self._unread.get(row.pk, 0),
            "updated_at": row.last_visible_at.isoformat(),
            "can_write": True,
            "is_assistant": is_assistant,
            "is_answering": is_answering,
        }

    def _partner(self, answer: Message | None, is_assistant: bool) -> dict[str, str]:
        if is_assistant:
            return {"kind": "assistant", "name": self._assistant}
        if answer is None or answer.sender_kind != SenderKind.AGENT:
            return {"kind": "team", "name": self.widget.public_name}
        return {"kind": "agent", "name": self._name(answer)}

    def _message(self, row: Message, offered: Sequence[QuickReply]) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": str(row.public_id),
            "kind": "message" if row.kind == MessageKind.MESSAGE else "status",
            "author": {"kind": row.sender_kind, "name": self._name(row)},
            "is_own": row.sender_kind == SenderKind.CUSTOMER,
            "html": _html(row.body or "", row.is_from_customer),
            "text": (row.body or "")[:LONGEST],
            "files": [files.shape(self.widget, self.session, one) for one in row.files],  # type: ignore[attr-defined]
            "created_at": row.created_at.isoformat(),
            "quick_replies": [
                {"proposal": str(one.proposal), "approved": one.approved, "label": one.label} for one in offered
            ],
        }
        if row.kind == MessageKind.STATUS_CHANGE:
            status = str((row.metadata or {}).get("status", ""))
            shown["status"] = STATUSES.get(Status(status), "open") if status in Status.values else "open"
        return shown

    def _name(self, row: Message) -> str:
        if row.sender_kind == SenderKind.ASSISTANT:
            return self._assistant
        if row.sender_kind == SenderKind.AGENT:
            return names.first_name(row.sender_name) or self.widget.public_name
        return row.sender_name if row.sender_kind == SenderKind.CUSTOMER else self.widget.public_name

    @property
    def _assistant(self) -> str:
        words: Mapping[str, Any] = languages.words(self.language)
        return str(words.get("assistant") or "Assistant")


def _line(last: Message | None) -> str:
    if last is None:
        return ""
    if last.body:
        return validation.preview(last.body)
    return next((one.name for one in last.files), "")  # type: ignore[attr-defined]


def _html(text: str, is_from_customer: bool) -> SafeString:
    if len(text) <= _REMEMBERED:
        return _remembered(text, is_from_customer)
    shown = text[:LONGEST]
    return prose.html(shown) if is_from_customer else rich.html(shown)


@lru_cache(maxsize=512)
def _remembered(text: str, is_from_customer: bool) -> SafeString:
    """The same thread is read again and again while it is answered."""
    return prose.html(text) if is_from_customer else rich.html(text)
