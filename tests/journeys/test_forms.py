"""Customers write by a form: on its own page without scripts, and in a page of another site that allows nearly nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.forms import actions, tokens
from conversations.models import CallbackRequest, Conversation, Form
from tests.conftest import Member
from tests.journeys.conftest import NARROW, PATIENCE, WIDE, Window
from tests.runtime.machine import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@contextmanager
def site(desk: str, body: str) -> Iterator[str]:
    """Somebody's page on an origin of its own, whose policy allows the desk's script and frame alone; gives its origin."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f"<!doctype html><title>Shop</title><h1>Shop</h1>{body}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", f"default-src 'none'; script-src {desk}; frame-src {desk}")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make(workspace: Workspace, kind: str = "contact", **values: Any) -> Form:
    by = Actor.system(workspace.pk)
    return actions.create_form(workspace=workspace, kind=kind, name="Website", by=by, at=clock.now(), **values)


def send(form: Form, inside: Any, button: str) -> None:
    """Send the form as soon as the page is old enough for a person to have filled it in."""
    token = inside.locator("input[name=token]").get_attribute("value")
    eventually(lambda: not tokens.read_page(token, form.key).fault, "a page that may be sent")
    inside.get_by_role("button", name=button, exact=True).click()
    expect(inside.get_by_role("heading", name="Thank you")).to_be_visible()


def test_customer_without_scripts_writes_asks_for_a_call_and_follows_up(
    desk: str, chromium: Browser, acme: Workspace, ben: Member, window: Window
) -> None:
    contact, callback = make(acme, consent="I agree."), make(acme, "callback")
    context = chromium.new_context(viewport=NARROW, java_script_enabled=False, color_scheme="dark")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()

    # What is missing is said at its place, and what was typed is still there.
    page.goto(f"{desk}{contact.path}")
    page.get_by_label("Email address").fill("mira@example.com")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check these fields")
    page.get_by_role("alert").get_by_role("link", name="Message").click()
    expect(page.get_by_label("Email address")).to_have_value("mira@example.com")
    page.get_by_label("Message").fill("The station is offline.")
    page.get_by_label("I agree.").check()
    send(contact, page, "Send")
    assert not context.cookies()

    # The team answers, and the customer writes on.
    page.get_by_role("link", name="Follow your request").click()
    expect(page.get_by_role("listitem")).to_contain_text("The station is offline.")
    row = Conversation.all_workspaces.get()
    window.enter(ben, f"/w/acme/inbox/{row.number}")
    expect(window.page.get_by_text("Identity not verified")).to_be_visible()
    window.page.locator("#reply-body").fill("Is the light blue?")
    window.page.get_by_role("button", name=re.compile("^Send to")).click()
    expect(
        window.page.locator(".message", has_text="Is the light blue?").or_(window.page.get_by_text("Undo")).first
    ).to_be_visible()
    page.get_by_label("Write a message").fill("It is red.")
    page.get_by_label("Files").set_input_files({"name": "log.txt", "mimeType": "text/plain", "buffer": b"error 7"})
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Your message was sent.")
    expect(window.page.locator(".message", has_text="It is red.")).to_be_visible()

    # A call, on the caller's clock; an agent makes it from the keyboard.
    tomorrow = f"{clock.now() + timedelta(days=2):%Y-%m-%d}"
    page.goto(f"{desk}{callback.path}")
    page.get_by_label("Name").fill("Grace")
    page.get_by_label("Phone number").fill("+1 212 555 0100")
    page.get_by_label("Day").fill(tomorrow)
    page.get_by_label("From").fill("09:00")
    page.get_by_label("To", exact=True).fill("10:00")
    page.get_by_label("Your time zone").select_option("America/New_York")
    send(callback, page, "Request a call")
    expect(page.get_by_text("between 09:00 and 10:00 (New York)")).to_be_visible()
    assert CallbackRequest.all_workspaces.get().time_zone == "America/New_York"
    context.close()

    window.page.locator("body").click(position={"x": 700, "y": 5})
    window.page.keyboard.press("g")
    window.page.keyboard.press("h")
    expect(window.page.get_by_role("link", name="+1 212-555-0100")).to_have_attribute("href", "tel:+12125550100")
    expect(window.page.get_by_text("09:00–10:00 in New York")).to_be_visible()
    window.page.locator("summary", has_text="Mark as called").focus()
    window.page.keyboard.press("Enter")
    window.page.get_by_label("Internal note").fill("Wants a quote.")
    window.page.get_by_role("button", name="Mark as called").click()
    expect(window.page.get_by_role("heading", name="No calls to make")).to_be_visible()
    window.page.get_by_role("button", name="Undo").click()
    expect(window.page.get_by_role("link", name="+1 212-555-0100")).to_be_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW], ids=["desk", "phone"])
