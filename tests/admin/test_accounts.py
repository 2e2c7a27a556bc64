"""Keys, people, workspaces, tickets and the journal in admin: through verbs, with refusals on the form."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts import actions, clock
from accounts.credentials import authentication
from accounts.models import ApiKey, Event, Membership, Team, User, Workspace
from accounts.permissions import Actor, Role
from conversations import actions as conversation_actions
from conversations.models import Contact
from tests.conftest import Key, Member
from tests.factories import PASSWORD, ContactFactory, ConversationFactory, UserFactory
from tickets import actions as ticket_actions
from tickets.models import Ticket

NEW_KEY = {"name": "Shop", "kind": "server", "scopes": ["conversation:read", "ticket:write"], "allowed_origins": ""}


def last_event() -> Event:
    return Event.objects.latest("pk")


def change(model: str, pk: int) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


# --- Keys ---------------------------------------------------------------------------------------


def test_secret_of_a_new_key_is_shown_once_and_kept_nowhere(as_ada: Client, ada: Member, acme: Workspace) -> None:
    answer = as_ada.post(reverse("admin:accounts_apikey_add"), {**NEW_KEY, "workspace": acme.pk})
    secret = answer.context["secret"]
    assert answer.status_code == 200
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert authentication.authenticate(secret, clock.now()).workspace == acme
    key = ApiKey.all_workspaces.get()
    assert key.created_by == ada.user
    assert last_event().type == "api_key.created"
    for url in (change("accounts_apikey", key.pk), reverse("admin:accounts_apikey_changelist"), reverse("admin:index")):
        assert secret not in as_ada.get(url).content.decode()
    assert all(secret not in str(session.get_decoded()) for session in Session.objects.all())
    assert secret not in str(as_ada.cookies)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "client"}, "A client key is public and cannot have ticket scopes."),
        ({"scopes": []}, "This field is required."),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "The expiry must be in the future."),
        ({"allowed_origins": "https://good.example\nnonsense"}, "is not an origin such as https://example.com."),
        ({"name": ""}, "This field is required."),
        ({"workspace": ""}, "This field is required."),
    ],
)
def test_key_that_cannot_be_issued_is_refused_on_the_form(
    as_ada: Client, acme: Workspace, values: dict[str, Any], words: str
) -> None:
    answer = as_ada.post(reverse("admin:accounts_apikey_add"), {"workspace": acme.pk, **NEW_KEY, **values})
    assert answer.status_code == 200
    assert words in answer.content.decode().replace("&#x27;", "'")
    assert not ApiKey.all_workspaces.exists()


def test_key_is_revoked_with_a_button_and_in_bulk(as_ada: Client, acme_key: Key) -> None:
    url = reverse("admin:accounts_apikey_revoke", args=[acme_key.row.pk])
    assert "stops working at once" in as_ada.get(url).content.decode()
    assert ApiKey.all_workspaces.get().revoked_at is None
    as_ada.post(url)
    assert ApiKey.all_workspaces.get().revoked_at is not None
    before = last_event().pk
    given = {"action": "revoke_selected", "_selected_action": [acme_key.row.pk]}
    as_ada.post(reverse("admin:accounts_apikey_changelist"), given)
    assert last_event().pk == before


def test_terms_of_an_issued_key_cannot_be_edited(as_ada: Client, acme_key: Key) -> None:
    answer = as_ada.post(change("accounts_apikey", acme_key.row.pk), {"name": "Other"})
    assert answer.status_code == 403
    assert ApiKey.all_workspaces.get().name == "Test key"


# --- Workspaces ---------------------------------------------------------------------------------


def members_form(rows: list[Membership], **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": "Acme", "time_zone": "UTC", "assigns_writer": "on", "membership_set-TOTAL_FORMS": len(rows), "membership_set-INITIAL_FORMS": len(rows),
    }  # fmt: skip
    for number, row in enumerate(rows):
        given |= {f"+-{number}-id": row.pk, f"+-{number}-user": row.user_id, f"+-{number}-role": row.role}
    given |= {"+-TOTAL_FORMS": len(rows), "+-INITIAL_FORMS": len(rows)}
    return given | {name.replace("__", "-").replace("members", "+"): value for name, value in more.items()}


def prefix(client: Client, workspace: Workspace) -> str:
    page = client.get(change("accounts_workspace", workspace.pk))
    return str(page.context["inline_admin_formsets"][0].formset.prefix)


def save_members(client: Client, workspace: Workspace, given: dict[str, Any]) -> Any:
    name = prefix(client, workspace)
    return client.post(
        change("accounts_workspace", workspace.pk),
        {(name + key[1:] if key.startswith("+") else key): value for key, value in given.items()},
    )


def test_workspace_is_renamed_through_the_verb(as_ada: Client, ada: Member, acme: Workspace) -> None:
    answer = save_members(
        as_ada, acme, members_form([ada.membership]) | {"name": "Acme Ltd", "time_zone": "Asia/Tokyo"}
    )
    assert answer.status_code == 302
    acme.refresh_from_db()
    assert (acme.name, acme.time_zone) == ("Acme Ltd", "Asia/Tokyo")
    assert (last_event().type, last_event().data) == ("workspace.updated", {"fields": ["name", "time_zone"]})


def test_workspace_decides_whether_a_reply_assigns_its_writer(as_ada: Client, ada: Member, acme: Workspace) -> None:
    form = members_form([ada.membership])
    save_members(as_ada, acme, form)
    assert last_event().type != "workspace.updated"
    save_members(as_ada, acme, {name: value for name, value in form.items() if name != "assigns_writer"})
    acme.refresh_from_db()
    assert (acme.assigns_writer, last_event().data) == (False, {"fields": ["settings"]})
    save_members(as_ada, acme, form)
    acme.refresh_from_db()
    assert acme.assigns_writer


def test_members_change_places_on_the_workspaces_page(
    as_ada: Client, ada: Member, ben: Member, acme: Workspace
) -> None:
    rows = [ada.membership, ben.membership]
    given = members_form(rows) | {"+-1-role": "admin"}
    assert save_members(as_ada, acme, given).status_code == 302
    assert Membership.all_workspaces.get(pk=ben.membership.pk).role == Role.ADMIN
    given = members_form(rows) | {"+-1-DELETE": "on"}
    assert save_members(as_ada, acme, given).status_code == 302
    assert not Membership.all_workspaces.filter(pk=ben.membership.pk).exists()
    kinds = list(Event.objects.order_by("-pk").values_list("type", flat=True)[:2])
    assert kinds == ["member.removed", "member.role_changed"]


def test_owner_hands_over_in_one_save(as_ada: Client, ada: Member, ben: Member, acme: Workspace) -> None:
    given = members_form([ada.membership, ben.membership]) | {"+-0-role": "agent", "+-1-role": "owner"}
    save_members(as_ada, acme, given)
    roles = dict(Membership.all_workspaces.filter(workspace=acme).values_list("user__name", "role"))
    assert roles == {"Ada Duarte": "agent", "Ben Kimura": "owner"}


def test_last_owner_cannot_go_and_the_page_says_so(as_ada: Client, ada: Member, acme: Workspace) -> None:
    before = last_event().pk
    for more in ({"+-0-role": "agent"}, {"+-0-DELETE": "on"}):
        answer = save_members(as_ada, acme, members_form([ada.membership]) | more)
        assert answer.status_code == 200
        assert "A workspace needs at least one owner." in answer.content.decode()
    answer = as_ada.post(
        reverse("admin:accounts_membership_delete", args=[ada.membership.pk]), {"post": "yes"}, follow=True
    )
    assert "A workspace needs at least one owner." in answer.content.decode()
    assert last_event().pk == before


def test_admin_cannot_make_an_owner(eli: Member, ben: Member) -> None:
    answer = eli.signed_in().post(change("accounts_membership", ben.membership.pk), {"role": "owner"})
    assert "Only owners can add or remove owners." in answer.content.decode()
    assert Membership.all_workspaces.get(pk=ben.membership.pk).role == Role.AGENT


def test_identity_secret_is_hidden_until_asked_for_and_rotates(as_ada: Client, acme: Workspace) -> None:
    url = reverse("admin:accounts_workspace_identity", args=[acme.pk])
    for hidden in (url, change("accounts_workspace", acme.pk), reverse("admin:accounts_workspace_changelist")):
        assert acme.identity_secret not in as_ada.get(hidden).content.decode()
    shown = as_ada.post(url, {"show": "1"})
    assert acme.identity_secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    as_ada.post(url, {"rotate": "1"})
    old, acme = acme.identity_secret, Workspace.objects.get(pk=acme.pk)
    assert acme.identity_secrets == (acme.identity_secret, old)
    assert last_event().type == "workspace.identity_secret_rotated"


def test_only_superusers_open_workspaces(as_ada: Client, as_root: Client) -> None:
    given = {"name": "Initech", "slug": "initech", "time_zone": "UTC"}
    assert as_ada.post(reverse("admin:accounts_workspace_add"), given).status_code == 403
    assert as_root.post(reverse("admin:accounts_workspace_add"), given).status_code == 302
    assert Workspace.objects.get(slug="initech")
    answer = as_root.post(reverse("admin:accounts_workspace_add"), {**given, "slug": "12345"})
    assert "A slug may not look like an id." in answer.content.decode()


# --- People -------------------------------------------------------------------------------------


def test_last_superuser_cannot_step_down(as_root: Client, root: User) -> None:
    given = {
        "email": root.email, "name": "Rae", "is_active": "on", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
    }  # fmt: skip
    answer = as_root.post(change("accounts_user", root.pk), given)
    assert answer.status_code == 200
    assert "This is the last superuser of the installation." in answer.content.decode()
    root.refresh_from_db()
    assert root.is_superuser


def test_owner_sees_colleagues_and_changes_none_of_them(as_ada: Client, ben: Member) -> None:
    words = as_ada.get(change("accounts_user", ben.user.pk)).content.decode()
    assert "ben@acme.example" in words
    assert "argon2" not in words
    given = {"email": "evil@example.com", "name": "x", "is_superuser": "on"}
    assert as_ada.post(change("accounts_user", ben.user.pk), given).status_code == 403
    assert as_ada.post(reverse("admin:accounts_user_add"), given).status_code == 403
    assert as_ada.post(reverse("admin:accounts_user_reset", args=[ben.user.pk])).status_code == 403
    ben.user.refresh_from_db()
    assert ben.user.check_password(PASSWORD)


def test_nobody_is_made_or_added_by_hand_not_even_by_a_superuser(
    as_ada: Client, as_root: Client, acme: Workspace, ada: Member, cleo: Member
) -> None:
    given = {"workspace": acme.pk, "user": cleo.user.pk, "role": "agent", "email": cleo.user.email, "password": "x"}
    for client in (as_ada, as_root):
        assert client.post(reverse("admin:accounts_membership_add"), given).status_code == 403
        assert client.post(reverse("admin:accounts_user_add"), given).status_code == 403
        more = members_form([ada.membership]) | {
            "+-TOTAL_FORMS": 2, "+-1-user": cleo.user.pk, "+-1-role": "agent",
        }  # fmt: skip
        save_members(client, acme, more)
    assert not Membership.all_workspaces.filter(workspace=acme, user=cleo.user).exists()


def test_team_is_made_and_changed_through_the_verb(as_ada: Client, acme: Workspace, ada: Member, ben: Member) -> None:
    as_ada.post(reverse("admin:accounts_team_add"), {"workspace": acme.pk, "name": "Night", "members": [ben.user.pk]})
    team = Team.all_workspaces.get()
    assert list(team.members.all()) == [ben.user]
    as_ada.post(change("accounts_team", team.pk), {"name": "Night shift", "members": [ada.user.pk]})
    team.refresh_from_db()
    assert (team.name, list(team.members.all())) == ("Night shift", [ada.user])
    assert list(Event.objects.order_by("-pk").values_list("type", flat=True)[:2]) == ["team.updated", "team.created"]
    answer = as_ada.post(reverse("admin:accounts_team_add"), {"workspace": acme.pk, "name": "night SHIFT"})
    assert "A team with this name already exists." in answer.content.decode()


# --- Contacts, tickets, the journal -------------------------------------------------------------


def test_contact_is_changed_through_the_verb(as_ada: Client, acme: Workspace) -> None:
    contact, other = ContactFactory(workspace=acme), ContactFactory(workspace=acme)
    given = {"external_id": contact.external_id, "email": "New@Example.com", "name": contact.name, "company": "Gust"}
    assert as_ada.post(change("conversations_contact", contact.pk), given).status_code == 302
    contact = Contact.all_workspaces.get(pk=contact.pk)
    assert (contact.email, contact.company) == ("new@example.com", "Gust")
    assert last_event().type == "contact.updated"
    answer = as_ada.post(change("conversations_contact", contact.pk), {**given, "external_id": other.external_id})
    assert "Another contact has this external id." in answer.content.decode()


def test_ticket_fields_are_one_verb_each(as_ada: Client, ada: Member, ben: Member, acme: Workspace) -> None:
    act: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    ticket = ticket_actions.open_ticket(workspace=acme, subject="Gauge", sla_due_at=clock.now(), **act)
    page = as_ada.get(change("tickets_ticket", ticket.pk))
    form = page.context["adminform"].form
    due = form.initial["sla_due_at"]
    same = {
        "subject": "Gauge", "status": "new", "priority": "", "assignee": "", "team": "", "tags": "", "escalation_reason": "",
        "sla_due_at_0": f"{due:%Y-%m-%d}", "sla_due_at_1": f"{due:%H:%M:%S}", "snoozed_until_0": "", "snoozed_until_1": "",
        "conversations-TOTAL_FORMS": "0", "conversations-INITIAL_FORMS": "0",
    }  # fmt: skip
    before = last_event().pk
    assert as_ada.post(change("tickets_ticket", ticket.pk), same).status_code == 302
    assert last_event().pk == before
    more = {"status": "open", "priority": "high", "assignee": ben.user.pk, "tags": "Rain, gauge", "subject": "Gauges"}
    assert as_ada.post(change("tickets_ticket", ticket.pk), {**same, **more}).status_code == 302
    kinds = list(Event.objects.filter(pk__gt=before).order_by("type").values_list("type", flat=True))
    assert kinds == [
        "ticket.assigned", "ticket.priority_changed", "ticket.status_changed", "ticket.tagged", "ticket.updated",
    ]  # fmt: skip
    row = Ticket.all_workspaces.get(pk=ticket.pk)
    assert (row.status, row.priority, row.assignee, row.tags, row.subject) == (
        "open",
        "high",
        ben.user,
        ["rain", "gauge"],
        "Gauges",
    )


def test_ticket_is_deleted_through_the_verb_and_not_while_conversations_point_at_it(
    as_ada: Client, acme: Workspace
) -> None:
    by, at = Actor.system(acme.pk), clock.now()
    conversation = ConversationFactory(workspace=acme)
    ticket = conversation_actions.escalate(conversation=conversation, by=by, at=at)
    url = reverse("admin:tickets_ticket_delete", args=[ticket.pk])
    as_ada.post(url, {"post": "yes"})
    assert Ticket.all_workspaces.exists()
    conversation_actions.unlink(conversation=conversation, by=by, at=at)
    as_ada.post(url, {"post": "yes"})
    assert not Ticket.all_workspaces.exists()
    assert last_event().type == "ticket.deleted"


def test_saved_view_is_renamed_and_deleted_through_the_verbs(as_ada: Client, ben: Member, acme: Workspace) -> None:
    view = conversation_actions.create_view(
        workspace=acme, name="Mine", visibility="private", by=ben.actor, at=clock.now()
    )
    conversation_actions.favorite_view(view=view, favorite=True, by=ben.actor, at=clock.now())
    as_ada.post(change("conversations_savedview", view.pk), {"name": "Ours", "visibility": "shared"})
    view.refresh_from_db()
    assert (view.name, view.visibility, last_event().type) == ("Ours", "shared", "saved_view.updated")
    as_ada.post(reverse("admin:conversations_savedview_delete", args=[view.pk]), {"post": "yes"})
    assert last_event().type == "saved_view.deleted"


def test_journal_reads_like_sentences_and_cannot_be_changed(
    as_ada: Client, ada: Member, ben: Member, acme: Workspace
) -> None:
    actions.change_role(membership=ben.membership, role=Role.VIEWER, by=ada.actor, at=clock.now())
    words = as_ada.get(reverse("admin:accounts_event_changelist")).content.decode()
    assert "Member role changed from agent to viewer: Ben Kimura" in words
    assert "Ada Duarte" in words
    event = last_event()
    assert as_ada.post(change("accounts_event", event.pk), {"type": "x"}).status_code == 403
    assert as_ada.post(reverse("admin:accounts_event_delete", args=[event.pk]), {"post": "yes"}).status_code == 403
    assert as_ada.get(reverse("admin:accounts_event_add")).status_code == 403
    history = as_ada.get(reverse("admin:accounts_membership_history", args=[ben.membership.pk])).content.decode()
    assert "Member role changed" in history


def test_admin_keeps_no_second_log(as_ada: Client, acme: Workspace, ada: Member) -> None:
    as_ada.post(reverse("admin:accounts_team_add"), {"workspace": acme.pk, "name": "Night"})
    assert not LogEntry.objects.exists()


def test_front_page_shows_recent_activity(as_ada: Client, ada: Member, ben: Member, cleo: Member) -> None:
    UserFactory()
    words = as_ada.get(reverse("admin:index")).content.decode()
    assert "Member joined: Ben Kimura, role agent" in words
    assert "Cleo" not in words
