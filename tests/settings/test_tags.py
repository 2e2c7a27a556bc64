"""Tags: counted, renamed, recoloured, merged and deleted; a job carries it to every conversation and ticket."""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import Event, Workspace
from conversations.maintenance import replace_tag
from conversations.models import Conversation
from tests.conftest import Member
from tests.effects import MORNING
from tests.factories import ConversationFactory, TicketFactory
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
