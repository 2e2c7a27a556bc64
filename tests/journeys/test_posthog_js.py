"""PostHog's official browser client, unmodified from npm, chats with this desk: `api_host` is its only setting."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.core import mail

from accounts import clock, mailing, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.chat import actions as chat_actions
from conversations.models import Conversation, Widget
from tests.conftest import Member
from tests.dialects.node import program
from tests.journeys.conftest import NARROW, PATIENCE, WIDE, Window
from tests.runtime.machine import eventually
from tickets.models import Ticket

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOURCES = Path(__file__).parent / "posthog_js"
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36"  # the client drops what a program captures
PAGE = """<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><h1>Shop</h1><button>Buy</button>
<script type="module">
import posthog from "/node_modules/posthog-js/dist/module.js"
import "/node_modules/posthog-js/dist/conversations.js"
posthog.init(%(token)s, %(options)s)
window.posthog = posthog
</script>"""


class Site:
    """A website with the client, on an origin of its own."""

    def __init__(self, folder: Path) -> None:
        self.pages: dict[str, str] = {}
        site = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args: Any) -> None:
                super().__init__(*args, directory=str(folder))

            def do_GET(self) -> None:
                page = site.pages.get(urlsplit(self.path).path)
                if page is None:
                    super().do_GET()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page.encode())))
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Another host than the desk's, which is an address.
        self.origin = f"http://localhost:{self.server.server_address[1]}"
        self.thread = Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def put(self, path: str, token: str | None, **options: str) -> str:
        """A page whose client has these settings; gives its address."""
        self.pages[path] = PAGE % {"token": json.dumps(token), "options": json.dumps(options)}
        return f"{self.origin}{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(program(SOURCES, tmp_path))
    yield made
    made.close()


@pytest.fixture(scope="module")
def chromium(chromium_with_windows: Browser) -> Browser:
    return chromium_with_windows


class Visitors:
    """Browsers of people who visit the site. `faults` is what went wrong in any of them, `seen` which calls the desk got."""

    def __init__(self, chromium: Browser, desk: str) -> None:
        self.chromium, self.desk = chromium, desk
        self.faults: list[str] = []
        self.seen: list[tuple[str, str]] = []

    def open(self, address: str, viewport: dict[str, int] = WIDE) -> Page:
        context = self.chromium.new_context(viewport=viewport, user_agent=PERSON)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_init_script("Object.defineProperty(navigator, 'webdriver', { get: () => false })")
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: line.type in ("error", "warning") and self.faults.append(line.text))
        page.on("requestfailed", lambda request: self.faults.append(f"{request.url} {request.failure}"))
        page.on("response", lambda answer: self.note(answer.request.method, answer.url, answer.status))
        page.goto(address)
        return page

    def note(self, method: str, url: str, status: int) -> None:
        if status >= 400:
            self.faults.append(f"{status} {method} {url}")
        if url.startswith(self.desk):
            self.seen.append((method, urlsplit(url).path))

    def has_called(self, method: str, path: str) -> bool:
        return (method, path) in self.seen


@pytest.fixture
def visitors(chromium: Browser, desk: str) -> Iterator[Visitors]:
    made = Visitors(chromium, desk)
    yield made
    for context in chromium.contexts:
        context.close()
    assert made.faults == []


def make_widget(workspace: Workspace, site: Site, **values: Any) -> Widget:
    by = Actor.system(workspace.pk)
    with tenancy.scope(workspace):
        return chat_actions.create_widget(
            workspace=workspace, name="Website", posthog_token=True, allowed_origins=[site.origin], by=by, at=clock.now(),
            **values,
        )  # fmt: skip


def launcher(page: Page) -> Any:
    return page.locator("#ph-conversations-widget-container button").first


def write(page: Page, text: str) -> None:
    box = page.get_by_placeholder("Type your message...")
    box.fill(text)
    box.press("Enter")


def only(workspace: Workspace) -> Conversation:
    with tenancy.scope(workspace):
        return Conversation.objects.select_related("contact", "ticket").latest("pk")


def found(ask: Callable[[], Any], what: str) -> Any:
    eventually(ask, what)
    return ask()


def test_visitor_chats_with_the_team_by_posthog_js(
    visitors: Visitors, site: Site, desk: str, acme: Workspace, ben: Member, window: Window, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.example.com"  # the mail itself goes to the tests' outbox
    widget = make_widget(
        acme, site, greeting="Hello! [Help](https://shop.example/help)", standard={"email": "required"}
    )
    token = widget.posthog_token
    home = site.put("/", token, api_host=desk)

    # The chat is there, and of all that the client can do nothing else is loaded.
    page = visitors.open(home)
    launcher(page).click()
    page.get_by_placeholder("you@example.com").fill("mira@shop.example")
    page.get_by_role("button", name="Start chat").click()
    scripts = page.evaluate("[...document.scripts].map(one => one.src).filter(Boolean)")
    assert [one.replace(desk, "") for one in scripts] == [f"/array/{token}/config.js"]

    # What the visitor writes is in the inbox, and the answer in the page.
    write(page, "Where is my order?")
    eventually(lambda: Ticket.all_workspaces.filter(workspace=acme).exists(), "the ticket")
    talk = only(acme)
    assert talk.contact.email == "mira@shop.example"
    window.enter(ben, f"/w/acme/inbox/{talk.number}")
    expect(window.page.locator(".message", has_text="Where is my order?")).to_be_visible()
    window.page.locator("#reply-body").fill("It is **on its way**: https://dhl.example/7")
    window.page.get_by_role("button", name=re.compile("^Send")).first.click()
    expect(page.get_by_role("link", name="https://dhl.example/7")).to_be_visible()
    expect(page.locator("strong", has_text="on its way")).to_be_visible()
    expect(page.get_by_text(ben.user.name.split(" ")[0], exact=True)).to_be_visible()

    def is_read() -> bool:
        talk.refresh_from_db()
        ticket = Ticket.all_workspaces.get(pk=talk.ticket_id)
        return talk.customer_seen_at is not None and ticket.unread_customer_count == 0

    eventually(is_read, "that the answer was read")
    write(page, "Thank you!")
    expect(window.page.locator(".message", has_text="Thank you!")).to_be_visible()
    assert Ticket.all_workspaces.filter(workspace=acme).count() == 1

    # The client's own functions.
    ticket_id = page.evaluate("posthog.conversations.getCurrentTicketId()")
    assert ticket_id == str(Ticket.all_workspaces.get(pk=talk.ticket_id).public_id)
    thread = page.evaluate("posthog.conversations.getMessages()")
    texts = ["Where is my order?", "It is **on its way**: https://dhl.example/7", "Thank you!"]
    assert [one["content"] for one in thread["messages"]] == texts
    assert page.evaluate("posthog.conversations.markAsRead()") == {"success": True, "unread_count": 0}
    made = page.evaluate("posthog.conversations.sendMessage('Another thing', {name: 'Mira'}, true)")
    assert (made["ticket_status"], made["ticket_id"] != ticket_id) == ("new", True)
    listed = page.evaluate("posthog.conversations.getTickets()")
    assert [one["last_message"] for one in listed["results"]] == ["Another thing", "Thank you!"]
    assert page.evaluate("posthog.conversations.getTickets({status: 'resolved'})") == {"count": 0, "results": []}

    # What else the client asks and tells is answered, and leaves nothing.
    page.evaluate("posthog.capture('bought', {price: 7})")
    page.evaluate("new Promise(done => { posthog.onFeatureFlags(done); posthog.reloadFeatureFlags() })")
    eventually(lambda: visitors.has_called("POST", "/flags/"), "the call for flags")
    eventually(lambda: page.wait_for_timeout(200) or visitors.has_called("POST", "/e/"), "what was captured")

    browser = page.evaluate("posthog.conversations.getWidgetSessionId()")
    page.close()

    # On a phone, the visitor finds their tickets by a link that goes to their address.
    phone = visitors.open(home, NARROW)
    launcher(phone).click()
    phone.get_by_placeholder("you@example.com").fill("mira@shop.example")
    phone.get_by_role("button", name="Start chat").click()
    phone.get_by_role("button", name="Recover them here").click()
    phone.get_by_role("button", name="Send restore link").click()
    expect(phone.get_by_text("Check your email")).to_be_visible()
    mailing.send_due()
    [sent] = mail.outbox
    assert sent.to == ["mira@shop.example"]
    link = re.search(r"http://\S+", sent.body)
    assert link is not None
    phone.goto(link[0])
    expect(phone.get_by_text("Thank you!")).to_be_visible()
    assert "ph_conv_restore" not in phone.url
    phone.get_by_text("Thank you!").click()
    expect(phone.get_by_text("Where is my order?")).to_be_visible()
    request = urllib.request.Request(
        f"{desk}/api/conversations/v1/widget/tickets?widget_session_id={browser}",
        headers={"X-Conversations-Token": str(token)},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer) == {"count": 0, "results": []}


def test_signed_person_finds_their_tickets_in_any_browser(
    visitors: Visitors, site: Site, desk: str, acme: Workspace, ben: Member
) -> None:
    widget = make_widget(
        acme, site, greeting="Hello! [Help](https://shop.example/help)", position="left", color="#aa3300"
    )
    proof = hmac.new(acme.identity_secret.encode(), b"user-7", hashlib.sha256).hexdigest()
    signed = {"identity_distinct_id": "user-7", "identity_hash": proof}
    account = site.put("/account", widget.posthog_token, api_host=desk, **signed)
    page = visitors.open(account)
    launcher(page).click()
    expect(page.get_by_role("link", name="Help")).to_have_attribute("href", "https://shop.example/help")
    write(page, "My invoice is wrong.")
    eventually(lambda: Ticket.all_workspaces.filter(workspace=acme).exists(), "the ticket")
    talk = only(acme)
    assert (talk.contact.external_id, talk.contact.is_verified) == ("user-7", True)
    with tenancy.scope(acme):
        actions.reply(conversation=talk, body="Fixed.", by=ben.actor, at=clock.now())
    expect(page.get_by_text("Fixed.")).to_be_visible()

    elsewhere = visitors.open(account)
    launcher(elsewhere).click()
    expect(elsewhere.get_by_text("My invoice is wrong.")).to_be_visible()
    # Who is not signed in sees nothing of it.
    stranger = visitors.open(site.put("/", widget.posthog_token, api_host=desk))
    launcher(stranger).wait_for()
    assert stranger.evaluate("posthog.conversations.getTickets()") == {"count": 0, "results": []}
