"""The desk's rows: people who write, what they write, and through which door."""

from conversations.models.contact import Contact
from conversations.models.conversation import Channel, Conversation, EntryPoint, Handler, Status, Tally
from conversations.models.message import Attachment, DeliveryStatus, Message, MessageKind, SenderKind
from conversations.models.saved_view import SavedView, SavedViewFavorite, Visibility

__all__ = [
    "Attachment", "Channel", "Contact", "Conversation", "DeliveryStatus", "EntryPoint", "Handler", "Message",
    "MessageKind", "SavedView", "SavedViewFavorite", "SenderKind", "Status", "Tally", "Visibility",
]  # fmt: skip
