"""The journal: written with the change or not at all, never rewritten, and each of its reactions is run at least once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from accounts import actions, clock, events, journal, tenancy
from accounts.journal import EventType, dispatch
from accounts.models import AppendOnly, Dispatch, Event, Team, Workspace
from accounts.permissions import Actor
from tests.conftest import Member

Reaction = Callable[[Event], None]


@pytest.fixture
def subscribe() -> Iterator[Callable[[EventType, str, Reaction], None]]:
    """Registers reactions that are forgotten after the test."""
    before = {name: list(reactions) for name, reactions in dispatch._reactions.items()}
    yield lambda kind, name, reaction: journal.subscribe([kind], name, reaction)
    dispatch._reactions.clear()
    dispatch._reactions.update(before)


def team(workspace: Workspace, name: str) -> Team:
    return actions.save_team(workspace=workspace, name=name, by=Actor.system(workspace.pk), at=clock.now())


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("type", flat=True))


def test_change_and_event_are_undone_together(acme: Workspace) -> None:
    before = kinds()

    @transaction.atomic
    def fail_after_the_change() -> None:
        team(acme, "Night")
        raise OSError("the rest failed")

    with pytest.raises(OSError, match="the rest failed"):
        fail_after_the_change()
    assert kinds() == before
    assert not Team.all_workspaces.exists()


@pytest.mark.django_db(transaction=True)
def test_event_outside_a_transaction_is_refused() -> None:
    workspace = actions.create_workspace(slug="acme", name="Acme", at=clock.now())
    row = Team(pk=1, workspace=workspace)
    with pytest.raises(TransactionManagementError, match="outside a transaction"):
        journal.record(events.TEAM_CREATED, row, by=Actor.system(workspace.pk), at=clock.now())
    assert kinds() == ["workspace.created"]


def test_event_that_the_catalogue_does_not_name_is_refused(acme: Workspace) -> None:
    invented = EventType("team.exploded", "team", "It went up in smoke.")
    with pytest.raises(journal.UnknownEvent):
        journal.record(invented, Team(pk=1, workspace=acme), by=Actor.system(acme.pk), at=clock.now())


def test_event_is_defined_once_and_for_all() -> None:
    assert journal.define("team.created", "team", "Team created.") is not None
    with pytest.raises(ValueError, match="defined twice"):
        journal.define("team.created", "team", "Something else.")


def test_event_says_who_what_and_when(acme: Workspace, ada: Member, ben: Member) -> None:
    at = clock.now()
    actions.remove_member(membership=ben.membership, by=ada.actor, at=at)
    event = Event.objects.latest("pk")
    assert (event.type, event.actor_kind, event.actor_id) == ("member.removed", "operator", ada.user.pk)
    assert (event.subject_type, event.data, event.at) == ("membership", {"user_id": ben.user.pk, "unassigned": {}}, at)


def test_data_may_hold_any_name_also_those_of_records_own_arguments(acme: Workspace) -> None:
    row = team(acme, "Night")
    event = journal.record(
        events.API_KEY_CREATED, row, by=Actor.system(acme.pk), at=clock.now(), kind="server", scopes=["x"]
    )
    assert event.data == {"kind": "server", "scopes": ["x"]}


def test_data_that_the_event_does_not_carry_is_refused(acme: Workspace) -> None:
    row, by = team(acme, "Night"), Actor.system(acme.pk)
    with pytest.raises(journal.UnknownEvent, match="carries no colour"):
        journal.record(events.TEAM_UPDATED, row, by=by, at=clock.now(), colour="blue")
    with pytest.raises(journal.UnknownEvent, match="carries no colour"):
        journal.record_each(events.TEAM_UPDATED, [(row, {"colour": "blue"})], by=by, at=clock.now())


def test_journal_is_append_only_in_python(acme: Workspace) -> None:
    event = Event.objects.latest("pk")
    with pytest.raises(AppendOnly):
        event.save()
    with pytest.raises(AppendOnly):
        event.delete()


@pytest.mark.parametrize("change", ["UPDATE accounts_event SET type = 'x'", "DELETE FROM accounts_event"])
def test_journal_is_append_only_in_postgresql(acme: Workspace, change: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.all().update(type="x")
    assert kinds() == ["workspace.created"]


def test_deliberate_purge_says_so_first(acme: Workspace) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL parley.purge = 'on'")
        cursor.execute("DELETE FROM accounts_event")
    assert kinds() == []


def test_every_event_waits_for_its_reactions(acme: Workspace) -> None:
    assert set(Dispatch.objects.values_list("event__type", flat=True)) == {"workspace.created"}
    journal.drain()
    assert not Dispatch.objects.exists()


def test_reaction_runs_inside_the_workspace_and_what_it_does_is_its_consequence(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    ran: list[Workspace] = []

    def answer(event: Event) -> None:
        ran.append(tenancy.current())
        if event.depth == 0:
            team(tenancy.current(), "Follow-up")

    subscribe(events.TEAM_CREATED, "answer", answer)
    first = team(acme, "Night")
    journal.drain()
    assert ran == [acme]
    follow_up = Event.objects.get(type="team.created", depth=1)
    assert follow_up.caused_by is not None
    assert follow_up.caused_by.subject_id == first.pk


def test_failing_reaction_is_tried_again_later_and_stops_nobody(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    ran: list[str] = []
    subscribe(events.TEAM_CREATED, "broken", lambda event: 1 / 0)  # type: ignore[arg-type,return-value]
    subscribe(events.TEAM_CREATED, "sound", lambda event: ran.append("sound"))
    subscribe(events.WORKSPACE_CREATED, "other", lambda event: ran.append("other"))
    team(acme, "Night")
    assert journal.drain() == 2
    assert sorted(ran) == ["other", "sound"]
    waiting = Dispatch.objects.get()
    assert (waiting.event.type, waiting.attempts, waiting.last_error) == (
        "team.created",
        1,
        "broken: ZeroDivisionError",
    )
    assert timezone.now() < waiting.due_at < timezone.now() + timedelta(seconds=5)
    assert journal.drain() == 0


def test_what_a_failing_reaction_began_is_undone(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    def half(event: Event) -> None:
        team(acme, "Half done")
        raise OSError("the rest failed")

    subscribe(events.WORKSPACE_CREATED, "half", half)
    journal.drain()
    assert not Team.all_workspaces.exists()
    assert Dispatch.objects.get().attempts == 1


def test_reactions_that_answer_each_other_end(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    subscribe(events.TEAM_CREATED, "echo", lambda event: team(acme, f"Echo {event.pk}") and None)
    team(acme, "Start")
    for _ in range(journal.MAX_DEPTH + 4):
        journal.drain()
    assert not Dispatch.objects.exists()
    assert Team.all_workspaces.count() == journal.MAX_DEPTH + 2


def test_reaction_runs_once_however_often_it_subscribes(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    ran: list[int] = []

    def reaction(event: Event) -> None:
        ran.append(event.pk)

    for _ in range(2):
        subscribe(events.WORKSPACE_CREATED, "once", reaction)
    journal.drain()
    assert len(ran) == 1


def test_no_two_reactions_to_an_event_have_the_same_name(subscribe: Callable[[EventType, str, Reaction], None]) -> None:
    subscribe(events.WORKSPACE_CREATED, "same", lambda event: None)
    with pytest.raises(ValueError, match=r"two reactions to workspace\.created are named same"):
        subscribe(events.WORKSPACE_CREATED, "same", lambda event: None)


# --- Many events at once ------------------------------------------------------------------------


def named(events: Sequence[Event]) -> list[int]:
    return [event.subject_id for event in events]


def test_batched_reaction_takes_the_events_of_a_workspace_together(
    acme: Workspace, globex: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    calls: list[tuple[Workspace, list[int]]] = []
    reaction = journal.batched(lambda events: calls.append((tenancy.current(), named(events))))
    subscribe(events.TEAM_CREATED, "batched", reaction)
    rows = [team(acme, "Night"), team(globex, "Night"), team(acme, "Day")]
    assert journal.drain() == 5
    assert calls == [(acme, [rows[0].pk, rows[2].pk]), (globex, [rows[1].pk])]
    assert not Dispatch.objects.exists()


def test_event_that_a_batched_reaction_fails_with_stops_no_other(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    rows = [team(acme, name) for name in ("Night", "Unlucky", "Day")]
    done: list[int] = []

    def react(batch: Sequence[Event]) -> None:
        for event in batch:
            Team.all_workspaces.filter(pk=event.subject_id).update(name=Concat("name", Value("!")))
        if rows[1].pk in named(batch):
            raise OSError("it cannot be helped")
        done.extend(named(batch))

    subscribe(events.TEAM_CREATED, "batched", journal.batched(react))
    journal.drain()
    assert done == [rows[0].pk, rows[2].pk]
    # What was done before the failure is undone.
    assert set(Team.all_workspaces.values_list("name", flat=True)) == {"Night!", "Unlucky", "Day!"}
    waiting = Dispatch.objects.get()
    assert (waiting.event.subject_id, waiting.last_error) == (rows[1].pk, "batched: OSError")


def test_batched_reaction_that_is_done_does_not_run_again_though_another_fails(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None]
) -> None:
    calls: list[list[int]] = []
    subscribe(events.TEAM_CREATED, "batched", journal.batched(lambda events: calls.append(named(events))))
    subscribe(events.TEAM_CREATED, "broken", lambda event: 1 / 0)  # type: ignore[arg-type,return-value]
    row = team(acme, "Night")
    for _ in range(3):
        journal.drain()
        Dispatch.objects.update(due_at=timezone.now())
    assert calls == [[row.pk]]
    waiting = Dispatch.objects.get()
    assert (waiting.heard, waiting.attempts) == (["batched"], 3)


def test_what_a_batch_did_stands_though_the_dispatcher_is_lost_before_the_other_reactions(
    acme: Workspace, subscribe: Callable[[EventType, str, Reaction], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    subscribe(events.TEAM_CREATED, "batched", journal.batched(lambda events: calls.append("batched")))
    subscribe(events.TEAM_CREATED, "other", lambda event: calls.append("other"))
    team(acme, "Night")
    monkeypatch.setattr(dispatch, "_dispatch_one", lambda pk, names: False)
    journal.drain()
    assert Dispatch.objects.get().heard == ["batched"]
    monkeypatch.undo()
    journal.drain()
    assert calls == ["batched", "other"]
    assert not Dispatch.objects.exists()
