"""What can happen in a conversation."""

from __future__ import annotations

from accounts.journal import define

CONTACT_CREATED = define("contact.created", "contact", "Contact created.")
CONTACT_UPDATED = define("contact.updated", "contact", "Contact details changed.", "fields")
CONVERSATION_STARTED = define("conversation.started", "conversation", "Conversation created.", "channel", "message_id")
MESSAGE_RECEIVED = define("message.received", "conversation", "Customer message received.", "message_id", "status")
REPLY_SENT = define("reply.sent", "conversation", "Reply sent.", "message_id", "status")
DELIVERY_CHANGED = define(
    "message.delivery_changed", "conversation", "Delivery status of a reply changed.", "message_id", "delivery"
)
NOTE_ADDED = define("note.added", "conversation", "Internal note added.", "message_id")
NOTE_EDITED = define("note.edited", "conversation", "Internal note edited.", "message_id", "version")
NOTE_DELETED = define("note.deleted", "conversation", "Internal note deleted.", "message_id")
CONVERSATION_ASSIGNED = define(
    "conversation.assigned", "conversation", "Assignee changed.", "assignee_id", "team_id", "previous_assignee_id"
)
CONVERSATION_STATUS_CHANGED = define(
    "conversation.status_changed",
    "conversation",
    "Status changed.",
    "status",
    "previous",
    "message_id",
    "before",
    "after",
)
CONVERSATION_SNOOZED = define(
    "conversation.snoozed", "conversation", "Snoozed or unsnoozed.", "until", "before", "after"
)
CONVERSATION_PRIORITY_CHANGED = define(
    "conversation.priority_changed", "conversation", "Priority changed.", "priority", "previous"
)
CONVERSATION_TAGGED = define("conversation.tagged", "conversation", "Tags changed.", "added", "removed")
CONVERSATION_SUBJECT_CHANGED = define("conversation.subject_changed", "conversation", "Subject changed.")
CONVERSATION_READ = define("conversation.read", "conversation", "Marked as read.")
CONVERSATION_LINKED = define("conversation.linked", "conversation", "Linked to a ticket.", "ticket_id")
CONVERSATION_UNLINKED = define("conversation.unlinked", "conversation", "Unlinked from its ticket.", "ticket_id")
_MOVED = ("to_id", "number", "message_ids", "undo")
MESSAGES_MOVED = define(
    "conversation.messages_moved", "conversation", "Message moved to another conversation.", *_MOVED
)
CONVERSATION_SPLIT = define(
    "conversation.split", "conversation", "Messages split off into a new conversation.", *_MOVED
)
CONVERSATION_JOINED = define("conversation.joined", "conversation", "Joined into another conversation.", *_MOVED)
MESSAGES_ARRIVED = define(
    "conversation.messages_arrived",
    "conversation",
    "Messages came from another conversation.",
    "from_id",
    "number",
    "message_count",
    "is_join",
)
MOVE_UNDONE = define(
    "conversation.move_undone", "conversation", "Move, split or join undone.", "undone_id", "number", "kind"
)
SPAM_MARKED = define("conversation.spam_marked", "conversation", "Marked as spam.", "before", "after", "blocked_id")
SPAM_UNMARKED = define("conversation.spam_unmarked", "conversation", "Marked as not spam.", "before", "after")
SPAM_UNDONE = define("conversation.spam_undone", "conversation", "Spam mark restored to what it was.", "undone_id")
SUGGESTION_REQUESTED = define("suggestion.requested", "conversation", "Suggestion requested.", "engine", "ticket_id")
SUGGESTION_MADE = define("suggestion.made", "conversation", "Reply suggested.", "engine", "request_id", "suggestion_id")
SUGGESTION_DECIDED = define(
    "suggestion.decided", "conversation", "Suggestion used, edited or dismissed.", "suggestion_id", "outcome"
)
SUGGESTION_FAILED = define("suggestion.failed", "conversation", "Suggestion failed.", "code", "request_id")
TICKET_BROADCAST = define("ticket.broadcast", "ticket", "Reply sent to every conversation of a ticket.", "message_ids")
SAVED_VIEW_CREATED = define("saved_view.created", "saved_view", "Saved view created.", "visibility")
SAVED_VIEW_UPDATED = define("saved_view.updated", "saved_view", "Saved view changed.", "fields")
SAVED_VIEW_FAVORITED = define(
    "saved_view.favorited", "saved_view", "Saved view added to or removed from favorites.", "favorite"
)
SAVED_VIEW_DELETED = define("saved_view.deleted", "saved_view", "Saved view deleted.")
ARTICLE_CREATED = define("article.created", "article", "Article created.", "visibility")
ARTICLE_UPDATED = define("article.updated", "article", "Article changed.", "fields")
ARTICLE_PUBLISHED = define("article.published", "article", "Article published.", "visibility")
ARTICLE_UNPUBLISHED = define("article.unpublished", "article", "Article unpublished.")
ARTICLE_DELETED = define("article.deleted", "article", "Article deleted.")
MACRO_CREATED = define("macro.created", "macro", "Macro created.")
MACRO_UPDATED = define("macro.updated", "macro", "Macro changed.", "fields")
MACRO_DELETED = define("macro.deleted", "macro", "Macro deleted.")
ASSISTANT_ASKED = define("assistant.asked", "conversation", "Message sent to the assistant.", "run_id")
ASSISTANT_ANSWERED = define("assistant.answered", "conversation", "Assistant answered.", "run_id", "message_id")
ASSISTANT_HANDED_OVER = define("assistant.handed_over", "conversation", "Handed over to the team.", "call", "ticket_id")
ASSISTANT_TAKEN_OVER = define("assistant.taken_over", "conversation", "Taken over from the assistant.")
ASSISTANT_RESOLVED = define("assistant.resolved", "conversation", "Resolved by the assistant.")
ASSISTANT_PROPOSAL_DECIDED = define(
    "assistant.proposal_decided",
    "conversation",
    "Step of the assistant approved or rejected.",
    "proposal_id",
    "approved",
)
ASSISTANT_FAILED = define("assistant.failed", "conversation", "Assistant could not answer.", "run_id", "code")
ASSISTANT_RESUMED = define(
    "assistant.resumed", "conversation", "Answer resumed by another worker.", "run_id", "attempt"
)
ASSISTANT_CANCELED = define("assistant.canceled", "conversation", "Answer canceled.", "run_id")
ASSISTANT_COST_KEPT = define(
    "assistant.cost_kept", "conversation", "Cost of a late answer recorded.", "run_id", "suggestion_id"
)
ASSISTANT_QUEUE_CHANGED = define(
    "assistant.queue_changed",
    "conversation",
    "Assistant queue changed.",
    "message_id",
    "added_id",
    "begun_id",
    "edited_id",
    "removed_id",
    "removed_count",
)
ASSISTANT_DELETED = define("assistant.deleted", "conversation", "Assistant conversation deleted.")
