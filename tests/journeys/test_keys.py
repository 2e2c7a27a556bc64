"""The keyboard and the palette as people use them: other layouts, the focused row, undo, and everything found by typing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.knowledge import actions as knowledge_actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ConversationFactory
from tests.journeys.conftest import Window
from tests.journeys.test_composer import Slow
from tests.runtime.machine import eventually

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def three(acme: Workspace) -> list[Conversation]:
    return [ConversationFactory(workspace=acme, subject=f"Number {n}") for n in (1, 2, 3)]


def test_keys_act_on_the_focused_row_and_undo_has_a_key(
    window: Window, acme: Workspace, ben: Member, three: list[Conversation]
) -> None:
    four, five = (ConversationFactory(workspace=acme, subject=f"Number {n}") for n in (4, 5))
    window.enter(ben, "/w/acme/inbox?view=open")
    page = window.page
    window.wait_until_live()
    page.keyboard.press("j")
    page.keyboard.press("j")
    row = page.locator(f"#row-{three[1].pk}")
    expect(row).to_be_focused()
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("Resolved")
    eventually(lambda: Conversation.all_workspaces.get(pk=three[1].pk).status == "resolved", "resolved")
    page.keyboard.press("Control+z")
    eventually(lambda: Conversation.all_workspaces.get(pk=three[1].pk).status == "open", "open again")
    # Before its answer is there, Ctrl+Z means that change, and not the one before it.
    page.locator(f"#row-{three[1].pk}").focus()
    page.keyboard.press("e")
    expect(page.locator("#toasts [data-undo]")).to_have_count(1)
    changes = Slow(page, re.compile("/inbox/3/status"))
    page.locator(f"#row-{three[2].pk}").focus()
    page.keyboard.press("e")
    waiting = changes.take()
    page.keyboard.press("Control+z")
    waiting.continue_()
    expect(page.locator("#toasts")).to_contain_text("#3 Undone")
    changes.done()
    assert Conversation.all_workspaces.get(pk=three[1].pk).status == "resolved"
    assert Conversation.all_workspaces.get(pk=three[2].pk).status == "open"
    page.locator(f"#row-{three[2].pk}:not(.is-gone)").wait_for()
    # Keys in a hurry: the second is for the row that comes next.
    page.locator(f"#row-{three[0].pk}").focus()
    page.keyboard.press("e")
    page.keyboard.press("i")
    eventually(lambda: Conversation.all_workspaces.get(pk=three[2].pk).assignee_id == ben.user.pk, "assigned")
    first = Conversation.all_workspaces.get(pk=three[0].pk)
    assert (first.status, first.assignee_id) == ("resolved", None)
    # A menu of the focused row: typed letters filter it.
    page.locator(f"#row-{four.pk}").focus()
    page.keyboard.press("a")
    palette = page.get_by_role("dialog", name="Commands")
    expect(palette).to_be_visible()
    page.keyboard.type("me")
    page.keyboard.press("Enter")
    eventually(lambda: Conversation.all_workspaces.get(pk=four.pk).assignee_id == ben.user.pk, "assigned")
    # Pressing z twice snoozes until tomorrow, however fast; Ctrl+Z does not.
    commands = Slow(page, re.compile("/inbox/5/commands"))
    page.locator(f"#row-{five.pk}").focus()
    page.keyboard.press("z")
    expect(palette).to_be_visible()
    page.keyboard.press("Control+z")
    page.keyboard.press("z")
    commands.take().continue_()
    commands.done()
    eventually(lambda: Conversation.all_workspaces.get(pk=five.pk).snoozed_until is not None, "snoozed")


def test_key_pressed_while_a_conversation_opens_is_done_to_that_one(
    window: Window, ben: Member, three: list[Conversation]
) -> None:
    page = window.page
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    page.route("**/nothing", lambda route: route.continue_())
    window.enter(ben)
    window.wait_until_live()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#subject")).to_have_text("Number 1")
    opening = Slow(page, "**/inbox/2?*")
    page.keyboard.press("]")
    waiting = opening.take()
    page.keyboard.press("e")
    waiting.continue_()
    expect(page.locator("#subject")).to_have_text("Number 2")
    eventually(lambda: Conversation.all_workspaces.get(pk=three[1].pk).status == "resolved", "resolved")
    assert Conversation.all_workspaces.get(pk=three[0].pk).status == "open"
    page.keyboard.press("Control+z")
    eventually(lambda: Conversation.all_workspaces.get(pk=three[1].pk).status == "open", "open again")
    opening.done()

    # What is typed after r is the reply, also after a pause and with letters that are keys.
    opening = Slow(page, "**/inbox/1?*")
    page.keyboard.press("[")
    waiting = opening.take()
    page.keyboard.press("r")
    page.evaluate("new Promise((done) => setTimeout(done, 1100))")
    page.keyboard.type("Wxe#", delay=10)
    page.keyboard.press("Backspace")
    waiting.continue_()
    expect(page.locator("#reply-body")).to_have_value("Wxe")
    expect(page.locator("#reply-body")).to_be_focused()
    page.keyboard.press("Escape")
    opening.done()

    # Its draft is there again, and more is written behind it.
    page.keyboard.press("]")
    expect(page.locator("#subject")).to_have_text("Number 2")
    page.keyboard.press("[")
    expect(page.locator("#subject")).to_have_text("Number 1")
    page.keyboard.press("r")
    page.keyboard.type("y")
    expect(page.locator("#reply-body")).to_have_value("Wxey")
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.locator("#subject")).to_have_text("Number 2")

    # One that never comes takes the key with it.
    opening = Slow(page, "**/inbox/3?*")
    page.keyboard.press("]")
    waiting = opening.take()
    page.keyboard.press("e")
    waiting.abort()
    page.get_by_role("button", name="Back to what was open").click()
    opening.done()
    page.locator(f"#row-{three[2].pk}").click()
    expect(page.locator("#subject")).to_have_text("Number 3")
    # What a row has no command for opens its conversation first.
    page.locator(f"#row-{three[0].pk}").focus()
    page.keyboard.press("Shift+F")
    expect(page).to_have_url(re.compile("/inbox/1/forward"))
    assert Conversation.all_workspaces.get(pk=three[2].pk).status == "open"
    window.faults.clear()  # of the answer that never came


def test_keyboards_of_other_scripts_and_caps_lock_move_as_well(
    window: Window, ben: Member, three: list[Conversation]
) -> None:
    window.enter(ben)
    page = window.page
    press = "([key, code, shiftKey]) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, shiftKey, bubbles: true, cancelable: true }))"
    page.evaluate(press, ["о", "KeyJ", False])  # Cyrillic, at the place of j
    expect(page.locator(f"#row-{three[0].pk}")).to_be_focused()
    page.evaluate(press, ["J", "KeyJ", False])  # caps lock
    expect(page.locator(f"#row-{three[1].pk}")).to_be_focused()
    page.evaluate(press, ["?", "Minus", True])
    expect(page.locator("#help")).to_be_visible()


def test_palette_finds_commands_by_typing_and_returns_the_focus(
    window: Window, ben: Member, three: list[Conversation]
) -> None:
    window.enter(ben, f"/w/acme/inbox/{three[0].number}")
    page = window.page
    page.keyboard.press("r")
    writing = page.locator("#composer textarea:visible").first
    expect(writing).to_be_focused()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    page.keyboard.type("resolve")
    first = palette.get_by_role("option").first
    expect(first).to_contain_text("Resolve")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(first.locator("kbd")).to_have_text("e")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(writing).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("merge into")  # has no key: it is in a menu of the conversation
    expect(first).to_have_text("Merge into…")
    page.keyboard.press("Enter")
    page.wait_for_url("**/move*")
    page.keyboard.press("Control+k")
    page.keyboard.type("knowledge")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/w/acme/knowledge"))


def test_pressed_again_the_key_that_copies_takes_the_subject_and_the_address(
    window: Window, ben: Member, three: list[Conversation]
) -> None:
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.enter(ben, f"/w/acme/inbox/{three[0].number}?view=open")
    number, texts = f"#{three[0].number}", []
    for toast in (1, 2, 3):
        page.keyboard.press(".")
        expect(page.locator("#toasts .toast")).to_have_count(toast)
        texts.append(page.evaluate("navigator.clipboard.readText()"))
    assert texts == [number, f"{number} {three[0].subject}", f"{window.base}/w/acme/inbox/{three[0].number}"]


def test_keys_are_recorded_in_the_settings_and_work_at_once(
    window: Window, ben: Member, three: list[Conversation]
) -> None:
    window.enter(ben, "/w/acme/settings/keyboard")
    page = window.page
    field = page.get_by_label("Resolve or reopen")
    field.focus()
    page.keyboard.press("y")
    expect(field).to_have_value("y")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").last.click()
    page.goto(f"{window.base}/w/acme/inbox/{three[0].number}")
    page.locator("body").press("y")
    eventually(lambda: Conversation.all_workspaces.get(pk=three[0].pk).status == "resolved", "resolved")


def test_palette_inserts_macros_and_leads_to_what_has_a_name(
    window: Window, ben: Member, three: list[Conversation]
) -> None:
    workspace = ben.membership.workspace
    with tenancy.scope(workspace):
        act: dict[str, Any] = {"by": ben.actor, "at": clock.now()}
        knowledge_actions.create_macro(workspace=workspace, name="Orchard hours", body="We open at nine.", **act)
        actions.create_company(workspace=workspace, name="Orchard Ltd", **act)
    window.enter(ben, f"/w/acme/inbox/{three[0].number}")
    page = window.page
    writing, palette = page.locator("#composer textarea:visible").first, page.get_by_role("dialog", name="Commands")
    options = palette.get_by_role("option")
    page.keyboard.press("r")
    expect(writing).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("orchard")
    expect(options).to_have_text([re.compile("Orchard hours"), re.compile("Orchard Ltd")])
    page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(writing).to_have_value("We open at nine.")
    expect(writing).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("orchard ltd")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Orchard Ltd")).to_be_visible()
