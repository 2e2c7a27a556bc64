"""Django admin for conversations, contacts, the knowledge base, saved views and the assistant's ledger.

For: owners and admins who look something up or correct it; agents work in the screens.
In: forms of Django admin. Out: calls of verbs; admin writes no row by itself.

It derives from `accounts.admin.base`. `read_only` holds the rows that are only shown, `forms` reads what is typed.
Nothing imports it.
"""

from conversations.admin import (
    assistant,
    bulk,
    chat,
    contacts,
    conversation,
    customers,
    discord,
    drafts,
    following,
    hosted_forms,
    knowledge,
    mail,
    notifications,
    outbox,
    read_only,
    saved_views,
)

__all__ = [
    "assistant", "bulk", "chat", "contacts", "conversation", "customers", "discord", "drafts", "following", "hosted_forms", "knowledge", "mail", "notifications", "outbox", "read_only",
    "saved_views",
]  # fmt: skip
