"""Selecting conversations and changing them together, by keyboard and pointer, while colleagues look at the same list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.bulk import working
from conversations.knowledge import actions as knowledge_actions
from conversations.models import BulkJob, Conversation
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory
from tests.journeys.conftest import Window
from tests.journeys.test_composer import until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

INBOX = "/w/acme/inbox?view=open"


def arrange(acme: Workspace, count: int) -> list[Conversation]:
    contact = ContactFactory(workspace=acme, name="Eve Adams")
    return [ConversationFactory(workspace=acme, contact=contact, subject=f"Case {n:02}") for n in range(count)]


def row(page: Page, conversation: Conversation) -> playwright.Locator:
    return page.locator(f"#row-{conversation.pk}")


def test_selection_by_keyboard_is_resolved_and_put_back_and_a_colleague_sees_both(
    window: Window, acme: Workspace, ben: Member
) -> None:
    rows, page = arrange(acme, 5), window.page
    window.enter(ben, INBOX)
    colleague = page.context.new_page()
    colleague.goto(f"{window.base}{INBOX}")
    colleague.wait_for_selector("html[data-live-state=live]")
    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator(".bulk__count")).to_have_text("3 selected")
    expect(row(page, rows[1])).to_have_attribute("aria-checked", "true")
    expect(row(page, rows[3])).to_have_attribute("aria-checked", "false")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".bulk__count")).to_have_text("4 selected")
    page.keyboard.press("e")
    expect(page.locator("[data-toast]")).to_contain_text("4 conversations changed.")
    expect(page.locator("#bulk")).to_have_count(0)
    for place in (page, colleague):
        expect(place.locator("#listbox .row:not(.is-gone)")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-toast]")).to_contain_text("4 conversations put back.")
    with tenancy.scope(acme):
        assert not Conversation.objects.exclude(status="open").exists()


def test_selection_stays_while_rows_change_and_escape_clears_it(window: Window, acme: Workspace, ben: Member) -> None:
    rows, page = arrange(acme, 4), window.page
    window.enter(ben, INBOX)
    window.wait_until_live()
    row(page, rows[0]).locator("> .face").click()
    row(page, rows[2]).click(modifiers=["Shift"])
    expect(page.locator(".bulk__count")).to_have_text("3 selected")
    assert page.url.endswith(INBOX)  # nothing was opened
    with tenancy.scope(acme):
        actions.set_priority(conversation=rows[1], priority="urgent", by=ben.actor, at=clock.now())
        actions.set_status(conversation=rows[2], status="resolved", by=ben.actor, at=clock.now())
    expect(row(page, rows[1])).to_contain_text("Urgent")
    expect(row(page, rows[1])).to_have_class(re.compile("is-picked"))
    page.mouse.move(900, 500)
    expect(page.locator(".bulk__count")).to_have_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.locator("#bulk")).to_have_count(0)
    expect(page.locator(".is-picked")).to_have_count(0)


def test_all_that_match_are_changed_by_a_job_whose_progress_is_shown(
    window: Window, acme: Workspace, ben: Member
) -> None:
    arrange(acme, 60)
    page = window.page
    window.enter(ben, INBOX)
    for key in ("*", "a"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Select all 60").click()
    expect(page.locator(".bulk__count")).to_have_text("All 60 selected")
    page.keyboard.press("l")
    page.locator("#bulk-tags").fill("swept")
    page.keyboard.press("Enter")
    job = page.locator("#bulk-job")
    expect(job).to_contain_text("0 of 60 conversations")
    page.reload()
    expect(job).to_contain_text("0 of 60 conversations")
    working.work_due()
    expect(job).to_contain_text("60 conversations changed.")
    job.get_by_role("link", name="Report").click()
    page.wait_for_url("**/bulk/*")
    page.go_back()
    job.get_by_role("button", name="Undo").click()
    expect(job).to_contain_text("Undoing")
    working.work_due()
    expect(job).to_contain_text("60 conversations put back.")
    job.get_by_role("button", name="Dismiss").click()
    page.reload()
    window.wait_until_live()
    expect(job).to_have_count(0)


SHOWN_OR_COUNTED = """() => document.querySelectorAll('#listbox .row:not(.is-gone)').length
  + Number(document.querySelector('#fresh:not([hidden])')?.textContent.match(/\\d+/)?.[0] ?? 0)"""


def test_selected_ones_are_merged_into_the_one_that_is_chosen_and_apart_again(
    window: Window, acme: Workspace, ben: Member
) -> None:
    rows, page = arrange(acme, 3), window.page
    window.enter(ben, INBOX)
    for key in ("*", "a"):
        page.keyboard.press(key)
    page.locator("#bulk").get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Merge …").click()
    dialog = page.get_by_role("dialog", name="Merge 3 conversations")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".bulk__count")).to_have_text("3 selected")
    page.locator("#bulk").get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Merge …").click()
    expect(dialog.get_by_label("Case 00")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-toast]")).to_contain_text(f"2 conversations merged into #{rows[1].number}.")
    expect(page.locator("#listbox .row:not(.is-gone)")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    # One of them may be counted as new above the list, where it was fetched again meanwhile.
    until(page, lambda: page.evaluate(SHOWN_OR_COUNTED) == 3)
    if page.locator("#fresh").is_visible():
        page.locator("#fresh").click()
    expect(page.locator("#listbox .row:not(.is-gone)")).to_have_count(3)


def test_answer_that_is_lost_keeps_the_selection_and_sending_again_changes_nothing_twice(
    window: Window, acme: Workspace, ben: Member
) -> None:
    rows, page = arrange(acme, 3), window.page
    window.enter(ben, INBOX)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)
        return route.abort()

    page.route("**/inbox/bulk/start*", lose)
    row(page, rows[0]).locator("> .face").click()
    page.keyboard.press("p")
    page.locator("#bulk").get_by_role("button", name="High").click()
    expect(page.locator("[data-toast]")).to_contain_text("The server cannot be reached.")
    expect(page.locator(".bulk__count")).to_have_text("1 selected")
    page.keyboard.press("p")
    page.locator("#bulk").get_by_role("button", name="High").click()
    expect(page.locator("#toasts")).to_contain_text("1 conversation changed.")
    assert BulkJob.all_workspaces.count() == 1
    window.faults[:] = [fault for fault in window.faults if "ERR_FAILED" not in fault]


def test_macro_is_previewed_applied_and_undone_and_its_text_can_be_edited(
    window: Window, acme: Workspace, ben: Member
) -> None:
    (conversation,) = arrange(acme, 1)
    page = window.page
    with tenancy.scope(acme):
        knowledge_actions.create_macro(
            workspace=acme,
            name="Refund",
            body="Dear {{customer.first_name}}",
            effects=[{"do": "add_tags", "tags": ["refund"]}, {"do": "status", "status": "pending"}],
            by=ben.actor,
            at=clock.now(),
        )
    window.enter(ben, f"/w/acme/inbox/{conversation.number}?view=open")
    page.keyboard.press("m")
    page.locator(".composer__form--reply .macros__filter").fill("refund")
    expect(page.locator(".composer__form--reply .macros__item")).to_be_visible()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Refund")
    expect(dialog).to_contain_text("Add tags: refund")
    expect(dialog).to_contain_text("Dear Eve")
    # What did not reach the desk leaves no text behind; sent again, it is there again.
    page.route("**/apply*", lambda route: route.abort(), times=1)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-toast]")).to_contain_text("cannot be reached")
    expect(page.locator("#reply-body")).to_have_value("")
    expect(page.locator("#reply-body")).to_be_focused()
    page.locator("[data-toast] button").first.click()
    expect(page.locator("#reply-body")).to_have_value("Dear Eve")
    expect(page.locator("[data-toast]")).to_contain_text("“Refund” applied.")
    expect(page.locator("#entries")).to_contain_text("with a macro")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-toast]")).to_contain_text("Undone.")
    with tenancy.scope(acme):
        row = Conversation.objects.get(pk=conversation.pk)
    assert (row.status, row.tags) == ("open", [])
    expect(page.locator("#reply-body")).to_have_value("Dear Eve")
    window.faults[:] = [fault for fault in window.faults if "ERR_FAILED" not in fault]
