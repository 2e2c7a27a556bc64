"""The tickets' lists, counts and histories, in the open workspace scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Q
from django.http import QueryDict

from accounts import clock, journal
from accounts.errors import NotFound
from accounts.models import Event, Team, User, Workspace
from accounts.permissions import Actor, ActorKind
from accounts.tenancy import current, viewer
from accounts.text import whole_number
from conversations import conditions
from conversations import events as conversation_events
from conversations.conditions import Condition, Context
from conversations.models import Conversation, Message, MessageKind, SavedView
from conversations.queries import tickets as ticket_links
from conversations.queries.counts import CAP, Capped
from conversations.queries.paging import Page, keyset
from conversations.screens import filters, saved_views
from conversations.screens.filters import Pairs
from tickets import events
from tickets import queries as tickets
from tickets.models import AttributeSubject, Ticket, TicketNote, TicketNoteVersion, TicketQuerySet, TicketStatus

OPEN = (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.ON_HOLD)
STATUSES: Mapping[str, tuple[str, ...]] = {
    "unresolved": OPEN,
    **{status.value: (status.value,) for status in TicketStatus},
    "all": tuple(TicketStatus.values),
}
"""What the list can be narrowed to by status."""
WITHOUT = ("status",)
"""The filters that the list has in another way: its tabs."""
SORTS = ("updated", "created", "due")
_NO_DUE = "-"
"""Begins a cursor among the tickets without a due date, which follow those with one."""
SHOWN_NOTES = 50
SHOWN_VERSIONS = 20
SHOWN_LINES = 100
"""How many of the newest lines of a ticket's history its page shows."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which tickets a list shows: by status, by owner ("", "me", "nobody" or a team's key), by search, filters and saved view."""

    status: str = "unresolved"
    owner: str = ""
    search: str = ""
    filters: Pairs = ()
    saved: SavedView | None = None
    condition: Condition | None = None
    """What the filters and the saved view ask for."""

    @classmethod
    def of(cls, query: QueryDict, actor: Actor) -> Chosen:
        """From the query string; anything unknown falls back to the default."""
        status, owner = query.get("status", ""), query.get("owner", "")
        is_known = owner in ("me", "nobody") or whole_number(owner) is not None
        pairs = tuple(pair for pair in filters.of(query) if pair[0] not in WITHOUT)
        saved = saved_views.of_key(query.get("view", ""), actor, "ticket")
        found = filters.condition(pairs, "ticket")
        if saved is not None:
            found = saved_views.condition_of(saved).and_also(found)
        return cls(
            status=status if status in STATUSES else "all" if saved is not None else "unresolved",
            owner=owner if is_known else "",
            search=query.get("q", "").strip()[:200],
            filters=pairs,
            saved=saved,
            condition=None if found.is_empty else found,
        )

    @property
    def is_searched(self) -> bool:
        """Whether words are looked for, by the saved view or what was typed."""
        return bool(self.search or (self.saved and self.saved.search))

    @property
    def unoffered(self) -> Pairs:
        """The filters that the form does not offer, and keeps."""
        return tuple(pair for pair in self.filters if pair[0] == filters.ANYTHING)

    @property
    def usual_status(self) -> str:
        """The status that an address leaves out."""
        return "unresolved" if self.saved is None else "all"


def by_number(number: int) -> Ticket:
    """Raises NotFound, also for another workspace's ticket."""
    found = tickets.tickets().filter(number=number).order_by("pk").first()
    if found is None:
        raise NotFound("there is no such ticket")
    return found


def is_seen(number: int) -> bool:
    """Whether the viewer of the scope sees the ticket: one that a member has assigned to others, they may no longer see."""
    return viewer() is None or Ticket.objects.filter(number=number).exists()


def chosen(given: Chosen, user: User) -> TicketQuerySet:
    """The tickets of a list, in no order."""
    rows = _of_owner(tickets.tickets(), given.owner, user).filter(status__in=STATUSES[given.status])
    if given.condition is not None:
        rows = conditions.for_tickets(rows, given.condition, Context(at=clock.now(), me=user.pk))
    for search in (given.saved.search if given.saved else "", given.search):
        rows = ticket_links.matching(rows, search) if search else rows
    return rows


