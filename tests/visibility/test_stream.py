"""Live events: no id of a conversation that the reader does not see, and their page learns what they lose and gain."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts import clock, tenancy
from accounts.live.responses import LiveEvent, LiveResponse
from accounts.models import Event, Team, Workspace
from accounts.permissions import Visibility
from accounts.tenancy import Viewer
from conversations import actions
from conversations.models import Conversation
from conversations.queries import sight
from conversations.queries.sight import Owner, Owners, Sight
from tests.conftest import Member
from tests.inbox.test_stream import Journal, sent_by
from tests.visibility.conftest import LIMITED, SEEN, limit
from tickets.models import Ticket


class Hub:
    """Stands for the hub, by which streams of a process share what they read."""


class ReadingJournal(Journal):
    """The live context with a database."""

    def __init__(
        self,
        events: list[LiveEvent],
        typing: tuple[str, ...] = (),
        presence: tuple[str, ...] = (),
        hub: Hub | None = None,
    ) -> None:
        super().__init__(events, typing, presence)
        self.hub = hub or Hub()
        self.calls = 0

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        self.calls += 1
        return await sync_to_async(function)(*args)


def shown(member: Member, journal: Journal) -> list[Any]:
    """The ids that the member's stream sends."""
    answer = member.signed_in().get("/w/acme/inbox/stream?after=1")
    assert isinstance(answer, LiveResponse)
    lines = sent_by(answer, journal).splitlines()
    data = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    return [one["id"] or one.get("type") for one in data]


def live(event: Event) -> LiveEvent:
    return LiveEvent(event.pk, event.type, event.subject_type, event.subject_id)


@pytest.mark.parametrize("visibility", list(Visibility))
def test_stream_has_only_what_its_reader_sees(
    ben: Member, kinds: Mapping[str, Conversation], visibility: Visibility
) -> None:
    limit(ben, visibility)
    events = [LiveEvent(n, "reply.sent", "conversation", row.pk) for n, row in enumerate(kinds.values(), 10**9)]
    inside = tuple(json.dumps({"id": row.pk, "user": 0, "name": "Ada", "state": "viewing"}) for row in kinds.values())
    journal = ReadingJournal(events, typing=tuple(str(row.pk) for row in kinds.values()), presence=inside)
    wanted = [kinds[kind].pk for kind in SEEN[visibility]]
    assert sorted(shown(ben, journal)) == sorted([*wanted, *wanted, *wanted])
    assert visibility != Visibility.ALL or journal.calls == 0


@pytest.mark.parametrize("visibility", LIMITED)
def test_what_is_assigned_to_others_leaves_the_list_and_what_comes_arrives(
    acme: Workspace, ada: Member, ben: Member, kinds: Mapping[str, Conversation], visibility: Visibility
) -> None:
    limit(ben, visibility)
    act = {"by": ada.actor, "at": clock.now()}
    lost, gained, foreign = kinds["own"], kinds["others"], kinds["other_team"]
    actions.assign(conversation=lost, to=ada.user, **act)
    actions.assign(conversation=gained, to=ben.user, **act)
    actions.assign(conversation=foreign, to=ada.user, **act)
    made = Event.objects.filter(workspace=acme, type="conversation.assigned").order_by("-pk")[:3]
    assert shown(ben, ReadingJournal([live(one) for one in reversed(made)])) == [lost.pk, gained.pk]
    actions.set_tags(conversation=lost, names=["x"], **act)
    later = Event.objects.filter(workspace=acme, type="conversation.tagged").order_by("-pk")[:1]
    assert shown(ben, ReadingJournal([live(one) for one in later])) == []


def test_reader_who_sees_others_from_now_on_fetches_everything_again(
    acme: Workspace, ben: Member, support: Team, kinds: Mapping[str, Conversation]
) -> None:
    limit(ben, Visibility.TEAMS)

    class Leaving(ReadingJournal):
        async def events(self, workspace_id: int, *, after: int | None = None):  # type: ignore[no-untyped-def]
            yield LiveEvent(10**9, "reply.sent", "conversation", kinds["team"].pk)
            await sync_to_async(support.members.remove)(ben.user)
            yield LiveEvent(10**9 + 1, "team.updated", "team", support.pk)
            yield LiveEvent(10**9 + 2, "reply.sent", "conversation", kinds["team"].pk)

    assert shown(ben, Leaving([])) == [kinds["team"].pk, "resync"]


def test_streams_of_a_process_read_a_row_once(ben: Member, vic: Member, kinds: Mapping[str, Conversation]) -> None:
    hub, event = Hub(), LiveEvent(10**9, "reply.sent", "conversation", kinds["unassigned"].pk)
    calls = []
    for member in (ben, vic, ben, vic):
        limit(member, Visibility.TEAMS_AND_UNASSIGNED)
        journal = ReadingJournal([event], hub=hub)
        journal_shown = shown(member, journal)
        assert journal_shown == [kinds["unassigned"].pk]
        calls.append(journal.calls)
    assert calls[1:] == [calls[0] - 1] * 3


def test_predicate_of_streams_and_query_of_lists_are_one_rule(
    acme: Workspace, ada: Member, ben: Member, support: Team, kinds: Mapping[str, Conversation]
) -> None:
    with tenancy.scope(acme):
        billing = Team.objects.get(name="Billing")
    row = kinds["own"]
    for assignee, team in product((None, ada.user, ben.user), (None, support, billing)):
        Conversation.all_workspaces.filter(workspace=acme, pk=row.pk).update(assignee=assignee, team=team)
        ticket = Conversation.all_workspaces.values_list("ticket", flat=True).get(workspace=acme, pk=row.pk)
        for owner in ({}, {"assignee": ada.user}, {"assignee": ben.user}, {"team": support}, {"team": billing}):
            wanted = {"assignee": None, "team": None, **owner}
            Ticket.all_workspaces.filter(workspace=acme, pk=ticket).update(**wanted)
            for visibility in LIMITED:
                viewer = Viewer(ben.user.pk, visibility)
                seen = Sight(viewer, frozenset({support.pk}))
                with tenancy.scope(acme, viewer):
                    in_list = Conversation.objects.filter(pk=row.pk).exists()
                    ticket_in_list = Ticket.objects.filter(pk=ticket).exists()
                assert seen.sees(sight.owners(acme.pk, "conversation", row.pk)) == in_list
                assert seen.sees(sight.owners(acme.pk, "ticket", ticket)) == ticket_in_list


def test_a_row_that_is_gone_is_seen_by_nobody(acme: Workspace, ben: Member) -> None:
    assert sight.owners(acme.pk, "conversation", 1) == Owners(None)
    assert not Sight(Viewer(ben.user.pk, Visibility.TEAMS)).sees(Owners(None, (Owner(None, None),)))
