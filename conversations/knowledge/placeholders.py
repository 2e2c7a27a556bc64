"""Placeholders of macros, in double braces, which are filled in when the macro is inserted."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts import tenancy
from accounts.models import User
from conversations.models import Contact, Conversation
from conversations.texts import names

PLACEHOLDERS: dict[str, str | Promise] = {
    "customer.name": gettext_lazy("the customer's name; “there” or “customer” where none is known"),
    "customer.first_name": gettext_lazy("the customer's first name; “there” or “customer” where none is known"),
    "agent.name": gettext_lazy("the name of the agent who writes, or the workspace's name"),
    "conversation.number": gettext_lazy("the conversation's number"),
}
_VALUES: dict[str, Callable[[Conversation, User], str]] = {
    "customer.name": lambda conversation, agent: _known_as(conversation.contact),
    "customer.first_name": lambda conversation, agent: _first_name(conversation.contact),
    "agent.name": lambda conversation, agent: agent.name or tenancy.current().name,
    "conversation.number": lambda conversation, agent: str(conversation.number),
}
_NEUTRAL = {"hi": "there", "hello": "there", "hey": "there", "dear": "customer"}
"""What stands in a greeting for a name that is not known."""
_LAST_WORD = re.compile(r"(\w+) *$")
IN_BRACES = re.compile(r"\{\{ ?([a-z_.]{1,40}) ?\}\}")
_BRACES = re.compile(r"\{\{[^{}\n]{0,200}\}\}")


def unknown(body: str) -> str:
    """The first placeholder that is not known, or ""."""
    for found in _BRACES.finditer(body):
        name = IN_BRACES.fullmatch(found[0])
        if name is None or name[1] not in PLACEHOLDERS:
            return found[0]
    return ""


def filled(body: str, conversation: Conversation, agent: User) -> str:
    """The text with its placeholders filled in; other braces stay as they are.

    A customer without a name is greeted without one, and never by an id or email.
    """
    text, at = "", 0
    for found in IN_BRACES.finditer(body):
        text, at = text + body[at : found.start()], found.end()
        known = _VALUES.get(found[1])
        if value := known(conversation, agent) if known else found[0]:
            text += value
        else:
            text, at = _without_name(text, body, at)
    return text + body[at:]


def _without_name(text: str, body: str, at: int) -> tuple[str, int]:
    """The text without a name that is not known, and where the rest begins: "Hi there,", "Hallo,", "Thanks!"."""
    line = text.rpartition("\n")[2]
    word = _LAST_WORD.search(line)
    if word and (neutral := _NEUTRAL.get(word[1].lower())):
        return text + neutral, at
    is_called = body[at : at + 1] in (",", "!", ".", "?", "", "\n")
    if is_called and not line.strip() and body[at : at + 1] in (",", "!"):
        rest = re.compile(r"[,!] *").match(body, at)
        at = rest.end() if rest else at
        return text + body[at : at + 1].upper(), at + 1
    if is_called and (line.rstrip().endswith(",") or (0 < len(line.split()) <= 3 and line.rstrip()[-1].isalpha())):
        return text.rstrip(" ,"), at
    return text + "customer", at


def _known_as(contact: Contact) -> str:
    return names.known_as(contact.name, contact.external_id, contact.email)


def _first_name(contact: Contact) -> str:
    given = names.first_name(contact.first_name, contact.external_id, contact.email)
    return given or names.first_name(contact.name, contact.external_id, contact.email)
