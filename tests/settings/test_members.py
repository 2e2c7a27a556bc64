"""Members, teams and the workspace itself: changed by owners and admins, with what each change does to work in progress."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import actions, clock
from accounts.errors import Conflict, Forbidden, Invalid, NotFound
from accounts.models import Event, Membership, Team, User, Workspace
from accounts.permissions import Role, Visibility
from conversations.models import Conversation
from tests.conftest import Member, member
from tests.effects import MORNING
from tests.factories import ConversationFactory, MailboxFactory, TicketFactory
from tests.settings.conftest import typed
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")
MEMBERS = "/w/acme/settings/members"
TEAMS = "/w/acme/settings/teams"


def conversation(workspace: Workspace, **values: Any) -> Conversation:
    """A conversation that stands as these values say."""
    row = ConversationFactory(workspace=workspace)
    Conversation.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def ticket(workspace: Workspace, **values: Any) -> Ticket:
    """A ticket that stands as these values say."""
    row = TicketFactory(workspace=workspace)
    Ticket.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def team(name: str, *members: Member) -> Team:
    row = Team.objects.create(name=name)
    row.members.set([one.user for one in members])
    return row


def events(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(type=name).order_by("id").values_list("data", flat=True))


# --- Members -------------------------------------------------------------------------------------


def test_list_shows_roles_teams_and_visibility(ada: Member, ben: Member) -> None:
    team("Billing", ben)
    actions.set_visibility(membership=ben.membership, visibility=Visibility.TEAMS, by=ada.actor, at=MORNING)
    page = ada.signed_in().get(MEMBERS).content.decode()
    assert "<bdi>Billing</bdi>" in page
    assert "Their teams&#39; only" in page


def test_list_asks_the_same_for_three_members_and_twenty(
    acme: Workspace, ada: Member, ben: Member, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser = ada.signed_in()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get(MEMBERS)
        return len(queries)

    team("One", ben)
    browser.get(MEMBERS)  # the session remembers the workspace
    before = asked()
    for number in range(18):
        team(f"Team {number}", member(acme, f"m{number} x", Role.AGENT), ben)
    assert asked() == before


def test_admin_sets_what_a_member_sees(ada: Member, ben: Member) -> None:
    browser, url = ada.signed_in(), f"{MEMBERS}/{ben.membership.pk}/visibility"
    for _ in range(2):
        browser.post(url, {"visibility": "teams"})
    assert Membership.objects.get(pk=ben.membership.pk).visibility == "teams"
    assert events("member.visibility_changed") == [{"user_id": ben.user.pk, "visibility": "teams", "previous": "all"}]
    assert browser.post(url, {"visibility": "everything"}).status_code == 404
    assert ben.signed_in().post(url, {"visibility": "all"}).status_code == 403


def test_visibility_of_other_workspaces_and_unknown_values_are_refused(ada: Member, ben: Member, cleo: Member) -> None:
    with pytest.raises(NotFound):
        actions.set_visibility(membership=ben.membership, visibility=Visibility.TEAMS, by=cleo.actor, at=MORNING)
    with pytest.raises(Invalid):
        actions.set_visibility(membership=ben.membership, visibility="x", by=ada.actor, at=MORNING)  # type: ignore[arg-type]


def test_page_before_a_removal_counts_what_becomes_unassigned(acme: Workspace, ada: Member, ben: Member) -> None:
    for _ in range(2):
        conversation(acme, assignee=ben.user)
    ticket(acme, assignee=ben.user)
    url = f"{MEMBERS}/{ben.membership.pk}/remove"
    page = " ".join(ada.signed_in().get(url).content.decode().split())
    assert "2 conversations and 1 ticket assigned to them become unassigned." in page
    page = ada.signed_in().post(url, follow=True).content.decode()
    assert "2 conversations and 1 ticket assigned to them are now unassigned." in page
    assert ada.signed_in().get(url).status_code == 404


def test_last_owner_stays(ada: Member) -> None:
    browser, url = ada.signed_in(), f"{MEMBERS}/{ada.membership.pk}"
    assert "at least one owner" in browser.post(f"{url}/remove", follow=True).content.decode()
    assert "at least one owner" in browser.post(f"{url}/role", {"role": "agent"}, follow=True).content.decode()
    assert Membership.objects.get(pk=ada.membership.pk).role == Role.OWNER


def test_admin_does_not_change_owners(acme: Workspace, ada: Member) -> None:
    admin = member(acme, "eli admin", Role.ADMIN).signed_in()
    page = admin.get(f"{MEMBERS}/{ada.membership.pk}").content.decode()
    assert "Save role" not in page
    admin.post(f"{MEMBERS}/{ada.membership.pk}/role", {"role": "agent"})
    admin.post(f"{MEMBERS}/{ada.membership.pk}/remove")
    assert Membership.objects.get(pk=ada.membership.pk).role == Role.OWNER


def test_superuser_disables_an_account_and_enables_it_again(acme: Workspace, ada: Member, ben: Member) -> None:
    url = f"{MEMBERS}/{ben.membership.pk}"
    assert ada.signed_in().post(f"{url}/account", {"disable": "1"}).status_code == 403
    User.objects.filter(pk=ada.user.pk).update(is_superuser=True)
    browser, theirs = ada.signed_in(), ben.signed_in()
    browser.post(f"{url}/account", {"disable": "1"})
    assert theirs.get("/w/acme/inbox").status_code == 302
    browser.post(f"{url}/account", {"enable": "1"})
    assert ben.signed_in().get("/w/acme/inbox").status_code == 200


# --- Teams ---------------------------------------------------------------------------------------


def test_team_is_made_renamed_and_given_members(ada: Member, ben: Member, cleo: Member) -> None:
    browser = ada.signed_in()
    browser.post(f"{TEAMS}/new", {"name": "Billing", "members": [ben.user.pk, cleo.user.pk]})
    made = Team.objects.get()
    assert (made.name, set(made.members.all())) == ("Billing", {ben.user})  # Cleo works elsewhere
    given = typed(browser.get(f"{TEAMS}/{made.public_id}").content.decode(), '<form class="settings"')
    assert given["members"] == str(ben.user.pk)
    browser.post(f"{TEAMS}/{made.public_id}", {"name": "Invoices"})
    made.refresh_from_db()
    assert (made.name, made.members.count()) == ("Invoices", 0)


def test_two_teams_have_two_names(ada: Member) -> None:
    team("Billing")
    answer = ada.signed_in().post(f"{TEAMS}/new", {"name": "billing"})
    assert answer.status_code == 422
    assert "already exists" in answer.content.decode()


def test_viewer_reads_who_works_here_and_changes_nothing(ada: Member, vic: Member, ben: Member) -> None:
    ada.signed_in().post(MEMBERS, {"email": "eve@acme.example", "role": "agent"})
    browser, url = vic.signed_in(), f"{MEMBERS}/{ben.membership.pk}"
    for page in (browser.get(MEMBERS).content.decode(), browser.get(url).content.decode()):
        main = page[page.index("<main") : page.index("</main>")]
        assert "Ben Kimura" in main
        assert "Agent" in main
        assert "<form" not in main
        assert "eve@acme.example" not in main
        assert "econd factor" not in main
        assert "Remove" not in main
    for path, given in (("", {"email": "x@acme.example"}), (f"/{ben.membership.pk}/role", {"role": "owner"})):
        assert browser.post(f"{MEMBERS}{path}", given).status_code == 403, path
    assert browser.get(f"{url}/remove").status_code == 403


def test_viewer_reads_teams_and_changes_none(vic: Member, ben: Member) -> None:
    row, browser = team("Billing", ben), vic.signed_in()
    assert "Ben Kimura" in browser.get(f"{TEAMS}/{row.public_id}").content.decode()
    for path in ("/new", f"/{row.public_id}", f"/{row.public_id}/delete"):
        assert browser.post(f"{TEAMS}{path}", {"name": "x"}).status_code == 403, path


def test_deleted_team_gives_all_that_it_has_to_another(acme: Workspace, ada: Member, ben: Member) -> None:
    old, new = team("Billing", ben), team("Invoices")
    one = conversation(acme, team=old, assignee=ben.user)
    work, mailbox = ticket(acme, team=old), MailboxFactory(workspace=acme, team=old)
    url = f"{TEAMS}/{old.public_id}/delete"
    page = " ".join(ada.signed_in().get(url).content.decode().split())
    assert "It has 1 conversation and 1 ticket." in page
    ada.signed_in().post(url, {"move_to": str(new.public_id)})
    for row in (one, work, mailbox):
        row.refresh_from_db()
        assert row.team == new
    assert one.assignee == ben.user
    assert events("team.deleted") == [{"moved": {"conversations": 1, "mailboxes": 1, "tickets": 1}, "team_id": new.pk}]
    assert events("conversation.assigned")[-1]["team_id"] == new.pk
    assert ada.signed_in().post(url).status_code == 404


def test_deleted_team_leaves_no_team_behind(acme: Workspace, ada: Member) -> None:
    old = team("Billing")
    rows = [conversation(acme, team=old), ticket(acme, team=old)]
    ada.signed_in().post(f"{TEAMS}/{old.public_id}/delete", {"move_to": ""})
    for row in rows:
        row.refresh_from_db()
        assert row.team is None
    assert not Team.objects.exists()


def test_team_does_not_take_over_from_itself_or_from_elsewhere(ada: Member, ben: Member, globex: Workspace) -> None:
    row = team("Billing")
    there = Team.all_workspaces.create(workspace=globex, name="Theirs")
    browser, url = ada.signed_in(), f"{TEAMS}/{row.public_id}/delete"
    assert browser.post(url, {"move_to": str(there.public_id)}).status_code == 404
    assert browser.post(url, {"move_to": "nonsense"}).status_code == 404
    assert "Choose another team" in browser.post(url, {"move_to": str(row.public_id)}, follow=True).content.decode()
    with pytest.raises(Forbidden):
        actions.delete_team(team=row, by=ben.actor, at=MORNING)
    assert Team.objects.count() == 1


# --- The workspace -------------------------------------------------------------------------------


def test_admin_changes_the_workspace(acme: Workspace, ada: Member) -> None:
    browser, url = ada.signed_in(), "/w/acme/settings/workspace"
    given = typed(browser.get(url).content.decode(), '<form class="settings"')
    assert given["assigns_writer"]
    before = Event.objects.count()
    browser.post(url, given)
    assert Event.objects.count() == before
    given.pop("assigns_writer")
    browser.post(url, given | {"name": "Acme Ltd", "time_zone": "Asia/Tokyo"})
    acme.refresh_from_db()
    assert (acme.name, acme.time_zone, acme.assigns_writer, acme.push_shows_text) == ("Acme Ltd", "Asia/Tokyo", False, True)  # fmt: skip
    assert browser.post(url, given | {"time_zone": "Mars/Phobos"}).status_code == 422
    assert browser.post(url, given | {"name": " "}).status_code == 422


def test_others_read_the_workspace(vic: Member, ben: Member) -> None:
    for one in (vic, ben):
        page = one.signed_in().get("/w/acme/settings/workspace").content.decode()
        assert "View only. Who changes this: Owners and admins" in page
        assert one.signed_in().post("/w/acme/settings/workspace", {"name": "Mine"}).status_code == 403
        assert one.signed_in().post("/w/acme/settings/workspace/second-factor", {"required": "yes"}).status_code == 403


def test_two_admins_at_once_delete_a_team_once(acme: Workspace, ada: Member) -> None:
    row = team("Billing")
    actions.delete_team(team=row, by=ada.actor, at=clock.now())
    row.pk = row.pk or 1
    with pytest.raises((NotFound, Conflict)):
        actions.delete_team(team=Team(pk=row.pk, workspace=acme, name="Billing"), by=ada.actor, at=clock.now())
