"""A chat as its agent has it: who is typing, what was seen, and replies that leave at once. The visitor is a browser by plain calls."""

from __future__ import annotations

import json
import re
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from accounts import tenancy
from accounts.models import Workspace
from conversations.models import Contact, Widget
from tests.chat.conftest import make
from tests.conftest import Member
from tests.journeys.conftest import Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Visitor:
    """A visitor of a page with the widget, who begins a chat."""

    def __init__(self, base: str, widget: Widget, text: str) -> None:
        self.base, self.api, self.token = base, f"/widget/{widget.key}/api/", ""
        self.id = str(uuid.uuid4())
        begun = {
            "id": self.id, "message": {"id": str(uuid.uuid4()), "text": text}, "secret": uuid.uuid4().hex * 2,
            "page": "https://shop.example/pricing",
        }  # fmt: skip
        self.token = self.call("conversations", begun)["token"]

    def open(self, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Origin": self.base, "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.base}{self.api}{path}", data=data, headers=headers)
        return urllib.request.urlopen(request, timeout=60)

    def call(self, path: str, body: dict[str, Any] | None) -> Any:
        with self.open(path, body) as answer:
            return json.loads(answer.read() or b"null")

    def write(self, text: str) -> None:
        self.call(f"conversations/{self.id}/messages", {"id": str(uuid.uuid4()), "text": text})

    def type(self) -> None:
        self.call(f"conversations/{self.id}/typing", {})

    def see(self) -> None:
        shown = self.call(f"conversations/{self.id}", None)
        self.call(f"conversations/{self.id}/seen", {"message": shown["messages"][-1]["id"]})

    def stream(self) -> Iterator[dict[str, Any]]:
        """What comes of the visitor's stream."""
        with self.open("stream", None) as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


@pytest.fixture
def visitor(desk: str, acme: Workspace) -> Visitor:
    with tenancy.scope(acme):
        widget = make(acme, name="Shop")
    return Visitor(desk, widget, "My lamp is broken")


def until_shown(visitor: Visitor, place: Any) -> None:
    """Type on, as people do, until it is shown: a signal that comes before a stream has begun is lost."""
    for _ in range(10):
        visitor.type()
        try:
            place.first.wait_for(timeout=3000)
        except playwright.TimeoutError:
            continue
        return
    pytest.fail("nobody is shown to be typing")


def test_agent_and_visitor_see_each_other_type_and_the_agent_what_was_seen(
    window: Window, visitor: Visitor, ben: Member
) -> None:
    page, name = window.page, f"Visitor {Contact.all_workspaces.get().pk}"
    window.enter(ben, "/w/acme/inbox/1")
    window.wait_until_live()
    second = page.context.new_page()
    second.goto(f"{window.base}/w/acme/inbox")
    second.wait_for_selector("html[data-live-state=live]")

    # The visitor types: in the thread, in the list, and in the other tab, until they write or stop.
    expect(page.locator("#side")).to_contain_text("shop.example/pricing")
    for tab in (second, page):
        tab.bring_to_front()
        until_shown(visitor, tab.locator(".row.is-typing"))
    until_shown(visitor, page.locator("#typing span"))
    expect(page.locator("#typing")).to_have_text(f"{name} is typing…")
    visitor.write("It is the green one")
    expect(page.locator("#entries")).to_contain_text("It is the green one")
    expect(page.locator("#typing")).to_be_empty()
    expect(page.locator(".row.is-typing")).to_have_count(0)
    until_shown(visitor, page.locator("#typing span"))
    expect(page.locator("#typing")).to_be_empty()  # nothing more came

    # The agent types: a note is nobody's business, a reply is.
    signals: list[str] = []
    page.on("request", lambda request: signals.append(request.url) if request.url.endswith("/typing") else None)
    received = visitor.stream()
    assert next(received)["type"] == "ready"
    page.keyboard.press("n")
    page.locator("#note-body").press_sequentially("A note")
    page.keyboard.press("Escape")
    assert signals == []
    page.get_by_label("Reply", exact=True).check(force=True)
    page.locator("#reply-body").press_sequentially("Which one is it?")
    signal = next(event for event in received if event["type"] == "typing")
    assert (signal["conversation"], signal["name"]) == (visitor.id, "Ben")

    # It leaves at once, and is seen.
    page.keyboard.press("Control+Enter")
    sent = page.locator("#entries .message--ours").last
    expect(sent).to_contain_text("Which one is it?")
    expect(sent.locator(".message__state")).to_have_text("Sent")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    visitor.see()
    expect(sent.locator(".message__state")).to_have_text(re.compile(r"Seen \d\d:\d\d"))
    second.close()
