"""An owner connects the first mailbox from the keyboard, and sees live whether it works."""

from __future__ import annotations

import re
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock
from accounts.models import Workspace
from conversations.channels.email import trials
from conversations.models import Mailbox
from tests.conftest import Member
from tests.journeys.conftest import Window
from tests.mail_servers import dovecot, outgoing
from tests.runtime.machine import eventually

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def work() -> None:
    """Run the tests of connections that wait, as a worker does."""
    waiting = ProcrastinateJob.objects.filter(task_name="try_mailbox").order_by("id")
    eventually(lambda: any(trials.findings(job.args["name"]) is None for job in waiting.all()), "the test asked for")
    for job in waiting.all():
        if trials.findings(job.args["name"]) is None:
            trials.run(job.args["name"])


def test_first_mailbox_is_connected_from_the_keyboard(
    window: Window, acme: Workspace, ada: Member, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_HOSTS = True
    page = window.page
    window.enter(ada)
    with dovecot.running() as incoming, outgoing.running(wants_login=True) as sending:
        window.go("/w/acme/start")
        page.get_by_role("link", name="Add mailbox").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Address")).to_be_focused()
        page.keyboard.type("help@acme.example")
        page.keyboard.press("Enter")
        for field, value in (
            ("#id_imap_host", "127.0.0.1"),
            ("#id_imap_port", str(incoming.imap_port)),
            ("#id_smtp_host", "127.0.0.1"),
            ("#id_smtp_port", str(sending.port)),
            ("#id_password", "wrong"),
        ):
            page.locator(field).fill(value)
        for field in ("#id_imap_security", "#id_smtp_security"):
            page.locator(field).select_option("plain")
        button = page.get_by_role("button", name="Test connection")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#check")).to_contain_text("Testing the connection")
        work()
        expect(page.locator("#check")).to_contain_text("The server refused the password.")
        expect(button).to_be_focused()
        page.locator("#id_password").fill("secret")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#check")).to_contain_text("Testing the connection")
        work()
        expect(page.locator("#check")).to_contain_text("Fetching works.")
        expect(page.locator("#check")).to_contain_text("Sending works.")
        # Enter in a field adds the mailbox, and presses no other button.
        page.locator("#id_name").press("Enter")
        expect(page.get_by_role("status").filter(has_text="was added")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/settings/mailboxes/[0-9a-f-]{36}$"))
    assert "secret" not in page.content()
    window.go("/w/acme/start")
    expect(page.locator("#state-channel")).to_contain_text("is being connected")
    page.get_by_role("link", name="Add mailbox").focus()
    Mailbox.all_workspaces.filter(workspace=acme).update(read_at=clock.now())
    expect(page.locator("#state-channel")).to_contain_text("arrives in the inbox")
    expect(page.get_by_role("link", name="Add mailbox")).to_be_focused()


def test_choice_of_the_way_shows_what_it_needs(window: Window, ada: Member) -> None:
    window.enter(ada)
    window.go("/w/acme/settings/mailboxes/add?address=help@acme.example")
    page = window.page
    expect(page.locator("#id_imap_host")).to_be_visible()
    page.get_by_label("A provider posts it").check()
    expect(page.locator("#id_imap_host")).to_be_hidden()
    page.get_by_label("By the mail server of this desk").check()
    expect(page.locator("#id_smtp_host")).to_be_hidden()
