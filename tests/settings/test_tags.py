"""Tags: counted, renamed, recoloured, merged and deleted; a job carries it to every conversation and ticket."""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock
from accounts.models import Event, Workspace
from conversations import actions
from conversations.maintenance import replace_tag
from conversations.models import Conversation
from tests.conftest import Member
from tests.effects import MORNING
from tests.factories import ConversationFactory, MacroFactory, TicketFactory
from tests.inbox.conftest import text_of
from tickets import tags
from tickets.models import Tag, Ticket

pytestmark = pytest.mark.usefixtures("in_acme")
URL = "/w/acme/settings/tags"


def conversation(workspace: Workspace, **values: Any) -> Conversation:
    """A conversation that stands as these values say."""
    row = ConversationFactory(workspace=workspace)
    Conversation.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def ticket(workspace: Workspace, **values: Any) -> Ticket:
    """A ticket that stands as these values say."""
    row = TicketFactory(workspace=workspace)
    Ticket.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


@pytest.fixture
def bug(acme: Workspace) -> Tag:
    tags.remember(acme.pk, ["bug", "billing"], MORNING)
    return Tag.objects.get(name="bug")


def run_jobs() -> None:
    """What the worker does with the jobs that wait."""
    for job in ProcrastinateJob.objects.filter(task_name="replace_tag", status="todo").order_by("id"):
        replace_tag(**job.args)


def test_list_counts_uses_in_any_case(acme: Workspace, vic: Member, bug: Tag) -> None:
    conversation(acme, tags=["Bug", "bug"])
    conversation(acme, tags=["BUG"])
    ticket(acme, tags=["bug"])
    page = " ".join(vic.signed_in().get(URL).content.decode().split())
    assert "2 conversations · 1 ticket" in page
    assert "0 conversations · 0 tickets" in page
    assert "View only" in page
    assert vic.signed_in().get(f"{URL}/{bug.pk}").status_code == 403


def test_renamed_tag_is_renamed_everywhere(acme: Workspace, ada: Member, bug: Tag) -> None:
    rows = [conversation(acme, tags=names) for names in (["a", "Bug"], ["bug", "defect"], ["other"], [])]
    work = ticket(acme, tags=["bug", "x"])
    answer = ada.signed_in().post(f"{URL}/{bug.pk}", {"name": " Defect ", "hue": "120"})
    assert answer.status_code == 302
    bug.refresh_from_db()
    assert (bug.name, bug.hue) == ("Defect", 120)
    run_jobs()
    found = list(
        Conversation.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk").values_list("tags", flat=True)
    )
    assert found == [["a", "Defect"], ["Defect"], ["other"], []]
    assert Ticket.objects.get(pk=work.pk).tags == ["defect", "x"]
    before = Event.objects.count()
    run_jobs()  # a job that is run again changes nothing
    assert Event.objects.count() == before


def test_name_that_is_taken_is_refused(ada: Member, bug: Tag) -> None:
    answer = ada.signed_in().post(f"{URL}/{bug.pk}", {"name": "Billing"})
    assert answer.status_code == 422
    assert "merge the two" in answer.content.decode()
    bug.refresh_from_db()
    assert bug.name == "bug"


@pytest.mark.parametrize(
    "given", [{"name": " "}, {"name": "x" * 101}, {"name": "a\x00b"}, {"name": "bug", "hue": "999"}]
)
def test_what_makes_no_tag_is_refused(ada: Member, bug: Tag, given: dict[str, Any]) -> None:
    assert ada.signed_in().post(f"{URL}/{bug.pk}", given).status_code == 422
    bug.refresh_from_db()
    assert bug.name == "bug"


def test_merged_tag_becomes_the_other(acme: Workspace, ada: Member, bug: Tag) -> None:
    row = conversation(acme, tags=["bug", "billing", "late"])
    other = Tag.objects.get(name="billing")
    ada.signed_in().post(f"{URL}/{bug.pk}/delete", {"into": other.pk})
    run_jobs()
    row.refresh_from_db()
    assert row.tags == ["billing", "late"]
    assert [tag.name for tag in Tag.objects.order_by("name")] == ["billing", "late"] or not Tag.objects.filter(
        name="bug"
    )
    assert Event.objects.get(type="tag.deleted").data == {"into_id": other.pk}


