"""Questions about conversations, in the open workspace scope: rows fully loaded for any renderer, one plan for all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, When

from accounts.errors import NotFound
from accounts.models import Event, Team, User
from accounts.permissions import Actor
from accounts.tenancy import current
from conversations import events, search_queries
from conversations.models import (
    AssistantProposal,
    AssistantQueueItem,
    AssistantThread,
    Attachment,
    Contact,
    Conversation,
    EntryPoint,
    Handler,
    Message,
    MessageKind,
    Outcome,
    ProposalStatus,
    Suggestion,
    SuggestionKind,
    Tally,
)
from conversations.models.assistant import AssistantThreadQuerySet
from conversations.models.conversation import ConversationQuerySet
from conversations.paging import Page, keyset
from tickets.models import Ticket

COUNT_CAP = 100
"""Counts that people see stop here ("99+"): an inbox of a million rows costs no more than one of a hundred."""


def conversations() -> ConversationQuerySet:
    """Every conversation of the workspace, with all that a door prints of one."""
    return cast(ConversationQuerySet, Conversation.objects.get_queryset()).with_people()


def _one(rows: QuerySet[Conversation]) -> Conversation:
    found = rows.first()
    if found is None:
        raise NotFound("there is no such conversation")
    return found


def by_public_id(public_id: uuid.UUID) -> Conversation:
    """Raises NotFound, also for another workspace's conversation."""
    return _one(conversations().filter(public_id=public_id).order_by("pk"))


def by_number(number: int) -> Conversation:
    """Raises NotFound."""
    return _one(conversations().filter(number=number).order_by("pk"))


def contact_named(external_id: str, email: str = "") -> Contact | None:
    """The contact that a trusted caller means, as `actions.identify` would find them; None where it would make one."""
    if found := Contact.objects.filter(external_id=external_id).first():
        return found
    known = Contact.objects.filter(email=email.strip().lower(), external_id=None, is_verified=True)
    return known.order_by("pk").first() if email.strip() else None


def contact_by_reference(reference: str) -> Contact | None:
    """The contact of that external id, or else of that public id."""
    if found := Contact.objects.filter(external_id=reference).first():
        return found
    try:
        return Contact.objects.filter(public_id=uuid.UUID(reference)).first()
    except ValueError:
        return None


def messages(conversation: Conversation) -> QuerySet[Message]:
    """What the two sides said to each other, oldest first: no notes, no status changes."""
    return Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE).order_by("id")


def visible_entries(conversation: Conversation) -> QuerySet[Message]:
    """What the customer may see, oldest first: messages and status changes."""
    return Message.objects.filter(conversation=conversation).exclude(kind=MessageKind.NOTE).order_by("id")


def entries(conversation: Conversation) -> QuerySet[Message]:
    """Everything in the thread, notes included, oldest first."""
    return Message.objects.filter(conversation=conversation).order_by("id")


def with_ticket_card(number: int) -> Conversation:
    """By number, with all that its page shows at once. Raises NotFound.

    That is the ticket's owner and `ticket_conversations` (how many share the ticket), what there is of the assistant, and
    `has_draft`: whether it has drafted a reply that is still open; `asks_leave`: whether the customer is to decide on
    people.
    """
    shared = Conversation.objects.filter(ticket=OuterRef("ticket")).order_by().values("ticket").annotate(n=Count("pk"))
    rows = conversations().select_related("ticket__assignee", "assistant_thread")
    rows = rows.annotate(
        ticket_conversations=Subquery(shared.values("n")),
        has_draft=Exists(_undecided_drafts().filter(conversation=OuterRef("pk"))),
        asks_leave=Exists(_pending_proposals().filter(thread__conversation=OuterRef("pk"))),
    )
    return _one(rows.filter(number=number).order_by("pk"))


def message(conversation: Conversation, pk: int) -> Message:
    """One entry of the thread. Raises NotFound."""
    found = entries(conversation).filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such message")
    return found


def attachment(public_id: uuid.UUID) -> Attachment:
    """A file of the workspace. Raises NotFound."""
    found = Attachment.objects.filter(public_id=public_id).order_by("pk").first()
    if found is None:
        raise NotFound("there is no such file")
    return found


