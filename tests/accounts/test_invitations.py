"""People join by a link that works once, choose their own password, and are never added without accepting."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import actions, clock, queries
from accounts.credentials import links
from accounts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from accounts.models import Event, Invitation, Membership, User, Workspace
from accounts.permissions import Actor, Role
from tests.accounts.post import link_in, path_of, send_queued
from tests.conftest import Member
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW = {"name": "Nia Okafor", "password": "a very new secret"}


@pytest.fixture(autouse=True)
def with_a_mail_server(settings: Any) -> Any:
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example", "https://desk.example"
    cache.clear()
    yield
    cache.clear()


def invite(by: Member, email: str = "nia@example.com", role: Role = Role.AGENT, **values: Any) -> Any:
    return actions.invite(
        workspace=by.membership.workspace, email=email, role=role, by=by.actor, at=clock.now(), **values
    )


def mailed(by: Member, email: str = "nia@example.com", **values: Any) -> str:
    """The path of an invitation that went out by mail."""
    invite(by, email, **values)
    (letter,) = send_queued()
    assert letter.to == [email]
    return path_of(link_in(letter))


def accept(path: str, user: User | None = None, **values: str) -> Membership:
    by = Actor.person(user) if user else Actor.installation()
    return actions.accept_invitation(token=path.split("/")[3], user=user, by=by, at=clock.now(), **values)


# --- New people ---------------------------------------------------------------------------------


def test_new_person_follows_the_mailed_link_chooses_a_password_and_is_in(acme: Workspace, ada: Member) -> None:
    sent = invite(ada, "Nia@Example.com")
    assert sent.link is None
    (letter,) = send_queued()
    assert letter.to == ["nia@example.com"]
    assert "Acme" in letter.subject
    assert "Ada Duarte invited you" in letter.body
    link = link_in(letter)
    assert link.startswith("https://desk.example/accounts/invitations/")
    client = Client()
    page = client.get(path_of(link)).content.decode()
    assert "Join <bdi>Acme</bdi>" in page
    assert not User.objects.filter(email="nia@example.com").exists(), "a look changes nothing"
    answer = client.post(path_of(link), NEW)
    assert answer["Location"] == "/w/acme/inbox"
    assert client.get("/w/acme/inbox").status_code == 200
    nia = User.objects.get(email="nia@example.com")
    assert (nia.name, nia.memberships.get().role) == ("Nia Okafor", Role.AGENT)
    assert authenticate(None, username="nia@example.com", password="a very new secret") == nia
    assert queries.has_proven(nia, "nia@example.com")
    kinds = list(Event.objects.filter(workspace=acme, type__regex="^(invitation|member)").order_by("id"))
    assert [(event.type, event.actor_id) for event in kinds][-4:] == [
        ("invitation.created", ada.user.pk), ("invitation.mailed", None), ("member.added", nia.pk),
        ("invitation.accepted", nia.pk),
    ]  # fmt: skip
    assert "nia@" not in str([event.data for event in kinds])


def test_link_is_kept_nowhere_and_works_once(acme: Workspace, ada: Member) -> None:
    path = mailed(ada)
    token = path.split("/")[3]
    row = Invitation.all_workspaces.get()
    assert row.token_hash == links.digest(token)
    assert token not in str(row.__dict__) + str(list(Event.objects.values_list("data")))
    accept(path, **NEW)
    assert Client().get(path).status_code == 404
    with pytest.raises(NotFound):
        accept(path, **NEW)
    assert User.objects.filter(email="nia@example.com").count() == 1


def test_weak_password_is_refused_on_the_form_and_nothing_is_made(ada: Member) -> None:
    path = mailed(ada)
    answer = Client().post(path, {**NEW, "password": "12345678"})
    assert answer.status_code == 422
    assert "too common" in answer.content.decode()
    assert not User.objects.filter(email="nia@example.com").exists()
    assert Client().post(path, {"name": "", "password": ""}).status_code == 422
    assert Client().post(path, NEW).status_code == 302


def test_link_ends_with_time_when_revoked_and_when_sent_again(ada: Member) -> None:
    first = mailed(ada)
    invitation = Invitation.all_workspaces.get()
    act: dict[str, Any] = {"invitation": invitation, "by": ada.actor}
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        actions.resend_invitation(**act, at=clock.now())
        (letter,) = send_queued()
    second = path_of(link_in(letter))
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)
    with time_machine.travel(clock.now() + timedelta(days=8), tick=False):
        assert Client().get(second).status_code == 404
    actions.revoke_invitation(**act, at=clock.now())
    assert Client().get(second).status_code == 404
    with pytest.raises(Conflict):
        actions.resend_invitation(**act, at=clock.now())
    assert Client().get("/accounts/invitations/nonsense/").status_code == 404


def test_inviting_again_makes_one_invitation_with_the_role_given_last(ada: Member) -> None:
    first = mailed(ada)
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        second = mailed(ada, role=Role.VIEWER)
        assert Client().get(first).status_code == 404
        assert accept(second, **NEW).role == Role.VIEWER


def test_mail_that_comes_late_or_twice_is_sent_once_and_not_for_a_revoked_invitation(ada: Member) -> None:
    invite(ada)
    row = Invitation.all_workspaces.get()
    assert row.mailed_at is None
    from accounts import tasks

    arguments: dict[str, Any] = {
        "workspace_id": row.workspace_id, "invitation_id": row.pk, "sent_at": row.sent_at.isoformat()
    }  # fmt: skip
    tasks.mail_invitation(**arguments)
    tasks.mail_invitation(**arguments)
    assert len(mail.outbox) == 1
    actions.revoke_invitation(invitation=row, by=ada.actor, at=clock.now())
    tasks.mail_invitation(**arguments)
    assert len(mail.outbox) == 1


# --- People who are here already ----------------------------------------------------------------


def test_known_person_joins_only_by_accepting_and_keeps_their_password(
    acme: Workspace, ada: Member, cleo: Member
) -> None:
    path = mailed(ada, cleo.user.email)
    assert not Membership.all_workspaces.filter(workspace=acme, user=cleo.user).exists()
    stranger = Client()
    page = stranger.get(path).content.decode()
    assert "Sign in to join" in page
    assert 'name="password"' not in page
    stranger.post(path, {"name": "Thief", "password": "stolen horse 7"})
    assert not Membership.all_workspaces.filter(workspace=acme, user=cleo.user).exists()
    login = stranger.post(
        reverse("account_login") + f"?next={path}", {"login": cleo.user.email, "password": PASSWORD, "next": path}
    )
    assert login["Location"] == path
    assert "Join" in stranger.get(path).content.decode()
    assert stranger.post(path)["Location"] == "/w/acme/inbox"
    cleo.user.refresh_from_db()
    assert cleo.user.check_password(PASSWORD)
    assert Membership.all_workspaces.get(workspace=acme, user=cleo.user).role == Role.AGENT


def test_link_of_one_person_admits_nobody_else_who_is_signed_in(acme: Workspace, ada: Member, cleo: Member) -> None:
    path = mailed(ada)
    client = cleo.signed_in()
    page = client.get(path).content.decode()
    assert "Sign out" in page
    client.post(path, NEW)
    assert not Membership.all_workspaces.filter(workspace=acme, user=cleo.user).exists()
    with pytest.raises(Forbidden):
        accept(path, cleo.user)


def test_thief_who_made_somebodys_address_their_own_is_not_admitted_by_a_later_invitation(
    acme: Workspace, ada: Member, cleo: Member
) -> None:
    # An admin elsewhere, who hands the link to themselves, since that desk has no mail server.
    made = invite(cleo, "victim@example.com", show_link=True)
    thief = accept(path_of(made.link), name="Thief", password="thief horse 77").user
    assert not queries.has_proven(thief, "victim@example.com")
    path = mailed(ada, "victim@example.com")
    assert not Membership.all_workspaces.filter(workspace=acme, user=thief).exists()
    assert "Sign in to join" in Client().get(path).content.decode()
    assert Client().post(path, NEW).status_code == 200
    assert not Membership.all_workspaces.filter(workspace=acme, user=thief).exists()


def test_member_is_not_invited_again(ada: Member, ben: Member) -> None:
    with pytest.raises(Conflict) as refused:
        invite(ada, ben.user.email.upper())
    assert refused.value.field == "email"


# --- Who may ------------------------------------------------------------------------------------


def test_agents_invite_nobody_and_only_owners_invite_owners(acme: Workspace, ada: Member, ben: Member) -> None:
    with pytest.raises(Forbidden):
        invite(ben)
    actions.change_role(membership=ben.membership, role=Role.ADMIN, by=ada.actor, at=clock.now())
    admin = Member(ben.user, Membership.all_workspaces.get(pk=ben.membership.pk))
    with pytest.raises(DomainError) as refused:
        invite(admin, role=Role.OWNER)
    assert refused.value.code == "forbidden"
    assert invite(ada, role=Role.OWNER).invitation.role == Role.OWNER
    with pytest.raises(DomainError) as refused:
        actions.resend_invitation(invitation=Invitation.all_workspaces.get(), by=admin.actor, at=clock.now())
    assert refused.value.code == "forbidden"


def test_nobody_who_was_put_out_comes_back_by_an_invitation_of_their_own(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    actions.change_role(membership=ben.membership, role=Role.ADMIN, by=ada.actor, at=clock.now())
    admin = Member(ben.user, Membership.all_workspaces.get(pk=ben.membership.pk))
    path = mailed(admin, "ben.private@example.com")
    actions.remove_member(membership=admin.membership, by=ada.actor, at=clock.now())
    assert Client().get(path).status_code == 404
    with pytest.raises(NotFound):
        accept(path, **NEW)


def test_invitation_of_another_workspace_is_out_of_reach(ada: Member, cleo: Member) -> None:
    invite(ada)
    row = Invitation.all_workspaces.get()
    for verb in (actions.resend_invitation, actions.revoke_invitation):
        with pytest.raises(NotFound):
            verb(invitation=row, by=cleo.actor, at=clock.now())


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "two@example.com, three@example.com", "a@example.com\nBcc: x@y.z"]
)
def test_what_is_no_address_is_refused(ada: Member, email: str) -> None:
    with pytest.raises(Invalid):
        invite(ada, email)
    assert not Invitation.all_workspaces.exists()


def test_nobody_mails_the_world_through_a_workspace(ada: Member) -> None:
    for _ in range(5):
        invite(ada)
    with pytest.raises(Conflict) as refused:
        invite(ada)
    assert refused.value.code == "rate_limited"
    for number in range(55):
        invite(ada, f"person{number}@example.com")
    with pytest.raises(Conflict):
        invite(ada, "one.more@example.com")
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        invite(ada, "one.more@example.com")


# --- The screens --------------------------------------------------------------------------------


def test_owner_invites_sends_again_and_revokes_on_the_people_page(acme: Workspace, ada: Member, ben: Member) -> None:
    client = ada.signed_in()
    page = client.get("/w/acme/settings/members").content.decode()
    assert "ben@acme.example" in page
    assert client.post("/w/acme/settings/members", {"email": "nia@example.com", "role": "agent"}).status_code == 302
    page = client.get("/w/acme/settings/members").content.decode()
    assert "nia@example.com" in page
    assert "email not sent yet" in page
    send_queued()
    assert "sent " in client.get("/w/acme/settings/members").content.decode()
    row = Invitation.all_workspaces.get()
    client.post(f"/w/acme/settings/members/invitations/{row.public_id}/resend")
    assert len(send_queued()) == 1
    client.post(f"/w/acme/settings/members/invitations/{row.public_id}/revoke")
    assert Invitation.all_workspaces.get().revoked_at is not None
    refused = client.post("/w/acme/settings/members", {"email": "nobody", "role": "agent"})
    assert refused.status_code == 422
    assert client.post("/w/acme/settings/members", {"email": "x@example.com", "role": "emperor"}).status_code == 422


def test_without_a_mail_server_the_link_is_shown_once_to_the_inviter(
    settings: Any, acme: Workspace, ada: Member
) -> None:
    settings.EMAIL_HOST = ""
    client = ada.signed_in()
    sent = client.post("/w/acme/settings/members", {"email": "nia@example.com", "role": "agent", "from": "start"})
    answer = client.get(sent["Location"])
    assert "no-store" in answer["Cache-Control"]
    page, link = answer.content.decode(), str(answer.context["shown_link"]["link"])
    assert re.search(rf"<pre [^>]*data-copy><code [^>]*>{re.escape(link)}</code>", page)
    assert "Back to Get started" in page
    assert link not in client.get("/w/acme/settings/members").content.decode()
    assert send_queued() == []
    nia = accept(path_of(link), **NEW).user
    assert not queries.has_proven(nia, nia.email), "a link that was handed over proves no address"


def test_member_gets_another_role_and_is_removed_on_the_people_page(acme: Workspace, ada: Member, ben: Member) -> None:
    client, number = ada.signed_in(), ben.membership.pk
    client.post(f"/w/acme/settings/members/{number}/role", {"role": "viewer"})
    assert Membership.all_workspaces.get(pk=number).role == Role.VIEWER
    assert "Ben Kimura" in client.get(f"/w/acme/settings/members/{number}/remove").content.decode()
    assert Membership.all_workspaces.filter(pk=number).exists()
    client.post(f"/w/acme/settings/members/{number}/remove")
    assert not Membership.all_workspaces.filter(pk=number).exists()
    mine = ada.membership.pk
    answer = client.post(f"/w/acme/settings/members/{mine}/remove", follow=True)
    assert "A workspace needs at least one owner." in answer.content.decode()


@pytest.mark.parametrize("who", ["ben", "vic"])
def test_agents_and_viewers_invite_nobody_and_do_not_reach_administration(
    request: pytest.FixtureRequest, who: str
) -> None:
    client = request.getfixturevalue(who).signed_in()
    assert "Invite" not in client.get("/w/acme/settings/members").content.decode()
    assert client.post("/w/acme/settings/members", {"email": "x@example.com", "role": "agent"}).status_code == 403
    assert "/admin/" not in client.get("/w/acme/inbox").content.decode()


def test_owners_and_admins_see_people_and_administration(acme: Workspace, ada: Member) -> None:
    eli = UserFactory(email="eli@acme.example")
    membership = actions.add_member(workspace=acme, user=eli, role=Role.ADMIN, by=Actor.system(acme.pk), at=clock.now())
    for member in (ada, Member(eli, membership)):
        inbox = member.signed_in().get("/w/acme/settings").content.decode()
        assert 'href="/w/acme/settings/members"' in inbox
        assert 'href="/admin/"' in inbox