def test_deleted_tag_is_taken_away(acme: Workspace, ada: Member, ben: Member, bug: Tag) -> None:
    row = conversation(acme, tags=["bug", "late"])
    url = f"{URL}/{bug.pk}/delete"
    assert ben.signed_in().post(url).status_code == 403
    assert "Choose another tag" in ada.signed_in().post(url, {"into": bug.pk}, follow=True).content.decode()
    ada.signed_in().post(url, {"into": ""})
    run_jobs()
    row.refresh_from_db()
    assert row.tags == ["late"]
    assert ada.signed_in().post(url).status_code == 404


def test_saved_views_and_macros_follow_a_tag_that_is_renamed_or_merged(acme: Workspace, ada: Member) -> None:
    how: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    tags.remember(acme.pk, ["Refund", "Other"], clock.now())
    condition = {"all": [{"field": "tag", "is": "refund"}, {"none": [{"field": "tag", "in": ["other", "REFUND"]}]}]}
    view = actions.create_view(
        workspace=acme,
        name="A",
        condition=condition,
        search='bill -tag:refund tag:"two words"',
        subject="conversation",
        **how,
    )
    of_api = actions.create_view(workspace=acme, name="B", filters={"tags": ["refund", "x"], "status": ["new"]}, **how)
    same = actions.create_view(workspace=acme, name="C", condition={"field": "subject", "is": "refund"}, **how)
    macro = MacroFactory(
        workspace=acme, condition={"field": "tag", "is_not": "Refund"},
        effects=[{"do": "add_tags", "tags": ["refund", "new"]}, {"do": "note", "text": "refund"}],
    )  # fmt: skip
    tag = Tag.objects.get(name="Refund")
    actions.rename_tag(tag=tag, name="Money back", **how)
    for row in (view, of_api, same, macro):
        row.refresh_from_db()
    assert view.condition == {
        "all": [{"field": "tag", "is": "Money back"}, {"none": [{"field": "tag", "in": ["other", "Money back"]}]}]
    }
    assert view.search == 'bill -tag:"Money back" tag:"two words"'
    assert of_api.filters == {"tags": ["money back", "x"], "status": ["new"]}
    assert same.updated_at == how["at"]
    assert macro.condition == {"field": "tag", "is_not": "Money back"}
    assert macro.effects == [
        {"do": "add_tags", "tags": ["Money back", "new"]},
        {"do": "note", "text": "refund"},
    ]
    actions.delete_tag(tag=tag, into=Tag.objects.get(name="Other"), **how)
    view.refresh_from_db()
    assert view.condition == {"all": [{"field": "tag", "is": "Other"}, {"none": [{"field": "tag", "in": ["other"]}]}]}
    assert Event.objects.filter(type="saved_view.updated", subject_id=view.pk).count() == 2


def test_tag_that_is_deleted_is_set_by_no_macro_and_marked_in_conditions(acme: Workspace, ada: Member) -> None:
    how: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    tags.remember(acme.pk, ["Refund"], clock.now())
    view = actions.create_view(
        workspace=acme, name="A", condition={"field": "tag", "is": "refund"}, subject="conversation", **how
    )
    macro = MacroFactory(
        workspace=acme, effects=[{"do": "add_tags", "tags": ["refund"]}, {"do": "remove_tags", "tags": ["refund", "b"]}]
    )
    actions.delete_tag(tag=Tag.objects.get(), **how)
    view.refresh_from_db()
    macro.refresh_from_db()
    assert view.condition == {"field": "tag", "is": "refund"}
    assert macro.effects == [{"do": "remove_tags", "tags": ["b"]}]
    assert "Tag is refund (removed)" in text_of(ada.signed_in().get("/w/acme/settings/views").content)
    assert ada.signed_in().get(f"/w/acme/inbox?view=v-{view.short_id}").status_code == 200


def test_macro_that_would_do_and_say_nothing_keeps_a_tag_that_is_deleted(acme: Workspace, ada: Member) -> None:
    tags.remember(acme.pk, ["Refund"], clock.now())
    effects = [{"do": "add_tags", "tags": ["refund"]}]
    silent = MacroFactory(workspace=acme, name="A", body=" ", effects=effects)
    says = MacroFactory(workspace=acme, name="B", body="Hello", effects=effects)
    actions.delete_tag(tag=Tag.objects.get(), by=ada.actor, at=clock.now())
    silent.refresh_from_db()
    says.refresh_from_db()
    assert (silent.effects, says.effects) == (effects, [])
    assert [*Event.objects.filter(type="macro.updated").values_list("subject_id", flat=True)] == [says.pk]
