"""Who is writing at the moment, on either side of a chat: signals by NOTIFY. They leave no rows and no events, and one that nobody
listens for is gone."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast
from uuid import UUID

from django.db import connection

from accounts.live.responses import LiveContext
from accounts.text import whole_number
from conversations.models import Contact, Conversation

AGENT, CUSTOMER = "agent_typing", "customer_typing"
"""The channels. `agent_typing` has the contact's row, the conversation's public id and the agent's name; `customer_typing` the
workspace's row and the conversation's row."""
EVERY = 3.0
"""Seconds between the signals of one who goes on typing."""
SHOWN_FOR = 6.0
"""Seconds for which a signal is shown."""
LONGEST_NAME = 100
"""Characters of a name; a payload of NOTIFY has at most 7,999 bytes."""


def agent_is_typing(conversation: Conversation, name: str) -> None:
    """Signal to the customer's browsers that an agent of this name is writing a reply."""
    _notify(AGENT, f"{conversation.contact_id} {conversation.public_id} {shown_name(name)}")


def customer_is_typing(conversation: Conversation) -> None:
    """Signal to the team that the customer is writing."""
    _notify(CUSTOMER, f"{conversation.workspace_id} {conversation.pk}")


async def agents_typing(context: LiveContext, contact: Contact | int) -> AsyncIterator[tuple[UUID, str] | None]:
    """The conversations of a contact in which an agent is writing, with the agent's name. None: listening begins, again after
    an interruption."""
    async for text in _payloads(context, AGENT, contact if isinstance(contact, int) else contact.pk):
        public_id, _, name = text.partition(" ")
        yield (UUID(public_id), name) if text else None


async def customers_typing(context: LiveContext, workspace_id: int) -> AsyncIterator[int]:
    """The rows of a workspace's conversations in which the customer is writing."""
    async for text in _payloads(context, CUSTOMER, workspace_id):
        if (conversation_id := whole_number(text)) is not None:
            yield conversation_id


def shown_name(name: str) -> str:
    """A name on one line, without characters that cannot be seen or stored, and no longer than LONGEST_NAME."""
    kept = "".join(" " if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") else one for one in name)
    return " ".join(kept.split())[:LONGEST_NAME]


async def _payloads(context: LiveContext, channel: str, key: int) -> AsyncIterator[str]:
    async with aclosing(cast(AsyncGenerator[str, None], context.listen(channel, str(key)))) as payloads:
        async for text in payloads:
            yield text


def _notify(channel: str, payload: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])
