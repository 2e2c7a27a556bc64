"""The desk's rows: people who write, what they write, and through which door."""

from conversations.models.assistant import (
    AssistantFrame,
    AssistantProposal,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Audience,
    ProposalStatus,
    RunStatus,
    ThreadStatus,
)
from conversations.models.contact import Contact
from conversations.models.conversation import Channel, Conversation, EntryPoint, Handler, Status, Tally
from conversations.models.knowledge import Article, ArticleVisibility, Macro
from conversations.models.message import Attachment, DeliveryStatus, Message, MessageKind, SenderKind
from conversations.models.saved_view import SavedView, SavedViewFavorite, Visibility
from conversations.models.suggestion import Outcome, Suggestion, SuggestionKind

__all__ = [
    "Article", "ArticleVisibility", "AssistantFrame", "AssistantProposal", "AssistantQueueItem", "AssistantRun",
    "AssistantThread", "Attachment", "Audience", "Channel", "Contact", "Conversation", "DeliveryStatus", "EntryPoint",
    "Handler", "Macro", "Message", "MessageKind", "Outcome", "ProposalStatus", "RunStatus", "SavedView",
    "SavedViewFavorite", "SenderKind", "Status", "Suggestion", "SuggestionKind", "Tally", "ThreadStatus", "Visibility",
]  # fmt: skip
