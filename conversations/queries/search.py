"""Searching conversations by what people type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet

from accounts.tenancy import TenantModel
from accounts.text import whole_number
from conversations.models import Contact, Conversation, Message
from conversations.models.searched import TokensQuery
from conversations.texts import tokens
from tickets.queries import HIGHEST_NUMBER

R = TypeVar("R", bound=QuerySet[Any])
Rows = Callable[[type[TenantModel]], QuerySet[Any]]


def matching(rows: R, search: str, of: Rows) -> R:
    """Those of the conversations that hold all that was typed, each word anywhere: subject, message, note or contact.

    `conversations.texts.tokens` says how words match. A number also finds the conversation, or the ticket, of that number.
    `of` says among which rows of a model to look.
    """
    terms = tokens.query(search)
    if not terms:
        return rows.none()
    for term in terms:
        # Sub-selects joined by UNION over one key: an OR across tables could use no index.
        having = _having(TokensQuery(term), of)
        if (wanted := number(search)) is not None:
            having = having.union(_numbered(wanted, of))
        rows = rows.filter(pk__in=having)
    return rows


def _having(words: TokensQuery, of: Rows) -> QuerySet[Any]:
    contacts = of(Contact).filter(tokens=words).order_by().values("pk")
    of_people = of(Conversation).filter(contact__in=contacts).order_by().values("pk")
    written = of(Message).filter(tokens=words).order_by().values("conversation")
    return of(Conversation).filter(tokens=words).order_by().values("pk").union(of_people, written, all=True)


def _numbered(number: int, of: Rows) -> QuerySet[Any]:
    linked = of(Conversation).filter(ticket__number=number).order_by().values("pk")
    return of(Conversation).filter(number=number).order_by().values("pk").union(linked)


def number(search: str) -> int | None:
    """The number of a conversation or a ticket that may be meant: `42` or `#42`."""
    return whole_number(search.strip().removeprefix("#"), most=HIGHEST_NUMBER)
