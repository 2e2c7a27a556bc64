"""The main story: a customer's backend writes, an agent answers in the browser, the backend reads the answer."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Member
from tests.journeys.conftest import NARROW, Api, Window
from tests.runtime.machine import eventually

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_conversation_arrives_is_answered_and_the_answer_is_read_back(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    window.sign_in(ben.user.email)
    expect(page.get_by_text("No unassigned conversations")).to_be_visible()
    window.wait_until_live()

    # It appears in the open inbox without a reload.
    page.evaluate("window.sameDocument = true")
    conversation = api.start("Need help with auth", "I am getting a 401 from `POST /orders`.")
    row = page.get_by_role("option", name=re.compile("Ada Lovelace"))
    expect(row).to_contain_text("I am getting a 401")
    expect(page.locator(".views__bar [aria-current]")).to_have_text("Unassigned1")

    # She opens it; the thread shows the message, and having been looked at it is read.
    row.click()
    expect(page).to_have_url(re.compile(r"/w/acme/inbox/1\?view=unassigned"))
    expect(page.locator("#entries")).to_contain_text("I am getting a 401 from POST /orders.")
    expect(page.locator(".row.is-read")).to_have_count(1)

    # An internal note, then a reply, from the keyboard.
    page.keyboard.press("n")
    page.get_by_label("Internal note", exact=True).fill("Her key lacks the scope.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".message--note")).to_contain_text("Her key lacks the scope.")
    expect(page.locator("#note-body")).to_be_focused()
    expect(page.locator("#note-body")).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.type("You can add the scope without a new key.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--ours")).to_contain_text("You can add the scope")
    expect(page.locator("#reply-body")).to_have_value("")
    expect(page.locator("#reply-body")).to_be_focused()
    expect(page.locator("#summary-status")).to_contain_text("Waiting on customer")

    # Hers, and open again until she has looked further; then waiting.
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    expect(page.locator("#summary-assign")).to_contain_text("Ben")
    for status in ("Open", "Waiting on customer"):
        page.locator("#summary-status").click()
        page.locator("#menu-status").get_by_role("button", name=status).click()
        expect(page.locator("#summary-status")).to_contain_text(status)
    expect(page.locator("#entries")).to_contain_text("Ben assigned it to themselves")
    expect(page.locator("#entries")).to_contain_text("Ben set it to waiting on customer")

    # The customer writes again: it is there without a reload, and open again.
    api.write(conversation, "Thank you, and where?")
    expect(page.locator("#entries")).to_contain_text("Thank you, and where?")
    expect(page.locator("#summary-status")).to_contain_text("Open")
    page.locator("#summary-status").click()
    page.locator("#menu-status").get_by_role("button", name="Waiting on customer").click()
    expect(page.locator("#summary-status")).to_contain_text("Waiting on customer")
    assert page.evaluate("window.sameDocument") is True

    # The API shows the reply and the status, and never the note.
    listed = api.call("GET", f"/api/v1/conversations/{conversation}/messages")["messages"]
    assert [message["body"] for message in listed] == [
        "I am getting a 401 from `POST /orders`.",
        "You can add the scope without a new key.",
        "Thank you, and where?",
    ]
    # What the page shows at once is kept when its answer is there.
    path = f"/api/v1/conversations/{conversation}"
    eventually(lambda: api.call("GET", path)["conversation"]["status"] == "waiting", "the status")


def test_reply_is_held_back_when_the_customer_wrote_unseen(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    conversation = api.start("Order 1234", "Where is it?")
    page.route("**/inbox/1/fresh*", lambda route: route.abort())
    window.enter(ben, "/w/acme/inbox/1")
    page.keyboard.press("r")
    page.keyboard.type("We are looking for it.")
    api.write(conversation, "Forget it, it came!")
    page.get_by_role("button", name="Send to Ada").click()
    expect(page.get_by_role("alert")).to_contain_text("Review it, then send again.")
    page.unroute("**/inbox/1/fresh*")
    expect(page.locator("#entries")).to_contain_text("Forget it, it came!")
    expect(page.locator("#reply-body")).to_have_value("We are looking for it.")
    page.locator("#reply-body").fill("Glad to hear!")
    page.get_by_role("button", name="Send to Ada").click()
    expect(page.locator(".message--ours")).to_have_text(re.compile("Glad to hear!"))
    # Refused fragments and the held-back answer are what was arranged.
    window.faults[:] = [fault for fault in window.faults if "ERR_FAILED" not in fault and "409" not in fault]


def test_draft_outlives_a_walk_through_the_inbox(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    api.start("First", "One", "cus_1", "Ida One")
    api.start("Second", "Two", "cus_2", "Ulf Two")
    window.enter(ben)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#subject")).to_be_focused()
    page.keyboard.press("r")
    page.keyboard.type("Half a reply")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Half a note")
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.locator("#subject")).to_have_text("Second")
    expect(page.locator("#reply-body")).to_have_value("")
    page.keyboard.press("[")
    expect(page.locator("#subject")).to_have_text("First")
    expect(page.locator("#reply-body")).to_have_value("Half a reply")
    expect(page.locator("#note-body")).to_have_value("Half a note")
    page.reload()
    expect(page.locator("#reply-body")).to_have_value("Half a reply")


def test_keyboard_alone_resolves_undoes_and_goes_back(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    api.start("First", "One", "cus_1", "Ida One")
    api.start("Second", "Two", "cus_2", "Ulf Two")
    window.enter(ben)
    window.wait_until_live()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("option", name=re.compile("Ulf Two"))).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("o")
    expect(page.locator("#subject")).to_have_text("First")
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("Resolved.")
    expect(page.locator(".row.is-gone")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#summary-status")).to_contain_text("Open")
    expect(page.locator(".row.is-gone")).to_have_count(0)
    page.keyboard.press("a")
    expect(page.locator("#assign-me")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#menu-assign")).not_to_have_attribute("open", "")
    page.keyboard.press("u")
    expect(page.get_by_text("Pick a conversation")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_text("No snoozed conversations")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("option")).to_have_count(2)


def test_shortcuts_can_be_switched_off(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    api.start("First", "One")
    window.enter(ben)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#menu-me summary").click()
    with page.expect_response("**/preferences"):
        page.locator("#menu-me").get_by_role("button", name="Off").click()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help")).not_to_be_visible()
    page.reload()
    page.keyboard.press("?")
    expect(page.locator("#help")).not_to_be_visible()


def test_new_conversations_gather_in_a_bar_where_rows_would_jump(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    api.start("First", "One", "cus_1", "Ida One")
    window.enter(ben, "/w/acme/inbox?view=unassigned&sort=newest")
    window.wait_until_live()
    api.start("Second", "Two", "cus_2", "Ulf Two")
    bar = page.get_by_role("link", name="1 new conversation")
    expect(bar).to_be_visible()
    expect(page.get_by_role("option")).to_have_count(1)
    bar.click()
    expect(page.get_by_role("option").first).to_contain_text("Ulf Two")
    expect(bar).not_to_be_visible()


def test_on_a_narrow_screen_list_thread_and_details_are_pages(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    api.start("First", "One")
    window.enter(ben)
    page.get_by_role("option").click()
    expect(page.locator("#list")).not_to_be_visible()
    expect(page.locator("#side")).not_to_be_visible()
    page.get_by_role("link", name="Conversation details").click()
    expect(page.locator("#side")).to_contain_text("cus_123@example.com")
    page.go_back()
    expect(page.locator("#side")).not_to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_customers_markup_is_shown_and_never_run(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    evil = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
    api.start(evil, evil, "cus_evil", evil)
    window.enter(ben)
    window.wait_until_live()
    page.get_by_role("option").click()
    expect(page.locator("#entries .bubble")).to_have_text(evil)
    expect(page.locator("#subject")).to_have_text(evil)
    assert "pwned'" in page.title()  # the subject, as text
    assert page.title() != "pwned"
    assert page.locator("#entries img").count() == 0
