"""A mail as its sender wrote it, in a browser: it looks right, and it can neither run nor report anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from accounts.models import Workspace
from conversations.models import Conversation, Delivery, InboundMail
from tests.conftest import Member
from tests.inbox.mails import PIXEL, by_mail, inbound, mailbox
from tests.journeys.conftest import NARROW, Window

if TYPE_CHECKING:
    from playwright.sync_api import Frame

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# As it would be if the sanitiser had let everything pass.
HOSTILE = """
<p id="text" style="color: rgb(1, 2, 3); font-weight: 700">It never came.</p>
<script>document.title = "run"; fetch("{tracker}/script")</script>
<img data-cid="logo@x" id="logo" onload="document.title = 'run'">
<img src="{tracker}/direct.gif"><img data-remote="{tracker}/pixel.gif" id="pixel">
<link rel="stylesheet" href="{tracker}/style.css"><iframe src="{tracker}/frame"></iframe>
<form action="{tracker}/form" method="post"><button id="send">Send</button></form>
<a id="link" href="{tracker}/out" target="_blank" rel="noopener noreferrer nofollow">See it</a>
<a id="top" href="{tracker}/top" target="_top">Leave</a>
<details class="quote"><summary>Quoted text</summary><p id="quoted">We sent it on Monday.</p></details>
"""
REFUSALS = ("Content Security Policy", "sandboxed", "Unsafe attempt to initiate navigation", "Failed to load resource")


class Call(NamedTuple):
    """What a server outside was asked, and what it learned of who asked."""

    path: str
    referrer: str | None
    cookie: str | None


class Tracker:
    """A server of the mail's sender."""

    def __init__(self) -> None:
        calls: list[Call] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                calls.append(Call(self.path, self.headers.get("Referer"), self.headers.get("Cookie")))
                self.send_response(200)
                self.send_header("Content-Type", "image/png" if self.path.endswith(".gif") else "text/html")
                self.end_headers()
                self.wfile.write(PIXEL if self.path.endswith(".gif") else b"<title>Outside</title>")

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

        self.calls = calls
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def asked(self) -> list[str]:
        return [call.path for call in self.calls if call.path != "/favicon.ico"]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    made = Tracker()
    yield made
    made.stop()


@pytest.fixture
def letter(acme: Workspace, desk_folder: Path, settings: Any) -> Conversation:
    settings.MEDIA_ROOT = desk_folder / "files"
    return by_mail(mailbox(acme), "I ordered a gate.")


@pytest.fixture
def row(letter: Conversation, tracker: Tracker) -> InboundMail:
    files = [{"content": PIXEL, "name": "logo.png", "content_id": "logo@x", "is_inline": True}]
    html = HOSTILE.format(tracker=tracker.base)
    return inbound(letter, "It never came.", html=html, remote_images=1, files=files)


def frame_of(window: Window, row: InboundMail, part: str = "#text") -> Frame:
    """The mail's frame, when this part of it is there."""
    window.page.frame_locator(f"iframe[name=mail-{row.message_id}]").locator(part).wait_for()
    found = window.page.frame(name=f"mail-{row.message_id}")
    assert found is not None
    return found


def test_a_hostile_mail_is_shown_and_runs_nothing(
    window: Window, ben: Member, letter: Conversation, row: InboundMail, tracker: Tracker
) -> None:
    window.page.context.add_cookies([{"name": "known", "value": "yes", "url": tracker.base}])
    window.enter(ben, f"/w/acme/inbox/{letter.number}?view=open")
    frame = frame_of(window, row)

    assert frame.evaluate("[getComputedStyle(text).color, getComputedStyle(text).fontWeight]") == [
        "rgb(1, 2, 3)",
        "700",
    ]
    frame.wait_for_function("logo.complete")
    assert frame.evaluate("logo.naturalWidth") == 1  # its own picture is there
    assert frame.evaluate("document.title") == "My order"
    assert frame.evaluate("self.origin") == "null"
    frame.locator("#send").click()
    frame.locator("#top").click()
    assert tracker.asked() == []
    assert window.page.url.endswith(f"/w/acme/inbox/{letter.number}?view=open")

    frame.locator("summary").click()
    expect(frame.locator("#quoted")).to_be_visible()

    with window.page.expect_popup() as opened:
        frame.locator("#link").click()
    expect(opened.value).to_have_title("Outside")
    opened.value.close()
    assert tracker.asked() == ["/out"]
    assert tracker.calls[0].referrer is None
    # Each of these was tried, and refused.
    assert [fault for fault in window.faults if not any(one in fault for one in REFUSALS)] == []
    assert len(window.faults) >= 4
    window.faults.clear()


def test_images_are_loaded_when_asked_for_and_learn_nothing(
    window: Window, ben: Member, letter: Conversation, row: InboundMail, tracker: Tracker
) -> None:
    window.page.context.add_cookies([{"name": "known", "value": "yes", "url": tracker.base}])
    window.enter(ben, f"/w/acme/inbox/{letter.number}?view=open")
    frame_of(window, row)
    window.page.get_by_role("link", name="Load images").click()
    frame = window.page.frame_locator(f"iframe[name=mail-{row.message_id}]")
    expect(frame.locator("#pixel[src]")).to_be_visible()
    assert frame.locator("#pixel").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    assert sorted(tracker.asked()) == ["/direct.gif", "/pixel.gif"]
    assert {(call.referrer, call.cookie) for call in tracker.calls} == {(None, None)}
    expect(window.page.get_by_role("link", name="Load images")).to_be_hidden()
    window.faults.clear()


