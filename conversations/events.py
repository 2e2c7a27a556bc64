"""What can happen in a conversation."""

from __future__ import annotations

from accounts.journal import define

CONTACT_CREATED = define("contact.created", "contact", "Contact created.")
CONTACT_UPDATED = define("contact.updated", "contact", "Contact details changed.", "fields")
CONTACT_BLOCKED = define("contact.blocked", "contact", "Customer blocked.")
CONTACT_UNBLOCKED = define("contact.unblocked", "contact", "Customer no longer blocked.")
CONTACT_ADDRESS_ADDED = define("contact.address_added", "contact", "Address of a customer added.", "address_id", "kind")
CONTACT_ADDRESS_REMOVED = define(
    "contact.address_removed", "contact", "Address of a customer removed.", "address_id", "kind"
)
CONTACT_ID_ADDED = define("contact.id_added", "contact", "ID of a customer added.")
CONTACT_ID_REMOVED = define("contact.id_removed", "contact", "ID of a customer removed.")
CONTACT_NOTE_ADDED = define("contact.note_added", "contact", "Note about a customer added.", "note_id")
CONTACT_NOTE_EDITED = define("contact.note_edited", "contact", "Note about a customer edited.", "note_id")
CONTACT_NOTE_DELETED = define("contact.note_deleted", "contact", "Note about a customer deleted.", "note_id")
CONTACT_COMPANY_CHANGED = define(
    "contact.company_changed", "contact", "Company of a customer changed.", "company_id", "previous_company_id"
)
CONTACT_ATTRIBUTES_CHANGED = define("contact.attributes_changed", "contact", "Attributes changed.", "keys")
CONTACT_MERGED = define("contact.merged", "contact", "Merged into another customer.", "into_id", "undo")
CONTACT_ABSORBED = define("contact.absorbed", "contact", "Another customer merged into this one.", "merged_id")
CONTACT_MERGE_UNDONE = define("contact.merge_undone", "contact", "Merge of customers undone.", "undone_id", "other_id")
CONTACT_ERASURE_REQUESTED = define(
    "contact.erasure_requested", "contact", "Erasing of a customer requested.", "erasure_id"
)
CONTACT_ERASED = define("contact.erased", "contact", "Customer erased.", "erasure_id")
CONTACT_EXPORTED = define("contact.exported", "contact", "Data of a customer exported.")
CONVERSATION_ERASED = define(
    "conversation.erased", "conversation", "Content erased.", "erasure_id", "message_count", "file_count"
)
CONVERSATION_ATTRIBUTES_CHANGED = define(
    "conversation.attributes_changed", "conversation", "Attributes changed.", "keys"
)
COMPANY_CREATED = define("company.created", "company", "Company created.")
COMPANY_UPDATED = define("company.updated", "company", "Company changed.", "fields")
COMPANY_ATTRIBUTES_CHANGED = define("company.attributes_changed", "company", "Attributes changed.", "keys")
COMPANY_MERGED = define(
    "company.merged", "company", "Another company merged into this one.", "merged_id", "contact_count"
)
COMPANY_ABSORBED = define("company.absorbed", "company", "Merged into another company.", "into_id", "undo")
COMPANY_MERGE_UNDONE = define("company.merge_undone", "company", "Merge of companies undone.", "undone_id", "other_id")
CONTACT_MARKED_DISTINCT = define("contact.marked_distinct", "contact", "Marked as not the same person.", "other_id")
CONTACT_UNMARKED_DISTINCT = define(
    "contact.unmarked_distinct", "contact", "No longer marked as not the same person.", "other_id"
)
CONVERSATION_STARTED = define("conversation.started", "conversation", "Conversation created.", "channel", "message_id")
MESSAGE_RECEIVED = define("message.received", "conversation", "Customer message received.", "message_id", "status")
REPLY_SENT = define("reply.sent", "conversation", "Reply sent.", "message_id", "status")
DELIVERY_CHANGED = define(
    "message.delivery_changed", "conversation", "Delivery status of a reply changed.", "message_id", "delivery"
)
REPLY_SCHEDULED = define("reply.scheduled", "conversation", "Reply scheduled.", "delivery_id", "send_after")
REPLY_RESCHEDULED = define(
    "reply.rescheduled", "conversation", "Time of a scheduled reply changed.", "delivery_id", "send_after"
)
REPLY_HELD = define(
    "reply.held", "conversation", "Scheduled reply held because of new messages.", "delivery_id", "last_message_id"
)
REPLY_REVIEWED = define("reply.reviewed", "conversation", "Held reply reviewed.", "delivery_id")
REPLY_CANCELLED = define("reply.cancelled", "conversation", "Scheduled reply cancelled.", "delivery_id")
REPLY_FAILED = define("reply.failed", "conversation", "Scheduled reply could not be sent.", "delivery_id", "code")
REPLY_DISCARDED = define("reply.discarded", "conversation", "Reply that failed discarded.", "delivery_id")
NOTE_ADDED = define("note.added", "conversation", "Internal note added.", "message_id")
NOTE_EDITED = define("note.edited", "conversation", "Internal note edited.", "message_id", "version")
NOTE_DELETED = define("note.deleted", "conversation", "Internal note deleted.", "message_id")
DRAFT_STARTED = define("draft.started", "draft", "Draft started.", "conversation_id", "kind")
DRAFT_DISCARDED = define("draft.discarded", "draft", "Draft discarded.", "conversation_id", "kind")
DRAFT_RESTORED = define("draft.restored", "draft", "Discarded draft restored.", "conversation_id", "kind")
MESSAGE_EDITED = define("message.edited", "conversation", "Customer edited a message.", "message_id", "version")
MESSAGE_WITHDRAWN = define("message.withdrawn", "conversation", "Customer deleted a message.", "message_id")
CONVERSATION_ASSIGNED = define(
    "conversation.assigned",
    "conversation",
    "Assignee changed.",
    "assignee_id",
    "team_id",
    "previous_assignee_id",
    "previous_team_id",
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
CONVERSATION_CC_CHANGED = define(
    "conversation.cc_changed", "conversation", "Copies changed.", "added_count", "removed_count"
)
CONVERSATION_READ = define("conversation.read", "conversation", "Marked as read.")
CONVERSATION_MARKED_UNREAD = define("conversation.marked_unread", "conversation", "Marked as unread.")
CONVERSATION_LINKED = define("conversation.linked", "conversation", "Linked to a ticket.", "ticket_id")
CONVERSATION_UNLINKED = define("conversation.unlinked", "conversation", "Unlinked from its ticket.", "ticket_id")
CALLBACK_MADE = define("callback.made", "conversation", "Called back.", "callback_id")
CALLBACK_UNMADE = define("callback.unmade", "conversation", "Call back again.", "callback_id")
FORM_CREATED = define("form.created", "form", "Form created.", "kind")
FORM_UPDATED = define("form.updated", "form", "Form changed.", "fields")
FORM_DELETED = define("form.deleted", "form", "Form deleted.")
WIDGET_CREATED = define("widget.created", "widget", "Chat widget created.")
WIDGET_UPDATED = define("widget.updated", "widget", "Chat widget changed.", "fields")
WIDGET_DELETED = define("widget.deleted", "widget", "Chat widget deleted.")
CHAT_SESSION_STARTED = define(
    "chat_session.started", "chat_session", "Chat session started.", "widget_id", "contact_id", "is_verified"
)
CHAT_SESSION_ENDED = define("chat_session.ended", "chat_session", "Chat session ended.", "contact_id")
CHAT_RESTORE_REQUESTED = define(
    "chat_restore.requested", "chat_restore", "Link to earlier conversations requested.", "widget_id"
)
CHAT_RESTORED = define(
    "chat_restore.used", "chat_restore", "Earlier conversations found again.", "session_id", "conversation_ids"
)
CHAT_SEEN = define("chat.seen", "conversation", "Seen by the customer.", "message_id")
CHAT_TRANSCRIPT_REQUESTED = define("chat.transcript_requested", "conversation", "Transcript sent to the customer.")
CONVERSATION_CONTACT_CHANGED = define(
    "conversation.contact_changed", "conversation", "Customer identified.", "contact_id", "previous_contact_id"
)
_MOVED = ("to_id", "number", "message_ids", "undo")
MESSAGES_MOVED = define(
    "conversation.messages_moved", "conversation", "Message moved to another conversation.", *_MOVED
)
CONVERSATION_SPLIT = define(
    "conversation.split", "conversation", "Messages split off into a new conversation.", *_MOVED
)
CONVERSATION_JOINED = define("conversation.joined", "conversation", "Merged into another conversation.", *_MOVED)
CONVERSATIONS_MERGED = define(
    "conversation.merged", "conversation", "Conversations merged into this one.", "merged_ids", "event_ids"
)
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
    "conversation.move_undone", "conversation", "Move, split or merge undone.", "undone_id", "number", "kind"
)
KEPT_APART = define("conversation.kept_apart", "conversation", "Suggested conversation dismissed.")
SPAM_MARKED = define("conversation.spam_marked", "conversation", "Marked as spam.", "before", "after", "blocked_id")
SPAM_UNMARKED = define("conversation.spam_unmarked", "conversation", "Marked as not spam.", "before", "after")
SPAM_UNDONE = define("conversation.spam_undone", "conversation", "Spam mark restored to what it was.", "undone_id")
CONVERSATION_FOLLOWED = define("conversation.followed", "conversation", "Followed.", "user_id")
CONVERSATION_UNFOLLOWED = define("conversation.unfollowed", "conversation", "No longer followed.", "user_id")
CONVERSATION_MENTIONED = define(
    "conversation.mentioned", "conversation", "Member mentioned in a note.", "user_id", "message_id"
)
CONVERSATION_MENTION_SEEN = define("conversation.mention_seen", "conversation", "Mention seen.", "user_id")
CONVERSATION_FORWARDED = define(
    "conversation.forwarded", "conversation", "Forwarded by mail.", "to_id", "number", "message_id"
)
CONVERSATION_NAMED = define("conversation.named", "conversation", "Named in another conversation.", "from_id", "number")
MESSAGE_REDACTED = define(
    "message.redacted", "conversation", "Message redacted.", "message_id", "is_whole", "file_count"
)
CONVERSATION_TRASHED = define("conversation.trashed", "conversation", "Moved to the Trash.", "before")
CONVERSATION_RESTORED = define("conversation.restored", "conversation", "Restored from the Trash.")
CONVERSATION_PURGED = define("conversation.purged", "conversation", "Deleted for good.", "number")
SUGGESTION_REQUESTED = define("suggestion.requested", "conversation", "Suggestion requested.", "engine", "ticket_id")
SUGGESTION_MADE = define("suggestion.made", "conversation", "Reply suggested.", "engine", "request_id", "suggestion_id")
SUGGESTION_DECIDED = define(
    "suggestion.decided", "conversation", "Suggestion used, edited or dismissed.", "suggestion_id", "outcome"
)
SUGGESTION_FAILED = define("suggestion.failed", "conversation", "Suggestion failed.", "code", "request_id")
TICKET_BROADCAST_SCHEDULED = define(
    "ticket.broadcast_scheduled",
    "ticket",
    "Reply to every conversation of a ticket scheduled.",
    "delivery_ids",
    "send_id",
)
TICKET_BROADCAST = define("ticket.broadcast", "ticket", "Reply sent to every conversation of a ticket.", "message_ids")
SAVED_VIEW_CREATED = define("saved_view.created", "saved_view", "Saved view created.", "visibility")
SAVED_VIEW_UPDATED = define("saved_view.updated", "saved_view", "Saved view changed.", "fields")
SAVED_VIEW_FAVORITED = define(
    "saved_view.favorited", "saved_view", "Saved view added to or removed from favorites.", "favorite"
)
SAVED_VIEW_MOVED = define("saved_view.moved", "saved_view", "Favorite saved view moved.")
SAVED_VIEW_DELETED = define("saved_view.deleted", "saved_view", "Saved view deleted.")
ARTICLE_CREATED = define("article.created", "article", "Article created.", "visibility")
ARTICLE_UPDATED = define("article.updated", "article", "Article changed.", "fields")
ARTICLE_PUBLISHED = define("article.published", "article", "Article published.", "visibility")
ARTICLE_UNPUBLISHED = define("article.unpublished", "article", "Article unpublished.")
ARTICLE_DELETED = define("article.deleted", "article", "Article deleted.")
MACRO_CREATED = define("macro.created", "macro", "Macro created.")
MACRO_UPDATED = define("macro.updated", "macro", "Macro changed.", "fields")
MACRO_DELETED = define("macro.deleted", "macro", "Macro deleted.")
MACRO_APPLIED = define("macro.applied", "conversation", "Macro applied.", "macro_id")
BULK_JOB_STARTED = define("bulk_job.started", "bulk_job", "Change of many conversations started.", "row_count")
BULK_JOB_FINISHED = define(
    "bulk_job.finished",
    "bulk_job",
    "Change of many conversations finished.",
    "changed_count",
    "skipped_count",
    "failed_count",
)
BULK_JOB_CANCELLED = define("bulk_job.cancelled", "bulk_job", "Change of many conversations cancelled.")
BULK_JOB_UNDO_STARTED = define("bulk_job.undo_started", "bulk_job", "Undoing a change of many conversations started.")
BULK_JOB_UNDONE = define(
    "bulk_job.undone", "bulk_job", "Change of many conversations undone.", "undone_count", "kept_count"
)
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
MAILBOX_CREATED = define("mailbox.created", "mailbox", "Mailbox added.", "inbound")
MAILBOX_UPDATED = define("mailbox.updated", "mailbox", "Mailbox changed.", "fields")
MAILBOX_PAUSED = define("mailbox.paused", "mailbox", "Mailbox paused.")
MAILBOX_RESUMED = define("mailbox.resumed", "mailbox", "Mailbox resumed.")
MAILBOX_DELETED = define("mailbox.deleted", "mailbox", "Mailbox deleted.")
MAILBOX_MADE_DEFAULT = define("mailbox.made_default", "mailbox", "Mailbox made the default.")
MAILBOX_LOGIN_CHANGED = define("mailbox.login_changed", "mailbox", "Login of a mailbox changed.", "fields")
MAILBOX_TOKENS_REFRESHED = define("mailbox.tokens_refreshed", "mailbox", "Access of a mailbox renewed.")
MAILBOX_INGRESS_CHANGED = define("mailbox.ingress_changed", "mailbox", "Webhook address of a mailbox changed.")
MAILBOX_RESEALED = define("mailbox.resealed", "mailbox", "Secrets of a mailbox encrypted with the present key.")
MAILBOX_DISCONNECTED = define("mailbox.disconnected", "mailbox", "Mailbox needs to be reconnected.")
MAILBOX_CONNECTED = define("mailbox.connected", "mailbox", "Mailbox connected.")
BACKFILL_REQUESTED = define("mailbox.backfill_requested", "mailbox", "Fetching of earlier mail requested.", "days")
BACKFILL_CANCELLED = define("mailbox.backfill_cancelled", "mailbox", "Fetching of earlier mail stopped.")
MAIL_QUARANTINED = define("inbound_mail.quarantined", "inbound_mail", "Mail quarantined.", "mailbox_id", "code")
MAIL_IGNORED = define("inbound_mail.ignored", "inbound_mail", "Mail ignored.", "mailbox_id", "code")
MAIL_RETRIED = define("inbound_mail.retried", "inbound_mail", "Quarantined mail tried again.", "mailbox_id")
MAIL_DISMISSED = define("inbound_mail.dismissed", "inbound_mail", "Quarantined mail dismissed.", "mailbox_id")
ADDRESS_SUPPRESSED = define("suppressed_address.added", "suppressed_address", "Address suppressed.", "code")
ADDRESS_UNSUPPRESSED = define("suppressed_address.removed", "suppressed_address", "Address no longer suppressed.")
SENDER_BLOCKED = define("blocked_sender.added", "blocked_sender", "Sender blocked.")
SENDER_UNBLOCKED = define("blocked_sender.removed", "blocked_sender", "Sender no longer blocked.")
DISCORD_CONNECTED = define("discord_bot.connected", "discord_bot", "Discord bot connected.")
DISCORD_PAUSED = define("discord_bot.paused", "discord_bot", "Discord bot paused.")
DISCORD_RESUMED = define("discord_bot.resumed", "discord_bot", "Discord bot resumed.")
DISCORD_DISCONNECTED = define("discord_bot.disconnected", "discord_bot", "Discord bot needs to be reconnected.")
DISCORD_RESEALED = define(
    "discord_bot.resealed", "discord_bot", "Token of a Discord bot encrypted with the present key."
)
DISCORD_REMOVED = define("discord_bot.removed", "discord_bot", "Discord bot removed.")
DISCORD_THREAD_SEEN = define("discord_thread.seen", "discord_thread", "Discord thread found.")
DISCORD_THREAD_CHANGED = define("discord_thread.changed", "discord_thread", "Discord thread changed.", "fields")
DISCORD_THREAD_DELETED = define("discord_thread.deleted", "discord_thread", "Discord thread deleted.")
DISCORD_THREAD_RESTORED = define("discord_thread.restored", "discord_thread", "Discord thread is there again.")
DISCORD_THREAD_OPENED = define("discord_thread.opened", "discord_thread", "Private Discord thread opened.")
DISCORD_PRIVATE_REQUESTED = define(
    "conversation.private_requested", "conversation", "Private Discord thread requested."
)
DISCORD_LINK_REQUESTED = define("discord_member.link_requested", "discord_member", "Identity link requested.")
DISCORD_CODE_SENT = define("discord_link.code_sent", "discord_link", "Code for an identity link sent.")
DISCORD_CODE_REFUSED = define("discord_link.code_refused", "discord_link", "Wrong code for an identity link.")
DISCORD_LINKED = define("discord_member.linked", "discord_member", "Discord member linked to a contact.", "contact_id")
DISCORD_MET = define("discord_member.met", "discord_member", "Discord member seen for the first time.")
