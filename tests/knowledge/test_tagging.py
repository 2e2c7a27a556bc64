"""Suggesting tags from the workspace's own history, only where it has proven to tell."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import call_command

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.knowledge import tagging, tasks
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ConversationFactory

pytestmark = pytest.mark.usefixtures("in_acme")

TOPICS = {
    "billing": "The invoice for my subscription charges my card twice, please refund the payment.",
    "shipping": "My parcel has not been delivered by the courier, the tracking shows the wrong warehouse.",
    "login": "I cannot sign in, the password reset mail never arrives and the account stays locked.",
}


def started(workspace: Workspace, body: str, names: list[str]) -> Conversation:
    row = ConversationFactory(workspace=workspace, subject="Question", body=body)
    by = Actor.system(workspace.pk)
    return actions.set_tags(conversation=row, names=names, by=by, at=clock.now()) if names else row


def fill(workspace: Workspace, names: Callable[[str, int], list[str]]) -> None:
    for number in range(10):
        for topic, body in TOPICS.items():
            started(workspace, f"{body} Order {number}{number}.", names(topic, number))


def measure(workspace: Workspace) -> list[tagging.Score]:
    found = tagging.measure(workspace, 100, by=Actor.system(workspace.pk), at=clock.now())
    workspace.refresh_from_db()
    return found


def test_history_that_tells_gives_suggestions(acme: Workspace) -> None:
    fill(acme, lambda topic, number: [topic])
    new = started(acme, "The courier says the parcel is in the warehouse, no tracking.", [])
    new.workspace = acme
    assert tagging.suggested(new) == []  # not measured yet
    measure(acme)
    assert acme.settings["tag_suggestions"]["precision"] > 0.6
    assert tagging.suggested(new) == ["shipping"]
    new.tags = ["Shipping"]
    assert tagging.suggested(new) == []


def test_history_that_tells_nothing_gives_none(acme: Workspace) -> None:
    fill(acme, lambda topic, number: [f"tag-{number}"])
    assert not any(score.is_good_enough for score in measure(acme))
    new = started(acme, TOPICS["billing"], [])
    new.workspace = acme
    assert tagging.suggested(new) == []


def test_few_tagged_conversations_prove_nothing(acme: Workspace) -> None:
    for _ in range(3):
        started(acme, TOPICS["login"], ["login"])
    assert tagging.best(measure(acme)) is None


def test_other_workspaces_are_no_history(acme: Workspace, globex: Workspace) -> None:
    fill(acme, lambda topic, number: [topic])
    assert measure(acme)[0].tried == 30
    tasks.measure_tags(0)
    globex.refresh_from_db()
    assert globex.settings["tag_suggestions"] == {"threshold": None}


def test_command_prints_what_it_has_measured(acme: Workspace) -> None:
    fill(acme, lambda topic, number: [topic])
    printed = io.StringIO()
    call_command("measure_tag_suggestions", workspace="acme", stdout=printed)
    assert "30 tagged conversations tried." in printed.getvalue()
    assert "Tags are suggested from" in printed.getvalue()


def test_suggested_tags_are_added_by_one_button(acme: Workspace, ben: Member) -> None:
    fill(acme, lambda topic, number: [topic])
    measure(acme)
    new = started(acme, TOPICS["billing"], [])
    path, agent = f"/w/acme/inbox/{new.number}", ben.signed_in()
    assert f'hx-get="{path}/suggested-tags' in agent.get(path).content.decode()
    fragment = agent.get(f"{path}/suggested-tags", headers={"HX-Request": "true"}).content.decode()
    assert 'value="billing"' in fragment
    agent.post(f"{path}/tags", {"tags": "billing"})
    assert "suggested-tags" not in agent.get(path).content.decode()
