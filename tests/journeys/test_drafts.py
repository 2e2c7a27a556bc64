"""Two who write at once, and one who writes in two places: each sees the other, and no word is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conversations.models import DeliveryFile, Draft, DraftFile, Message, Presence
from tests.conftest import Member
from tests.factories import MacroFactory
from tests.journeys.conftest import Api, Window
from tests.journeys.test_composer import PASTE, Slow, arranged, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST = "/w/acme/inbox/1?view=open"


def opened(window: Window, api: Api, who: Member) -> Page:
    """The first of two conversations, with the page live."""
    api.start("First", "Our gate sticks", "cus_1", "Ida One")
    api.start("Second", "Two", "cus_2", "Ulf Two")
    window.enter(who, FIRST)
    window.wait_until_live()
    return window.page


def beside(window: Window, chromium: Browser, who: Member) -> Window:
    """Another browser in which somebody has the same conversation open."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    other = Window(context.new_page(), window.base, [])
    other.enter(who, FIRST)
    other.wait_until_live()
    return other


def bodies() -> list[tuple[str, str]]:
    rows = Draft.all_workspaces.filter(discarded_at=None).order_by("pk")
    return list(rows.values_list("kind", "body"))


def test_two_agents_see_each_other_and_are_warned_before_both_answer(
    window: Window, api: Api, chromium: Browser, ben: Member, ada: Member
) -> None:
    page = opened(window, api, ben)
    other = beside(window, chromium, ada)
    here, mark = page.locator("#presence"), page.locator(".row", has_text="Ida One").locator("> .face")
    expect(here).to_have_text(f"{ada.user.name} is viewing")
    expect(mark).to_have_attribute("title", f"Viewed by {ada.user.name}")
    other.page.locator("#reply-body").click()
    other.page.keyboard.type("I have it: oil the hinge.")
    expect(here).to_have_text(f"{ada.user.name} is writing a reply")
    expect(mark).to_have_attribute("title", f"{ada.user.name} is writing")
    # Her draft can be read, also while it grows.
    expect(page.locator(".colleague summary")).to_contain_text(f"{ada.user.name} has a draft")
    page.locator(".colleague summary").click()
    expect(page.locator(".colleague .bubble")).to_have_text("I have it: oil the hinge.")
    # The first press warns, and the text stays; then she sends, and that is another warning.
    page.locator("#reply-body").click()
    page.keyboard.type("Use a hammer.")
    other.page.keyboard.type(" Soon.")
    expect(here).to_have_text(f"{ada.user.name} is writing a reply")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#fault-reply")).to_contain_text(f"{ada.user.name} is writing a reply.")
    expect(page.locator("#reply-body")).to_have_value("Use a hammer.")
    other.page.keyboard.press("Control+Enter")  # warned as well, if he has typed just now
    other.page.keyboard.press("Control+Enter")
    expect(page.locator(".message--ours")).to_contain_text("oil the hinge")
    expect(page.locator(".colleague")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#fault-reply")).to_contain_text(f"{ada.user.name} has replied since you began.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--ours")).to_have_count(2)
    # She closes her browser: nobody is here any more, and no draft is left.
    other.page.close(run_before_unload=False)
    other.page.context.close()
    expect(here).to_be_hidden()
    expect(mark).not_to_have_attribute("title", re.compile("."))
    assert bodies() == []
    assert not Presence.all_workspaces.filter(user=ada.user).exists()


def test_one_who_was_killed_is_gone_by_the_clock_alone(
    window: Window, api: Api, chromium: Browser, ben: Member, ada: Member
) -> None:
    page = window.page
    page.clock.install()
    opened(window, api, ben)
    other = beside(window, chromium, ada)
    expect(page.locator("#presence")).to_have_text(f"{ada.user.name} is viewing")
    other.page.route("**/presence", lambda route: route.abort())  # no goodbye leaves her machine
    other.page.context.close()
    page.clock.run_for(30_000)
    expect(page.locator("#presence")).to_be_hidden()


def test_draft_of_two_places_is_one_and_neither_overwrites_the_other(
    window: Window, api: Api, chromium: Browser, ben: Member
) -> None:
    page = opened(window, api, ben)
    reply = page.locator("#reply-body")
    reply.click()
    page.keyboard.type("Dear Ida,")
    page.evaluate("document.activeElement.blur()")
    until(page, lambda: bodies() == [("reply", "Dear Ida,")])
    # Elsewhere it is there; what is written on there comes here while nothing is typed here.
    second = beside(window, chromium, ben).page
    there = second.locator("#reply-body")
    expect(there).to_have_value("Dear Ida,")
    there.press("Control+End")
    second.keyboard.type(" oil it.")
    second.evaluate("document.activeElement.blur()")
    expect(reply).to_have_value("Dear Ida, oil it.")
    # Both go on at once: the one whose save comes second chooses, and both texts are in view.
    saves = Slow(page, "**/inbox/1/draft")
    reply.press("Control+End")
    page.keyboard.type(" Today.")
    waiting = saves.take()
    there.press("Control+End")
    second.keyboard.type(" Tomorrow.")
    second.evaluate("document.activeElement.blur()")
    until(page, lambda: bodies() == [("reply", "Dear Ida, oil it. Tomorrow.")])
    waiting.continue_()
    expect(page.locator(".clash__other").first).to_have_text("Dear Ida, oil it. Tomorrow.")
    expect(reply).to_have_value("Dear Ida, oil it. Today.")
    saves.done()
    page.get_by_role("button", name="Keep this text").click()
    expect(there).to_have_value("Dear Ida, oil it. Today.")
    # Sent in one place it is gone in both.
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--ours")).to_contain_text("Today.")
    expect(there).to_have_value("")
    assert bodies() == []
    second.context.close()
    arranged(window, "409")


def test_draft_outlives_lost_answers_the_session_and_being_discarded(window: Window, api: Api, ben: Member) -> None:
    page = opened(window, api, ben)
    reply = page.locator("#reply-body")
    files = page.locator("[data-compose=reply] .composer__files .attached > span")
    # The desk is away: the text stays here, and is saved by itself later. An answer that is lost is no quarrel.
    saves = Slow(page, "**/inbox/1/draft")
    reply.click()
    page.keyboard.type("One")
    saves.take().abort()
    expect(page.locator("[data-compose=reply] .composer__saved")).to_have_text("Not saved yet. Kept in this browser.")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('unsaved:')).length") == 1
    waiting = saves.take()
    waiting.fetch()
    waiting.abort()
    page.keyboard.type(" two")
    saves.take().continue_()
    saves.done()
    expect(page.locator("[data-compose=reply] .composer__saved")).to_have_text("Draft saved")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('unsaved:'))") == []
    assert bodies() == [("reply", "One two")]
    # A picture from the clipboard has a name, and one upload that fails is tried again.
    uploads = Slow(page, "**/draft/files")
    reply.evaluate(PASTE, ["image.png", "paste"])
    expect(files).to_have_count(1)
    assert page.evaluate("() => document.querySelector('.attached span').textContent").startswith("Pasted image ")
    uploads.take().abort()
    page.get_by_role("button", name="Retry").click()
    uploads.take().continue_()
    uploads.done()
    expect(page.locator(".attached progress")).to_be_hidden()
    # Another browser of the same person has all of it after signing in.
    page.context.clear_cookies()
    page.evaluate("() => { sessionStorage.clear(); localStorage.clear(); }")
    window.enter(ben, FIRST)
    expect(reply).to_have_value("One two")
    expect(files).to_have_count(1)
    # Discarded, and back again.
    page.get_by_role("button", name="Discard draft").click()
    expect(reply).to_have_value("")
    expect(files).to_have_count(0)
    until(page, lambda: bodies() == [])
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(reply).to_have_value("One two")
    expect(files).to_have_count(1)
    page.locator("#reply-body").press("Control+Enter")
    expect(page.locator(".message--ours .file")).to_have_count(1)
    assert bodies() == []
    assert Message.all_workspaces.filter(sender_kind="agent").count() == 1
    arranged(window, "ERR_FAILED")