def test_plain_text_is_one_click_away_the_page_stays_white_in_the_dark_and_keys_work_in_the_frame(
    window: Window, ben: Member, letter: Conversation
) -> None:
    row = inbound(letter, "It never came.", written="<p>It <b>never</b> came.</p>")
    window.page.emulate_media(color_scheme="dark")
    window.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    window.enter(ben, f"/w/acme/inbox/{letter.number}?view=open")
    frame = frame_of(window, row, "b")
    assert frame.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    article = window.page.locator(f"#message-{row.message_id}")
    expect(article.locator(".bubble")).to_be_hidden()
    article.get_by_text("Plain text", exact=True).click()
    expect(article.locator(".bubble")).to_have_text("It never came.")
    expect(article.locator("iframe")).to_be_hidden()
    article.get_by_text("Formatted", exact=True).click()
    expect(article.locator("iframe")).to_be_visible()
    # The frame is as high as the mail, and a key that is pressed in it does what it does beside it.
    expect(article.locator("iframe[data-fits]")).to_be_visible()
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    frame.click("b")
    window.page.keyboard.press("n")
    expect(window.page.locator("#note-body")).to_be_focused()


def test_a_new_recipient_is_named_while_the_reply_is_written(window: Window, ben: Member, letter: Conversation) -> None:
    inbound(letter)
    window.enter(ben, f"/w/acme/inbox/{letter.number}?view=open")
    composer = window.page.locator("#composer")
    expect(composer.locator("[data-recipients-line]")).to_have_text("To ada@x.example")
    composer.locator("[data-recipients] summary").click()
    composer.get_by_label("Cc", exact=True).fill("eve@e.example, bob@")
    composer.get_by_label("Bcc").focus()
    expect(composer.get_by_text("“bob@” is not an email address.")).to_be_visible()
    composer.get_by_label("Cc", exact=True).fill("eve@e.example")
    composer.get_by_label("Bcc").focus()
    expect(composer.get_by_text("eve@e.example has not been in this conversation before.")).to_be_visible()
    expect(composer.locator("[data-recipients-line]")).to_have_text("To ada@x.example, cc 1")

    composer.get_by_label("Reply to Ada").fill("On its way.")
    window.page.keyboard.press("Control+Enter")  # the writer knows: nothing asks again
    expect(window.page.locator("#outgoing .bubble")).to_have_text("On its way.")
    expect(composer.locator("#fault-reply")).to_be_hidden()
    assert Conversation.all_workspaces.get().cc == ["eve@e.example"]


def test_a_recipient_whom_the_writer_has_not_seen_is_named_when_it_is_sent(
    window: Window, ben: Member, letter: Conversation
) -> None:
    inbound(letter)
    window.enter(ben, f"/w/acme/inbox/{letter.number}?view=open")
    composer = window.page.locator("#composer")
    composer.get_by_label("Reply to Ada").fill("On its way.")
    composer.locator("[data-recipients] summary").click()
    composer.get_by_label("Bcc").fill("eve@e.example")
    window.page.keyboard.press("Control+Enter")
    expect(composer.locator("#fault-reply")).to_contain_text("Send again to include it.")
    expect(composer.get_by_label("Reply to Ada")).to_have_value("On its way.")
    expect(composer.get_by_label("Bcc")).to_have_value("eve@e.example")
    assert not Delivery.all_workspaces.exists()
    composer.get_by_label("Reply to Ada").focus()
    window.page.keyboard.press("Control+Enter")
    expect(window.page.locator("#outgoing .bubble")).to_have_text("On its way.")
    assert Delivery.all_workspaces.get().bcc == ["eve@e.example"]
    # The next reply begins with those whom the conversation knows.
    expect(composer.get_by_label("Bcc")).to_have_value("")
    window.faults = [fault for fault in window.faults if "409" not in fault]


def test_a_conversation_is_begun_with_the_keyboard(window: Window, ben: Member, letter: Conversation) -> None:
    window.enter(ben, "/w/acme/inbox?view=open")
    window.wait_until_live()
    window.page.keyboard.press("c")
    expect(window.page.get_by_role("heading", name="New conversation")).to_be_visible()
    window.page.get_by_label("To", exact=True).press_sequentially("ada@")
    expect(window.page.locator("#new-known option")).to_have_attribute("value", "Ada Lovelace <ada@x.example>")
    window.page.get_by_label("To", exact=True).fill("Ada Lovelace <ada@x.example>")
    window.page.get_by_label("Subject").fill("Your gate")
    window.page.get_by_label("Message").fill("It is ready.")
    window.page.keyboard.press("Control+Enter")
    expect(window.page.locator("#subject")).to_have_text("Your gate")
    expect(window.page.locator("#outgoing .bubble")).to_have_text("It is ready.")
    assert Conversation.all_workspaces.filter(contact=letter.contact_id).count() == 2