def entry_points(conversation: Conversation) -> QuerySet[EntryPoint]:
    """The doors that the conversation has used, in order."""
    return EntryPoint.objects.filter(conversation=conversation).order_by("id")


def tally() -> Tally:
    """The workspace's exact counts, read from one row."""
    return Tally.objects.first() or Tally(workspace=current())


# --- The inbox ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InboxView:
    """A named queue of the inbox: its key in URLs, its label, and which conversations are in it."""

    key: str
    label: str
    rows: Callable[[ConversationQuerySet, User], ConversationQuerySet]
    is_counted: bool = True
    by: str | None = None
    """The only order that makes sense in it; None where the person chooses."""
    short: str = ""
    """The label where there is little room."""


INBOX_VIEWS: dict[str, InboxView] = {
    view.key: view
    for view in (
        InboxView("mine", "Mine", lambda rows, user: rows.for_people().open().assigned_to(user)),
        InboxView("unassigned", "Unassigned", lambda rows, user: rows.for_people().open().unassigned()),
        InboxView("open", "All open", lambda rows, user: rows.for_people().open()),
        InboxView(
            "waiting",
            "Waiting on customer",
            lambda rows, user: rows.for_people().waiting_on_customer(),
            short="Waiting",
        ),
        InboxView("snoozed", "Snoozed", lambda rows, user: rows.for_people().snoozed()),
        InboxView("news", "Replied after closing", lambda rows, user: rows.for_people().closed_with_news()),
        InboxView(
            "assistant",
            "Assistant",
            lambda rows, user: rows.with_the_assistant(),
            is_counted=False,
            by="-last_message_at",
        ),
        InboxView(
            "solved", "Resolved", lambda rows, user: rows.for_people().done(), is_counted=False, by="-last_message_at"
        ),
    )
}
DEFAULT_VIEW = "unassigned"

SORTS = {"oldest": "waiting_since", "newest": "-last_message_at"}
"""How a queue may be sorted: longest waiting first, or newest message first."""


def inbox_rows(view: InboxView, user: User, search: str = "") -> ConversationQuerySet:
    """A view's conversations; with a search, all that match it: the team's, or from its view the assistant's."""
    if search.strip():
        return found(search).with_the_assistant() if view.key == "assistant" else found(search).for_people()
    return view.rows(conversations(), user)


def inbox_page(
    view: InboxView, *, user: User, sort: str = "oldest", search: str = "", after: str | None = None, limit: int = 30
) -> Page[Conversation]:
    """One page of the inbox, in one query. Raises Invalid for a cursor that this desk did not make.

    A search for a number is two queries: what has that number comes first, whatever else holds it.
    """
    rows = inbox_rows(view, user, search)
    if not search.strip():
        return keyset(rows, by=view.by or SORTS.get(sort, SORTS["oldest"]), after=after, limit=limit)
    first: list[Conversation] = []
    if (number := search_queries.number(search)) is not None:
        numbered = rows.filter(Q(number=number) | Q(ticket__number=number))
        its_own_first = Case(When(number=number, then=0), default=1)
        first = list(numbered.order_by(its_own_first, "-last_message_at", "-pk")[:limit])
        rows = rows.exclude(pk__in=[row.pk for row in first])
    page = keyset(rows, by="-last_message_at", after=after, limit=limit)
    return Page(rows=[*first, *page.rows], next=page.next) if after is None else page


def latest_event_id() -> int:
    """Where the workspace's journal stands: what a page shows is at least as new as this. 0 for an empty one."""
    newest = Event.objects.filter(workspace=current()).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def inbox_counts(user: User) -> dict[str, int]:
    """How many conversations each counted view holds, at most COUNT_CAP each, in one query."""
    parts: list[str] = []
    params: list[Any] = []
    keys: list[str] = []
    for view in INBOX_VIEWS.values():
        if not view.is_counted:
            continue
        rows = view.rows(cast(ConversationQuerySet, Conversation.objects.get_queryset()), user)
        sql, values = rows.order_by().values("pk")[:COUNT_CAP].query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS rows)")  # noqa: S608 (the ORM's own SQL)
        params.extend(values)
        keys.append(view.key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), params)
        return dict(zip(keys, cursor.fetchone(), strict=True))


