"""Live updates as people meet them: many tabs, lost answers, tabs that come and go, and other people's sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from accounts.models import Workspace
from tests.conftest import Member
from tests.factories import PASSWORD, ConversationFactory
from tests.journeys.conftest import Api, Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HIDE = "value => { Object.defineProperty(document, 'hidden', { get: () => value, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"


def failing(times: int) -> Iterator[str]:
    """How the first answers are lost: dropped, refused by a proxy, and so on; then none is."""
    yield from ("abort", "502", "503", "abort")[:times]
    while True:
        yield ""


def lose(window: Window, pattern: str, times: int) -> None:
    """The first `times` answers to the pattern do not come."""
    fates = failing(times)

    def handle(route: playwright.Route) -> None:
        fate = next(fates)
        if fate == "abort":
            route.abort()
        elif fate:
            route.fulfill(status=int(fate), body="")
        else:
            route.continue_()

    window.page.route(pattern, handle)


def test_seven_tabs_share_one_stream_and_all_get_events(window: Window, api: Api, ben: Member) -> None:
    window.enter(ben)
    context = window.page.context
    tabs = [window.page, *(context.new_page() for _ in range(6))]
    for tab in tabs[1:]:
        tab.goto(f"{window.base}/w/acme/inbox")
    for tab in tabs:
        tab.wait_for_selector("html[data-live-state=live]")
    api.start("For all of you", "Hello")
    for tab in tabs:
        expect(tab.get_by_role("option")).to_contain_text("For all of you")
    # The first tab is closed; a new one gets later events.
    tabs[0].close()
    late = context.new_page()
    late.goto(f"{window.base}/w/acme/inbox?view=open")
    late.wait_for_selector("html[data-live-state=live]")
    api.start("Second", "Hello again", "cus_2", "Ulf Two")
    for tab in (*tabs[1:], late):
        expect(tab.get_by_role("option", name=re.compile("Second"))).to_be_visible()


def test_what_a_lost_answer_held_comes_with_the_next(window: Window, api: Api, ben: Member) -> None:
    conversation = api.start("Order 1234", "Where is it?")
    page = window.page
    window.enter(ben, "/w/acme/inbox/1")
    window.wait_until_live()
    expect(page.locator(".row.is-read")).to_have_count(1)
    for pattern, times in (
        ("**/inbox/rows*", 3),
        ("**/inbox/1/fresh*", 2),
        ("**/inbox/counts*", 3),
        ("**/inbox/1/read", 1),
    ):
        lose(window, pattern, times)
    api.write(conversation, "Hello?")
    expect(page.locator("#entries")).to_contain_text("Hello?", timeout=20_000)
    expect(page.locator(".row")).to_contain_text("Hello?", timeout=20_000)
    api.start("Another", "Hi", "cus_2", "Ulf Two")
    expect(page.locator(".views__bar [aria-current]")).to_have_text("Unassigned2", timeout=20_000)
    expect(page.locator(".row.is-read")).to_have_count(1, timeout=20_000)  # that it was read was sent again too
    assert any("ERR_FAILED" in fault for fault in window.faults)
    window.faults[:] = [fault for fault in window.faults if not re.search("ERR_FAILED|50[23]", fault)]


def test_tab_in_the_background_catches_up_with_list_thread_and_counts(window: Window, api: Api, ben: Member) -> None:
    conversation = api.start("Order 1234", "Where is it?")
    page = window.page
    window.enter(ben, "/w/acme/inbox/1")
    window.wait_until_live()
    expect(page.locator(".row.is-read")).to_have_count(1)
    page.evaluate(HIDE, True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with window.page.context.new_page() as other:
        other.goto(f"{window.base}/w/acme/inbox")
        other.wait_for_selector("html[data-live-state=live]")
        api.write(conversation, "Are you there?")
        api.start("Another", "Hi", "cus_2", "Ulf Two")
        expect(other.get_by_role("option", name=re.compile("Another"))).to_be_visible()
        expect(other.locator("#list-heading")).to_have_text("Unassigned 2")
        expect(other).to_have_title(re.compile(r"Unassigned \(2\) · "))
    assert asked == []
    page.evaluate(HIDE, False)
    expect(page.locator("#entries")).to_contain_text("Are you there?")
    expect(page.get_by_role("option", name=re.compile("Another"))).to_be_visible()
    expect(page.locator(".views__bar [aria-current]")).to_have_text("Unassigned2")


@pytest.mark.parametrize("end", ["close", "freeze"])
def test_without_shared_workers_the_tab_that_leads_hands_over(window: Window, api: Api, ben: Member, end: str) -> None:
    context = window.page.context
    context.add_init_script("delete window.SharedWorker")
    window.enter(ben)
    window.wait_until_live()
    streams: list[str] = []
    context.on("request", lambda request: streams.append(request.url) if "/inbox/stream" in request.url else None)
    second = context.new_page()
    second.goto(f"{window.base}/w/acme/inbox")
    second.wait_for_selector("html[data-live-state=live]")
    api.start("To both", "Hello")
    for tab in (window.page, second):
        expect(tab.get_by_role("option")).to_contain_text("To both")
    assert streams == []  # the first tab's serves both
    if end == "close":
        window.page.close()
    else:
        window.page.evaluate("document.dispatchEvent(new Event('freeze'))")
    api.start("To the second", "Hello", "cus_2", "Ulf Two")
    expect(second.get_by_role("option", name=re.compile("To the second"))).to_be_visible()
    if end == "freeze":
        window.page.evaluate("document.dispatchEvent(new Event('resume'))")
        expect(window.page.get_by_role("option", name=re.compile("To the second"))).to_be_visible()


def test_page_of_an_earlier_login_gets_no_events_of_the_next(
    window: Window, api: Api, ben: Member, vic: Member
) -> None:
    window.enter(ben)
    window.wait_until_live()
    other = window.page.context.new_page()
    other.goto(f"{window.base}/w/acme/inbox")
    other.locator("#menu-me summary").click()
    with other.expect_navigation():
        other.get_by_role("button", name="Sign out").click()
    other.goto(f"{window.base}/accounts/login/")
    other.get_by_label("Email").fill(vic.user.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_selector("html[data-live-state=live]")
    expect(window.page.get_by_text("You are signed out on this page.")).to_be_visible(timeout=20_000)
    api.start("For Vic", "Hello")
    expect(other.get_by_role("option")).to_contain_text("For Vic")
    expect(window.page.get_by_role("option")).to_have_count(0)


def test_page_that_was_just_loaded_calls_nothing_new_that_is_further_down(
    window: Window, acme: Workspace, ben: Member
) -> None:
    for number in range(53):
        ConversationFactory(workspace=acme, subject=f"Number {number}")
    window.enter(ben)
    page = window.page
    window.wait_until_live()
    with page.expect_response("**/inbox/rows*"):  # the server repeats what is younger than half a minute
        page.evaluate(
            "document.dispatchEvent(new CustomEvent('desk:event', { detail: { subject: 'conversation', id: 0 } }))"
        )
    expect(page.locator("#fresh")).to_be_hidden()
    # What is loaded at the end joins the rows, inside the list box and nowhere else.
    expect(page.get_by_role("option")).to_have_count(50)
    page.get_by_role("link", name="Load more").click()
    expect(page.locator("#listbox > .row")).to_have_count(53)
    expect(page.locator("#more")).to_have_count(0)


def test_page_shows_that_it_is_offline_and_takes_it_back(window: Window, ben: Member) -> None:
    window.enter(ben)
    window.wait_until_live()
    banner = window.page.locator("#connection")
    expect(banner).to_be_hidden()
    window.page.context.set_offline(True)
    expect(banner.get_by_text("You are offline.")).to_be_visible()
    window.page.context.set_offline(False)
    expect(banner).to_be_hidden()
    window.faults.clear()  # the browser's own lines about the network
