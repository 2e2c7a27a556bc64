"""Whom and what the operations are about: a key, an agent and an admin who are signed in, and rows of the largest workspace."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db.models import Count, QuerySet
from django.test import Client

from accounts import actions as account_actions
from accounts import clock, tenancy
from accounts.models import User, Workspace
from accounts.permissions import Actor, Role, Visibility
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Contact, Conversation, Message
from tests import factories
from tickets.models import Ticket, TicketStatus

TARGETS = 30
"""Rows that an operation takes turns with."""
LEAST_TICKETS = 60
SAMPLE = 4_000
"""Conversations in which the word is looked for that one in a hundred has."""


@dataclass(frozen=True, slots=True)
class Target:
    """One row, by both its names."""

    id: str
    number: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What requests are made of."""

    slug: str
    project: str
    key: str
    agent: str  # the cookies of somebody who answers customers
    admin: str  # and of somebody who runs the installation
    conversations: list[Target]
    tickets: list[Target]
    customers: list[str]
    word: str
    conversation_count: int
    ticket_count: int


def arranged() -> Scene:
    """The scene in the desk's database, with a key and people that are made for it."""
    # The largest of all workspaces is asked for before any scope can be open.
    counts = Conversation.all_workspaces.values("workspace").annotate(count=Count("pk")).order_by("-count")
    workspace = Workspace.objects.get(pk=counts[0]["workspace"])
    agent = factories.MembershipFactory(
        workspace=workspace, user=factories.UserFactory(email="agent@bench.example"), role=Role.AGENT
    ).user
    root = factories.UserFactory(email="root@bench.example", is_staff=True, is_superuser=True)
    with tenancy.scope(workspace):
        word = _word()
        _have_open_tickets(workspace, word)
        rows = Conversation.objects.for_people().open()
        contacts = Contact.objects.exclude(external_id=None).order_by("pk")
        tickets = Ticket.objects.filter(status=TicketStatus.OPEN)
        return Scene(
            slug=workspace.slug,
            project=str(workspace.public_id),
            key=factories.api_key(workspace)[1],
            agent=_cookies(agent),
            admin=_cookies(root),
            conversations=[Target(str(row[0]), row[1]) for row in _spread(rows.values_list("public_id", "number"))],
            tickets=[Target(str(row[0]), row[1]) for row in _spread(tickets.values_list("public_id", "number"))],
            customers=list(contacts.values_list("external_id", flat=True)[:TARGETS]),
            word=word,
            conversation_count=Conversation.objects.for_people().count(),
            ticket_count=Ticket.objects.count(),
        )


def members(slug: str, count: int, visibility: Visibility = Visibility.ALL) -> dict[str, User]:
    """That many agents of a workspace, who are made for it, by their cookies."""
    workspace = Workspace.objects.get(slug=slug)
    people = [factories.UserFactory(email=f"member{uuid4()}@bench.example") for _ in range(count)]
    by = Actor.system(workspace.pk)
    for user in people:
        made = factories.MembershipFactory(workspace=workspace, user=user, role=Role.AGENT)
        account_actions.set_visibility(membership=made, visibility=visibility, by=by, at=clock.now())
    return {_cookies(user): user for user in people}


def team_of(slug: str, people: list[User], conversations: list[Target]) -> None:
    """Put people into a team, and give it the conversations."""
    workspace = Workspace.objects.get(slug=slug)
    with tenancy.scope(workspace):
        team = factories.TeamFactory(workspace=workspace, name="Night shift", members=people)
        for row in Conversation.objects.filter(public_id__in=[one.id for one in conversations]):
            actions.assign(conversation=row, to=None, team=team, by=Actor.system(workspace.pk), at=clock.now())


def _have_open_tickets(workspace: Workspace, word: str) -> None:
    """A list of 25 is full at every size, and a search finds one: a small desk has fewer tickets."""
    for number in range(Ticket.objects.filter(status=TicketStatus.OPEN).count(), LEAST_TICKETS):
        actions.open_ticket(
            workspace=workspace,
            email=f"bench{number}@example.com",
            title=f"Import {number} stops",
            body=f"It stops in the middle, {word if number % 30 == 0 else 'every time'}, and has done so since this morning.",
            status=TicketStatus.OPEN,
            door=Door(Channel.API, "posthog"),
            by=Actor.system(workspace.pk),
            at=clock.now(),
        )


def _spread(rows: QuerySet[Any, tuple[Any, ...]]) -> QuerySet[Any, tuple[Any, ...]]:
    """Some of the rows, from the oldest to the newest."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    assert len(ids) >= 2, "there is nothing to measure with"
    wanted = {ids[n * (len(ids) - 1) // (TARGETS - 1)] for n in range(TARGETS)}
    return rows.filter(pk__in=wanted).order_by("pk")


def _cookies(user: User) -> str:
    """The Cookie header of a browser in which the person is signed in."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _word() -> str:
    """A word that about one conversation in a hundred has, in its messages or, as at least one has it, in its subject."""
    ids = list(Conversation.objects.for_people().order_by("pk").values_list("pk", flat=True))
    sample = ids[:: max(1, len(ids) // SAMPLE)]
    found: dict[int, set[str]] = {pk: set() for pk in sample}
    titles: set[str] = set()
    for pk, subject in Conversation.objects.filter(pk__in=sample).values_list("pk", "subject"):
        found[pk].update(_words(subject))
        titles.update(_words(subject))
    for pk, body in Message.objects.filter(conversation__in=sample).values_list("conversation", "body"):
        found[pk].update(_words(body or ""))
    counts = Counter(word for words in found.values() for word in words)
    return min(titles, key=lambda word: (abs(counts[word] - len(sample) / 100), word))


def _words(text: str) -> list[str]:
    return re.findall(r"\b[a-z]{5,12}\b", text.lower())
