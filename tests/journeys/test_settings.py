"""The settings in a browser: hours are typed in the page, and a widget is seen as it would be before it is saved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts import tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.chat import actions
from conversations.models import Widget
from tests.conftest import Member
from tests.journeys.conftest import Window
from tickets import queries

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_hours_are_added_copied_and_removed_in_the_page(window: Window, acme: Workspace, ada: Member) -> None:
    page = window.page
    window.enter(ada, "/w/acme/settings/hours")
    page.get_by_label("Weekly hours").check()
    # By keyboard: the new row has the cursor, and Enter saves.
    page.get_by_label("Monday, closes").fill("12:00")
    page.get_by_role("button", name="Add hours on Monday").press("Enter")
    expect(page.get_by_label("Monday, opens").nth(1)).to_be_focused()
    page.get_by_label("Monday, opens").nth(1).fill("13:00")
    page.get_by_label("Monday, closes").nth(1).fill("17:00")
    page.get_by_role("button", name="To all weekdays").click()
    expect(page.get_by_label("Friday, opens")).to_have_count(2)
    page.get_by_role("button", name="Remove these hours on Friday").last.click()
    expect(page.get_by_role("button", name="Add hours on Friday")).to_be_focused()
    page.get_by_role("button", name="Add hours on Saturday").click()
    page.get_by_label("Saturday, opens").fill("22:00")
    page.get_by_label("Saturday, closes").fill("02:00")
    page.get_by_label("Saturday, closes").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    with tenancy.scope(acme):
        found = queries.business_hours()
    assert found is not None
    both = [["09:00", "12:00"], ["13:00", "17:00"]]
    assert found.as_json()["weekly"] == {
        **dict.fromkeys(("mon", "tue", "wed", "thu"), both), "fri": both[:1], "sat": [["22:00", "02:00"]], "sun": [],
    }  # fmt: skip


def test_preview_shows_what_is_typed_and_not_saved(window: Window, acme: Workspace, ada: Member) -> None:
    act = {"by": Actor.system(acme.pk), "at": datetime(2026, 11, 30, tzinfo=UTC)}
    with tenancy.scope(acme):
        # Its own website alone may show it, and the desk all the same.
        widget = actions.create_widget(workspace=acme, name="Website", allowed_origins=["https://shop.example"], **act)
    page = window.page
    window.enter(ada, f"/w/acme/settings/chat/{widget.public_id}")
    preview = page.frame_locator("#preview")
    button = preview.get_by_role("button")
    expect(button).to_be_visible()
    page.get_by_label("Text on the button").fill("اكتب لنا")
    expect(button).to_have_text("اكتب لنا")
    page.locator("#id_color").evaluate(
        "field => { field.value = '#0a7d4b'; field.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    expect(button).to_have_css("background-color", "rgb(10, 125, 75)")
    # The cursor stays where somebody types, though the widget opens to show it.
    page.get_by_label("Title").click()
    page.keyboard.type("Ask the shop", delay=60)
    expect(preview.frame_locator("iframe").get_by_text("Ask the shop")).to_be_visible()
    page.keyboard.type(" of Zoë")
    expect(preview.frame_locator("iframe").get_by_text("Ask the shop of Zoë")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Ask the shop of Zoë")
    expect(page.get_by_label("Title")).to_be_focused()
    page.get_by_label("Greeting").fill("你好 " * 250)
    expect(preview.frame_locator("iframe").get_by_text("你好 你好").first).to_be_visible()
    with tenancy.scope(acme):
        assert Widget.objects.get().title == ""
    # A refused form keeps what was typed, in the preview too.
    page.get_by_label("Allowed websites").fill("nonsense")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is not an origin")).to_be_visible()
    button = page.frame_locator("#preview").get_by_role("button")
    expect(button).to_have_text("اكتب لنا")
    page.locator("#preview").evaluate("frame => frame.scrollIntoView({ block: 'end' })")
    button.click()
    expect(page.frame_locator("#preview").frame_locator("iframe").get_by_text("Ask the shop of Zoë")).to_be_visible()
    page.get_by_label("Allowed websites").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    with tenancy.scope(acme):
        assert Widget.objects.get().title == "Ask the shop of Zoë"
    window.faults[:] = [fault for fault in window.faults if "422" not in fault]  # what a refused form is