def found(search: str) -> ConversationQuerySet:
    """Conversations that match a search; see `search_queries.matching`."""
    return search_queries.matching(conversations(), search, lambda model: model.objects.all())


# --- The assistant ------------------------------------------------------------------------------


def assistant_threads() -> AssistantThreadQuerySet:
    """The workspace's conversations with the assistant, latest change first, without the deleted ones."""
    return cast(AssistantThreadQuerySet, AssistantThread.objects.get_queryset()).kept().newest_first()


def assistant_thread(public_id: uuid.UUID) -> AssistantThread:
    """Raises NotFound, also for one that was deleted."""
    found = assistant_threads().filter(conversation__public_id=public_id).first()
    if found is None:
        raise NotFound("there is no such conversation")
    return found


def thread_of(conversation: Conversation) -> AssistantThread | None:
    """What the conversation has with the assistant, if it was begun with it; without a deleted one."""
    return assistant_threads().filter(conversation=conversation).first()


def undecided_draft(conversation: Conversation) -> Suggestion | None:
    """The reply that the assistant has drafted last, while nobody has used it or turned it down."""
    return _undecided_drafts().filter(conversation=conversation).order_by("-id").first()


def _undecided_drafts() -> QuerySet[Suggestion]:
    return Suggestion.objects.filter(outcome=Outcome.OPEN, kind=SuggestionKind.DRAFT)


def draft(conversation: Conversation, public_id: uuid.UUID) -> Suggestion:
    """A draft of the conversation. Raises NotFound."""
    rows = Suggestion.objects.filter(conversation=conversation, kind=SuggestionKind.DRAFT, public_id=public_id)
    found = rows.first()
    if found is None:
        raise NotFound("there is no such draft")
    return found


def pending_proposals(thread: AssistantThread) -> QuerySet[AssistantProposal]:
    """The step that the assistant asks leave for at present, if any."""
    return _pending_proposals().filter(thread=thread).select_related("message").order_by("id")


def _pending_proposals() -> QuerySet[AssistantProposal]:
    return AssistantProposal.objects.filter(status=ProposalStatus.PENDING)


def assistant_queue(thread: AssistantThread) -> QuerySet[AssistantQueueItem]:
    """What waits in a thread, the next one first."""
    return AssistantQueueItem.objects.filter(thread=thread).select_related("thread").order_by("id")


def suggestion(conversation_id: int, request_id: int) -> Event | None:
    """What became of a request for a draft: `suggestion.made` or `suggestion.failed`, or None while it is being made."""
    return Event.objects.filter(
        workspace=current(),
        subject_type="conversation",
        subject_id=conversation_id,
        id__gt=request_id,
        type__in=(events.SUGGESTION_MADE.name, events.SUGGESTION_FAILED.name),
        data__request_id=request_id,
    ).first()


# --- The thread ---------------------------------------------------------------------------------

LINES = (
    events.CONVERSATION_ASSIGNED.name,
    events.CONVERSATION_PRIORITY_CHANGED.name,
    events.CONVERSATION_TAGGED.name,
    events.CONVERSATION_SUBJECT_CHANGED.name,
    events.CONVERSATION_SNOOZED.name,
    events.CONVERSATION_LINKED.name,
    events.CONVERSATION_UNLINKED.name,
    events.ASSISTANT_HANDED_OVER.name,
    events.ASSISTANT_TAKEN_OVER.name,
)
"""The journal's events that a thread shows as one grey line each; status changes are entries of the thread itself."""


UNDOABLE = (events.CONVERSATION_STATUS_CHANGED.name, events.CONVERSATION_SNOOZED.name)
"""The changes that `actions.undo` takes back."""


@dataclass(frozen=True, slots=True)
class Line:
    """A grey line: what happened, who did it, and whom and what it names, as far as those still exist."""

    event: Event
    actor: User | None
    to: User | None
    team: Team | None = None
    ticket: Ticket | None = None

    @property
    def at(self) -> datetime:
        return self.event.at


