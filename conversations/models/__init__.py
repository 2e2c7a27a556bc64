"""The desk's rows: people who write, what they write, and through which door."""

from conversations.models.contact import Contact
from conversations.models.conversation import Channel, Conversation, EntryPoint, Handler, Status, Tally
from conversations.models.message import Attachment, DeliveryStatus, Message, MessageKind, SenderKind

__all__ = [
    "Attachment", "Channel", "Contact", "Conversation", "DeliveryStatus", "EntryPoint", "Handler", "Message",
    "MessageKind", "SenderKind", "Status", "Tally",
]  # fmt: skip