def test_names_are_offered_while_typing_and_the_text_is_markdown(
    window: Window, api: Api, ben: Member, ada: Member
) -> None:
    MacroFactory(workspace=ben.membership.workspace, name="Gréeting", body="Good morning.")
    page = opened(window, api, ben)
    reply, note, pick = page.locator("#reply-body"), page.locator("#note-body"), page.locator("#pick")
    reply.click()
    page.keyboard.type("Hello\n/gree")
    expect(pick.get_by_role("option")).to_have_count(1)
    expect(reply).to_have_attribute("aria-activedescendant", "pick-0")
    page.keyboard.press("Enter")
    expect(reply).to_have_value("Hello\nGood morning.")
    page.keyboard.type(" See #ulf")
    expect(pick.get_by_role("option")).to_contain_text("#2 Second")
    page.keyboard.press("Tab")
    expect(reply).to_have_value("Hello\nGood morning. See #2 ")
    page.keyboard.type("::gree")
    page.keyboard.press("Enter")
    expect(reply).to_have_value("Hello\nGood morning. See #2 Good morning.")
    reply.press("End")
    page.keyboard.type(" ")
    # A path is no macro; what Escape has closed stays closed.
    page.keyboard.type("at /gre")
    expect(pick).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.type("e")
    expect(pick).to_be_hidden()
    expect(reply).to_be_focused()
    # Letters that are being composed choose nothing; in a note "@" offers colleagues, also while the answer is on its way.
    mentions = Slow(page, "**/mentions")
    page.locator(".composer__tab--note").click()
    note.click()
    page.keyboard.type("Ask @ada")
    waiting = mentions.take()
    page.keyboard.press("Enter")
    expect(note).to_have_value("Ask @ada")
    waiting.continue_()
    mentions.done()
    expect(note).to_have_value(f"Ask @{ada.user.name} ")
    page.keyboard.press("Enter")  # what was chosen is not offered again
    expect(note).to_have_value(f"Ask @{ada.user.name} \n")
    expect(pick).to_be_hidden()
    # Markdown by keys; lists go on, and end in an empty item; formatted text is pasted as Markdown.
    note.fill("loud")
    note.press("Control+a")
    note.press("Control+b")
    expect(note).to_have_value("**loud**")
    note.press("Control+b")
    expect(note).to_have_value("loud")
    note.fill("")
    page.keyboard.type("1. one\n2. two\n\nend")  # the marker is not doubled
    expect(note).to_have_value("1. one\n2. two\nend")
    note.fill("")
    html = "<p>See <b>this</b> <a href='https://x.example/'>page</a>:</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><script>x</script>"
    note.evaluate(
        """(box, html) => {
          const data = new DataTransfer();
          data.setData('text/html', html);
          data.setData('text/plain', 'plain');
          box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        html,
    )
    expect(note).to_have_value("See **this** [page](https://x.example/):\n\n- a\n  - b\n- c")
    note.press("Control+Shift+p")
    expect(page.locator("[data-compose=note] .composer__preview strong")).to_have_text("this")
    page.keyboard.press("Control+Shift+p")
    expect(note).to_be_focused()


def test_what_is_written_before_the_scripts_run_is_kept_also_when_the_tab_is_closed(
    window: Window, api: Api, chromium: Browser, ben: Member
) -> None:
    page = opened(window, api, ben)
    scripts = Slow(page, "**/inbox/drafts*.js")
    page.reload(wait_until="commit")
    page.locator("#reply-body").click()
    page.keyboard.type("Dear Ida,")
    scripts.take().continue_()
    scripts.done()
    until(page, lambda: bodies() == [("reply", "Dear Ida,")])
    expect(page.locator("#reply-body")).to_have_value("Dear Ida,")
    page.keyboard.type(" oil it.")
    page.close(run_before_unload=True)
    second = beside(window, chromium, ben).page
    until(second, lambda: bodies() == [("reply", "Dear Ida, oil it.")])


def test_new_conversation_goes_on_after_a_reload_and_in_another_browser(
    window: Window, chromium: Browser, ben: Member
) -> None:
    window.enter(ben, "/w/acme/inbox/new")
    page = window.page
    page.locator("#new-to").fill("jo@x.example")
    page.locator("#new-subject").fill("Your gate")
    page.locator("#new-body").click()
    page.keyboard.type("It is **ready**")
    page.reload()  # sooner than it is saved by itself
    expect(page.locator("#new-body")).to_have_value("It is **ready**")
    expect(page.locator("#new-to")).to_have_value("jo@x.example")
    page.locator(".attach input").set_input_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(page.locator(".composer__files")).to_contain_text("plan.txt")
    until(page, lambda: DraftFile.all_workspaces.count() == 1 and bodies() == [("mail", "It is **ready**")])
    second = Window(chromium.new_context().new_page(), window.base, [])
    second.enter(ben, "/w/acme/inbox/drafts")
    second.page.get_by_role("link", name="Your gate").click()
    expect(second.page.locator(".composer__files")).to_contain_text("plan.txt")
    second.wait_until_live()
    second.page.locator("[data-format=preview]").click()
    expect(second.page.locator(".composer__preview strong")).to_have_text("ready")
    second.page.locator("[data-format=preview]").click()
    second.page.locator("#new-body").press("Control+Enter")
    expect(second.page.locator("#subject")).to_have_text("Your gate")
    assert bodies() == []
    assert DeliveryFile.all_workspaces.get().name == "plan.txt"
    # The first page, which is closed now, brings nothing back.
    page.goto(f"{window.base}/w/acme/inbox/drafts")
    expect(page.get_by_text("No drafts")).to_be_visible()
    assert bodies() == []