@dataclass(frozen=True, slots=True)
class Thread:
    """The last entries of a conversation, oldest first, with the grey lines that fell among them."""

    messages: Sequence[Message]
    lines: Sequence[Line]
    has_older: bool

    @property
    def items(self) -> list[Message | Line]:
        """Messages and lines in the order in which they happened."""
        moments = [(m.created_at, 1, m.pk, m) for m in self.messages] + [(x.at, 0, x.event.pk, x) for x in self.lines]
        return [item for *_, item in sorted(moments, key=lambda entry: entry[:3])]


def thread(conversation: Conversation, *, before: int | None = None, limit: int = 30) -> Thread:
    """The last page of a thread, or the page before a message id: four queries, however long it is."""
    rows = Message.objects.filter(conversation=conversation).select_related("sender_user").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    files = Prefetch("attachments", Attachment.objects.order_by("id"))
    page = list(rows.prefetch_related(files)[: limit + 1])
    has_older, page = len(page) > limit, page[:limit][::-1]
    journal = Event.objects.filter(
        workspace_id=conversation.workspace_id, subject_type="conversation", subject_id=conversation.pk, type__in=LINES
    )
    if has_older and page:
        journal = journal.filter(at__gte=page[0].created_at)
    if before is not None and (edge := Message.objects.filter(pk=before).values_list("created_at", flat=True).first()):
        journal = journal.filter(at__lt=edge)
    return Thread(
        messages=page, lines=_lines(conversation, list(journal.order_by("-id")[:200])[::-1]), has_older=has_older
    )


def thread_since(conversation: Conversation, *, message: int, event: int, limit: int = 100) -> Thread:
    """What came after a message id and an event id, with the messages from that message on (it leads the new ones).

    Writing in a conversation is serial, so that within one conversation ids do grow in the order of commits.
    """
    rows = Message.objects.filter(conversation=conversation, id__gte=message).select_related("sender_user")
    files = Prefetch("attachments", Attachment.objects.order_by("id"))
    page = list(rows.prefetch_related(files).order_by("-id")[:limit])[::-1]
    journal = Event.objects.filter(
        workspace_id=conversation.workspace_id,
        subject_type="conversation",
        subject_id=conversation.pk,
        type__in=LINES,
        id__gt=event,
    )
    return Thread(
        messages=page, lines=_lines(conversation, list(journal.order_by("-id")[:limit])[::-1]), has_older=False
    )


def change_to_undo(conversation: Conversation, *, by: Actor, since: datetime) -> Event | None:
    """What the actor has changed since a moment and may take back (`actions.undo`), if anything."""
    changes = Event.objects.filter(
        workspace_id=conversation.workspace_id,
        subject_type="conversation",
        subject_id=conversation.pk,
        type__in=UNDOABLE,
        actor_kind=by.kind,
        actor_id=by.id,
        at__gte=since,
    )
    return changes.order_by("-id").first()


def _lines(conversation: Conversation, happened: list[Event]) -> list[Line]:
    ids = {e.actor_id for e in happened if e.actor_kind == "operator"} | {e.data.get("to") for e in happened}
    people = User.objects.in_bulk([pk for pk in ids if pk is not None]) if happened else {}
    # Asked for only where a line names one: most threads know neither a team nor a ticket.
    team_ids, ticket_ids = ({e.data[name] for e in happened if e.data.get(name)} for name in ("team", "ticket"))
    teams = Team.objects.in_bulk(team_ids) if team_ids else {}
    tickets = {conversation.ticket.pk: conversation.ticket} if conversation.ticket else {}
    if others := ticket_ids - set(tickets):
        tickets |= Ticket.objects.in_bulk(others)
    return [
        Line(
            event=event,
            actor=people.get(event.actor_id) if event.actor_kind == "operator" else None,
            to=people.get(event.data.get("to")),
            team=teams.get(event.data.get("team")),
            ticket=tickets.get(event.data.get("ticket")),
        )
        for event in happened
    ]


def other_conversations(conversation: Conversation, limit: int = 5) -> list[Conversation]:
    """What else the contact has written, newest first."""
    rows = Conversation.objects.filter(contact_id=conversation.contact_id, handler=Handler.PEOPLE)
    return list(rows.exclude(pk=conversation.pk).order_by("-last_message_at", "-pk")[:limit])
