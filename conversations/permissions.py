"""Who may read conversations, write in them and change them."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_noop as _

from accounts.permissions import Role, Rule, register


class ConversationScope(StrEnum):
    """The scopes for conversations that a key can hold."""

    READ = "conversation:read"
    WRITE = "conversation:write"


def register_rules() -> None:
    """Called once, when Django is ready."""
    register(
        {
            "conversation.read": Rule(Role.VIEWER, ConversationScope.READ, is_for_contacts=True),
            "conversation.start": Rule(Role.AGENT, ConversationScope.WRITE, is_for_contacts=True),
            "conversation.receive": Rule(Role.AGENT, ConversationScope.WRITE, is_for_contacts=True),
            "conversation.reply": Rule(Role.AGENT, ConversationScope.WRITE),
            "conversation.note": Rule(Role.AGENT, ConversationScope.WRITE),
            "conversation.assign": Rule(Role.AGENT, ConversationScope.WRITE),
            "conversation.update": Rule(Role.AGENT, ConversationScope.WRITE),
            "conversation.set_status": Rule(Role.AGENT, ConversationScope.WRITE, is_for_contacts=True),
            "conversation.mark_read": Rule(Role.AGENT, ConversationScope.WRITE),
            "conversation.follow": Rule(Role.VIEWER),
            "conversation.trash": Rule(Role.ADMIN),
            "message.redact": Rule(Role.ADMIN),
            "form.write": Rule(Role.ADMIN),
            "widget.read": Rule(Role.VIEWER),
            "widget.write": Rule(Role.ADMIN),
            "contact.update": Rule(Role.AGENT, ConversationScope.WRITE, is_for_contacts=True),
            "contact.edit": Rule(Role.AGENT, ConversationScope.WRITE),
            "contact.note": Rule(Role.AGENT),
            "contact.delete_note": Rule(Role.ADMIN),
            "contact.merge": Rule(Role.AGENT),
            "contact.block": Rule(Role.AGENT),
            "contact.export": Rule(Role.ADMIN),
            "contact.erase": Rule(Role.ADMIN),
            "company.write": Rule(Role.AGENT),
            "chat.visit": Rule(Role.AGENT, ConversationScope.WRITE, is_for_contacts=True),
        },
        scopes={
            ConversationScope.READ: _("read conversations and their messages"),
            ConversationScope.WRITE: _("start, answer and change conversations"),
        },
        for_client_keys=True,
    )
