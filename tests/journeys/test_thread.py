"""Working in a thread, in real browsers: the Trash, a redaction seen by a colleague, pictures, and a mention."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.base import ContentFile

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation, Mention
from tests.conftest import Member
from tests.factories import receive
from tests.journeys.conftest import WIDE, Api, Window
from tests.runtime.machine import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def second_window(window: Window, chromium: Browser) -> Iterator[Window]:
    """The browser of a colleague."""
    context = chromium.new_context(viewport=WIDE)  # type: ignore[arg-type]
    yield Window(context.new_page(), window.base, [])
    context.close()


def test_deleted_conversation_leaves_the_colleagues_list_and_comes_back(
    window: Window, second_window: Window, api: Api, ada: Member, ben: Member
) -> None:
    api.start("Forget me", "Please.")
    mine, theirs = window.page, second_window.page
    second_window.enter(ben, "/w/acme/inbox?view=open")
    second_window.wait_until_live()
    expect(theirs.get_by_role("option", name=re.compile("Forget me"))).to_be_visible()
    window.enter(ada, "/w/acme/inbox/1?view=open")
    mine.keyboard.press("#")
    toast = mine.locator("[data-toast]")
    expect(toast).to_contain_text("Moved to the Trash.")
    expect(theirs.get_by_role("option", name=re.compile("Forget me"))).to_have_count(0)
    toast.get_by_role("button", name="Undo").click()
    expect(mine.locator("#subject")).to_contain_text("Forget me")
    expect(mine.locator("#entries")).to_contain_text("restored it from the Trash")
    # A page may have asked for more of it in the moment when it was gone.
    for one in (window, second_window):
        one.faults[:] = [fault for fault in one.faults if "404" not in fault]


def test_redacted_passage_leaves_the_page_of_a_colleague(
    window: Window, second_window: Window, api: Api, ada: Member, ben: Member
) -> None:
    api.start("My card", "It is 4111 1111.")
    second_window.enter(ben, "/w/acme/inbox/1?view=open")
    second_window.wait_until_live()
    window.enter(ada, "/w/acme/inbox/1?view=open")
    page = window.page
    page.get_by_role("link", name="Redact this message").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Passage to redact, exactly as it is written").fill("4111 1111")
    page.get_by_role("button", name="Redact passage").click()
    expect(page.locator("#entries")).to_contain_text("It is █████.")
    entries = second_window.page.locator("#entries")
    expect(entries).to_contain_text("It is █████.")
    expect(entries).to_contain_text("redacted a message")


def test_picture_opens_large_and_the_focus_returns(
    window: Window, api: Api, ben: Member, acme: Workspace, desk_folder: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = desk_folder / "files"
    api.start("Photos", "Two of them.")
    with tenancy.scope(acme):
        conversation = Conversation.objects.get()
        files = [ContentFile(PICTURE, name=f"photo {number}.png") for number in (1, 2)]
        receive(conversation, "Here.", uploads=files)
    window.enter(ben, "/w/acme/inbox/1?view=open")
    page = window.page
    first = page.locator("#entries a.picture").first
    first.focus()
    page.keyboard.press("Enter")
    box = page.locator("#lightbox")
    expect(box).to_be_visible()
    expect(box).to_contain_text("1 / 2")
    page.keyboard.press("ArrowRight")
    expect(box).to_contain_text("2 / 2")
    page.keyboard.press("+")
    expect(box.locator("img.is-zoomed")).to_have_count(1)
    page.keyboard.press("0")
    expect(box.locator("img.is-zoomed")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(first).to_be_focused()
    expect(page.locator("#subject")).to_contain_text("Photos")


def test_mention_is_seen_when_the_conversation_is_open(
    window: Window, api: Api, ada: Member, ben: Member, acme: Workspace
) -> None:
    api.start("Look at this", "Please.")
    with tenancy.scope(acme):
        conversation = Conversation.objects.get()
        actions.note(conversation=conversation, body=f"@{ben.user.name}", by=ada.actor, at=clock.now())
    window.enter(ben, "/w/acme/inbox/1?view=open")
    page = window.page
    expect(page.locator("#entries .mention")).to_have_text(f"@{ben.user.name}")
    page.locator("#subject").focus()
    page.keyboard.press("f")
    expect(page.locator("#follow")).to_have_attribute("aria-pressed", "true")

    def is_seen() -> bool:
        with tenancy.scope(acme):
            return Mention.objects.filter(seen_at__isnull=False).exists()

    eventually(is_seen, "the mention to be seen")
