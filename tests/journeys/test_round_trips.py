"""What a change asks of the server: one request, whose answer has it all. Nothing is lost that others did meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from tests.conftest import Member
from tests.journeys.conftest import Api, Window
from tests.journeys.test_assistant import ask, know, work
from tests.journeys.test_composer import Slow, arranged, open_desk, row, sent, until, write

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTEN = "document.addEventListener('desk:event', ({ detail }) => { if (detail.subject === 'contact') globalThis.heard = detail.id; })"


class Requests:
    """What a page asks the workspace for, by method and path, but for what it does by itself: who is there, what is typed, and what is fetched ahead."""

    def __init__(self, page: Page, workspace: Workspace) -> None:
        self.page, self.workspace, self.made = page, workspace, list[str]()
        page.evaluate(LISTEN)
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        _, _, path = request.url.partition("?")[0].partition("/w/acme/")
        if path and not path.endswith(("/presence", "/draft", "/here", "/commands")):
            self.made.append(f"{request.method} {path}")

    def since_last(self) -> list[str]:
        """The requests since the last call, once all live events have arrived."""
        contact = actions.identify(
            workspace=self.workspace,
            external_id=f"signal-{clock.now().timestamp()}",
            by=Actor.system(self.workspace.pk),
            at=clock.now(),
        )
        self.page.wait_for_function("id => globalThis.heard === id", arg=contact.pk)
        self.page.evaluate("fetch('/healthz')")  # what the page asked for before this has been noted by then
        made, self.made = self.made, []
        return made

    def settle(self) -> list[str]:
        """The same, and all that is asked later on, until three seconds pass in which nothing is."""
        made = self.since_last()
        while True:
            self.page.clock.run_for(3000)
            if not (more := self.since_last()):
                return made
            made = made + more


def live_desk(window: Window, api: Api, ben: Member) -> Requests:
    """Two conversations, of Ida and of Ulf, among all that are open; the first is shown and read, and nothing is on its way."""
    window.page.clock.install()
    open_desk(window, api, ben)
    window.go("/w/acme/inbox/1?view=open")
    window.wait_until_live()
    expect(window.page.locator(".row.is-read")).to_have_count(1)
    requests = Requests(window.page, ben.membership.workspace)
    requests.settle()
    return requests


def changes(page: Page) -> list[tuple[str, Callable[[], None]]]:
    """Every change that an agent makes on her page, in an order in which each one changes something."""
    toasts = page.locator("#toasts")

    def send(mode: str, text: str, keys: str = "Control+Enter") -> None:
        write(page, mode, text)
        page.keyboard.press(keys)
        page.keyboard.press("Escape")

    def choose(name: str, button: str) -> None:
        page.locator(f"#menu-{name} > summary").click()
        page.locator(f"#menu-{name}").get_by_role("button", name=button).first.click()

    def fill(name: str, field: str, text: str) -> None:
        page.locator(f"#menu-{name} > summary").click()
        page.locator(f"#menu-{name} [name={field}]").fill(text)
        page.locator(f"#menu-{name} [name={field}]").evaluate("field => field.form.requestSubmit()")

    return [
        ("reply", lambda: send("r", "On its way.")),
        ("note", lambda: send("n", "Ask the courier.")),
        ("assign", lambda: page.keyboard.press("i")),
        ("status", lambda: choose("status", "Open")),
        ("status", lambda: page.locator("#done").click()),
        ("undo", lambda: toasts.get_by_role("button", name="Undo").last.click()),
        ("snooze", lambda: choose("snooze", "Tomorrow")),
        ("wake", lambda: page.locator("#summary-snooze").click()),
        ("tags", lambda: fill("tags", "tags", "vip")),
        ("subject", lambda: fill("more", "subject", "Another subject")),
        ("ticket", lambda: fill("ticket", "reason", "Lost")),
        ("unlink", lambda: page.get_by_role("button", name="Unlink").click()),
        ("priority", lambda: page.locator("#priority").select_option("urgent")),
        ("reply", lambda: send("r", "That settles it.", "Control+Shift+Enter")),
    ]


def looks(page: Page) -> dict[str, str]:
    """What a page shows of the open conversation and of the list around it."""
    parts = {name: page.locator(name).inner_text() for name in ("#head", "#side", "#assistant", "#tabs")}
    return parts | {"messages": "\n".join(page.locator("#entries .bubble").all_inner_texts())}


def other_tab(window: Window, path: str) -> Page:
    """Another tab of the same person, which gets all events by the same stream.

    It stays behind the page that the test goes on with: Chromium draws a tab that is not in front once a second, and a
    click in it waits for that.
    """
    tab = window.page.context.new_page()
    tab.goto(f"{window.base}{path}")
    tab.wait_for_selector("html[data-live-state=live]")
    window.page.bring_to_front()
    return tab


def agree(page: Page, other: Page) -> None:
    """Two tabs come to show the same."""
    until(page, lambda: looks(page) == looks(other))


def test_every_change_is_one_request_and_another_tab_shows_it_too(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    requests = live_desk(window, api, ben)
    other = other_tab(window, "/w/acme/inbox/1?view=open")
    for path, act in changes(page):
        with page.expect_response(f"**/inbox/1/{path}*"):
            act()
        assert requests.settle() == [f"POST inbox/1/{path}"], path
        agree(page, other)
    agree(page, other_tab(window, "/w/acme/inbox/1?view=open"))
    # Looking at a conversation is one request beside opening it.
    with page.expect_response("**/inbox/2/read*"):
        page.locator(".row", has_text="Ulf Two").click()
    assert requests.settle() == ["GET inbox/2", "POST inbox/2/read"]
    expect(page.locator(".row", has_text="Ulf Two")).to_have_class(re.compile("is-read"))
    expect(other.locator(".row", has_text="Ulf Two")).to_have_class(re.compile("is-read"))


def test_taking_over_and_suggestions_are_one_request_each(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    know(ben, "Oil the hinge.")
    requests = live_desk(window, api, ben)
    ask(api, "Our gate sticks at the hinge")
    work()
    window.go("/w/acme/inbox/3?view=assistant")
    window.wait_until_live()
    requests = Requests(page, ben.membership.workspace)
    requests.settle()
    for path, act in (
        ("suggest", lambda: page.keyboard.press("s")),
        ("suggestions/*/dismiss", lambda: page.locator("[data-draft-dismiss]").click()),
        ("take-over", lambda: page.locator("#assistant button").click()),
    ):
        with page.expect_response(f"**/inbox/3/{path}*"):
            act()
        assert [re.sub("[^/]{36}", "*", one) for one in requests.settle()] == [f"POST inbox/3/{path}"]
    expect(page.locator("#assistant")).to_be_hidden()
    expect(page.locator("#entries")).to_contain_text("took over")


@pytest.mark.parametrize("latency", [100, 300, 2000])
def test_on_a_slow_network_the_event_waits_for_the_answer(window: Window, api: Api, ben: Member, latency: int) -> None:
    page = window.page
    requests = live_desk(window, api, ben)
    network = page.context.new_cdp_session(page)
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    write(page, "r", "On its way.")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("And I write on")
    expect(page.locator(".message--ours")).to_contain_text("On its way.")
    assert requests.settle() == ["POST inbox/1/reply"]
    expect(page.locator("#reply-body")).to_have_value("And I write on")
    expect(page.locator("#reply-body")).to_be_focused()


def test_event_makes_good_an_answer_that_was_lost(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    requests = live_desk(window, api, ben)
    other = other_tab(window, "/w/acme/inbox/1?view=open")
    replies = Slow(page, "**/inbox/1/reply*")
    for text, fate in (("Dropped on its way.", "abort"), ("Never answered.", "hang")):
        write(page, "r", text)
        page.keyboard.press("Control+Enter")
        waiting = replies.take()
        waiting.fetch()
        assert requests.since_last() == ["POST inbox/1/reply"]  # the event is here, and waits for the answer
        if fate == "abort":
            waiting.abort()
        else:
            page.clock.run_for(5000)
        expect(page.locator(".message--ours").last).to_contain_text(text)
        expect(page.locator("#outbox .unsent")).to_have_count(0)
        expect(page.locator("#reply-body")).to_have_value("")
        assert sent(1, "message")[-1] == text
        agree(page, other)
        requests.settle()
    arranged(window, "ERR_FAILED")


def test_what_others_do_meanwhile_is_fetched_at_once_and_outlives_an_older_answer(
    window: Window, api: Api, ben: Member, ada: Member
) -> None:
    page = window.page
    live_desk(window, api, ben)
    first = row(1)
    replies = Slow(page, "**/inbox/1/reply*")
    write(page, "r", "On its way.")
    page.keyboard.press("Control+Enter")
    waiting = replies.take()
    answer = waiting.fetch()
    # Both come after the answer was made, and are shown before it arrives.
    api.write(str(first.public_id), "Hello?")
    with tenancy.scope(first.workspace):
        actions.set_tags(conversation=row(1), names=["vip"], by=ada.actor, at=clock.now())
    expect(page.locator("#entries")).to_contain_text("Hello?")
    expect(page.locator("#side")).to_contain_text("vip")
    expect(page.locator(".row", has_text="Ida One")).to_contain_text("vip")
    waiting.fulfill(response=answer)
    expect(page.locator("#outbox .unsent")).to_have_count(0)
    expect(page.locator("#entries .bubble")).to_have_text(["Our gate sticks at the hinge", "On its way.", "Hello?"])
    agree(page, other_tab(window, "/w/acme/inbox/1?view=open"))
    expect(page.locator(".row", has_text="Ida One")).to_contain_text("vip")
    expect(page.locator(".row", has_text="Ida One")).to_contain_text("Hello?")


def test_answer_for_a_list_that_was_left_is_fetched_for_the_one_that_is_shown(
    window: Window, api: Api, ben: Member
) -> None:
    page = window.page
    live_desk(window, api, ben)
    status = Slow(page, "**/inbox/1/status*")
    page.keyboard.press("e")
    waiting = status.take()
    page.locator("#menu-views > summary").click()
    page.locator("#menu-views").get_by_role("link", name="Resolved").click()
    expect(page.get_by_text("Nothing resolved yet")).to_be_visible()
    waiting.continue_()
    expect(page.locator("#toasts")).to_contain_text("#1 Resolved.")
    expect(page.get_by_role("option", name=re.compile("Ida One"))).to_be_visible()
    # A search is a list of its own: the row in it is the one that changes.
    window.go("/w/acme/inbox/1?view=open")
    window.wait_until_live()
    page.locator("#search").fill("gate")
    expect(page.locator(".row")).to_have_count(1)
    requests = Requests(page, ben.membership.workspace)
    requests.settle()
    page.locator("#menu-tags > summary").click()
    page.locator("#menu-tags [name=tags]").fill("vip")
    page.keyboard.press("Enter")
    expect(page.locator(".row", has_text="Ida One")).to_contain_text("vip")
    assert {*requests.settle()} - {"GET inbox/tag-suggestions"} == {"POST inbox/1/tags"}
