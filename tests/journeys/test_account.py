"""A person's own account in a browser: a passkey instead of the password, a second factor that is required, and sessions that end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp

from accounts import actions, clock
from accounts.models import Workspace
from accounts.permissions import Role
from tests.conftest import Member
from tests.factories import PASSWORD, ConversationFactory
from tests.journeys.conftest import Window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def localhost(chromium: Browser, desk: str) -> Iterator[Page]:
    """A page of a browser at localhost, where passkeys work without HTTPS, with an authenticator that always agrees."""
    context = chromium.new_context(base_url=desk.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    context.close()


def sign_in(page: Page, who: Member) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(who.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in", exact=True).click()


def now_code(secret: str) -> str:
    counter: Any = next(iter([*totp.yield_hotp_counters_from_time()][1:]))
    code: str = totp.format_hotp_value(totp.hotp_value(secret, counter))
    return code


def test_passkey_is_added_and_signs_in_without_a_password(localhost: Page, acme: Workspace, ben: Member) -> None:
    page = localhost
    sign_in(page, ben)
    page.goto("/w/acme/settings/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("1 passkey", exact=True)).to_be_visible()
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/w/acme/settings/security")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("This session")).to_be_visible()
    # As the second factor after the password, too.
    page.context.clear_cookies()
    sign_in(page, ben)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/w/acme/inbox**")


def test_page_at_an_address_without_passkeys_says_so(window: Window, ben: Member) -> None:
    page = window.page
    window.enter(ben, "/w/acme/settings/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("They need HTTPS and a domain name")
    assert not Authenticator.objects.exists()


def test_member_sets_up_the_second_factor_that_the_workspace_requires(
    localhost: Page, acme: Workspace, ada: Member, ben: Member
) -> None:
    totp.TOTP.activate(ada.user, totp.generate_totp_secret())
    actions.require_second_factor(workspace=acme, is_required=True, by=ada.actor, at=clock.now())
    page = localhost
    sign_in(page, ben)
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    page.get_by_role("link", name="Authenticator app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    secret = page.locator(".standalone__secret").inner_text()
    page.get_by_label("Authenticator code").fill(now_code(secret))
    page.get_by_role("button", name="Turn on").click()
    codes = page.locator(".standalone__codes").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()
    assert downloading.value.path().read_text().split() == codes
    page.goto("/w/acme/inbox")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_session_that_is_ended_elsewhere_ends_on_its_page(
    window: Window, localhost: Page, acme: Workspace, ben: Member
) -> None:
    sign_in(localhost, ben)
    localhost.wait_for_url("**/w/acme/inbox**")
    localhost.wait_for_selector("html[data-live-state=live]")
    window.enter(ben, "/w/acme/settings/security")
    window.page.get_by_role("button", name="End all other sessions").click()
    expect(window.page.get_by_text("1 session ended.")).to_be_visible()
    expect(localhost.get_by_text("You are signed out on this page.")).to_be_visible(timeout=20_000)


def test_member_whose_access_changes_reads_so_in_every_tab_and_loses_nothing_typed(
    window: Window, acme: Workspace, ada: Member, ben: Member
) -> None:
    ConversationFactory(workspace=acme, subject="Ink")
    window.enter(ben)
    window.wait_until_live()
    form = window.page.context.new_page()
    form.goto(f"{window.base}/w/acme/settings/profile")
    form.wait_for_selector("html[data-live-state=live]")
    form.get_by_label("Name", exact=True).fill("Benedict")
    form.route("**/settings/profile", lambda route: route.abort())
    form.locator("#profile").get_by_role("button", name="Save").dblclick()
    bar = form.locator(".unsaved")
    expect(bar).to_contain_text("Not saved yet. The server cannot be reached.")
    form.unroute("**/settings/profile")
    actions.change_role(membership=ben.membership, role=Role.VIEWER, by=ada.actor, at=clock.now())
    for page in (window.page, form):
        expect(page.locator("#connection")).to_contain_text("Your role in this workspace has changed.")
    actions.remove_member(membership=ben.membership, by=ada.actor, at=clock.now())
    bar.get_by_role("button", name="Try again").click()
    expect(bar).to_contain_text("Not saved yet. You are no longer a member of this workspace.")
    expect(form.get_by_label("Name", exact=True)).to_have_value("Benedict")
    window.page.get_by_role("option").first.click()
    for page in (window.page, form):
        expect(page.locator("#connection")).to_contain_text("You are no longer a member of Acme.")
    window.page.get_by_role("link", name="Your workspaces").click()
    expect(window.page.get_by_role("heading", name="No workspace yet")).to_be_visible()
    window.faults.clear()  # the browser's own lines about what was refused
