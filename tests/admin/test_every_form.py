"""Every form of admin is saved once, with each of its inlines, by everybody who gets in; none of them breaks."""

from __future__ import annotations

from typing import Any

import pytest
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse

from accounts import actions as account_actions
from accounts import clock
from accounts.models import Event, Invitation, Membership, User, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.models import Conversation
from tests.admin.test_reach import KINDS, Elsewhere, elsewhere, url  # noqa: F401 (a fixture)
from tests.conftest import Member
from tests.factories import ConversationFactory

SAVED = {200, 302, 403}


def values_of(form: BaseForm) -> dict[str, Any]:
    """What a browser would send of a form that nobody touched."""
    sent: dict[str, Any] = {}
    for bound in form:
        if bound.field.disabled:
            continue
        value, name = bound.value(), bound.html_name
        parts = bound.field.widget.decompress(value) if hasattr(bound.field.widget, "decompress") else None
        if parts is not None:
            sent |= {f"{name}_{number}": part or "" for number, part in enumerate(parts)}
        elif isinstance(value, bool):
            sent |= {name: "on"} if value else {}
        else:
            sent[name] = "" if value is None else value
    return sent


def sent_by(page: Any) -> dict[str, Any]:
    """What the change form of a page sends, with its inlines."""
    sent = values_of(page.context["adminform"].form)
    for inline in page.context["inline_admin_formsets"]:
        for form in (inline.formset.management_form, *inline.formset.forms):
            sent |= values_of(form)
    return {name: value for name, value in sent.items() if not hasattr(value, "read")}


def has_form(page: Any) -> bool:
    return page.status_code == 200 and "adminform" in (page.context or {})


