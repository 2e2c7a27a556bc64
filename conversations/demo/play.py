"""Playing the demo's month: stories are dealt out to customers and agents, and written through the verbs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from accounts.models import Team, User, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.demo import assistant, attachments, cast, stories
from conversations.demo.cast import Customer, Teammate, fill
from conversations.demo.month import Tale, at_work, openings, pause, perform
from conversations.demo.phrases import phrases
from conversations.demo.story import AGENT, COLLEAGUE, CUSTOMER, NOTE, Story, Turn
from conversations.models import Channel, Company, Contact, Conversation, Handler, Status
from tickets import actions as ticket_actions
from tickets.models import Ticket, TicketStatus

DOORS = {
    Channel.CHAT: Door(Channel.CHAT, "support-chat"),
    Channel.EMAIL: Door(Channel.EMAIL, "support-email"),
    Channel.API: Door(Channel.API, "backend"),
    Channel.DISCORD: Door(Channel.DISCORD, "community-forum"),
    Channel.CALLBACK: Door(Channel.CALLBACK, "callback-form"),
    Channel.MANUAL: Door(Channel.MANUAL, "inbox"),
}
_FIRST_ANSWER = {Channel.CHAT: 6, Channel.CALLBACK: 25, Channel.DISCORD: 50, Channel.API: 70}  # minutes
_NEXT_WORD = {Channel.CHAT: 4, Channel.CALLBACK: 40}
OPEN, NEW = 25, 8  # so many conversations are open today, and so many of them are new
_OWNERS = (cast.JONAS, cast.MARA, cast.PRIYA, cast.ELENA, cast.JONAS, cast.MARA, cast.PRIYA)
_SPACING = 9  # so many conversations lie between two tellings of one story


@dataclass
class Desk:
    """The rows that the demo plays with."""

    workspace: Workspace
    users: dict[str, User]
    actors: dict[str, Actor]
    teams: dict[str, Team]
    rng: Random
    now: datetime
    contacts: dict[str, Contact] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    lately: list[Customer] = field(default_factory=list)
    staying_open: set[int] = field(default_factory=set)
    """Ids of the conversations that stay open."""

    @property
    def system(self) -> Actor:
        return Actor.system(self.workspace.pk)

    def contact(self, customer: Customer, channel: Channel, at: datetime) -> Contact:
        """The customer's row, made when they first write."""
        if customer.email not in self.contacts:
            self.contacts[customer.email] = actions.identify(
                workspace=self.workspace,
                external_id=f"cus_{len(self.contacts) + 1:04d}",
                email=customer.email,
                name=customer.name,
                company=customer.company,
                identity_source=channel.value,
                by=self.system,
                at=at,
            )
            if customer.company:
                self._join(customer, at)
        return self.contacts[customer.email]

    def _join(self, customer: Customer, at: datetime) -> None:
        """The customer belongs to their company, which is made with the first of its people."""
        if customer.company not in self.companies:
            self.companies[customer.company] = actions.create_company(
                workspace=self.workspace, name=customer.company, domains=[customer.domain], by=self.system, at=at
            )
        self.contacts[customer.email] = actions.set_company(
            contact=self.contacts[customer.email], company=self.companies[customer.company], by=self.system, at=at
        )


def play(desk: Desk) -> int:
    """Write the month; returns how many conversations there are."""
    rng = desk.rng
    moments = openings(desk.now, rng)
    outage, outage_story = _morning_of_outage(desk.now), stories.outage()
    dealt = _deal(len(moments), rng)
    ends = _ends(desk, moments, [story for story, _ in dealt])
    tales = [
        _play_story(desk, story, telling, at, end)
        for at, (story, telling), end in zip(moments, dealt, ends, strict=True)
    ]
    tales += [
        _play_story(desk, outage_story, telling, outage + timedelta(minutes=11 * telling), End("resolved"))
        for telling in range(len(outage_story.subjects))
    ]
    tales += assistant.tales(desk)
    perform([*tales, _work_on_tickets(desk, outage)], desk.now)
    _clear_the_rest(desk)
    return len(tales)


def _morning_of_outage(now: datetime) -> datetime:
    day = now - timedelta(days=9)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day.replace(hour=8, minute=52, second=11)


