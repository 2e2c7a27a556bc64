"""Writing while answers are on their way: nothing reaches the wrong reader, nothing is lost, nothing is sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from accounts import clock, tenancy
from conversations.models import Attachment, Conversation, Message
from tests.conftest import Member
from tests.factories import MacroFactory
from tests.journeys.conftest import NARROW, Api, Window
from tests.journeys.test_assistant import know

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def until(page: Page, holds: str | Callable[[], bool]) -> None:
    """Let the page go on until something holds in it, or here."""
    for _ in range(1000):
        if page.evaluate(holds) if isinstance(holds, str) else holds():
            return
        page.evaluate("new Promise(requestAnimationFrame)")
    raise AssertionError(f"{holds} does not come to hold")


def pane(page: Page) -> str:
    """The open conversation's markup, without the tokens that are new in every answer."""
    return re.sub(r'(name="csrfmiddlewaretoken"|name="send_id") value="[^"]*"', "", page.locator("#open").inner_html())


class Slow:
    """A slow network between the page and one path: its requests wait here until the test lets them go."""

    def __init__(self, page: Page, path: str | re.Pattern[str]) -> None:
        self.page, self.path, self.routes, self.count = page, path, list[Any](), 0
        page.route(path, self._hold)

    def _hold(self, route: Route) -> None:
        self.count += 1
        self.routes.append(route)

    def take(self) -> Route:
        """The request that waits, as soon as there is one."""
        until(self.page, lambda: bool(self.routes))
        return self.routes.pop(0)  # type: ignore[no-any-return]

    def done(self) -> None:
        """The network is as it was."""
        self.page.unroute(self.path)


def open_desk(window: Window, api: Api, ben: Member) -> None:
    """Two conversations, of Ida and of Ulf; the first is open.

    Chromium lets requests pass for a moment after interception has begun: it begins here, and not with the first `Slow`.
    Nothing is fetched ahead, so that each request is one that somebody made.
    """
    window.page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    window.page.route("**/nothing", lambda route: route.continue_())
    api.start("First", "Our gate sticks at the hinge", "cus_1", "Ida One")
    api.start("Second", "Two", "cus_2", "Ulf Two")
    window.enter(ben)
    window.wait_until_live()
    window.page.keyboard.press("j")
    window.page.keyboard.press("Enter")
    shows(window.page, "First")


def shows(page: Page, subject: str) -> None:
    """The conversation is open, and what was asked for has the focus."""
    expect(page.locator("#subject")).to_have_text(subject)
    expect(page.locator("#subject")).to_be_focused()
    expect(page.locator(".htmx-settling, .htmx-added")).to_have_count(0)


def sent(number: int, kind: str) -> list[str | None]:
    """What was written in a conversation, as the database has it."""
    rows = Message.all_workspaces.filter(conversation__number=number, kind=kind, sender_kind="agent").order_by("id")
    return list(rows.values_list("body", flat=True))


def row(number: int) -> Conversation:
    return Conversation.all_workspaces.get(number=number)