@pytest.mark.parametrize("who", ["root", "owner", "admin"])
def test_every_form_opens_and_is_saved_by_all_who_may_use_admin(
    who: str,
    root: User,
    globex: Workspace,
    cleo: Member,
    elsewhere: Elsewhere,  # noqa: F811
) -> None:
    by, at = Actor.system(globex.pk), clock.now()
    if who == "admin":
        other = User.objects.create_user("other.owner@globex.example")
        account_actions.add_member(workspace=globex, user=other, role=Role.OWNER, by=by, at=at)
        account_actions.change_role(membership=cleo.membership, role=Role.ADMIN, by=by, at=at)
    client = Client()
    client.force_login(
        root if who == "root" else cleo.user, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    saved = set()
    for kind in KINDS:
        add = client.get(url(kind, "add"))
        assert add.status_code in SAVED, kind
        if has_form(add):
            assert client.post(url(kind, "add"), sent_by(add)).status_code in SAVED, kind
        row = kind._base_manager.filter(pk=elsewhere.rows[kind].pk).first()
        assert row is not None, kind
        change = client.get(url(kind, "change", row.pk))
        assert change.status_code in SAVED, kind
        if has_form(change):
            before = Event.objects.count()
            answer = client.post(url(kind, "change", row.pk), sent_by(change))
            assert answer.status_code in SAVED, kind
            if answer.status_code == 302:
                saved.add(kind)
                assert Event.objects.count() == before, f"{kind} was saved untouched, and something changed"
    assert {Membership, Workspace} <= saved
    assert (User in saved) == (who == "root")
    for kind in reversed(KINDS):  # what others point at goes last
        if kind._base_manager.filter(pk=elsewhere.rows[kind].pk).exists():
            page = client.get(url(kind, "delete", elsewhere.rows[kind].pk))
            assert page.status_code in SAVED, kind
            assert client.post(url(kind, "delete", elsewhere.rows[kind].pk), {"post": "yes"}).status_code in SAVED, kind


def change_person(client: Client, user: User, **values: Any) -> Any:
    page = reverse("admin:accounts_user_change", args=[user.pk])
    given = sent_by(client.get(page)) | values
    return client.post(page, {name: value for name, value in given.items() if value is not None}, follow=True)


def test_member_is_deactivated_and_what_was_assigned_to_them_is_free(
    as_root: Client, ben: Member, acme: Workspace, root: User
) -> None:
    conversation = ConversationFactory(workspace=acme)
    actions.assign(conversation=conversation, to=ben.user, by=Actor.system(acme.pk), at=clock.now())
    answer = change_person(as_root, ben.user, is_active=None)
    assert "1 conversation assigned to them is now unassigned." in answer.content.decode()
    ben.user.refresh_from_db()
    assert not ben.user.is_active
    assert Conversation.all_workspaces.get(pk=conversation.pk).assignee is None
    event = Event.objects.latest("id")
    assert (event.type, event.workspace, event.actor_id) == ("person.deactivated", None, root.pk)
    assert "Account deactivated" in as_root.get(reverse("admin:index")).content.decode()
    history = as_root.get(reverse("admin:accounts_user_history", args=[ben.user.pk])).content.decode()
    assert "Account deactivated" in history
    change_person(as_root, ben.user, is_active="on", name="Benjamin")
    ben.user.refresh_from_db()
    assert (ben.user.is_active, ben.user.name) == (True, "Benjamin")


def test_owner_sees_nothing_of_the_installations_journal(as_ada: Client, as_root: Client, ben: Member) -> None:
    change_person(as_root, ben.user, name="Benjamin")
    for page in (reverse("admin:index"), reverse("admin:accounts_event_changelist")):
        assert "Name changed" not in as_ada.get(page).content.decode()
    event = Event.objects.latest("id")
    assert as_ada.get(reverse("admin:accounts_event_change", args=[event.pk])).status_code in (302, 403)


def test_invitation_is_made_sent_again_and_revoked_in_admin(as_ada: Client, acme: Workspace, settings: Any) -> None:
    given = {"workspace": acme.pk, "email": "nia@example.com", "role": "agent"}
    answer = as_ada.post(reverse("admin:accounts_invitation_add"), given)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    link = str(answer.context["link"])
    assert link in answer.content.decode()
    row = Invitation.all_workspaces.get()
    again = as_ada.post(reverse("admin:accounts_invitation_resend", args=[row.pk]))
    assert again.context["link"] != link
    assert Client().get("/" + link.split("/", 3)[3]).status_code == 404
    page = reverse("admin:accounts_invitation_change", args=[row.pk])
    assert link not in as_ada.get(page).content.decode()
    as_ada.post(reverse("admin:accounts_invitation_revoke", args=[row.pk]))
    assert Invitation.all_workspaces.get().revoked_at is not None
    settings.EMAIL_HOST = "mail.example"
    answer = as_ada.post(reverse("admin:accounts_invitation_add"), given, follow=True)
    assert "Invitation sent to" in answer.content.decode()
    assert Invitation.all_workspaces.count() == 2
    refused = as_ada.post(reverse("admin:accounts_invitation_add"), {**given, "email": "ada@acme.example"})
    assert "is already a member" in refused.content.decode()


def test_superuser_resets_a_password_by_link_alone(as_root: Client, as_ada: Client, ben: Member, settings: Any) -> None:
    page = reverse("admin:accounts_user_reset", args=[ben.user.pk])
    assert as_ada.get(page).status_code == 403
    assert "Send the link" in as_root.get(page).content.decode()
    link = str(as_root.post(page).context["link"])
    before = ben.user.password
    client = Client()
    form = client.get("/" + link.split("/", 3)[3], follow=True)
    new = {"password1": "a very new secret", "password2": "a very new secret"}
    client.post(form.redirect_chain[-1][0], new)
    ben.user.refresh_from_db()
    assert ben.user.check_password("a very new secret")
    assert ben.user.password != before
    settings.EMAIL_HOST = "mail.example"
    assert "Reset link sent to" in as_root.post(page, follow=True).content.decode()
    text = as_root.get(reverse("admin:accounts_user_change", args=[ben.user.pk])).content.decode()
    assert ben.user.password not in text
    assert 'name="password' not in text
    assert 'name="email"' not in text
