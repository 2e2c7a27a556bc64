"""What members have forwarded of a person's conversations: the mails that were written for it hold the person's words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Event, Workspace
from conversations import events
from conversations.models import (
    Attachment,
    Conversation,
    Delivery,
    DeliveryFile,
    DeliveryState,
    InboundMail,
    Message,
    MessageVersion,
)
from conversations.privacy import contents


@dataclass(frozen=True, slots=True)
class Copies:
    """The conversations that were begun to forward something, and the replies with which they begin, by their ids."""

    workspace: int
    conversations: list[int]
    deliveries: list[int]

    def messages(self) -> list[int]:
        rows = Message.objects.filter(delivery__in=self.deliveries)
        return [*rows.order_by("pk").values_list("pk", flat=True)]

    def held_in(self) -> set[int]:
        """Where their words are at present: messages may have been moved."""
        rows = Message.objects.filter(delivery__in=self.deliveries).order_by("pk")
        return {*self.conversations, *rows.values_list("conversation", flat=True)}


def copies(workspace: Workspace, conversations: Collection[int]) -> Copies:
    """What was forwarded of these conversations, and of what was made by that."""
    known, new = set[int](), {*conversations}
    while new:
        rows = (
            _lines(workspace, new).filter(type=events.CONVERSATION_FORWARDED.name).values_list("data__to_id", flat=True)
        )
        new = {*rows} - known - {*conversations}
        known |= new
    first: dict[int, int] = {}
    rows = _lines(workspace, known).filter(type=events.REPLY_SCHEDULED.name)
    for conversation, delivery in rows.values_list("subject_id", "data__delivery_id"):
        first.setdefault(conversation, delivery)
    return Copies(workspace.pk, sorted(known), sorted(first.values()))


def erase(found: Copies, at: datetime) -> dict[str, int]:
    """The texts and files of the copies, and what the answers to them quote. What others have written themselves stays."""
    if not found.conversations:
        return {}
    pks = found.messages()
    waiting = Delivery.objects.filter(pk__in=found.deliveries)
    waiting.filter(state__in=contents.NOT_SENT).update(state=DeliveryState.CANCELLED, settled_at=at, code=contents.CODE)
    waiting.update(body="", reason="")
    files = contents.delete_files(Attachment.objects.filter(message__in=pks))
    files += contents.delete_files(DeliveryFile.objects.filter(delivery__in=found.deliveries))
    MessageVersion.objects.filter(message__in=pks).delete()
    Message.objects.filter(pk__in=pks).update(body=contents.TEXT, tokens="", metadata=None)
    # Spans workspaces: it names its own; what is in the Trash is erased, too.
    rows = Conversation.all_workspaces.filter(workspace=found.workspace)
    rows.filter(pk__in=found.conversations).update(subject=contents.TEXT, updated_at=at)
    rows.filter(last_message__in=pks).update(preview=contents.TEXT)
    answers = InboundMail.objects.filter(conversation__in=found.conversations)
    for raw in answers.exclude(raw="").order_by("pk").values_list("raw", flat=True):
        contents.delete(raw)
    answers.update(raw="", quoted="", html="", subject="")
    return {"messages": len(pks), "files": files}


def _lines(workspace: Workspace, conversations: Collection[int]) -> QuerySet[Event]:
    rows = Event.objects.filter(workspace=workspace, subject_type="conversation", subject_id__in=[*conversations])
    return rows.order_by("id")
