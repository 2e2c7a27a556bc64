"""The rows of one piece of work, as COPY takes them: conversations with their entries, doors, tickets and events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Final

from conversations import priorities
from conversations.demo.bulk import tickets
from conversations.demo.bulk.copytext import NULL, array, isoformat, moment, text, uuid4
from conversations.demo.bulk.journal import SYSTEM, Journal, member
from conversations.demo.bulk.people import Customer
from conversations.demo.bulk.plan import Place
from conversations.demo.bulk.talks import CHANNELS, Talk, talks
from conversations.demo.bulk.texts import Facts, Pool, Searched
from conversations.demo.bulk.tickets import Ticket
from conversations.models import Channel, DeliveryStatus, Handler, MessageKind, SenderKind
from tickets.actions import MESSAGE_CUT

CONVERSATION: Final = (
    "id", "workspace_id", "number", "public_id", "external_id", "contact_id", "subject", "tokens", "channel", "handler",
    "status", "snoozed_until", "priority", "priority_rank", "tags", "assignee_id", "team_id", "ticket_id",
    "ticket_linked_at", "metadata", "message_count", "unread_count", "preview", "last_message_id", "last_visible_id",
    "last_activity_id", "last_message_at", "last_visible_at", "last_activity_at", "last_inbound_at", "last_outbound_at",
    "waiting_since", "first_response_at", "closed_at", "created_at", "updated_at",
)  # fmt: skip
ENTRY_POINT: Final = (
    "id", "workspace_id", "public_id", "conversation_id", "channel", "adapter", "is_entry_point", "created_at", "updated_at",
)  # fmt: skip
MESSAGE: Final = (
    "id", "public_id", "workspace_id", "conversation_id", "kind", "body", "tokens", "metadata", "sender_kind", "sender_user_id",
    "sender_contact_id", "sender_reference", "sender_name", "sender_email", "entry_point_id", "delivery_status", "created_at",
)  # fmt: skip
TICKET: Final = (
    "id", "workspace_id", "public_id", "number", "subject", "status", "priority", "assignee_id", "team_id", "tags",
    "ai_resolved", "channel", "anonymous_traits", "session_context", "snoozed_until", "message_count", "last_message_at",
    "last_message_text", "unread_team_count", "unread_customer_count", "resolved_at", "created_at", "updated_at",
)  # fmt: skip
_STATUS_ENTRY: Final = {"R": '{"status": "resolved"}', "K": '{"status": "closed"}'}
_NOTHING: Final = Searched.nothing()
_PREFIXES: Final = ("ORD", "INV", "RMA", "NW")


@dataclass(slots=True)
class Rows:
    """What one transaction writes."""

    conversations: list[str] = field(default_factory=list)
    entry_points: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    ticket_statuses: Counter[str] = field(default_factory=Counter)


def made(place: Place, pools: tuple[Pool, ...], first: int, end: int) -> Rows:
    """The rows of the conversations from one place to another, which follow from the plan and the places alone."""
    return _Maker(place, pools, first, end).rows()


class _Maker:
    """Makes the entries first, which are numbered as they were written; the conversations' rows name them."""

    def __init__(self, place: Place, pools: tuple[Pool, ...], first: int, end: int) -> None:
        self.place, self.pools, self.first = place, pools, first
        self.rng = Random(f"{place.plan.seed} {place.slug} {first}")  # noqa: S311  # the same rows every time
        self.talks = talks(place, first, end, self.rng)
        first_ticket = place.first_ticket(first)
        self.tickets = tickets.opened(
            self.talks, place.ids.ticket + first_ticket, first_ticket + 1, place.now, self.rng
        )
        self.journal = Journal(place)
        self.made = Rows()
        self._times: list[int] = []
        self._tails: list[str] = []
        self._agents = {agent[0]: _agent(*agent) for agent in place.crew.agents}

    def rows(self) -> Rows:
        summaries = [self._write_entries(talk) for talk in self.talks]
        order = sorted(range(len(self._times)), key=self._times.__getitem__)
        first = self.place.ids.message + self.first * self.place.plan.messages_per_conversation
        ids = [0] * len(order)
        for rank, n in enumerate(order):
            ids[n] = first + rank
        self.made.messages = [f"{first + rank}\t{self._tails[n]}" for rank, n in enumerate(order)]
        bodies, start = {}, 0
        for talk, (subject, body) in zip(self.talks, summaries, strict=True):
            end = start + len(talk.times)
            self._write_conversation(talk, subject, body, ids[start:end])
            bodies[talk.number], start = (subject, body), end
        for ticket in self.tickets:
            self._write_ticket(ticket, bodies[ticket.talks[0].number][0], bodies[ticket.newest.number][1])
        self.made.events = self.journal.rows(self.place.first_event(self.first))
        return self.made

    def _write_entries(self, talk: Talk) -> tuple[Searched, Searched]:
        """Write the thread's entries, but for their ids; returns the subject and the last message's text."""
        rng, place, pool = self.rng, self.place, self.pools[talk.customer.language]
        subject, facts = self._quoted(talk, pool)
        door = place.ids.entry_point + talk.number
        head = f"{place.workspace_id}\t{place.ids.conversation + talk.number}"
        agent = self._agents[talk.agent[0]]
        customer = _customer(talk.customer, place.ids.contact + talk.contact, door)
        opening = f"{agent}{door}" if talk.thread.entries[0] == "A" else customer
        last = _NOTHING
        for n, entry in enumerate(talk.thread.entries):
            kind, written, metadata, side = MessageKind.MESSAGE, _NOTHING, NULL, f"{agent}{NULL}"
            if entry in _STATUS_ENTRY:
                kind, metadata = MessageKind.STATUS_CHANGE, _STATUS_ENTRY[entry]
            else:
                written = pool.paragraphs[int(rng.random() * len(pool.paragraphs))]
                if facts is not None and (n == 0 or rng.random() < 0.02):
                    written = written.followed_by(facts, "\n")
            if entry == "N":
                kind = MessageKind.NOTE
            elif entry not in _STATUS_ENTRY:
                side = opening if n == 0 else customer if entry == "C" else side
                last = written
            at = talk.times[n]
            self._times.append(at)
            self._tails.append(
                f"{uuid4(rng)}\t{head}\t{kind.value}\t{written.copied}\t{written.tokens}\t{metadata}\t{side}"
                f"\t{DeliveryStatus.DELIVERED.value}\t{moment(at)}"
            )
        return subject, last

    def _quoted(self, talk: Talk, pool: Pool) -> tuple[Searched, Facts | None]:
        """The subject, and what a customer has to quote: numbers and addresses, to be searched for."""
        rng = self.rng
        subject = pool.subjects[int(rng.random() * len(pool.subjects))]
        quoted = []
        if rng.random() < 0.6:
            year = isoformat(talk.times[0])[:4]
            number = talk.number * 7 + int(rng.random() * 7)
            quoted.append(f"{_PREFIXES[int(rng.random() * 4)]}-{year}-{number:06}")
        order = Facts.of(quoted[0]) if quoted else None
        if rng.random() < 0.1:
            quoted.append(talk.customer.phone)
        if rng.random() < 0.1 and talk.customer.email:
            quoted.append(talk.customer.email)
        facts = order if order is not None and len(quoted) == 1 else Facts.of("; ".join(quoted)) if quoted else None
        if order is not None and rng.random() < 0.4:
            subject = subject.followed_by(order, ": ")
        return subject, facts

    def _write_conversation(self, talk: Talk, subject: Searched, body: Searched, ids: list[int]) -> None:
        place, thread, times, rng = self.place, talk.thread, talk.times, self.rng
        pk, end = place.ids.conversation + talk.number, talk.thread.end
        began, adapter = moment(times[0]), CHANNELS[Channel(talk.channel)][0]
        external_id = f"ext-{talk.number + 1}" if talk.channel == Channel.API else NULL
        tags = array(talk.tags) if talk.tags else "{}"
        last_message_id, last_message_at = _entry(thread.last_message, ids, times)
        last_visible_id, last_visible_at = _entry(thread.last_visible, ids, times)
        self.made.conversations.append(
            f"{pk}\t{place.workspace_id}\t{talk.number + 1}\t{uuid4(rng)}\t{external_id}\t{place.ids.contact + talk.contact}"
            f"\t{subject.copied}\t{subject.tokens}\t{talk.channel}\t{Handler.PEOPLE.value}\t{end.status}"
            f"\t{_maybe(talk.snoozed_until)}\t{talk.priority}\t{priorities.rank(talk.priority)}\t{tags}"
            f"\t{talk.assignee_id or NULL}\t{talk.team_id or NULL}\t{talk.ticket_id or NULL}\t{_maybe(talk.linked_at)}\t{{}}"
            f"\t{end.count}\t{end.unread}\t{body.preview}\t{last_message_id}\t{last_visible_id}\t{ids[-1]}"
            f"\t{last_message_at}\t{last_visible_at}\t{moment(times[-1])}"
            f"\t{_at(thread.last_inbound, times)}\t{_at(thread.last_outbound, times)}\t{moment(times[end.waiting])}"
            f"\t{_at(thread.first_response, times)}\t{_at(end.closed, times)}\t{began}\t{moment(talk.updated_at)}"
        )
        self.made.entry_points.append(
            f"{place.ids.entry_point + talk.number}\t{place.workspace_id}\t{uuid4(rng)}\t{pk}\t{talk.channel}\t{adapter}\tt"
            f"\t{began}\t{began}"
        )
        self.made.statuses[end.status] += 1
        by = member(talk.agent[0])
        self.journal.started(pk, talk.channel, ids[0], times[0], by if thread.entries[0] == "A" else SYSTEM)
        self.journal.status_changes(pk, thread, times, ids, by)
        if talk.assigned_at:
            self.journal.assigned(pk, talk.assignee_id, talk.team_id, talk.assigned_at, by)
        if talk.snoozed_at:
            self.journal.snoozed(pk, talk.snoozed_until, end, times, talk.snoozed_at, by)

    def _write_ticket(self, ticket: Ticket, subject: Searched, last: Searched) -> None:
        place, first, newest = self.place, ticket.talks[0], ticket.newest
        opened, by = first.linked_at, member(first.agent[0])
        resolved = ticket.moved_at if ticket.status == "resolved" else 0
        customer = first.customer
        traits = {"name": customer.name, "email": customer.email}
        known = ", ".join(f'"{name}": "{value}"' for name, value in traits.items() if value)
        team = NULL if first.assignee_id else first.team_id or NULL
        messages = sum(talk.thread.end.count for talk in ticket.talks)
        unread = sum(talk.thread.end.unread for talk in ticket.talks)
        unseen = sum(talk.thread.unanswered for talk in ticket.talks)
        self.made.tickets.append(
            f"{ticket.id}\t{place.workspace_id}\t{uuid4(self.rng)}\t{ticket.number}\t{text(subject.plain[:500])}\t{ticket.status}"
            f"\t{ticket.priority or NULL}\t{first.assignee_id or NULL}\t{team}\t{array(first.tags)}\tf\t{first.channel}"
            f"\t{{{known}}}\t{{}}\t{_maybe(ticket.snoozed_until)}\t{messages}"
            f"\t{moment(newest.times[newest.thread.last_message])}\t{text(last.plain[:MESSAGE_CUT])}\t{unread}\t{unseen}"
            f"\t{_maybe(resolved)}\t{moment(opened)}\t{moment(ticket.updated_at)}"
        )
        self.made.ticket_statuses[ticket.status] += 1
        self.journal.ticket_opened(ticket.id, ticket.priority, opened, by)
        messages = 0
        for talk in ticket.talks:
            messages += talk.thread.end.count
            self.journal.linked(place.ids.conversation + talk.number, ticket.id, messages, talk.linked_at, by)
        if ticket.moved_at:
            self.journal.ticket_moved(ticket.id, ticket.status, ticket.moved_at, by)
        if ticket.snoozed_until:
            self.journal.ticket_snoozed(ticket.id, ticket.snoozed_until, ticket.moved_at, by)


def _agent(user_id: int, name: str, email: str) -> str:
    """An agent as the sender, up to the door."""
    return f"{SenderKind.AGENT.value}\t{user_id}\t{NULL}\t{NULL}\t{text(name)}\t{text(email)}\t"


def _customer(customer: Customer, contact_id: int, door: int) -> str:
    return f"{SenderKind.CUSTOMER.value}\t{NULL}\t{contact_id}\t{customer.reference}\t{customer.name}\t{customer.email}\t{door}"


def _entry(n: int, ids: list[int], times: list[int]) -> tuple[int, str]:
    return ids[n], moment(times[n])


def _at(n: int, times: list[int]) -> str:
    return NULL if n < 0 else moment(times[n])


def _maybe(ms: int) -> str:
    return moment(ms) if ms else NULL
