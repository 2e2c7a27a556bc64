"""The chat of a website, in real browsers: on another origin whose policy allows nearly nothing, on phones, in broken networks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions as conversation_actions
from conversations.chat import actions, sessions, typing
from conversations.forms import actions as form_actions
from conversations.models import ChatSession, Conversation, Message, Widget
from tests.conftest import Member
from tests.journeys.conftest import NARROW, PATIENCE, WIDE, Window
from tests.journeys.test_screens import axe  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, Route

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = {
    "resets": "* { all: unset !important } iframe { display: none !important } html > * { display: none !important }",
    "buttons": (
        "button { position: static !important; font-size: 0 !important; width: 3px !important; opacity: 0 !important } "
        "div { transform: scale(2) !important; visibility: hidden !important; z-index: -1 !important }"
    ),
    "layers": (
        "body::before { content: ''; position: fixed; inset: 0; z-index: 2147483647; background: #fee } "
        "body { transform: rotate(3deg); filter: blur(2px); overflow: hidden } html { font-size: 40px; line-height: 3; transform: scale(1); contain: paint }"
    ),
}
"""What pages do to everything on them, the chat included."""


@contextmanager
def site(desk: str, page: str, *, host: str = "127.0.0.1", styles: str = "'none'", types: str = "") -> Iterator[str]:
    """Somebody's pages on an origin of their own, which allow the desk's scripts and frames alone; gives the origin."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = f"<!doctype html><html lang=en><title>Shop</title>{page}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            policy = (
                f"default-src 'none'; script-src {desk}; frame-src {desk}; style-src {styles}; connect-src 'none'; "
                f"require-trusted-types-for 'script'; {types}"
            )
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make(workspace: Workspace, **values: Any) -> Widget:
    by = Actor.system(workspace.pk)
    return actions.create_widget(workspace=workspace, name="Website", by=by, at=clock.now(), **values)


def shop(
    desk: str, widget: Widget, more: str = "", html: str = "<h1>Shop</h1><p><a href='#prices'>Prices</a></p>"
) -> str:
    return f'{html}<script async src="{desk}/widget.js" data-key="{widget.key}" {more}></script>'


@dataclass
class Visitor:
    """A tab of a visitor. `faults` are what its page complained of, `asked` the calls that it made."""

    page: Page
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console", lambda line: self.faults.append(line.text) if line.type in ("error", "warning") else None
        )
        self.page.on("request", lambda request: self.asked.append(f"{request.method} {request.url}"))

    @property
    def button(self) -> Locator:
        return self.page.locator("html > div > button")

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("html > div > iframe")

    @property
    def box(self) -> Locator:
        return self.frame.get_by_label("Message", exact=True)

    @property
    def log(self) -> Locator:
        return self.frame.get_by_role("log")

    def open(self) -> None:
        self.button.click()
        expect(self.frame.get_by_role("heading", level=1)).to_be_visible()

    def begin(self, text: str) -> None:
        self.open()
        self.frame.get_by_role("button", name=re.compile("^Send us a message")).click()
        self.write(text)

    def write(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.log).to_contain_text(text)

    def command(self, name: str, payload: Any = None) -> None:
        self.page.evaluate("([name, payload]) => Parley(name, payload)", [name, payload])

    def stored(self) -> str | None:
        found: str | None = self.page.evaluate(
            "localStorage.getItem(Object.keys(localStorage).find((one) => !one.endsWith(':left')))"
        )
        return found


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(**{"viewport": WIDE, "locale": "en-GB", **options})
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        context.close()


def until(page: Page, condition: Callable[[], object], what: str) -> None:
    """Wait until it is so, while the browser's events and requests are answered here."""
    end = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen"
        page.wait_for_timeout(50)


def messages() -> list[str]:
    # All of the workspace in this test.
    return list(Message.all_workspaces.order_by("pk").values_list("body", flat=True))


def conversation() -> Conversation:
    # As above.
    return Conversation.all_workspaces.select_related("workspace", "contact").get()


def reply(text: str, by: Member) -> None:
    row = conversation()
    with tenancy.scope(row.workspace):
        conversation_actions.reply(conversation=row, body=text, by=by.actor, at=clock.now())


def end_sessions() -> None:
    # All of the workspace in this test.
    for session in ChatSession.all_workspaces.filter(ended_at=None).select_related("workspace", "widget", "contact"):
        with tenancy.scope(session.workspace):
            by = sessions.visitor(session.widget, session.contact)
            actions.end_session(session=session, by=by, at=clock.now())


