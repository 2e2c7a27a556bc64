"""The assistant's story: a program asks, it answers, the customer wants a person, and an agent takes over with its help."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts import clock, journal, tenancy
from conversations.assistant import tasks as assistant_tasks
from conversations.knowledge import actions as knowledge_actions
from conversations.models import AssistantRun, Suggestion
from tests.conftest import Member
from tests.factories import ArticleFactory
from tests.journeys.conftest import Api, Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATH = "/api/environments/@current/conversations"


def work() -> None:
    """What the worker does: the job of the newest run, and the reactions."""
    run = AssistantRun.all_workspaces.latest("pk")
    assistant_tasks.run_assistant(workspace_id=run.workspace_id, run_id=run.pk)
    while journal.drain():
        pass


def know(ben: Member, answer: str) -> None:
    """Ben has published what to do about gates that stick."""
    workspace = ben.membership.workspace
    with tenancy.scope(workspace):
        article = ArticleFactory(workspace=workspace, title="Gates that stick", body=answer)
        knowledge_actions.publish_article(article=article, by=ben.actor, at=clock.now())


def ask(api: Api, content: str, **more: Any) -> dict[str, Any]:
    """Write to the assistant as a program does that wants no stream."""
    return api.call("POST", PATH, {"content": content, **more}, Accept="application/json")


def test_agent_takes_over_from_the_assistant_and_answers_with_its_draft(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    know(ben, "Oil the hinge, and push the gate until it clicks.")
    window.enter(ben)
    window.wait_until_live()

    # It answers by itself: in its own view, and nobody else is bothered.
    who = {"distinct_id": "cus_9", "anonymous_traits": {"name": "Ada Lovelace", "email": "ada@example.com"}}
    made = ask(api, "Our gate sticks at the hinge", **who)
    expect(page.get_by_text("No unassigned conversations")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("b")
    row = page.get_by_role("option", name=re.compile("Ada Lovelace"))
    row.click()
    strip = page.locator("#assistant")
    expect(strip).to_contain_text("The assistant is answering. It is writing now.")
    work()
    answer = page.locator(".message--ours").first
    expect(answer).to_contain_text("Oil the hinge")
    expect(answer.get_by_role("link", name="Gates that stick")).to_be_visible()
    expect(strip).to_contain_text("Your reply takes over")

    # The customer wants a person: the conversation is in the inbox, with the reason.
    ask(api, "I want to talk to a human, please", conversation=made["id"])
    work()
    expect(strip).to_contain_text("Handed over by the assistant. The customer asked for a person.")
    page.keyboard.press("g")
    page.keyboard.press("u")
    expect(page.locator("#open.is-open")).to_be_hidden()
    page.get_by_role("option", name=re.compile("Ada Lovelace")).click()
    expect(page.locator("#subject")).to_have_text("Our gate sticks at the hinge")

    # Ben takes over from the keyboard, lets it draft, and takes the draft with Tab.
    page.keyboard.press("t")
    expect(page.get_by_role("status").filter(has_text="The assistant has stopped replying.")).to_be_visible()
    expect(strip).to_be_hidden()
    expect(page.locator("#composer .btn--main").first).to_have_text(re.compile("Send to Ada"))
    expect(page.locator("#summary-assign")).to_contain_text("Ben")
    page.keyboard.press("s")
    draft = page.locator("#draft")
    expect(draft).to_contain_text("Suggested reply")
    expect(draft).to_contain_text("Hello Ada,")
    expect(page.locator("#reply-body")).to_be_focused()
    page.keyboard.press("Tab")
    expect(draft).to_be_hidden()
    expect(page.locator("#reply-body")).to_have_value(re.compile("^Hello Ada,\n\nOil the hinge"))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#reply-body")).to_have_value("")
    expect(page.locator(".message--ours").last).to_contain_text("Hello Ada,")
    while journal.drain():
        pass
    assert Suggestion.all_workspaces.get(kind="draft").outcome == "accepted"

    # The program reads what Ben wrote, and its next message is for him alone.
    shown = api.call("GET", f"{PATH}/{made['id']}")
    assert shown["messages"][-1]["content"].startswith("Hello Ada,")
    ask(api, "Thank you, Ben", conversation=made["id"])
    expect(page.locator("#entries")).to_contain_text("Thank you, Ben")
    assert api.call("GET", f"{PATH}/{made['id']}")["messages"][-1]["type"] == "human"


def test_draft_is_turned_down_with_escape(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    know(ben, "Oil the hinge.")
    api.start("Gate", "Our gate sticks at the hinge")
    window.enter(ben, "/w/acme/inbox/1")
    page.locator("#composer .suggest").click()
    expect(page.locator("#draft")).to_contain_text("Oil the hinge.")
    expect(page.locator("#reply-body")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#draft")).to_be_hidden()
    expect(page.locator("#reply-body")).to_be_focused()
    expect(page.locator("#reply-body")).to_have_value("")
    assert Suggestion.all_workspaces.get().outcome == "rejected"


def test_draft_joins_what_was_typed_and_can_be_taken_back(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    know(ben, "Oil the hinge.")
    api.start("Gate", "Our gate sticks at the hinge")
    window.enter(ben, "/w/acme/inbox/1")
    text = page.locator("#reply-body")
    text.fill("Good morning. ")
    page.get_by_text("Note", exact=True).first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.locator("[data-draft-use]").click()
    expect(text).to_have_value(re.compile("^Good morning. Hello.*Oil the hinge.$", re.S))
    page.keyboard.press("Control+z")
    expect(text).to_have_value("Good morning. ")