def _of_owner(rows: TicketQuerySet, owner: str, user: User) -> TicketQuerySet:
    if owner == "me":
        return rows.filter(assignee=user)
    if owner == "nobody":
        return rows.filter(assignee=None, team=None)
    return rows.filter(team=int(owner)) if owner.isdecimal() else rows


def page(rows: TicketQuerySet, *, sort: str, after: str | None, limit: int) -> Page[Ticket]:
    """A page in an order: last changed, newest, or next due, with those without a due date at the end. Raises Invalid."""
    if sort != "due":
        by = "-created_at" if sort == "created" else "-updated_at"
        return keyset(rows, by=by, after=after, limit=limit)
    without = rows.filter(sla_due_at=None)
    if after is not None and after.startswith(_NO_DUE):
        return _marked(keyset(without, by="-updated_at", after=after[1:] or None, limit=limit))
    due = keyset(rows.filter(sla_due_at__isnull=False), by="sla_due_at", after=after, limit=limit)
    room = limit - len(due.rows)
    if due.has_more:
        return due
    if room <= 0:
        return Page(rows=due.rows, next=_NO_DUE if without.exists() else None)
    rest = _marked(keyset(without, by="-updated_at", after=None, limit=room))
    return Page(rows=[*due.rows, *rest.rows], next=rest.next)


def _marked(page: Page[Ticket]) -> Page[Ticket]:
    return Page(rows=page.rows, next=_NO_DUE + page.next if page.next else None)


def counts(given: Chosen, user: User) -> dict[str, int]:
    """How many tickets of the owner and the filters each status holds, at most CAP each, in one statement."""
    names = [name for name in STATUSES if name != "all" or given.saved is not None]
    columns = []
    for name in names:
        rows = chosen(replace(given, status=name), user)
        columns.append(Capped(rows.order_by("-updated_at", "-pk").values("pk")[:CAP]))
    found = Workspace.objects.filter(pk=current().pk).values_list(*columns).first()
    return dict(zip(names, found or (), strict=False))


def counts_of(views: Sequence[SavedView], user: User) -> dict[int, int]:
    """How many tickets each of some saved views holds, at most CAP each, by their ids, in one statement."""
    columns = []
    for view in views:
        rows = chosen(Chosen(status="all", saved=view, condition=saved_views.condition_of(view)), user)
        columns.append(Capped(rows.order_by("-updated_at", "-pk").values("pk")[:CAP]))
    found = Workspace.objects.filter(pk=current().pk).values_list(*columns).first() if columns else None
    return dict(zip([view.pk for view in views], found or (), strict=False))


def linked_counts(shown: Sequence[Ticket]) -> dict[int, int]:
    """How many conversations each of the tickets has, by its key."""
    rows = Conversation.objects.filter(ticket__in=[*shown]).order_by().values("ticket").annotate(n=Count("pk"))
    return {row["ticket"]: row["n"] for row in rows}


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note of a ticket: one of its own, or one beside a conversation."""

    id: str
    """The id of its element."""
    author: str
    at: datetime
    body: str
    conversation: Conversation | None = None
    own: TicketNote | None = None
    versions: tuple[TicketNoteVersion, ...] = ()
    """Its earlier texts, the latest first, for those who may read them."""


def notes(ticket: Ticket, *, with_versions: bool = False) -> list[NoteLine]:
    """The newest notes of a ticket and of the conversations that the member sees, the newest first."""
    beside = Message.objects.filter(conversation__ticket=ticket, kind=MessageKind.NOTE).select_related("conversation")
    found = [
        NoteLine(
            f"note-{row.pk}", row.sender_name or row.sender_email, row.created_at, row.body or "", row.conversation
        )
        for row in beside.order_by("-created_at", "-pk")[:SHOWN_NOTES]
    ]
    own = list(tickets.notes(ticket)[:SHOWN_NOTES])
    versions = _versions(own) if with_versions else {}
    found += [
        NoteLine(
            f"own-note-{row.pk}",
            row.author_name,
            row.created_at,
            row.body,
            own=row,
            versions=tuple(versions.get(row.pk, ())[:SHOWN_VERSIONS]),
        )
        for row in own
    ]
    return sorted(found, key=lambda line: line.at, reverse=True)[:SHOWN_NOTES]


def _versions(notes: Sequence[TicketNote]) -> Mapping[int, list[TicketNoteVersion]]:
    """The earlier texts of notes that were edited, the latest first."""
    found: dict[int, list[TicketNoteVersion]] = {}
    edited = [row.pk for row in notes if row.edited_at is not None]
    rows = TicketNoteVersion.objects.filter(note__in=edited).select_related("replaced_by") if edited else ()
    for row in sorted(rows, key=lambda one: -one.pk):
        found.setdefault(row.note_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that happened to a ticket, and the member who did it, if it was one."""

    event: Event
    actor: User | None
    assignee: User | None
    team: Team | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    """The custom attributes that it changed: name and key."""
    conversation: Conversation | None = None
    """The one that was linked or unlinked, if the member sees it."""


