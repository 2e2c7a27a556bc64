"""All rows of the desk, one file a subject, with the questions of their query sets.

For: contacts, conversations, messages, articles, macros, saved views, the assistant's threads and runs, suggestions, forms,
mailboxes, widgets and Discord's bots.
In: writes of verbs only. Out: rows inside an open workspace scope; `all_workspaces` for jobs that span them, with a reason.

Constraints keep what must hold; each index names the question that it serves. `searched` keeps the tokens of search with a row.
Everything in conversations may import it; it imports accounts, tickets and the pure functions of `texts`.
"""

from conversations.models.assistant import (
    AssistantFrame,
    AssistantProposal,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Audience,
    FrameKind,
    ProposalStatus,
    RunStatus,
    ThreadStatus,
)
from conversations.models.bulk import BulkJob, BulkRow, JobState, RowState
from conversations.models.chat import ChatRestore, ChatSession, Position, Widget
from conversations.models.contact import (
    AddressKind,
    Company,
    Contact,
    ContactAddress,
    ContactNote,
    DistinctContacts,
    Erasure,
    ErasureState,
)
from conversations.models.conversation import UNTIL_REPLY, Channel, Conversation, EntryPoint, Handler, Status, Tally
from conversations.models.delivery import Delivery, DeliveryFile, DeliveryState
from conversations.models.discord import BotState, DiscordBot, DiscordLink, DiscordMember, DiscordMessage, DiscordThread
from conversations.models.draft import Draft, DraftFile, DraftKind, Presence
from conversations.models.following import Follower, Mention
from conversations.models.form import CallbackRequest, Form, FormCount, FormKind, FormOutcome
from conversations.models.knowledge import Article, ArticleVisibility, Macro, MacroUse
from conversations.models.lookalikes import ContactKey, ContactToCompare, KeyKind
from conversations.models.mail import InboundMail, MailReference, MailSource, MailState, Proof
from conversations.models.mailbox import (
    AutomaticMail,
    BlockedSender,
    Inbound,
    Login,
    Mailbox,
    MailboxAddress,
    MailboxState,
    SuppressedAddress,
)
from conversations.models.message import Attachment, DeliveryStatus, Message, MessageKind, MessageVersion, SenderKind
from conversations.models.notification import Notification, NotificationKind
from conversations.models.saved_view import SavedView, SavedViewFavorite, ViewSubject, Visibility
from conversations.models.search import SearchDocument, SearchWord
from conversations.models.suggestion import Outcome, Suggestion, SuggestionKind

__all__ = [
    "UNTIL_REPLY",
    "AddressKind",
    "Article",
    "ArticleVisibility",
    "AssistantFrame",
    "AssistantProposal",
    "AssistantQueueItem",
    "AssistantRun",
    "AssistantThread",
    "Attachment",
    "Audience",
    "AutomaticMail",
    "BlockedSender",
    "BotState",
    "BulkJob",
    "BulkRow",
    "CallbackRequest",
    "Channel",
    "ChatRestore",
    "ChatSession",
    "Company",
    "Contact",
    "ContactAddress",
    "ContactKey",
    "ContactNote",
    "ContactToCompare",
    "Conversation",
    "Delivery",
    "DeliveryFile",
    "DeliveryState",
    "DeliveryStatus",
    "DiscordBot",
    "DiscordLink",
    "DiscordMember",
    "DiscordMessage",
    "DiscordThread",
    "DistinctContacts",
    "Draft",
    "DraftFile",
    "DraftKind",
    "EntryPoint",
    "Erasure",
    "ErasureState",
    "Follower",
    "Form",
    "FormCount",
    "FormKind",
    "FormOutcome",
    "FrameKind",
    "Handler",
    "Inbound",
    "InboundMail",
    "JobState",
    "KeyKind",
    "Login",
    "Macro",
    "MacroUse",
    "MailReference",
    "MailSource",
    "MailState",
    "Mailbox",
    "MailboxAddress",
    "MailboxState",
    "Mention",
    "Message",
    "MessageKind",
    "MessageVersion",
    "Notification",
    "NotificationKind",
    "Outcome",
    "Position",
    "Presence",
    "Proof",
    "ProposalStatus",
    "RowState",
    "RunStatus",
    "SavedView",
    "SavedViewFavorite",
    "SearchDocument",
    "SearchWord",
    "SenderKind",
    "Status",
    "Suggestion",
    "SuggestionKind",
    "SuppressedAddress",
    "Tally",
    "ThreadStatus",
    "ViewSubject",
    "Visibility",
    "Widget",
]  # fmt: skip
