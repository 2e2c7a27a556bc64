"""Repairing threads as people do it: by pointer and by keyboard, while a colleague looks at the other conversation."""

from __future__ import annotations

import re

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation, Message
from tests.conftest import Member
from tests.journeys.conftest import NARROW, Api, Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_message_is_moved_by_the_keyboard_and_undone_and_an_open_page_follows(
    window: Window, api: Api, ben: Member, ada: Member, acme: Workspace
) -> None:
    first = api.start("Order 1234", "Where is it?")
    api.start("Invoice", "I have no invoice.")
    api.write(first, "By the way, the invoice is wrong.")
    page = window.page
    window.enter(ben, "/w/acme/inbox/1?view=open")
    colleague = page.context.new_page()
    colleague.goto(f"{window.base}/w/acme/inbox/2?view=open")
    colleague.wait_for_selector("html[data-live-state=live]")
    page.get_by_role("link", name="Move or split off").last.focus()
    page.keyboard.press("Enter")
    find = page.get_by_role("searchbox", name="Into which conversation?")
    expect(find).to_be_focused()
    find.press_sequentially("invoice")
    choice = page.get_by_role("button", name=re.compile("#2 Invoice"))
    expect(choice).to_be_visible()
    find.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    toast = page.locator("[data-toast]")
    expect(toast).to_contain_text("Moved to #2.")
    expect(page.locator("#entries")).to_contain_text("moved 1 message to #2")
    entries = colleague.locator("#entries .message")
    expect(entries).to_have_count(2)
    expect(entries.last).to_contain_text("By the way, the invoice is wrong.")
    expect(colleague.locator("#entries")).to_contain_text("moved 1 message here from #1")
    with tenancy.scope(acme):
        last = Message.objects.get(body="By the way, the invoice is wrong.")
    assert colleague.locator("#expected-last").input_value() == str(last.pk)
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#entries .message")).to_have_count(2)
    expect(entries).to_have_count(1)


def test_joined_conversation_leaves_nothing_to_write_in_on_a_page_that_shows_it(
    window: Window, api: Api, ben: Member, acme: Workspace
) -> None:
    for subject in ("Order 1234", "The same order"):
        api.start(subject, f"About {subject}.")
    page = window.page
    window.enter(ben, "/w/acme/inbox/2?view=open")
    window.wait_until_live()
    expect(page.locator("#composer")).to_be_visible()
    with tenancy.scope(acme):
        first, second = Conversation.objects.order_by("number")
        actions.join(conversation=second, into=first, by=ben.actor, at=clock.now())
    expect(page.locator("#aside")).to_contain_text("#2 was merged into #1")
    expect(page.locator("#composer")).to_be_hidden()
    expect(page.locator("#entries .message")).to_have_count(0)
    page.locator("#aside").get_by_role("link", name="#1").click()
    expect(page.locator("#entries .message")).to_have_count(2)


def test_spam_is_marked_and_brought_back_on_a_phone(window: Window, api: Api, ben: Member) -> None:
    api.start("Win a prize", "Click here.")
    page = window.page
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    window.enter(ben, "/w/acme/inbox/1?view=open")
    page.locator("#summary-more").click()
    page.get_by_role("button", name="Spam", exact=True).click()
    expect(page.locator("#aside")).to_contain_text("This is spam.")
    expect(page.locator("#composer")).to_be_hidden()
    expect(page.locator("#summary-more")).to_have_count(0)
    window.go("/w/acme/inbox?view=spam")
    page.get_by_role("option", name=re.compile("Win a prize")).click()
    page.get_by_role("button", name="Not spam").click()
    expect(page.locator("#composer")).to_be_visible()
    toast = page.locator("[data-toast]")
    expect(toast).to_contain_text("Marked as not spam.")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#aside")).to_contain_text("This is spam.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
