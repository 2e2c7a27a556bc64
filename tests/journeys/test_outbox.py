"""Replies that leave later, in a browser: taken back, held, failed and sent, while people type and answers are late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels import outbox
from conversations.models import Conversation, Delivery, Message
from tests.conftest import Member
from tests.factories import receive
from tests.journeys.conftest import WIDE, Window
from tests.journeys.test_composer import Slow, arranged, until, write
from tests.outbox import by_mail, leave

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mailed(acme: Workspace) -> Conversation:
    with tenancy.scope(acme):
        return by_mail(acme, subject="Where is it", body="It never came.")


def open_it(window: Window, who: Member) -> Page:
    """The conversation, open in a window that gets live updates."""
    window.page.route("**/nothing", lambda route: route.continue_())
    window.enter(who, "/w/acme/inbox/1")
    window.wait_until_live()
    return window.page


def send(page: Page, text: str, keys: str = "Control+Enter") -> None:
    write(page, "r", text)
    page.keyboard.press(keys)


def rows() -> list[tuple[str, str]]:
    return list(Delivery.all_workspaces.order_by("pk").values_list("state", "body"))


def test_reply_is_taken_back_with_its_files_and_never_over_what_was_typed_since(
    window: Window, mailed: Conversation, ben: Member, tmp_path: Path
) -> None:
    page = open_it(window, ben)
    reply = page.locator("#reply-body")
    (tmp_path / "label.txt").write_text("to the harbour")
    page.locator("#composer .composer__form--reply input[type=file]").set_input_files(str(tmp_path / "label.txt"))
    send(page, "On its way.", "Control+Shift+Enter")
    expect(page.locator("#outgoing")).to_contain_text("Sending in")
    expect(page.locator("#outgoing .later")).to_have_count(1)
    expect(page.locator("#outbox .unsent")).to_have_count(0)
    expect(page.locator("#outgoing .file")).to_contain_text("label.txt")
    expect(reply).to_be_focused()
    page.keyboard.press("Control+z")
    expect(reply).to_have_value("On its way.")
    expect(page.locator(".attached")).to_contain_text("label.txt")
    expect(page.locator("#outgoing .later")).to_have_count(0)
    assert Conversation.all_workspaces.get().status == "open"

    # Sent again, it is another reply, with its file. It is undone before its answer comes, and what is typed meanwhile stays.
    replies, undo = Slow(page, "**/inbox/1/reply*"), Slow(page, "**/undo*")
    page.keyboard.press("Control+Enter")
    sending = replies.take()
    page.keyboard.press("Control+z")
    sending.continue_()
    replies.done()
    waiting = undo.take()
    page.keyboard.type("Something else")
    waiting.continue_()
    expect(page.locator("#outbox .unsent")).to_contain_text("You undid it.")
    expect(page.locator("#outbox .unsent")).to_contain_text("On its way.")
    expect(reply).to_have_value("Something else")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#outgoing .later")).to_have_count(1)
    leave()
    expect(page.locator(".message--ours .bubble")).to_have_text("On its way.")
    expect(page.locator(".message--ours .file")).to_contain_text("label.txt")
    expect(page.locator("#outgoing .later")).to_have_count(0)
    assert [state for state, _ in rows()] == ["cancelled", "cancelled", "sending"]


def test_answer_that_is_lost_schedules_once_and_undo_that_is_late_says_so(
    window: Window, mailed: Conversation, ben: Member
) -> None:
    page = open_it(window, ben)
    replies = Slow(page, "**/inbox/1/reply*")
    send(page, "On its way.")
    lost = replies.take()
    lost.fetch()  # it arrives, and its answer does not
    lost.abort()
    # The live update shows it, so that nothing is left to send.
    expect(page.locator("#outgoing .later")).to_have_count(1)
    expect(page.locator("#outbox .unsent")).to_have_count(0)
    expect(page.locator("#reply-body")).to_have_value("")
    replies.done()
    arranged(window, "net::ERR_FAILED")
    undo = Slow(page, "**/undo*")
    page.get_by_role("button", name="Undo").click()
    waiting = undo.take()
    leave()
    waiting.continue_()
    expect(page.locator("#toasts")).to_contain_text("It has been sent already.")
    arranged(window, "422")
    expect(page.locator(".message--ours .bubble")).to_have_text("On its way.")
    assert [state for state, _ in rows()] == ["sending"]


def test_two_agents_see_what_is_held_reviewed_failed_and_sent(
    window: Window, chromium: Browser, mailed: Conversation, ben: Member, ada: Member, acme: Workspace
) -> None:
    page = open_it(window, ben)
    context = chromium.new_context(viewport=WIDE)  # type: ignore[arg-type]
    other = Window(context.new_page(), window.base, [])
    theirs = open_it(other, ada)
    send(page, "Have you looked in the shed?")
    expect(theirs.locator("#outgoing")).to_contain_text("Ben Kimura")
    expect(theirs.locator("#outgoing")).to_contain_text("Sending")
    # She is warned at the key, as if it had been sent, and puts her own away.
    send(theirs, "In the shed?")
    expect(theirs.locator("#fault-reply")).to_contain_text("Ben Kimura has replied since you began.")
    assert len(rows()) == 1
    theirs.locator("#reply-body").fill("")
    with tenancy.scope(acme):
        receive(mailed, "Never mind, it came.")
        leave()
    for one in (page, theirs):
        expect(one.locator("#outgoing")).to_contain_text("1 new message came in first")
    page.locator(".review summary").click()
    text = page.locator(".review textarea")
    text.fill("Glad to hear it")
    with tenancy.scope(acme):
        receive(mailed, "It is broken, though.")
    expect(page.locator("#outgoing")).to_contain_text("2 new messages came in first")
    expect(text).to_have_value("Glad to hear it")
    text.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(", and sorry.")
    page.locator(".review").get_by_role("button", name="Send").click()
    for one in (page, theirs):
        expect(one.locator(".message--ours .bubble")).to_have_text("Glad to hear it, and sorry.")
        expect(one.locator("#outgoing .later")).to_have_count(0)
        expect(one.locator(".message--ours .message__state")).to_contain_text("Sending")
    with tenancy.scope(acme):
        by = {"by": Actor.system(acme.pk), "at": clock.now()}
        reason = "This address does not exist."
        actions.mark_failed(delivery=Delivery.objects.get(), code="address", reason=reason, **by)
    for one in (page, theirs):
        expect(one.locator(".message--ours .message__state")).to_contain_text(f"Not delivered. {reason}")
        expect(one.locator(".views__news--bad")).to_contain_text("1")
    theirs.get_by_role("button", name="Retry").click()
    expect(theirs.locator(".message--ours .message__state")).to_contain_text("Sending")
    outbox.deliver_due()
    for one in (page, theirs):
        expect(one.locator(".message--ours .message__state")).to_be_hidden()
        expect(one.locator(".views__news--bad")).to_have_count(0)
    context.close()
    assert other.faults == []


def test_reply_is_scheduled_by_the_keyboard_and_sent_now(window: Window, mailed: Conversation, ben: Member) -> None:
    page = open_it(window, ben)
    send(page, "Good morning!", "Control+Alt+Enter")
    expect(page.locator("#menu-later [data-later]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#outgoing")).to_contain_text("Scheduled for")
    expect(page.locator("#reply-body")).to_have_value("")
    delivery = Delivery.all_workspaces.get()
    assert delivery.send_after > clock.now() + timedelta(minutes=30)
    page.get_by_role("button", name="Send now").click()
    expect(page.locator(".message--ours .bubble")).to_have_text("Good morning!")
    write(page, "r", "At a moment.")
    page.locator("#menu-later summary").click()
    page.locator("[name=later_at]").fill(f"{clock.now() + timedelta(days=3):%Y-%m-%dT%H:%M}")
    page.keyboard.press("Enter")
    expect(page.locator("#outgoing")).to_contain_text("Scheduled for")
    page.get_by_role("button", name="Edit").click()
    expect(page.locator("#reply-body")).to_have_value("At a moment.")
    until(page, lambda: [state for state, _ in rows()] == ["sending", "cancelled"])
    assert Message.all_workspaces.count() == 2
