"""Tickets as only a browser shows them: the board by pointer, keyboard and menu, two agents side by side, and the panel."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from tests.conftest import Member
from tests.factories import ConversationFactory, TicketFactory
from tests.journeys.conftest import PATIENCE, WIDE, Window
from tests.runtime.machine import eventually
from tickets import actions as ticket_actions
from tickets.models import Ticket

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def card_in(page: Page, status: str, text: str) -> Locator:
    """A card in a column of the board."""
    return page.locator(f"#column-{status} .card-ticket", has_text=text)


def has_status(ticket: Ticket, status: str) -> None:
    """Wait until it is stored."""
    eventually(lambda: Ticket.all_workspaces.get(pk=ticket.pk).status == status, f"the status {status}")


def test_cards_move_by_pointer_keyboard_and_menu_and_go_back_when_refused(
    window: Window, acme: Workspace, ben: Member
) -> None:
    ticket = TicketFactory(workspace=acme, subject="Late parcels")
    page = window.page
    window.enter(ben, "/w/acme/tickets/board")
    card_in(page, "new", "Late parcels").drag_to(page.locator("#column-open"))
    expect(card_in(page, "open", "Late parcels")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Status set to Open.")
    has_status(ticket, "open")
    says = page.locator("[data-board-says]")
    # By the keyboard: Escape leaves it where it is, Space drops it.
    card_in(page, "open", "Late parcels").locator("[data-row]").focus()
    page.keyboard.press("Space")
    expect(says).to_contain_text("picked up from Open")
    page.keyboard.press("ArrowRight")
    expect(says).to_have_text("Waiting on customer")
    page.keyboard.press("Escape")
    expect(says).to_contain_text("stays in Open")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(card_in(page, "on_hold", "Late parcels")).to_be_visible()
    has_status(ticket, "on_hold")
    # By the menu; what is refused goes back with the reason.
    page.route("**/tickets/*/status", lambda route: route.fulfill(status=403, body=""))
    card_in(page, "on_hold", "Late parcels").locator("summary").click()
    page.get_by_role("button", name="Resolved").click()
    expect(page.locator("#toasts")).to_contain_text("Your role does not allow this.")
    expect(card_in(page, "on_hold", "Late parcels")).to_be_visible()
    page.unroute("**/tickets/*/status")
    card_in(page, "on_hold", "Late parcels").locator("summary").click()
    page.get_by_role("button", name="Resolved").click()
    expect(card_in(page, "resolved", "Late parcels")).to_be_visible()
    has_status(ticket, "resolved")
    assert all("403" in fault for fault in window.faults)
    window.faults.clear()


def test_a_colleagues_changes_appear_on_the_board_and_beside_the_thread(
    window: Window, acme: Workspace, ben: Member
) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Where is my parcel?")
    system = Actor.system(acme.pk)
    ticket = actions.escalate(conversation=conversation, by=system, at=clock.now())
    page = window.page
    window.enter(ben, "/w/acme/tickets/board")
    window.wait_until_live()
    ticket_actions.set_status(ticket=ticket, status="on_hold", by=system, at=clock.now())
    expect(card_in(page, "on_hold", "Where is my parcel?")).to_be_visible()
    window.go(f"/w/acme/inbox/{conversation.number}")
    window.wait_until_live()
    expect(page.locator("#ticket-status")).to_have_value("on_hold")
    ticket_actions.set_status(ticket=ticket, status="pending", by=system, at=clock.now())
    expect(page.locator("#ticket-status")).to_have_value("pending")


def test_ticket_is_changed_beside_the_thread_linked_and_unlinked(window: Window, acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Where is my parcel?")
    known = TicketFactory(workspace=acme, subject="Late parcels")
    page = window.page
    window.enter(ben, f"/w/acme/inbox/{conversation.number}")
    page.locator("#menu-link-ticket > summary").click()
    page.locator("#find-ticket").fill("parcels")
    page.get_by_role("button", name=re.compile("Late parcels")).click()
    expect(page.locator("#toasts")).to_contain_text(f"Linked to ticket {known.number}.")
    page.locator("#ticket-status").select_option("on_hold")
    expect(page.locator("#toasts")).to_contain_text("Status set to On hold.")
    has_status(known, "on_hold")
    page.locator("#toasts .toast", has_text="On hold").get_by_role("button", name="Undo").click()
    has_status(known, "new")
    expect(page.locator("#ticket-status")).to_have_value("new")
    page.locator("#summary-ticket-owner").click()
    page.locator("#menu-ticket-owner select").select_option(f"user-{ben.user.pk}")
    expect(page.locator("#summary-ticket-owner")).to_contain_text("Ben Kimura")
    page.get_by_role("button", name="Unlink from ticket").click()
    expect(page.locator("#toasts")).to_contain_text("Unlinked from the ticket.")
    # `T` opens a ticket, and leads to it once it is there.
    expect(page.locator("#menu-ticket")).to_be_visible()
    page.keyboard.press("Shift+T")
    expect(page.locator("#reason")).to_be_visible()
    page.get_by_role("button", name="Open ticket").click()
    expect(page.locator("#ticket-card")).to_be_visible()
    page.locator("#log").focus()
    page.keyboard.press("Shift+T")
    page.wait_for_url(re.compile(r"/tickets/\d+$"), timeout=PATIENCE)


def test_two_agents_work_on_one_ticket_side_by_side(
    window: Window, chromium: Browser, acme: Workspace, ben: Member, ada: Member
) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Where is my parcel?")
    ticket = actions.escalate(conversation=conversation, by=Actor.system(acme.pk), at=clock.now())
    page, path = window.page, f"/w/acme/tickets/{ticket.number}"
    other = Window(chromium.new_context(viewport=WIDE).new_page(), window.base, [])  # type: ignore[arg-type]
    window.enter(ben, path)
    other.enter(ada, path)
    for one in (window, other):
        one.wait_until_live()
    note, toasts = page.locator("#note"), page.locator("#toasts")
    page.locator("#reason").fill("Not saved yet")
    note.press_sequentially("Half a")
    note.press("ArrowLeft")
    # What Ada changes appears, and what Ben is typing stays, with its caret.
    other.page.locator("#status").select_option("on_hold")
    expect(page.locator("#status")).to_have_value("on_hold")
    expect(page.locator("#ticket-history")).to_contain_text("Status: On hold")
    note.press("X")
    expect(note).to_have_value("Half Xa")
    # So it does when Ben changes something himself, and when that is refused or does not arrive.
    page.locator("#priority").select_option("high")
    expect(toasts).to_contain_text("Priority set to High.")
    expect(other.page.locator("#priority")).to_have_value("high")
    answers = [lambda route: route.abort(), lambda route: route.fulfill(status=403, body="")]
    page.route("**/tickets/*/priority*", lambda route: answers.pop(0)(route))
    for reason in ("The server cannot be reached.", "Your role does not allow this."):
        page.locator("#priority").select_option("low")
        expect(toasts).to_contain_text(reason)
        expect(page.locator("#priority")).to_have_value("high")
    page.unroute("**/tickets/*/priority*")
    # Keys that step through a list choose where they stop, not what they pass.
    for _ in range(2):
        page.locator("#priority").press("ArrowUp")
    expect(toasts).to_contain_text("Priority set to Low.")
    expect(page.locator("#ticket-history")).not_to_contain_text("Priority: Medium")
    expect(note).to_have_value("Half Xa")
    expect(page.locator("#reason")).to_have_value("Not saved yet")
    page.get_by_role("button", name="Add note").click()
    expect(other.page.locator("#notes-list")).to_contain_text("Half Xa")
    expect(note).to_have_value("")
    expect(page.locator("#reason")).to_have_value("Not saved yet")
    # One card moved by both: the second is told, and sees where it is.
    for one in (window, other):
        one.go("/w/acme/tickets/board")
        one.wait_until_live()
    waiting: list[Route] = []
    page.route("**/tickets/*/status", lambda route: waiting.append(route))
    card_in(page, "on_hold", "Where is").drag_to(page.locator("#column-open"))
    expect(card_in(page, "open", "Where is")).to_be_visible()
    card_in(other.page, "on_hold", "Where is").drag_to(other.page.locator("#column-resolved"))
    has_status(ticket, "resolved")
    waiting[0].continue_()
    expect(toasts).to_contain_text("Someone has moved it meanwhile: its status is Resolved.")
    expect(card_in(page, "resolved", "Where is")).to_be_visible()
    has_status(ticket, "resolved")
    other.page.context.close()
    window.faults[:] = [fault for fault in window.faults if not re.search("403|422|ERR_FAILED", fault)]


def test_live_updates_keep_the_rows_the_place_and_the_focus(window: Window, acme: Workspace, ben: Member) -> None:
    made = [TicketFactory(workspace=acme, subject=f"Ticket {n:02}", status="open") for n in range(60)]
    system, page = Actor.system(acme.pk), window.page
    actions.create_view(
        workspace=acme, name="On hold", visibility="shared", condition={"field": "status", "is": "on_hold"},
        by=ben.actor, at=clock.now(),
    )  # fmt: skip
    window.enter(ben, "/w/acme/tickets")
    window.wait_until_live()
    rows = page.locator(".ticket-row")
    page.get_by_role("link", name="Show more").click()
    expect(rows).to_have_count(60)
    rows.last.locator("[data-row]").focus()
    rows.last.scroll_into_view_if_needed()
    ticket_actions.update(ticket=made[30], subject="Changed meanwhile", by=system, at=clock.now())
    expect(rows.first).to_contain_text("Changed meanwhile")
    expect(rows).to_have_count(60)
    expect(rows.last.locator("[data-row]")).to_be_focused()
    expect(rows.last).to_be_in_viewport()
    # What is searched for stays on the board, where the focus follows a card to its column.
    page.locator("#search").fill("meanwhile")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Board").click()
    window.wait_until_live()
    expect(page.locator(".card-ticket")).to_have_count(1)
    card_in(page, "open", "Changed").locator("[data-row]").click()
    expect(page.locator("#ticket")).to_be_visible()
    window.wait_until_live()
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/tickets/board\?.*q=meanwhile"))
    window.wait_until_live()
    card_in(page, "open", "Changed").locator("[data-row]").focus()
    ticket_actions.set_status(ticket=made[30], status="on_hold", by=system, at=clock.now())
    expect(card_in(page, "on_hold", "Changed").locator("[data-row]")).to_be_focused()
    # A saved view by its key.
    page.keyboard.press("g")
    page.keyboard.press("1")
    page.wait_for_url(re.compile(r"/tickets/board\?view=v-"))
    expect(page.locator(".card-ticket")).to_have_count(1)


def test_a_finger_that_stays_carries_a_card_and_one_that_moves_scrolls(
    window: Window, acme: Workspace, ben: Member
) -> None:
    ticket, page = TicketFactory(workspace=acme, subject="Late parcels"), window.page
    page.clock.install()
    window.enter(ben, "/w/acme/tickets/board")
    fingers = page.context.new_cdp_session(page)
    fingers.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    card, to = card_in(page, "new", "Late parcels"), page.locator("#column-open")

    def touch(kind: str, at: Locator | None = None, down: float = 40) -> None:
        box = at.bounding_box() if at else None
        points = [{"x": box["x"] + 60, "y": box["y"] + down}] if box else []
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    page.clock.pause_at(clock.now() + timedelta(seconds=5))  # no finger of a test is quicker than a busy machine
    touch("touchStart", card)
    touch("touchMove", card, down=140)
    page.clock.resume()
    touch("touchEnd")
    expect(page.locator(".is-lifted")).to_have_count(0)
    touch("touchStart", card)
    expect(page.locator(".is-lifted")).to_have_count(1)
    touch("touchMove", to)
    expect(to).to_have_class(re.compile("is-over"))
    touch("touchEnd")
    expect(card_in(page, "open", "Late parcels")).to_be_visible()
    expect(page.locator(".is-lifted")).to_have_count(0)
    has_status(ticket, "open")
    assert Event.objects.filter(type="ticket.status_changed").count() == 1
    assert page.url.endswith("/tickets/board")


def test_keys_act_on_the_row_that_has_the_focus(window: Window, acme: Workspace, ben: Member) -> None:
    other, ticket = (TicketFactory(workspace=acme, subject=subject, status="open") for subject in ("Lamp", "Parcels"))
    page, keys = window.page, window.page.keyboard
    window.enter(ben, "/w/acme/tickets")
    window.wait_until_live()
    row = page.locator(".ticket-row", has_text="Parcels")
    keys.press("j")
    expect(row.locator("[data-row]")).to_be_focused()
    keys.press("i")
    expect(row).to_contain_text("Ben")
    keys.press("p")
    keys.type("crit")
    keys.press("Enter")
    expect(row).to_contain_text("Critical")
    expect(row.locator("[data-row]")).to_be_focused()
    keys.press("e")
    expect(row).to_have_count(0)
    expect(page.locator(".ticket-row [data-row]")).to_be_focused()
    has_status(ticket, "resolved")
    keys.press("Control+z")
    expect(row).to_be_visible()
    has_status(ticket, "open")
    # Without a conversation it has notes of its own, which are changed and deleted by the keyboard too.
    page.locator(".ticket-row [data-row]", has_text="Lamp").focus()
    keys.press("n")
    expect(page.locator("#note")).to_be_focused()
    page.locator("#subject").focus()
    keys.press("Control+k")
    keys.type("internal note")  # the palette of a ticket's page has it too
    keys.press("Enter")
    expect(page.locator("#note")).to_be_focused()
    keys.type("Ask finance")
    keys.press("Tab")
    keys.press("Enter")
    note = page.locator(".note-line")
    expect(note).to_contain_text("Ask finance")
    expect(page.locator("#note")).to_have_value("")
    note.get_by_text("Edit", exact=True).press("Enter")
    note.get_by_label("Note").fill("Ask legal")
    note.get_by_role("button", name="Save").press("Enter")
    expect(note).to_contain_text("edited")
    expect(note.get_by_text("Edit", exact=True)).to_be_focused()
    note.locator("summary", has_text="Delete").press("Enter")
    note.get_by_role("button", name="Delete note").press("Enter")
    expect(note).to_have_count(0)
    expect(page.locator("#note")).to_be_focused()
    expect(page.locator("#history-list")).to_contain_text("Note deleted")
    assert other.notes.count() == 0
