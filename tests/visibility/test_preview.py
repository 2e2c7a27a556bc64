"""An admin looks at the desk as a member does: what they see, without changing anything, and it is on record."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.live import access
from accounts.live.responses import LiveResponse
from accounts.models import Event, Workspace
from accounts.permissions import Role, Visibility
from accounts.web import seen
from conversations.models import Conversation, Notification
from tests.conftest import Member
from tests.inbox.conftest import HTMX, now, text_of
from tests.visibility.conftest import KINDS, SEEN, limit, word_of


@pytest.fixture
def client(ada: Member, ben: Member, kinds: Mapping[str, Conversation]) -> Client:
    """Ada, who looks at the desk as Ben, who sees his teams' conversations."""
    limit(ben, Visibility.TEAMS)
    signed_in = ada.signed_in()
    answer = signed_in.post(f"/w/acme/view-as/{ben.membership.pk}")
    assert answer["Location"] == "/w/acme/inbox"
    return signed_in


def seen_in(client: Client) -> set[str]:
    page = client.get("/w/acme/inbox?view=open").content.decode()
    return {kind for kind in KINDS if f"{word_of(kind)} subject" in page}


def test_admin_sees_what_the_member_sees_and_that_it_is_a_preview(
    ben: Member, client: Client, kinds: Mapping[str, Conversation]
) -> None:
    assert seen_in(client) == SEEN[Visibility.TEAMS]
    page = text_of(client.get("/w/acme/inbox?view=mine").content)
    assert "Viewing as Ben Kimura, read only" in page
    assert f"{word_of('own')} subject" in page
    assert client.get(f"/w/acme/inbox/{kinds['others'].number}").status_code == 404
    assert Event.objects.filter(type="member.viewed_as", data__user_id=ben.user.pk).count() == 1


def test_admin_who_looks_on_as_one_who_sees_all_sees_all(client: Client, ben: Member) -> None:
    limit(ben, Visibility.ALL)
    assert seen_in(client) == set(KINDS)


def test_nothing_can_be_changed(client: Client, kinds: Mapping[str, Conversation]) -> None:
    row = kinds["own"]
    before, events = now(row).updated_at, Event.objects.count()
    for path in ("reply", "note", "status", "assign", "read", "tags"):
        assert client.post(f"/w/acme/inbox/{row.number}/{path}", {"body": "x"}, headers=HTMX).status_code == 403
    assert client.post("/w/acme/preferences", {"theme": "dark"}).status_code == 403
    assert client.post("/w/acme/notifications/read").status_code == 403
    page = client.get(f"/w/acme/inbox/{row.number}").content.decode()
    assert "<textarea" not in page
    assert (now(row).updated_at, Event.objects.count()) == (before, events)


def test_session_stays_the_admins_own(client: Client, ada: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "EVERY", 0.0)
    UserSession.objects.all().delete()
    client.get("/w/acme/inbox")
    client.get("/w/acme/inbox")
    assert UserSession.objects.get().user == ada.user


def test_pages_that_are_the_members_own_are_not_shown(client: Client) -> None:
    for path in ("notifications", "settings", "knowledge", "people"):
        assert client.get(f"/w/acme/{path}")["Location"] == "/w/acme/inbox"
    assert 'id="bell"' not in client.get("/w/acme/inbox").content.decode()


def test_leaving_shows_ones_own_pages_again(client: Client, ada: Member) -> None:
    assert client.post("/w/acme/view-as/leave").status_code == 302
    assert seen_in(client) == set(KINDS)
    assert "Viewing as" not in text_of(client.get("/w/acme/inbox").content)


def test_live_updates_are_the_members_and_the_right_to_them_is_ones_own(client: Client, ada: Member) -> None:
    answer = client.get("/w/acme/inbox/stream?after=1")
    assert isinstance(answer, LiveResponse)
    assert isinstance(answer.access, access.MemberAccess)
    assert answer.access.user_id == ada.user.pk
    assert access.still_valid([answer.access]) == {answer.access}


def test_only_owners_and_admins_look_on(ada: Member, ben: Member, vic: Member, cleo: Member, globex: Workspace) -> None:
    assert ben.signed_in().post(f"/w/acme/view-as/{vic.membership.pk}").status_code == 403
    assert ada.signed_in().post(f"/w/acme/view-as/{cleo.membership.pk}").status_code == 404
    assert Event.objects.filter(type="member.viewed_as").count() == 0


def test_preview_ends_with_the_right_to_it(client: Client, ada: Member, ben: Member) -> None:
    ada.membership.role = Role.AGENT
    ada.membership.save()
    limit(ada, Visibility.TEAMS)
    assert "Viewing as" not in text_of(client.get("/w/acme/inbox").content)
    ada.membership.role = Role.OWNER
    ada.membership.save()
    ben.membership.delete()
    assert "Viewing as" not in text_of(client.get("/w/acme/inbox").content)
    assert Notification.all_workspaces.count() == 0
