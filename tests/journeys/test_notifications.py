"""The bell as people meet it, what a member with a limited view loses and gets live, and the service worker."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from accounts import actions as account_actions
from accounts import clock, journal, tenancy
from accounts.models import PushSubscription, Workspace
from accounts.permissions import Visibility
from conversations import actions
from conversations.models import Message, Notification
from tests.conftest import Member
from tests.factories import ConversationFactory
from tests.journeys.conftest import Window
from tests.journeys.test_composer import Slow
from tests.notifications.push_service import PushService

if TYPE_CHECKING:
    from playwright.sync_api import Browser

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def chromium(chromium_with_windows: Browser) -> Browser:
    return chromium_with_windows


@pytest.fixture
def drained() -> Iterator[None]:
    """The journal is empty at the end: no reaction of this test runs in another."""
    yield
    while journal.drain():
        pass


@pytest.mark.usefixtures("drained")
def test_bell_title_and_toast_follow_what_happens_and_opening_reads_it(
    window: Window, acme: Workspace, ada: Member, ben: Member
) -> None:
    row = ConversationFactory(workspace=acme, subject="Where is my order?")
    page = window.page
    window.enter(ben, "/w/acme/inbox?view=open")
    window.wait_until_live()
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
    with tenancy.scope(acme):
        actions.assign(conversation=row, to=ben.user, by=ada.actor, at=clock.now())
    journal.drain()
    expect(page.get_by_role("link", name="Notifications, 1 unread")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("mark-unread"))
    expect(page.locator("#toasts")).to_contain_text("Ada Duarte assigned #1 to you")
    page.get_by_role("option", name=re.compile("Where is my order")).click()
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
    expect(page).to_have_title(re.compile(r"^(?!\()"))
    assert Notification.all_workspaces.get().read_at is not None


@pytest.mark.usefixtures("drained")
def test_conversation_that_goes_to_others_leaves_the_list_and_one_that_comes_arrives(
    window: Window, acme: Workspace, ada: Member, ben: Member
) -> None:
    mine, theirs = (ConversationFactory(workspace=acme, subject=f"About {name}") for name in ("mine", "theirs"))
    with tenancy.scope(acme):
        actions.assign(conversation=mine, to=ben.user, by=ada.actor, at=clock.now())
        actions.assign(conversation=theirs, to=ada.user, by=ada.actor, at=clock.now())
    ben.membership.visibility = Visibility.TEAMS
    ben.membership.save()
    page = window.page
    window.enter(ben, "/w/acme/inbox?view=open")
    window.wait_until_live()
    expect(page.get_by_role("option")).to_have_count(1)
    with tenancy.scope(acme):
        actions.assign(conversation=mine, to=ada.user, by=ada.actor, at=clock.now())
    expect(page.locator(".row:not(.is-gone)")).to_have_count(0)
    with tenancy.scope(acme):
        actions.assign(conversation=theirs, to=ben.user, by=ada.actor, at=clock.now())
    expect(page.get_by_role("option", name=re.compile("About theirs"))).to_be_visible()


def test_reply_that_releases_the_conversation_leads_to_the_list(
    window: Window, acme: Workspace, ada: Member, ben: Member
) -> None:
    act = {"by": ada.actor, "at": clock.now()}
    mine = ConversationFactory(workspace=acme, subject="About mine", body="Where is it?")
    account_actions.update_workspace(workspace=acme, settings={"releases_resolved": True}, **act)
    actions.assign(conversation=mine, to=ben.user, **act)
    ben.membership.visibility = Visibility.TEAMS
    ben.membership.save()
    page = window.page
    window.enter(ben, f"/w/acme/inbox/{mine.number}?view=open")
    window.wait_until_live()
    page.locator("#reply-body").fill("On its way.")
    # What it did is known to the page before its answer is.
    slow = Slow(page, "**/inbox/*/reply*")
    with page.expect_response(lambda found: "/fresh?" in found.url and found.status == 404):
        page.get_by_role("button", name=re.compile("^Send & resolve")).click()
        route = slow.take()
        answer = route.fetch()
    route.fulfill(response=answer)
    expect(page.get_by_text("Reply sent.")).to_be_visible()
    expect(page).to_have_url(re.compile("/inbox[?]"))
    assert Message.all_workspaces.filter(body="On its way.").count() == 1
    window.faults.clear()  # what the page asked of the conversation meanwhile was not found


def test_service_worker_shows_what_is_pushed_unless_a_page_of_the_workspace_is_looked_at(
    window: Window, acme: Workspace, ben: Member, tmp_path: object
) -> None:
    """Headless Chromium reaches no push service: the page gets a subscription of ours, and the message comes by its debugger."""
    service, page = PushService(tmp_path), window.page  # type: ignore[arg-type]
    page.context.grant_permissions(["notifications"], origin=window.base)
    fake = {"endpoint": "https://push.example/1", **service.keys}
    page.add_init_script(
        f"const fake = {json.dumps(fake)};"
        "(() => { let kept = null; const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')),"
        " (c) => c.charCodeAt(0)).buffer; PushManager.prototype.getSubscription = async () => kept;"
        " PushManager.prototype.subscribe = async (options) => (kept = { endpoint: fake.endpoint, getKey: (name) => bytes(fake[name]),"
        " options: { applicationServerKey: options.applicationServerKey.buffer }, unsubscribe: async () => !(kept = null) }); })()"
    )
    session = page.context.new_cdp_session(page)
    registered: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda found: registered.extend(one["registrationId"] for one in found["registrations"]),
    )
    session.send("ServiceWorker.enable")
    window.enter(ben, "/w/acme/notifications")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("On in this browser.")).to_be_visible()
    assert PushSubscription.objects.get().user == ben.user
    payload = {
        "title": "Acme",
        "body": "Ada assigned #1 to you",
        "url": "/w/acme/inbox/1",
        "workspace": "acme",
        "tag": "a",
    }
    shown = "navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) => all.map((one) => one.body))"

    def push() -> None:
        message = {"origin": window.base, "registrationId": registered[-1], "data": json.dumps(payload)}
        session.send("ServiceWorker.deliverPushMessage", message)

    page.evaluate(
        "navigator.serviceWorker.addEventListener('message', ({ data }) => { window.pushed = data.type; }); undefined"
    )
    push()
    page.wait_for_function("window.pushed === 'notification'")
    if page.evaluate("document.hasFocus()"):
        assert page.evaluate(shown) == []
    window.go("/w/globex/inbox")  # a page of another workspace, which there is none of
    push()
    page.wait_for_function(f"async () => (await {shown}).join() === 'Ada assigned #1 to you'")
    window.faults[:] = [fault for fault in window.faults if "404" not in fault]
    window.go("/w/acme/notifications")
    page.locator("#menu-me > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/accounts/login"))
    assert not PushSubscription.objects.exists()


@pytest.mark.usefixtures("drained")
def test_every_screen_counts_what_is_new_and_says_that_it_is_offline(
    window: Window, acme: Workspace, ada: Member, ben: Member
) -> None:
    row = ConversationFactory(workspace=acme)
    window.enter(ben, "/w/acme/settings/notifications")
    window.wait_until_live()
    bell, banner = window.page.locator("#bell"), window.page.locator("#connection")
    with tenancy.scope(acme):
        actions.assign(conversation=row, to=ben.user, by=ada.actor, at=clock.now())
    journal.drain()
    expect(bell).to_have_attribute("data-count", "1")
    with tenancy.scope(acme):
        actions.trash(conversation=row, by=ada.actor, at=clock.now())
    expect(bell).to_have_attribute("data-count", "0")
    window.page.context.set_offline(True)
    expect(banner.get_by_text("You are offline.")).to_be_visible()
    window.page.context.set_offline(False)
    expect(banner).to_be_hidden()
    window.faults.clear()  # the browser's own lines about the network
