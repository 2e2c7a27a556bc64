"""The settings of custom attributes: admins change them, everyone reads them."""

from __future__ import annotations

import pytest

from accounts.models import Workspace
from tests.conftest import Member
from tickets.models import Attribute

pytestmark = pytest.mark.usefixtures("in_acme")
HOME = "/w/acme/settings/attributes"


def test_admin_creates_renames_moves_archives_and_restores(ada: Member) -> None:
    page = ada.signed_in()
    for name in ("Plan", "Region"):
        data = {"subject": "contact", "kind": "choice", "name": name, "choices": "Gold\n\nSilver\r\nGold"}
        assert page.post(HOME, data).status_code == 302
    plan, region = Attribute.objects.order_by("position")
    assert plan.choices == ["Gold", "Silver"]
    page.post(f"{HOME}/{region.public_id}/move", {"to": "up"})
    assert [row.name for row in Attribute.objects.order_by("position")] == ["Region", "Plan"]
    page.post(f"{HOME}/{plan.public_id}", {"name": "Tier", "choices": "Gold\nBronze"})
    plan.refresh_from_db()
    assert (plan.name, plan.key, plan.choices) == ("Tier", "plan", ["Gold", "Bronze"])
    page.post(f"{HOME}/{plan.public_id}/archive")
    assert Attribute.objects.get(pk=plan.pk).archived_at is not None
    assert "Archived" in page.get(HOME).content.decode()
    page.post(f"{HOME}/{plan.public_id}/archive", {"restore": "1"})
    assert Attribute.objects.get(pk=plan.pk).archived_at is None


@pytest.mark.parametrize(
    "data",
    [
        {"subject": "contact", "kind": "choice", "name": "Plan", "choices": " "},
        {"subject": "contact", "kind": "text", "name": ""},
        {"subject": "desk", "kind": "text", "name": "Plan"},
        {"subject": "contact", "kind": "picture", "name": "Plan"},
        {"subject": "contact", "kind": "text", "name": "x" * 101},
        {"subject": "contact", "kind": "text", "name": "a\x00b"},
    ],
)
def test_what_is_wrong_is_shown_and_nothing_created(ada: Member, data: dict[str, str]) -> None:
    assert ada.signed_in().post(HOME, data).status_code == 422
    assert not Attribute.objects.exists()


def test_others_read(ben: Member, vic: Member, ada: Member) -> None:
    ada.signed_in().post(HOME, {"subject": "ticket", "kind": "text", "name": "Plan"})
    row = Attribute.objects.get()
    for member in (ben, vic):
        page = member.signed_in()
        shown = page.get(HOME).content.decode()
        assert "Plan" in shown
        assert "Create attribute" not in shown
        assert page.post(HOME, {"subject": "ticket", "kind": "text", "name": "Other"}).status_code == 403
        for path in (f"{HOME}/{row.public_id}", f"{HOME}/{row.public_id}/move", f"{HOME}/{row.public_id}/archive"):
            assert page.post(path, {"name": "x"}).status_code == 403


def test_stranger_finds_nothing(cleo: Member, acme: Workspace) -> None:
    assert cleo.signed_in().get(HOME).status_code == 404