def test_visitor_and_agent_write_to_each_other_across_origins(
    desk: str, chromium: Browser, acme: Workspace, ben: Member, window: Window
) -> None:
    with site(desk, shop(desk, make(acme))) as origin, visiting(chromium) as context:
        visitor = Visitor(context.new_page())
        visitor.page.goto(f"{origin}/rain?size=2")
        expect(visitor.button).to_have_attribute("aria-expanded", "false")
        assert not any(f"/widget/{key}/" in one and "config" not in one for one in visitor.asked for key in ("plw_",))
        visitor.begin("My station is offline.")
        expect(visitor.log).to_contain_text("Sent")
        row = conversation()
        assert row.metadata["page"] == f"{origin}/rain"
        window.enter(ben, f"/w/acme/inbox/{row.number}")
        window.wait_until_live()
        expect(window.page.locator(".message", has_text="My station is offline.")).to_be_visible()

        # Both ways, live; what is being written stays.
        visitor.box.fill("And also")
        typing.agent_is_typing(row, "Ben")
        expect(visitor.frame.get_by_text("is typing")).to_be_visible()
        window.page.locator("#reply-body").fill("Is the light blue?")
        window.page.get_by_role("button", name=re.compile("^Send to")).click()
        expect(visitor.log).to_contain_text("Is the light blue?")
        expect(visitor.box).to_have_value("And also")
        files = [
            {"name": "log.txt", "mimeType": "text/plain", "buffer": b"error 7"},
            {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""},
        ]
        visitor.frame.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
        expect(visitor.frame.get_by_role("alert")).to_contain_text("empty.txt")
        visitor.box.press("Enter")
        expect(visitor.log.get_by_role("link", name=re.compile(r"log\.txt"))).to_be_visible()
        expect(window.page.get_by_text("log.txt").first).to_be_visible()
        until(visitor.page, lambda: conversation().customer_seen_at is not None, "the agent's message, seen")

        # A second tab is the same visitor. One that is closed shows how much is unread, and where it begins.
        other = Visitor(context.new_page())
        other.page.goto(origin)
        expect(other.page.locator("html > div > iframe")).to_be_attached()
        visitor.frame.get_by_role("button", name="Close chat").click()
        visitor.page.bring_to_front()
        reply("Then press the button.", ben)
        expect(visitor.button).to_have_attribute("aria-label", "Open chat, 1 unread message")
        expect(visitor.button).to_be_focused()
        visitor.open()
        expect(visitor.log.get_by_text("New messages")).to_be_visible()
        until(visitor.page, lambda: visitor.button.inner_text() == "", "the number has gone")
        other.page.bring_to_front()
        other.open()
        other.frame.get_by_role("button", name=re.compile("Then press the button")).click()
        expect(other.log).to_contain_text("My station is offline.")
        # The website has gone to another address without loading a page, and one stream serves both tabs.
        other.page.evaluate("history.pushState(null, '', '/snow')")
        other.page.locator("h1").click()
        other.write("It works.")
        expect(visitor.log).to_contain_text("It works.")
        # As above.
        until(other.page, lambda: ChatSession.all_workspaces.get().page == f"{origin}/snow", "the page, known")
        expect(visitor.button).to_have_attribute("aria-label", "Close chat")
        assert len([one for one in visitor.asked + other.asked if one.endswith("/stream")]) == 1

        # Resolved by the visitor, who then goes on.
        other.frame.get_by_role("button", name="More options").click()
        other.frame.get_by_role("button", name="Mark as resolved").click()
        expect(other.frame.get_by_text("This conversation is resolved.")).to_be_visible()
        other.frame.get_by_role("button", name="Reopen", exact=True).click()
        expect(other.frame.get_by_text("This conversation is resolved.")).to_be_hidden()
        assert not context.cookies()
        assert visitor.faults == other.faults == []


