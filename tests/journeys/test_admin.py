"""The operator finds in Django admin what was created elsewhere: workspace, key, conversation, journal."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.conftest import Member
from tests.factories import PASSWORD
from tests.journeys.conftest import Api, Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_admin_shows_workspace_key_prefix_conversation_and_journal(window: Window, api: Api, ada: Member) -> None:
    User.objects.filter(pk=ada.user.pk).update(is_staff=True, is_superuser=True)
    api.start("Need help with auth", "I am getting a 401.")
    page = window.page
    window.enter(ada)
    page.get_by_role("link", name="Administration").click()

    window.go("/admin/accounts/workspace/")
    expect(page.locator("#result_list")).to_contain_text("Acme")
    window.go("/admin/accounts/apikey/")
    expect(page.locator("#result_list")).to_contain_text(api.key.row.prefix)
    assert api.key.secret not in page.content()
    page.locator("#result_list a").first.click()
    assert api.key.secret not in page.content()
    assert api.key.row.secret_hash not in page.content()
    window.go("/admin/conversations/conversation/")
    expect(page.locator("#result_list")).to_contain_text("Need help with auth")
    window.go("/admin/accounts/event/")
    expect(page.locator("#result_list")).to_contain_text("message.received")
    assert PASSWORD not in page.content()
