"""The desk's rows: people who write, what they write, and through which door."""

from conversations.models.assistant import (
    AssistantFrame,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    RunStatus,
    ThreadStatus,
)
from conversations.models.contact import Contact
from conversations.models.conversation import Channel, Conversation, EntryPoint, Handler, Status, Tally
from conversations.models.message import Attachment, DeliveryStatus, Message, MessageKind, SenderKind
from conversations.models.saved_view import SavedView, SavedViewFavorite, Visibility

__all__ = [
    "AssistantFrame", "AssistantQueueItem", "AssistantRun", "AssistantThread", "Attachment", "Channel", "Contact", "Conversation",
    "DeliveryStatus", "EntryPoint", "Handler", "Message", "MessageKind", "RunStatus", "SavedView", "SavedViewFavorite",
    "SenderKind", "Status", "Tally", "ThreadStatus", "Visibility",
]  # fmt: skip