def write(page: Page, mode: str, text: str) -> None:
    """Turn to the form by the keyboard and type."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(mode)
    page.keyboard.type(text)


def arranged(window: Window, *texts: str) -> None:
    """Console messages about failures that the test has caused."""
    window.faults[:] = [fault for fault in window.faults if not any(text in fault for text in texts)]


def test_reply_and_note_never_mix_while_an_answer_is_on_its_way(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    know(ben, "Oil the hinge.")
    with tenancy.scope(ben.membership.workspace):
        MacroFactory(workspace=ben.membership.workspace, name="Gréeting", body="Good morning from the macro.")
    open_desk(window, api, ben)
    reply, note = page.locator("#reply-body"), page.locator("#note-body")
    replies, notes = Slow(page, "**/inbox/1/reply*"), Slow(page, "**/inbox/1/note*")

    # A reply on its way; the note that is typed meanwhile is a note, to its end.
    write(page, "r", "On its way.")
    page.keyboard.press("Control+Enter")
    waiting = replies.take()
    expect(page.locator("#outbox .bubble")).to_have_text("On its way.")
    expect(page.locator("#outbox")).to_contain_text("Sending")
    expect(reply).to_have_value("")
    write(page, "n", "He is lying, ")
    waiting.continue_()
    expect(page.locator(".message--ours")).to_contain_text("On its way.")
    expect(page.locator("#outbox .unsent")).to_have_count(0)
    page.keyboard.type("do not tell him.")
    expect(note).to_be_focused()
    expect(note).to_have_value("He is lying, do not tell him.")
    expect(page.locator("#mode-note")).to_be_checked()
    expect(reply).to_have_value("")

    # The reverse, with Send & resolve on top of it.
    page.keyboard.press("Control+Enter")
    waiting = notes.take()
    write(page, "r", "All is ")
    waiting.continue_()
    expect(page.locator(".message--note")).to_contain_text("do not tell him.")
    page.keyboard.type("well.")
    expect(reply).to_have_value("All is well.")
    page.keyboard.press("Control+Shift+Enter")
    waiting = replies.take()
    write(page, "n", "Refunded ")
    waiting.continue_()
    expect(page.locator("#summary-status")).to_contain_text("Resolved")
    page.keyboard.type("twice.")
    expect(note).to_have_value("Refunded twice.")
    expect(note).to_be_focused()
    note.fill("")
    assert sent(1, "message") == ["On its way.", "All is well."]
    assert sent(1, "internal-note") == ["He is lying, do not tell him."]

    # What is typed on in the same form stays, is stored, and is not sent along; sending twice sends once.
    for mode, requests, kind in (("r", replies, "message"), ("n", notes, "internal-note")):
        write(page, mode, "Sent.")
        page.keyboard.press("Control+Enter")
        page.keyboard.press("Control+Enter")
        waiting = requests.take()
        page.keyboard.type("The rest")
        page.keyboard.press("Control+Enter")
        box = reply if mode == "r" else note
        expect(page.locator("form:visible > .composer__tools [data-send='']")).to_be_disabled()
        waiting.continue_()
        expect(page.locator("#entries .bubble").last).to_have_text("Sent.")
        expect(page.locator("form:visible > .composer__tools [data-send='']")).to_be_enabled()
        expect(box).to_have_value("The rest")
        expect(box).to_be_focused()
        drafts = page.evaluate(
            "Object.entries(sessionStorage).filter(([key]) => /^(draft|sending|returned):/.test(key))"
        )
        assert [text for _, text in drafts] == ["The rest"]
        box.fill("")
        assert sent(1, kind)[-1] == "Sent."
        assert requests.routes == []
    # A click on Send leaves the focus in the text, where the writing goes on.
    write(page, "r", "By the button.")
    page.get_by_role("button", name="Send to Ida").dblclick()
    waiting = replies.take()
    page.keyboard.type("e")
    waiting.continue_()
    expect(page.locator("#entries .bubble").last).to_have_text("By the button.")
    expect(reply).to_have_value("e")
    reply.fill("")
    assert replies.routes == []

    # A suggestion that comes late turns nothing, and Ctrl+Enter sends beside it.
    suggestions = Slow(page, "**/inbox/1/suggest*")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    waiting = suggestions.take()
    write(page, "n", "Ask the ")
    waiting.continue_()
    expect(page.locator("#draft[data-text]")).to_have_count(1)
    page.keyboard.type("smith.")
    expect(note).to_have_value("Ask the smith.")
    expect(page.locator("#mode-note")).to_be_checked()
    note.fill("")
    write(page, "r", "With a suggestion on display.")
    page.keyboard.press("Control+Enter")
    waiting = replies.take()
    expect(page.get_by_role("button", name="Send to Ida")).to_be_disabled()
    waiting.continue_()
    expect(page.locator("#entries .bubble").last).to_have_text("With a suggestion on display.")

    # A macro goes where it was chosen, and not into what was written meanwhile.
    macros = Slow(page, "**/inbox/1/macros/*-*")
    for typed in ("", "Hello. "):
        write(page, "r", "")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("m")
        page.keyboard.type("greet")
        expect(page.locator("[data-macro]:visible")).to_have_count(1)
        page.keyboard.press("Enter")
        waiting = macros.take()
        page.keyboard.type(typed)
        write(page, "n", "A note, ")
        waiting.continue_()
        if typed:
            page.get_by_role("button", name="Insert", exact=True).wait_for()
        else:
            expect(reply).to_have_value("Good morning from the macro.")
        page.keyboard.type("whole.")
        expect(note).to_have_value("A note, whole.")
        note.fill("")
        if typed:
            expect(reply).to_have_value(typed)
            page.get_by_role("button", name="Insert", exact=True).click()
            expect(reply).to_have_value(f"{typed}Good morning from the macro.")
        write(page, "r", "")
        reply.fill("")


def test_what_is_not_sent_is_never_lost_and_never_sent_twice(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    open_desk(window, api, ben)
    reply, alert = page.locator("#reply-body"), page.locator("#fault-reply")
    replies = Slow(page, "**/inbox/1/reply*")
    outdated = {"Desk-Conversation": "1", "Desk-Problem": "outdated"}
    failures: list[tuple[dict[str, Any] | None, str]] = [
        (None, "The server cannot be reached."),
        ({"status": 500, "body": "<h1>Oh</h1>"}, "That did not work."),
        ({"status": 403, "body": "<h1>No</h1>", "headers": outdated}, "Reload it; your draft is kept."),
    ]
    text = "Three words here"
    for given, (answer, words) in enumerate(failures):
        # The box was left alone: the text is there again, with the reason.
        write(page, "r", text)
        page.keyboard.press("Control+Enter")
        waiting = replies.take()
        expect(reply).to_have_value("")
        waiting.fulfill(**answer) if answer else waiting.abort()
        expect(alert).to_contain_text(words)
        expect(reply).to_have_value(text)
        expect(page.locator("#outbox .unsent")).to_have_count(0)
        # Something else was written meanwhile: it stays as it is, and so does what was not sent.
        if answer:
            page.keyboard.press("Control+Enter")
        else:
            page.evaluate("document.dispatchEvent(new Event('desk:live'))")
            expect(alert).to_contain_text("It can be reached again.")
            alert.get_by_role("button", name="Try again").click()
        waiting = replies.take()
        page.keyboard.type("Something else")
        waiting.fulfill(**answer) if answer else waiting.abort()
        expect(page.locator(".unsent__why")).to_contain_text(words)
        expect(reply).to_have_value("Something else")
        expect(page.locator(".unsent .bubble")).to_have_text(text)
        if given == 0:
            # Once the server can be reached again, both say so.
            page.evaluate("document.dispatchEvent(new Event('desk:live'))")
            expect(page.locator(".unsent__why")).to_contain_text("It can be reached again.")
            page.get_by_role("button", name="Edit").click()
            expect(reply).to_have_value(f"Something else\n\n{text}")
            expect(reply).to_be_focused()
        elif given == 1:
            page.get_by_role("button", name="Discard", exact=True).click()
        else:
            page.get_by_role("button", name="Send again").click()
            replies.take().continue_()
            expect(page.locator("#entries .bubble").last).to_have_text(text)
        expect(page.locator("#outbox .unsent")).to_have_count(0)
        reply.fill("")
    assert sent(1, "message") == [text]

    # It arrived, and its answer was lost. Sent again it is answered by the first; changed, it is held.
    page.route("**/inbox/1/fresh*", lambda route: route.abort())
    for change in ("", " today"):
        page.reload()
        page.keyboard.press("r")
        page.keyboard.type(f"Once only{change}")
        page.keyboard.press("Control+Enter")
        waiting = replies.take()
        waiting.fetch()
        waiting.abort()
        expect(reply).to_have_value(f"Once only{change}")
        if change:
            page.keyboard.type(", or tomorrow")
        page.keyboard.press("Control+Enter")
        replies.take().continue_()
        if change:
            expect(alert).to_contain_text("This was already sent")
            expect(reply).to_have_value("Once only today, or tomorrow")
        else:
            expect(page.locator("#entries .bubble").last).to_have_text("Once only")
            expect(reply).to_have_value("")
    reply.fill("")
    assert sent(1, "message") == [text, "Once only", "Once only today"]
    # Lost as well, but the thread shows by itself that it is there: nothing is left to send.
    page.keyboard.type("By itself")
    page.keyboard.press("Control+Enter")
    waiting = replies.take()
    waiting.fetch()
    waiting.abort()
    expect(reply).to_have_value("By itself")
    page.unroute("**/inbox/1/fresh*")
    page.reload()
    expect(page.locator("#entries .bubble").last).to_have_text("By itself")
    expect(reply).to_have_value("")

    # Another conversation is open when it fails: it says so, touches nothing there, and the text waits in its own.
    page.keyboard.press("r")
    page.keyboard.type("For Ida alone")
    page.keyboard.press("Control+Enter")
    waiting = replies.take()
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.locator("#subject")).to_have_text("Second")
    page.keyboard.press("r")
    page.keyboard.type("For Ulf ")
    waiting.abort()
    expect(page.locator("#toasts")).to_contain_text("#1: the reply was not sent.")
    page.keyboard.type("alone")
    expect(reply).to_have_value("For Ulf alone")
    expect(page.locator("#outbox .unsent")).to_have_count(0)
    window.go("/w/acme/inbox/1")
    expect(reply).to_have_value("For Ida alone")
    # Or it succeeds there.
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")
    waiting = replies.take()
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    shows(page, "Second")
    before = pane(page)
    waiting.continue_()
    until(page, "!Object.keys(sessionStorage).some((key) => key.startsWith('sending:'))")
    assert pane(page) == before
    assert (sent(1, "message")[-1], sent(2, "message")) == ("For Ida alone", [])
    arranged(window, "ERR_FAILED", "500", "403", "409")


def test_no_answer_of_one_conversation_touches_another(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    know(ben, "Oil the hinge.")
    open_desk(window, api, ben)
    selected = page.locator('.row[aria-selected="true"]')

    # Resolved, gone on to the next, undone: the second stays as it is, the first is open again.
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("#1 Resolved.")
    page.keyboard.press("]")
    shows(page, "Second")
    before = pane(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("#1 Undone.")
    assert pane(page) == before
    assert (row(1).status, row(2).status) == ("open", "open")
    assert row(1).waiting_since == Message.all_workspaces.filter(conversation__number=1).earliest("id").created_at

    # Changes, suggestions and errors that arrive late.
    window.go("/w/acme/inbox/2?view=open")
    for key, path, answer in (
        ("i", "assign", None),
        ("s", "suggest", None),
        ("e", "status", {"status": 403, "body": "<h1>No</h1>", "headers": {"Desk-Conversation": "2"}}),
        ("e", "status", None),
    ):
        slow = Slow(page, f"**/inbox/2/{path}*")
        page.keyboard.press(key)
        if path != "suggest":  # which goes to the reply
            page.keyboard.press(key)
        waiting = slow.take()
        page.locator(".row", has_text="Ida One").click()
        shows(page, "First")
        page.keyboard.press("r")
        before = pane(page)
        with page.expect_response(f"**/inbox/2/{path}*"):
            waiting.fulfill(**answer) if answer else waiting.continue_()
        if path != "suggest":
            expect(page.locator("#toasts .toast").last).to_contain_text("not allow" if answer else "#2")
        assert pane(page) == before
        expect(page.locator("#reply-body")).to_be_focused()
        assert slow.routes == []
        slow.done()
        window.go("/w/acme/inbox/2?view=open")
    expect(page.locator("#summary-assign")).to_contain_text("Ben")
    expect(page.locator("#summary-status")).to_contain_text("Resolved")

    # While the next one is on its way, and when it never comes, the highlighted row is the open thread.
    page.locator("#done").click()
    expect(page.locator("#toasts")).to_contain_text("Reopened.")
    window.go("/w/acme/inbox/2?view=open")
    expect(selected).to_contain_text("Ulf Two")
    first = Slow(page, "**/inbox/1?*")
    page.locator(".row", has_text="Ida One").click()
    waiting = first.take()
    expect(selected).to_contain_text("Ulf Two")
    page.keyboard.press("e")  # meant for the one that is not here yet: nothing happens
    waiting.abort()
    expect(page.locator("#open > .cover.is-failed")).to_contain_text("The server cannot be reached.")
    page.get_by_role("button", name="Back to what was open").click()
    expect(selected).to_contain_text("Ulf Two")
    expect(page.locator("#subject")).to_have_text("Second")
    # Whoever begins to write stays; and of two that were asked for, the last one is shown.
    page.locator(".row", has_text="Ida One").click()
    first.take()
    page.locator("#reply-body").click()
    page.keyboard.type("I stay")
    expect(page.locator(".is-opening")).to_have_count(0)
    expect(page.locator("#subject")).to_have_text("Second")
    expect(page.locator("#reply-body")).to_have_value("I stay")
    first.done()
    assert row(2).status == "open"
    arranged(window, "ERR_FAILED", "403", "htmx:")


def test_letters_wait_for_a_menu_that_is_on_its_way(window: Window, api: Api, ben: Member, ada: Member) -> None:
    page = window.page
    open_desk(window, api, ben)
    menu, chosen = page.locator("#menu-assign"), page.locator("#summary-assign")
    slow = Slow(page, "**/menus/assign*")
    page.locator("#subject").focus()
    page.keyboard.press("a")
    waiting = slow.take()
    expect(page.locator("#assign-me")).to_be_focused()
    page.keyboard.type("u")  # "Unassign" is there already, but somebody may be called Ulf
    expect(chosen).to_be_focused()
    page.keyboard.press("Backspace")
    page.keyboard.type("ad")
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    assert row(1).assignee is None
    waiting.continue_()
    expect(menu.locator(".menu__item", has_text="Ada")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Assigned")
    expect(page.locator(".htmx-settling, .htmx-added")).to_have_count(0)
    expect(chosen).to_contain_text("Ada")
    # Where nothing comes, it is asked for again at the next opening, and the way without script is left.
    for _ in range(2):
        page.locator("#subject").focus()
        page.keyboard.press("a")
        slow.take().abort()
        expect(menu).not_to_have_attribute("data-filling", "")
        page.keyboard.press("Escape")
    page.keyboard.press("a")
    slow.take().abort()
    link = menu.get_by_text("Someone else")
    expect(link).to_be_visible()
    slow.done()
    link.click()
    expect(menu.locator(".menu__item", has_text="Ada")).to_be_visible()
    expect(menu).to_have_attribute("open", "")
    arranged(window, "ERR_FAILED", "htmx:")


def test_keys_stay_in_an_open_menu_dialog_or_list(window: Window, api: Api, ben: Member, ada: Member) -> None:
    page = window.page
    ada.user.name = "Élodie Öster"
    ada.user.save()
    open_desk(window, api, ben)
    item = page.locator("#menu-assign .menu__item")
    page.clock.set_fixed_time(clock.now())  # letters of one word follow each other, however busy the machine is
    changes = Slow(page, re.compile(r"/inbox/1/(status|snooze|tags|priority|suggest|take-over)"))  # type: ignore[arg-type]
    # The word that resolved a conversation; accents and capitals are no matter.
    page.keyboard.press("a")
    page.keyboard.type("el")
    expect(item.filter(has_text="Élodie")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#summary-assign")).to_contain_text("Élodie")
    expect(page.locator("#menu-assign")).not_to_have_attribute("open", "")
    expect(page.locator("#summary-assign")).to_be_focused()
    # Every letter, in every menu, whether it was opened by a key or by the pointer.
    letters = "abcdefghijklmnopqrstuvwxyz/?[]"
    for name in ("menu-assign", "menu-status", "menu-snooze", "menu-more", "menu-me", "menu-workspace", "menu-views"):
        page.locator(f"#{name} > summary").click()
        page.keyboard.type(letters)
        expect(page.locator(f"#{name}")).to_have_attribute("open", "")
        page.keyboard.press("Escape")
        expect(page.locator(f"#{name}")).not_to_have_attribute("open", "")
    page.keyboard.press("m")
    page.keyboard.type(letters)
    expect(page.locator("#macros-reply .macros__filter")).to_have_value(letters)
    page.keyboard.press("Escape")
    page.locator("#menu-tags > summary").click()
    page.keyboard.type("ezi")
    page.locator("#menu-tags > summary").click()
    page.locator("#subject").focus()
    page.keyboard.press("?")
    page.keyboard.type("ezirn")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help [data-key-name=saved-1]")).to_be_hidden()  # there is no saved view
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    assert changes.count == 0
    expect(page.locator("#subject")).to_have_text("First")
    # What matches nothing chooses nothing.
    page.locator("#subject").focus()
    page.keyboard.press("a")
    expect(item.filter(has_text="Élodie")).to_be_visible()
    page.keyboard.type("xyz")
    page.keyboard.press("Enter")
    expect(page.locator("#menu-assign")).not_to_have_attribute("open", "")
    assert row(1).assignee == ada.user
    # An answer that arrives does not close the menu that is open by now.
    changes.done()
    slow = Slow(page, "**/inbox/1/status*")
    page.locator("#subject").focus()
    page.keyboard.press("e")
    waiting = slow.take()
    page.keyboard.press("a")
    waiting.continue_()
    expect(page.locator("#toasts")).to_contain_text("Resolved.")
    expect(page.locator("#menu-assign")).to_have_attribute("open", "")
    page.keyboard.type("el")
    expect(item.filter(has_text="Élodie")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#done")).to_have_text(re.compile("Reopen"))


CHANGES = re.compile(r"/inbox/./(assign|status|snooze|tags|priority|suggest)")


def test_keys_that_are_held_or_typed_as_words_change_nothing(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    page.clock.set_fixed_time(clock.now())  # keys that belong together come together, however busy the machine is
    open_desk(window, api, ben)
    changes = Slow(page, CHANGES)  # type: ignore[arg-type]
    # Held down, a key is meant once, also when the answer is there before it is let go.
    page.keyboard.down("e")
    changes.take().continue_()
    expect(page.locator("#done")).to_have_text(re.compile("Reopen"))
    page.keyboard.down("e")
    page.keyboard.up("e")
    # A sequence that leads nowhere is not its second key.
    for keys in ("ge", "gge", "gi"):
        page.keyboard.type(keys)
    page.wait_for_url("**/inbox")
    assert changes.count == 1

    # Words that are typed while another conversation is on its way are no keys: they go into the form, once it is there.
    changes.done()
    window.go("/w/acme/inbox/1")
    page.locator("#done").click()
    expect(page.locator("#toasts")).to_contain_text("Reopened.")
    window.go("/w/acme/inbox/1?view=open")
    window.wait_until_live()
    changes = Slow(page, CHANGES)  # type: ignore[arg-type]
    second = Slow(page, "**/inbox/2?*")
    for key, words in (("r", "Yes, please"), ("n", "nice one"), ("a", "el")):
        page.keyboard.press("[")
        waiting = second.take()
        page.keyboard.type(key + words[:4])
        waiting.continue_()
        expect(page.locator("#subject")).to_have_text("Second")
        if key != "a":
            box = page.locator("#reply-body" if key == "r" else "#note-body")
            expect(box).to_be_focused()
            page.keyboard.type(words[4:])
            expect(box).to_have_value(words)
            page.keyboard.press("Escape")
        else:
            expect(page.locator("#menu-assign")).to_have_attribute("open", "")
            page.keyboard.press("Escape")
        page.keyboard.press("]")
        shows(page, "First")
    # The same where it never comes.
    page.keyboard.press("[")
    waiting = second.take()
    page.keyboard.type("re")
    waiting.abort()
    expect(page.locator("#open > .cover.is-failed")).to_contain_text("The server cannot be reached.")
    page.keyboard.type("ei")
    page.get_by_role("button", name="Back to what was open").click()
    expect(page.locator("#subject")).to_have_text("First")
    assert changes.count == 0
    changes.done()

    # A change whose answer was lost does not leave yesterday's header behind.
    status = Slow(page, "**/inbox/1/status*")
    page.locator("#done").click()
    waiting = status.take()
    waiting.fetch()
    waiting.abort()
    expect(page.locator("#done")).to_have_text(re.compile("Reopen"))
    status.done()
    page.locator("#done").click()
    expect(page.locator("#done")).to_have_text(re.compile("Resolve"))
    # Nor a choice that was not kept.
    priority = Slow(page, "**/inbox/1/priority*")
    page.locator("#priority").select_option("urgent")
    priority.take().abort()
    expect(page.locator("#priority")).not_to_have_value("urgent")
    # What was typed and refused stays, and holds up nothing else.
    page.locator("#menu-snooze > summary").click()
    page.locator("#menu-snooze [name=until]").fill("2020-01-01T00:00")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts .toast--bad").last).to_contain_text("#1")
    page.locator("#summary-assign").click()
    page.locator("#assign-me").click()
    expect(page.locator("#summary-assign")).to_contain_text("Ben")
    page.locator("#priority").select_option("urgent")
    priority.take().continue_()
    expect(page.locator("#toasts")).to_contain_text("urgent")
    page.locator("#menu-snooze > summary").click()
    expect(page.locator("#menu-snooze [name=until]")).to_have_value("2020-01-01T00:00")
    page.keyboard.press("Escape")
    # The menu that a change was made in has the focus again, though it is a new one.
    page.locator("#menu-more > summary").click()
    page.locator("#edit-subject").fill("Another subject")
    page.keyboard.press("Enter")
    expect(page.locator("#subject")).to_have_text("Another subject")
    expect(page.locator("#summary-more")).to_be_focused()
    arranged(window, "ERR_FAILED", "htmx:", "422")


PASTE = """(element, [name, type]) => {
  const data = new DataTransfer();
  data.items.add(new File(['some bytes'], name, { type: 'image/png' }));
  if (type === 'word') { data.setData('text/plain', 'words'); data.setData('text/html', '<p>words</p>'); }
  const event = type === 'drop' ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
  element.dispatchEvent(event);
  return event.defaultPrevented;
}"""


def test_files_are_pasted_dropped_and_kept(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    open_desk(window, api, ben)
    reply, files = page.locator("#reply-body"), page.locator("[data-compose=reply] .composer__files")
    page.keyboard.press("r")
    assert reply.evaluate(PASTE, ["shot.png", "paste"]) is True
    assert reply.evaluate(PASTE, ["word.png", "word"]) is False  # its text is meant
    assert page.locator("#entries").evaluate(PASTE, ["dropped.png", "drop"]) is True
    assert page.locator("#list").evaluate(PASTE, ["astray.png", "drop"]) is True  # and the page stays
    page.locator("[data-compose=reply] [type=file]").set_input_files(
        [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}]
    )
    expect(files.locator(".attached > span")).to_have_text(["shot.png", "dropped.png", "a.txt"])
    page.get_by_role("button", name="Remove a.txt").click()
    # They outlive a walk through the inbox, and a refusal; then they are sent.
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.locator("#subject")).to_have_text("Second")
    expect(files).to_be_empty()
    page.keyboard.press("[")
    expect(files.locator(".attached > span")).to_have_text(["shot.png", "dropped.png"])
    replies = Slow(page, "**/inbox/1/reply*")
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")
    replies.take().abort()
    expect(files.locator(".attached > span")).to_have_text(["shot.png", "dropped.png"])
    page.keyboard.press("Control+Enter")
    replies.take().continue_()
    expect(page.locator(".message--ours .file")).to_have_count(2)
    expect(files).to_be_empty()
    assert list(Attachment.all_workspaces.order_by("id").values_list("name", flat=True)) == ["shot.png", "dropped.png"]
    replies.done()

    # One's own reply comes into view, wherever the thread was scrolled to.
    for _ in range(12):
        api.write(str(row(1).public_id), "A long story.\n" * 8)
    expect(page.locator("#entries .message")).to_have_count(14)
    page.locator("#log").evaluate("log => { log.scrollTop = -log.scrollHeight; }")
    page.locator("#expected-last").evaluate("(field, last) => { field.value = last; }", str(row(1).last_message_id))
    page.keyboard.type("Understood.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--ours").last).to_have_text(re.compile("Understood."))
    expect(page.locator(".message--ours").last).to_be_in_viewport()

    # The session ends: the text is kept, and so is the file, which was uploaded already.
    reply.evaluate(PASTE, ["late.png", "paste"])
    expect(files.locator(".attached progress")).to_be_hidden()
    page.keyboard.type("Not yet sent")
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/accounts/login/**")
    page.get_by_label("Email").fill(ben.user.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(reply).to_have_value("Not yet sent")
    expect(files.locator(".attached > span")).to_have_text(["late.png"])
    # Signed in anew in another tab: this page says what to do, and nothing is lost by doing it.
    other = page.context.new_page()
    page.context.clear_cookies(name="sessionid")
    Window(other, window.base, []).sign_in(ben.user.email)
    other.close()
    page.locator(".row", has_text="Ulf Two").click()
    cover = page.locator("#open > .cover.is-failed")
    expect(cover).to_contain_text("This page is out of date. Reload it; your draft is kept.")
    page.get_by_role("button", name="Back to what was open").click()
    expect(page.locator("#subject")).to_have_text("First")
    page.get_by_role("button", name="Send to Ida").click()
    expect(page.locator("#fault-reply")).to_contain_text("This page is out of date. Reload it; your draft is kept.")
    page.reload()
    expect(reply).to_have_value("Not yet sent")
    page.get_by_role("button", name="Send to Ida").click()
    expect(page.locator(".message--ours").last).to_have_text(re.compile("Not yet sent"))
    arranged(window, "ERR_FAILED", "403", "htmx:")


def test_buttons_say_what_is_sent_on_every_screen(window: Window, api: Api, ben: Member) -> None:
    page = window.page
    open_desk(window, api, ben)
    for size in (NARROW, {"width": 720, "height": 450}, {"width": 320, "height": 640}, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for name in (re.compile("^Send & resolve"), re.compile("^Send(?! &)")):
            button = page.locator("[data-compose=reply]").get_by_role("button", name=name)
            expect(button).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("#reply-body").fill(f"At {size['width']}")
        page.get_by_role("button", name="Resolve", exact=True).or_(page.locator("#done")).first.click()
        expect(page.locator("#toasts .toast").last).to_contain_text("Resolved.")
        toast, composer = (page.locator(one).bounding_box() for one in ("#toasts .toast:last-child", "#composer"))
        assert toast is not None
        assert composer is not None
        assert toast["y"] + toast["height"] <= composer["y"] or toast["x"] + toast["width"] <= composer["x"]
        expect(page.locator("#reply-body")).to_have_value(f"At {size['width']}")
        page.locator("#done").click()
        expect(page.locator("#toasts .toast").last).to_contain_text("Reopened.")
    assert sent(1, "message") == []
    page.get_by_role("button", name="Send & resolve").click()
    expect(page.locator("#summary-status")).to_contain_text("Resolved")
    assert sent(1, "message") == ["At 1440"]
