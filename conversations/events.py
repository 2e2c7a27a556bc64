"""What can happen in a conversation."""

from __future__ import annotations

from accounts.events import define

CONTACT_CREATED = define("contact.created", "contact", "A customer was seen for the first time.")
CONTACT_UPDATED = define("contact.updated", "contact", "What is known of a customer changed.")
CONVERSATION_STARTED = define("conversation.started", "conversation", "A conversation came into being.")
MESSAGE_RECEIVED = define("message.received", "conversation", "The customer wrote.")
REPLY_SENT = define("reply.sent", "conversation", "The team answered the customer.")
DELIVERY_CHANGED = define("message.delivery_changed", "conversation", "A reply reached the customer, or could not.")
NOTE_ADDED = define("note.added", "conversation", "Someone wrote an internal note.")
NOTE_EDITED = define("note.edited", "conversation", "Its author changed an internal note.")
NOTE_DELETED = define("note.deleted", "conversation", "Its author took an internal note back.")
CONVERSATION_ASSIGNED = define("conversation.assigned", "conversation", "It was given to someone, or to no one.")
CONVERSATION_STATUS_CHANGED = define("conversation.status_changed", "conversation", "Whose turn it is was set.")
CONVERSATION_SNOOZED = define("conversation.snoozed", "conversation", "It sleeps until a moment, or was woken.")
CONVERSATION_PRIORITY_CHANGED = define("conversation.priority_changed", "conversation", "Its priority changed.")
CONVERSATION_TAGGED = define("conversation.tagged", "conversation", "Its labels changed.")
CONVERSATION_SUBJECT_CHANGED = define("conversation.subject_changed", "conversation", "Its subject was edited.")
CONVERSATION_READ = define("conversation.read", "conversation", "The team has seen what was new.")
CONVERSATION_LINKED = define("conversation.linked", "conversation", "It was linked to a ticket.")
CONVERSATION_UNLINKED = define("conversation.unlinked", "conversation", "It was unlinked from its ticket.")
SUGGESTION_REQUESTED = define("suggestion.requested", "ticket", "Someone asked the assistant for a draft.")
SUGGESTION_MADE = define("suggestion.made", "ticket", "The assistant's draft is in the thread, as a note.")
SUGGESTION_FAILED = define("suggestion.failed", "ticket", "The assistant could not give a draft.")
TICKET_BROADCAST = define("ticket.broadcast", "ticket", "One answer went to every conversation of a ticket.")
SAVED_VIEW_CREATED = define("saved_view.created", "saved_view", "Someone named a set of filters.")
SAVED_VIEW_UPDATED = define("saved_view.updated", "saved_view", "A saved view's name, filters or visibility changed.")
SAVED_VIEW_FAVORITED = define("saved_view.favorited", "saved_view", "Someone marked a saved view, or unmarked it.")
SAVED_VIEW_DELETED = define("saved_view.deleted", "saved_view", "A saved view was deleted.")
