"""Rows that trip comparisons up: nulls, cases, decomposed accents, no tags, ties, and attributes of every kind."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import Team, Workspace
from conversations.models import Contact, Conversation, Follower, Mention, Message
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, TicketFactory, reply
from tickets.models import Attribute, AttributeKind, Ticket

AT = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
"""Half an hour before Berlin's clocks go forward."""
TEXTS = (
    "Straße", "STRASSE", unicodedata.normalize("NFD", "Crème brûlée"), "crème BRÛLÉE", "İstanbul", "istanbul", "100%_\\ 'off'",
    "مرحبا", "e\u0301", "É", "ﬁle", "refund", "Refund please", " ", "a", "ada@acme.example", "上海", "<b>&amp;", "ǅ", "ß",
)  # fmt: skip
TAGS = ("vip", "VIP", "Straße", "a,b", '"q"', unicodedata.normalize("NFD", "é"), "é", "ŸO")
MOMENTS = tuple(
    AT + timedelta(seconds=seconds) for seconds in (-86_400 * 400, -86_400, -7_200, -3_600, -1, 0, 1, 3_600, 86_400)
)
ATTRIBUTES: tuple[dict[str, Any], ...] = (
    {},
    {"plan": "Pro", "seats": 5, "rate": "12.50", "tier": "gold", "beta": True, "since": "2026-03-29", "site": "https://a.example/X", "gone": "Pro"},
    {"plan": "pro", "seats": 0, "rate": "12.5", "tier": "Gold", "beta": False, "since": "2026-03-28", "site": ""},
    {"plan": "Größe", "seats": -7, "rate": "-0.001", "tier": "silver", "since": "0001-01-01"},
    # What no verb of ours writes.
    {"plan": 7, "seats": "x", "rate": 12.5, "tier": ["gold"], "beta": "true", "since": "soon", "site": None},
    {"plan": None, "seats": None, "rate": "1e5", "beta": None, "since": 20260329, "seat s": 1},
    {"plan": {"a": 1}, "seats": 10**29, "rate": "9" * 40, "beta": 1},
)  # fmt: skip
KINDS = {
    "plan": AttributeKind.TEXT, "seats": AttributeKind.NUMBER, "rate": AttributeKind.DECIMAL, "tier": AttributeKind.CHOICE,
    "beta": AttributeKind.BOOLEAN, "since": AttributeKind.DATE, "site": AttributeKind.URL,
}  # fmt: skip


def define_attributes(acme: Workspace) -> list[Attribute]:
    """An attribute of each kind for each subject, and one that was archived."""
    return Attribute.objects.bulk_create(
        Attribute(
            workspace=acme,
            subject=subject,
            key=key,
            name=key,
            kind=kind,
            choices=["gold", "silver"],
            archived_at=AT if key == "gone" else None,
        )
        for subject in ("conversation", "contact", "ticket")
        for key, kind in [*KINDS.items(), ("gone", AttributeKind.TEXT)]
    )


def arrange(
    acme: Workspace, ada: Member, ben: Member
) -> tuple[list[Conversation], list[Ticket], list[Contact], list[Team]]:
    """Thirteen conversations, seven tickets and seven contacts, of which each has something odd."""
    define_attributes(acme)
    teams = [TeamFactory(workspace=acme, name="Billing", members=[ada.user]), TeamFactory(workspace=acme, name="Empty")]
    contacts = []
    for n in range(7):
        row = ContactFactory(workspace=acme, name=TEXTS[n], email="" if n == 3 else f"C{n}@Example.com")
        Contact.objects.filter(pk=row.pk).update(
            company=TEXTS[-n], external_id=None if n % 2 else TEXTS[n], attributes=ATTRIBUTES[n], is_verified=n != 2
        )
        contacts.append(row)
    tickets = [TicketFactory(workspace=acme, subject=TEXTS[n + 3]) for n in range(7)]
    people = (None, ada.user.pk, ben.user.pk)
    for n, ticket in enumerate(tickets):
        Ticket.objects.filter(pk=ticket.pk).update(
            status=("new", "open", "pending", "on_hold", "resolved")[n % 5], tags=list(TAGS[:n]), attributes=ATTRIBUTES[n],
            priority=(None, "low", "critical")[n % 3], assignee=people[n % 3], unread_team_count=n % 2,
            team=teams[0] if n == 3 else None, sla_due_at=(None, *MOMENTS)[n], last_message_at=(None, *MOMENTS)[-n], channel=("api", "Widget")[n % 2],
        )  # fmt: skip
    conversations = []
    for n in range(13):
        row = ConversationFactory(
            workspace=acme, contact=contacts[n % 7], subject=TEXTS[n], body=TEXTS[-n].strip() or "x"
        )
        status = ("open", "pending", "resolved", "closed")[n % 4]
        Conversation.objects.filter(pk=row.pk).update(
            status=status, closed_at=AT if n % 4 > 1 else None, snoozed_until=AT if n % 3 == 0 else None,
            priority_rank=n % 4 + 1, tags=[] if n % 5 == 0 else list(TAGS[n % 7 : n % 7 + 2]), assignee=people[n % 3],
            team=(None, *teams)[n % 3], channel=("api", "email", "chat")[n % 3], handler=("people", "assistant", "nobody")[n // 5],
            unread_count=n % 2, waiting_since=MOMENTS[n % 9], last_inbound_at=(None, *MOMENTS)[n % 10], created_at=MOMENTS[-n % 9],
            first_response_due_at=MOMENTS[n % 9] if n % 2 else None, first_response_at=AT if n % 3 == 0 else None,
            next_response_due_at=MOMENTS[-n % 9] if n % 4 == 1 else None, ticket=tickets[n % 7] if n < 8 else None,
            attributes=ATTRIBUTES[-n % 7],
        )  # fmt: skip
        conversations.append(row)
    first = Message.objects.filter(conversation=conversations[0]).get()
    for n in (0, 4):
        Follower.objects.create(workspace=acme, conversation=conversations[n], user=(ada, ben)[n % 2].user)
        Mention.objects.create(
            workspace=acme, conversation=conversations[n], message=first, user=(ben, ada)[n // 4].user
        )
    file = ContentFile(b"%PDF-1.4 x", "Größe.pdf")
    reply(conversations[6], "see file", uploads=[file])
    return (
        list(Conversation.objects.filter(pk__in=[row.pk for row in conversations]).order_by("pk")),
        list(Ticket.objects.filter(pk__in=[row.pk for row in tickets]).order_by("pk")),
        list(Contact.objects.filter(pk__in=[row.pk for row in contacts]).order_by("pk")),
        teams,
    )