def _deal(count: int, rng: Random) -> list[tuple[Story, int]]:
    """Which story is played when: frequent ones come back, but never soon after each other."""
    once = [story for story in stories.every() if story.contact is not None]
    often = [story for story in stories.every() if story.contact is None]
    # Stories that fit one customer alone are played once each, somewhere in the month.
    placed = dict(zip(rng.sample(range(count - 12), len(once)), once, strict=True))
    left = [story.weight for story in often]
    tellings: Counter[int] = Counter()
    recent: list[int] = []
    dealt = []
    for slot in range(count):
        if slot in placed:
            dealt.append((placed[slot], 0))
            continue
        free = [i for i in range(len(often)) if i not in recent and left[i] > 0]
        if not free:
            left = [more + 2 for more in left]
            free = [i for i in range(len(often)) if i not in recent]
        chosen = rng.choices(free, weights=[left[i] for i in free])[0]
        dealt.append((often[chosen], tellings[chosen]))
        left[chosen] -= 1
        tellings[chosen] += 1
        recent = [*recent, chosen][-_SPACING:]
    return dealt


@dataclass(frozen=True, slots=True)
class End:
    """The final state of a conversation: the outcome of its story, and who has it if it is open."""

    outcome: str
    owner: Teammate | None = None


def _ends(desk: Desk, moments: Sequence[datetime], dealt: Sequence[Story]) -> list[End]:
    """The final state of each conversation, oldest first, so that the same number is open on every day of the week.

    The newest are new and have no owner; the open ones before them are shared among the team.
    """
    ends = [End(_outcome(desk.now - moment, desk.rng)) for moment in moments]
    asked = [slot for slot in reversed(range(len(moments))) if dealt[slot].turns[0].side == CUSTOMER]
    for slot in asked[:NEW]:
        ends[slot] = End("new")
    # Every second one of those before is open: the others were answered, so that the last days show work done.
    for number, slot in enumerate(asked[NEW : NEW + 2 * (OPEN - NEW) - 1 : 2]):
        ends[slot] = End("open", _OWNERS[number % len(_OWNERS)])
    return ends


def _outcome(age: timedelta, rng: Random) -> str:
    """How a conversation of that age ended: the older, the more likely it is closed."""
    if age > timedelta(days=10):
        chances = {"closed": 42, "resolved": 47, "pending": 4, "news": 7}
    elif age > timedelta(days=3):
        chances = {"closed": 12, "resolved": 53, "pending": 19, "snoozed": 13, "news": 3}
    else:
        chances = {"resolved": 36, "pending": 42, "snoozed": 22}
    return rng.choices(list(chances), weights=list(chances.values()))[0]


def _clear_the_rest(desk: Desk) -> None:
    """Resolve or snooze what is open beyond the number wanted, such as what came in on a weekend, the oldest first."""
    waiting = Conversation.objects.filter(handler=Handler.PEOPLE, status=Status.OPEN, snoozed_until=None)
    late = waiting.exclude(pk__in=desk.staying_open).order_by("waiting_since", "pk")
    owners = {actor.user_id: actor for actor in desk.actors.values()}
    for number, conversation in enumerate(late[: max(0, waiting.count() - OPEN)]):
        by = owners.get(conversation.assignee_id, desk.actors[cast.ELENA.email])
        at = max(desk.now - timedelta(minutes=max(1, 50 - 3 * number)), conversation.updated_at)
        if number % 2:
            actions.snooze(conversation=conversation, until=_tomorrow_morning(desk.now), by=by, at=at)
        else:
            actions.set_status(conversation=conversation, status=Status.RESOLVED, by=by, at=at)


def _tomorrow_morning(now: datetime) -> datetime:
    return at_work((now + timedelta(days=1)).replace(hour=8, minute=0))


def _cut(turns: Sequence[Turn], outcome: str) -> Sequence[Turn]:
    """The turns up to where the outcome leaves the thread: at the customer's message, or at ours."""
    if outcome == "new":
        return turns[:1]
    sides = {"open": (CUSTOMER,), "pending": (AGENT, COLLEAGUE), "snoozed": (AGENT, COLLEAGUE)}.get(outcome)
    if sides is None:
        return turns
    ends = [i for i, turn in enumerate(turns) if turn.side in sides]
    return turns[: ends[-1] + 1] if ends else turns


def _staff(desk: Desk, team: str) -> tuple[Teammate, Teammate]:
    """An agent of the team, and a colleague."""
    able = [person for person in (cast.JONAS, cast.PRIYA, cast.ELENA, cast.MARA) if team in person.teams]
    weights = [1 if person in (cast.ELENA, cast.MARA) else 4 for person in able]
    agent = desk.rng.choices(able, weights=weights)[0]
    return agent, desk.rng.choice([person for person in (cast.JONAS, cast.PRIYA) if person != agent])