def test_form_in_a_page_of_another_site_is_as_high_as_it_needs_to_be(
    desk: str, chromium: Browser, acme: Workspace, width: dict[str, int]
) -> None:
    form = make(acme)
    with site(desk, f'<script src="{desk}{form.path}/embed.js" async></script>') as origin:
        actions.update_form(form=form, allowed_origins=[origin], by=Actor.system(acme.pk), at=clock.now())
        context = chromium.new_context(viewport=width, timezone_id="Asia/Tokyo")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        complaints = watched(page)
        page.goto(f"{origin}/help")
        frame = page.frame_locator("iframe")
        frame.get_by_label("Email address").fill("mira@example.com")
        frame.get_by_label("Message").fill("The station is offline.")
        page.wait_for_function("() => document.querySelector('iframe').style.height !== '640px'")
        inner = page.frames[1].evaluate("document.body.scrollHeight")
        assert abs(page.evaluate("document.querySelector('iframe').clientHeight") - inner) <= 1
        # What is wrong is at the top of the frame, which comes into sight.
        frame.get_by_label("Message").fill("")
        page.evaluate("document.body.style.paddingBottom = '3000px'; scrollTo(0, 900)")
        frame.get_by_role("button", name="Send", exact=True).evaluate("button => button.click()")
        expect(frame.get_by_role("alert")).to_be_in_viewport()
        frame.get_by_label("Message").fill("The station is offline.")
        send(form, frame, "Send")
        # The frame is as high as the thanks.
        page.wait_for_function("() => parseInt(document.querySelector('iframe').style.height) < 500")
        assert not complaints
        assert not context.cookies()
        row = Conversation.all_workspaces.get()
        assert row.metadata["page"] == f"{origin}/help"
        context.close()


def test_page_that_is_not_allowed_shows_no_form(desk: str, chromium: Browser, acme: Workspace) -> None:
    form = make(acme, allowed_origins=["https://shop.example"])
    with site(desk, f'<iframe src="{desk}{form.path}?embed=1" title="Form"></iframe>') as origin:
        page = chromium.new_page()
        complaints = watched(page)
        page.goto(origin)
        page.wait_for_load_state("networkidle")
        assert not page.frame_locator("iframe").get_by_role("button").count()
        assert any("frame-ancestors" in one for one in complaints)
        page.context.close()


def test_zone_of_the_browser_is_chosen_and_a_second_click_sends_nothing(
    desk: str, chromium: Browser, acme: Workspace
) -> None:
    form = make(acme, "callback")
    context = chromium.new_context(viewport=NARROW, timezone_id="Asia/Tokyo")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{desk}{form.path}")
    expect(page.get_by_label("Your time zone")).to_have_value("Asia/Tokyo")
    page.get_by_label("Name").fill("Aiko")
    page.get_by_label("Phone number").fill("+81 3 1234 5678")
    token = page.locator("input[name=token]").get_attribute("value")
    eventually(lambda: not tokens.read_page(str(token), form.key).fault, "a page that may be sent")
    page.get_by_role("button", name="Request a call").dblclick()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Conversation.all_workspaces.count() == 1
    context.close()


def watched(page: Page) -> list[str]:
    """What the page complains of."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda line: (
            complaints.append(line.text)
            if line.type == "error" and not re.search("favicon|status of 4", f"{line.text} {line.location['url']}")
            else None
        ),
    )
    return complaints
