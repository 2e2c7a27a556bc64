"""Names in double braces that a macro may hold, filled in for one conversation when the macro is inserted."""

from __future__ import annotations

import re
from collections.abc import Callable

from accounts.models import User
from conversations.models import Conversation

PLACEHOLDERS: dict[str, str] = {
    "customer.name": "the customer's name, or their email",
    "customer.first_name": "the first word of that name",
    "agent.name": "the name of whoever writes",
    "conversation.number": "the conversation's number",
}
_VALUES: dict[str, Callable[[Conversation, User], str]] = {
    "customer.name": lambda conversation, agent: conversation.contact.display_name,
    "customer.first_name": lambda conversation, agent: conversation.contact.display_name.split(" ", 1)[0],
    "agent.name": lambda conversation, agent: agent.name or agent.email,
    "conversation.number": lambda conversation, agent: str(conversation.number),
}
IN_BRACES = re.compile(r"\{\{ ?([a-z_.]{1,40}) ?\}\}")
_BRACES = re.compile(r"\{\{[^{}\n]{0,200}\}\}")


def unknown(body: str) -> str:
    """The first pair of double braces that would stay as it is, or ""."""
    for found in _BRACES.finditer(body):
        name = IN_BRACES.fullmatch(found[0])
        if name is None or name[1] not in PLACEHOLDERS:
            return found[0]
    return ""


def filled(body: str, conversation: Conversation, agent: User) -> str:
    """The text with what it names of the conversation; any other braces stay as they are."""

    def value(found: re.Match[str]) -> str:
        known = _VALUES.get(found[1])
        return known(conversation, agent) if known else found[0]

    return IN_BRACES.sub(value, body)
