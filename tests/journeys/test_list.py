"""The list as only a browser shows it: nothing is cut, changes are seen at once, places are kept, and what fails says so."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from accounts import actions as account_actions
from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Visibility
from conversations import actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, TeamFactory
from tests.journeys.conftest import Api, Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CUT = """() => [...document.querySelectorAll('.row')].flatMap((row) => {
  const box = row.getBoundingClientRect();
  return [...row.querySelectorAll('.row__meta > *, .when, .channel, .row__dot, :scope > .face')].filter((part) => {
    if (!part.checkVisibility()) return false;
    const { left, right, top, bottom } = part.getBoundingClientRect();
    const text = part.querySelector('bdi');
    const isShort = text && text.scrollWidth > text.clientWidth + 1 && !text.textContent.endsWith('…');
    return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1 || isShort;
  }).map((part) => part.textContent);
})"""
WORDS = {
    "Wolfeschlegelsteinhausenbergerdorff": ["Rechtsschutzversicherungsgesellschaften", "Donaudampfschifffahrt", "api"],
    "محمد عبد الرحمن الخطيب": ["طلب استرداد المبلغ المدفوع", "شحن", "عاجل"],
    "山田太郎": ["返品と返金の手続きについて", "配送", "請求書"],
    "Zoé 👩‍👩‍👧‍👦": ["👩‍👩‍👧‍👦 family plan upgrade", "WWWWWWWWWWWWWWWWWW", "x"],
}


def test_nothing_in_a_row_is_cut_at_any_width(window: Window, acme: Workspace, ben: Member) -> None:
    at, by = clock.now(), ben.actor
    team = TeamFactory(workspace=acme, name="Kundenzufriedenheitsabteilung Süd")
    for number, (name, tags) in enumerate(WORDS.items()):
        made = ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name=name), subject=name * 3)
        actions.set_tags(conversation=made, names=tags, by=by, at=at)
        actions.set_priority(conversation=made, priority="urgent", by=by, at=at)
        actions.escalate(conversation=made, by=by, at=at)
        assignment = {"team": team} if number % 2 else {"to": ben.user}
        actions.assign(conversation=made, by=by, at=at, **assignment)
        Conversation.all_workspaces.filter(pk=made.pk).update(next_response_due_at=at + timedelta(minutes=7 * number))
    window.enter(ben, "/w/acme/inbox?view=open")
    page = window.page
    for density, height in (("comfortable", 64), ("compact", 38)):
        page.locator("#menu-sort summary").click()
        page.locator(f"#menu-sort [value={density}]").click()
        page.keyboard.press("Escape")
        for width in (320, 360, 390, 1100, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(CUT) == [], (density, width)
            heights = page.evaluate("[...document.querySelectorAll('.row')].map((row) => row.offsetHeight)")
            assert heights == [height] * len(WORDS)
    page.reload()
    expect(page.locator("#rows")).to_have_class(re.compile("rows--compact"))


def test_change_is_seen_before_its_answer_and_taken_back_when_it_is_refused_or_lost(
    window: Window, api: Api, ben: Member
) -> None:
    api.start("Order 1234", "Where is it?")
    page = window.page
    window.enter(ben, "/w/acme/inbox/1?view=unassigned")
    window.wait_until_live()
    expect(page.locator(".row.is-read")).to_have_count(1)
    held: list[playwright.Route] = []
    page.route("**/inbox/1/status*", lambda route: held.append(route))
    page.keyboard.press("e")
    status, done = page.locator("#summary-status"), page.locator("#done")
    expect(status).to_have_text("Resolved")
    expect(done).to_contain_text("Reopen")
    expect(page.locator(".row.is-gone")).to_contain_text("Resolved")
    # Another one at once, while the first has no answer.
    page.keyboard.press("i")
    expect(page.locator("#summary-assign")).to_contain_text("Ben")
    assert len(held) == 1
    held.pop().fulfill(status=403, body="")
    expect(page.locator("#toasts")).to_contain_text("Your role does not allow this.")
    expect(status).to_have_text("Open")
    expect(done).to_contain_text("Resolve")
    expect(page.locator("#summary-assign")).to_contain_text("Ben")
    # Lost on its way: the same again by a button.
    with page.expect_request("**/inbox/1/status*"):
        page.keyboard.press("e")
    expect(status).to_have_text("Resolved")
    held.pop().abort()
    expect(status).to_have_text("Open")
    page.unroute("**/inbox/1/status*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#entries")).to_contain_text("Ben resolved it")
    expect(status).to_have_text("Resolved")

    # Done, though the answer was lost: the page hears of it, and does not go on saying that it failed.
    def lose(route: playwright.Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/inbox/1/status*", lose)
    page.keyboard.press("e")
    expect(page.locator("#entries")).to_contain_text("Ben reopened it")
    expect(status).to_have_text("Open")
    expect(page.locator("#toasts .toast--bad")).to_have_count(0)
    page.unroute("**/inbox/1/status*")
    assert all(re.search("403|ERR_FAILED", fault) for fault in window.faults)
    window.faults.clear()


def test_neighbours_are_fetched_ahead_and_stay_unread_and_one_that_changes_is_fetched_again(
    window: Window, api: Api, ben: Member
) -> None:
    api.start("First", "One")
    second = api.start("Second", "Two", "cus_2", "Ulf Two")
    window.enter(ben, "/w/acme/inbox?view=unassigned")
    window.wait_until_live()
    page = window.page
    with page.expect_response(re.compile(r"/inbox/2\?view")):
        page.get_by_role("option", name=re.compile("First")).click()
    expect(page.locator(".row.is-read")).to_have_count(1)  # the first alone
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("]")
    expect(page.locator("#entries")).to_contain_text("Two")
    expect(page).to_have_url(re.compile("/inbox/2"))
    assert not [url for url in asked if re.search(r"/inbox/2\?view", url)]
    expect(page.locator(".row.is-read")).to_have_count(2)
    # Back at the first, the second is fetched ahead once more, and again when the customer has written.
    with page.expect_response(re.compile(r"/inbox/2\?view")):
        page.keyboard.press("[")
    api.write(second, "Three")
    expect(page.get_by_role("option", name=re.compile("Second"))).to_contain_text("Three")
    with page.expect_response(re.compile(r"/inbox/2\?view")):
        page.keyboard.press("]")
    expect(page.locator("#entries")).to_contain_text("Three")


def test_back_forward_and_reload_keep_the_place_in_the_list(window: Window, acme: Workspace, ben: Member) -> None:
    for number in range(70):
        ConversationFactory(workspace=acme, subject=f"Number {number}")
    window.enter(ben, "/w/acme/inbox?view=unassigned")
    window.wait_until_live()
    page = window.page
    page.locator("#rows").evaluate("rows => rows.scrollTop = rows.scrollHeight")
    expect(page.locator("#listbox > .row")).to_have_count(70)
    page.get_by_role("option", name=re.compile("Number 60")).click()
    expect(page.locator("#subject")).to_have_text("Number 60")
    top = page.evaluate("document.getElementById('rows').scrollTop")
    assert top > 2000
    page.evaluate("window.sameRows = document.getElementById('rows')")
    page.go_back()
    expect(page.get_by_text("Pick a conversation")).to_be_visible()
    page.go_forward()
    expect(page.locator("#subject")).to_have_text("Number 60")
    page.keyboard.press("u")
    expect(page.locator(".row:focus")).to_contain_text("Number 60")
    assert page.evaluate("window.sameRows === document.getElementById('rows')")
    page.reload()
    expect(page.locator("#listbox > .row")).to_have_count(70)
    expect(page.locator(".row:focus")).to_contain_text("Number 60")
    assert abs(page.evaluate("document.getElementById('rows').scrollTop") - top) < 2


def test_what_is_late_is_a_skeleton_and_what_fails_offers_to_try_again_in_its_place(
    window: Window, api: Api, ben: Member
) -> None:
    api.start("First", "One")
    api.start("Second", "Two", "cus_2", "Ulf Two")
    page = window.page
    held: list[playwright.Route] = []
    page.route(re.compile(r"/inbox/2\?view"), lambda route: held.append(route))  # nor is it fetched ahead
    window.enter(ben, "/w/acme/inbox/1?view=unassigned")
    window.wait_until_live()
    page.keyboard.press("r")
    page.keyboard.type("Not sent yet")
    page.get_by_role("option", name=re.compile("Second")).click()
    expect(page.locator("#open > .cover:not(.is-failed)")).to_be_visible()
    for route in held:
        route.abort()
    expect(page.get_by_role("alert")).to_contain_text("The conversation could not be loaded")
    api.write(api.start("Third", "Three", "cus_3", "Una Three"), "Hello?")  # the rest lives
    expect(page.get_by_role("option", name=re.compile("Third"))).to_be_visible()
    page.get_by_role("button", name="Back to what was open").click()
    expect(page.locator("#reply-body")).to_have_value("Not sent yet")
    page.unroute(re.compile(r"/inbox/2\?view"))
    page.get_by_role("option", name=re.compile("Second")).click()
    expect(page.locator("#entries")).to_contain_text("Two")
    assert all("ERR_FAILED" in fault or "htmx" in fault for fault in window.faults)
    window.faults.clear()


def test_rows_that_colleagues_resolve_do_not_move_the_others_under_the_pointer(
    window: Window, acme: Workspace, ben: Member, ada: Member
) -> None:
    made = [ConversationFactory(workspace=acme, subject=f"Number {number}") for number in range(4)]
    window.enter(ben, "/w/acme/inbox?view=unassigned")
    window.wait_until_live()
    page = window.page
    last = page.get_by_role("option", name=re.compile("Number 3"))
    last.hover()
    before = last.bounding_box()
    colleague = page.context.browser.new_context().new_page()
    session = ada.signed_in().cookies["sessionid"].value
    colleague.context.add_cookies([{"name": "sessionid", "value": session, "url": window.base}])
    colleague.goto(f"{window.base}/w/acme/inbox/{made[1].number}?view=unassigned")
    colleague.wait_for_selector("html[data-live-state=live]")
    colleague.keyboard.press("e")
    expect(page.locator(".row.is-gone")).to_contain_text("Number 1")
    assert last.bounding_box() == before
    page.mouse.move(900, 500)
    expect(page.locator(".row")).to_have_count(3)
    # Undone, it is where it was before, here and there.
    colleague.get_by_role("button", name="Undo").click()
    expect(colleague.locator(".row")).to_have_count(4)
    assert re.findall(r"Number \d", " ".join(colleague.locator(".row__text").all_inner_texts())) == [
        f"Number {number}" for number in range(4)
    ]
    colleague.context.close()


def test_readers_own_colours_show_what_is_chosen_and_less_motion_is_none(
    window: Window, acme: Workspace, ben: Member
) -> None:
    for number in (1, 2):
        ConversationFactory(workspace=acme, subject=f"Number {number}")
    page = window.page
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    window.enter(ben, "/w/acme/inbox?view=open")
    window.wait_until_live()
    page.locator(".row").first.click()
    chosen = page.locator('.row[aria-selected="true"]')
    expect(chosen).to_have_count(1)
    page.locator("#subject").focus()
    for one in (chosen, page.locator(".rail [aria-current]").first, page.locator(".composer__tab:has(:checked)")):
        expect(one).to_have_css("outline-style", "solid")
    expect(page.locator('.row[aria-selected="false"]')).to_have_css("outline-style", "none")
    assert page.locator(".row__dot").last.evaluate("(one) => getComputedStyle(one).forcedColorAdjust") == "none"
    # Menus open, toasts come and rows go without moving.
    page.keyboard.press("a")
    expect(page.locator("#menu-assign")).to_have_attribute("open", "")
    assert page.evaluate(moving) == 0
    page.keyboard.press("Escape")
    page.locator("#done").click()
    expect(page.locator("#toasts")).to_contain_text("Resolved")
    assert page.evaluate(moving) == 0


def test_conversation_that_goes_out_of_sight_leaves_the_page_but_for_what_was_being_written(
    window: Window, acme: Workspace, api: Api, ada: Member, ben: Member
) -> None:
    api.start("Order 1234", "Where is it?")
    page = window.page
    window.enter(ben, "/w/acme/inbox/1?view=open")
    window.wait_until_live()
    page.locator("#reply-body").fill("It left on Mon")
    account_actions.set_visibility(membership=ben.membership, visibility=Visibility.TEAMS, by=ada.actor, at=clock.now())
    expect(page.get_by_role("heading", name="You can no longer see this conversation")).to_be_visible()
    expect(page.get_by_label("What you were writing:")).to_have_value("It left on Mon")
    expect(page.get_by_label("What you were writing:")).to_be_focused()
    expect(page.locator("main")).not_to_contain_text("Where is it?")
    expect(page.locator(".row")).to_have_count(0)
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_url(re.compile("/inbox\\?view=open"))
    assert all("404" in fault for fault in window.faults)
    window.faults.clear()