_SHOWN = frozenset(
    kind.name
    for kind in (
        events.TICKET_OPENED,
        events.TICKET_STATUS_CHANGED,
        events.TICKET_ASSIGNED,
        events.TICKET_PRIORITY_CHANGED,
        events.TICKET_TAGGED,
        events.TICKET_UPDATED,
        events.TICKET_SNOOZED,
        events.TICKET_ATTRIBUTES_CHANGED,
        events.TICKET_NOTE_ADDED,
        events.TICKET_NOTE_EDITED,
        events.TICKET_NOTE_DELETED,
    )
)


_OF_CONVERSATIONS = (conversation_events.TICKET_BROADCAST.name, conversation_events.TICKET_BROADCAST_SCHEDULED.name)


def history(ticket: Ticket) -> list[HistoryLine]:
    """What happened to a ticket, newest first: its newest lines."""
    changes = Q(type__in=[*_SHOWN, *_OF_CONVERSATIONS])
    links = Q(type=events.TICKET_RECOUNTED.name) & (Q(data__has_key="linked_id") | Q(data__has_key="unlinked_id"))
    rows = journal.lines_of(ticket).filter(changes | links)
    found = list(rows.order_by("-id")[:SHOWN_LINES])
    members, names, conversations = _members(found), _attribute_names(found), _conversations(found)
    team_ids = {pk for event in found if (pk := event.data.get("team_id"))}
    teams = Team.objects.in_bulk(team_ids) if team_ids else {}
    return [
        HistoryLine(
            event,
            members.get(event.actor_id) if event.actor_kind == ActorKind.MEMBER and event.actor_id else None,
            members.get(event.data.get("assignee_id") or 0),
            teams.get(event.data.get("team_id") or 0),
            tuple((names.get(key, key), key) for key in event.data.get("keys") or ()),
            conversations.get(_about(event) or 0),
        )
        for event in found
    ]


def _members(found: Iterable[Event]) -> dict[int, User]:
    ids = {event.actor_id for event in found if event.actor_kind == ActorKind.MEMBER}
    ids |= {event.data.get("assignee_id") for event in found}
    return User.objects.in_bulk([pk for pk in ids if pk])


def _about(event: Event) -> int | None:
    found: int | None = event.data.get("linked_id") or event.data.get("unlinked_id")
    return found


def _conversations(found: Iterable[Event]) -> dict[int, Conversation]:
    ids = {pk for event in found if (pk := _about(event)) is not None}
    return {row.pk: row for row in Conversation.objects.filter(pk__in=ids).only("number", "subject")} if ids else {}


def _attribute_names(found: Iterable[Event]) -> dict[str, str]:
    """The names of the tickets' attributes by their keys, of archived ones too, where a line needs them."""
    if all(event.type != events.TICKET_ATTRIBUTES_CHANGED.name for event in found):
        return {}
    return dict(tickets.attributes_of(AttributeSubject.TICKET, archived=True).values_list("key", "name"))
