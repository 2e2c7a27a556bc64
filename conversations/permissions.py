"""Who may read conversations, write in them and change them."""

from __future__ import annotations

from accounts.permissions import Role, Rule, Scope, register


def register_rules() -> None:
    """Called once, when Django is ready."""
    register(
        {
            "conversation.read": Rule(Role.VIEWER, Scope.CONVERSATION_READ, is_for_contacts=True),
            "conversation.start": Rule(Role.AGENT, Scope.CONVERSATION_WRITE, is_for_contacts=True),
            "conversation.receive": Rule(Role.AGENT, Scope.CONVERSATION_WRITE, is_for_contacts=True),
            "conversation.reply": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
            "conversation.note": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
            "conversation.assign": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
            "conversation.update": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
            "conversation.mark_read": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
            "contact.update": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
        },
        scopes={
            Scope.CONVERSATION_READ: "read conversations and their messages",
            Scope.CONVERSATION_WRITE: "start, answer and change conversations",
        },
    )
