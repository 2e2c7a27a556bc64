"""An agent writes articles and macros, and uses them in replies."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Member
from tests.factories import ArticleFactory, MacroFactory
from tests.journeys.conftest import NARROW, Api, Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_article_is_written_and_published_and_a_macro_answers_from_the_keyboard(
    window: Window, api: Api, ben: Member
) -> None:
    page = window.page
    MacroFactory(workspace=ben.membership.workspace, name="Refund", body="Dear {{customer.name}}, the money is coming.")
    MacroFactory(
        workspace=ben.membership.workspace,
        name="Scopes",
        body="Hi {{customer.first_name}},\nadd the scope to your key.\n{{agent.name}}, #{{conversation.number}}",
    )
    conversation = api.start("Need help with auth", "I am getting a 401.")
    window.enter(ben)

    # An article, from the keyboard; the title's Enter goes on to the text.
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(page.get_by_text("No articles yet")).to_be_visible()
    ArticleFactory(workspace=ben.membership.workspace, title="Where the rain gauge stands", body="Outside.")
    page.get_by_role("link", name="New article").click()
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("What a 401 means")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text")).to_be_focused()
    page.keyboard.type("The key lacks a scope.\n\n## What to do\n- Add it")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Draft saved.")
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Published.")
    page.keyboard.press("u")
    expect(page.get_by_role("list", name="All")).to_contain_text("What a 401 means")
    expect(page.get_by_role("heading", name="Knowledge")).to_be_focused()

    # Found while it is typed, opened, and back again.
    page.keyboard.press("/")
    page.keyboard.type("sco")
    expect(page.locator(".doc")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=sco"))
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What a 401 means")).to_be_visible()
    page.go_back()
    expect(page.locator(".doc")).to_have_count(1)

    # A macro at the caret of a reply, found by a word of its text.
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.get_by_role("option").click()
    expect(page.locator("#subject")).to_be_focused()
    page.keyboard.press("r")
    page.keyboard.type("Good morning! ")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    expect(page.locator("#macros-reply .macros__filter")).to_be_focused()
    expect(page.locator("#macros-reply [data-macro]:visible")).to_have_count(2)
    expect(page.locator("#macros-reply")).to_contain_text("Dear Ada Lovelace, the money is coming.")
    page.keyboard.type("key")
    expect(page.locator("#macros-reply [data-macro]:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    inserted = "Good morning! Hi Ada,\nadd the scope to your key.\nBen Kimura, #1"
    expect(page.locator("#reply-body")).to_have_value(inserted)
    expect(page.locator("#reply-body")).to_be_focused()
    expect(page.locator("#macros-reply")).not_to_have_attribute("open", "")

    # It can be taken back, chosen with the arrows, and it is a draft like what is typed.
    page.keyboard.press("Control+z")
    expect(page.locator("#reply-body")).to_have_value("Good morning! ")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#macros-reply").get_by_role("button", name="Scopes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#reply-body")).to_have_value(inserted)
    page.reload()
    expect(page.locator("#reply-body")).to_have_value(inserted)
    page.locator("#reply-body").press("Control+Enter")
    expect(page.locator(".message--ours")).to_contain_text("add the scope to your key.")
    listed = api.call("GET", f"/api/v1/conversations/{conversation}/messages")["messages"]
    assert listed[-1]["body"] == inserted


def test_macro_goes_into_the_form_that_is_shown_and_into_no_other(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    MacroFactory(workspace=ben.membership.workspace, name="Refund", body="The money is coming.")
    api.start("Need help with auth", "I am getting a 401.")
    window.enter(ben)
    page.get_by_role("option").click()
    expect(page.locator("#subject")).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.type("nothing like it")
    expect(page.get_by_text("No matching macros.")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#macros-note summary")).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#macros-note [data-macro]:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#note-body")).to_have_value("The money is coming.")
    expect(page.locator("#reply-body")).to_have_value("")
    expect(page.locator(".message--ours, .message--note")).to_have_count(0)


def test_wide_table_of_an_article_scrolls_on_a_phone_and_breaks_no_words(window: Window, ben: Member) -> None:
    page = window.page
    columns = 12
    table = "\n".join([f"|{' Thursday |' * columns}", f"|{'---|' * columns}", f"|{' Morning |' * columns}"])
    article = ArticleFactory(workspace=ben.membership.workspace, title="Opening hours", body=table)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    window.enter(ben, f"/w/acme/knowledge/articles/{article.public_id}")
    shown = page.get_by_role("table")
    assert shown.evaluate("table => table.getBoundingClientRect().right <= innerWidth")
    assert shown.evaluate("table => table.scrollWidth > table.clientWidth")
    cell = page.get_by_role("cell", name="Morning").first
    assert cell.evaluate("cell => cell.clientHeight < 2 * parseFloat(getComputedStyle(cell).lineHeight)")


def test_unsaved_text_is_not_left_by_mistake(window: Window, ben: Member) -> None:
    page = window.page
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    page.on("dialog", stay)
    for kind, name in (("articles", "Articles"), ("macros", "Macros")):
        window.enter(ben, f"/w/acme/knowledge/{kind}/new")
        page.get_by_label("Text").click()  # a browser asks only those who did something
        page.get_by_role("link", name=name).click()
        expect(page.get_by_label("Text")).to_have_count(0)
    assert asked == []

    window.enter(ben, "/w/acme/knowledge/articles/new")
    page.get_by_label("Text").fill("Half an article")
    page.get_by_role("link", name="Articles").click()
    expect(page.get_by_label("Text")).to_have_value("Half an article")
    assert asked == ["beforeunload"]

    # Refused by the server, it is still there, and still guarded.
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Give it a title.", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text("Nothing is saved yet. Title: Give it a title.")
    expect(page.get_by_label("Text")).to_have_value("Half an article")
    expect(page.get_by_label("Title")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Title").fill("Half")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name="Half")).to_be_visible()
    assert asked == ["beforeunload"]
    # The refused form's status is in the console.
    window.faults[:] = [fault for fault in window.faults if "422" not in fault]