def test_on_a_phone_the_chat_covers_the_page_and_asks_who_writes(
    desk: str,
    chromium: Browser,
    acme: Workspace,
    axe: str,  # noqa: F811
) -> None:
    widget = make(acme, standard={"name": "optional", "email": "required"}, color="#ffd400", launcher_text="Chat")
    form = form_actions.create_form(
        workspace=acme, kind="contact", name="Contact", by=Actor.system(acme.pk), at=clock.now()
    )
    page = '<meta name="viewport" content="width=device-width">' + shop(desk, widget)
    phone = {"viewport": NARROW, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    with site(desk, page) as origin, visiting(chromium, **phone) as context:
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        visitor.button.tap()
        expect(visitor.frame.get_by_role("heading", level=1)).to_be_focused()
        assert visitor.page.locator("html > div > iframe").bounding_box() == {"x": 0, "y": 0, **NARROW}
        assert visitor.page.evaluate("document.body.inert")
        expect(visitor.button).to_be_hidden()
        _check(visitor, axe)

        visitor.frame.get_by_role("button", name="Contact").tap()
        inner = visitor.frame.frame_locator("iframe")
        expect(inner.get_by_label("Email address")).to_be_visible()
        visitor.frame.get_by_role("button", name="Back").tap()
        assert f"/f/{form.key}" in "".join(visitor.asked)

        # What is wrong is said beside the field, and nothing that was written is lost.
        visitor.frame.get_by_role("button", name=re.compile("^Send us a message")).tap()
        visitor.box.fill("مرحبا\nHello")
        visitor.frame.get_by_role("button", name="Send", exact=True).tap()
        expect(visitor.frame.get_by_label("Email address")).to_be_focused()
        expect(visitor.frame.get_by_text("This is missing.")).to_be_visible()
        _check(visitor, axe)
        visitor.frame.get_by_label("Email address").fill("mira@example.com")
        visitor.frame.get_by_role("button", name="Send", exact=True).tap()
        expect(visitor.log).to_contain_text("Sent")
        assert conversation().contact.email == "mira@example.com"
        _check(visitor, axe)
        rights = visitor.log.locator(".bubble p").evaluate_all(
            "lines => lines.map(line => getComputedStyle(line).direction)"
        )
        assert rights == ["rtl", "ltr"]

        visitor.frame.get_by_role("button", name="Close chat").tap()
        expect(visitor.button).to_be_visible()
        assert not visitor.page.evaluate("document.body.inert")
        assert visitor.faults == []


def _check(visitor: Visitor, axe: str) -> None:  # noqa: F811
    """What the frame shows can be used by everyone, and goes no further than its sides."""
    frame = next(one for one in visitor.page.frames if "/widget/" in one.url)
    frame.evaluate("document.getAnimations().forEach(one => one.finish)")
    frame.evaluate(axe)
    found = frame.evaluate(
        "async () => (await axe.run({ exclude: ['iframe'] }, { resultTypes: ['violations'] })).violations"
        ".map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' ').slice(0, 200)}`)"
    )
    assert found == []
    wide = (
        "[...document.querySelectorAll('html, .home, .scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
    )
    assert frame.evaluate(wide) == 0
    small = frame.evaluate(
        "[...document.querySelectorAll('button, a.file, input')].filter(one => one.getClientRects().length)"
        ".map(one => one.getBoundingClientRect()).filter(box => box.width > 1 && Math.min(box.width, box.height) < 24).length"
    )
    assert small == 0


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_style_of_a_page_reaches_the_chat(desk: str, chromium: Browser, acme: Workspace, hostile: str) -> None:
    widget = make(acme, position="left" if hostile == "layers" else "right")
    page = f"<style>{HOSTILE[hostile]}</style>" + shop(
        desk, widget, html="<h1>Shop</h1><div><button>Buy</button></div>"
    )
    with site(desk, page, styles="'unsafe-inline'") as origin, visiting(chromium) as context:
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        expect(visitor.button).to_be_visible()
        x = 20 if hostile == "layers" else 1440 - 76
        assert visitor.button.bounding_box() == {"x": x, "y": 900 - 76, "width": 56, "height": 56}
        looks = "button => { const { opacity, fontSize, visibility } = getComputedStyle(button); return [opacity, fontSize, visibility] }"
        assert visitor.button.evaluate(looks) == ["1", "15px", "visible"]
        visitor.button.click()  # which fails where something lies above it
        expect(visitor.frame.get_by_role("heading", level=1)).to_be_visible()
        shown = visitor.page.locator("html > div > iframe").bounding_box()
        assert shown == {"x": 20 if hostile == "layers" else 1440 - 420, "y": 132, "width": 400, "height": 680}
        visitor.frame.get_by_role("button", name=re.compile("^Send us a message")).click()
        visitor.write("Hello")
        # A page that replaces its body keeps its chat, and one that is loaded again is where it was.
        visitor.page.evaluate("document.body.replaceWith(document.createElement('body'))")
        expect(visitor.log).to_contain_text("Sent")
        visitor.page.evaluate("document.querySelector('html > div').remove()")
        expect(visitor.frame.get_by_text("Hello")).to_be_visible()


def test_page_is_unharmed_where_there_is_no_chat(desk: str, chromium: Browser, acme: Workspace) -> None:
    closed = make(acme, allowed_origins=["https://shop.example"])
    unknown = f'<h1>Shop</h1><script async src="{desk}/widget.js" data-key="plw_nobody"></script>'
    with visiting(chromium) as context:
        with site(desk, unknown) as origin:
            visitor = Visitor(context.new_page())
            visitor.page.goto(origin)
            until(visitor.page, lambda: any("Parley" in one for one in visitor.faults), "a warning")
            assert [one.strip() for one in visitor.faults if "404" not in one] == ["Parley: no chat on this page"]
            visitor.command("show")
            assert not visitor.page.locator("html > div").count()

        # A policy that lets the script make no addresses of scripts.
        with site(desk, shop(desk, closed), types="trusted-types default") as origin:
            strict = Visitor(context.new_page())
            strict.page.goto(origin)
            until(strict.page, lambda: any("no chat on this page" in one for one in strict.faults), "a warning")
            strict.command("show")
            assert not strict.page.locator("html > div").count()
        with site(desk, shop(desk, closed), types="trusted-types parley") as origin:
            named = Visitor(context.new_page())
            named.page.goto(origin)
            expect(named.button).to_be_visible()
            assert named.faults == []

        # A visitor whose browser blocks the script: commands wait in the page's own queue.
        with site(desk, shop(desk, closed)) as origin:
            blocked = Visitor(context.new_page())
            blocked.page.route("**/widget.js", lambda route: route.abort())
            blocked.page.goto(origin)
            expect(blocked.page.get_by_role("heading", name="Shop")).to_be_visible()
            assert all("ERR_FAILED" in one for one in blocked.faults)

        # A website that the widget does not allow gets an empty frame, which can be closed again.
        with site(desk, shop(desk, closed)) as origin:
            foreign = Visitor(context.new_page())
            foreign.page.goto(origin)
            foreign.button.click()
            until(foreign.page, lambda: any("frame-ancestors" in one for one in foreign.faults), "a blocked frame")
            assert not foreign.frame.get_by_role("button").count()
            foreign.button.click()
            expect(foreign.page.locator("html > div > iframe")).to_be_hidden()
            assert not any("/api/" in one for one in foreign.asked)


def test_browser_that_refuses_storage_chats_all_the_same(
    desk: str, chromium: Browser, acme: Workspace, ben: Member
) -> None:
    refused = "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError') } });"
    refused += "Object.defineProperty(navigator, 'locks', { value: undefined }); delete window.BroadcastChannel;"
    with site(desk, shop(desk, make(acme)), host="localhost") as origin, visiting(chromium) as context:
        context.add_init_script(refused)
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        visitor.begin("Hello")
        expect(visitor.log).to_contain_text("Sent")
        reply("Good morning.", ben)
        expect(visitor.log).to_contain_text("Good morning.")
        visitor.write("And another.")
        expect(visitor.frame.get_by_text("Sending")).to_be_hidden()
        until(visitor.page, lambda: messages() == ["Hello", "Good morning.", "And another."], "three messages")
        assert visitor.faults == []


def test_messages_survive_a_dead_network_and_lost_answers_once_and_in_order(
    desk: str, chromium: Browser, acme: Workspace, ben: Member
) -> None:
    with site(desk, shop(desk, make(acme))) as origin, visiting(chromium) as context:
        visitor = Visitor(context.new_page())
        fates = iter(["lost", "503", "", "429", "lost", "", "422"])

        def handle(route: Route) -> None:
            fate = next(fates, "") if route.request.method == "POST" and route.request.post_data else ""
            if fate == "lost":  # it arrived, and its answer did not
                route.fetch()
                route.abort()
            elif fate == "422":
                route.fulfill(status=422, json={"code": "too_long", "error": "no", "field": "text"})
            elif fate:
                route.fulfill(status=int(fate), headers={"Retry-After": "1"}, json={"code": "x", "error": "no"})
            else:
                route.continue_()

        visitor.page.route(re.compile("/api/conversations$|/messages$"), handle)
        visitor.page.goto(origin)
        visitor.begin("one")
        visitor.write("two")
        expect(visitor.frame.get_by_text("Not sent yet").first).to_be_visible()
        visitor.box.fill("still being written")
        until(visitor.page, lambda: messages() == ["one", "two"], "two messages")
        expect(visitor.log.locator(".entry--pending")).to_have_count(0)
        expect(visitor.box).to_have_value("still being written")

        # What the desk refuses is shown with what is wrong, and can be edited.
        visitor.write("refused")
        visitor.frame.get_by_role("button", name="Edit").click()
        expect(visitor.box).to_have_value("refused")

        # Nothing is lost while the network is away, and while the visitor goes to another page meanwhile.
        context.set_offline(True)
        visitor.write("three")
        visitor.write("four")
        expect(visitor.frame.get_by_text("Not sent yet").first).to_be_visible()
        expect(visitor.frame.get_by_text("No connection").first).to_be_visible()
        context.set_offline(False)
        until(visitor.page, lambda: messages() == ["one", "two", "three", "four"], "four messages")
        context.set_offline(True)
        visitor.write("five")
        visitor.box.fill("a draft")
        context.set_offline(False)
        visitor.page.goto(f"{origin}/next")
        until(visitor.page, lambda: messages() == ["one", "two", "three", "four", "five"], "five messages")
        visitor.open()
        visitor.frame.get_by_role("button", name=re.compile("five")).click()
        reply("six", ben)
        expect(visitor.log).to_contain_text("six")
        expect(visitor.box).to_have_value("a draft")
        assert conversation().messages.count() == 6


def test_pages_of_woes_work_with_their_own_snippet_and_commands(
    desk: str, chromium: Browser, acme: Workspace, ben: Member
) -> None:
    widget = make(acme, woes_key=True, greeting="Hi!")
    form = form_actions.create_form(
        workspace=acme, kind="contact", name="Contact", by=Actor.system(acme.pk), at=clock.now()
    )
    snippet = f'<script async src="{desk}/widget.js" data-public-key="{widget.woes_key}" data-api="{desk}/api/widget/messages"></script>'
    queue = """(() => {
      window.calls = [];
      window.Woes = function () { (Woes.q = Woes.q || []).push(arguments) };
      Woes('onShow', () => calls.push('shown'));
      Woes('onHide', () => calls.push('hidden'));
      Woes('onChangeUnreadMessagesCount', (count) => calls.push(count));
      Woes('setNewConversationFields', { plan: 'pro' });
      Woes('identify', { id: 'u_41', email: 'nia@sample.test', name: 'Nia Okafor', company: 'Kite' });
      Woes('setTheme', 'dark');
      Woes('unheard-of');
    })()"""
    with site(desk, f"<h1>Shop</h1>{snippet}{snippet}") as origin, visiting(chromium) as context:
        context.add_init_script(queue)
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        expect(visitor.button).to_have_count(1)
        visitor.page.evaluate("Woes('showNewMessage', 'Where is my order?')")
        expect(visitor.box).to_have_value("Where is my order?")
        background = visitor.frame.locator("body").evaluate("body => getComputedStyle(body).colorScheme")
        assert background == "dark"
        visitor.box.press("Enter")
        expect(visitor.log).to_contain_text("Sent")
        row = conversation()
        assert (row.contact.name, row.contact.company) == ("Nia Okafor", "Kite")
        assert row.metadata["plan"] == "pro"
        visitor.command("hide")
        reply("On its way.", ben)
        until(visitor.page, lambda: 1 in visitor.page.evaluate("calls"), "a count of what is unread")
        assert visitor.page.evaluate("calls") == ["shown", "hidden", 1]

        visitor.command("setTicketFormFields", {"message": "Two seats too many"})
        visitor.command("showTicketForm", form.key)
        inner = visitor.frame.frame_locator("iframe")
        expect(inner.get_by_label("Message")).to_have_value("Two seats too many")
        visitor.command("setVisibleTicketForms", [])
        visitor.frame.get_by_role("button", name="Back").click()
        expect(visitor.frame.get_by_role("heading", name="Forms")).to_be_hidden()
        visitor.command("setVisibleTicketForms")
        expect(visitor.frame.get_by_role("heading", name="Forms")).to_be_visible()
        visitor.command("setTheme", "light")
        visitor.command("hide")
        visitor.command("hideChatBubble")
        expect(visitor.button).to_be_hidden()
        visitor.page.evaluate("Parley('onShow', null)")
        visitor.command("toggle")
        expect(visitor.frame.get_by_role("heading", name="Hi!")).to_be_visible()
        visitor.page.keyboard.press("Escape")
        visitor.command("showChatBubble")
        expect(visitor.button).to_be_visible()
        assert visitor.faults == ["Parley: no command unheard-of"]

        # Somebody proves who they are, and sees what they wrote elsewhere; the next person sees nothing of it.
        visitor.command("shutdown")
        until(visitor.page, lambda: visitor.stored() is None, "no session")
        visitor.open()
        expect(visitor.frame.get_by_text("Your conversations")).to_be_hidden()


def test_visitor_who_is_identified_has_their_history(
    desk: str, chromium: Browser, acme: Workspace, ben: Member
) -> None:
    widget, now = make(acme), int(time.time())
    claims = {"sub": "u_41", "email": "nia@sample.test", "name": "Nia Okafor", "aud": widget.key, "exp": now + 600}
    proof = jwt.encode(claims, acme.identity_secret, algorithm="HS256")
    with site(desk, shop(desk, widget)) as origin, visiting(chromium) as context, visiting(chromium) as elsewhere:
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        visitor.begin("Before signing in")
        expect(visitor.log).to_contain_text("Sent")
        before = visitor.stored()
        second = Visitor(context.new_page())
        second.page.goto(origin)
        second.open()
        second.frame.get_by_role("button", name=re.compile("Before signing in")).click()
        expect(second.log).to_contain_text("Before signing in")
        visitor.command("identify", {"jwt": "no.such.proof"})
        until(visitor.page, lambda: any("identify was refused" in one for one in visitor.faults), "a warning")
        visitor.command("identify", {"jwt": proof})
        until(visitor.page, lambda: visitor.stored() not in (before, None), "another token")
        visitor.write("After signing in")
        expect(visitor.log.locator(".entry--pending")).to_have_count(0)
        assert conversation().contact.email == "nia@sample.test"
        second.write("From the tab beside it")
        expect(visitor.log).to_contain_text("From the tab beside it")

        # Another browser, before the chat is opened; and the next person there.
        other = Visitor(elsewhere.new_page())
        other.page.goto(origin)
        other.command("identify", {"jwt": proof})
        until(other.page, lambda: other.stored() is not None, "a session")
        reply("We have found it.", ben)
        expect(other.button).to_have_attribute("aria-label", "Open chat, 1 unread message")
        other.open()
        other.frame.get_by_role("button", name=re.compile("We have found it")).click()
        expect(other.log).to_contain_text("Before signing in")
        other.command("shutdown")
        until(other.page, lambda: other.stored() is None, "no session")
        other.open()
        expect(other.frame.get_by_text("Your conversations")).to_be_hidden()
        assert other.faults == []

        # A proven session that the desk has ended: what its person wrote is nobody else's.
        visitor.box.fill("Is anybody there?")
        end_sessions()
        expect(visitor.log).to_be_hidden()
        visitor.frame.get_by_role("button", name=re.compile("^Send us a message")).click()
        expect(visitor.box).to_have_value("")
        visitor.write("I am new here.")
        until(visitor.page, lambda: "I am new here." in messages(), "a message of a new visitor")
        assert Conversation.all_workspaces.count() == 2


def test_chat_in_arabic_is_used_with_the_keyboard_alone(
    desk: str,
    chromium: Browser,
    acme: Workspace,
    axe: str,  # noqa: F811
) -> None:
    page = shop(desk, make(acme), 'data-locale="ar-EG"', "<h1>Shop</h1><p><a href='#prices'>Prices</a></p>")
    with site(desk, page) as origin, visiting(chromium, viewport={"width": 320, "height": 640}) as context:
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        visitor.page.evaluate("document.documentElement.dir = 'rtl'")
        expect(visitor.button).to_have_attribute("aria-label", "فتح المحادثة")
        keys = visitor.page.keyboard
        visitor.page.get_by_role("link", name="Prices").focus()
        keys.press("Tab")
        expect(visitor.button).to_be_focused()
        keys.press("Enter")
        expect(visitor.frame.get_by_role("heading", level=1)).to_be_focused()
        assert visitor.frame.locator("html").get_attribute("dir") == "rtl"
        keys.press("Tab")
        keys.press("Enter")
        box = visitor.frame.get_by_label("الرسالة", exact=True)
        expect(box).to_be_focused()
        keys.type("مرحبا")
        keys.press("Shift+Enter")
        keys.press("Tab")
        keys.press("Tab")
        keys.press("Enter")  # emoji
        keys.press("ArrowLeft")
        keys.press("ArrowDown")
        keys.press("Enter")
        expect(box).to_be_focused()
        expect(box).to_have_value("مرحبا\n😅")
        # An Enter that takes a composition sends nothing.
        box.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
        expect(box).to_have_value("مرحبا\n😅")
        keys.press("Enter")
        expect(visitor.frame.get_by_role("log")).to_contain_text("أُرسلت")
        assert messages() == ["مرحبا\n😅"]
        _check(visitor, axe)
        keys.press("Escape")
        expect(visitor.page.locator("html > div > iframe")).to_be_hidden()
        expect(visitor.button).to_be_focused()
        assert visitor.faults == []


def test_message_is_shown_once_when_the_stream_is_faster_than_its_answer(
    desk: str, chromium: Browser, acme: Workspace, ben: Member
) -> None:
    with site(desk, shop(desk, make(acme))) as origin, visiting(chromium) as context:
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        visitor.begin("one")
        expect(visitor.log).to_contain_text("Sent")
        held: list[tuple[Route, Any]] = []
        visitor.page.route(re.compile("/messages$"), lambda route: held.append((route, route.fetch())))
        visitor.write("two")
        until(visitor.page, lambda: held, "an answer that is held back")
        visitor.box.fill("still writing")
        reply("three", ben)  # after which the thread is there with all three
        expect(visitor.log).to_contain_text("three")
        expect(visitor.log.locator(".bubble")).to_have_text(["one", "two", "three"])
        expect(visitor.log.locator(".entry--pending")).to_have_count(0)
        held[0][0].fulfill(response=held[0][1])
        visitor.page.wait_for_timeout(200)
        expect(visitor.log.locator(".bubble")).to_have_text(["one", "two", "three"])
        expect(visitor.box).to_have_value("still writing")
        # Who is typing has stopped when their message is there.
        typing.agent_is_typing(conversation(), "Ben")
        expect(visitor.frame.get_by_text("is typing")).to_be_visible()
        reply("four", ben)
        expect(visitor.log).to_contain_text("four")
        expect(visitor.frame.get_by_text("is typing")).to_be_hidden(timeout=3000)


def test_nothing_of_a_visitor_who_has_left_stays_in_any_tab(desk: str, chromium: Browser, acme: Workspace) -> None:
    with site(desk, shop(desk, make(acme))) as origin, visiting(chromium) as context:
        first, second = Visitor(context.new_page()), Visitor(context.new_page())
        first.page.goto(origin)
        first.begin("Hello")
        expect(first.log).to_contain_text("Sent")
        second.page.goto(origin)
        second.page.route(re.compile("/messages$|/conversations$"), lambda route: route.abort())
        second.open()
        second.frame.get_by_role("button", name=re.compile("Hello")).click()
        second.write("not sent")
        second.box.fill("a draft of the first person")
        first.command("shutdown")
        expect(second.frame.get_by_role("button", name=re.compile("^Send us a message"))).to_be_visible()
        second.page.unroute_all(behavior="ignoreErrors")
        until(second.page, lambda: ChatSession.all_workspaces.get().ended_at, "the end of the session")
        assert second.stored() is None

        # The next person, in both tabs.
        second.frame.get_by_role("button", name=re.compile("^Send us a message")).click()
        expect(second.box).to_have_value("")
        second.write("Another person")
        expect(second.log).to_contain_text("Sent")
        second.page.reload()
        second.open()
        second.frame.get_by_role("button", name=re.compile("Another person")).click()
        expect(second.box).to_have_value("")
        assert messages() == ["Hello", "Another person"]

        # The desk ends the session of somebody whom nobody knew: they go on writing.
        second.box.fill("Still here")
        end_sessions()
        expect(second.log).to_be_hidden()
        expect(second.box).to_have_value("Still here")
        second.box.press("Enter")
        expect(second.log).to_contain_text("Sent")

        # A page on which the visitor is signed out before the chat is there.
        second.page.add_init_script(
            "window.Parley = function () { (Parley.q ||= []).push(arguments) }; Parley('shutdown')"
        )
        second.page.reload()
        until(
            second.page, lambda: not ChatSession.all_workspaces.filter(ended_at=None).exists(), "the end of the other"
        )
        expect(second.page.locator("html > div > iframe")).to_have_count(0)
        assert second.stored() is None


def test_what_somebody_wrote_is_not_sent_as_the_next_who_signs_in(
    desk: str, chromium: Browser, acme: Workspace
) -> None:
    widget, now = make(acme), int(time.time())

    def proof(name: str) -> dict[str, str]:
        claims = {"sub": name, "name": name, "aud": widget.key, "exp": now + 600}
        return {"jwt": jwt.encode(claims, acme.identity_secret, algorithm="HS256")}

    with site(desk, shop(desk, widget)) as origin, visiting(chromium) as context:
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        visitor.open()
        visitor.frame.get_by_role("button", name=re.compile("^Send us a message")).click()
        visitor.box.fill("my own words")
        visitor.command("identify", proof("Nia"))
        until(visitor.page, lambda: visitor.stored() is not None, "a session")
        expect(visitor.box).to_have_value("my own words")
        before = visitor.stored()
        visitor.page.route(re.compile("/conversations$"), lambda route: route.abort())
        visitor.box.press("Enter")
        expect(visitor.frame.get_by_text("Not sent yet")).to_be_visible()
        visitor.box.fill("and a draft")
        visitor.command("identify", proof("Ola"))
        until(visitor.page, lambda: visitor.stored() not in (before, None), "another session")
        visitor.page.unroute_all(behavior="ignoreErrors")
        expect(visitor.log).to_be_hidden()
        visitor.frame.get_by_role("button", name=re.compile("^Send us a message")).click()
        expect(visitor.box).to_have_value("")
        visitor.write("I am Ola")
        expect(visitor.log).to_contain_text("Sent")
        assert messages() == ["I am Ola"]
        assert conversation().contact.name == "Ola"


def test_what_is_not_sent_is_there_on_the_next_page_where_frames_may_keep_nothing(
    desk: str, chromium: Browser, acme: Workspace
) -> None:
    refused = "if (window !== top) for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError') } });"
    with site(desk, shop(desk, make(acme))) as origin, visiting(chromium) as context:
        context.add_init_script(refused)
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        visitor.begin("Hello")
        expect(visitor.log).to_contain_text("Sent")
        visitor.page.route(re.compile("/messages$"), lambda route: None)  # no answer ever comes
        hostile = "photo\u202egnp.exe"
        file = {"name": hostile, "mimeType": "text/plain", "buffer": b"1"}
        visitor.frame.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        expect(visitor.frame.locator(".files .file__name")).to_have_text("photo\\u202egnp.exe")
        visitor.write("with a file")
        visitor.write("without")
        visitor.box.fill("a draft")
        visitor.command("setLocale", "de")  # which loads the frame again
        box = visitor.frame.get_by_label("Nachricht", exact=True)
        expect(box).to_have_value("a draft")
        visitor.page.unroute_all(behavior="ignoreErrors")
        visitor.page.reload()
        until(visitor.page, lambda: messages() == ["Hello", "without"], "the message without a file")
        visitor.open()
        visitor.frame.get_by_role("button", name=re.compile("without")).click()
        expect(visitor.box).to_have_value("a draft")
        expect(visitor.log.locator(".fault")).to_contain_text("Please attach it again.")
        visitor.box.fill("")
        visitor.frame.get_by_role("button", name="Edit", exact=True).click()
        expect(visitor.box).to_have_value("with a file")
        expect(visitor.frame.get_by_role("alert")).to_contain_text("photo\\u202egnp.exe")


def test_chat_that_is_no_longer_there_says_so(desk: str, chromium: Browser, acme: Workspace) -> None:
    widget, by = make(acme), Actor.system(acme.pk)
    with site(desk, shop(desk, widget)) as origin, visiting(chromium) as context:
        visitor = Visitor(context.new_page())
        visitor.page.goto(origin)
        fields = {f"field {number}": "x" * (5000 if number == 0 else 5) for number in range(51)}
        visitor.command("setNewConversationFields", fields)
        visitor.begin("Hello")
        expect(visitor.log).to_contain_text("Sent")
        # As many and as long as the desk keeps; of the others the website hears.
        kept = [value for name, value in conversation().metadata.items() if name.startswith("field")]
        assert (len(kept), len(kept[0])) == (50, 5000)
        assert visitor.faults.pop().endswith(": field 50")
        visitor.command("showTicketForm", "unheard-of")
        expect(visitor.frame.get_by_role("heading", name="Your conversations")).to_be_visible()
        assert visitor.faults == ["Parley: no form unheard-of"]
        visitor.frame.get_by_role("button", name=re.compile("Hello")).click()

        # A transcript that cannot be sent, with the reason.
        visitor.frame.get_by_role("button", name="More options").click()
        visitor.frame.get_by_role("button", name="Email me this conversation").click()
        address = visitor.frame.get_by_label("Email address")
        address.fill("nobody")
        address.press("Enter")
        expect(visitor.frame.get_by_text("This is not an email address.")).to_be_visible()
        address.fill("mira@example.com")
        address.press("Enter")
        expect(visitor.frame.get_by_text("Emails cannot be sent at the moment.")).to_be_visible()
        visitor.frame.get_by_role("button", name="Cancel").click()

        # The conversation is taken for spam: what is written is for a new one.
        row = conversation()
        with tenancy.scope(acme):
            conversation_actions.mark_spam(conversation=row, by=by, at=clock.now())
        visitor.box.fill("Is anybody there?")
        visitor.box.press("Enter")
        expect(visitor.frame.get_by_text("This chat is no longer available.")).to_be_visible()
        expect(visitor.box).to_have_value("Is anybody there?")
        expect(visitor.log).to_be_hidden()

        with tenancy.scope(acme):
            actions.update_widget(widget=widget, is_active=False, by=by, at=clock.now())
        with suppress(playwright.TimeoutError):  # the chat may learn of it by itself, and has no field then
            visitor.box.press("Enter", timeout=1000)
        expect(visitor.box).to_be_hidden()
        expect(visitor.frame.get_by_text("This chat is no longer available.")).to_be_visible()
        visitor.frame.get_by_role("button", name="Close chat").click()
        expect(visitor.button).to_be_hidden()
        count = len(visitor.asked)
        visitor.page.wait_for_timeout(1500)
        assert len(visitor.asked) == count
