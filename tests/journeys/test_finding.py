"""An agent finds conversations: by suggestions of the search, by filters, and by views that are saved and put in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from accounts import clock, tenancy
from conversations import actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory
from tests.journeys.conftest import Window

if TYPE_CHECKING:
    from playwright.sync_api import Route

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_search_is_completed_from_the_keyboard_and_saved_as_a_view(window: Window, ben: Member) -> None:
    acme, page = ben.membership.workspace, window.page
    with tenancy.scope(acme):
        ida = ContactFactory(workspace=acme, name="Ida", email="ida@example.com")  # of whom no suggestion says "ta"
        one = ConversationFactory(workspace=acme, contact=ida, subject="Refund please", body="I want my money.")
        actions.set_tags(conversation=one, names=["needs reply"], by=ben.actor, at=clock.now())
        two = ConversationFactory(workspace=acme, contact=ida, subject="Charger", body="The money is gone.")
    window.enter(ben)
    search, options = page.locator("#search"), page.locator("#suggestions [role=option]")

    # An operator, then its value; the field keeps the focus, and says which option it is.
    page.keyboard.press("/")
    expect(options.first).to_be_visible()
    page.keyboard.type("money ta")
    expect(options).to_have_text([re.compile("tag:")])
    page.keyboard.press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", "suggestion-1")
    page.keyboard.press("Enter")
    expect(search).to_have_value("money tag:")
    expect(options).to_have_text([re.compile("needs reply")])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(search).to_have_value('money tag:"needs reply" ')
    expect(search).to_be_focused()
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".row mark")).to_have_text("money")
    # The search ends where the buttons beside it begin.
    field, button = (one.bounding_box() for one in (search, page.get_by_role("link", name="New conversation")))
    assert field
    assert button
    assert field["x"] + field["width"] <= button["x"]

    # Escape closes the suggestions first, and then clears the search.
    page.keyboard.type("is:")
    expect(options.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(search).to_have_value('money tag:"needs reply" is:')
    for _letter in "is:":
        page.keyboard.press("Backspace")
    expect(page.locator(".row")).to_have_count(1)

    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Refunds to answer")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Refunds to answer")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)

    # From anywhere, g and its digit.
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator(".row")).to_have_count(2)
    page.keyboard.press("g")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="Refunds to answer")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)

    # Tags are typed behind those that are there, and one that exists is taken, also before it was seen, and before the script of
    # the suggestions is there; Escape takes back.
    with tenancy.scope(acme):
        actions.set_tags(conversation=two, names=["billing", "late"], by=ben.actor, at=clock.now())
    page.locator(".row").click()
    expect(page.locator("#summary-tags")).to_contain_text("needs reply")
    held: list[Route] = []
    page.route("**/suggestions.*.js", lambda route: held.append(route))
    with page.expect_request("**/suggestions.*.js"):
        page.keyboard.press("l")
    page.keyboard.type("bill")
    page.keyboard.press("Enter")
    held[0].continue_()
    page.unroute("**/suggestions.*.js")
    field = page.locator("#menu-tags input.input")
    expect(field).to_have_value("needs reply, billing, ")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Escape")
    expect(page.locator("#summary-tags")).to_be_focused()
    expect(field).to_have_value("needs reply")
    page.keyboard.press("l")
    page.keyboard.type("bill")
    page.keyboard.press("Enter")
    expect(field).to_have_value("needs reply, billing, ")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Tags saved.")
    assert Conversation.all_workspaces.get(pk=one.pk).tags == ["needs reply", "billing"]
    page.keyboard.press("Control+z")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    assert Conversation.all_workspaces.get(pk=one.pk).tags == ["needs reply"]


def test_filters_are_chosen_in_the_list_and_taken_away_one_by_one(window: Window, ben: Member) -> None:
    acme, page = ben.membership.workspace, window.page
    with tenancy.scope(acme):
        one = ConversationFactory(workspace=acme, subject="Refund please")
        actions.set_tags(conversation=one, names=["vip"], by=ben.actor, at=clock.now())
        ConversationFactory(workspace=acme, subject="Charger")
    window.enter(ben)
    page.keyboard.press("v")
    page.get_by_role("checkbox", name="vip").check()
    page.get_by_role("checkbox", name="Open").check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.locator(".row")).to_have_count(1)
    expect(page).to_have_url(re.compile("status=open&tag=vip"))
    page.locator(".row").click()
    expect(page.locator("#subject")).to_contain_text("Refund please")
    expect(page).to_have_url(re.compile("tag=vip"))
    page.get_by_role("link", name="Remove filter: Tag: vip").click()
    expect(page.locator(".row")).to_have_count(2)
    page.go_back()
    expect(page.locator(".row")).to_have_count(1)


def test_favourite_views_are_put_in_order_by_the_keyboard_and_by_dragging(window: Window, ben: Member) -> None:
    acme, page = ben.membership.workspace, window.page
    with tenancy.scope(acme):
        for name in ("First", "Second", "Third"):
            view = actions.create_view(workspace=acme, name=name, subject="conversation", by=ben.actor, at=clock.now())
            actions.favorite_view(view=view, favorite=True, by=ben.actor, at=clock.now())
    window.enter(ben, "/w/acme/settings/views")
    names = page.locator("[data-order] .listing__who b")
    page.get_by_role("button", name="Move down: First").press("Enter")
    expect(names).to_have_text(["Second", "First", "Third"])
    page.locator("[data-order] > li").nth(2).drag_to(
        page.locator("[data-order] > li").first, target_position={"x": 30, "y": 4}
    )
    expect(names).to_have_text(["Third", "Second", "First"])


def test_conditions_are_edited_in_rows_while_matches_are_counted(window: Window, ben: Member) -> None:
    acme, page = ben.membership.workspace, window.page
    with tenancy.scope(acme):
        for subject in ("Refund please", "Refund again", "Charger"):
            ConversationFactory(workspace=acme, subject=subject)
    window.enter(ben, "/w/acme/settings/views/new?view=open")
    page.get_by_label("Name", exact=True).fill("Refunds")
    rows, check = page.locator(".cond__row"), page.locator("#cond-check")
    expect(check).to_contain_text("Matches 3 conversations")
    page.get_by_role("button", name="Add condition").click()
    expect(rows.nth(1).get_by_label("Field")).to_be_focused()
    rows.nth(1).get_by_label("Field").select_option("subject")
    rows.nth(1).get_by_label("Comparison").focus()
    rows.nth(1).get_by_label("Comparison").select_option("contains")
    expect(rows.nth(1).get_by_label("Comparison")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("refund")
    expect(check).to_contain_text("Matches 2 conversations")

    # The JSON says the same, and changes the rows.
    page.get_by_text("Advanced").click()
    json = page.get_by_label("Conditions as JSON")
    expect(json).to_have_value(re.compile('"contains": "refund"'))
    json.fill('{"any": [{"field": "subject", "is": "Charger"}, {"field": "unread", "is": true}]}')
    json.blur()
    expect(page.get_by_label("Which of the conditions have to hold")).to_have_value("any")
    rows.nth(1).get_by_role("button", name="Remove").click()
    expect(rows.nth(0).get_by_label("Field")).to_be_focused()
    expect(check).to_contain_text("Matches 1 conversation")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Refunds")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)
