"""Jobs: many conversations are changed once each, as far as their starter may, and put back as far as nobody changed them since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as account_actions
from accounts import clock
from accounts.errors import Conflict, Forbidden, Invalid, NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.bulk import actions as bulk_actions
from conversations.bulk import limits, queries, tasks, working
from conversations.knowledge import actions as knowledge_actions
from conversations.models import BulkJob, BulkRow, Conversation, JobState, Message, MessageKind, RowState
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, types
from tests.factories import ContactFactory, ConversationFactory

pytestmark = pytest.mark.usefixtures("in_acme")

RESOLVE = [{"do": "add_tags", "tags": ["done"]}, {"do": "status", "status": "resolved"}]


@pytest.fixture
def rows(acme: Workspace) -> list[Conversation]:
    contact = ContactFactory(workspace=acme)
    return [ConversationFactory(workspace=acme, contact=contact, at=MORNING) for _ in range(4)]


def start(rows: list[Conversation], by: Member, effects: list[dict[str, Any]] | None = None) -> BulkJob:
    return bulk_actions.start_job(
        workspace=rows[0].workspace,
        effects=RESOLVE if effects is None else effects,
        conversations=[row.pk for row in rows],
        by=by.actor,
        at=minutes(10),
    )


def done(rows: list[Conversation], by: Member, effects: list[dict[str, Any]] | None = None) -> BulkJob:
    return working.work(start(rows, by, effects))


def states(job: BulkJob) -> list[str]:
    return list(BulkRow.objects.filter(job=job).order_by("pk").values_list("state", flat=True))


def fresh(row: Conversation) -> Conversation:
    return Conversation.objects.get(pk=row.pk)


# --- Starting -----------------------------------------------------------------------------------


def test_nothing_is_changed_before_the_worker_does_it(rows: list[Conversation], ben: Member) -> None:
    job = start(rows, ben)
    assert (job.state, job.row_count, states(job)) == (JobState.RUNNING, 4, [RowState.WAITING] * 4)
    assert fresh(rows[0]).status == "open"


def test_conversations_of_others_and_what_is_none_are_left_out(
    rows: list[Conversation], ben: Member, globex: Workspace
) -> None:
    theirs = ConversationFactory(workspace=globex)
    job = bulk_actions.start_job(
        workspace=rows[0].workspace,
        effects=RESOLVE,
        conversations=[theirs.pk, rows[0].pk, rows[0].pk, 2**62],
        by=ben.actor,
        at=MORNING,
    )
    assert [row.conversation_id for row in job.rows.all()] == [rows[0].pk]
    with nothing_changes(), pytest.raises(Invalid):
        bulk_actions.start_job(
            workspace=rows[0].workspace, effects=RESOLVE, conversations=[theirs.pk], by=ben.actor, at=MORNING
        )


def test_viewers_start_none(rows: list[Conversation], vic: Member) -> None:
    with nothing_changes(), pytest.raises(Forbidden):
        start(rows, vic)


@pytest.mark.parametrize("effects", [[], [{"do": "reply", "text": "Hi"}], [{"do": "dance"}]])
def test_job_needs_something_to_do(rows: list[Conversation], ben: Member, effects: list[dict[str, Any]]) -> None:
    with pytest.raises(Invalid):
        start(rows, ben, effects)


def test_more_than_the_most_are_cut_and_the_job_tells(
    rows: list[Conversation], ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_actions, "MOST", 3)
    job = start(rows, ben)
    assert (job.row_count, job.is_cut) == (3, True)
    assert [row.conversation_id for row in job.rows.order_by("pk")] == [row.pk for row in rows[:3]]


def test_me_and_tomorrow_are_those_of_the_start(rows: list[Conversation], ben: Member) -> None:
    job = start(rows, ben, [{"do": "assign", "to": "me"}, {"do": "snooze", "until": "2h"}])
    assert job.effects == [
        {"do": "assign", "to": f"member:{ben.user.pk}"},
        {"do": "snooze", "until": minutes(130).isoformat()},
    ]


# --- Doing --------------------------------------------------------------------------------------


def test_every_conversation_is_changed_by_the_verbs_and_names_the_job(rows: list[Conversation], ben: Member) -> None:
    job = done(rows, ben)
    assert (job.state, states(job)) == (JobState.DONE, [RowState.CHANGED] * 4)
    for row in rows:
        assert (fresh(row).status, fresh(row).tags) == ("resolved", ["done"])
        caused = Event.objects.filter(subject_type="conversation", subject_id=row.pk, caused_by=job.event)
        assert {event.type for event in caused} == {"conversation.tagged", "conversation.status_changed"}
        assert {event.actor_id for event in caused} == {ben.user.pk}
    finished = Event.objects.get(type="bulk_job.finished")
    assert finished.data == {"changed_count": 4, "skipped_count": 0, "failed_count": 0}


def test_what_a_conversation_does_not_allow_is_skipped_with_the_reason(rows: list[Conversation], ben: Member) -> None:
    actions.set_status(conversation=rows[1], status="resolved", by=ben.actor, at=minutes(1))
    actions.snooze(conversation=rows[2], until=minutes(130), by=ben.actor, at=minutes(1))
    job = start(rows, ben, [{"do": "snooze", "until": (clock.now() + timedelta(days=2)).isoformat()}])
    Conversation.objects.filter(pk=rows[3].pk).delete()
    working.work(job)
    found = {row.conversation_id: (row.state, row.reason) for row in BulkRow.objects.filter(job=job)}
    assert found[rows[0].pk] == (RowState.CHANGED, "")
    assert found[rows[1].pk] == (RowState.SKIPPED, "A resolved or closed conversation cannot be snoozed.")
    assert found[rows[2].pk] == (RowState.CHANGED, "")


def test_what_is_so_already_is_skipped(rows: list[Conversation], ben: Member) -> None:
    done(rows[:2], ben)
    job = done(rows, ben)
    assert states(job) == [RowState.SKIPPED, RowState.SKIPPED, RowState.CHANGED, RowState.CHANGED]
    assert {row.reason for row in job.rows.filter(state=RowState.SKIPPED)} == {"Nothing to change."}


def test_a_failure_of_one_does_not_end_the_others(
    rows: list[Conversation], ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_status = actions.set_status

    def fails(**given: Any) -> Conversation:
        if given["conversation"].pk == rows[1].pk:
            raise RuntimeError("broken")
        return set_status(**given)

    monkeypatch.setattr(actions, "set_status", fails)
    job = done(rows, ben)
    assert states(job) == [RowState.CHANGED, RowState.FAILED, RowState.CHANGED, RowState.CHANGED]
    assert fresh(rows[1]).tags == []  # all of it or nothing


def test_starter_who_may_no_more_changes_nothing_more(rows: list[Conversation], ben: Member, ada: Member) -> None:
    job = start(rows, ben)
    account_actions.change_role(membership=ben.membership, role=Role.VIEWER, by=ada.actor, at=minutes(11))
    working.work(job)
    assert states(job) == [RowState.FAILED] * 4
    assert fresh(rows[0]).status == "open"


def test_starter_who_has_left_changes_nothing_more(rows: list[Conversation], ben: Member, ada: Member) -> None:
    job = start(rows, ben)
    account_actions.remove_member(membership=ben.membership, by=ada.actor, at=minutes(11))
    working.work(job)
    assert {row.reason for row in job.rows.all()} == {"The agent who started this is no longer a member."}


def test_worker_that_died_half_way_repeats_no_conversation(rows: list[Conversation], ben: Member) -> None:
    job = start(rows, ben, [{"do": "note", "text": "Once."}])
    first = BulkRow.objects.filter(job=job).order_by("pk").first()
    assert first is not None
    working._settle(job, first, ben.actor)
    working.work(BulkJob.objects.get(pk=job.pk))  # another one goes on
    assert Message.objects.filter(kind=MessageKind.NOTE).count() == 4


def test_two_workers_at_the_same_row_do_it_once(rows: list[Conversation], ben: Member) -> None:
    job = start(rows, ben, [{"do": "note", "text": "Once."}])
    same = [BulkRow.objects.filter(job=job).order_by("pk")[0] for _ in range(2)]
    for row in same:
        working._settle(job, row, ben.actor)
    assert Message.objects.filter(kind=MessageKind.NOTE).count() == 1


def test_two_jobs_on_the_same_conversations_are_both_right(rows: list[Conversation], ben: Member, ada: Member) -> None:
    one = start(rows, ben, [{"do": "priority", "priority": "high"}])
    other = start(rows, ada, [{"do": "add_tags", "tags": ["vip"]}])
    working.work(other)
    working.work(one)
    assert {(row.priority, *row.tags) for row in map(fresh, rows)} == {("high", "vip")}


def test_each_job_has_its_turn(rows: list[Conversation], ben: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "TURN", 0.0)
    start(rows, ben, [{"do": "note", "text": "One"}])
    start(rows, ben, [{"do": "note", "text": "Other"}])
    BulkJob.objects.update(due_at=minutes(0))
    working.work_due()
    texts = Message.objects.filter(kind=MessageKind.NOTE).order_by("pk").values_list("body", flat=True)
    assert list(texts)[:4] == ["One", "Other", "One", "Other"]
    assert not BulkJob.objects.exclude(state=JobState.DONE).exists()


def test_cancelling_leaves_the_rest_as_it_is(rows: list[Conversation], ben: Member) -> None:
    job = start(rows, ben)
    first = BulkRow.objects.filter(job=job).order_by("pk").first()
    assert first is not None
    working._settle(job, first, ben.actor)
    bulk_actions.cancel_job(job=job, by=ben.actor, at=minutes(11))
    working.work(job)
    assert states(job) == [RowState.CHANGED, *[RowState.WAITING] * 3]
    assert [fresh(row).status for row in rows] == ["resolved", "open", "open", "open"]


def test_notes_of_a_macro_are_filled_in_for_each_customer(acme: Workspace, ben: Member) -> None:
    rows = [
        ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name=name), at=MORNING)
        for name in ("Eve Adams", "Ola Nord")
    ]
    done(rows, ben, [{"do": "note", "text": "For {{customer.first_name}}"}])
    texts = Message.objects.filter(kind=MessageKind.NOTE).order_by("pk").values_list("body", flat=True)
    assert list(texts) == ["For Eve", "For Ola"]


# --- Undoing ------------------------------------------------------------------------------------


def test_all_of_it_is_put_back(rows: list[Conversation], ben: Member) -> None:
    actions.set_tags(conversation=rows[0], names=["old"], by=ben.actor, at=minutes(1))
    job = done(rows, ben)
    job = working.work(bulk_actions.undo_job(job=job, by=ben.actor, at=minutes(20)))
    assert (job.state, states(job)) == (JobState.UNDONE, [RowState.UNDONE] * 4)
    assert [(row.status, row.tags) for row in map(fresh, rows)] == [("open", ["old"]), *[("open", [])] * 3]


def test_what_someone_has_changed_since_is_left_alone_and_reported(
    rows: list[Conversation], ben: Member, ada: Member
) -> None:
    job = done(rows, ben)
    actions.set_priority(conversation=rows[2], priority="low", by=ada.actor, at=clock.now())
    job = working.work(bulk_actions.undo_job(job=job, by=ben.actor, at=minutes(20)))
    assert states(job) == [RowState.UNDONE, RowState.UNDONE, RowState.KEPT, RowState.UNDONE]
    assert job.rows.get(state=RowState.KEPT).reason == "It was changed since."
    assert (fresh(rows[2]).status, fresh(rows[2]).priority) == ("resolved", "low")


def test_message_that_came_before_its_row_was_done_does_not_keep_it_from_undoing(
    rows: list[Conversation], ben: Member
) -> None:
    job = start(rows, ben)
    actions.receive(conversation=rows[3], body="And?", by=Actor.system(rows[0].workspace_id), at=minutes(11))
    job = working.work(job)
    job = working.work(bulk_actions.undo_job(job=job, by=ben.actor, at=minutes(20)))
    assert states(job) == [RowState.UNDONE] * 4


def test_running_job_is_not_undone_nor_one_twice(rows: list[Conversation], ben: Member) -> None:
    job = start(rows, ben)
    with nothing_changes(), pytest.raises(Conflict):
        bulk_actions.undo_job(job=job, by=ben.actor, at=minutes(20))
    working.work(job)
    bulk_actions.undo_job(job=job, by=ben.actor, at=minutes(20))
    with pytest.raises(Conflict) as caught:
        bulk_actions.undo_job(job=job, by=ben.actor, at=minutes(20))
    assert caught.value.code == "undone"


def test_job_is_its_starters_and_the_admins(
    rows: list[Conversation], ben: Member, ada: Member, acme: Workspace
) -> None:
    adas, bens = start(rows, ada), start(rows, ben)
    with pytest.raises(Forbidden):
        bulk_actions.cancel_job(job=adas, by=ben.actor, at=minutes(11))
    assert types(lambda: bulk_actions.cancel_job(job=bens, by=ada.actor, at=minutes(11))) == ["bulk_job.cancelled"]
    assert types(lambda: bulk_actions.cancel_job(job=bens, by=ada.actor, at=minutes(12))) == []


def test_strangers_find_no_job(rows: list[Conversation], ben: Member, cleo: Member) -> None:
    job = start(rows, ben)
    with pytest.raises(NotFound):
        bulk_actions.cancel_job(job=job, by=cleo.actor, at=minutes(11))


def test_macro_that_is_used_in_a_job_is_undone_with_it(rows: list[Conversation], ben: Member) -> None:
    knowledge_actions.create_macro(workspace=rows[0].workspace, name="x", body="y", by=ben.actor, at=MORNING)
    job = done(rows, ben, [{"do": "open_ticket"}, {"do": "assign", "to": "me"}])
    working.work(bulk_actions.undo_job(job=job, by=ben.actor, at=minutes(20)))
    assert {(row.ticket_id, row.assignee_id) for row in map(fresh, rows)} == {(None, None)}


# --- Keeping ------------------------------------------------------------------------------------


def test_jobs_of_more_than_a_month_ago_are_forgotten(rows: list[Conversation], ben: Member) -> None:
    job, other = done(rows, ben), start(rows, ben)
    old = clock.now() - timedelta(days=limits.KEPT_DAYS + 1)
    BulkJob.objects.update(created_at=old)
    tasks.forget_bulk_jobs(0)
    assert list(BulkJob.objects.values_list("pk", flat=True)) == [other.pk]  # which still runs
    assert not BulkRow.objects.filter(job_id=job.pk).exists()


def test_starting_takes_the_same_statements_for_few_and_for_many(acme: Workspace, ben: Member) -> None:
    contact = ContactFactory(workspace=acme)
    many = [ConversationFactory(workspace=acme, contact=contact, at=MORNING) for _ in range(20)]
    counted = []
    for chosen in (many[:2], many[:1], many):  # the first time, more is looked up
        with CaptureQueriesContext(connection) as statements:
            start(chosen, ben)
        counted.append(len(statements))
    assert counted[1] == counted[2]
    assert queries.newest()[0].row_count == 20