def _somebody(desk: Desk) -> Customer:
    """A customer who has not written lately."""
    who = desk.rng.choice([customer for customer in cast.customers() if customer not in desk.lately])
    desk.lately = [*desk.lately, who][-len(cast.customers()) // 2 :]
    return who


def _play_story(desk: Desk, story: Story, telling: int, start: datetime, end: End) -> Tale:
    """One conversation, from its first message to its final state."""
    rng = Random(f"{story.subjects[0]} {telling}")  # noqa: S311  # the same demo every time
    agent, other = _staff(desk, story.team)
    who = next((c for c in cast.named() if c.email == story.contact), None) or _somebody(desk)
    channel = story.channels[telling % len(story.channels)]
    turns = _cut(story.turns, end.outcome)
    values = cast.pocket(who, agent.name, other.name, start.year, rng) | {"team": story.team}
    speakers = {AGENT: agent, COLLEAGUE: other, NOTE: agent}

    is_ours = story.turns[0].side == AGENT
    at = yield at_work(start) if is_ours else start
    contact = desk.contact(who, channel, at)
    first = turns[0]
    conversation = actions.start(
        workspace=desk.workspace,
        contact=contact,
        subject=fill(story.subjects[telling % len(story.subjects)], values),
        door=DOORS[channel],
        priority=story.priority if channel == Channel.API else "normal",
        body=fill(first.wording(telling), values),
        sender=Sender.agent(desk.users[agent.email]) if is_ours else None,
        uploads=[attachments.upload(name) for name in first.files],
        by=desk.actors[agent.email] if is_ours else desk.system,
        at=at,
    )
    if is_ours:
        actions.assign(conversation=conversation, to=desk.users[agent.email], by=desk.actors[agent.email], at=at)
        conversation = actions.set_status(
            conversation=conversation, status=Status.PENDING, by=desk.actors[agent.email], at=at
        )
    elif end.owner is not None:
        desk.staying_open.add(conversation.pk)
        at = yield min(at + pause(rng, 3), desk.now)
        _triage(desk, conversation, story, at, rng)
        by = desk.actors[end.owner.email]
        actions.assign(
            conversation=conversation, to=desk.users[end.owner.email], team=desk.teams[story.team], by=by, at=at
        )
        agent, is_ours = end.owner, True
        speakers |= {AGENT: agent, NOTE: agent}
        values["me"] = agent.name.split()[0]
    elif end.outcome == "new":
        desk.staying_open.add(conversation.pk)
    else:
        at = yield at_work(at + pause(rng, 3))
        _triage(desk, conversation, story, at, rng)
    side, is_taken = first.side, is_ours
    for number, turn in enumerate(turns[1:], start=1):
        if end.outcome == "open":
            # Spread over the time until now, since the customer's last message must have come by then.
            at = yield max(at, start + (desk.now - start) * 0.8 * number / (len(turns) - 1))
        else:
            at = yield _moment(turn, side, at, channel, rng, is_first=not is_taken)
        side = turn.side
        body = fill(turn.wording(telling), values)
        uploads = [attachments.upload(name) for name in turn.files]
        if side == CUSTOMER:
            actions.receive(
                conversation=conversation, body=body, door=DOORS[channel], uploads=uploads, by=desk.system, at=at
            )
            continue
        speaker = speakers[side]
        by = desk.actors[speaker.email]
        if side == COLLEAGUE:
            speakers[AGENT] = speakers[NOTE] = speaker
            values["me"] = speaker.name.split()[0]
            body = fill(turn.wording(telling), values)
        if not is_taken or side == COLLEAGUE:
            conversation = actions.assign(
                conversation=conversation, to=desk.users[speaker.email], team=desk.teams[story.team], by=by, at=at
            )
            is_taken = True
        if side == NOTE:
            actions.note(conversation=conversation, body=body, by=by, at=at)
            _escalate(desk, conversation, story, by, at)
        else:
            assistant.offer(conversation, body, by=by, at=at)
            sent = actions.reply(conversation=conversation, body=body, uploads=uploads, by=by, at=at)
            assistant.judge(sent, by=by)
    if end.owner is not None and rng.random() < 0.5:
        at = yield min(at + pause(rng, 6), desk.now)
        actions.mark_read(conversation=conversation, by=desk.actors[end.owner.email], at=at)
    yield from _end(desk, conversation, end.outcome, desk.actors[speakers[AGENT].email], at, rng)


def _triage(desk: Desk, conversation: Conversation, story: Story, at: datetime, rng: Random) -> None:
    """Somebody of the team sorts what came in."""
    by = desk.actors[rng.choice((cast.ELENA, cast.JONAS, cast.PRIYA)).email]
    actions.set_tags(conversation=conversation, names=story.tags, by=by, at=at)
    actions.set_priority(conversation=conversation, priority=story.priority, by=by, at=at)
    actions.assign(conversation=conversation, team=desk.teams[story.team], by=by, at=at)
    if rng.random() < 0.12:
        body = rng.choice(phrases().triage_notes).replace("{team}", story.team)
        actions.note(conversation=conversation, body=body, by=by, at=at)


def _moment(turn: Turn, before: str, at: datetime, channel: Channel, rng: Random, *, is_first: bool) -> datetime:
    """The moment of a turn, after the one before it."""
    if turn.side == CUSTOMER:
        return at + pause(rng, _NEXT_WORD.get(channel, 260))
    if turn.side == NOTE or before == NOTE:
        return at_work(at + pause(rng, 8))
    typical = _FIRST_ANSWER.get(channel, 110) if is_first else _NEXT_WORD.get(channel, 95)
    return at_work(at + pause(rng, typical))


def _escalate(desk: Desk, conversation: Conversation, story: Story, by: Actor, at: datetime) -> None:
    """Link the conversation to the story's ticket, which the first of them opens."""
    if story.ticket is None:
        return
    if story.ticket not in desk.tickets:
        desk.tickets[story.ticket] = actions.escalate(conversation=conversation, reason=story.reason, by=by, at=at)
    else:
        actions.link(conversation=conversation, ticket=desk.tickets[story.ticket], by=by, at=at)


def _end(desk: Desk, conversation: Conversation, outcome: str, by: Actor, at: datetime, rng: Random) -> Tale:
    """What becomes of the conversation after its last turn."""
    if outcome in ("resolved", "closed", "news"):
        at = yield at_work(at + pause(rng, 45))
        actions.set_status(conversation=conversation, status=Status.RESOLVED, by=by, at=at)
    if outcome in ("closed", "news"):
        at = yield at + timedelta(days=3, minutes=rng.randrange(600))
        actions.set_status(conversation=conversation, status=Status.CLOSED, by=desk.system, at=at)
    if outcome == "news":
        at = yield at + timedelta(days=rng.randrange(1, 4), minutes=rng.randrange(900))
        actions.receive(conversation=conversation, body=rng.choice(phrases().after_closing), by=desk.system, at=at)
    if outcome == "snoozed":
        at = yield at + pause(rng, 5)
        morning = at_work((desk.now + timedelta(days=rng.randrange(1, 5))).replace(hour=8, minute=0))
        actions.snooze(conversation=conversation, until=max(morning, desk.now + timedelta(hours=3)), by=by, at=at)


def _work_on_tickets(desk: Desk, outage: datetime) -> Tale:
    """What the team does with the tickets themselves."""
    mara, jonas = desk.actors[cast.MARA.email], desk.actors[cast.JONAS.email]
    yield outage + timedelta(minutes=95)
    at = yield outage + timedelta(minutes=100)
    if (ticket := desk.tickets.get("outage")) is not None:
        ticket_actions.update(ticket=ticket, sla_due_at=at + timedelta(hours=4), by=mara, at=at)
        ticket_actions.set_status(ticket=ticket, status=TicketStatus.OPEN, by=mara, at=at)
        ticket_actions.assign(ticket=ticket, to=desk.users[cast.MARA.email], by=mara, at=at)
        at = yield at_work(outage + timedelta(days=5, hours=2))
        ticket_actions.set_status(ticket=ticket, status=TicketStatus.RESOLVED, by=mara, at=at)
    at = yield at_work(desk.now - timedelta(days=2))
    if (ticket := desk.tickets.get("batch-2611")) is not None:
        ticket_actions.assign(ticket=ticket, to=desk.users[cast.JONAS.email], by=jonas, at=at)
        ticket_actions.set_status(ticket=ticket, status=TicketStatus.PENDING, by=jonas, at=at)
        ticket_actions.update(ticket=ticket, sla_due_at=desk.now + timedelta(days=2), by=jonas, at=at)
    if (ticket := desk.tickets.get("privacy")) is not None:
        ticket_actions.update(ticket=ticket, sla_due_at=desk.now + timedelta(days=12), by=mara, at=at)
